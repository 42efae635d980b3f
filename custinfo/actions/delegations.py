"""Delegation: for a time, somebody decides for somebody else. It gives no right of its own: `access.deciding` asks
both.

What is delegated cannot be delegated on: only one's own roles count.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from custinfo.actions import people
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.domain.procedures import PROCEDURES
from custinfo.domain.text import stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

LONGEST = timedelta(days=92)
"""A delegation is for holidays and journeys; for longer, somebody is given the role."""
LONGEST_REASON = 500


@dataclass(frozen=True)
class Delegation:
    """From the first day to the last, both included. `procedures` is empty when it is for all of them."""

    delegation_id: str
    from_person: str
    from_name: str
    to_person: str
    to_name: str
    procedures: tuple[str, ...]
    starts_on: date
    ends_on: date
    reason: str


def give(
    store: Store, actor: Person, to_person: str, starts_on: date, ends_on: date, reason: str,
    procedures: Collection[str] = (),
) -> str:  # fmt: skip
    """Let `to_person` decide for the actor, in these procedures or in all; gives the delegation's id.

    Raises BadInput for oneself, a person who may not stand in at any step of the actor's, days that are over, in the
    wrong order or too many, an unknown procedure or no reason.
    """
    reason = stated(reason, "delegations.no_reason", max_length=LONGEST_REASON)
    if not today(store) <= ends_on or not starts_on <= ends_on < starts_on + LONGEST:
        raise BadInput("delegations.days", longest=LONGEST.days)
    unknown = [name for name in procedures if name not in PROCEDURES]
    if unknown:
        raise BadInput("delegations.no_procedure", name=unknown[0][:40])
    delegation_id = f"DG-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "delegation.give", "delegation", delegation_id, to=to_person[:40]) as tx:
        row = store.row("SELECT * FROM person WHERE person_id = ?", [to_person])
        if row is None or to_person == actor.person_id:
            raise BadInput("delegations.to_whom")
        if not _could(actor, people.from_row(store, row), procedures):
            raise BadInput("delegations.may_not", name=row["display_name"])
        new: Row = {"delegation_id": delegation_id, "from_person": actor.person_id, "to_person": to_person}
        new |= {"procedures": json.dumps(sorted(set(procedures))), "starts_on": starts_on.isoformat()}
        tx.insert("delegation", new | {"ends_on": ends_on.isoformat(), "reason": reason, "made_at": tx.at})
    return delegation_id


def end(store: Store, actor: Person, delegation_id: str) -> None:
    """End a delegation before its last day: for whoever gave or has it. Raises NotFound."""
    with store.act(actor.person_id, "delegation.end", "delegation", delegation_id[:40]) as tx:
        row = store.row("SELECT * FROM delegation WHERE delegation_id = ? AND ended_at IS NULL", [delegation_id])
        if row is None or actor.person_id not in (row["from_person"], row["to_person"]):
            raise NotFound("delegations.unknown")
        tx.update("delegation", delegation_id, {"ended_at": tx.at, "ended_by": actor.person_id})


def to(store: Store, actor: Person, procedure: str) -> list[tuple[Person, Delegation]]:
    """For whom the actor may decide in this procedure today: the persons as they are now, whatever they were then."""
    day = today(store).isoformat()
    rows = store.rows(
        f"{_SELECT} WHERE to_person = ? AND ended_at IS NULL AND starts_on <= ? AND ends_on >= ? ORDER BY made_at",
        [actor.person_id, day, day],
    )
    found = [_delegation(row) for row in rows]
    among = [one for one in found if not one.procedures or procedure in one.procedures]
    return [(person, one) for one in among if (person := _person(store, one.from_person)) is not None]


def listed(store: Store, actor: Person) -> list[Delegation]:
    """Those that the actor gave or has and that are not over, the soonest to end first."""
    rows = store.rows(
        f"{_SELECT} WHERE (from_person = ?1 OR to_person = ?1) AND ended_at IS NULL AND ends_on >= ?2 ORDER BY ends_on",
        [actor.person_id, today(store).isoformat()],
    )
    return [_delegation(row) for row in rows]


def possible(store: Store, actor: Person) -> list[Person]:
    """To whom the actor could delegate something, by name."""
    rows = store.rows("SELECT * FROM person WHERE person_id != ? ORDER BY display_name", [actor.person_id])
    everybody = (people.from_row(store, row) for row in rows)
    return [one for one in everybody if _could(actor, one, ())]


def expire(store: Store, day: date) -> dict[str, int]:
    """End those whose last day is before `day`: a job of every day. They give nothing since that day already."""
    rows = store.rows(
        "SELECT delegation_id, to_person FROM delegation WHERE ended_at IS NULL AND ends_on < ?", [day.isoformat()]
    )
    for row in rows:
        with store.act("service", "delegation.expire", "delegation", row["delegation_id"]) as tx:
            tx.execute(
                "UPDATE delegation SET ended_at = ?, ended_by = 'service' WHERE delegation_id = ? AND ended_at IS NULL",
                [tx.at, row["delegation_id"]],
            )
    return {"ended": len(rows)}


def pass_on(store: Store, tx: Tx, actor: Person, leaver: str, successor: str, among: Collection[str]) -> int:
    """Within a handover of work: what others delegated to the leaver in the procedures `among` goes to the successor,
    who may stand in there; what the leaver delegated in them ends. Other procedures stay as they were. Gives how many.
    """
    day, passed = today(store), 0
    rows = store.rows(
        f"{_SELECT} WHERE (from_person = ?1 OR to_person = ?1) AND ended_at IS NULL AND ends_on >= ?2 ORDER BY made_at",
        [leaver, str(day)],
    )
    for row in rows:
        one = _delegation(row)
        touched = [name for name in one.procedures or PROCEDURES if name in among]
        if not touched:
            continue
        tx.update("delegation", one.delegation_id, {"ended_at": tx.at, "ended_by": actor.person_id})
        rest = [name for name in one.procedures or PROCEDURES if name not in among]
        if rest:
            _again(tx, row, row["to_person"], rest)
        giver, taker = _person(store, one.from_person), _person(store, successor)
        if one.to_person == leaver and giver and taker and giver != taker and _could(giver, taker, touched):
            _again(tx, row, successor, touched)
            passed += 1
    return passed


def _again(tx: Tx, row: Row, to_person: str, procedures: Collection[str]) -> None:
    """The same delegation for other procedures, or to somebody else."""
    new = {name: row[name] for name in ("from_person", "starts_on", "ends_on", "reason")}
    new |= {"delegation_id": f"DG-{secrets.token_hex(8)}", "to_person": to_person, "made_at": tx.at}
    tx.insert("delegation", new | {"procedures": json.dumps(sorted(procedures))})


def today(store: Store) -> date:
    """Today, in the site's zone."""
    return utc_now().astimezone(store.site.zone).date()


def _could(giver: Person, taker: Person, procedures: Collection[str]) -> bool:
    """Whether there is a step that the giver's roles decide and at which the taker may stand in."""
    steps = [step for name in procedures or PROCEDURES for step in PROCEDURES[name].steps]
    return any(giver.roles & {*step.roles} and taker.roles & {*step.roles, *step.stand_in} for step in steps)


def _person(store: Store, person_id: str) -> Person | None:
    row = store.row("SELECT * FROM person WHERE person_id = ?", [person_id])
    return people.from_row(store, row) if row else None


_SELECT = (
    "SELECT delegation.*, giver.display_name AS from_name, taker.display_name AS to_name FROM delegation "
    "JOIN person AS giver ON giver.person_id = from_person JOIN person AS taker ON taker.person_id = to_person"
)


def _delegation(row: Row) -> Delegation:
    return Delegation(
        row["delegation_id"], row["from_person"], row["from_name"], row["to_person"], row["to_name"],
        tuple(json.loads(row["procedures"])), date.fromisoformat(row["starts_on"]), date.fromisoformat(row["ends_on"]),
        row["reason"],
    )  # fmt: skip
