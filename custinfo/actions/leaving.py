"""Leaving (离岗): an account ends at once and whole, and what the person had in hand goes to a named colleague."""

from dataclasses import dataclass

from custinfo.access import permissions, policies
from custinfo.actions import assignments, handovers, people, report_own, verifications
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.domain.text import stated
from custinfo.store import Store, Tx

LONGEST_REASON = 500


@dataclass(frozen=True)
class HandedOver:
    """How much went to the colleague."""

    customers: int
    drafts: int
    records: int


def leave(store: Store, actor: Person, person_id: str, to: str | None, reason: str) -> HandedOver:
    """End an account: sessions, password, roles, clearances. Customers, open drafts and undecided records go to `to`;
    reports that the person had built for themselves are removed.

    `to` may be None when there is nothing to hand over. Raises NotFound, NotAllowed for oneself, BadInput when there
    is something and nobody named, without a reason, or for a colleague who cannot take it over; WrongState while
    their statistical work is not handed over.
    """
    permissions.check(actor, "person.leave")
    policies.check_not_own(actor, [person_id])
    reason = stated(reason, "people.reason_needed", max_length=LONGEST_REASON)
    with store.act(actor.person_id, "person.leave", "person", person_id) as tx:
        if not store.row("SELECT 1 FROM person WHERE person_id = ? AND left_at IS NULL", [person_id]):
            raise NotFound("people.unknown")
        handovers.check_may_leave(store, person_id)
        handed = _hand_over(store, tx, actor, person_id, to, reason)
        tx.note(to=to, customers=handed.customers, drafts=handed.drafts, records=handed.records)
        tx.remember("access.revoked", person_id, what="leave")
        people.close(tx, actor, person_id)
    report_own.forget(store.site, person_id)
    return handed


def in_hand(store: Store, person_id: str) -> HandedOver:
    """What the person has in hand now."""
    owned = store.rows("SELECT count(*) AS n FROM entity_place WHERE owner = ? AND root = entity_id", [person_id])
    begun = store.rows("SELECT count(*) AS n FROM draft WHERE owner = ? AND outcome IS NULL", [person_id])
    return HandedOver(owned[0]["n"], begun[0]["n"], len(_undecided(store, person_id)))


def _hand_over(store: Store, tx: Tx, actor: Person, person_id: str, to: str | None, reason: str) -> HandedOver:
    had = in_hand(store, person_id)
    if had == HandedOver(0, 0, 0):
        return had
    if not to or to == person_id:
        raise BadInput("people.nobody_named", customers=had.customers, drafts=had.drafts, records=had.records)
    assignments.check_takes(store, to)
    records = _undecided(store, person_id)
    assignments.hand_over_all(store, tx, actor, person_id, to, reason)
    tx.execute("UPDATE draft SET owner = ? WHERE owner = ? AND outcome IS NULL", [to, person_id])
    for record_id in records:
        if not store.row("SELECT 1 FROM record_hand WHERE record_id = ? AND person_id = ?", [record_id, to]):
            row = {"record_id": record_id, "person_id": to, "at": tx.at, "by": actor.person_id}
            tx.insert("record_handover", row)
    return had


def _undecided(store: Store, person_id: str) -> list[str]:
    """The person's records that nobody has decided about: somebody has to answer for them."""
    rows = store.rows(
        "SELECT record_id, state FROM record_current WHERE EXISTS (SELECT 1 FROM record_hand AS own "
        "WHERE own.record_id = record_current.record_id AND own.person_id = ?)",
        [person_id],
    )
    return [row["record_id"] for row in rows if row["state"] in verifications.OPEN_STATES]
