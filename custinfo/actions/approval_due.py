"""Approvals as rows of the due list."""

from datetime import date

from custinfo.actions import approval_waiting
from custinfo.actions.approval_waiting import DECIDE, RECEIPT, TOLD, Waiting
from custinfo.actions.due import DueRow
from custinfo.domain.people import Person
from custinfo.store import Store


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # all that waits is shown
    """What of approvals waits for the actor."""
    return [_row(one) for one in approval_waiting.waiting(store, actor)]


def department_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # as above
    """The open cases of the department that the actor leads."""
    return [_row(one, ours=True) for one in approval_waiting.department_waiting(store, actor)]


def _row(one: Waiting, *, ours: bool = False) -> DueRow:
    case = one.case
    what = f"told_{one.detail}" if one.what == TOLD else "for_other" if one.for_name else one.what
    facts = {"name": case.opened_by_name} | ({"for_name": one.for_name} if one.for_name else {})
    titles = {"procedure": case.procedure.titles, "title": case.titles, "step": case.now.titles}
    event, value = "", ""
    if one.what == DECIDE and not case.now.signs and not ours:
        event, value = "approve", f"{case.case_id} {case.sha256}"
    elif one.what in (RECEIPT, TOLD):
        event, value = ("receive" if one.what == RECEIPT else "seen"), one.key
    return DueRow(f"due.case.{what}", facts, one.due_on, None, f"/case/{case.case_id}", titles, event, value)
