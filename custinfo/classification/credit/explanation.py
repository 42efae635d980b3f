"""What moved a credit grade: facts, which a page or a report puts into words.

Nothing is estimated: what another rating would have made of the grade is found by scoring with it, caps included.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from custinfo.classification.credit.scorecards import Aspect, Scorecard, counterparts
from custinfo.classification.credit.scoring import STEP, Finding, IndicatorScore, Rating, Scored, mean_rating, score


@dataclass(frozen=True)
class Lost:
    """How many points a known indicator keeps from full marks, by the weight that is known."""

    indicator: str
    value: int
    points: Fraction


@dataclass(frozen=True)
class Lever:
    """A rating that, one step higher or lower, would change the grade, all else equal."""

    indicator: str
    value: int
    instead: int
    grade: str


@dataclass(frozen=True)
class Explanation:
    """Why a grade is what it is.

    `lost` comes largest first. `lacking` are the points to the next better grade, `margin` those above the grade's
    lower end (None where there is no grade, or none better). `unknown` are indicators without information, heaviest
    first, and
    `lowest`, `highest` the points if each of them were a 1, or a 5.
    """

    scored: Scored
    lost: tuple[Lost, ...]
    lacking: Fraction | None
    margin: Fraction | None
    levers: tuple[Lever, ...]
    unknown: tuple[str, ...]
    lowest: Fraction
    highest: Fraction


@dataclass(frozen=True)
class SideBySide:
    """What two schemes say of the same question: means from 1 to 5, and how far the second is above the first."""

    aspect: Aspect
    first: str
    second: str
    first_mean: Fraction | None
    second_mean: Fraction | None

    @property
    def difference(self) -> Fraction | None:
        """The second less the first; None where one is not known."""
        if self.first_mean is None or self.second_mean is None:
            return None
        return self.second_mean - self.first_mean


def explain(
    card: Scorecard, ratings: Sequence[Rating], on: date, findings: Sequence[Finding] = ()
) -> Explanation:  # fmt: skip
    """The score of these ratings and what moved it. Raises BadInput as `scoring.score` does."""
    scored = score(card, ratings, on, findings)
    lacking, margin = _distances(card, scored)
    unknown = [one for one in scored.indicators if one.value is None]
    return Explanation(
        scored=scored,
        lost=_lost(scored),
        lacking=lacking,
        margin=margin,
        levers=_levers(card, ratings, on, findings, scored),
        unknown=tuple(one.code for one in sorted(unknown, key=lambda one: -one.weight)),
        lowest=_points_if(scored.indicators, 1),
        highest=_points_if(scored.indicators, 5),
    )


def side_by_side(card: Scorecard, scored: Scored, other: Scorecard, other_scored: Scored) -> tuple[SideBySide, ...]:
    """Two schemes' scores of one customer, by what they both ask: 5C beside 5P."""
    means = {one.code: one.mean for one in scored.criteria}
    others = {one.code: one.mean for one in other_scored.criteria}
    return tuple(
        SideBySide(pair.aspect, pair.first.code, pair.second.code, means[pair.first.code], others[pair.second.code])
        for pair in counterparts(card.card, other.card)
    )


def _lost(scored: Scored) -> tuple[Lost, ...]:
    losses = [
        Lost(one.code, one.value, one.weight / scored.coverage * (5 - one.value) * STEP)
        for one in scored.indicators
        if one.value is not None and one.value < 5
    ]
    return tuple(sorted(losses, key=lambda loss: -loss.points))


def _distances(card: Scorecard, scored: Scored) -> tuple[Fraction | None, Fraction | None]:
    if scored.points is None or scored.grade_of_points is None:
        return None, None
    rank = card.grades.rank(scored.grade_of_points)
    margin = scored.points - card.grades.grade[rank].from_points
    return (card.grades.grade[rank - 1].from_points - scored.points if rank else None), margin


def _levers(
    card: Scorecard, ratings: Sequence[Rating], on: date, findings: Sequence[Finding], scored: Scored
) -> tuple[Lever, ...]:
    levers = []
    for place, rating in enumerate(ratings):
        if rating.value is None or scored.grade is None:
            continue
        for instead in (rating.value + 1, rating.value - 1):
            if not 1 <= instead <= 5:
                continue
            other = [*ratings[:place], replace(rating, value=instead), *ratings[place + 1 :]]
            grade = score(card, other, on, findings).grade
            if grade is not None and grade != scored.grade:
                levers.append(Lever(rating.indicator, rating.value, instead, grade))
    order = {one.code: position for position, one in enumerate(scored.indicators)}
    return tuple(sorted(levers, key=lambda lever: (order[lever.indicator], lever.instead)))


def _points_if(indicators: Sequence[IndicatorScore], unknown: int) -> Fraction:
    filled = [replace(one, value=unknown if one.value is None else one.value) for one in indicators]
    mean = mean_rating(filled)
    assert mean is not None, "a card has indicators, and all are rated now"
    return mean * STEP
