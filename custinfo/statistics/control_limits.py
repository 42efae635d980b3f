"""Anomalies in a series of figures: individuals and moving ranges (XmR, Shewhart).

The mean and the mean moving range (of neighbours, without sign) give the natural limits of the process: mean ± 2.66 ×
mean range, upper limit of the ranges 3.268 × mean range. What stays within them is the ordinary going up and down, and
needs no explanation. A signal is

- `beyond`: a point outside of the limits (Western Electric's first rule); exactly on a limit is within;
- `range`: a step from the point before that is above the limit of the ranges;
- `run`: the eighth and every later point in a row on the same side of the mean; one on the mean ends the run.

A series that never moves has its limits on its mean: any other point is then a signal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from custinfo.statistics.no_figure import NoFigure, Number

LEAST = 6
"""Points from which on limits are worth having."""
RUN = 8
WIDTH, RANGE_WIDTH = Fraction("2.66"), Fraction("3.268")

Rule = Literal["beyond", "range", "run"]


@dataclass(frozen=True)
class Limits:
    """What a process does when nothing special happens, worked out from `points` figures."""

    points: int
    mean: Fraction
    mean_range: Fraction

    @property
    def lower(self) -> Fraction:
        """The lower natural limit; may be below zero where no figure can be."""
        return self.mean - WIDTH * self.mean_range

    @property
    def upper(self) -> Fraction:
        """The upper natural limit."""
        return self.mean + WIDTH * self.mean_range

    @property
    def upper_range(self) -> Fraction:
        """The limit of the step from one point to the next."""
        return RANGE_WIDTH * self.mean_range


@dataclass(frozen=True)
class Signal:
    """A point, by its place from 0, that is not ordinary, and by which rule."""

    place: int
    rule: Rule


def limits(points: Sequence[Number]) -> Limits | NoFigure:
    """The limits from points in order of time, none missing. NoFigure for fewer than LEAST."""
    if len(points) < LEAST:
        return NoFigure("few_points", {"points": len(points), "least": LEAST})
    ranges = [abs(Fraction(later) - earlier) for earlier, later in pairwise(points)]
    mean = sum(map(Fraction, points), Fraction(0)) / len(points)
    return Limits(len(points), mean, sum(ranges, Fraction(0)) / len(ranges))


def signals(points: Sequence[Number], within: Limits) -> tuple[Signal, ...]:
    """The points that are not ordinary by these limits, from the first on; one may break several rules.

    The limits may be those of earlier points alone, so that a new point is not measured by itself.
    """
    found = []
    side = run = 0
    for place, point in enumerate(points):
        if not within.lower <= point <= within.upper:
            found.append(Signal(place, "beyond"))
        if place and abs(Fraction(point) - points[place - 1]) > within.upper_range:
            found.append(Signal(place, "range"))
        now = (point > within.mean) - (point < within.mean)
        run = run + 1 if now and now == side else abs(now)
        side = now
        if run >= RUN:
            found.append(Signal(place, "run"))
    return tuple(found)
