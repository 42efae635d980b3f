"""What was sold, taken back and paid, month by month, in fen."""

import ibis.expr.types as ir

from custinfo.domain.periods import Month

MONTHS_IN_SERIES = 13
"""A month, the same month a year before, and all between."""


def by_month(sales: ir.Table, first: Month, last: Month) -> ir.Table:
    """Movements of each month from `first` to `last` in which there was any, in order.

    Columns: `year`, `month` int, `sales_fen`, `returns_fen`, `net_fen` (sales less returns), `payments_fen` int64.
    """
    within = sales.filter(sales.occurred_on.between(first.first, last.last))
    months = within.group_by(year=within.occurred_on.year(), month=within.occurred_on.month()).agg(
        sales_fen=_sum(within, "sale"),
        returns_fen=_sum(within, "return"),
        payments_fen=_sum(within, "payment"),
    )
    return months.mutate(net_fen=months.sales_fen - months.returns_fen).order_by("year", "month")


def series(sales: ir.Table, period: Month) -> ir.Table:
    """`by_month` for `period` and the twelve months before it: all that a month is compared with."""
    return by_month(sales, period.plus(1 - MONTHS_IN_SERIES), period)


def _sum(sales: ir.Table, kind: str) -> ir.IntegerColumn:
    return sales.amount_fen.sum(where=sales.kind == kind).coalesce(0).cast("int64")
