"""Clearances: who may see which level, since when, and until when.

A grant counts while it is neither revoked nor run out, and while the training and vetting that its level needs
(`data/rules/clearances.toml`) have not expired. Nothing has to be done when they do: the next event of a page that is
open, and the next command, find a lower level.
"""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from pathlib import Path

from custinfo.access import permissions, policies
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.periods import months_before
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value

FILE = Path(__file__).parents[2] / "data" / "rules" / "clearances.toml"
LONGEST_REASON = 500
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of what never began to count."""


@dataclass(frozen=True)
class Needs:
    """What a clearance for a level rests on."""

    training: bool
    vetting: bool


@dataclass(frozen=True)
class Clearance:
    """One grant. `counts` says whether it is in effect now; the days are moments, None where nothing is on record."""

    clearance_id: str
    person_id: str
    level: Level
    granted_at: datetime
    granted_by: str
    until: datetime | None
    trained_until: datetime | None
    vetted_until: datetime | None
    reason: str
    counts: bool


@cache
def needs() -> Mapping[Level, Needs]:
    """What each level takes, as the site's rules say."""
    tables = tomllib.loads(FILE.read_text("utf-8"))["level"]
    return {Level(int(level)): Needs(table["training"], table["vetting"]) for level, table in tables.items()}


def review_months() -> int:
    """How often the rights of each department are gone through, in months."""
    return int(tomllib.loads(FILE.read_text("utf-8"))["review_months"])


def review_due(since: datetime, zone: tzinfo) -> date:
    """The last day on which rights that were gone through, or first given, at `since` are gone through anew in time: so
    many months after that day of the site's `zone`.
    """
    return months_before(since.astimezone(zone).date(), -review_months(), keep_month_end=False)


def effective(store: Store, person_id: str, now: datetime | None = None) -> Level:
    """The most sensitive level that a grant of the person reaches at this moment."""
    return min((one.level for one in of(store, person_id, now) if one.counts), default=Level.PUBLIC)


def of(store: Store, person_id: str, now: datetime | None = None) -> list[Clearance]:
    """The grants of a person that nobody revoked, the newest first."""
    rows = store.rows(
        "SELECT * FROM clearance WHERE person_id = ? AND revoked_at IS NULL ORDER BY granted_at DESC, clearance_id",
        [person_id],
    )
    return [_clearance(row, now or utc_now()) for row in rows]


def grant(
    store: Store, actor: Person, person_id: str, level: Level, *, trained_until: datetime | None,
    vetted_until: datetime | None, until: datetime | None = None, reason: str = "",
) -> str:  # fmt: skip
    """Clear a person for a level, with the days until which training and vetting hold; gives the grant's id.

    For the service, where a site is set up; a person asks by `access_requests`. Raises NotFound, BadInput for what has
    run out already.
    """
    permissions.check(actor, "clearance.grant")
    if actor is not SERVICE:
        raise NotAllowed("people.by_request")
    with store.act(actor.person_id, "clearance.grant", "person", person_id, level=int(level)) as tx:
        if not store.row("SELECT 1 FROM person WHERE person_id = ? AND left_at IS NULL", [person_id]):
            raise NotFound("people.unknown")
        return write(
            tx, actor, person_id, level, trained_until=trained_until, vetted_until=vetted_until, until=until,
            reason=reason,
        )  # fmt: skip


def write(
    tx: Tx, actor: Person, person_id: str, level: Level, *, trained_until: datetime | None,
    vetted_until: datetime | None, until: datetime | None, reason: str,
) -> str:  # fmt: skip
    """Put a grant down within an open transaction whose caller has checked the actor. Raises BadInput."""
    if any(day is not None and day <= parse(tx.at) for day in (trained_until, vetted_until, until)):
        raise BadInput("people.run_out")
    clearance_id = f"G-{secrets.token_hex(8)}"
    row: dict[str, Value] = {
        "clearance_id": clearance_id,
        "person_id": person_id,
        "level": int(level),
        "granted_at": tx.at,
        "granted_by": actor.person_id,
        "until": stamp(until) if until else None,
        "trained_until": stamp(trained_until) if trained_until else None,
        "vetted_until": stamp(vetted_until) if vetted_until else None,
        "reason": clean(reason, max_length=LONGEST_REASON).strip(),
    }
    tx.insert("clearance", row)
    tx.note(clearance=clearance_id)
    return clearance_id


def check_complete(level: Level, trained_until: datetime | None, vetted_until: datetime | None) -> None:
    """Raises BadInput for a grant that would never count, as nothing is on record of what its level needs."""
    wanted = needs()[level]
    if (wanted.training and trained_until is None) or (wanted.vetting and vetted_until is None):
        raise BadInput("people.nothing_on_record", level=int(level))


def revoke(store: Store, actor: Person, clearance_id: str) -> None:
    """Take a clearance back, at once. Raises NotFound, WrongState when somebody did."""
    permissions.check(actor, "clearance.revoke")
    row = store.row("SELECT * FROM clearance WHERE clearance_id = ?", [clearance_id])
    if row is None:
        raise NotFound("people.no_clearance")
    policies.check_not_own(actor, [row["person_id"]])
    with store.act(actor.person_id, "clearance.revoke", "person", row["person_id"], clearance=clearance_id) as tx:
        changed = tx.execute(
            "UPDATE clearance SET revoked_at = ?, revoked_by = ? WHERE clearance_id = ? AND revoked_at IS NULL",
            [tx.at, actor.person_id, clearance_id],
        )
        if not changed:
            raise WrongState("people.revoked_already")
        tx.remember("access.revoked", row["person_id"], what="clearance", clearance=clearance_id)


def _clearance(row: Row, now: datetime) -> Clearance:
    days = {name: parse(row[name]) if row[name] else None for name in ("until", "trained_until", "vetted_until")}
    level = Level(row["level"])
    return Clearance(
        row["clearance_id"], row["person_id"], level, parse(row["granted_at"]), row["granted_by"],
        days["until"], days["trained_until"], days["vetted_until"], row["reason"], _counts(level, days, now),
    )  # fmt: skip


def _counts(level: Level, days: Mapping[str, datetime | None], now: datetime) -> bool:
    ends_at = end(level, days["until"], days["trained_until"], days["vetted_until"])
    return ends_at is None or ends_at > now


def end(
    level: Level, until: datetime | None, trained_until: datetime | None, vetted_until: datetime | None
) -> datetime | None:  # fmt: skip
    """From which moment on a grant counts no more: the first of its own end and of what its level needs. Nothing on
    record is not the same as no end: a grant without the training or vetting that it needs never counted.
    """
    wanted = needs()[level]
    ends = [until] if until is not None else []
    ends += [trained_until or NEVER] if wanted.training else []
    ends += [vetted_until or NEVER] if wanted.vetting else []
    return min(ends, default=None)
