"""What people are told about cases that went on without them: returned, approved, rejected, withdrawn, voided."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from custinfo.actions import approval_cases
from custinfo.actions.approval_cases import Case
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.store import Store, Tx


@dataclass(frozen=True)
class Notice:
    """`what` happened to the case, until the person has seen it."""

    notice_id: str
    case: Case
    what: str
    at: datetime


def tell(tx: Tx, case: Case, what: str, persons: Collection[str]) -> None:
    """Tell these persons, within the transaction that did it."""
    for one in sorted(persons):
        row = {"notice_id": f"N-{secrets.token_hex(8)}", "case_id": case.case_id, "person_id": one}
        tx.insert("approval_notice", row | {"what": what, "at": tx.at})


def unseen(store: Store, actor: Person) -> list[Notice]:
    """What the actor has not acknowledged yet, the oldest first; about what they may not see they are told nothing."""
    rows = store.rows(
        "SELECT * FROM approval_notice WHERE person_id = ? AND seen_at IS NULL ORDER BY at, notice_id",
        [actor.person_id],
    )
    found = (
        Notice(row["notice_id"], approval_cases.find(store, row["case_id"]), row["what"], parse(row["at"]))
        for row in rows
    )
    return [one for one in found if approval_cases.may_see(store, actor, one.case)]


def seen(store: Store, actor: Person, notice_id: str) -> None:
    """Acknowledge one. Raises NotFound for somebody else's."""
    with store.act(actor.person_id, "approval.acknowledge", "approval_notice", notice_id[:40]) as tx:
        found = "SELECT seen_at FROM approval_notice WHERE notice_id = ? AND person_id = ?"
        row = store.row(found, [notice_id, actor.person_id])
        if row is None:
            raise NotFound("approvals.unknown")
        if row["seen_at"] is None:
            tx.update("approval_notice", notice_id, {"seen_at": tx.at})


def seen_all(store: Store, actor: Person, case_id: str) -> None:
    """Acknowledge everything about one case: whoever opens its page has seen it."""
    where = "case_id = ? AND person_id = ? AND seen_at IS NULL"
    if store.row(f"SELECT 1 FROM approval_notice WHERE {where}", [case_id, actor.person_id]):
        with store.act(actor.person_id, "approval.acknowledge", "approval_case", case_id) as tx:
            tx.execute(f"UPDATE approval_notice SET seen_at = ? WHERE {where}", [tx.at, case_id, actor.person_id])
