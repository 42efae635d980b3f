"""Reports of one province: the lake as if its customers were all there are, and what such a report is called.

Provinces are the first level of GB/T 2260 (`codelists` `region`). A customer belongs where the newest version known at
the lake's moment says, so every month of a report is of the same customers. Whose region is blank or in no list belongs
nowhere: the reports of all provinces together may be less than the whole.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, replace

import ibis
import ibis.expr.types as ir

from custinfo.domain import codelists
from custinfo.lake import Lake, published_tables
from custinfo.lake.asked import Asked
from custinfo.reports import kept
from custinfo.reports.figures import Figures

HEAD = "region"
"""Where figures say of which province they are: nowhere when they are of all customers."""


@dataclass(frozen=True, kw_only=True)
class Part(Lake):
    """What is about the customers of a province: `inside` are the newest versions of them. The lists of codes are those
    of the `whole` that it is a part of.
    """

    whole: Lake
    inside: ir.Table

    @property
    def customers(self) -> ir.Table:
        """As of any lake."""
        return self.inside

    @property
    def ownership(self) -> ir.Table:
        """As of any lake."""
        return self.whole.ownership

    @property
    def region(self) -> ir.Table:
        """As of any lake."""
        return self.whole.region

    @property
    def industry(self) -> ir.Table:
        """As of any lake."""
        return self.whole.industry


def of(tables: Lake, region: str) -> Lake:
    """The lake with nothing but what is about the customers of a province; all of it when `region` is blank."""
    if not region:
        return tables
    listed = tables.region
    codes = listed.filter(listed["province"] == region).select(region="code")
    # Read once: as part of every expression it would be compiled and read for each table of the report
    found = tables.customers.semi_join(codes, "region").to_pyarrow()
    inside = ibis.memtable(found, schema=tables.customers.schema())

    def cut(name: str) -> ir.Table:
        rows = tables.found[name]
        for key in published_tables.keys(name):
            rows = rows.semi_join(ibis.memtable(found.select(["customer_key"]).rename_columns([key])), key)
        return rows

    there = {field.name: getattr(tables, field.name) for field in fields(tables)}
    return Part(**{**there, "found": Asked(tables.found, cut)}, whole=tables, inside=inside)


def graded(tables: Lake, name: Hashable, grade: Callable[[Lake], ir.Table]) -> ir.Table:
    """The classes of customers (`customer_key` and more), which each has among all: of a part, its customers alone.

    All are graded once for all parts of a lake that is kept (`custinfo.reports.kept`); `name` says how.
    """
    if not isinstance(tables, Part):
        return grade(tables)
    whole = tables.whole
    classes = kept.once(whole, name, lambda: ibis.memtable(grade(whole).to_pyarrow()))
    return classes.semi_join(tables.customers, "customer_key")


def marked(figures: Figures, region: str) -> Figures:
    """The figures, saying of which province they are."""
    return replace(figures, head={**figures.head, HEAD: (region,)}) if region else figures


def of_figures(figures: Figures) -> tuple[str, ...]:
    """The code of the province that figures are of, if they are of one."""
    marks = figures.head.get(HEAD, ())
    return () if isinstance(marks, int) else tuple(marks)


def title(title_of_all: str, figures: Figures, language: str) -> str:
    """What a report is called: with the province, where it is of one."""
    return " · ".join((title_of_all, *(codelists.load("region").label(code, language) for code in of_figures(figures))))
