"""From ratings to a credit grade, in exact fractions.

1. An indicator is rated 1 to 5 with evidence, or "no information" (None), which is what one without a rating has
   too. It is never taken for a 3: its weight is left out, and the share of the weight that is known is the coverage.
2. Points = the mean of the known ratings by weight, 2000 for each step: 10000 when all are 5. A criterion's mean is
   that of its own known indicators. Below the coverage that the rule asks for there are points, but no grade.
3. The grade of the points is lowered to the worst of the caps that apply: a criterion's mean or an indicator rated
   so low, or a finding such as the courts' list of dishonest persons; where nothing is known of that, such a cap does
   not apply. Other caps are about not knowing itself: nothing recent about an indicator, or too much old evidence.
4. Evidence counts for the months that the indicator's rule says; an indicator whose newest evidence is older is
   stale: it still counts, and is pointed out with the share of the known weight that is stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from custinfo.classification.credit.grades import FULL
from custinfo.classification.credit.scorecards import Cap, Criterion, Indicator, Scorecard
from custinfo.classification.credit.wording import Listed, Spoken, SpokenBadInput
from custinfo.domain.periods import Month

STEP = FULL // 5
"""Points of one step of a rating."""


@dataclass(frozen=True)
class Evidence:
    """Where something is known from, and the day from which it is."""

    source: str
    on: date


@dataclass(frozen=True)
class Rating:
    """What one person says about one indicator: 1 to 5 with evidence, or None for "no information"."""

    indicator: str
    value: int | None
    rater: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A fact that caps the grade, by its code in the grades' rule."""

    code: str
    evidence: Evidence


@dataclass(frozen=True)
class IndicatorScore:
    """An indicator as it counts: `weight` is its share of the whole card, known or not."""

    code: str
    criterion: str
    value: int | None
    weight: Fraction
    stale: bool
    rater: str | None


@dataclass(frozen=True)
class CriterionScore:
    """A criterion: the mean of its known ratings (None when nothing is known) and the share of its weight that is
    known.
    """

    code: str
    mean: Fraction | None
    coverage: Fraction


@dataclass(frozen=True)
class AppliedCap:
    """A cap that applies, with what set it off: a criterion or indicator and its rating (None: it is not known), or a
    finding, or the whole card, by the cap's own name, and None.
    `lowered`: the grade of the points was better than this.
    """

    code: str
    subject: str
    rating: Fraction | None
    at_most: str
    lowered: bool


@dataclass(frozen=True)
class Scored:
    """What ratings come to. `points` are hundredths of the share of full marks, None when nothing is known; `grade` is
    None below the rule's coverage; `ceiling` is the best grade that the caps leave, whether or not there is a grade.
    """

    scheme: str
    on: date
    points: Fraction | None
    coverage: Fraction
    stale: Fraction
    criteria: tuple[CriterionScore, ...]
    indicators: tuple[IndicatorScore, ...]
    caps: tuple[AppliedCap, ...]
    ceiling: str | None
    grade_of_points: str | None
    grade: str | None
    raters: tuple[str, ...]
    card_version: int
    indicators_version: int
    grades_version: int


def score(card: Scorecard, ratings: Sequence[Rating], on: date, findings: Sequence[Finding] = ()) -> Scored:
    """The grade that ratings come to on a day.

    Raises BadInput for a rating of an indicator that the card does not have, a second one of the same, a value that is
    not a whole number from 1 to 5, one without evidence or with no rater, evidence later than `on`, and an unknown
    finding.
    """
    rated = _checked(card, ratings, on)
    _check_findings(card, findings, on)
    shares = card.card.shares()
    indicators = tuple(
        _indicator(card, criterion, weighed.indicator, shares, rated, on)
        for criterion in card.card.criterion
        for weighed in criterion.indicators
    )
    known = [one for one in indicators if one.value is not None]
    coverage = sum((one.weight for one in known), Fraction())
    mean = mean_rating(indicators)
    points = None if mean is None else mean * STEP
    enough = coverage * 100 >= card.card.minimum_percent
    of_points = card.grades.of(points) if points is not None and enough else None
    criteria = tuple(_criterion(criterion, indicators) for criterion in card.card.criterion)
    caps = _caps(card, criteria, indicators, findings, of_points)
    ceiling = card.grades.worst(*(cap.at_most for cap in caps)) if caps else None
    return Scored(
        scheme=card.scheme,
        on=on,
        points=points,
        coverage=coverage,
        stale=sum((one.weight for one in known if one.stale), Fraction()) / coverage if coverage else Fraction(),
        criteria=criteria,
        indicators=indicators,
        caps=caps,
        ceiling=ceiling,
        grade_of_points=of_points,
        grade=card.grades.worst(of_points, ceiling) if of_points and ceiling else of_points,
        raters=tuple(sorted({rating.rater for rating in ratings})),
        card_version=card.card.version,
        indicators_version=card.indicators_version,
        grades_version=card.grades.version,
    )


def mean_rating(indicators: Sequence[IndicatorScore]) -> Fraction | None:
    """The mean of the known ratings by weight, 1 to 5; None when nothing is known."""
    known = [(one.weight, one.value) for one in indicators if one.value is not None]
    weight = sum((share for share, _ in known), Fraction())
    return sum((share * value for share, value in known), Fraction()) / weight if known else None


def _checked(card: Scorecard, ratings: Sequence[Rating], on: date) -> Mapping[str, Rating]:
    rated: dict[str, Rating] = {}
    for rating in ratings:
        code = rating.indicator
        if code not in card.indicators:
            raise SpokenBadInput("credit_scorecards.score.no_indicator", indicator=code, scheme=card.card.title)
        title = card.indicators[code].title
        if code in rated:
            raise SpokenBadInput("credit_scorecards.score.rated_twice", indicator=title)
        if rating.value is not None and (type(rating.value) is not int or not 1 <= rating.value <= 5):
            raise SpokenBadInput("credit_scorecards.score.not_a_rating", indicator=title, given=rating.value)
        if not rating.rater.strip():
            raise SpokenBadInput("credit_scorecards.score.no_rater", indicator=title)
        named = [bool(evidence.source.strip()) for evidence in rating.evidence]
        if not all(named) or (rating.value is not None and not named):
            raise SpokenBadInput("credit_scorecards.score.no_evidence", indicator=title)
        for evidence in rating.evidence:
            if evidence.on > on:
                raise SpokenBadInput("credit_scorecards.score.future", of=title, found=evidence.on, day=on)
        rated[code] = rating
    return rated


def _check_findings(card: Scorecard, findings: Sequence[Finding], on: date) -> None:
    known: dict[str, Spoken] = {rule.code: rule.title for rule in card.grades.finding}
    for finding in findings:
        if finding.code not in known:
            listed = Listed(tuple(known.values()))
            raise SpokenBadInput("credit_scorecards.score.no_finding", finding=finding.code, known=listed)
        title = known[finding.code]
        if not finding.evidence.source.strip():
            raise SpokenBadInput("credit_scorecards.score.no_evidence", indicator=title)
        if finding.evidence.on > on:
            facts = {"of": title, "found": finding.evidence.on, "day": on}
            raise SpokenBadInput("credit_scorecards.score.future", **facts)


def _indicator(
    card: Scorecard,
    criterion: Criterion,
    code: str,
    shares: Mapping[str, Fraction],
    rated: Mapping[str, Rating],
    on: date,
) -> IndicatorScore:
    weight, rating = shares[code], rated.get(code)
    if rating is None or rating.value is None:
        return IndicatorScore(code, criterion.code, None, weight, stale=False, rater=rating.rater if rating else None)
    stale = _is_stale(card.indicators[code], max(evidence.on for evidence in rating.evidence), on)
    return IndicatorScore(code, criterion.code, rating.value, weight, stale, rating.rater)


def _is_stale(indicator: Indicator, newest: date, on: date) -> bool:
    """Evidence of the 31st counts until the end of a month that has no 31st."""
    last = Month.of(newest).plus(indicator.months).last
    return on > last.replace(day=min(newest.day, last.day))


def _criterion(criterion: Criterion, indicators: Sequence[IndicatorScore]) -> CriterionScore:
    own = [one for one in indicators if one.criterion == criterion.code]
    known = sum((one.weight for one in own if one.value is not None), Fraction())
    return CriterionScore(criterion.code, mean_rating(own), known / sum((one.weight for one in own), Fraction()))


def _caps(
    card: Scorecard,
    criteria: Sequence[CriterionScore],
    indicators: Sequence[IndicatorScore],
    findings: Sequence[Finding],
    of_points: str | None,
) -> tuple[AppliedCap, ...]:
    def lowers(at_most: str) -> bool:
        return of_points is not None and card.grades.rank(of_points) < card.grades.rank(at_most)

    caps = []
    for cap in card.card.cap:
        sets_off = _sets_off(cap, criteria, indicators)
        if sets_off is not None:
            caps.append(AppliedCap(cap.code, *sets_off, cap.at_most, lowers(cap.at_most)))
    found_codes = {finding.code for finding in findings}
    for rule in card.grades.finding:
        if rule.code in found_codes:
            caps.append(AppliedCap(rule.code, rule.code, None, rule.at_most, lowers(rule.at_most)))
    return tuple(caps)


def _sets_off(
    cap: Cap, criteria: Sequence[CriterionScore], indicators: Sequence[IndicatorScore]
) -> tuple[str, Fraction | None] | None:
    """What sets a cap off, with its rating; None where it does not apply. The whole card has the cap's own name."""
    known = sum((one.weight for one in indicators if one.value is not None), Fraction())
    if cap.stale_percent is not None:
        stale = sum((one.weight for one in indicators if one.stale), Fraction())
        return (cap.code, None) if known and stale * 100 >= known * cap.stale_percent else None
    if cap.criterion is not None:
        mean = next(one.mean for one in criteria if one.code == cap.criterion)
        return (cap.criterion, mean) if mean is not None and mean <= (cap.rating or 0) else None
    one = next(one for one in indicators if one.code == cap.indicator)
    rating = None if one.value is None else Fraction(one.value)
    if cap.unknown:
        return (one.code, rating) if rating is None or one.stale else None
    return (one.code, rating) if rating is not None and rating <= (cap.rating or 0) else None
