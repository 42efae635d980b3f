"""The audit log as the auditor reads it: search, read, verify. Reading it is itself on it.

It holds ids, field names and names of people with accounts: nothing here shows what is known of a customer.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from custinfo.access import permissions
from custinfo.domain.clock import parse, stamp
from custinfo.domain.errors import SiteFault, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import stated
from custinfo.store import Store
from custinfo.store.audit import Verified
from custinfo.store.database import Row, Value

LOG, VERIFICATION = "audit", "verification"
NOBODY = "nobody"
CHUNK = 5000


@dataclass(frozen=True)
class Selection:
    """Which entries are meant; what is blank does not narrow it down. Days are of the site's zone, ends included."""

    actor: str = ""
    actions: tuple[str, ...] = ()
    object_id: str = ""
    first_day: date | None = None
    last_day: date | None = None
    first_entry: int | None = None
    last_entry: int | None = None

    def named(self) -> str:
        """The names of the fields that narrow it down."""
        return ",".join(name for name, value in vars(self).items() if value not in ("", (), None))


@dataclass(frozen=True)
class AuditEntry:
    """One entry. `who` is the name of the account, or its id where there is none; `detail` has ids and field names."""

    seq: int
    at: datetime
    actor: str
    who: str
    action: str
    object_kind: str
    object_id: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """Some of the entries of a selection, newest first, and how many there are."""

    total: int
    rows: list[AuditEntry]


@dataclass(frozen=True)
class Verification:
    """When the log was last verified, by whom, and how many faults there were."""

    at: datetime
    who: str
    faults: int
    entries: int


def find(store: Store, actor: Person, wanted: Selection, *, offset: int = 0, limit: int = 50) -> Found:
    """Entries of the selection, newest first. Raises NotAllowed; that they were looked at is an entry too."""
    permissions.check(actor, "audit.read")
    where, given = condition(store, wanted)
    total = store.rows(f"SELECT count(*) AS n FROM audit WHERE {where}", given)[0]["n"]
    rows = store.rows(
        f"SELECT audit.*, display_name FROM audit LEFT JOIN person ON person_id = actor WHERE {where} "
        "ORDER BY seq DESC LIMIT ? OFFSET ?",
        [*given, max(0, min(limit, 500)), max(0, offset)],
    )
    with store.act(actor.person_id, "audit.read", LOG, LOG, found=total, shown=len(rows), narrowed=wanted.named()):
        pass
    return Found(total, [_entry(row) for row in rows])


def count(store: Store, actor: Person) -> int:
    """How many entries there are."""
    permissions.check(actor, "audit.read")
    return int(store.rows("SELECT coalesce(max(seq), 0) AS n FROM audit")[0]["n"])


def actors(store: Store, actor: Person) -> dict[str, str]:
    """Everybody with an account, by id, each by name: who may stand in an entry."""
    permissions.check(actor, "audit.read")
    rows = store.rows("SELECT person_id, display_name, login_name FROM person ORDER BY display_name, login_name")
    return {row["person_id"]: f"{row['display_name']} ({row['login_name']})" for row in rows}


def verify(store: Store, actor: Person, copies: Sequence[bytes] = ()) -> Verified:
    """The whole log held against its anchor, and against copies of its checkpoints. Raises NotAllowed.

    What came of it is put on the log, as long as the log takes entries.
    """
    permissions.check(actor, "audit.read")
    verified = store.audit_verified(copies)
    with suppress(SiteFault):  # a log that takes no entries is what the result says
        faults = len(verified.faults)
        with store.act(actor.person_id, "audit.verify", LOG, VERIFICATION, faults=faults) as tx:
            tx.note(entries=verified.entries, anchored=verified.anchored, first_bad=verified.first_bad)
    return verified


def restart_anchor(store: Store, actor: Person, kind: str, reason: str) -> int:
    """Begin the anchor anew from the log as it stands; gives the number of its last entry before that.

    Raises NotAllowed, BadInput without a reason, and WrongState when there is nothing wrong with it.
    """
    permissions.check(actor, "audit.restart")
    reason = stated(reason, "audit_log.no_reason", max_length=500)
    verified = store.audit_verified()
    if not verified.faults:
        raise WrongState("audit_log.cli.nothing_wrong")
    store.restart_anchor(kind, f"{actor.login_name}: {reason}")
    with store.act(actor.person_id, "audit.restart_anchor", LOG, LOG, faults=len(verified.faults)) as tx:
        tx.note(after=verified.entries, first_bad=verified.first_bad)
    return verified.entries


def last_verification(store: Store) -> Verification | None:
    """The newest verification that is on the log."""
    row = store.row(
        "SELECT at, actor, detail, display_name FROM audit LEFT JOIN person ON person_id = actor "
        "WHERE object_id = ? AND action = 'audit.verify' ORDER BY seq DESC LIMIT 1",
        [VERIFICATION],
    )
    if row is None:
        return None
    said = json.loads(row["detail"])
    return Verification(parse(row["at"]), row["display_name"] or row["actor"], said["faults"], said["entries"])


def last_verified(store: Store) -> datetime | None:
    """When the log was last verified and found whole."""
    found = last_verification(store)
    return found.at if found and not found.faults else None


def stored(store: Store, wanted: Selection) -> Iterator[Row]:
    """The rows of a selection as they are stored, oldest first, read in parts. For who has checked who asks."""
    where, given = condition(store, wanted)
    query, last = f"SELECT * FROM audit WHERE seq > ? AND {where} ORDER BY seq LIMIT {CHUNK}", 0
    while rows := store.rows(query, [last, *given]):
        yield from rows
        last = rows[-1]["seq"]


def condition(store: Store, wanted: Selection) -> tuple[str, list[Value]]:
    """The selection as a condition on `audit`; an action that ends with `*` means all that begin so."""
    parts: list[tuple[str, list[Value]]] = []
    if wanted.actor:
        parts.append(("actor = ?", [wanted.actor]))
    if wanted.actions:
        likes = [one.replace("_", "\\_").replace("%", "\\%").replace("*", "%") for one in wanted.actions]
        parts.append(("(" + " OR ".join(["action LIKE ? ESCAPE '\\'"] * len(likes)) + ")", [*likes]))
    if wanted.object_id:
        parts.append(("object_id = ?", [wanted.object_id]))
    if wanted.first_day:
        parts.append(("at >= ?", [_midnight(store, wanted.first_day)]))
    if wanted.last_day:
        parts.append(("at < ?", [_midnight(store, wanted.last_day + timedelta(days=1))]))
    if wanted.first_entry is not None:
        parts.append(("seq >= ?", [wanted.first_entry]))
    if wanted.last_entry is not None:
        parts.append(("seq <= ?", [wanted.last_entry]))
    return " AND ".join(sql for sql, _ in parts) or "1", [value for _, values in parts for value in values]


def _midnight(store: Store, day: date) -> str:
    return stamp(datetime(day.year, day.month, day.day, tzinfo=store.site.zone))


def _entry(row: Row) -> AuditEntry:
    detail = json.loads(row["detail"])
    return AuditEntry(
        row["seq"], parse(row["at"]), row["actor"], row["display_name"] or row["actor"], row["action"],
        row["object_kind"], row["object_id"], detail if isinstance(detail, dict) else {},
    )  # fmt: skip
