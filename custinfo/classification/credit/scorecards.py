"""Credit scorecards as data: indicators with anchored ratings, and the schemes 5C, 5P and 6A that weigh them.

An indicator stands once, in `credit_indicators.toml`: what each rating from 1 to 5 looks like, what evidence it wants
and for how long that counts, and which answers of forms feed it. A scheme (`credit_5c.toml`, `credit_5p.toml`,
`credit_6a.toml`) groups indicators under its criteria, so that one rating serves all schemes. Criteria have weights in
hundredths of a percent, which are what AHP makes of the judgements beside them; indicators have a percentage of their
criterion. Criteria of two schemes that ask the same bear the same `aspect` (5C and 5P answer to one another: R109).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit import grades, weights
from custinfo.classification.credit.grades import GradesRule
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.words import Words
from custinfo.domain.errors import BadInput

SCHEMES = ("5c", "5p", "6a")
INDICATORS = "credit_indicators.toml"
WHOLE = 10000
"""What the weights of a scheme's criteria sum to."""

LowRating = Annotated[int, Field(ge=1, le=4)]
Aspect = Literal["willingness", "ability", "purpose_and_debt", "security", "environment"]


class Measure(Part):
    """How a figure becomes a rating: `cuts` are where the ratings 2, 3, 4 and 5 begin, the cut itself included.
    `rising`: more is better. The figure is a whole number of `unit`.
    """

    unit: Words
    rising: bool
    cuts: Annotated[tuple[int, int, int, int], Field(strict=False)]

    def rating(self, figure: int) -> int:
        """The rating of a figure, 1 to 5."""
        return 1 + sum(figure >= cut if self.rising else figure <= cut for cut in self.cuts)


class Indicator(Part):
    """Something that is rated from 1 to 5. `anchors` say what 1, 2, 3, 4 and 5 look like, in this order; `fields` are
    answers that feed it, as `form:question`; evidence older than `months` is stale.
    """

    code: Text
    title: Words
    evidence: Words
    fields: Annotated[tuple[Text, ...], Field(strict=False)]
    months: Annotated[int, Field(gt=0, le=60)]
    anchors: Annotated[tuple[Words, ...], Field(strict=False, min_length=5, max_length=5)]
    measure: Measure | None = None


class IndicatorsRule(Rule):
    """One version of all indicators."""

    indicator: Many[Indicator]

    def check(self) -> None:
        """Raises Fault for an indicator named twice, and for cuts that do not go one way."""
        _check_once(indicator.code for indicator in self.indicator)
        for indicator in self.indicator:
            cuts = indicator.measure.cuts if indicator.measure else ()
            rising = indicator.measure is not None and indicator.measure.rising
            if not all(one < next_ if rising else one > next_ for one, next_ in pairwise(cuts)):
                raise Fault("credit_scorecards.card.cuts", code=indicator.code)


class Weighed(Part):
    """An indicator under a criterion, with its percentage of the criterion's weight."""

    indicator: Text
    percent: Annotated[int, Field(gt=0, le=100)]


class Criterion(Part):
    """A criterion: its weight in hundredths of a percent, and its indicators."""

    code: Text
    title: Words
    meaning: Words
    weight: Annotated[int, Field(gt=0, le=WHOLE)]
    aspect: Aspect | None = None
    indicators: Many[Weighed]


class Judgement(Part):
    """`more` matters `times` as much as `less` (Saaty's scale)."""

    more: Text
    less: Text
    times: Annotated[int, Field(ge=1, le=weights.STRONGEST)]


class Cap(Part):
    """What leaves the grade `at_most` at best. It is one of three:

    - a criterion's mean, or an indicator, is rated `rating` or lower;
    - `unknown`: of an indicator there is no information, or only evidence that is stale;
    - `stale_percent`: so much of the weight that is known, or more, rests on evidence that is stale.
    """

    code: Text
    title: Words
    criterion: Text | None = None
    indicator: Text | None = None
    rating: LowRating | None = None
    unknown: Literal[True] | None = None
    stale_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    at_most: Text

    @property
    def in_order(self) -> bool:
        """Whether it is exactly one of the three, about what it can be about."""
        subjects = (self.criterion is not None) + (self.indicator is not None)
        about_a_rating = self.rating is not None and subjects == 1
        about_the_unknown = self.unknown is not None and self.indicator is not None and subjects == 1
        about_the_whole = self.stale_percent is not None and subjects == 0
        given = [self.rating, self.unknown, self.stale_percent]
        return sum(one is not None for one in given) == 1 and (about_a_rating or about_the_unknown or about_the_whole)


class CardRule(Rule):
    """One version of a scheme. Below `minimum_percent` of known weight there is no grade."""

    title: Words
    minimum_percent: Annotated[int, Field(gt=0, le=100)]
    criterion: Many[Criterion]
    judgement: Annotated[tuple[Judgement, ...], Field(strict=False)]
    cap: Annotated[tuple[Cap, ...], Field(strict=False)] = ()

    def check(self) -> None:
        """Raises Fault for names used twice, weights that do not sum to the whole or are not what the judgements come
        to (to one hundredth of a percent), judgements that contradict one another, and caps about nothing.
        """
        _check_once(criterion.code for criterion in self.criterion)
        _check_once(weighed.indicator for criterion in self.criterion for weighed in criterion.indicators)
        _check_once(criterion.aspect for criterion in self.criterion if criterion.aspect)
        _check_once(cap.code for cap in self.cap)
        _check_sum("*", (criterion.weight for criterion in self.criterion), WHOLE)
        for criterion in self.criterion:
            _check_sum(criterion.code, (weighed.percent for weighed in criterion.indicators), 100)
        self._check_judgements()
        for cap in self.cap:
            subjects = {c.code for c in self.criterion} if cap.criterion else set(self.shares())
            subject = cap.criterion or cap.indicator
            if not cap.in_order or (subject is not None and subject not in subjects):
                raise Fault("credit_scorecards.card.cap", code=cap.code)

    def _check_judgements(self) -> None:
        names = [criterion.code for criterion in self.criterion]
        judged: dict[tuple[str, str], int] = {}
        for judgement in self.judgement:
            if (judgement.more, judgement.less) in judged:
                raise Fault("credit_scorecards.card.pair_twice", more=judgement.more, less=judgement.less)
            judged[judgement.more, judgement.less] = judgement.times
        try:
            found = weights.accept(names, weights.matrix(names, judged))
        except BadInput as wrong:
            # The same messages with the rule file's place in them
            raise Fault(wrong.key.replace(".weights.", ".card."), **wrong.facts) from None
        for criterion, fitting in zip(self.criterion, weights.whole(found.weights, WHOLE).values(), strict=True):
            if abs(criterion.weight - fitting) > 1:
                facts = {"found": criterion.weight, "fitting": fitting}
                raise Fault("credit_scorecards.card.not_as_judged", code=criterion.code, **facts)

    def shares(self) -> dict[str, Fraction]:
        """The share of the whole that each indicator weighs; they sum to 1."""
        return {
            weighed.indicator: Fraction(criterion.weight * weighed.percent, WHOLE * 100)
            for criterion in self.criterion
            for weighed in criterion.indicators
        }


@dataclass(frozen=True)
class Scorecard:
    """A scheme with its indicators and the grades, as they are in force on a day."""

    scheme: str
    card: CardRule
    indicators: Mapping[str, Indicator]
    indicators_version: int
    grades: GradesRule


@dataclass(frozen=True)
class Counterpart:
    """Criteria of two schemes that ask the same; what they ask is `credit_scorecards.aspect.<aspect>`."""

    aspect: Aspect
    first: Criterion
    second: Criterion


def scorecard(scheme: str, on: date, folder: Path = rules.FOLDER) -> Scorecard:
    """The scorecard of a scheme (`5c`, `5p`, `6a`) on a day.

    Raises BadInput for a scheme that there is not, files that are not in order or not in force yet, and a card that
    names an indicator or a grade that is not in the other files.
    """
    if scheme not in SCHEMES:
        raise BadInput("credit_scorecards.card.no_scheme", scheme=scheme, known=", ".join(SCHEMES))
    file = f"credit_{scheme}.toml"
    card = rules.on(on, file, CardRule, folder)
    described = rules.on(on, INDICATORS, IndicatorsRule, folder)
    graded = grades.rule(on, folder)
    known = {indicator.code: indicator for indicator in described.indicator}
    for code in card.shares():
        if code not in known:
            raise BadInput("credit_scorecards.card.no_indicator", file=file, version=card.version, code=code)
    for cap in card.cap:
        if cap.at_most not in graded.order:
            facts = {"code": cap.code, "grade": cap.at_most}
            raise BadInput("credit_scorecards.card.no_grade", file=file, version=card.version, **facts)
        if cap.at_most == graded.order[0]:
            raise BadInput("credit_scorecards.card.no_cap", file=file, version=card.version, code=cap.code)
    used = {code: known[code] for code in card.shares()}
    return Scorecard(scheme, card, used, described.version, graded)


def indicators(on: date, folder: Path = rules.FOLDER) -> Mapping[str, Indicator]:
    """All indicators in force on a day, by code. Raises BadInput when there were none yet."""
    return {one.code: one for one in rules.on(on, INDICATORS, IndicatorsRule, folder).indicator}


def counterparts(first: CardRule, second: CardRule) -> tuple[Counterpart, ...]:
    """Which criteria of two schemes ask the same, in the first one's order."""
    others = {criterion.aspect: criterion for criterion in second.criterion if criterion.aspect}
    return tuple(
        Counterpart(criterion.aspect, criterion, others[criterion.aspect])
        for criterion in first.criterion
        if criterion.aspect and criterion.aspect in others
    )


def _check_once(codes: Iterable[str]) -> None:
    seen = set()
    for code in codes:
        if code in seen:
            raise Fault("credit_scorecards.card.twice", code=code)
        seen.add(code)


def _check_sum(code: str, parts: Iterable[int], whole: int) -> None:
    total = sum(parts)
    if total != whole:
        raise Fault("credit_scorecards.card.sum", code=code, total=total, whole=whole)
