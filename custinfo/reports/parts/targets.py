"""Sales targets of a month against what was sold: in all, by sales area, and at the checkpoints within it (R123)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis.expr.types as ir

from custinfo.classification.sales_checkpoints import SalesCheckpointsRule
from custinfo.classification.territory_rule import Branch, TerritoriesRule
from custinfo.domain.periods import Month, Period
from custinfo.reports.figures import NAMED, Column, Figures, Kind, Label, Row, Table
from custinfo.reports.parts import members, planning
from custinfo.reports.parts.making import TOTAL, cell, fact, row_id
from custinfo.reports.parts.planning import NET, Plans
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import checkpoints, indicators, plan
from custinfo.statistics.checkpoints import Checkpoint
from custinfo.statistics.no_figure import Figure, NoFigure
from custinfo.statistics.sources import By, Given

AREA = "report_sales_control"
NONE = ""
"""In place of a sales area: the lines that state none."""
PLACE, DAY = "day_and_area", len("2026-11-30")
"""The column by which net sales are told apart: a day, and behind it the area."""


def columns(**kinds: Kind) -> tuple[Column, ...]:
    """Columns that are headed by the words of the report."""
    return tuple(Column(name, f"{AREA}.column.{name}", kind) for name, kind in kinds.items())


def message(name: str) -> Label:
    """A row's name from the words of the report."""
    return Label("message", f"{AREA}.row.{name}")


def branch_label(branch: Branch) -> Label:
    """What a branch is called by its rule."""
    return Label(NAMED, branch.name, {"zh-CN": branch.zh, "en": branch.en})


TARGETS = columns(plan="fen", actual="fen", gap="fen", degree="percent")
CHECKPOINTS = columns(percent="percent", wanted="fen", actual="fen", gap="fen", degree="percent")
REACHED = columns(due="count", met="count", missed="count", wanted_percent="percent", degree="percent")


@dataclass(frozen=True)
class Part:
    """The company or an area: its target, and net sales in fen by day."""

    row: str
    label: Label
    target: Figure
    sold: dict[date, int]

    @property
    def actual(self) -> int:
        """Net sales of the whole period."""
        return sum(self.sold.values())


def parts(period: Period, known: Plans, given: Given, territory: TerritoriesRule) -> list[Part]:
    """The company first, then every area that has a target or sales: those of branches in their order, then others."""
    days = _by_day(given, period)
    whole: dict[date, int] = {}
    for one in days.values():
        for day, fen in one.items():
            whole[day] = whole.get(day, 0) + fen
    found = [Part(TOTAL, members.message(TOTAL), known.of(NET, period), whole)]
    labels = {area: branch_label(branch) for branch in territory.branch for area in branch.areas}
    planned = {code for name, _, by, code in known.figures if (name, by) == (NET, "area")}
    planned = {code for code in planned if not isinstance(known.of(NET, period, "area", code), NoFigure)}
    there = planned | set(days)
    for code in [*(one for one in labels if one in there), *sorted(there - set(labels))]:
        label = labels.get(code) or (Label("plain", code) if code != NONE else members.message("not_stated"))
        target = known.of(NET, period, "area", code) if code != NONE else NoFigure("no_plan", {"period": period})
        found.append(Part("none" if code == NONE else row_id(code), label, target, days.get(code, {})))
    return found


def _by_day(given: Given, period: Period) -> dict[str, dict[date, int]]:
    """Net sales by area and day, under NONE those of lines that state none, as the indicator's definition counts them.

    Raises WrongState when that cannot be told by area and day.
    """

    def placed(of: Period) -> ir.Table:
        sales = given.tables["sales"](of)
        return sales.mutate(**{PLACE: sales.occurred_on.cast("string") + sales.area.fill_null(NONE)})

    found: dict[str, dict[date, int]] = {}
    by_place = Given({**given.tables, "sales": placed}, given.zone)
    for value in indicators.compute(NET, period, by_place, By(PLACE)):
        if not isinstance(value.figure, int):
            raise indicators.counted_otherwise(NET, value.version)
        day, area = value.code[:DAY], value.code[DAY:]
        found.setdefault(area, {})[date.fromisoformat(day)] = value.figure
    return dict(sorted(found.items()))


def targets_table(table_id: str, found: Sequence[Part]) -> Table:
    """Target and net sales of the company and of each area."""
    rows = []
    for one in found:
        held = plan.completion(one.actual, one.target)
        gap, degree = (None, None) if isinstance(held, NoFigure) else (held.gap, cell(held.degree, "percent"))
        shown = cell(gap, "fen") if gap is not None else None
        rows.append(Row(one.row, one.label, (cell(one.target, "fen"), one.actual, shown, degree)))
    return members.table(table_id, AREA, "targets", TARGETS, rows, "area")


def held(one: Part, period: Period, rule: SalesCheckpointsRule, until: date) -> tuple[Checkpoint, ...]:
    """The checkpoints of the month that a period ends with, for the company or an area."""
    month = Month.of(period.last)
    days = checkpoints.days_of(month, [(point.day, point.percent) for point in rule.checkpoint])
    return checkpoints.checked(days, {on: fen for on, fen in one.sold.items() if on >= month.first}, one.target, until)


def checkpoints_table(table_id: str, points: Sequence[Checkpoint]) -> Table:
    """The checkpoints of the company; what is not over yet has no actual."""
    rows = []
    for one in points:
        gap = None
        if not isinstance(one.actual, NoFigure) and not isinstance(one.wanted, NoFigure):
            gap = cell(one.actual - one.wanted, "fen")
        cells = (
            Decimal(one.percent), cell(one.wanted, "fen"), cell(one.actual, "fen"), gap, cell(one.degree, "percent")
        )  # fmt: skip
        rows.append(Row(f"{one.day:%Y-%m-%d}", Label("period", one.day.isoformat()), cells))
    return members.table(table_id, AREA, "checkpoints", CHECKPOINTS, rows, "checkpoint")


def reached_table(table_id: str, points: Sequence[tuple[Part, Sequence[Checkpoint]]]) -> Table:
    """How many checkpoints are over, met and missed, and how far the last one that is over was reached; of the company
    and of each area that has a target.
    """
    rows = []
    for part, each in points:
        over = [one for one in each if one.met is not None]
        met = sum(bool(one.met) for one in over)
        last = (Decimal(over[-1].percent), cell(over[-1].degree, "percent")) if over else (None, None)
        if part.row == TOTAL or not isinstance(part.target, NoFigure):
            rows.append(Row(part.row, part.label, (len(over), met, len(over) - met, *last)))
    return members.table(table_id, AREA, "reached", REACHED, rows, "area")


def facts(figures: Figures, targets: str, reached: str) -> Iterator[Fact]:
    """How far the target was reached, and at how many checkpoints; where there is no target, that there is none."""
    whole = figures.table(targets)
    if whole.cell(TOTAL, "plan") is None:
        yield Fact(f"{AREA}.text.no_target", {PERIOD: Source(PERIOD), "actual": Source(f"{targets}.total.actual")})
        return
    gap = whole.cell(TOTAL, "gap")
    said = "target_met" if gap is not None and gap >= 0 else "target_missed"
    named = {name: Source(f"{targets}.total.{name}") for name in ("plan", "actual")}
    named |= {PERIOD: Source(PERIOD), "gap": Source(f"{targets}.total.gap", "size")}
    yield Fact(f"{AREA}.text.{said}", named)
    if whole.cell(TOTAL, "degree") is not None:
        yield Fact(f"{AREA}.text.degree", {"degree": Source(f"{targets}.total.degree")})
    else:
        yield Fact(f"{AREA}.text.no_degree", {})
    if figures.head.get("late_plans"):
        yield fact("late_plan")
    yield from _reached(figures, reached)


def _reached(figures: Figures, reached: str) -> Iterator[Fact]:
    table = figures.table(reached)
    if not table.cell(TOTAL, "due"):
        yield Fact(f"{AREA}.text.no_checkpoint", {})
        return
    yield Fact(
        f"{AREA}.text.checkpoints", {name: Source(f"{reached}.total.{name}") for name in ("due", "met", "missed")}
    )
    behind = [row for row in table.rows if row.id != TOTAL and row.cells[2]]
    if behind:
        worst = max(behind, key=lambda row: (row.cells[2] or 0, -(row.cells[4] or Decimal(0))))
        yield Fact(
            f"{AREA}.text.behind", {what: Source(f"{reached}.{worst.id}.{what}") for what in ("label", "missed")}
        )


def late(known: Plans) -> bool:
    """Whether one of the plans of net sales that count was approved after the period."""
    return any(one[0] == planning.NET for one in known.late)
