"""What the calendar of reports has waiting for people: reports to prepare and to release, late ones to hear about."""

from datetime import date

from custinfo.access import permissions
from custinfo.actions import report_lateness, report_schedule
from custinfo.actions.due import DueRow
from custinfo.domain import report_definitions
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.store import Store

PAGE = "/report-calendar"
WHAT = {report_schedule.DUE: "begin", report_schedule.FAILED: "failed", report_schedule.UNDER_WAY: "finish"}


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """For who prepares reports: those whose period ended, until they are released. For who hears people about a breach
    of discipline: what is on the register without a record about it.
    """
    rows: list[DueRow] = []
    if permissions.may(actor, "report.prepare"):
        for one in report_schedule.entries(store, today):
            if one.ended and one.state in WHAT:
                link = f"/reports/{one.issue_id}" if one.state == report_schedule.UNDER_WAY else PAGE
                rows.append(_row(WHAT[one.state], {}, one.due_on, link, one.name, str(one.period)))
    if permissions.may(actor, "report.read") and may_handle(actor):
        for late in report_lateness.listed(store, actor):
            if not late.record_id:
                noted = late.noted_at.astimezone(store.site.zone).date()
                rows.append(_row(late.kind, {"number": late.number}, noted, PAGE, late.name, late.period))
    return rows


def may_handle(actor: Person) -> bool:
    """Whether the person fills in the register of discipline: oversight, and whoever fills in forms."""
    return permissions.may(actor, "oversight.handle") and permissions.may(actor, "form.fill")


def _row(what: str, facts: dict[str, str], day: date, link: str, name: str, period: str) -> DueRow:
    titles = report_definitions.named(name).titles
    told = {language: f"{titles[language]} {period}" for language in LANGUAGES}
    return DueRow(f"report_schedule.due.{what}", facts, day, None, link, {"title": told})
