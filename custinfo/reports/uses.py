"""Which issued figures were put into slides, letters or other reports; a use names a cell that the issue has."""

from custinfo.actions import report_issues, report_uses
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.reports import issuing, showing
from custinfo.store import Store


def register(store: Store, actor: Person, issue_id: str, address: str, place: str) -> str:
    """Register a use; gives its id. Raises as `report_uses.register` does, BadInput when the issue has no such cell."""
    issue = report_issues.read(store, actor, issue_id)
    cell = address.strip().strip("{}")
    if issue.state in report_issues.RELEASED and cell not in dict(issuing.issued_figures(store.site, issue).cells()):
        raise BadInput("commentary.no_cell", address=cell[:40])
    return report_uses.register(store, actor, issue_id, cell, place)


def in_words(store: Store, issue: report_issues.Issue, address: str, language: str) -> str:
    """A cell's place as people read it; its address where it cannot be said."""
    try:
        return showing.address(issuing.issued_figures(store.site, issue), address, language)
    except (KeyError, ValueError):
        return address
