"""Visits to customers (R120, R121): how many, by whom, to how many customers, with a superior; who was left out."""

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir


def within(versions: ir.Table, first: date, last: date) -> ir.Table:
    """Each visit from `first` to `last` once, as its newest version tells it.

    `versions` has `visit_number`, `version`, `visited_on` (2026-10-31) and any other columns, which are kept.
    """
    newest = ibis.row_number().over(group_by=versions.visit_number, order_by=versions.version.desc())
    current = versions.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")
    return current.filter(current.visited_on.between(first.isoformat(), last.isoformat()))


def counted(visits: ir.Table, by: Sequence[str]) -> ir.Table:
    """For each group of `by`: `visits`, `customers` (with a card, each once), `accompanied` and `staff` (int64).

    `visits` as `within` gives it, with `customer_key` (NULL for who has no card), `accompanied` (yes or no) and
    `staff_key`. In no order; no visits give no groups.
    """
    came = (visits.accompanied == "yes").fill_null(False)
    return visits.group_by(list(by)).aggregate(
        visits=visits.count().cast("int64"), customers=visits.customer_key.nunique().cast("int64"),
        accompanied=visits.count(where=came).cast("int64"), staff=visits.staff_key.nunique().cast("int64"),
    )  # fmt: skip


def of_customers(customers: ir.Table, visits: ir.Table) -> ir.Table:
    """The rows of `customers` (a unique `customer_key`) with `visits`, how many of these went to each (int64)."""
    seen = visits.filter(visits.customer_key.notnull())
    seen = seen.group_by(of_key="customer_key").aggregate(many=seen.count())
    known = customers.left_join(seen, [("customer_key", "of_key")]).drop("of_key")
    return known.mutate(visits=known.many.fill_null(0).cast("int64")).drop("many")
