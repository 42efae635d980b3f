"""The revision triangle of a figure: what stood for each period at each vintage, a vintage being a day of release.

Revisions that were planned, because data came in late, are kept apart from errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from custinfo.actions import report_corrections, report_issues
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.domain.corrections import LATE, Plain
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.reports import figures as counted
from custinfo.reports import issuing, showing
from custinfo.reports.comparing import how_much
from custinfo.reports.figures import Kind, cell_of
from custinfo.store import Store

MOST = 12
"""Periods and vintages that are shown: the newest."""
ERROR, PLANNED = MARKS = ("error", "planned")


@dataclass(frozen=True)
class Stood:
    """What stood at a vintage: `text` as it is read; `revised` says why it differs from what stood before: blank when
    it does not, else ERROR or PLANNED. `issue_id` is the issue in force then.
    """

    text: str
    revised: str
    issue_id: str


@dataclass(frozen=True)
class Line:
    """A period: what stood at each vintage, None before its first release; from the first to the newest in `change`,
    blank when nothing was revised or there is no such number.
    """

    period: str
    cells: tuple[Stood | None, ...]
    change: str


@dataclass(frozen=True)
class Triangle:
    """Periods from the oldest, vintages from the earliest; `place` is the figure in words."""

    place: str
    vintages: tuple[date, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Released:
    issue: Issue
    day: date
    value: Plain
    why: str


def triangle(store: Store, actor: Person, name: str, address: str, language: str) -> Triangle:
    """The newest periods and vintages of a report's figure, of the issues that the actor may read.

    A vintage is a day, in the site's zone, on which an issue of the report was released; of two issues on one
    day the later stands. An issue without such a cell has no number. Raises NotAllowed, BadInput when no issue has it.
    """
    found = [
        one for one in report_issues.listed(store, actor) if one.definition.name == name and one.state in RELEASED
    ]  # fmt: skip
    released: dict[str, list[_Released]] = {}
    place, kind = "", None
    for issue in sorted(found, key=lambda one: (one.period, one.revision)):
        figures = issuing.issued_figures(store.site, issue)
        cells = dict(figures.cells())
        if address in cells:
            _, row, column = figures.at(address)
            place, kind = showing.address(figures, address, language), row.kind_in(column)
        value = counted.plain(cells[address]) if address in cells else None
        released.setdefault(issue.period, []).append(_Released(issue, _day(store, issue), value, _why(store, issue)))
    if kind is None:
        raise BadInput("commentary.no_cell", address=address[:40])
    vintages = tuple(sorted({one.day for line in released.values() for one in line}))[-MOST:]
    lines = tuple(_line(period, released[period], vintages, kind, language) for period in sorted(released)[-MOST:])
    return Triangle(place, vintages, lines)


def _line(period: str, released: Sequence[_Released], vintages: Sequence[date], kind: Kind, language: str) -> Line:
    cells: list[Stood | None] = []
    before = released[0]
    for day in vintages:
        by_then = [one for one in released if one.day <= day]
        now = by_then[-1] if by_then else None
        cells.append(None if now is None else Stood(_shown(now.value, kind), _changed(before, now), now.issue.issue_id))
        before = now or before
    first, newest = (cell_of(one.value, kind) for one in (released[0], released[-1]))
    return Line(period, tuple(cells), "" if first == newest else how_much(first, newest, kind, language))


def _changed(before: _Released, now: _Released) -> str:
    return "" if before.value == now.value else now.why


def _shown(value: Plain, kind: Kind) -> str:
    return showing.number(cell_of(value, kind), kind)


def _day(store: Store, issue: Issue) -> date:
    assert issue.released_inside_at is not None  # it is out
    return issue.released_inside_at.astimezone(store.site.zone).date()


def _why(store: Store, issue: Issue) -> str:
    slip = report_corrections.behind(store, issue)
    return PLANNED if slip is not None and slip.cause == LATE else ERROR
