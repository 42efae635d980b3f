"""Whose customers are whose: the one condition that every list applies, and handing customers over (R103).

A customer belongs to its owner's department; the owner is who recorded it first, until it is assigned to somebody else.
What is about a customer, records and further entities alike, goes where the customer goes. What is out of a person's
scope, or above their clearance, does not exist for them: no list, count, search or message tells it from nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, visibility
from custinfo.access.visibility import Scope
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotFound, WrongState
from custinfo.domain.people import Audience, Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import stated
from custinfo.store import Store, Tx
from custinfo.store.database import Value

LONGEST_REASON = 500


@dataclass(frozen=True)
class Turn:
    """One turn in the history of whose a customer was; names are those of people."""

    owner: str
    owner_name: str
    department: str
    reason: str
    since: datetime
    by_name: str


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom a customer may be handed over."""

    person_id: str
    display_name: str
    department: str


def visible_where(actor: Person, alias: str, first: int | None = None) -> tuple[str, list[Value]]:
    """The condition under which the actor may know of a row, as SQL and its parameters.

    `alias` is how the query names `entity_current` or `record_current`. The parameters are anonymous, or numbered from
    `first` on in a query that numbers its own.
    """
    given: list[Value] = []

    def mark(value: Value) -> str:
        given.append(value)
        return "?" if first is None else f"?{first + len(given) - 1}"

    places: list[str] = []
    for audience in Audience:
        reach = visibility.scope(actor, audience)
        here = f"coalesce({alias}.audience, '{Audience.FIELD}') = '{audience}'"
        if reach is Scope.ALL:
            places.append(here)
        elif reach is Scope.DEPARTMENT:
            places.append(f"{here} AND ({_theirs(actor, alias, mark)})")
    if not places:
        return "0 = 1", []
    seen = min((int(level) for level in Level if visibility.sees(actor, level)), default=int(Level.PUBLIC))
    return f"({alias}.level IS NULL OR {alias}.level >= {seen}) AND (({') OR ('.join(places)}))", given


def readable_where(actor: Person, alias: str, first: int | None = None) -> tuple[str, list[Value]]:
    """As `visible_where`, for records that the actor may read: the twin of `policies.may_read` for lists."""
    mine, given = visible_where(actor, alias, first)
    worked_on = (one for one in Audience if visibility.scope(actor, one) is not Scope.NONE)
    own = [one for one in worked_on if visibility.own_records_only(actor, one)]
    if not own:
        return mine, given
    mark = "?" if first is None else f"?{first + len(given)}"
    elsewhere = " AND ".join(f"coalesce({alias}.audience, '{Audience.FIELD}') != '{one}'" for one in own)
    hand = f"SELECT 1 FROM record_hand AS own WHERE own.record_id = {alias}.record_id AND own.person_id = {mark}"
    return f"{mine} AND (({elsewhere}) OR EXISTS ({hand}))", [*given, actor.person_id]


def consultable_where(actor: Person, alias: str, first: int) -> tuple[str, list[Value]]:
    """As `readable_where`, with what the actor's department decides on: the twin of `policies.check_consultable`."""
    mine, given = readable_where(actor, alias, first)
    if not (actor.department and visibility.decides_for_department(actor)):
        return mine, given
    seen = min((int(level) for level in Level if visibility.sees(actor, level)), default=int(Level.PUBLIC))
    asked = (
        f"{alias}.decided_in = ?{first + len(given)} AND ({alias}.level IS NULL OR {alias}.level >= {seen}) "
        f"AND coalesce({alias}.audience, '{Audience.FIELD}') = '{Audience.FIELD}'"
    )
    return f"(({mine}) OR ({asked}))", [*given, actor.department]


def _theirs(actor: Person, alias: str, mark: Callable[[Value], str]) -> str:
    """The department, those in the person's regions, those assigned to the person."""
    mine = [f"{alias}.owner = {mark(actor.person_id)}"]
    if actor.department:
        mine.append(f"{alias}.department = {mark(actor.department)}")
    if actor.regions:
        mine.append(
            f"EXISTS (SELECT 1 FROM json_each({mark(json.dumps(visibility.prefixes(actor)))}) AS mine "
            f"WHERE substr({alias}.region, 1, length(mine.value)) = mine.value)"
        )
    return " OR ".join(mine)


def in_scope(store: Store, actor: Person, entity_id: str) -> bool:
    """Whether the actor may know of an entity that is there."""
    place = store.row("SELECT * FROM entity_place WHERE entity_id = ?", [entity_id])
    return place is not None and visibility.visible(actor, place)


def check_in_scope(store: Store, actor: Person, entity_id: str) -> None:
    """Raises NotFound, the same for what is out of scope and for what never was."""
    if not in_scope(store, actor, entity_id):
        raise NotFound("customers.unknown", number=entity_id[:40])


def history(store: Store, actor: Person, entity_id: str) -> list[Turn]:
    """Whose the customer was, the newest turn first. Raises NotFound."""
    permissions.check(actor, "customer.read")
    check_in_scope(store, actor, entity_id)
    rows = store.rows(
        "SELECT owner, '' AS reason, assigned_at, assigned_by FROM (SELECT recorded_by AS owner, recorded_at AS "
        "assigned_at, recorded_by AS assigned_by FROM entity_version WHERE entity_id = ?1 AND version = 1) UNION ALL "
        "SELECT owner, reason, assigned_at, assigned_by FROM (SELECT * FROM assignment WHERE entity_id = ?1 "
        "ORDER BY seq)",
        [entity_id],
    )
    known = {row["person_id"]: row for row in store.rows("SELECT person_id, display_name, department FROM person")}
    nobody = {"display_name": "", "department": ""}
    return [
        Turn(
            row["owner"], known.get(row["owner"], nobody)["display_name"] or row["owner"],
            known.get(row["owner"], nobody)["department"], row["reason"], parse(row["assigned_at"]),
            known.get(row["assigned_by"], nobody)["display_name"] or row["assigned_by"],
        )
        for row in reversed(rows)
    ]  # fmt: skip


def colleagues(store: Store, actor: Person) -> list[Colleague]:
    """To whom the actor may hand customers over: whoever works with customers, in any department."""
    permissions.check(actor, "customer.assign")
    return takers(store)


def takers(store: Store) -> list[Colleague]:
    """Everybody who works with customers of their own, by department."""
    roles = [role for role, reach in visibility.SCOPES.items() if reach is Scope.DEPARTMENT]
    rows = store.rows(
        "SELECT DISTINCT person_id, display_name, department FROM person JOIN person_role USING (person_id) "
        "WHERE left_at IS NULL AND role IN (SELECT value FROM json_each(?)) ORDER BY department, display_name",
        [json.dumps(roles)],
    )
    return [Colleague(row["person_id"], row["display_name"], row["department"]) for row in rows]


def transfer(store: Store, actor: Person, customer_id: str, to: str, reason: str) -> None:
    """Hand a customer over to a colleague, in any department; who had it and why it went stays on record.

    For who supervises, within their scope. Raises NotFound, BadInput without a reason, WrongState when the customer is
    that person's already.
    """
    permissions.check(actor, "customer.assign")
    reason = stated(reason, "assignments.reason_needed", max_length=LONGEST_REASON)
    with store.act(actor.person_id, "customer.assign", "customer", customer_id, to=to[:40]) as tx:
        check_in_scope(store, actor, customer_id)
        check_takes(store, to)
        place = store.row("SELECT * FROM entity_place WHERE entity_id = ?", [customer_id])
        assert place is not None
        if place["root"] != customer_id:
            raise WrongState("assignments.not_alone")
        if place["owner"] == to:
            raise WrongState("assignments.theirs_already")
        tx.note(before=place["owner"])
        _write(tx, actor, customer_id, to, reason)


def hand_over_all(store: Store, tx: Tx, actor: Person, of: str, to: str, reason: str) -> int:
    """Hand over every customer that is `of`'s, within the open transaction in which they leave; gives how many."""
    check_takes(store, to)
    owned = store.rows("SELECT entity_id FROM entity_place WHERE owner = ? AND root = entity_id", [of])
    for row in owned:
        _write(tx, actor, row["entity_id"], to, reason)
    return len(owned)


def check_takes(store: Store, to: str) -> None:
    """Raises BadInput unless it is somebody who works with customers."""
    roles = [
        row["role"]
        for row in store.rows(
            "SELECT role FROM person_role JOIN person USING (person_id) WHERE person_id = ? AND left_at IS NULL", [to]
        )
    ]
    if not any(visibility.SCOPES.get(Role(role)) is Scope.DEPARTMENT for role in roles):
        raise BadInput("assignments.takes_none")


def _write(tx: Tx, actor: Person, entity_id: str, to: str, reason: str) -> None:
    row = {"entity_id": entity_id, "owner": to, "reason": reason, "assigned_at": tx.at}
    tx.insert("assignment", {**row, "assigned_by": actor.person_id})
