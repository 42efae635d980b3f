"""Corrective measures (整改): ordered to a person by a day, carried out, accepted by somebody else or returned."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions, policies
from custinfo.actions import people
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

LONGEST = 2000
OPEN = ("ordered", "carried_out")


@dataclass(frozen=True)
class Correction:
    """One measure: `responsible` and `ordered_by` are names; `source_id` is the number of what it came from."""

    correction_id: str
    source_kind: str
    source_id: str
    what: str
    state: str
    responsible: str
    responsible_id: str
    due_on: date
    ordered_by: str
    done_note: str
    done_at: datetime | None
    decided_note: str


def order(
    store: Store, actor: Person, *, source_kind: str, source_id: str, what: str, login_name: str, due_on: str
) -> str:
    """Order a measure to the person with that login name, by that day (`2026-11-30`); gives its id."""
    permissions.check(actor, "oversight.handle")
    responsible = people.by_login_name(store, login_name.strip())
    if responsible is None:
        raise BadInput("oversight.no_person", name=login_name[:64])
    day, words = _day(due_on), stated(what, "oversight.what_missing", max_length=LONGEST)
    correction_id = f"M-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "correction.order", "correction", correction_id, source=source_id) as tx:
        row: Row = {
            "correction_id": correction_id,
            "source_kind": source_kind,
            "source_id": source_id,
            "what": words,
            "state": machines.after(machines.CORRECTION, machines.NOWHERE, "order"),
            "responsible": responsible.person_id,
            "due_on": day.isoformat(),
            "ordered_at": tx.at,
            "ordered_by": actor.person_id,
        }
        tx.insert("correction", row)
    return correction_id


def carry_out(store: Store, actor: Person, correction_id: str, note: str) -> None:
    """Say that one's own measure is carried out, and how. Raises NotFound for somebody else's."""
    words = stated(note, "oversight.note_missing", max_length=LONGEST)
    with store.act(actor.person_id, "correction.carry_out", "correction", correction_id) as tx:
        row = _row(store, correction_id)
        if row["responsible"] != actor.person_id:
            raise NotFound("oversight.no_correction")
        _move(tx, row, "carry_out", done_note=words, done_at=tx.at)


def decide(store: Store, actor: Person, correction_id: str, accept: bool, note: str = "") -> None:
    """Accept what was carried out, or return it with a reason; never one's own work."""
    permissions.check(actor, "oversight.handle")
    words = clean(note.strip(), max_length=LONGEST)
    if not accept and not words:
        raise BadInput("oversight.note_missing")
    with store.act(actor.person_id, "correction.decide", "correction", correction_id, accepted=int(accept)) as tx:
        row = _row(store, correction_id)
        policies.check_not_own(actor, [row["responsible"]])
        action = "accept_work" if accept else "return_work"
        _move(tx, row, action, decided_note=words, decided_at=tx.at, decided_by=actor.person_id)


def of(store: Store, actor: Person, source_kind: str, source_id: str) -> list[Correction]:
    """The measures that came from one incident or inspection, for who handles those or is responsible."""
    rows = store.rows(f"{_SELECT} WHERE source_kind = ? AND source_id = ? ORDER BY due_on", [source_kind, source_id])
    return [_correction(row) for row in rows if _may_see(actor, row)]


def open_ones(store: Store, actor: Person) -> list[Correction]:
    """Every measure that is not accepted yet: all for who handles them, one's own for everybody else."""
    rows = store.rows(f"{_SELECT} WHERE state IN ('ordered', 'carried_out') ORDER BY due_on")
    return [_correction(row) for row in rows if _may_see(actor, row)]


def _may_see(actor: Person, row: Row) -> bool:
    return permissions.may(actor, "oversight.read") or row["responsible"] == actor.person_id


_SELECT = (
    "SELECT correction.*, one.display_name AS name, other.display_name AS by_name FROM correction "
    "JOIN person AS one ON one.person_id = responsible JOIN person AS other ON other.person_id = ordered_by"
)


def _row(store: Store, correction_id: str) -> Row:
    row = store.row("SELECT * FROM correction WHERE correction_id = ?", [correction_id])
    if row is None:
        raise NotFound("oversight.no_correction")
    return row


def _move(tx: Tx, row: Row, action: str, **changes: str) -> None:
    state = machines.after(machines.CORRECTION, row["state"], action)
    tx.update("correction", row["correction_id"], {"state": state, **changes})


def _correction(row: Row) -> Correction:
    return Correction(
        row["correction_id"],
        row["source_kind"],
        row["source_id"],
        row["what"],
        row["state"],
        row["name"],
        row["responsible"],
        date.fromisoformat(row["due_on"]),
        row["by_name"],
        row["done_note"],
        parse(row["done_at"]) if row["done_at"] else None,
        row["decided_note"],
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise BadInput("oversight.day", day=text[:40]) from None
