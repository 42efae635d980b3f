"""Refusals: who was kept out of what, on the audit log. Each door notes its own; nothing else calls this.

Nobody floods the log: the same refusal of the same person counts once a minute, and after thirty in ten minutes the
rest of them is not written, which the last one says.
"""

import json
import re
from contextlib import suppress
from datetime import timedelta

from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import CustinfoError, NotAllowed, NotFound, SiteFault
from custinfo.domain.people import Person
from custinfo.store import Store

ACTION = "access.refuse"
NOBODY = "nobody"
SAME_AGAIN = timedelta(minutes=1)
COUNTED = timedelta(minutes=10)
MOST = 30
PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def is_refusal(error: BaseException) -> bool:
    """Whether somebody was kept out: not allowed, or nothing there that they may see."""
    return isinstance(error, NotAllowed | NotFound)


def note(store: Store, actor: Person | None, error: CustinfoError, place: str) -> None:
    """Put a refusal on the audit log; anything but a refusal is passed over. `place` is a path or a command.

    It never raises: the refusal itself is what the person must hear of.
    """
    if is_refusal(error):
        put(store, actor.person_id if actor else NOBODY, error.key, place, getattr(error, "permission", None))


def put(store: Store, actor_id: str, why: str, place: str, permission: str | None = None) -> None:
    """The same for a door that has no error of ours, such as the server's: `why` is a word of ours."""
    where = plain(place)
    known = _lately(store, actor_id)
    same_since = stamp(utc_now() - SAME_AGAIN)
    if len(known) >= MOST or (why, where) in ((one[1], one[2]) for one in known if one[0] >= same_since):
        return
    with suppress(SiteFault):
        more = {"permission": permission} if permission else {}
        with store.act(actor_id, ACTION, "place", where, why=why, **more) as tx:
            if len(known) == MOST - 1:
                tx.note(rest="not written")


def plain(place: str) -> str:
    """The place without what somebody may have typed into it: ids and words of ours stay, all else is a dot."""
    parts = place.partition("?")[0][:400].split("/")
    return "/".join(part if not part or PLAIN.fullmatch(part) else "·" for part in parts)


def _lately(store: Store, actor_id: str) -> list[tuple[str, str, str]]:
    """(moment, why, place) of the refusals that count."""
    rows = store.rows(
        "SELECT at, object_id, detail FROM audit WHERE actor = ? AND at >= ? AND action = ?",
        [actor_id, stamp(utc_now() - COUNTED), ACTION],
    )
    return [(row["at"], str(json.loads(row["detail"]).get("why")), row["object_id"]) for row in rows]
