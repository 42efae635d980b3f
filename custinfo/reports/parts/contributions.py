"""What made net sales change between two periods: customers, products, regions, sections; price, volume and mix.

Every table adds up to the change of the whole, to the last fen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL, column, fact, message, row_id, table
from custinfo.reports.text import Fact, Source
from custinfo.statistics import change, change_of_sales, price_volume_mix
from custinfo.statistics.change import Contribution
from custinfo.statistics.no_figure import NoFigure
from custinfo.statistics.sources import NOT_STATED

Dimension = Literal["product", "region", "section"]
PROPERTIES = {"region": "province", "section": "section"}
"""What is known of customers by which their sales are told apart."""
MOST = 5
"""Segments that are told of those that gained, and of those that lost; the others stand in one row."""
OTHERS = "others"
EFFECTS = ("volume", "mix", "price", "other")


@dataclass(frozen=True)
class Change:
    """The sales of a version of the lake, and the two periods that are held against each other."""

    tables: lake.Lake
    before: Period
    now: Period

    def sales_by(self, dimension: Dimension) -> ir.Table:
        """The lines of sales with a column `segment`: their product, or what is known of the customer."""
        sales = self.tables.sales
        if dimension == "product":
            return sales.mutate(segment=sales.product)
        by = indicator_sources.by(self.tables, PROPERTIES[dimension])
        if by.customers is None:
            raise TypeError(dimension)
        groups = by.customers.select(group_of="customer_key", segment="code")
        joined = sales.left_join(groups, sales.customer_key == groups.group_of)
        return joined.select(*sales.columns, segment=joined.segment)


def customers_table(table_id: str, of: Change) -> Table:
    """What became of customers: won, back, kept, lost; their number and net sales of both periods."""
    found = change_of_sales.by_customers(of.tables.sales, of.before, of.now).to_pyarrow().to_pylist()
    names = ("customers", "before_fen", "now_fen", "change_fen")
    rows = [Row(one["state"], message(f"state_{one['state']}"), tuple(one[name] for name in names)) for one in found]
    rows.append(Row(TOTAL, message(TOTAL), tuple(sum(one[name] for one in found) for name in names)))
    columns = (column("customers", "count"), column("net_before", "fen"), column("net_now", "fen"),
               column("change", "fen"))  # fmt: skip
    return table(table_id, "by_customers", "state", columns, rows)


def segments_table(table_id: str, of: Change, dimension: Dimension) -> Table:
    """The segments that gained most and those that lost most, all others in one row, and the whole.

    `points` is what a segment adds to the growth of the whole; a dash where that has none. Equal changes stand by code.
    """
    sales = of.sales_by(dimension)
    sums = [change_of_sales.amounts(change_of_sales.by_code(sales, "segment", one)) for one in (of.before, of.now)]
    found = change.contributions(sums[0], sums[1])
    told = [one for one in found.segments if one.change > 0][:MOST]
    told += [one for one in found.segments if one.change < 0][-MOST:]
    names = {} if dimension == "product" else members.names_of(PROPERTIES[dimension], of.tables)
    rows = [Row(_id(one), _label(one.code, dimension, names), _cells(one)) for one in told]
    if rest := [one for one in found.segments if one not in told]:
        sums_of = tuple(sum(getattr(one, name) for one in rest) for name in ("before", "now", "change"))
        rows.append(Row(OTHERS, message(OTHERS), (*sums_of, _points([one.points for one in rest]))))
    growth = None if isinstance(found.growth, NoFigure) else found.growth
    rows.append(Row(TOTAL, message(TOTAL), (found.before, found.now, found.change, growth)))
    columns = (column("net_before", "fen"), column("net_now", "fen"), column("change", "fen"),
               column("points", "percent"))  # fmt: skip
    return table(table_id, f"by_{dimension}", dimension, columns, rows)


def _id(one: Contribution) -> str:
    return row_id(f"s-{one.code}") if one.code != NOT_STATED else "not_stated"


def _cells(one: Contribution) -> tuple[Cell, ...]:
    return one.before, one.now, one.change, _points([one.points])


def _points(points: list[Decimal | NoFigure]) -> Cell:
    known = [one for one in points if not isinstance(one, NoFigure)]
    return sum(known, start=Decimal("0.0")) if len(known) == len(points) else None


def _label(code: str, dimension: Dimension, names: members.Names) -> Label:
    if code == NOT_STATED:
        return message("not_stated")
    if dimension == "product":
        return Label("plain", code)
    return Label("region" if dimension == "region" else "industry", code, names.get(code, {}))


def effects_table(table_id: str, of: Change) -> Table:
    """Volume, mix, price and what has no price, by product; dashes where one of the periods has no quantities."""
    sales = of.sales_by("product")
    pieces = [change_of_sales.sold(change_of_sales.by_code(sales, "segment", one)) for one in (of.before, of.now)]
    found = price_volume_mix.decomposed(pieces[0], pieces[1])
    effects = None if isinstance(found, NoFigure) else found.whole
    rows = [Row(name, message(name), (getattr(effects, f"{name}_fen") if effects else None,)) for name in EFFECTS]
    rows.append(Row(TOTAL, message(TOTAL), (effects.change_fen if effects else None,)))
    return table(table_id, "effects", "effect", (column("change", "fen"),), rows)


def facts(figures: Figures, ids: Mapping[str, str], versus: Source, *, losses_first: bool) -> Iterator[Fact]:
    """What made the change, from tables by name (`customers`, `product`, `region`, `section`, `effects`)."""
    states = {name: Source(f"{ids['customers']}.{name}.change") for name in change_of_sales.STATES}
    yield fact("by_customers", versus=versus, **states)
    for name in ("product", "region", "section"):
        for sign in (-1, 1) if losses_first else (1, -1):
            if (found := _extreme(figures, ids[name], name, versus, sign)) is not None:
                yield found
    if figures.table(ids["effects"]).cell(TOTAL, "change") is None:
        yield fact("no_effects", versus=versus)
        return
    yield fact("effects", versus=versus, **{name: Source(f"{ids['effects']}.{name}.change") for name in EFFECTS[:3]})
    if figures.table(ids["effects"]).cell("other", "change"):
        yield fact("effects_other", other=Source(f"{ids['effects']}.other.change"))


def _extreme(figures: Figures, table_id: str, name: str, versus: Source, sign: int) -> Fact | None:
    """The segment that gained most, or lost most; None where none did. Alone, a segment says what the whole says."""
    rows = [row for row in figures.table(table_id).rows if row.id not in (TOTAL, OTHERS)]
    changed = [row for row in rows if ((row.cells[2] or 0) > 0) == (sign > 0) and row.cells[2]]
    if not changed or len(rows) < 2:
        return None
    row = changed[0] if sign > 0 else changed[-1]
    said = f"{'gain' if sign > 0 else 'loss'}_{name}"
    sources = {"name": Source(f"{table_id}.{row.id}.label"), "change": Source(f"{table_id}.{row.id}.change", "size")}
    if row.cells[3] is None:
        return fact(said, versus=versus, **sources)
    return fact(f"{said}_points", versus=versus, **sources, points=Source(f"{table_id}.{row.id}.points"))
