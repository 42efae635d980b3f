"""Two issues of a report side by side: which cells differ, by how much and why. Both are read from their bundles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from custinfo.actions import report_corrections, report_issues
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.domain.corrections import Change
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.reports import issuing, revisions, showing
from custinfo.reports.figures import DECIMAL, Cell, Figures, Kind, cell_of
from custinfo.store import Store


@dataclass(frozen=True)
class Difference:
    """A cell in words; `by` is how much it differs, blank where one side has no number. `slip` is the correction that
    changed it, blank when the issues are of two periods.
    """

    address: str
    place: str
    first: str
    second: str
    by: str
    slip: str


@dataclass(frozen=True)
class SideBySide:
    """Two issues, the one that came first in front, their differences, and how many cells are the same in both."""

    first: Issue
    second: Issue
    differences: tuple[Difference, ...]
    same: int


def compare(store: Store, actor: Person, issue_id: str, other_id: str, language: str) -> SideBySide:
    """Two issues of a report. Raises NotAllowed, NotFound, BadInput for issues of two reports or one issue twice,
    WrongState for one that is not out, SiteFault when a bundle is damaged.
    """
    issues = [report_issues.read(store, actor, one) for one in (issue_id, other_id)]
    first, second = sorted(issues, key=lambda one: (one.period, one.revision))
    if first.definition.name != second.definition.name or first.issue_id == second.issue_id:
        raise BadInput("report_portal.two_of_one")
    if any(one.state not in RELEASED for one in issues):
        raise WrongState("corrections.not_out")
    before, after = (issuing.issued_figures(store.site, one) for one in (first, second))
    slips = _slips(store, actor, first, second)
    changes = revisions.differing(before, after)
    differences = tuple(_difference(before, after, one, slips, language) for one in changes)
    return SideBySide(first, second, differences, len(list(after.cells())) - len(differences))


def partners(store: Store, actor: Person, issue: Issue) -> list[Issue]:
    """The released issues that one can be compared with, the newest period first."""
    found = report_issues.listed(store, actor)
    return [
        one for one in found
        if one.state in RELEASED and one.definition.name == issue.definition.name and one.issue_id != issue.issue_id
    ]  # fmt: skip


def how_much(old: Cell, new: Cell, kind: Kind, language: str) -> str:
    """How much a cell differs: `+¥12.00`, `-3`, `+1.5 points` of a percentage; blank where one of them is no number."""
    if old is None or new is None:
        return ""
    if kind == "percent":
        return text("report_portal.compare.points", language, n=f"{Decimal(new) - Decimal(old):+}")
    told = showing.number(Decimal(new) - Decimal(old) if kind in DECIMAL else int(new) - int(old), kind)
    return told if told.startswith("-") else f"+{told}"


def _slips(store: Store, actor: Person, first: Issue, second: Issue) -> Mapping[str, str]:
    """Of two issues of one period: which correction changed each cell last, on the way from the one to the other."""
    if first.period != second.period:
        return {}
    return {one.address: slip.correction_id for slip in reversed([*_between(store, actor, first, second)])
            for one in slip.changes}  # fmt: skip


def _between(store: Store, actor: Person, first: Issue, second: Issue) -> Iterator[Correction]:
    """The corrections that led from the first to the second, the last one in front."""
    issue = second
    while issue.issue_id != first.issue_id:
        slip = report_corrections.behind(store, issue)
        if slip is None:
            return
        yield slip
        issue = report_issues.read(store, actor, slip.issue_id)


def _difference(before: Figures, after: Figures, one: Change, slips: Mapping[str, str], language: str) -> Difference:
    stands = after if one.address in dict(after.cells()) else before
    _, row, column = stands.at(one.address)
    kind = row.kind_in(column)
    old, new = (cell_of(side, kind) for side in (one.old, one.new))
    return Difference(
        one.address, showing.address(stands, one.address, language), showing.number(old, kind),
        showing.number(new, kind), how_much(old, new, kind, language), slips.get(one.address, ""),
    )  # fmt: skip
