"""What of approvals waits for whom: a query over the cases, asked anew each time; nothing is stored."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from custinfo.access import permissions
from custinfo.actions import approval_cases, approval_notices, copies, delegations
from custinfo.actions.approval_cases import RETURNED, Case
from custinfo.domain.people import Person
from custinfo.store import Store

DECIDE, MEND, RECEIPT, TOLD, ESCALATED = "decide", "mend", "receipt", "told", "escalated"
MEND_DAYS = 7
"""Calendar days until a returned case that nobody mends is overdue."""


@dataclass(frozen=True)
class Waiting:
    """One thing to do about a case. `what` is one of the five above; `detail` is what happened, for `TOLD`.

    `key` is the copy or notice that it is about; `for_name` is for whom the person would decide.
    """

    what: str
    case: Case
    due_on: date
    overdue: bool
    key: str = ""
    detail: str = ""
    for_name: str = ""


def waiting(store: Store, actor: Person) -> list[Waiting]:
    """What waits for the actor: decisions, returned cases, receipts, escalations, news; the longest overdue first."""
    today = delegations.today(store)
    found = [*_decisions(store, actor, today), *_to_mend(store, actor, today)]
    for copy, case in copies.outstanding(store, actor):
        due_on = _day(store, copy.sent_at) + timedelta(days=copies.RECEIPT_DAYS)
        found.append(Waiting(RECEIPT, case, due_on, due_on < today, copy.copy_id))
    for notice in approval_notices.unseen(store, actor):
        at = _day(store, notice.at)
        found.append(Waiting(TOLD, notice.case, at, False, notice.notice_id, notice.what))
    return sorted(found, key=lambda one: (not one.overdue, one.due_on, one.case.case_id, one.key))


def department_waiting(store: Store, actor: Person) -> list[Waiting]:
    """The open cases of the actor's department, whoever is to decide; for who leads it. Overdue first."""
    permissions.check(actor, "waiting.department")
    today = delegations.today(store)
    found = [
        Waiting(DECIDE, case, case.due_on, case.due_on < today)
        for case in approval_cases.open_ones(store, "AND approval_case.department = ?", [actor.department])
        if approval_cases.sees_object(store, actor, case.object_kind, case.object_id)
    ]
    return sorted(found, key=lambda one: (not one.overdue, one.due_on, one.case.case_id))


def escalated(case: Case, today: date) -> bool:
    """Whether the step is overdue for so long that it goes up."""
    step = case.now
    return bool(step.escalate_to) and case.due_on + timedelta(days=step.escalate_days) < today


def _decisions(store: Store, actor: Person, today: date) -> list[Waiting]:
    found: list[Waiting] = []
    for case in approval_cases.open_ones(store, *_concerning(store, actor)):
        how = approval_cases.may_decide(store, actor, case)
        late = case.due_on < today
        if how is not None:
            name = how.instead_of.display_name if how.instead_of else ""
            found.append(Waiting(DECIDE, case, case.due_on, late, for_name=name))
        elif escalated(case, today) and _goes_up_to(store, actor, case):
            found.append(Waiting(ESCALATED, case, case.due_on, late))
    return found


def _concerning(store: Store, actor: Person) -> tuple[str, list[str]]:
    """The condition that the step of a case may concern the actor by a role: few of many cases do, and only those are
    read whole. The rule itself is asked afterwards.
    """
    day = delegations.today(store).isoformat()
    rows = store.rows(
        "SELECT DISTINCT role FROM person_role JOIN delegation ON from_person = person_role.person_id "
        "WHERE to_person = ? AND ended_at IS NULL AND starts_on <= ? AND ends_on >= ?",
        [actor.person_id, day, day],
    )
    roles = json.dumps(sorted({*actor.roles, *(row["role"] for row in rows)}))
    step = "'$.step[' || approval_case.step || ']"
    held = "JOIN json_each(?) AS held USING (value)"
    where = (
        f"AND EXISTS (SELECT 1 FROM json_each(definition, {step}.roles') AS one {held}) "
        f"OR state = 'open' AND EXISTS (SELECT 1 FROM json_each(definition, {step}.escalate.to') AS one {held})"
    )
    return where, [roles, roles]


def _goes_up_to(store: Store, actor: Person, case: Case) -> bool:
    """Whether the person is told of an escalation: not of a case of their own."""
    reached = bool(case.now.escalate_to & actor.roles) and actor.person_id not in case.authors
    return reached and approval_cases.sees_object(store, actor, case.object_kind, case.object_id)


def _to_mend(store: Store, actor: Person, today: date) -> list[Waiting]:
    rows = store.rows(
        "SELECT case_id FROM approval_case WHERE opened_by = ? AND state = ?", [actor.person_id, RETURNED]
    )
    found: list[Waiting] = []
    for row in rows:
        case = approval_cases.find(store, row["case_id"])
        due_on = _day(store, case.events[-1].at) + timedelta(days=MEND_DAYS)
        found.append(Waiting(MEND, case, due_on, due_on < today))
    return found


def _day(store: Store, moment: datetime) -> date:
    return moment.astimezone(store.site.zone).date()
