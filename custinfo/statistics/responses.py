"""What came back of a survey: response rates as AAPOR and as Chinese practice reckon them, and weights for those who
did not answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from custinfo.domain.errors import BadInput
from custinfo.statistics.rounding import share

Disposition = Literal[
    "complete", "partial", "refused", "not_reached", "other", "unknown_household", "unknown_other", "not_eligible"
]
DISPOSITIONS: tuple[Disposition, ...] = (
    "complete", "partial", "refused", "not_reached", "other", "unknown_household", "unknown_other", "not_eligible",
)  # fmt: skip
"""What became of a unit that was sent a questionnaire, by AAPOR's Standard Definitions: I, P, R, NC, O, UH, UO, and
those outside of the survey. A unit of which nothing was heard at all is `unknown_other`.
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """Response rates as shares of one, exact; None where nobody is left to divide by.

    RR1 counts complete answers among all who may belong to the survey, RR2 partial ones too; in RR3 and RR4 only the
    share `eligible` of those unknown counts; in RR5 and RR6 none of them.
    """

    counts: Mapping[Disposition, int]
    eligible: Fraction
    rr1: Fraction | None
    rr2: Fraction | None
    rr3: Fraction | None
    rr4: Fraction | None
    rr5: Fraction | None
    rr6: Fraction | None


def rates(dispositions: Iterable[Disposition], eligible: Fraction | None = None) -> Rates:
    """The response rates. `eligible` is the share of units of unknown eligibility (e) that are taken to belong to the
    survey; left out, it is that among those of whom it is known. Raises BadInput for an unknown disposition.
    """
    counts: Counter[Disposition] = Counter(dispositions)
    if odd := sorted(counts.keys() - set(DISPOSITIONS)):
        raise BadInput("sampling.disposition", found=odd[0], known=", ".join(DISPOSITIONS))
    if eligible is not None and not 0 <= eligible <= 1:
        raise BadInput("sampling.out_of_range", name="eligible", found=eligible, low=0, high=1)
    complete, partial = counts["complete"], counts["partial"]
    known = complete + partial + counts["refused"] + counts["not_reached"] + counts["other"]
    unknown = counts["unknown_household"] + counts["unknown_other"]
    if eligible is None:
        outside = counts["not_eligible"]
        eligible = Fraction(known, known + outside) if known + outside else Fraction(1)
    bases = (Fraction(known + unknown), known + eligible * unknown, Fraction(known))
    found = [Fraction(part) / base if base else None for base in bases for part in (complete, complete + partial)]
    return Rates({one: counts[one] for one in DISPOSITIONS}, eligible, *found)


def is_valid(disposition: str, *, rejected: bool) -> bool:
    """Whether a questionnaire is valid (有效问卷): complete by AAPOR's definition, and not rejected by a reviewer."""
    return disposition == "complete" and not rejected


@dataclass(frozen=True, slots=True)
class Returns:
    """回收率 and 有效率: how many of those sent came back, and how many of these can be used; percent, one decimal."""

    sent: int
    returned: int
    valid: int
    return_rate: Decimal | None
    valid_rate: Decimal | None


def returns(sent: int, returned: int, valid: int) -> Returns:
    """The two rates; None where there is nothing to divide by. Raises BadInput unless valid ≤ returned ≤ sent."""
    if not 0 <= valid <= returned <= sent:
        raise BadInput("sampling.returns", sent=sent, returned=returned, valid=valid)
    return Returns(
        sent, returned, valid, share(returned, sent) if sent else None, share(valid, returned) if returned else None
    )


@dataclass(frozen=True, slots=True)
class WeightingClass:
    """A class of the adjustment: how many were drawn and answered, and by what their weight is multiplied."""

    name: str
    drawn: int
    answered: int
    factor: float


def for_nonresponse(
    weights: Sequence[float], classes: Sequence[str], answered: Sequence[bool], *, least: int = 1,
    most_factor: float = float("inf"),
) -> tuple[tuple[float, ...], tuple[WeightingClass, ...]]:  # fmt: skip
    """Weights in which those who answered stand for the others of their class: sums by class stay. 0 for the others.

    All sequences are of the units drawn that belong to the survey. Raises BadInput for a class with fewer than `least`
    answers or a factor above `most_factor`: it is to be merged with a class that resembles it, which is a judgement.
    """
    if not len(weights) == len(classes) == len(answered):
        raise BadInput("sampling.lengths")
    whole: dict[str, float] = {}
    there: dict[str, float] = {}
    drawn, came = Counter(classes), Counter(name for name, did in zip(classes, answered, strict=True) if did)
    for weight, name, did in zip(weights, classes, answered, strict=True):
        whole[name] = whole.get(name, 0.0) + weight
        there[name] = there.get(name, 0.0) + (weight if did else 0.0)
    for name in sorted(whole):
        if came[name] < least or not there[name] > 0:
            raise BadInput("sampling.class_too_small", name=name, answered=came[name], least=max(1, least))
        if whole[name] / there[name] > most_factor:
            raise BadInput("sampling.class_factor", name=name, factor=whole[name] / there[name], most=most_factor)
    factors = {name: whole[name] / there[name] for name in whole}
    made = (
        weight * factors[name] if did else 0.0 for weight, name, did in zip(weights, classes, answered, strict=True)
    )
    return tuple(made), tuple(WeightingClass(name, drawn[name], came[name], factors[name]) for name in sorted(whole))
