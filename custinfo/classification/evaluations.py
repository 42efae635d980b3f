"""Evaluations of customers (R166) as the lake has them: which counts on a day, and how they spread."""

from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification.credit.raters import RATINGS
from custinfo.classification.evaluation import ALL, HUNDRED


def in_force(rows: ir.Table, on: date) -> ir.Table:
    """Of each customer and item the evaluation that counts on a day: `customer_key`, `item`, `rating` (hundredths;
    NULL of no information), `department`. `rows` are those of the lake's table `evaluations`; of each evaluation the
    newest version alone, whatever days the others were of; of two of the same day the one that was recorded later.
    """
    placed = rows.mutate(_newest=rows.version.max().over(group_by="evaluation"))
    newest = placed.filter(placed.version == placed["_newest"])
    known = newest.filter(newest.evaluated_on <= ibis.literal(on.isoformat()))
    order = [ibis.desc(name) for name in ("evaluated_on", "recorded_at", "evaluation", "version")]
    placed = known.mutate(_place=ibis.row_number().over(group_by=["customer_key", "item"], order_by=order))
    return placed.filter(placed["_place"] == 0).select("customer_key", "item", "rating", "department")


def spread(counting: ir.Table) -> ir.Table:
    """How the customers of `in_force` spread, by item: `item`, `customers` who are rated, `sum_rating` (hundredths),
    and how many have 1 to 5, `r1` … `r5`: a mean of two counts for the rating below the half and above it for the next.
    """
    rated = counting.filter(counting.rating.notnull())
    step = ((rated.rating + HUNDRED // 2) / HUNDRED).floor().cast("int64")
    stepped = rated.mutate(step=step)
    counts = {f"r{n}": (stepped.step == n).sum().cast("int64") for n in RATINGS}
    return stepped.group_by("item").agg(
        customers=stepped.count().cast("int64"), sum_rating=stepped.rating.sum().cast("int64"), **counts
    )


def by_department(counting: ir.Table) -> ir.Table:
    """The whole evaluation by the department of who evaluated: `department`, `customers`, `sum_rating` (hundredths)."""
    whole = counting.filter(counting["item"] == ALL, counting.rating.notnull())
    return whole.group_by("department").agg(
        customers=whole.count().cast("int64"), sum_rating=whole.rating.sum().cast("int64")
    )
