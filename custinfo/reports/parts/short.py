"""The short report of a day or a week: its indicators beside others, and the month to date against the month's plan."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, tzinfo

from custinfo import lake
from custinfo.domain import working_days
from custinfo.domain.periods import Month, Period
from custinfo.reports import indicator_sources, parameters
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.figures import Kind as CellKind
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, planning
from custinfo.reports.parts.making import AREA, cell, column, fact, message, table
from custinfo.reports.text import Fact, Source
from custinfo.statistics import indicators, plan
from custinfo.statistics.no_figure import NoFigure
from custinfo.statistics.plan import Outlook
from custinfo.statistics.sources import Given

PERIODS, INDICATORS, TO_DATE, SERIES = "t1", "t2", "t3", "t4"
LED: tuple[tuple[str, CellKind], ...] = (
    ("days_elapsed", "count"), ("days_whole", "count"), ("expected", "fen"), ("needed", "fen"),
)  # fmt: skip
SHOWN = 8
"""Days or weeks in the series, with the one that is reported."""
NAMES = (
    "sales", "returns", "net_sales", "payments", "active_customers", "new_buyers", "average_sale", "new_customers",
    "complaints",
)  # fmt: skip


def kind(name: str, others: Mapping[str, Callable[[Period], Period]]) -> Kind:
    """The kind of report of that name, whose periods are held against `others`."""
    drawing = Drawing("c1", SERIES, ("net",), "column", f"{AREA}.chart.short_series", wide=True, compared=False)
    return Kind(name, lambda tables, period, zone: figures(others, tables, period, zone), facts, (drawing,))


def figures(
    others: Mapping[str, Callable[[Period], Period]], tables: lake.Lake, period: Period, zone: tzinfo
) -> Figures:  # fmt: skip
    """Every number of a short report, from what the lake knew. Raises BadInput for a period that had not begun."""
    day = parameters.check_begun(period, tables.as_of, zone)
    given = indicator_sources.given(tables, zone)
    periods = {compared.NOW: period, **{name: which(period) for name, which in others.items()}}
    counted = compared.count(given, NAMES, periods)
    until = min(period.last, day)
    found = (
        compared.periods_table(PERIODS, counted),
        compared.indicators_table(INDICATORS, NAMES, counted),
        _to_date(tables, given, until, zone),
        _series(given, period),
    )
    years = compared.weekday_years(counted)
    head = {"definitions": counted.versions, **({"weekday_years": years} if years else {})}
    return Figures(period, tables.as_of, tables.version, day > period.last, found, head=head)


def _to_date(tables: lake.Lake, given: Given, until: date, zone: tzinfo) -> Table:
    """The month in which the day `until` is, up to it: net sales, plan, and where it leads by working days."""
    month = Month.of(until)
    sales = tables.sales.filter(tables.sales.occurred_on <= until)
    (value,) = indicators.compute(compared.NET, month, Given({**given.tables, "sales": lambda _: sales}, zone))
    planned = planning.plans(tables, month).of(compared.NET, month)
    done = plan.completion(value.figure, planned)
    led = plan.outlook(value.figure, planned, month, until, working_days.load())
    degree = done if isinstance(done, NoFigure) else done.degree
    rows: list[tuple[str, CellKind, Cell]] = [
        ("net_to_date", "fen", cell(value.figure, "fen")),
        ("month_plan", "fen", cell(planned, "fen")),
        ("degree", "percent", cell(degree, "percent")),
        *_led(led),
    ]
    found = [Row(name, message(name), (shown,), kind) for name, kind, shown in rows]
    return table(TO_DATE, "to_date", "item", (column("figure", "row"),), found)


def _led(led: Outlook | NoFigure) -> list[tuple[str, CellKind, Cell]]:
    if isinstance(led, NoFigure):
        return [(name, kind, None) for name, kind in LED]
    cells = led.elapsed.working, led.whole.working, cell(led.expected, "fen"), cell(led.needed, "fen")
    return [(name, kind, shown) for (name, kind), shown in zip(LED, cells, strict=True)]


def _series(given: Given, period: Period) -> Table:
    """Net sales of the SHOWN periods up to the one that is reported."""
    rows = []
    for back in range(SHOWN - 1, -1, -1):
        one = period.plus(-back)
        (value,) = indicators.compute(compared.NET, one, given)
        rows.append(Row(str(one), Label("period", str(one)), (cell(value.figure, "fen"),)))
    return table(SERIES, "short_series", "period", (column("net", "fen"),), rows)


def facts(found: Figures) -> Iterator[Fact]:
    """What a short report says, in order, in no language."""
    yield from compared.facts(found, PERIODS, INDICATORS)
    table_of = found.table(TO_DATE)

    def at(*names: str) -> dict[str, Source]:
        return {name: Source(f"{TO_DATE}.{name}.figure") for name in names}

    if table_of.cell("net_to_date", "figure") is None:
        return
    yield fact("to_date", **at("net_to_date", "days_elapsed", "days_whole"))
    if table_of.cell("month_plan", "figure") is None:
        yield fact("to_date_no_plan")
    elif table_of.cell("degree", "figure") is not None:
        yield fact("to_date_plan", **at("month_plan", "degree"))
        if table_of.cell("needed", "figure") is not None:
            yield fact("to_date_needed", **at("needed"))
    if table_of.cell("expected", "figure") is not None and table_of.cell("needed", "figure") is not None:
        yield fact("to_date_expected", **at("expected"))
    if not found.complete:
        yield Fact("reports.text.provisional", {})
