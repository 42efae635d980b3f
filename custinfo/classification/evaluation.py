"""Evaluation of a customer (R166): what people rate from 1 to 5 by anchors, together by weights, and how that spreads.

1. An item is rated with evidence, or there is "no information", which is never taken for a 3: its weight is left out,
   and the share of the weight that is known is the coverage. Below the rule's coverage there are no points.
2. Where two people rated, an item counts as the mean of the two; what only one knows counts as that one rated it.
   Ratings two steps apart or more are talked over first (`credit.raters.to_talk_over`).
3. Points = the mean of the known items by weight, as hundredths of a rating: 350 is 3.5. So are single items.

Weights are those that AHP makes of judgements in pairs, checked as those of credit are (`credit.weights`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from custinfo.classification import rules
from custinfo.classification.credit import raters
from custinfo.classification.credit.scorecards import CardRule, Indicator, IndicatorsRule
from custinfo.domain.errors import BadInput

FILE, ITEMS = "evaluation.toml", "evaluation_items.toml"
ALL = "all"
"""Stands for the whole evaluation where items are named."""
HUNDRED = 100
"""A rating of 1, in hundredths of a rating."""


@dataclass(frozen=True)
class Card:
    """What is rated, with weights, as in force on a day: `items` in the order of the criteria."""

    rule: CardRule
    items: Mapping[str, Indicator]


@dataclass(frozen=True)
class Evaluated:
    """What ratings come to. `items` have hundredths of a rating or None; `points` are None below the rule's coverage,
    which is in hundredths of a percent. `raters` is how many people rated.
    """

    items: Mapping[str, int | None]
    points: int | None
    coverage: int
    raters: int


def card(on: date, folder: Path = rules.FOLDER) -> Card:
    """The card in force on a day. Raises BadInput for files out of order, and for an item that is not described."""
    rule = rules.on(on, FILE, CardRule, folder)
    known = {one.code: one for one in rules.on(on, ITEMS, IndicatorsRule, folder).indicator}
    for code in rule.shares():
        if code not in known:
            raise BadInput("credit_scorecards.card.no_indicator", file=FILE, version=rule.version, code=code)
    return Card(rule, {code: known[code] for code in rule.shares()})


def evaluate(card: Card, rated: Sequence[Mapping[str, int | None]]) -> Evaluated:
    """What one or two people's ratings come to; what a person does not name is "no information".

    Raises BadInput for a rating that is not a whole number from 1 to 5, an item that the card does not have, nobody or
    more than two people, and for two ratings that must be talked over.
    """
    if not 1 <= len(rated) <= 2:
        raise BadInput("evaluation.people", found=len(rated))
    for one in rated:
        for code in one:
            if code not in card.items:
                raise BadInput("evaluation.no_item", item=code[:40])
    apart = raters.to_talk_over(rated[0], rated[-1])  # of one person's with themselves nothing is apart
    if apart:
        raise BadInput("evaluation.apart", items=", ".join(difference.of for difference in apart))
    means = {code: _mean([one.get(code) for one in rated]) for code in card.items}
    shares = card.rule.shares()
    known = [(shares[code], mean) for code, mean in means.items() if mean is not None]
    coverage = sum((share for share, _ in known), Fraction())
    points = None
    if known and coverage * HUNDRED >= card.rule.minimum_percent:
        points = _hundredths(sum((share * mean for share, mean in known), Fraction()) / coverage)
    items = {code: None if mean is None else _hundredths(mean) for code, mean in means.items()}
    return Evaluated(items, points, _hundredths(coverage * HUNDRED), len(rated))


def _mean(given: Sequence[int | None]) -> Fraction | None:
    known = [rating for rating in given if rating is not None]
    return Fraction(sum(known), len(known)) if known else None


def _hundredths(value: Fraction) -> int:
    """Rounded half up, as nothing here is below zero."""
    return int(value * HUNDRED + Fraction(1, 2))
