"""What the screen of customer value rests on: RFM scores, the fitted models, what each customer is worth.

A model that cannot be fitted is the refusal that says why; the rest of the screen stands without it. Models are fitted
on at most SAMPLE customers, which settles their parameters to the second digit, and then say something of everybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import ibis
import ibis.expr.types as ir

from custinfo.classification import lifetime, rfm, spending, value_grade
from custinfo.classification.lifetime import BuyingModel, Calibration
from custinfo.classification.spending import SpendingModel
from custinfo.domain.errors import BadInput
from custinfo.screens.explorer_view import View
from custinfo.statistics import numbering
from custinfo.statistics.amounts import total_fen

DAYS = 182
"""How far is looked ahead, and over how many days the forecast is judged: half a year."""
MONTHS = 12
MONTHLY_RATE = 0.01
"""What a value is worth today: purchases of so many months, each month discounted by so much."""

SAMPLE = 30_000
COLUMNS = ("kind", "occurred_on", "amount_fen", "cost_fen")

T = TypeVar("T")


@dataclass(frozen=True)
class Models:
    """`scored` has a row for each customer: what `rfm.scores` gives, and `alive`, `expected` (float64), `value_fen`
    (int64), NULL where they are not known; `sums` what they bought in the window, in as few lines as profit needs. A
    model, or the calibration, is the refusal where there is none.
    """

    scored: ir.Table
    sums: ir.Table
    buying: BuyingModel | BadInput
    spending: SpendingModel | BadInput
    calibration: Calibration | BadInput


def made(view: View) -> Models:
    """Fitted on the lake as of its day; raises BadInput when no rule of RFM is in force."""
    opened, on = view.opened, view.on
    rule = rfm.rule(on)
    by_number = numbering.numbered(opened.customers, opened.sales, COLUMNS)
    scores = rfm.scores(by_number.customers, by_number.sales, on, rule)
    seen = spending.summary(by_number.sales, on).cache()
    some = _sample(seen).cache()
    buying = _unless_refused(lambda: lifetime.fit(lifetime.observed(some)))
    spends = _unless_refused(lambda: spending.fit(spending.spent(some)))
    theirs = by_number.sales.semi_join(some, "customer_key").cache()
    judged = _unless_refused(lambda: lifetime.calibrate(theirs, on - timedelta(days=DAYS), on))
    scored = by_number.named(_scored(scores, seen, buying, spends)).cache()
    first = value_grade.window_start(on, rule.months)
    return Models(scored, by_number.named(_sums(by_number.sales, first, on)).cache(), buying, spends, judged)


def _sample(seen: ir.Table) -> ir.Table:
    """The same customers each time: numbers are in the order of the ends of the keys (`numbering.Numbered`)."""
    return seen.order_by("customer_key").limit(SAMPLE)


def _sums(sales: ir.Table, first: date, last: date) -> ir.Table:
    """Sales of the window, one line for each customer, kind, and whether the cost is known, on the last day: profit of
    any group of customers is the same from these as from the lines.
    """
    within = sales.filter(sales.occurred_on.between(first, last))
    summed = within.group_by("customer_key", "kind", costed=within.cost_fen.notnull()).agg(
        amount_fen=total_fen(within.amount_fen), cost_fen=total_fen(within.cost_fen)
    )
    return summed.drop("costed").mutate(occurred_on=ibis.date(last))


def _unless_refused(fit: Callable[[], T]) -> T | BadInput:
    try:
        return fit()
    except BadInput as refused:
        return refused


def _scored(
    scores: ir.Table, seen: ir.Table, buying: BuyingModel | BadInput, spends: SpendingModel | BadInput
) -> ir.Table:
    nothing = {name: ibis.null(kind).name(name) for name, kind in _FOUND.items()}
    if isinstance(buying, BadInput):
        return scores.mutate(**nothing)
    found = lifetime.scores(seen, buying, DAYS).select(found_key="customer_key", alive="alive", expected="expected")
    joined = scores.left_join(found, [("customer_key", "found_key")]).drop("found_key")
    if isinstance(spends, BadInput):
        return joined.mutate(value_fen=nothing["value_fen"])
    worth = spending.values(seen, buying, spends, MONTHS, MONTHLY_RATE)
    worth = worth.select(worth_key="customer_key", value_fen="value_fen")
    return joined.left_join(worth, [("customer_key", "worth_key")]).drop("worth_key")


_FOUND = {"alive": "float64", "expected": "float64", "value_fen": "int64"}
