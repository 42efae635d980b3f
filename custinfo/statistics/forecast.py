"""What to expect of the next figures of a series, never without an interval and without how often such intervals held.

Two simple methods, after Hyndman & Athanasopoulos (Forecasting: Principles and Practice, ch. 5), whichever the length
of the series allows:

- `seasonal_naive`, from two and a half seasons on: the same period of the last season, shifted by the mean change from
  one season to the next (seasonal drift). With k seasons to go, the error grows with the square root of k·(1 + k/n), n
  being the changes that the drift is the mean of.
- `drift`, from LEAST points on: the last figure and the mean step; the error grows with the square root of h·(1 + h/n).

The spread is that of the errors of one season (one step) ahead, the interval that of Student's t with as many degrees
of freedom as the errors leave. Both ends are rounded to whole numbers, outwards.

The back-test forecasts the next figure of each beginning of the series that is long enough, by the same method, and
counts how many lay within their interval: of 80 % intervals some 80 in 100 should. The figures are taken as they are:
a period that is not over must be left out, a missing one makes all of it useless (raise it as NoFigure before).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.statistics.no_figure import NoFigure, Number, rounded

Method = Literal["seasonal_naive", "drift"]
LEAST = 8
TESTED_LEAST = 5
"""Tried forecasts from which on the share that held says something."""


@dataclass(frozen=True)
class Expected:
    """One step ahead of the last: the middle and the two ends of its interval, all whole numbers."""

    middle: int
    low: int
    high: int


@dataclass(frozen=True)
class Forecast:
    """`steps` in order of time, with intervals of `level` percent; `held` of `tried` earlier intervals held."""

    method: Method
    level: int
    steps: tuple[Expected, ...]
    tried: int
    held: int

    def note(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence that stands beside it: how it was made, and how often such intervals held."""
        tested = "tested" if self.tried >= TESTED_LEAST else "untested"
        facts = {"level": self.level, "tried": self.tried, "held": self.held}
        method = text(f"statistics.forecast.{self.method}", language)
        return text(f"statistics.forecast.{tested}", language, method=method, **facts)


def forecast(points: Sequence[Number], steps: int, season: int = 12, level: int = 80) -> Forecast | NoFigure:
    """The next `steps` figures after `points` (in order of time, none missing), with intervals of `level` percent.

    `season` is how many figures make a year. NoFigure for fewer than LEAST points. Raises ValueError for no step, a
    season below 2 and a level that is not between 1 and 99.
    """
    if steps < 1 or season < 2 or not 1 <= level <= 99:
        raise ValueError("a forecast needs a step, a season of two or more and a level from 1 to 99")
    if len(points) < LEAST:
        return NoFigure("few_points", {"points": len(points), "least": LEAST})
    lag = season if 2 * len(points) >= 5 * season else 1
    tried = range(max(LEAST, (5 * season + 1) // 2) if lag > 1 else LEAST, len(points))
    ahead = [_ahead(points[:known], lag, 1, level) for known in tried]
    held = sum(one.low <= points[known] <= one.high for known, one in zip(tried, ahead, strict=True))
    found = tuple(_ahead(points, lag, step, level) for step in range(1, steps + 1))
    return Forecast("seasonal_naive" if lag > 1 else "drift", level, found, len(tried), held)


def _ahead(points: Sequence[Number], lag: int, step: int, level: int) -> Expected:
    """The figure `step` after the last, from the last one of its kind: `lag` back, or several times that."""
    changes = [Fraction(later) - earlier for earlier, later in zip(points, points[lag:], strict=False)]
    mean = sum(changes, Fraction(0)) / len(changes)
    times = -(-step // lag)
    middle = Fraction(points[len(points) - 1 + step - times * lag]) + times * mean
    spread = math.sqrt(sum((change - mean) ** 2 for change in changes) / (len(changes) - 1))
    reach = _quantile(level, len(changes) - 1) * spread * math.sqrt(times * (1 + times / len(changes)))
    return Expected(rounded(middle), math.floor(middle - Fraction(reach)), math.ceil(middle + Fraction(reach)))


def _quantile(level: int, degrees: int) -> float:
    # SciPy takes long to import, which only a forecast shall wait for
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 200))
