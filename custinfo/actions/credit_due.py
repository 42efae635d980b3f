"""What the register of credit notices makes due, for whom.

Dunning waits for who looks after the customer, and is on the list of the department; an account out of the ordinary for
the department head (R118); everything else for those who decide on credit. It is brought up to date once a day.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, remittances
from custinfo.actions.due import DueRow
from custinfo.actions.remittances import Collection
from custinfo.domain import money
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row, Value

REMITTANCES = "/credit/collections"
REMIT_SOON = timedelta(days=7)
DUNNING, SIGN = "dunning", "sign"
FOR_DECIDERS = ("review", "override", "paper", "over_limit", "gate", "warning", "statement")


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """What waits for the person."""
    kinds = list(FOR_DECIDERS) if permissions.may(actor, "credit.decide") else []
    if permissions.may(actor, "credit.consider"):
        kinds.append(SIGN)
    rows = _open(store, actor, kinds) if kinds else []
    if permissions.may(actor, "form.fill"):
        rows += _open(store, actor, [DUNNING], own=True)
    return [*(_due(row) for row in rows), *_remittances(store, actor, today)]


def department_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001
    """The dunning of everybody in the department, for who leads it."""
    return [_due(row) for row in _open(store, actor, [DUNNING])]


def listed(store: Store, actor: Person, customer_id: str = "") -> list[DueRow]:
    """Everything that is due about the customers of the person, or about one of them. Raises NotAllowed."""
    permissions.check(actor, "credit.read")
    rows = _open(store, actor, [*FOR_DECIDERS, DUNNING, SIGN])
    return [_due(row) for row in rows if customer_id in ("", row["customer_id"])]


def _remittances(store: Store, actor: Person, today: date) -> list[DueRow]:
    """Collections to be handed over within days or late, by their last day; hand-overs to be received."""
    by_day: dict[date, list[Collection]] = {}
    for one in remittances.due(store, actor):
        if one.dishonoured_on is None and one.remit_by - REMIT_SOON <= today:
            by_day.setdefault(one.remit_by, []).append(one)
    found = []
    for day, waiting in by_day.items():
        facts = {"n": str(len(waiting)), "amount": money.show(sum(one.received_fen for one in waiting))}
        found.append(DueRow("remittances.due.remit", facts | {"day": str(day)}, day, None, REMITTANCES))
    for each in remittances.unanswered(store, actor):
        facts = {"name": each.handed_by_name, "n": str(each.collections), "amount": money.show(each.total_fen)}
        found.append(DueRow("remittances.due.answer", facts, each.handed_on, None, REMITTANCES))
    return found


def _open(store: Store, actor: Person, kinds: Sequence[str], *, own: bool = False) -> list[Row]:
    if not visibility.sees(actor, Level.INTERNAL):
        return []
    mine, scope = assignments.visible_where(actor, "entity_current")
    marks = ", ".join("?" * len(kinds))
    given: list[Value] = [*kinds, *scope]
    owned = ""
    if own:
        owned = " AND owner = ?"
        given.append(actor.person_id)
    return store.rows(
        "SELECT credit_notice.* FROM credit_notice JOIN entity_current ON entity_current.entity_id = customer_id "
        f"WHERE ended_on IS NULL AND kind IN ({marks}) AND {mine}{owned} ORDER BY due_on, number",
        given,
    )


def _due(row: Row) -> DueRow:
    facts = json.loads(row["facts"])
    plain = {name: said for name, said in facts.items() if isinstance(said, str)}
    spoken = {name: said for name, said in facts.items() if not isinstance(said, str)}
    due_on = date.fromisoformat(row["due_on"])
    return DueRow(f"credit.due.{row['kind']}", plain, due_on, row["customer_id"], row["link"], spoken)
