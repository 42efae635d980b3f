"""Profit contribution (利润贡献分析): turnover, cost and gross profit by line, product, area, channel and customers."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import profit
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import LABEL, Cell, Figures, Label, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics.no_figure import NoFigure, percent, ratio

AREA = "report_profit"
OVERVIEW = ("net_sales", "gross_profit", "gross_margin", "return_rate")
LINES = ("product_line", "product", "area", "channel")
PROPERTIES = ("province", "section")
MOST = 20
"""So many groups have a row of their own, by profit; the others are one row."""
COLUMNS = members.columns(
    turnover="fen", cost="fen", profit="fen", margin="percent", profit_share="percent", uncosted="fen"
)  # fmt: skip


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """What the sales of a period brought, by the dimensions of their lines and by customers. Raises BadInput.

    Profit is that of the lines whose cost is known; the turnover of the others stands beside it and in no margin.
    """
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    parts = [compared.overview("t1", OVERVIEW, period, given)]
    for name in LINES:
        parts.append(_part(f"t{len(parts) + 1}", name, found.sales, name, period, {}))
    for name in PROPERTIES:
        names = members.names_of(name, found)
        parts.append(_part(f"t{len(parts) + 1}", name, _grouped(found, name), "group_of", period, names))
    return Figures(period, found.as_of, found.version, day > period.last, tuple(parts))


def _grouped(found: lake.Lake, name: str) -> ir.Table:
    """The lines of sales with `group_of`, what is known of their customer."""
    known = indicator_sources.by(found, name).customers
    if known is None:
        raise ValueError(f"{name} is no property of customers")
    buyers = known.select(buyer="customer_key", group_of="code")
    return found.sales.left_join(buyers, [("customer_key", "buyer")])


def _part(table_id: str, name: str, lines: ir.Table, column: str, period: Period, names: members.Names) -> Table:
    rows = profit.contribution(lines, column, period.first, period.last).to_pyarrow().to_pylist()
    total = sum(row["profit_fen"] for row in rows)
    shown = [
        _row(members.label_of(name, row["code"], names), f"g{n}", [row], total)
        for n, row in enumerate(rows[:MOST], start=1)
    ]
    if len(rows) > MOST:
        shown.append(_row(members.message("other"), "other", rows[MOST:], total))
    shown.append(_row(members.message(TOTAL), TOTAL, rows, total))
    return members.table(table_id, AREA, name, COLUMNS, shown, name)


def _row(label: Label, row_id: str, rows: list[dict[str, int]], total: int) -> Row:
    turnover, cost, made, uncosted = (
        sum(row[name] for row in rows) for name in ("turnover_fen", "cost_fen", "profit_fen", "uncosted_fen")
    )
    return Row(row_id, label, (turnover, cost, made, _share(made, turnover), _share(made, total), uncosted))


def _share(part: int, whole: int) -> Cell:
    found = ratio(part, whole)
    return None if isinstance(found, NoFigure) else percent(found)


def facts(figures: Figures) -> Iterator[Fact]:
    """What was earned, with which margin; which lines, products and areas brought most and which lost."""
    lines = figures.table("t2")
    if not any(lines.cell(TOTAL, what) for what in ("turnover", "cost", "uncosted")):
        yield Fact(f"{AREA}.text.nothing", {PERIOD: Source(PERIOD)})
        return
    yield _earned(lines)
    if lines.cell(TOTAL, "uncosted"):
        yield Fact(f"{AREA}.text.uncosted", {"amount": Source("t2.total.uncosted")})
    for table in figures.tables[1:]:
        yield from _ends(table)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _earned(lines: Table) -> Fact:
    sources = {PERIOD: Source(PERIOD), **{what: Source(f"t2.total.{what}") for what in ("profit", "turnover")}}
    if lines.cell(TOTAL, "margin") is None:
        return Fact(f"{AREA}.text.earned_no_margin", sources)
    return Fact(f"{AREA}.text.earned", sources | {"margin": Source("t2.total.margin")})


def _ends(table: Table) -> Iterator[Fact]:
    """The group that brought most, and the one that lost most, where there are any."""
    named = [row for row in table.rows if row.label.source != "message"]
    name = table.title_key.rpartition(".")[2]
    for row, said in ((named[0], "most"), (named[-1], "lost")) if named else ():
        made = row.cells[2]
        if isinstance(made, int) and (made > 0 if said == "most" else made < 0):
            where = f"{table.id}.{row.id}"
            sources = {"name": Source(f"{where}.{LABEL}"), "profit": Source(f"{where}.profit", "size")}
            yield Fact(f"{AREA}.text.{said}_{name}", sources)


DRAWINGS = (
    Drawing("c1", "t2", ("profit",), "bar", f"{AREA}.chart.product_line", most=10),
    Drawing("c2", "t4", ("profit",), "bar", f"{AREA}.chart.area", most=10),
)
KIND = Kind("profit", figures, facts, DRAWINGS)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
