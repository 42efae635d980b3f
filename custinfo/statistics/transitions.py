"""Grades from quarter to quarter (R91) in figures, for the meetings: how large each grade was, who changed, and why.

The meetings of the half-year and of the year hold the last quarter of it against the last one before: `SPANS` says how
many quarters lie between.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Quarter
from custinfo.domain.sums import total_fen

SPANS = {"quarter": 1, "half_year": 2, "year": 4}
"""The quarters from the one that is held against to the one that is looked at."""


def closed(sales: ir.Table, on: date, most: int) -> list[Quarter]:
    """The quarters that had ended on `on`, from that of the first row of `sales` on; the newest first, `most` of them.

    `sales` has `occurred_on`. Without a row, or when no quarter has ended since, there is none.
    """
    first: date | None = sales.filter(sales.occurred_on <= on).occurred_on.min().to_pyarrow().as_py()
    if first is None:
        return []
    found: list[Quarter] = []
    quarter = Quarter.of(on)
    if quarter.last > on:
        quarter = quarter.plus(-1)
    while quarter >= Quarter.of(first) and len(found) < most:
        found.append(quarter)
        quarter = quarter.plus(-1)
    return found


def sizes(graded: Mapping[Quarter, ir.Table]) -> ir.Table:
    """The grades of each quarter: `quarter` (as `2026-Q3`), `grade`, `customers`, `net_fen`; ordered by the first two.

    `graded` has for each quarter one row for each customer: `grade`, `sales_12m_fen`.
    """
    parts = [_size(str(quarter), table) for quarter, table in graded.items()]
    return reduce(lambda one, other: one.union(other), parts).order_by("quarter", "grade")


def _size(quarter: str, table: ir.Table) -> ir.Table:
    counted = table.group_by("grade").agg(customers=table.count().cast("int64"), net_fen=total_fen(table.sales_12m_fen))
    return counted.select("grade", "customers", "net_fen", quarter=ibis.literal(quarter))


def by_reason(changed: ir.Table) -> ir.Table:
    """Why grades changed: `direction` (up, down; NULL for who is new or gone), `reason`, `customers`, `change_fen`.

    `changed` has a row for each customer whose grade changed. The most frequent first; as frequent ones by reason and
    direction, NULL before the others.
    """
    counted = changed.group_by("direction", "reason").agg(
        customers=changed.count().cast("int64"), change_fen=total_fen(changed.change_fen)
    )
    return counted.order_by(ibis.desc("customers"), "reason", counted.direction.fill_null(""))


def went(changed: ir.Table, from_grade: str = "", to_grade: str = "", reasons: Sequence[str] = ()) -> ir.Table:
    """Those who went this way for one of these reasons; what is empty leaves it open."""
    for name, wanted in (("from_grade", from_grade), ("to_grade", to_grade)):
        if wanted:
            changed = changed.filter(changed[name] == wanted)
    return changed.filter(changed.reason.isin(list(reasons))) if reasons else changed


def listed(changed: ir.Table) -> ir.Table:
    """The list for the meeting: the largest change of net sales first, whichever way; then by customer."""
    return changed.order_by(changed.change_fen.abs().desc(), "customer_key")
