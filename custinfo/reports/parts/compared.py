"""Indicators of a period beside those of others, and the periods themselves with their working days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from custinfo.domain import working_days
from custinfo.domain.periods import Period
from custinfo.reports.figures import Figures, Label, Row, Table
from custinfo.reports.parts.making import cell, column, difference, fact, kind_of, table
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import indicators
from custinfo.statistics.change import compared
from custinfo.statistics.no_figure import Figure, NoFigure
from custinfo.statistics.periods import day_adjusted
from custinfo.statistics.sources import Given

NOW = "now"
NET = "net_sales"


@dataclass(frozen=True)
class Counted:
    """The figures of indicators in several periods; `periods` by name, the one that is reported is NOW.

    `versions` are those of the indicators' definitions for NOW, as `net_sales 1`.
    """

    periods: Mapping[str, Period]
    figures: Mapping[tuple[str, str], Figure]
    versions: tuple[str, ...]

    @property
    def others(self) -> list[str]:
        """The names of the periods that NOW is held against."""
        return [name for name in self.periods if name != NOW]

    def of(self, indicator: str, name: str = NOW) -> Figure:
        """The figure of an indicator in the period of that name."""
        return self.figures[indicator, name]


def count(given: Given, names: Sequence[str], periods: Mapping[str, Period]) -> Counted:
    """Count the indicators of these ids in each period."""
    figures: dict[tuple[str, str], Figure] = {}
    versions = []
    for name in names:
        for which, period in periods.items():
            (value,) = indicators.compute(name, period, given)
            figures[name, which] = value.figure
            if which == NOW:
                versions.append(f"{name} {value.version}")
    return Counted(periods, figures, tuple(versions))


def periods_table(table_id: str, counted: Counted) -> Table:
    """The periods, the reported one last: working days, net sales, the same by working day, and how much the latter of
    NOW grew on it (None on NOW itself, where a period has no working day, and on a base of zero or below).
    """
    calendar = working_days.load()
    days = {name: calendar.of(period) for name, period in counted.periods.items()}
    rows = []
    for name in [*reversed(counted.others), NOW]:
        net = counted.of(NET, name)
        held = day_adjusted(counted.of(NET), net, days[NOW], days[name])
        per_day = None if isinstance(held, NoFigure) or isinstance(held.per_day, NoFigure) else held.per_day
        cells = (
            days[name].working, cell(net, "fen"), cell(per_day.before, "fen") if per_day else None,
            cell(per_day.growth, "percent") if per_day and name != NOW else None,
        )  # fmt: skip
        rows.append(Row(name, Label("period", str(counted.periods[name])), cells))
    columns = (column("working_days", "count"), column("net", "fen"), column("per_day", "fen"),
               column("per_day_growth", "percent"))  # fmt: skip
    return table(table_id, "periods", "period", columns, rows)


def overview(table_id: str, names: Sequence[str], period: Period, given: Given) -> Table:
    """The `indicators_table` of a period beside the one before and the same one of the year before."""
    periods = {NOW: period, "before": period.plus(-1), "ago": period.year_before()}
    return indicators_table(table_id, names, count(given, names, periods))


def weekday_years(counted: Counted) -> str:
    """The years without a holiday table in these periods, for a sentence; blank when there are none."""
    calendar = working_days.load()
    years = {year for period in counted.periods.values() for year in calendar.of(period).weekdays_only}
    return ", ".join(map(str, sorted(years)))


def indicators_table(table_id: str, names: Sequence[str], counted: Counted) -> Table:
    """A row for each indicator: NOW, and for each other period its figure, the difference and the growth.

    Of a percentage the difference is in points and there is no growth; of a base of zero or below there is none either.
    """
    columns = [column(NOW, "row")]
    for other in counted.others:
        columns += [
            column(other, "row"), column(f"{other}_change", "row"), column(f"{other}_share", "percent"),
        ]  # fmt: skip
    return table(table_id, "indicators", "indicator", columns, [_row(name, counted) for name in names])


def _row(name: str, counted: Counted) -> Row:
    kind = kind_of(indicators.get(name).unit)
    now = cell(counted.of(name), kind)
    cells = [now]
    for other in counted.others:
        before = cell(counted.of(name, other), kind)
        held = compared(counted.of(name), counted.of(name, other))
        growth = held if isinstance(held, NoFigure) else held.growth
        cells += [before, difference(now, before), None if kind == "percent" else cell(growth, "percent")]
    return Row(name, Label("indicator", name), tuple(cells), kind)


def facts(figures: Figures, periods: str, names: str) -> Iterator[Fact]:
    """What is said of net sales and customers, from `periods_table` and `indicators_table` by their ids."""
    table_of = figures.table(names)
    known = {row.id for row in table_of.rows}
    if table_of.cell(NET, NOW) is None:
        yield fact("not_defined", period=Source(PERIOD))
        return
    said = {name: Source(f"{names}.{row}.{NOW}") for name, row in
            (("net", NET), ("sales", "sales"), ("returns", "returns"))}  # fmt: skip
    yield Fact("reports.text.net", {"period": Source(PERIOD), **said})
    others = [row.id for row in figures.table(periods).rows if row.id != NOW]
    for other in reversed(others):
        yield _comparison(figures, periods, names, other)
        yield from _per_day(figures, periods, other)
    if "weekday_years" in figures.head:
        yield fact("weekday_years", years=Source("weekday_years"))
    if {"active_customers", "new_buyers"} <= known:
        sources = {name: Source(f"{names}.{name}.{NOW}") for name in ("active_customers", "new_buyers")}
        yield fact("buyers", **sources)
    if "payments" in known:
        yield fact("payments", payments=Source(f"{names}.payments.{NOW}"))


def _comparison(figures: Figures, periods: str, names: str, other: str) -> Fact:
    row = figures.table(names)
    size, share = row.cell(NET, f"{other}_change"), row.cell(NET, f"{other}_share")
    versus = Source(f"{periods}.{other}.label")
    if size is None:
        return fact("nothing_before", versus=versus)
    if size == 0:
        return fact("unchanged", versus=versus)
    said = "growth" if size > 0 else "decline"
    change = Source(f"{names}.{NET}.{other}_change", "size")
    if share is None:
        return fact(f"{said}_no_base", versus=versus, change=change, base=Source(f"{names}.{NET}.{other}"))
    return fact(said, versus=versus, change=change, share=Source(f"{names}.{NET}.{other}_share", "size"))


def _per_day(figures: Figures, periods: str, other: str) -> Iterator[Fact]:
    """By working day, where the periods have not the same number of them."""
    of = figures.table(periods)
    days, growth = [of.cell(name, "working_days") for name in (NOW, other)], of.cell(other, "per_day_growth")
    if days[0] == days[1] or growth is None:
        return
    said = "per_day_same" if growth == 0 else "per_day_growth" if growth > 0 else "per_day_decline"
    yield fact(
        said, versus=Source(f"{periods}.{other}.label"), now_days=Source(f"{periods}.{NOW}.working_days"),
        days=Source(f"{periods}.{other}.working_days"),
        **({} if growth == 0 else {"share": Source(f"{periods}.{other}.per_day_growth", "size")}),
    )  # fmt: skip
