"""What regular reports have waiting for people: news of a correction, slips to carry out, signed issues to release."""

from datetime import date, datetime

from custinfo.access import permissions
from custinfo.actions import report_corrections, report_issues
from custinfo.actions.due import DueRow
from custinfo.domain.clock import parse
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.store import Store


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # all of it is due at once
    """News for whoever read what was corrected; what was approved, for whoever prepares and releases reports."""
    if not permissions.may(actor, "report.read"):
        return []
    known = {one.issue_id: one for one in report_issues.listed(store, actor)}
    found: list[tuple[str, str, datetime, str]] = [
        ("revised", row["issue_id"], parse(row["at"]), row["issue_id"])
        for row in store.rows(
            "SELECT * FROM report_notice WHERE person_id = ? AND seen_at IS NULL", [actor.person_id]
        )
    ]  # fmt: skip
    if permissions.may(actor, "report.prepare"):
        slips = report_corrections.to_carry_out(store)
        found += [("carry_out", one.issue_id, one.recorded_at, one.correction_id) for one in slips]
    if permissions.may(actor, "report.release"):
        signed = [one for one in known.values() if one.state == "put_forward" and one.signed]
        found += [("release", one.issue_id, one.drafted_at, one.issue_id) for one in signed]
    return [
        DueRow(
            f"due.report.{what}", {}, at.astimezone(store.site.zone).date(), None, f"/reports/{page}",
            {"title": {language: known[issue_id].title(language) for language in LANGUAGES}},
        )
        for what, issue_id, at, page in found if issue_id in known
    ]  # fmt: skip


def seen(store: Store, actor: Person, issue_id: str) -> None:
    """Whoever opens an issue has seen the news of it."""
    given = [issue_id, actor.person_id]
    if store.row("SELECT 1 FROM report_notice WHERE issue_id = ? AND person_id = ? AND seen_at IS NULL", given):
        with store.act(actor.person_id, "report.acknowledge", report_issues.KIND, issue_id) as tx:
            tx.update("report_notice", (issue_id, actor.person_id), {"seen_at": tx.at})
