"""What regular reports have waiting for people: news of a correction, slips to carry out, signed issues to release, and
what their calendar says.
"""

from datetime import date

from custinfo.access import permissions
from custinfo.actions import report_corrections, report_issues, report_notices, report_schedule_due, report_uses
from custinfo.actions.due import DueRow
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.store import Store


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """News for whoever read what was corrected; what was approved, for whoever prepares and releases reports."""
    if not permissions.may(actor, "report.read"):
        return []
    known = {one.issue_id: one for one in report_issues.listed(store, actor)}
    found = [("revised", issue_id, at, issue_id) for issue_id, at in report_notices.unseen(store, actor)]
    reached = report_uses.to_mend(store, actor)
    found += [("mend", one.use.issue_id, one.at, one.correction_id) for one in reached]
    if permissions.may(actor, "report.prepare"):
        slips = report_corrections.to_carry_out(store)
        found += [("carry_out", one.issue_id, one.recorded_at, one.correction_id) for one in slips]
    if permissions.may(actor, "report.release"):
        waiting = [one for one in known.values() if one.state == "put_forward"]
        signed = [one for one in waiting if report_issues.is_signed(store, one)]
        found += [("release", one.issue_id, one.drafted_at, one.issue_id) for one in signed]
    rows = [
        DueRow(
            f"due.report.{what}", {}, at.astimezone(store.site.zone).date(), None, f"/reports/{page}",
            {"title": {language: known[issue_id].title(language) for language in LANGUAGES}},
        )
        for what, issue_id, at, page in found if issue_id in known
    ]  # fmt: skip
    return rows + report_schedule_due.due_rows(store, actor, today)
