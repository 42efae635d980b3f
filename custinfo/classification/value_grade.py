"""Value grades: customers by their trailing net sales, A, B, C or N (no sales).

1. Net sales are sales less returns, in fen, within the window that ends on the day of grading, that day included.
   Payments do not count. A customer without rows, or whose net sales are not above zero, is N.
2. The others stand in descending order of net sales. Before each stands the sum of all who sold strictly more, so that
   customers of equal net sales have the same sum before them and get the same grade.
3. With `total` the sum of all positive net sales: A when `before * 100 < a_percent * total`; else B when
   `before * 100 < b_percent * total`; else C. The customer who crosses a cut-off is still in the higher grade, and the
   largest customer is always A.

Everything is integer arithmetic: the same rows give the same grades on every engine, in any order.
"""

import calendar
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Rule
from custinfo.domain.periods import Month

GRADES = ("A", "B", "C", "N")

FILE = "value_grade.toml"


class ValueGradeRule(Rule):
    """One version of the cut-offs: `a_percent` and `b_percent` are cumulative shares, `months` the window's length."""

    a_percent: Annotated[int, Field(gt=0)]
    b_percent: Annotated[int, Field(le=100)]
    months: Annotated[int, Field(gt=0, le=120)]

    def check(self) -> None:
        """Raises Fault when B does not end below A."""
        if self.a_percent >= self.b_percent:
            raise Fault("classification.cut_offs", a=self.a_percent, b=self.b_percent)


def rule(on: date, folder: Path = rules.FOLDER) -> ValueGradeRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, ValueGradeRule, folder)


def window_start(on: date, months: int) -> date:
    """The first day of the window of so many months that ends on `on`.

    It is the day after the same day `months` earlier. The last day of a month answers to the last day of the other, so
    that at a month's end the window is whole calendar months; a day that the other month lacks becomes its last.
    """
    last = Month.of(on).plus(-months).last
    at_month_end = on.day == calendar.monthrange(on.year, on.month)[1]
    same = last if at_month_end else last.replace(day=min(on.day, last.day))
    return same + timedelta(days=1)


def grade(customers: ir.Table, sales: ir.Table, on: date, rule: ValueGradeRule) -> ir.Table:
    """Exactly one grade for each of `customers`, on the day `on`.

    `customers` has a unique `customer_key`; `sales` has `customer_key`, `kind`, `occurred_on`, `amount_fen`. Gives
    `customer_key`, `sales_12m_fen` (int64, net sales in the window), `grade`, `rule_version` (int32), in no order.
    Sales of customers who are not in `customers` do not count.
    """
    net = _net_sales(sales, window_start(on, rule.months), on)
    known = customers.select("customer_key").left_join(net, "customer_key")
    graded = known.select("customer_key", sales_12m_fen=known.net_fen.fill_null(0))
    positive = ibis.greatest(graded.sales_12m_fen, 0)
    # RANGE takes in the customers of equal sales; they are taken off again. Six times as fast as a frame that ends
    # one fen above the row
    sold_as_much = ibis.range_window(preceding=(None, 0), order_by=graded.sales_12m_fen.desc())
    ties = graded.count().over(group_by=graded.sales_12m_fen)
    ranked = graded.mutate(before=positive.sum().over(sold_as_much) - positive * ties, total=positive.sum().over())
    return ranked.select(
        "customer_key",
        "sales_12m_fen",
        grade=ibis.cases(
            (ranked.sales_12m_fen <= 0, "N"),
            (ranked.before * 100 < ranked.total * rule.a_percent, "A"),
            (ranked.before * 100 < ranked.total * rule.b_percent, "B"),
            else_="C",
        ),
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _net_sales(sales: ir.Table, first: date, last: date) -> ir.Table:
    counted = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on.between(first, last))
    signed = ibis.cases((counted.kind == "sale", counted.amount_fen), else_=-counted.amount_fen)
    # DuckDB sums int64 as HUGEINT, which it writes to Parquet as DOUBLE. Ibis takes the sum for int64 and leaves
    # a plain cast out; the one by way of a decimal stays
    return counted.group_by("customer_key").aggregate(net_fen=signed.sum().cast("decimal(38, 0)").cast("int64"))
