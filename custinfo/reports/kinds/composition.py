"""Composition of customers (客户构成分析): who they are by each property, beside the period before, and their sales."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

from custinfo import lake
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import LABEL, Figures, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, members
from custinfo.reports.text import PERIOD, Fact, Source

AREA = "report_composition"
OVERVIEW = ("customers", "new_customers", "active_customers", "net_sales", "net_sales_per_customer")
PROPERTIES = ("customer_type", "ownership", "kind", "province", "section")


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Customers on file at the end of a period by each property, and what they bought in it. Raises BadInput."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    overview = compared.overview("t1", OVERVIEW, period, given)
    parts = [
        members.table(f"t{n}", AREA, name, members.MEMBERS, members.by_property(name, period, found, given), name)
        for n, name in enumerate(PROPERTIES, start=2)
    ]
    return Figures(period, found.as_of, found.version, day > period.last, (overview, *parts))


def facts(figures: Figures) -> Iterator[Fact]:
    """How many there are, how many came, and of each property the largest group and the one that grew most."""
    overview = figures.table("t1")
    if not overview.cell("customers", "now"):
        yield Fact(f"{AREA}.text.nobody", {PERIOD: Source(PERIOD)})
    else:
        sources = {"customers": Source("t1.customers.now"), "new": Source("t1.new_customers.now")}
        yield Fact(f"{AREA}.text.customers", {PERIOD: Source(PERIOD), **sources})
        for table in figures.tables[1:]:
            yield from _largest(table)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _largest(table: Table) -> Iterator[Fact]:
    groups = [row for row in table.rows if row.label.source != "message" or row.id in members.TYPES]
    # max() keeps the first of equals, which is the order of the list
    top = max(groups, key=lambda row: _count(row, 0), default=None)
    if top is None or not _count(top, 0):
        return
    name, where = table.title_key.rpartition(".")[2], f"{table.id}.{top.id}"
    sources = {what: Source(f"{where}.{what}") for what in ("customers", "share")}
    yield Fact(f"{AREA}.text.top_{name}", {"name": Source(f"{where}.{LABEL}"), **sources})
    grown = max(groups, key=lambda row: _count(row, 3))
    if _count(grown, 3) > 0:
        where = f"{table.id}.{grown.id}"
        yield Fact(f"{AREA}.text.grown", {"name": Source(f"{where}.{LABEL}"), "change": Source(f"{where}.change")})


def _count(row: Row, place: int) -> int:
    cell = row.cells[place]
    return cell if isinstance(cell, int) else 0


DRAWINGS = (
    Drawing("c1", "t5", ("customers",), "bar", f"{AREA}.chart.province", most=10),
    Drawing("c2", "t6", ("net",), "bar", f"{AREA}.chart.section", most=10),
)
KIND = Kind("composition", figures, facts, DRAWINGS)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
