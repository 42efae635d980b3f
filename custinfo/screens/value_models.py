"""What the screen of customer value rests on: RFM scores, the fitted models, what each customer is worth.

A model that cannot be fitted is the refusal that says why; the rest of the screen stands without it. Models are fitted
on at most SAMPLE customers, which settles their parameters to the second digit, and then say something of everybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import ibis
import ibis.expr.types as ir

from custinfo.classification import lifetime, rfm, spending
from custinfo.classification.lifetime import BuyingModel, Calibration
from custinfo.classification.spending import SpendingModel
from custinfo.domain.errors import BadInput
from custinfo.screens.explorer_view import View

DAYS = 182
"""How far is looked ahead, and over how many days the forecast is judged: half a year."""
MONTHS = 12
MONTHLY_RATE = 0.01
"""What a value is worth today: purchases of so many months, each month discounted by so much."""

SAMPLE = 30_000
KEY_END = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Models:
    """`scored` has a row for each customer: what `rfm.scores` gives, and `alive`, `expected` (float64), `value_fen`
    (int64), NULL where they are not known. A model, or the calibration, is the refusal where there is none.
    """

    scored: ir.Table
    buying: BuyingModel | BadInput
    spending: SpendingModel | BadInput
    calibration: Calibration | BadInput


def made(view: View) -> Models:
    """Fitted on the lake as of its day; raises BadInput when no rule of RFM is in force."""
    opened, on = view.opened, view.on
    rule = rfm.rule(on)
    scores = rfm.scores(opened.customers, opened.sales, on, rule)
    seen = spending.summary(opened.sales, on).cache()
    some = _sample(seen).cache()
    buying = _unless_refused(lambda: lifetime.fit(lifetime.observed(some)))
    spends = _unless_refused(lambda: spending.fit(spending.spent(some)))
    theirs = opened.sales.semi_join(some, "customer_key").cache()
    judged = _unless_refused(lambda: lifetime.calibrate(theirs, on - timedelta(days=DAYS), on))
    return Models(_scored(scores, seen, buying, spends).cache(), buying, spends, judged)


def _sample(seen: ir.Table) -> ir.Table:
    """The same customers each time: a key is a keyed hash, so its end is a number drawn at random.

    Its beginning is not, where many branches are read together: there it is the branch.
    """
    return seen.order_by(seen.customer_key.right(KEY_END), "customer_key").limit(SAMPLE)


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
