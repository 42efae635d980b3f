"""Plan and actual of a period: each planned indicator, each planned part, and net sales accumulated over the year.

A plan counts that was approved by the last day of the period; where there was none by then, the one that was approved
first afterwards, and the text says so: what was planned later can be seen from what came.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from custinfo import lake
from custinfo.domain.periods import Month, Period, Quarter, Year, find
from custinfo.reports import indicator_sources
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.parts.making import cell, column, fact, kind_of, message, row_id, table
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import indicators, plan
from custinfo.statistics.no_figure import Figure, NoFigure
from custinfo.statistics.plan import Completion, Of, PlanFigure
from custinfo.statistics.sources import By, Given

NET = "net_sales"
CUSTOMERS = {"province": "region", "section": "industry", "ownership": "ownership"}
"""Dimensions of customers, and the code list that names their codes; all others are columns of the lines of sales."""


@dataclass(frozen=True)
class Plans:
    """The plans that count for a period; `late` are those of them that were approved after its last day."""

    figures: Mapping[Of, PlanFigure]
    late: frozenset[Of]

    def of(self, indicator: str, period: Period, dimension: str = "", code: str = "") -> Figure:
        """What is planned, as `plan.planned` finds it."""
        adds_up = indicators.get(indicator).over_periods
        return plan.planned(self.figures, indicator, period, dimension, code, adds_up=adds_up)


def plans(tables: lake.Lake, period: Period) -> Plans:
    """The plans of a version of the lake that count for a period."""
    units = {one.id: one.unit for one in indicators.load().values()}
    rows = (
        tables.table("plans").order_by("version", "indicator", "period", "dimension", "code").to_pyarrow().to_pylist()
    )
    known = [
        PlanFigure(
            row["indicator"], find(row["period"]), row["dimension"], row["code"],
            plan.of_integer(row["amount"], units[row["indicator"]]), row["version"],
            date.fromisoformat(row["approved_on"]),
        )
        for row in rows if row["indicator"] in units
    ]  # fmt: skip
    counting = plan.in_force(known, period.last)
    late: dict[Of, PlanFigure] = {}
    for one in known:
        if one.of not in counting:
            late.setdefault(one.of, one)
    return Plans({**counting, **late}, frozenset(late))


def _completed(indicator: str, actual: Figure, planned: Figure) -> tuple[Completion | NoFigure, Row]:
    unit = indicators.get(indicator)
    kind = kind_of(unit.unit)
    found = plan.completion(actual, planned, more_is_better=unit.better != "less")
    gap, degree = (
        (None, None) if isinstance(found, NoFigure) else (cell(found.gap, kind), cell(found.degree, "percent"))
    )
    cells = (cell(planned, kind), cell(actual, kind), gap, degree)
    return found, Row(indicator, Label("indicator", indicator), cells, kind)


COLUMNS = (column("plan", "row"), column("actual", "row"), column("gap", "row"), column("degree", "percent"))


def indicators_tables(first: str, second: str, known: Plans, period: Period, given: Given) -> tuple[Table, Table]:
    """Every indicator that has a plan for the whole company, those not met first, each group in the catalogue's order;
    and how many there are, met and missed.
    """
    met: list[Row] = []
    missed: list[Row] = []
    for name in indicators.load():
        planned = known.of(name, period)
        if isinstance(planned, NoFigure):
            continue
        (value,) = indicators.compute(name, period, given)
        found, row = _completed(name, value.figure, planned)
        (met if not isinstance(found, NoFigure) and found.met else missed).append(row)
    counts = {"planned": len(met) + len(missed), "met": len(met), "missed": len(missed)}
    rows = [Row(name, message(name), (number,)) for name, number in counts.items()]
    return (
        table(first, "plan", "indicator", COLUMNS, [*missed, *met]),
        table(second, "plan_met", "item", [column("indicators", "count")], rows),
    )


def parts_table(
    table_id: str, known: Plans, period: Period, given: Given, tables: lake.Lake, dimensions: Sequence[str]
) -> Table:
    """Net sales of every part of the company that has a plan for the period: by these dimensions, then by code."""
    rows = []
    for dimension in dimensions:
        codes = sorted({code for name, _, by, code in known.figures if (name, by) == (NET, dimension)})
        planned = {code: known.of(NET, period, dimension, code) for code in codes}
        codes = [code for code in codes if not isinstance(planned[code], NoFigure)]
        if not codes:
            continue
        by = indicator_sources.by(tables, dimension) if dimension in CUSTOMERS else By(dimension)
        actual = {one.code: one.figure for one in indicators.compute(NET, period, given, by)}
        for code in codes:
            _, row = _completed(NET, actual.get(code, 0), planned[code])
            label = Label(CUSTOMERS[dimension], code) if dimension in CUSTOMERS else Label("plain", code)
            rows.append(Row(row_id(f"{dimension}-{code}"), label, row.cells, row.kind))
    return table(table_id, "plan_parts", "part", COLUMNS, rows)


def accumulated_table(table_id: str, known: Plans, period: Period, months: Mapping[Month, int]) -> Table:
    """Net sales of the year up to the period: each month, or quarter of a longer period, by itself and accumulated.

    `months` are net sales by month. From the first one without a plan on, nothing accumulates.
    """
    steps = steps_of_year(period)
    actual = {
        step: sum(fen for month, fen in months.items() if step.first <= month.first <= step.last) for step in steps
    }
    found = plan.accumulated([(str(step), actual[step], known.of(NET, step)) for step in steps])
    rows = []
    for step, one in zip(steps, found, strict=True):
        own, so_far = _cells(one.own), _cells(one.so_far)
        cells = (own[0], actual[step], *own[2:], *so_far)
        rows.append(Row(str(step), Label("period", str(step)), cells))
    names = ("plan", "actual", "gap", "degree", "plan_so_far", "actual_so_far", "gap_so_far", "degree_so_far")
    columns = [column(name, "percent" if name.startswith("degree") else "fen") for name in names]
    return table(table_id, "accumulated", "period", columns, rows)


def _cells(held: Completion | NoFigure) -> tuple[Cell, ...]:
    if isinstance(held, NoFigure):
        return None, None, None, None
    return cell(held.plan, "fen"), cell(held.actual, "fen"), cell(held.gap, "fen"), cell(held.degree, "percent")


def steps_of_year(period: Period) -> list[Period]:
    """The months of the year up to a month, else its quarters up to the end of the period."""
    kind = Month if isinstance(period, Month) else Quarter
    first, found = kind.of(Year.of(period.last).first), []
    while first.last <= period.last:
        found.append(first)
        first = first.plus(1)
    return list(found)


def facts(figures: Figures, plan_id: str, met_id: str, so_far_id: str) -> Iterator[Fact]:
    """How far each plan is fulfilled; a sentence where there is none."""
    rows = figures.table(plan_id).rows
    if not rows:
        yield fact("no_plan", period=Source(PERIOD))
        return
    if len(rows) > 1:
        yield fact(
            "plan_summary", **{row.id: Source(f"{met_id}.{row.id}.indicators") for row in figures.table(met_id).rows}
        )
    missed = figures.table(met_id).cell("missed", "indicators")
    for place, row in enumerate(rows):
        # Outside, where one of the plans is not shown, it is not told which of them were met
        if missed is not None:
            yield _completion(figures, plan_id, row, "missed" if place < missed else "met")
    if not any(row.id == NET for row in rows):
        yield fact("no_plan_of_net", period=Source(PERIOD))
    if figures.head.get("late_plans"):
        yield fact("late_plan")
    last = figures.table(so_far_id).rows[-1].id
    if figures.table(so_far_id).cell(last, "degree_so_far") is not None and len(figures.table(so_far_id).rows) > 1:
        names = ("actual", "plan", "gap", "degree")
        yield fact("so_far", **{name: Source(f"{so_far_id}.{last}.{name}_so_far") for name in names})


def _completion(figures: Figures, plan_id: str, row: Row, state: str) -> Fact:
    at = f"{plan_id}.{row.id}"
    if row.cells[1] is None:
        return fact("plan_no_actual", name=Source(f"{at}.label"), plan=Source(f"{at}.plan"))
    sources = {name: Source(f"{at}.{name}") for name in ("plan", "actual", "gap")} | {"name": Source(f"{at}.label")}
    if figures.table(plan_id).cell(row.id, "degree") is None:
        return fact(state, **sources)
    return fact(f"{state}_degree", **sources, degree=Source(f"{at}.degree"))
