"""Who defaulted after being graded, from sales and payments: what a back-test holds grades against.

1. The goods of a day are one delivery, due TERMS_DAYS after it whatever terms were agreed, which the lake does not
   have. Payments and returns settle deliveries first in, first out (`payments.settled`).
2. A delivery counts in the period whose days hold its last day of grace, DEFAULT_DAYS after it was due: from the day
   after `start` to `day`. Its customer defaulted when it was not settled whole by the end of that day.
3. Of a customer without such a delivery nothing is known (NULL): neither good nor bad.
4. The grade is the one that was given last by the end of `start`; who had none is not in the test.
"""

from datetime import date, datetime, time, timedelta

import ibis
import ibis.expr.types as ir

from custinfo.classification.credit import payments
from custinfo.domain.sums import total_fen

TERMS_DAYS = 30
DEFAULT_DAYS = 90
ABSENT = "-"


def graded_on(decisions: ir.Table, day: date) -> ir.Table:
    """The grade of each customer at the end of `day` (of UTC), in no order: `customer_key`, `grade`, `points` (both may
    be NULL).

    `decisions` has `customer_key`, `kind`, `decision` (unique), `grade`, `points`, `recorded_at` (naive, UTC). Of two
    recorded at once the later `decision` in the alphabet counts. What people set a grade to (kind `override`) is left
    out: it is the scorecard that is tested.
    """
    end = ibis.literal(datetime.combine(day + timedelta(days=1), time()), "timestamp")
    made = decisions.filter(decisions.kind == "decision", decisions.recorded_at < end)
    order = [made.recorded_at.desc(), made.decision.desc()]
    placed = made.mutate(place=ibis.row_number().over(group_by=made.customer_key, order_by=order))
    return placed.filter(placed.place == 0).select("customer_key", "grade", "points")


def outcomes(graded: ir.Table, sales: ir.Table, start: date, day: date) -> ir.Table:
    """Every row of `graded` (a unique `customer_key`) with `defaulted` (boolean; NULL: not known), in no order.

    `sales` has `customer_key`, `kind` (sale, return, payment), `occurred_on`, `amount_fen` (int64). Looks at deliveries
    whose last day of grace is after `start` and not after `day`.
    """
    grace = TERMS_DAYS + DEFAULT_DAYS
    first, last = start + timedelta(days=1 - grace), day - timedelta(days=grace)
    own = sales.filter(sales.occurred_on <= day).semi_join(graded, "customer_key")
    goods = payments.sold(own)
    deliveries = goods.mutate(due_on=(goods.invoiced_on + ibis.interval(days=TERMS_DAYS)).cast("date"))
    parts = payments.settled(deliveries, payments.given(own), day)
    in_time = parts.filter(parts.paid_on.delta(parts.due_on, unit="day").cast("int64") <= DEFAULT_DAYS)
    settled = in_time.group_by("invoice").aggregate(settled_fen=total_fen(in_time.settled_fen))
    counted = deliveries.filter(deliveries.invoiced_on.between(first, last))
    joined = counted.left_join(settled, counted.document == settled.invoice)
    unpaid = joined.mutate(unpaid=(joined.amount_fen > joined.settled_fen.fill_null(0)).ifelse(1, 0))
    worst = unpaid.group_by("customer_key").aggregate(unpaid=unpaid.unpaid.max())
    found = graded.left_join(worst, "customer_key").drop("customer_key_right")
    return found.mutate(defaulted=found.unpaid > 0).drop("unpaid")


def moves(before: ir.Table, after: ir.Table) -> ir.Table:
    """How many customers went from which grade to which: `from_grade`, `to_grade` (ABSENT for who is not in one of the
    two), `customers`, `from_customers` (int64: all who had that grade before), in no order.

    Both have a unique `customer_key` and `grade` (not NULL).
    """
    later = after.select(later_key="customer_key", to_grade="grade")
    both = before.outer_join(later, before.customer_key == later.later_key)
    pairs = both.select(from_grade=both.grade.fill_null(ABSENT), to_grade=both.to_grade.fill_null(ABSENT))
    counted = pairs.group_by("from_grade", "to_grade").aggregate(customers=pairs.count().cast("int64"))
    whole = counted.customers.sum().over(group_by=counted.from_grade).cast("int64")
    return counted.mutate(from_customers=whole)
