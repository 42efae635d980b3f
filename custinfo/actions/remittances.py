"""Money that was collected, on its way to head office: what waits, hand-overs, what head office said.

A collection is a record of the form `collection`. By when it is handed over, how long its bill may run and what a short
bill is given off follow `data/rules/payment_terms.toml` of the day it was collected on. A hand-over holds everything of
one's customers that was collected by a day and is not on its way yet; another person receives it, or refuses it, and
then its collections wait again.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from custinfo.access import visibility
from custinfo.access.visibility import Scope
from custinfo.actions import assignments, credit_access, entity_levels, sealing
from custinfo.actions.delegations import today
from custinfo.domain import money
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value

if TYPE_CHECKING:
    from custinfo.classification.credit.terms import Bill, PaymentTermsRule

FORM = "collection"
REASONS = ("amount", "bill", "not_arrived")
"""Why head office refuses: the amount differs, a bill is missing or not in order, nothing arrived."""
_WAITING = (
    "NOT EXISTS (SELECT 1 FROM remittance_item AS item LEFT JOIN remittance_answer AS said USING (remittance_id) "
    "WHERE item.record_id = record_current.record_id AND coalesce(said.outcome, '') != 'refused')"
)


@dataclass(frozen=True)
class Collection:
    """What was collected: `amount_fen` of goods is settled by it, `received_fen` came in (the face of a bill).

    `bill` is what the rule says of a bill, None for cash and transfers; `bill_due_on` its day. `remit_by` is the day by
    which it goes to head office. A bill that was dishonoured is no money.
    """

    record_id: str
    record_version: int
    customer_id: str
    number: str
    label: str
    collected_on: date
    manner: str
    amount_fen: int
    received_fen: int
    bill: "Bill | None"
    bill_due_on: date | None
    dishonoured_on: date | None
    remit_by: date

    @property
    def difference_fen(self) -> int:
        """By how much the face of a bill is above what it should be by the rule; 0 for cash and transfers."""
        return self.received_fen - self.bill.to_pay_fen if self.bill else 0


@dataclass(frozen=True)
class Remittance:
    """A hand-over: how many collections, their sum, who handed over and who answered, with what."""

    remittance_id: str
    department: str
    handed_on: date
    total_fen: int
    collections: int
    handed_by: str
    handed_by_name: str
    handed_at: datetime
    outcome: str
    why: str
    answered_by_name: str
    answered_at: datetime | None


def waiting(store: Store, actor: Person) -> list[Collection]:
    """What was collected from the actor's customers and is not on its way, the first to be handed over in front.

    Raises NotAllowed without the permission or the clearance. Looking is on the audit log.
    """
    credit_access.check(actor)
    with store.act(actor.person_id, "remittance.list", "remittance", ""):
        pass
    return _waiting(store, actor)


def due(store: Store, actor: Person) -> list[Collection]:
    """As `waiting`, for a due list: empty for whoever hands nothing over."""
    return _waiting(store, actor) if credit_access.may(actor, "remittance.hand_over") else []


def hand_over(store: Store, actor: Person, until: date) -> str:
    """Hand over all that was collected up to and with a day; gives the hand-over's id.

    Raises NotAllowed; BadInput for a day to come; WrongState when nothing waits.
    """
    credit_access.check(actor, "remittance.hand_over")
    day = today(store)
    if until > day:
        raise BadInput("remittances.day_to_come", day=until)
    remittance_id = f"RM-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "remittance.hand_over", "remittance", remittance_id) as tx:
        taken = [one for one in _waiting(store, actor) if one.collected_on <= until and one.dishonoured_on is None]
        if not taken:
            raise WrongState("remittances.nothing", day=until)
        tx.insert("remittance", {
            "remittance_id": remittance_id, "department": actor.department, "handed_on": day.isoformat(),
            "total_fen": sum(one.received_fen for one in taken), "handed_at": tx.at, "handed_by": actor.person_id,
        })  # fmt: skip
        for one in taken:
            item: Row = {"remittance_id": remittance_id, "record_id": one.record_id}
            tx.insert("remittance_item", item | {"record_version": one.record_version})
        tx.note(collections=len(taken))
    return remittance_id


def receive(store: Store, actor: Person, remittance_id: str) -> None:
    """Head office has the money. Raises as `refuse`."""
    _answer(store, actor, remittance_id, "received", "")


def refuse(store: Store, actor: Person, remittance_id: str, why: str) -> None:
    """Head office does not take it, for one of REASONS: its collections wait again.

    Raises NotAllowed, also for who handed it over; NotFound; WrongState once it was answered; BadInput for a reason
    that there is not.
    """
    if why not in REASONS:
        raise BadInput("remittances.no_reason")
    _answer(store, actor, remittance_id, "refused", why)


def _answer(store: Store, actor: Person, remittance_id: str, outcome: str, why: str) -> None:
    credit_access.check(actor, "remittance.receive")
    with store.act(actor.person_id, "remittance.answer", "remittance", remittance_id[:40], outcome=outcome) as tx:
        found = next((one for one in _handed(store, actor) if one.remittance_id == remittance_id), None)
        if found is None:
            raise NotFound("remittances.unknown")
        if found.outcome:
            raise WrongState("remittances.answered", name=found.answered_by_name)
        if found.handed_by == actor.person_id:
            raise NotAllowed("remittances.own")
        row: Row = {"remittance_id": remittance_id, "outcome": outcome, "why": why, "answered_at": tx.at}
        tx.insert("remittance_answer", row | {"answered_by": actor.person_id})


def handed(store: Store, actor: Person, limit: int = 50) -> list[Remittance]:
    """The hand-overs of the actor's department, or of all for whoever works with all; the newest in front."""
    credit_access.check(actor)
    return _handed(store, actor)[:limit]


def unanswered(store: Store, actor: Person) -> list[Remittance]:
    """Hand-overs that wait for the actor to receive them."""
    if not credit_access.may(actor, "remittance.receive"):
        return []
    return [one for one in _handed(store, actor) if not one.outcome and one.handed_by != actor.person_id]


def _waiting(store: Store, actor: Person) -> list[Collection]:
    mine, scope = assignments.readable_where(actor, "record_current", first=2)
    given: list[Value] = [FORM, *scope]
    rows = store.rows(
        "SELECT record_version.*, coalesce(survivor_id, record_current.entity_id) AS about_id FROM record_current "
        "JOIN record_version ON record_version.record_id = record_current.record_id AND record_version.version = "
        "(SELECT max(version) FROM record_version AS newer WHERE newer.record_id = record_current.record_id) "
        "LEFT JOIN merged_now ON loser_id = record_current.entity_id WHERE record_current.form_id = ?1 AND "
        "coalesce((SELECT said.state FROM record_review AS said WHERE said.record_id = record_current.record_id AND "
        "said.version = record_version.version ORDER BY said.seq DESC LIMIT 1), '') != 'rejected' "
        f"AND {_WAITING} AND {mine} ORDER BY record_version.seq",
        given,
    )
    reader = entity_levels.Reader(store, actor)
    found = [_collection(store, reader, row) for row in rows]
    return sorted(found, key=lambda one: (one.remit_by, one.collected_on))


def _collection(store: Store, reader: entity_levels.Reader, row: Row) -> Collection:
    values = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
    from custinfo.classification.credit import terms  # with Ibis: not for every due list that has none of it

    said, bill = values.get("collection", {}), values.get("bill", {})
    collected_on = date.fromisoformat(said["collected_on"][:10])
    amount = money.fen(said["amount"])
    rule = terms.rule(collected_on)
    worth, due_on = _worth(said, bill, amount, rule)
    about = store.row("SELECT * FROM entity_current WHERE entity_id = ?", [row["about_id"]])
    known = sealing.opened_entity(store, about) if about else None
    number = known["number"] if known else ""
    label = reader.label(row["about_id"], known["label"], number) if known else ""
    dishonoured = bill.get("dishonoured_on", "") if worth else ""
    return Collection(
        record_id=row["record_id"],
        record_version=row["version"],
        customer_id=row["about_id"] or "",
        number=number,
        label=label,
        collected_on=collected_on,
        manner=said.get("manner", ""),
        amount_fen=amount,
        received_fen=money.fen(bill["face"]) if worth else amount,
        bill=worth,
        bill_due_on=due_on,
        dishonoured_on=date.fromisoformat(dishonoured[:10]) if dishonoured else None,
        remit_by=terms.remit_on(collected_on, rule),
    )


def _worth(
    said: Mapping[str, Any], bill: Mapping[str, Any], amount: int, rule: "PaymentTermsRule"
) -> "tuple[Bill, date] | tuple[None, None]":  # fmt: skip
    from custinfo.classification.credit import terms

    if said.get("manner") != "bill":
        return None, None
    due_on = date.fromisoformat(bill["bill_due_on"][:10])
    return terms.bill(amount, date.fromisoformat(bill["bill_for"][:10]), due_on, rule), due_on


def _handed(store: Store, actor: Person) -> list[Remittance]:
    everywhere = visibility.scope(actor) is Scope.ALL
    rows = store.rows(
        "SELECT remittance.*, (SELECT count(*) FROM remittance_item AS item WHERE item.remittance_id = "
        "remittance.remittance_id) AS n, hand.display_name AS hand_name, outcome, why, answered_at, "
        "head.display_name AS head_name FROM remittance LEFT JOIN remittance_answer USING (remittance_id) "
        "LEFT JOIN person AS hand ON hand.person_id = handed_by "
        "LEFT JOIN person AS head ON head.person_id = answered_by "
        "WHERE ?1 OR (remittance.department != '' AND remittance.department = ?2) ORDER BY seq DESC",
        [int(everywhere), actor.department or ""],
    )
    return [
        Remittance(
            row["remittance_id"], row["department"], date.fromisoformat(row["handed_on"]), row["total_fen"], row["n"],
            row["handed_by"], row["hand_name"] or "", parse(row["handed_at"]), row["outcome"] or "", row["why"] or "",
            row["head_name"] or "", parse(row["answered_at"]) if row["answered_at"] else None,
        )
        for row in rows
    ]  # fmt: skip
