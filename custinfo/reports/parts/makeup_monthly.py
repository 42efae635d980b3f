"""What the cells of the monthly report are made of."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Month
from custinfo.reports.figures import Cell, Figures
from custinfo.reports.makeup import Makeup, Making, Reckoned, Sum, literal, named
from custinfo.reports.parts import makeup_sales
from custinfo.statistics import rounding, sales

TOTAL = "total"
ON_FILE, GRADED = "on_file", "graded"
"""Customers at the moment of the data, and net sales within the window of the grades."""


def makeup(
    tables: lake.Lake, found: Figures, groups: Mapping[str, ir.Table], graded: ir.Table
) -> Makeup:  # fmt: skip
    """Of the report `found`: `groups` give the group of each customer by the table that counts them, `graded` the grade
    and the net sales.
    """
    making = Making()
    for table_id, group in groups.items():
        at = literal(ON_FILE, str(found.period), f"{table_id}:")
        making.count(group.select(cell=at + group["group"], contributor="customer_key", value=1))
        _shares(making, found, table_id)
    making.count(
        tables.customers.select(cell=literal(*named(ON_FILE, found.period)), contributor="customer_key", value=1)
    )
    for measure, value in ((ON_FILE, ibis.literal(1)), (GRADED, graded.sales_12m_fen)):
        at = literal(measure, str(found.period), "t4:")
        making.count(graded.select(cell=at + graded.grade, contributor="customer_key", value=value))
    making.count(
        graded.select(cell=literal(*named(GRADED, found.period)), contributor="customer_key", value="sales_12m_fen")
    )
    _shares(making, found, "t4", "net_graded")
    _months(making, tables, found)
    making.ranked = {"t2": "customers"}
    return making.made()


def _shares(making: Making, found: Figures, table_id: str, amount: str = "") -> None:
    """The rows of a table of customers with their shares; `amount` is the column of net sales, where there is one."""
    total = named(ON_FILE, found.period)
    keys = {row.id: named(ON_FILE, found.period, f"{table_id}:{row.id}") for row in found.table(table_id).rows}
    keys[TOTAL] = total
    for row, key in keys.items():
        making.shows[f"{table_id}.{row}.customers"] = Sum(key)
        making.shows[f"{table_id}.{row}.share"] = Reckoned((key, total), share)
    making.adds_up(total, [key for key in keys.values() if key != total])
    if amount:
        sums = {row: (GRADED, *key[1:]) for row, key in keys.items()}
        making.shows |= {f"{table_id}.{row}.{amount}": Sum(key) for row, key in sums.items()}
        making.adds_up(sums[TOTAL], [key for row, key in sums.items() if row != TOTAL])


def _months(making: Making, tables: lake.Lake, found: Figures) -> None:
    now = Month.of(found.period.last)
    months = makeup_sales.months(making, tables.sales, now, sales.MONTHS_IN_SERIES)
    for measure, column in (("sales", "sales"), ("returns", "returns"), ("net_sales", "net"), ("payments", "payments")):
        for month in months:
            making.shows[f"t6.{month}.{column}"] = Sum(named(measure, month))
        at, key = f"t5.{column}.", named(measure, now)
        last, ago = named(measure, now.plus(-1)), named(measure, now.plus(-12))
        making.shows |= {f"{at}this_month": Sum(key), f"{at}last_month": Sum(last), f"{at}year_ago": Sum(ago)}
        for name, other in (("month", last), ("year", ago)):
            making.shows |= {f"{at}on_{name}": Reckoned((key, other)), f"{at}on_{name}_share": Reckoned((key, other))}
    window = found.head.get("months")
    if isinstance(window, int) and window < len(months) and "products" not in found.head:
        # What is sold to customers who are not on file is in the months, and in no grade
        making.adds_up(named(GRADED, now), [named("net_sales", one) for one in months[-window:]], rest=True)


def share(of: Sequence[int]) -> Cell:
    """A part of a whole as both are shown; None of nothing."""
    return rounding.share(of[0], of[1]) if of[1] > 0 else None
