"""Copies of what was approved, for named recipients (R124, R127): each is of the very content, and is receipted.

A copy is the right to the original under its digest, with a number and a receipt; its content is kept once, with the
original, so that there is nothing in it that could differ or outlive an erasure.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from custinfo.actions import approval_cases, people
from custinfo.actions.approval_cases import APPROVED, Case
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.procedures import DECIDERS, OPENER
from custinfo.store import Store, Tx
from custinfo.store.database import Row

RECEIPT_DAYS = 3
"""Calendar days until a copy without a receipt is overdue."""


@dataclass(frozen=True)
class Copy:
    """Copy `number` of `of` for somebody; `received_at` is None until they have signed for it."""

    copy_id: str
    case_id: str
    number: int
    of: int
    recipient: str
    name: str
    sha256: str
    sent_at: datetime
    received_at: datetime | None


def send(store: Store, tx: Tx, case_id: str, recipients: Iterable[str], content: bytes) -> None:
    """Send copies of the approved content to persons, by their ids; who has one already gets no second one.

    Raises Conflict when `content` is not what was approved, WrongState when nothing was, BadInput for no such person.
    """
    case = approval_cases.find(store, case_id)
    if hashlib.sha256(content).hexdigest() != case.sha256:
        raise Conflict("approvals.changed")
    _send(store, tx, case, recipients, "service")


def send_to(store: Store, actor: Person, case_id: str, recipients: Iterable[str]) -> None:
    """Send copies to more persons: for whoever opened the case or decided on it. Raises as `send`, and NotFound."""
    with store.act(actor.person_id, "copy.send", "approval_case", case_id[:40]) as tx:
        case = approval_cases.read(store, actor, case_id)
        if actor.person_id not in {case.opened_by, *(one.person_id for one in case.decisions())}:
            raise NotFound("approvals.unknown")
        _send(store, tx, case, recipients, actor.person_id)


def send_by_rule(store: Store, tx: Tx, case: Case) -> None:
    """The copies that the procedure names, when a case is approved."""
    wanted: list[str] = []
    for one in case.procedure.copies:
        if one == OPENER:
            wanted.append(case.opened_by)
        elif one == DECIDERS:
            wanted += [event.person_id for event in case.decisions()]
        else:
            rows = store.rows("SELECT person.* FROM person JOIN person_role USING (person_id) WHERE role = ?", [one])
            wanted += [row["person_id"] for row in rows if one in people.from_row(store, row).roles]
    with_account = [one for one in dict.fromkeys(wanted) if _exists(store, one)]
    _send(store, tx, case, with_account, "service")


def receive(store: Store, actor: Person, copy_id: str) -> None:
    """Sign for a copy of one's own. A second time changes nothing. Raises NotFound."""
    with store.act(actor.person_id, "copy.receive", "copy", copy_id[:40]) as tx:
        row = store.row("SELECT * FROM copy WHERE copy_id = ? AND recipient = ?", [copy_id, actor.person_id])
        if row is None:
            raise NotFound("approvals.unknown")
        tx.note(case=row["case_id"], number=row["number"])
        if row["received_at"] is None:
            tx.update("copy", copy_id, {"received_at": tx.at})


def of(store: Store, case: Case) -> list[Copy]:
    """The copies of a case in this round, in their order, for a reader who may see the case."""
    rows = store.rows(
        "SELECT copy.*, display_name, (SELECT count(*) FROM copy AS all_of WHERE all_of.case_id = copy.case_id "
        "AND all_of.round = copy.round) AS n FROM copy LEFT JOIN person ON person_id = recipient "
        "WHERE case_id = ? AND round = ? ORDER BY number",
        [case.case_id, case.round],
    )
    return [_copy(row) for row in rows]


def possible(store: Store, case: Case) -> list[Person]:
    """Whom a copy can still be sent to, by name: everybody with a role who has none."""
    have = {one.recipient for one in of(store, case)}
    rows = store.rows("SELECT * FROM person ORDER BY display_name")
    everybody = (people.from_row(store, row) for row in rows)
    return [one for one in everybody if one.roles and one.person_id not in have]


def outstanding(store: Store, actor: Person) -> list[tuple[Copy, Case]]:
    """The actor's copies that they have not signed for, with their cases; a copy of what changed since is void."""
    rows = store.rows(
        "SELECT copy.*, '' AS display_name, (SELECT count(*) FROM copy AS all_of WHERE all_of.case_id = copy.case_id "
        "AND all_of.round = copy.round) AS n FROM copy JOIN approval_case USING (case_id) "
        "WHERE recipient = ? AND received_at IS NULL AND copy.round = approval_case.round AND state = ? "
        "ORDER BY sent_at",
        [actor.person_id, APPROVED],
    )
    return [(_copy(row), approval_cases.find(store, row["case_id"])) for row in rows]


def _send(store: Store, tx: Tx, case: Case, recipients: Iterable[str], by: str) -> None:
    if case.state != APPROVED or not case.whole():
        raise WrongState("approvals.not_approved")
    have = store.rows("SELECT recipient FROM copy WHERE case_id = ? AND round = ?", [case.case_id, case.round])
    known = {row["recipient"] for row in have}
    number = len(known)
    for one in dict.fromkeys(recipients):
        if not _exists(store, one):
            raise BadInput("approvals.no_person")
        if one not in known:
            number += 1
            row: Row = {"copy_id": f"K-{secrets.token_hex(8)}", "case_id": case.case_id, "round": case.round}
            row |= {"number": number, "recipient": one, "sha256": case.sha256, "sent_at": tx.at, "sent_by": by}
            tx.insert("copy", row)
    tx.note(copies=number)


def _exists(store: Store, person_id: str) -> bool:
    return store.row("SELECT 1 FROM person WHERE person_id = ?", [person_id]) is not None


def _copy(row: Row) -> Copy:
    return Copy(
        row["copy_id"], row["case_id"], row["number"], row["n"], row["recipient"], row["display_name"] or "",
        row["sha256"], parse(row["sent_at"]), parse(row["received_at"]) if row["received_at"] else None,
    )  # fmt: skip
