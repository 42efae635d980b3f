"""From an issue that is out to its correction: what changed in the data, or what was wrong in the report itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo import lake
from custinfo.actions import report_corrections, report_definitions, report_issues
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.domain.corrections import BY_HAND, LATE, SOURCE, Change
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.people import Person
from custinfo.reports import definitions, issuing, revisions, showing
from custinfo.reports.figures import Figures, cell_of
from custinfo.store import Store


@dataclass(frozen=True)
class Compared:
    """An issue beside what the data give now: `as_of` is of the newest version of the lake."""

    issue: Issue
    changes: tuple[Change, ...]
    as_of: datetime
    lake_version: int


def compare(store: Store, actor: Person, issue_id: str) -> Compared:
    """What would stand otherwise in an issue if it were made of today's data.

    Raises NotAllowed, NotFound, WrongState for one that is not out, SiteFault when the bundle is damaged.
    """
    issue = report_issues.read(store, actor, issue_id)
    newest = lake.open(store.site)
    now = issuing.figures_of(store.site, issue.definition.name, issue.period, newest.as_of)
    changes = revisions.differing(_issued(store, issue), now)
    return Compared(issue, changes, newest.as_of, newest.version)


def affected(store: Store, actor: Person) -> list[Compared]:
    """The newest issues of all reports and periods in which figures differ from what the data give now: those to be
    corrected together.
    """
    newest: dict[tuple[str, str], Issue] = {}
    for one in report_issues.listed(store, actor):
        if one.state in RELEASED:
            newest.setdefault((one.definition.name, one.period), one)
    found = (compare(store, actor, one.issue_id) for one in newest.values())
    return [one for one in found if one.changes]


def from_source(
    store: Store, actor: Person, issue_id: str, *, grade: str, reason: str, told: str = "", cause: str = SOURCE
) -> str:  # fmt: skip
    """Register that the data changed and the issue with them; gives the correction's id. With the cause LATE nobody
    erred: data came in after the issue was made.

    Raises as `compare` and `report_corrections.register` do, BadInput for LATE when rows were replaced since.
    """
    found = compare(store, actor, issue_id)
    if cause == LATE:
        _check_late(store, found)
    return report_corrections.register(
        store, actor, issue_id, grade=grade, cause=cause, changes=found.changes, reason=reason, told=told,
        as_of=found.as_of, lake_version=found.lake_version,
    )  # fmt: skip


def by_hand(
    store: Store, actor: Person, issue_id: str, right: Mapping[str, str], *, grade: str, reason: str, told: str = ""
) -> str:  # fmt: skip
    """Register that cells of the issue are wrong though the data are right; `right` has what people wrote, by address.

    Raises BadInput for no such cell or number, and as `report_corrections.register` does.
    """
    issue = report_issues.read(store, actor, issue_id)
    stands = _issued(store, issue)
    changes = [revisions.by_hand(stands, address, written) for address, written in right.items()]
    return report_corrections.register(
        store, actor, issue_id, grade=grade, cause=BY_HAND, changes=changes, reason=reason, told=told,
        as_of=issue.as_of, lake_version=issue.lake_version,
    )  # fmt: skip


def revise(store: Store, actor: Person, correction_id: str) -> str:
    """Begin the issue that carries an approved slip out; gives its id. Raises as `issuing.draft` does."""
    slip = report_corrections.read(store, actor, correction_id)
    name = report_issues.read(store, actor, slip.issue_id).definition.name
    version = report_definitions.check_in_force(store, name, definitions.content(name))
    return report_corrections.begin_revision(store, actor, correction_id, version)


def in_words(store: Store, issue: Issue, changes: Sequence[Change], language: str) -> list[tuple[str, str, str]]:
    """Each change as people read it: the place, what was issued, what is right."""
    stands = _issued(store, issue)
    found = []
    for one in changes:
        try:
            _, row, column = stands.at(one.address)
            place, kind = showing.address(stands, one.address, language), row.kind_in(column)
        except (KeyError, ValueError):
            place, kind = one.address, "percent" if isinstance(one.new or one.old, str) else "count"
        old, new = (showing.number(cell_of(side, kind), kind) for side in (one.old, one.new))
        found.append((place, old, new))
    return found


def _check_late(store: Store, found: Compared) -> None:
    """Raises BadInput when a batch since then replaced or cancelled earlier rows: then these were wrong."""
    before, after = (
        sum(one.rows for one in lake.open(store.site, version=version).manifest.files if one.table == "superseded")
        for version in (found.issue.lake_version, found.lake_version)
    )
    if after > before:
        raise BadInput("corrections.not_late", n=after - before)


def _issued(store: Store, issue: Issue) -> Figures:
    if issue.state not in RELEASED:
        raise WrongState("corrections.not_out")
    return issuing.issued_figures(store.site, issue)
