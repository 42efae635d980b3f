"""Layouts of reports (R148): each version's number, printed blank, kept and given out against signature.

A layout is that of an approved definition: the same version, the same hash. What is printed, given out, taken back and
destroyed are movements; stock and what somebody holds are their sums.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import attestations, people, reauthentication, report_definitions
from custinfo.actions.attestations import Attestation
from custinfo.domain import report_definitions as definitions
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

KIND, MOVEMENT = "report_layout", "report_layout_movement"
RECEIVED = "received"
PRINTED, HANDED_OUT, RETURNED, SPOILED = MOVEMENTS = ("printed", "handed_out", "returned", "spoiled")
SIGNS = {PRINTED: 1, HANDED_OUT: -1, RETURNED: 1, SPOILED: -1}
"""What a movement does to the stock."""
MOST_COPIES = 100_000
LONGEST = 500


@dataclass(frozen=True)
class Movement:
    """Copies that moved. `person` is the name of who received or gave them back, blank for print and destruction;
    `receipt` is theirs, None while nobody signed.
    """

    movement_id: str
    layout_id: str
    kind: str
    copies: int
    person_id: str | None
    person: str
    note: str
    at: datetime
    by: str
    sha256: str
    receipt: Attestation | None


@dataclass(frozen=True)
class Layout:
    """A version of a report's layout. `tables` are those of `figures.json` without figures; `stock` in copies; `held`
    by person id the copies that somebody has; `is_newest` when no later version is registered.
    """

    layout_id: str
    number: str
    name: str
    titles: Mapping[str, str]
    version: int
    sha256: str
    tables: tuple[Mapping[str, Any], ...]
    in_force_on: date
    recorded_at: datetime
    by: str
    stock: int
    held: Mapping[str, int]
    movements: tuple[Movement, ...]
    is_newest: bool


def register(store: Store, actor: Person, name: str, tables: Sequence[Mapping[str, Any]]) -> str:
    """Register the layout of the version of a definition that is in force; gives its id.

    `tables` are the report's without figures. Raises NotAllowed, NotFound, WrongState without an approved definition,
    Conflict when that version is registered already.
    """
    permissions.check(actor, "report.keep")
    definition = definitions.named(name)
    approved = [one for one in report_definitions.filed(store, actor, name) if one.state == "approved"]
    if not approved:
        raise WrongState("registers.layouts.not_in_force", name=" / ".join(definition.titles.values()))
    newest = approved[0]
    layout_id = f"RL-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "layout.register", KIND, layout_id) as tx:
        known = store.rows("SELECT number, version FROM report_layout WHERE name = ? ORDER BY version", [name])
        if any(row["version"] == newest.version for row in known):
            raise Conflict("registers.layouts.there", version=newest.version, number=known[0]["number"])
        number = known[0]["number"] if known else f"BB{tx.next_number('report layouts'):03d}"
        row: Row = {"layout_id": layout_id, "number": number, "name": name, "version": newest.version}
        row |= {"sha256": newest.sha256, "tables": json.dumps(list(tables), ensure_ascii=False), "recorded_at": tx.at}
        tx.insert(KIND, row | {"in_force_on": str(_today(store)), "recorded_by": actor.person_id})
        tx.note(number=number, version=newest.version, sha256=newest.sha256)
    return layout_id


def move(
    store: Store, actor: Person, layout_id: str, kind: str, copies: int, *, login_name: str = "", note: str = ""
) -> str:  # fmt: skip
    """Record copies that were printed, given out, taken back or destroyed; gives the movement's id.

    Raises NotAllowed, NotFound, BadInput for an unknown kind, copies out of bounds, nobody or an unknown person where
    one is named; WrongState for more than the stock, more than the person holds, or a version that is not in force.
    """
    permissions.check(actor, "report.keep")
    if kind not in MOVEMENTS or not 1 <= copies <= MOST_COPIES:
        raise BadInput("registers.layouts.copies_wrong", limit=MOST_COPIES)
    person = people.by_login_name(store, login_name.strip()) if kind in (HANDED_OUT, RETURNED) else None
    if person is None and kind in (HANDED_OUT, RETURNED):
        raise BadInput("registers.no_person", name=login_name[:64])
    said = clean(note.strip(), max_length=LONGEST)
    movement_id = f"RM-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "layout.move", KIND, layout_id[:40], kind=kind) as tx:
        one = _layout(store, _row(store, layout_id))
        _check(store, one, kind, copies, person)
        row: Row = {"movement_id": movement_id, "layout_id": layout_id, "kind": kind, "copies": copies}
        row |= {"person_id": person.person_id if person else None, "note": said, "at": tx.at, "by": actor.person_id}
        tx.insert(MOVEMENT, row)
        tx.note(movement=movement_id, copies=copies)
    return movement_id


def receive(store: Store, actor: Person, movement_id: str, password: str, code: str = "") -> None:
    """Sign for copies that one received. Raises NotFound for whom they were not given to, Conflict when that is
    signed for already, NotAllowed for a wrong password.
    """
    if _mine(store, actor, movement_id) is None:
        raise NotFound("registers.layouts.not_received")
    reauthentication.check(store, actor, password, code)
    with store.act(actor.person_id, "layout.receive", MOVEMENT, movement_id) as tx:
        row = _mine(store, actor, movement_id)
        if row is None:
            raise NotFound("registers.layouts.not_received")
        attestations.attest(store, tx, actor, MOVEMENT, movement_id, RECEIVED, _digest(row))


def listed(store: Store, actor: Person) -> list[Layout]:
    """Every layout, by number, the newest version first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return [_layout(store, row) for row in store.rows(f"{_SELECT} ORDER BY number, version DESC")]


def read(store: Store, actor: Person, layout_id: str) -> Layout:
    """One layout. Raises NotAllowed, NotFound."""
    permissions.check(actor, "report.read")
    return _layout(store, _row(store, layout_id))


def to_receive(store: Store, actor: Person) -> list[tuple[str, Movement]]:
    """Copies that were given to the actor and not signed for, each with the number of its layout."""
    rows = store.rows(
        "SELECT report_layout_movement.*, number FROM report_layout_movement JOIN report_layout USING (layout_id) "
        "WHERE kind = ? AND person_id = ? ORDER BY at, movement_id",
        [HANDED_OUT, actor.person_id],
    )
    found = [(row["number"], _movement(store, row, {})) for row in rows]
    return [(number, one) for number, one in found if one.receipt is None]


def _check(store: Store, one: Layout, kind: str, copies: int, person: Person | None) -> None:
    if kind == HANDED_OUT and not one.is_newest:
        newest = store.rows("SELECT max(version) AS n FROM report_layout WHERE name = ?", [one.name])[0]["n"]
        raise WrongState("registers.layouts.old_version", version=one.version, newest=newest)
    if SIGNS[kind] < 0 and copies > one.stock:
        raise WrongState("registers.layouts.too_many", stock=one.stock)
    if kind == RETURNED and person is not None and copies > one.held.get(person.person_id, 0):
        held = one.held.get(person.person_id, 0)
        raise WrongState("registers.layouts.not_held", name=person.display_name, held=held)


_SELECT = (
    "SELECT report_layout.*, display_name, NOT EXISTS (SELECT 1 FROM report_layout AS later "
    "WHERE later.name = report_layout.name AND later.version > report_layout.version) AS is_newest "
    "FROM report_layout LEFT JOIN person ON person_id = recorded_by"
)


def _row(store: Store, layout_id: str) -> Row:
    row = store.row(f"{_SELECT} WHERE layout_id = ?", [layout_id])
    if row is None:
        raise NotFound("registers.layouts.unknown")
    return row


def _mine(store: Store, actor: Person, movement_id: str) -> Row | None:
    return store.row(
        "SELECT * FROM report_layout_movement WHERE movement_id = ? AND kind = ? AND person_id = ?",
        [movement_id, HANDED_OUT, actor.person_id],
    )


def _layout(store: Store, row: Row) -> Layout:
    rows = store.rows(
        "SELECT * FROM report_layout_movement WHERE layout_id = ? ORDER BY at DESC, movement_id", [row["layout_id"]]
    )
    names = {one["person_id"]: one["display_name"] for one in store.rows("SELECT person_id, display_name FROM person")}
    held: dict[str, int] = {}
    for one in rows:
        if one["person_id"]:
            held[one["person_id"]] = held.get(one["person_id"], 0) - SIGNS[one["kind"]] * one["copies"]
    return Layout(
        row["layout_id"], row["number"], row["name"], definitions.named(row["name"]).titles, row["version"],
        row["sha256"], tuple(json.loads(row["tables"])), date.fromisoformat(row["in_force_on"]),
        parse(row["recorded_at"]), row["display_name"] or row["recorded_by"],
        sum(SIGNS[one["kind"]] * one["copies"] for one in rows), {who: n for who, n in held.items() if n},
        tuple(_movement(store, one, names) for one in rows), bool(row["is_newest"]),
    )  # fmt: skip


def _movement(store: Store, row: Row, names: Mapping[str, str]) -> Movement:
    return Movement(
        row["movement_id"], row["layout_id"], row["kind"], row["copies"], row["person_id"],
        names.get(row["person_id"], ""), row["note"], parse(row["at"]), names.get(row["by"], row["by"]), _digest(row),
        attestations.of(store, MOVEMENT, row["movement_id"]).get(RECEIVED),
    )  # fmt: skip


def _digest(row: Row) -> str:
    """Of what is signed for."""
    names = ("movement_id", "layout_id", "kind", "copies", "person_id", "at")
    return hashlib.sha256(json.dumps({name: row[name] for name in names}, sort_keys=True).encode()).hexdigest()


def _today(store: Store) -> date:
    return utc_now().astimezone(store.site.zone).date()
