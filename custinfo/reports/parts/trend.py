"""Net sales month by month: what is ordinary, what is not, and what to expect, with an interval."""

from collections.abc import Iterator, Mapping
from datetime import date

import ibis.expr.types as ir

from custinfo.domain.periods import Month, Period
from custinfo.reports.figures import Figures, Label, Row, Table
from custinfo.reports.parts.making import column, fact, table
from custinfo.reports.text import Fact, Source
from custinfo.statistics import control_limits, forecast, indicators, sales
from custinfo.statistics.no_figure import NoFigure, rounded

NET = "net_sales"
SHOWN = 24
READ = 60
"""Months that are shown, with their limits, and that a forecast rests on, at most."""
RULES = ("beyond", "range", "run")


def months(lines: ir.Table, last: Month) -> Mapping[Month, int]:
    """Net sales of the READ months up to `last`, from the first one in which anything was sold, returned or paid."""
    first = last.plus(1 - READ)
    found = {
        Month(row["year"], row["month"]): row["net_fen"]
        for row in sales.by_month(lines, first, last).to_pyarrow().to_pylist()
    }
    if not found:
        return {}
    for month in sorted(found, reverse=True):
        indicators.note(NET, month, NET)
    begun = min(found)
    many = (last.year - begun.year) * 12 + last.month - begun.month + 1
    return {month: found.get(month, 0) for month in (begun.plus(n) for n in range(many))}


def ended(known: Mapping[Month, int], day: date) -> Mapping[Month, int]:
    """Those that were over before `day`: of a month that is not, there is only a part."""
    return {month: fen for month, fen in known.items() if month.last < day}


def series_table(table_id: str, known: Mapping[Month, int]) -> Table:
    """The newest SHOWN months with the limits that these figures themselves give (dashes for too few).

    `beyond`, `range` and `run` are 1 for a month that gives the signal of that rule, else 0.
    """
    shown = dict(list(known.items())[-SHOWN:])
    points = list(shown.values())
    within = control_limits.limits(points)
    signals = () if isinstance(within, NoFigure) else control_limits.signals(points, within)
    ends = (None, None) if isinstance(within, NoFigure) else (rounded(within.lower), rounded(within.upper))
    given = {(one.place, one.rule) for one in signals}
    rows = [
        Row(str(month), Label("month", str(month)), (fen, *ends, *(int((place, rule) in given) for rule in RULES)))
        for place, (month, fen) in enumerate(shown.items())
    ]
    columns = [column(name, "fen") for name in ("net", "lower", "upper")] + [column(rule, "count") for rule in RULES]
    return table(table_id, "series", "month", columns, rows)


def outlook_table(table_id: str, known: Mapping[Month, int], steps: int) -> tuple[Table, dict[str, int]]:
    """The next `steps` months after those that are known, each with its interval; no row where they are too few.

    Beside it what the sentence about it names: the level of the interval, and how many earlier forecasts held.
    """
    columns = [column(name, "fen") for name in ("low", "middle", "high")]
    found = forecast.forecast(list(known.values()), steps)
    if isinstance(found, NoFigure):
        return table(table_id, "outlook", "month", columns, []), {}
    last = max(known)
    rows = [
        Row(str(month), Label("month", str(month)), (one.low, one.middle, one.high))
        for month, one in zip((last.plus(n) for n in range(1, steps + 1)), found.steps, strict=True)
    ]
    head = {"level": found.level, "tried": found.tried, "held": found.held}
    return table(table_id, "outlook", "month", columns, rows), head


def facts(figures: Figures, series: str, outlook: str, period: Period) -> Iterator[Fact]:
    """The months of the period that are not ordinary, and what to expect."""
    rows = figures.table(series).rows
    if not rows or rows[-1].cells[1] is None:
        yield fact("no_limits")
    else:
        yield from _signals(figures, series, period)
    expected = figures.table(outlook).rows
    if expected and expected[0].cells[0] is None:
        return
    if not expected:
        yield fact("no_outlook")
        return
    first = f"{outlook}.{expected[0].id}"
    sources = {name: Source(f"{first}.{name}") for name in ("low", "middle", "high")}
    yield fact("outlook", month=Source(f"{first}.label"), level=Source("level"), **sources)
    tried = figures.head["tried"]
    tested = isinstance(tried, int) and tried >= forecast.TESTED_LEAST
    yield fact("outlook_tested" if tested else "outlook_untested", tried=Source("tried"), held=Source("held"))


def _signals(figures: Figures, series: str, period: Period) -> Iterator[Fact]:
    """Each month of the period that is beyond its limits, or further from the one before than is ordinary; and the last
    one of a run. A month that is beyond them is not said to be a step as well.
    """
    table_of = figures.table(series)
    names = [row.id for row in table_of.rows if period.first <= Month.parse(row.id).first <= period.last]
    found: list[tuple[str, str]] = []
    for name in names:
        rule = next((rule for rule in ("beyond", "range") if table_of.cell(name, rule)), "")
        found += [(rule, name)] if rule else []
    found += [("run", name) for name in names if table_of.cell(name, "run")][-1:]
    for rule, name in found:
        at = f"{series}.{name}"
        ends = {"lower": Source(f"{at}.lower"), "upper": Source(f"{at}.upper")} if rule == "beyond" else {}
        yield fact(f"signal_{rule}", month=Source(f"{at}.label"), net=Source(f"{at}.net"), **ends)
    if not found:
        yield fact("no_signal")
