"""Two raters of the same things: how far they agree, and what they must talk over.

1. A rating is a whole number from 1 to 5, or None for "no information"; a thing that a rater does not name is None.
   Only what both rated is compared. What one of them had no information on is counted, and listed.
2. Kappa = (observed - expected) / (1 - expected) of the agreement, in exact fractions: Cohen 1960 counts equal ratings
   alone; weighted kappa (Cohen 1968) gives d steps apart `1 - d/4` (linear) or `1 - d²/16` (quadratic) of an agreement.
3. Its standard error is the large-sample one of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969), and the
   interval kappa ± 1.96 standard errors, cut to -1 … 1. Where these say less than they seem to, a note says so.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

from custinfo.domain.errors import BadInput

RATINGS = (1, 2, 3, 4, 5)
STEPS_TO_TALK_OVER = 2
FEW = 30
"""Below so many pairs an interval made for large samples is only a hint."""
_NORMAL = 1.959963984540054

K = TypeVar("K")
Ratings = Mapping[K, int | None]


class Weighting(StrEnum):
    """How much of an agreement ratings some steps apart are."""

    EQUAL = "equal"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


class Note(StrEnum):
    """Why kappa or its interval is missing or says little; the sentence is `credit_scorecards.kappa.<note>`."""

    NOTHING_COMPARED = "nothing_compared"
    ONE_RATING = "one_rating"
    """Both gave the same rating to everything: chance alone would make them agree, and there is no kappa."""
    ONE_RATER_CONSTANT = "one_rater_constant"
    """One gave the same rating to everything: kappa is 0 whatever the other did."""
    NO_DISAGREEMENT = "no_disagreement"
    """The standard error is 0, which says nothing about the next ratings."""
    FEW = "few"


@dataclass(frozen=True)
class Agreement:
    """How far two raters agree. `observed` and `expected` are shares of 1 by `weighting`; `kappa`, `standard_error`,
    `low` and `high` are None together, where there is no kappa; `left_out` counts what only one of them rated.
    """

    weighting: Weighting
    compared: int
    equal: int
    left_out: int
    observed: Fraction | None
    expected: Fraction | None
    kappa: Fraction | None
    standard_error: float | None
    low: float | None
    high: float | None
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Difference(Generic[K]):
    """Two ratings of the same thing that are apart; None is "no information"."""

    of: K
    first: int | None
    second: int | None

    @property
    def steps(self) -> int:
        """How many steps apart; 0 where one of them had no information."""
        return abs(self.first - self.second) if self.first is not None and self.second is not None else 0


def agreement(first: Ratings[K], second: Ratings[K], weighting: Weighting = Weighting.EQUAL) -> Agreement:
    """How far the two agree. Raises BadInput for a rating that is not a whole number from 1 to 5."""
    known = _checked(first), _checked(second)
    both = known[0].keys() & known[1].keys()
    table = Counter((known[0][of], known[1][of]) for of in both)
    counts = len(both), sum(table[r, r] for r in RATINGS), len(known[0].keys() ^ known[1].keys())
    if not both:
        return Agreement(weighting, *counts, None, None, None, None, None, None, (Note.NOTHING_COMPARED,))
    shares = {pair: Fraction(count, len(both)) for pair, count in table.items()}
    weight = {(one, other): _weight(one, other, weighting) for one in RATINGS for other in RATINGS}
    rows = {r: sum((shares.get((r, other), Fraction()) for other in RATINGS), Fraction()) for r in RATINGS}
    columns = {r: sum((shares.get((one, r), Fraction()) for one in RATINGS), Fraction()) for r in RATINGS}
    observed = sum((weight[pair] * share for pair, share in shares.items()), Fraction())
    expected = sum((weight[a, b] * rows[a] * columns[b] for a, b in weight), Fraction())
    if expected == 1:
        return Agreement(weighting, *counts, observed, expected, None, None, None, None, (Note.ONE_RATING,))
    kappa = (observed - expected) / (1 - expected)
    error = math.sqrt(_variance(shares, weight, rows, columns, observed, expected) / len(both))
    low, high = (max(-1.0, float(kappa) - _NORMAL * error), min(1.0, float(kappa) + _NORMAL * error))
    notes = _notes(len(both), observed, rows, columns)
    return Agreement(weighting, *counts, observed, expected, kappa, error, low, high, notes)


def to_talk_over(first: Ratings[K], second: Ratings[K]) -> tuple[Difference[K], ...]:
    """What the two must talk over before a grade is given: ratings two steps or more apart, the furthest apart first,
    then in the first one's order. Raises BadInput for a rating that is not a whole number from 1 to 5.
    """
    known = _checked(first), _checked(second)
    both = [Difference(of, known[0][of], known[1][of]) for of in known[0] if of in known[1]]
    far = [difference for difference in both if difference.steps >= STEPS_TO_TALK_OVER]
    return tuple(sorted(far, key=lambda difference: -difference.steps))


def one_sided(first: Ratings[K], second: Ratings[K]) -> tuple[Difference[K], ...]:
    """What only one of them had information on: the first one's, then the second one's, each in the rater's order."""
    known = _checked(first), _checked(second)
    only_first = [Difference(of, rating, None) for of, rating in known[0].items() if of not in known[1]]
    only_second = [Difference(of, None, rating) for of, rating in known[1].items() if of not in known[0]]
    return (*only_first, *only_second)


def _checked(ratings: Ratings[K]) -> dict[K, int]:
    for of, rating in ratings.items():
        if rating is not None and (type(rating) is not int or rating not in RATINGS):
            raise BadInput("credit_scorecards.score.not_a_rating", indicator=of, given=rating)
    return {of: rating for of, rating in ratings.items() if rating is not None}


def _weight(one: int, other: int, weighting: Weighting) -> Fraction:
    apart = Fraction(abs(one - other), RATINGS[-1] - RATINGS[0])
    if weighting is Weighting.EQUAL:
        return Fraction(one == other)
    return 1 - apart if weighting is Weighting.LINEAR else 1 - apart**2


def _variance(
    shares: Mapping[tuple[int, int], Fraction],
    weight: Mapping[tuple[int, int], Fraction],
    rows: Mapping[int, Fraction],
    columns: Mapping[int, Fraction],
    observed: Fraction,
    expected: Fraction,
) -> Fraction:
    """Of kappa, for one pair of ratings: formula 14 of Fleiss, Cohen and Everitt. Exact, so that it is never below
    zero.
    """
    of_row = {a: sum((weight[a, b] * columns[b] for b in RATINGS), Fraction()) for a in RATINGS}
    of_column = {b: sum((weight[a, b] * rows[a] for a in RATINGS), Fraction()) for b in RATINGS}
    squares = sum(
        (
            share * (weight[a, b] * (1 - expected) - (of_row[a] + of_column[b]) * (1 - observed)) ** 2
            for (a, b), share in shares.items()
        ),
        Fraction(),
    )
    mean = observed * expected - 2 * expected + observed
    return (squares - mean**2) / (1 - expected) ** 4


def _notes(
    compared: int, observed: Fraction, rows: Mapping[int, Fraction], columns: Mapping[int, Fraction]
) -> tuple[Note, ...]:
    constant = any(share == 1 for share in (*rows.values(), *columns.values()))
    said = {Note.ONE_RATER_CONSTANT: constant, Note.NO_DISAGREEMENT: observed == 1, Note.FEW: compared < FEW}
    return tuple(note for note, holds in said.items() if holds)
