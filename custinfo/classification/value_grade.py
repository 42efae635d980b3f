"""Value grades: customers by their trailing net sales, A, B, C or N (no sales).

1. Net sales are sales less returns, in fen, within the window that ends on the day of grading, that day included; where
   the rule names products, of these alone. Payments do not count. A customer without rows, or whose net sales are not
   above zero, is N.
2. Method `pareto`: the others stand in descending order of net sales. Before each stands the sum of all who sold
   strictly more, so that customers of equal net sales have the same sum before them and get the same grade. With
   `total` the sum of all positive net sales: A when `before * 100 < a_percent * total`; else B when
   `before * 100 < b_percent * total`; else C. The customer who crosses a cut-off is still in the higher grade, and the
   largest customer is always A.
3. Method `absolute`: the band of the rule that holds the net sales. Exactly on a band's `at_least` is within it.
4. The grade of a quarter (`grade_quarter`) has hysteresis where the rule says so: who was graded by the same version of
   the rule in the quarter before rises only when it reaches a cut-off made harder by `hysteresis_percent` of itself,
   and falls only when it misses one made easier by as much: at a cut-off of 100 fen and 10 per cent it rises at 110 fen
   exactly and falls at 89. The grade of a day (`grade`) has none: it looks at that day alone.

Everything is integer arithmetic: the same rows give the same grades on every engine, in any order.
"""

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import bands, rules
from custinfo.classification.bands import Band
from custinfo.classification.rules import Fault, Many, Rule, Text
from custinfo.domain.periods import Quarter, months_before
from custinfo.domain.sums import total_fen

GRADES = ("A", "B", "C", "N")
"""The highest first. In the order of the alphabet, which `_held` makes use of."""

FILE = "value_grade.toml"

_SUM = "decimal(38, 0)"


class ValueGradeRule(Rule):
    """One version of the cut-offs; `months` is the window's length.

    Method `pareto` has `a_percent` and `b_percent`, cumulative shares; method `absolute` has `band`s A, B and C in fen.
    `products`: whose sales count, all when left out.
    """

    method: Literal["pareto", "absolute"] = "pareto"
    months: Annotated[int, Field(gt=0, le=120)]
    a_percent: Annotated[int, Field(gt=0)] | None = None
    b_percent: Annotated[int, Field(le=100)] | None = None
    band: Many[Band] | None = None
    products: Many[Text] | None = None
    hysteresis_percent: Annotated[int, Field(ge=0, lt=100)] = 0

    def check(self) -> None:
        """Raises Fault for entries of the other method, cut-offs out of order, bands that overlap or leave a hole, and
        a hysteresis so wide that the margins of two cut-offs meet.
        """
        wanted = {"pareto": ("a_percent", "b_percent"), "absolute": ("band",)}[self.method]
        for name in ("a_percent", "b_percent", "band"):
            if (getattr(self, name) is None) == (name in wanted):
                raise Fault(f"classification.{'missing' if name in wanted else 'unknown'}_entry", name=name)
        if self.band is not None:
            bands.check(self.band, lowest=1)
            if tuple(band.name for band in self.band) != GRADES[:3]:
                raise Fault("vertical.band_names", expected=", ".join(GRADES[:3]))
        elif self.shares[0] >= self.shares[1]:
            raise Fault("classification.cut_offs", a=self.a_percent, b=self.b_percent)
        if self.hysteresis_percent:
            self._check_hysteresis()

    @property
    def shares(self) -> tuple[int, int]:
        """The cut-offs of A and of B in per cent; those of a rule of bands are 0 and 0."""
        return self.a_percent or 0, self.b_percent or 0

    def _check_hysteresis(self) -> None:
        wider, narrower = 100 + self.hysteresis_percent, 100 - self.hysteresis_percent
        if self.band is not None:
            apart = self.band[0].at_least * narrower > self.band[1].at_least * wider
        else:
            a, b = self.shares
            # Beyond 100 % no customer of B would ever become C
            apart = a * wider < b * narrower and b * wider < 100 * 100
        if not apart:
            raise Fault("vertical.hysteresis_wide", percent=self.hysteresis_percent)


def rule(on: date, folder: Path = rules.FOLDER) -> ValueGradeRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, ValueGradeRule, folder)


def window_start(on: date, months: int) -> date:
    """The first day of the window of so many months that ends on `on`.

    It is the day after the same day `months` earlier. The last day of a month answers to the last day of the other, so
    that at a month's end the window is whole calendar months; a day that the other month lacks becomes its last.
    """
    return months_before(on, months) + timedelta(days=1)


def grade(customers: ir.Table, sales: ir.Table, on: date, rule: ValueGradeRule) -> ir.Table:
    """Exactly one grade for each of `customers`, on the day `on`.

    `customers` has a unique `customer_key`; `sales` has `customer_key`, `kind`, `occurred_on`, `amount_fen`, and
    `product` where the rule names products. Gives `customer_key`, `sales_12m_fen` (int64, net sales in the window),
    `grade`, `rule_version` (int32), in no order. Sales of customers who are not in `customers` do not count.
    """
    placed = _placed(customers, sales, on, rule)
    return _graded(placed, _grade(placed, rule), rule)


def grade_quarter(
    customers: ir.Table, sales: ir.Table, quarter: Quarter, rule: ValueGradeRule, previous: ir.Table | None = None
) -> ir.Table:
    """The grades of a quarter, on its last day, with the rule's hysteresis: as of `grade`, and the column `held`.

    `previous` is what this function gave for the quarter before; None where there was none. A grade is held only where
    the customer had A, B or C by the same version of the rule and has net sales now; all others get the grade of the
    day. `held` is whether the hysteresis made it another than that of the day.
    """
    if previous is None or not rule.hysteresis_percent:
        return grade(customers, sales, quarter.last, rule).mutate(held=ibis.literal(False))
    same_rule = previous.filter(previous.rule_version == rule.version, previous.grade != "N")
    earlier = same_rule.select(earlier_key=same_rule.customer_key, earlier=same_rule.grade)
    placed = _placed(customers, sales, quarter.last, rule)
    known = placed.left_join(earlier, placed.customer_key == earlier.earlier_key).drop("earlier_key")
    of_the_quarter = _held(known, rule)
    return _graded(known, of_the_quarter, rule, held=of_the_quarter != _grade(known, rule))


def counted(sales: ir.Table, rule: ValueGradeRule) -> ir.Table:
    """The rows of `sales` that count by the rule: sales and returns, of its products, on any day."""
    rows = sales.filter(sales.kind.isin(("sale", "return")))
    return rows if rule.products is None else rows.filter(rows["product"].isin(rule.products))


def ranked(table: ir.Table, amount: str) -> ir.Table:
    """`table` with `before`, the sum of all amounts strictly larger, and `total`, that of all amounts above zero.

    Both are decimals without fraction: sums of many large amounts, and cut-offs multiplied out, are beyond int64.
    """
    # Of each amount once: what is put in order are numbers alone, and no two are equal
    amounts = table.group_by(amount).aggregate(customers=table.count())
    sums = ibis.greatest(amounts[amount], 0).cast(_SUM) * amounts.customers
    larger = ibis.window(preceding=(None, 1), order_by=amounts[amount].desc())
    cumulated = amounts.select(
        amount_key=amounts[amount], before=sums.sum().over(larger).fill_null(0), total=sums.sum().over()
    )
    return cumulated.inner_join(table, [("amount_key", amount)]).drop("amount_key")


def _placed(customers: ir.Table, sales: ir.Table, on: date, rule: ValueGradeRule) -> ir.Table:
    net = _net_sales(sales, window_start(on, rule.months), on, rule)
    known = customers.select("customer_key").left_join(net, "customer_key")
    known = known.select("customer_key", sales_12m_fen=known.net_fen.fill_null(0))
    return known if rule.band is not None else ranked(known, "sales_12m_fen")


def _net_sales(sales: ir.Table, first: date, last: date, rule: ValueGradeRule) -> ir.Table:
    rows = counted(sales, rule)
    rows = rows.filter(rows.occurred_on.between(first, last))
    signed = ibis.cases((rows.kind == "sale", rows.amount_fen), else_=-rows.amount_fen)
    return rows.group_by("customer_key").aggregate(net_fen=total_fen(signed))


def _graded(placed: ir.Table, grade: ir.StringValue, rule: ValueGradeRule, **more: ir.Value) -> ir.Table:
    version = ibis.literal(rule.version, "int32")
    return placed.select("customer_key", "sales_12m_fen", grade=grade, rule_version=version, **more)


def _grade(placed: ir.Table, rule: ValueGradeRule, harder_percent: int = 0) -> ir.StringValue:
    """The grade by cut-offs that are harder to reach by so many per cent of themselves; easier, when negative."""
    fen = placed.sales_12m_fen
    if rule.band is not None:
        # Rounded up, which is the same for whole fen and multiplies no amount
        cut_offs = [-(-band.at_least * (100 + harder_percent) // 100) for band in rule.band[:2]]
        reached = [fen >= cut_off for cut_off in cut_offs]
    else:
        cuts = [Fraction(share * (100 - harder_percent), 10_000) for share in rule.shares]
        reached = [placed.before * cut.denominator < placed.total * cut.numerator for cut in cuts]
    return ibis.cases((fen <= 0, "N"), (reached[0], "A"), (reached[1], "B"), else_="C")


def _held(known: ir.Table, rule: ValueGradeRule) -> ir.StringValue:
    """The grade of the quarter before, brought within what the harder and the easier cut-offs allow."""
    lowest, highest = (_grade(known, rule, side * rule.hysteresis_percent) for side in (1, -1))
    return ibis.cases(
        (known.earlier.isnull() | (known.sales_12m_fen <= 0), _grade(known, rule)),
        (known.earlier < highest, highest),
        (known.earlier > lowest, lowest),
        else_=known.earlier,
    )
