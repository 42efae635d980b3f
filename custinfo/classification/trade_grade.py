"""Grades of customers by their dealings with us (R88): goods, sales and how payment comes in; A, B, C or N.

Three aspects give 0 to 100 points each, by the rule file:

1. sales: the points of the customer's value grade. Who has no net sales (N) is N here too, whatever else is known.
2. goods: what came back within the window, against what was sold in it. Nothing sold and something returned is all.
3. payment: of the money that fell due within the window, the share paid in time, and the days beyond terms on average;
   the lower points count. Invoices are the goods of a day, due by the customer's terms, or ours where none are known;
   payments and returns settle them first in, first out (`credit.payments`). Exactly on a limit is within it.

More sales that are paid in time never lower a grade; unpaid ones may, for less of the money due is paid then. In time
is by the account, as in 3: while older goods are open, what is paid for new ones settles those.

Points are the sum of the aspects, each times its weight, divided by the weights that count, rounded down. Payment does
not count where nothing fell due, or where `payments_known` says that no payments are in the data at all: no information
is no middling mark. The grade is the band of the points. All is integer arithmetic but the days beyond terms: one
division, equal on every engine.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import bands, rules
from custinfo.classification.bands import Band
from custinfo.classification.credit import payments
from custinfo.classification.credit.terms import PaymentTermsRule
from custinfo.classification.rules import Fault, Many, Part, Rule
from custinfo.classification.value_grade import GRADES, window_start
from custinfo.domain.sums import total_fen

FILE = "trade_grade.toml"
ASPECTS = ("sales", "goods", "payment")
HIGHEST = 100
_WIDE = "decimal(38, 0)"

Points = Annotated[int, Field(ge=0, le=HIGHEST)]


class Step(Part):
    """A line of a scale: up to, or from, this limit a customer has these points; the last may have no limit."""

    limit: Annotated[int, Field(ge=0)] | None = None
    points: Points


class TradeGradeRule(Rule):
    """One version: weights in per cent, the points of each aspect, and the bands of their sum."""

    months: Annotated[int, Field(gt=0, le=120)]
    weights: dict[Literal["sales", "goods", "payment"], Annotated[int, Field(gt=0)]]
    sales_points: dict[Literal["A", "B", "C"], Points]
    returned: Many[Step]
    in_time: Many[Step]
    beyond_terms: Many[Step]
    band: Many[Band]

    def check(self) -> None:
        """Raises Fault for weights or value grades that are not all there, scales that do not go one way, and bands
        other than A, B and C, or with an overlap or a hole.
        """
        if set(self.weights) != set(ASPECTS) or sum(self.weights.values()) != HIGHEST:
            raise Fault("trade_grade.weights", found=sum(self.weights.values()))
        by_grade = [self.sales_points.get(grade) for grade in ("A", "B", "C")]
        if None in by_grade or by_grade != sorted((one or 0 for one in by_grade), reverse=True):
            raise Fault("trade_grade.sales_points")
        _check_scale("returned", self.returned)
        _check_scale("beyond_terms", self.beyond_terms)
        _check_scale("in_time", self.in_time, falling=True)
        bands.check(self.band, lowest=0)
        if tuple(band.name for band in self.band) != GRADES[:3]:
            raise Fault("vertical.band_names", expected=", ".join(GRADES[:3]))


def _check_scale(name: str, scale: Sequence[Step], *, falling: bool = False) -> None:
    """Limits go one way, points fall, and every value finds a line."""
    *with_limit, last = scale
    limits = [step.limit for step in (scale if falling else with_limit)]
    points = [step.points for step in scale]
    numbers = [limit for limit in limits if limit is not None]
    one_way = all((a > b) if falling else (a < b) for a, b in pairwise(numbers))
    ends = last.limit == 0 if falling else last.limit is None
    if len(numbers) != len(limits) or not one_way or not ends or any(a <= b for a, b in pairwise(points)):
        raise Fault("trade_grade.scale", name=name)


def rule(on: date, folder: Path = rules.FOLDER) -> TradeGradeRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, TradeGradeRule, folder)


def classify(
    graded: ir.Table, sales: ir.Table, agreed: ir.Table, on: date, rule: TradeGradeRule, due: PaymentTermsRule,
    *, payments_known: bool = True,
) -> ir.Table:  # fmt: skip
    """Exactly one grade for each customer of `graded`, on the day `on`.

    `graded` is as `value_grade.grade` gives it for that day; `sales` has `customer_key`, `kind` (sale, return,
    payment), `occurred_on`, `amount_fen`; `agreed` has `customer_key` (unique) and `terms`, a code of `payment_terms`.
    Gives `customer_key`, `trade_grade`, `points` (int64; NULL of N), `value_grade`, `sold_fen`, `returned_fen`,
    `due_fen`, `in_time_fen` (int64), `days_beyond_terms` (float64 or NULL), `held_by` (the weakest aspect beside sales
    below full points: goods, payment, or NULL), `rule_version` (int32), in no order.
    """
    known = _known(graded, sales, agreed, on, rule, due)
    aspect = known.mutate(
        sales_points=ibis.cases(*((known.value_grade == grade, rule.sales_points[grade]) for grade in ("A", "B", "C"))),
        goods_points=_goods(known, rule),
        payment_points=_payment(known, rule) if payments_known else ibis.null("int64"),
    )
    points = _points(aspect, rule)
    reached = ((points >= band.at_least, band.name) for band in rule.band)
    full = ibis.literal(HIGHEST, "int64")
    goods, payment = aspect.goods_points, aspect.payment_points.fill_null(full)
    held = ibis.cases(
        ((payment <= goods) & (payment < full), "payment"), (goods < full, "goods"), else_=ibis.null("string")
    )
    none = aspect.value_grade == "N"
    return aspect.select(
        "customer_key", "value_grade", "sold_fen", "returned_fen", "due_fen", "in_time_fen", "days_beyond_terms",
        trade_grade=ibis.cases((none, "N"), *reached),
        points=none.ifelse(ibis.null("int64"), points),
        held_by=none.ifelse(ibis.null("string"), held),
        rule_version=ibis.literal(rule.version, "int32"),
    )  # fmt: skip


def _known(
    graded: ir.Table, sales: ir.Table, agreed: ir.Table, on: date, rule: TradeGradeRule, due: PaymentTermsRule
) -> ir.Table:  # fmt: skip
    first = window_start(on, rule.months)
    customers = graded.select("customer_key")
    paid = payments.behaviour(customers, *_account(sales, agreed, on, due), first, on)
    recent = sales.filter(sales.occurred_on.between(first, on))
    sums = recent.group_by(sold_key="customer_key").aggregate(
        **{name: total_fen((recent.kind == kind).ifelse(recent.amount_fen, 0))
           for name, kind in (("sold_fen", "sale"), ("returned_fen", "return"))}
    )  # fmt: skip
    graded = graded.select("customer_key", value_grade="grade")
    rows = graded.left_join(sums, [("customer_key", "sold_key")]).drop("sold_key")
    paid = paid.select("due_fen", "in_time_fen", "days_beyond_terms", paid_key="customer_key")
    rows = rows.left_join(paid, [("customer_key", "paid_key")]).drop("paid_key")
    return rows.mutate(**{name: rows[name].fill_null(0) for name in ("sold_fen", "returned_fen")})


def _account(sales: ir.Table, agreed: ir.Table, on: date, due: PaymentTermsRule) -> tuple[ir.Table, ir.Table]:
    """The invoices and the payments of everybody, as `payments.behaviour` takes them."""
    until = sales.filter(sales.occurred_on <= on)
    # Terms that the rule does not name are not known: ours count
    known = agreed.filter(agreed.terms.isin([one.code for one in due.terms]))
    return payments.by_terms(until, known, on, due), payments.given(until)


def _goods(known: ir.Table, rule: TradeGradeRule) -> ir.IntegerValue:
    returned, sold = known.returned_fen.cast(_WIDE) * 100, known.sold_fen.cast(_WIDE)
    *limited, last = rule.returned
    within = ((returned <= sold * (step.limit or 0), _whole(step.points)) for step in limited)
    return ibis.cases(*within, else_=_whole(last.points))


def _payment(known: ir.Table, rule: TradeGradeRule) -> ir.IntegerValue:
    """NULL where nothing fell due."""
    due, in_time = known.due_fen.cast(_WIDE), known.in_time_fen.cast(_WIDE) * 100
    share = ibis.cases(*((in_time >= due * (step.limit or 0), _whole(step.points)) for step in rule.in_time))
    *limited, last = rule.beyond_terms
    late = ((known.days_beyond_terms <= float(step.limit or 0), _whole(step.points)) for step in limited)
    days = ibis.cases(*late, else_=_whole(last.points))
    return ibis.cases((known.due_fen.fill_null(0) > 0, ibis.least(share, days)), else_=ibis.null("int64"))


def _points(aspect: ir.Table, rule: TradeGradeRule) -> ir.IntegerValue:
    weight = rule.weights
    sure = aspect.sales_points * weight["sales"] + aspect.goods_points * weight["goods"]
    without = weight["sales"] + weight["goods"]
    all_of = (sure + aspect.payment_points * weight["payment"]) // HIGHEST
    return ibis.cases((aspect.payment_points.isnull(), sure // without), else_=all_of).cast("int64")


def _whole(points: int) -> ir.IntegerScalar:
    return ibis.literal(points, "int64")
