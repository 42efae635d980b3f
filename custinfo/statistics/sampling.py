"""How large a sample must be, and how it is divided among strata. Drawing it is in `draws.py`.

Whole numbers of units come out, rounded up where a precision must be reached, and by the largest remainder where a sum
must be kept; of equal remainders the first stratum is served.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from statistics import NormalDist

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from custinfo.statistics.apportioning import apportioned

_HAIR = 1e-9
"""What a computed size may lie above a whole number without being rounded up."""
PERCENT = ("margin", "confidence", "proportion", "response")
"""The parameters that people write as a percentage."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "margin": (0.0001, 1),
    "confidence": (0.5, 0.9999),
    "proportion": (0.0001, 0.9999),
    "response": (0.0001, 1),
    "design_effect": (0.1, 100),
    "margin_of_mean": (1e-6, 1e12),
    "deviation": (0, 1e12),
    "cost": (0.01, 1e12),
    "least": (1, 10**9),
    "within": (1, 10**9),
}
"""The lowest and the highest that each parameter may be: whatever lies within them can be reckoned with."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many answers are needed, and how many units must be asked to get them."""

    answers: int
    asked: int


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the population: how many units it has, how much they differ, and what an answer there costs."""

    units: int
    deviation: float = 1.0
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How many units a draw takes: at least, at most, and on average of all draws. Only clusters make them differ."""

    least: int
    most: int
    expected: Fraction


def for_proportion(
    margin: float, *, confidence: float = 0.95, proportion: float = 0.5, population: int | None = None,
    design_effect: float = 1.0, response: float = 1.0,
) -> SampleSize:  # fmt: skip
    """The sample that gives a proportion within ± `margin` (0.05 is five percentage points) with `confidence`.

    n = z² p (1 − p) / margin², corrected for the finite population, times the design effect; asked are n / `response`.
    385 for 0.05 and nothing else. Never more than the population. Raises BadInput for what is out of its range.
    """
    check("proportion", proportion)
    check("margin", margin)
    return _size(proportion * (1 - proportion), margin, confidence, population, design_effect, response)


def for_mean(
    margin: float, deviation: float, *, confidence: float = 0.95, population: int | None = None,
    design_effect: float = 1.0, response: float = 1.0,
) -> SampleSize:  # fmt: skip
    """The sample that gives a mean within ± `margin`, in the unit of `deviation`, the standard deviation."""
    check("deviation", deviation)
    check("margin_of_mean", margin)
    return _size(deviation * deviation, margin, confidence, population, design_effect, response)


def _size(
    variance: float, margin: float, confidence: float, population: int | None, design_effect: float, response: float
) -> SampleSize:
    check("confidence", confidence)
    check("design_effect", design_effect)
    check("response", response)
    if population is not None and population < 1:
        raise BadInput("sampling.no_units")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    needed = z * z * variance / (margin * margin)
    if population is not None:
        needed /= 1 + (needed - 1) / population if needed > 1 else 1
    answers = max(1, ceil(needed * design_effect - _HAIR))
    answers = answers if population is None else min(answers, population)
    asked = ceil(answers / response - _HAIR)
    return SampleSize(answers, asked if population is None else min(asked, population))


def check(name: str, found: float, stratum: str = "") -> None:
    """Raises BadInput for a parameter outside of its BOUNDS, which says it as people write it: 3 % for 0.03."""
    low, high = BOUNDS[name]
    if not low <= found <= high:
        key = "sampling.out_of_range_in" if stratum else "sampling.out_of_range"
        called = {language: text(f"sampling.parameter.{name}", language) for language in LANGUAGES}
        numbers = {one: _written(name, value) for one, value in (("found", found), ("low", low), ("high", high))}
        raise BadInput(key, name=called, stratum=stratum, **numbers)


def _written(name: str, number: float) -> str:
    # By its decimal digits: 100 × 0.07 is not 7
    exact = Decimal(repr(number))
    digits = repr(float(exact.scaleb(2) if name in PERCENT else exact)).removesuffix(".0")
    return f"{digits}%" if name in PERCENT else digits


def of_clusters(units: Collection[int], clusters: int, within: int | None = None) -> Asked:
    """How many units a draw of so many clusters takes, by the units of each cluster of the frame: all of them, or
    `within` of each (all where there are fewer).
    """
    taken = sorted(count if within is None else min(within, count) for count in units)
    return Asked(sum(taken[:clusters]), sum(taken[-clusters:]), Fraction(clusters * sum(taken), len(taken)))


def proportional(size: int, strata: Mapping[str, Stratum], *, least: int = 0) -> dict[str, int]:
    """`size` divided among the strata as their units are; see `_divided`."""
    return _divided(size, strata, lambda one: Fraction(one.units), least)


def neyman(size: int, strata: Mapping[str, Stratum], *, least: int = 0) -> dict[str, int]:
    """`size` divided so that the variance of the whole is least: as units times standard deviation."""
    return _divided(size, strata, lambda one: one.units * Fraction(one.deviation), least)


def cost_optimal(size: int, strata: Mapping[str, Stratum], *, least: int = 0) -> dict[str, int]:
    """`size` divided so that the variance is least for the cost: as units times deviation over the root of the cost."""
    for name, one in strata.items():
        check("cost", one.cost, name)
    return _divided(size, strata, lambda one: one.units * Fraction(one.deviation / one.cost**0.5), least)


def _divided(
    size: int, strata: Mapping[str, Stratum], share: Callable[[Stratum], Fraction], least: int
) -> dict[str, int]:
    """`size` by shares, in each stratum at least `least` and at most its units, with exactly that sum.

    A stratum beyond one of its bounds is put on it and the rest divided anew; a stratum with fewer units than `least`
    is taken whole. Raises BadInput when the bounds leave no way.
    """
    lows = {name: min(least, one.units) for name, one in strata.items()}
    if not sum(lows.values()) <= size <= sum(one.units for one in strata.values()):
        most = sum(one.units for one in strata.values())
        raise BadInput("sampling.cannot_divide", size=size, low=sum(lows.values()), high=most)
    for name, one in strata.items():
        if one.units < 0:
            raise BadInput("sampling.no_units")
        check("deviation", one.deviation, name)
    shares = {name: share(one) for name, one in strata.items()}
    fixed: dict[str, int] = {}
    while True:
        exact = _exact(size - sum(fixed.values()), {name: s for name, s in shares.items() if name not in fixed}, strata)
        over = {name: strata[name].units for name, part in exact.items() if part > strata[name].units}
        under = {name: lows[name] for name, part in exact.items() if part < lows[name]}
        # Both at once could overshoot: whichever side misses by more goes first (as in apportionment with bounds)
        missed_over = sum(exact[name] - most for name, most in over.items())
        missed_under = sum(low - exact[name] for name, low in under.items())
        beyond = over if missed_over >= missed_under else under
        if not beyond:
            return {name: {**fixed, **_whole(exact)}[name] for name in strata}
        fixed |= beyond


def _exact(size: int, shares: Mapping[str, Fraction], strata: Mapping[str, Stratum]) -> dict[str, Fraction]:
    whole = sum(shares.values(), Fraction(0))
    if whole == 0:  # nobody differs, or nobody is there: by units
        shares = {name: Fraction(strata[name].units) for name in shares}
        whole = sum(shares.values(), Fraction(0))
    return {name: size * share / whole if whole else Fraction(0) for name, share in shares.items()}


def _whole(exact: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole numbers with the same sum (which is whole), by the largest remainder."""
    parts = apportioned(list(exact.values()), int(sum(exact.values(), Fraction(0))))
    return dict(zip(exact, parts, strict=True))


def quotas(size: int, shares: Mapping[str, int]) -> dict[str, int]:
    """How many interviews each cell of a quota sample gets: `size` by the population's numbers, largest remainder.

    A quota sample is not a random one: errors computed from it are no errors of sampling.
    """
    if size < 0 or any(part < 0 for part in shares.values()) or not sum(shares.values()):
        raise BadInput("sampling.no_units")
    whole = sum(shares.values())
    return _whole({name: Fraction(size * part, whole) for name, part in shares.items()})
