"""What the screen of customer value rests on: RFM scores, the fitted models, what each customer is worth and adds.

A model that cannot be fitted is the refusal that says why; the rest of the screen stands without it. Models are fitted
on at most SAMPLE customers, which settles their parameters to the second digit, and then say something of everybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir

from custinfo.classification import lifetime, profit, rfm, spending, value_grade
from custinfo.classification.lifetime import BuyingModel, Calibration, Group
from custinfo.classification.spending import SpendingModel
from custinfo.domain.errors import BadInput
from custinfo.lake import Tables
from custinfo.lake.prepared import Made, Recipe, prepared
from custinfo.statistics import numbering

DAYS = 182
"""How far is looked ahead, and over how many days the forecast is judged: half a year."""
MONTHS = 12
MONTHLY_RATE = 0.01
"""What a value is worth today: purchases of so many months, each month discounted by so much."""

SAMPLE = 30_000
COLUMNS = ("kind", "occurred_on", "amount_fen", "cost_fen")
OF_CARDS = ("customer_type", "kind", "ownership")

T = TypeVar("T")


@dataclass(frozen=True)
class Models:
    """`scored` has a row for each customer: what `rfm.scores` gives; `alive`, `expected` (float64), `value_fen`
    (int64), NULL where they are not known; PARTS of `profit` in the window, NULL without a sale or return in it; and
    OF_CARDS, `province` and `section`, blank where they are not known. A model, or the calibration, is the refusal
    where there is none.
    """

    scored: ir.Table
    buying: BuyingModel | BadInput
    spending: SpendingModel | BadInput
    calibration: Calibration | BadInput


def made(opened: Tables, on: date) -> Models:
    """As of the day `on`, from where it was kept if it was; raises BadInput when no rule of RFM is in force."""
    found = prepared(opened, RECIPE, on)
    said = found.said
    return Models(
        found.tables["scored"], _read(said["buying"], _buying), _read(said["spending"], _spending),
        _read(said["calibration"], _calibration),
    )  # fmt: skip


def _make(opened: Tables, on: date) -> Made:
    rule = rfm.rule(on)
    by_number = numbering.numbered(opened.customers, opened.sales, COLUMNS)
    scores = rfm.scores(by_number.customers, by_number.sales, on, rule)
    seen = spending.summary(by_number.sales, on).cache()
    some = _sample(seen).cache()
    buying = _unless_refused(lambda: lifetime.fit(lifetime.observed(some)))
    spends = _unless_refused(lambda: spending.fit(spending.spent(some)))
    theirs = by_number.sales.semi_join(some, "customer_key").cache()
    judged = _unless_refused(lambda: lifetime.calibrate(theirs, on - timedelta(days=DAYS), on))
    first = value_grade.window_start(on, rule.months)
    adds = profit.parts(by_number.sales, "customer_key", first, on)
    worth = _scored(scores, seen, buying, spends).left_join(
        adds.select(adds_key="code", **{name: name for name in profit.PARTS}), [("customer_key", "adds_key")]
    )
    scored = _with_cards(by_number.named(worth.drop("adds_key")), opened)
    said = {"buying": _told(buying), "spending": _told(spends), "calibration": _told(judged)}
    return Made({"scored": scored}, said)


def _with_cards(scored: ir.Table, opened: Tables) -> ir.Table:
    provinces = opened.region.select(region_code="code", province="province")
    sections = opened.industry.select(industry_code="code", section="section")
    cards = opened.customers.select("region", "industry", *OF_CARDS, card_key="customer_key")
    cards = cards.left_join(provinces, [("region", "region_code")])
    cards = cards.left_join(sections, [("industry", "industry_code")])
    known = {name: cards[name].fill_null("") for name in (*OF_CARDS, "province", "section")}
    cards = cards.select("card_key", **known)
    return scored.left_join(cards, [("customer_key", "card_key")]).drop("card_key")


RECIPE = Recipe("value", (rfm.FILE,), _make)


def _told(found: BuyingModel | SpendingModel | Calibration | BadInput) -> Mapping[str, Any]:
    """A model, or why there is none, as JSON holds it."""
    if isinstance(found, BadInput):
        plain = {name: fact if isinstance(fact, int | float) else str(fact) for name, fact in found.facts.items()}
        return {"refused": found.key, "facts": plain}
    return {"found": asdict(found)}


def _read(said: Mapping[str, Any], of: Callable[[dict[str, Any]], T]) -> T | BadInput:
    return of(dict(said["found"])) if "found" in said else BadInput(said["refused"], **said["facts"])


def _buying(said: dict[str, Any]) -> BuyingModel:
    return BuyingModel(**said | {"errors": tuple(said["errors"])})


def _spending(said: dict[str, Any]) -> SpendingModel:
    return SpendingModel(**said | {"errors": tuple(said["errors"])})


def _calibration(said: dict[str, Any]) -> Calibration:
    groups = tuple(Group(**one) for one in said["groups"])
    return Calibration(**said | {"model": _buying(said["model"]), "groups": groups})


def _sample(seen: ir.Table) -> ir.Table:
    """The same customers each time: numbers are in the order of the ends of the keys (`numbering.Numbered`)."""
    return seen.order_by("customer_key").limit(SAMPLE)


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
