"""What changed between two periods, and which part of it each segment made: exact, and adding up to the last fen."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from custinfo.statistics.apportioning import apportioned
from custinfo.statistics.no_figure import Figure, NoFigure, Number, percent, ratio

TENTHS = 1000
"""Tenths of a percent in a whole."""


@dataclass(frozen=True)
class Compared:
    """A figure beside the one it is held against. `growth` is a share of `before`: -1/10 is ten per cent less."""

    now: Number
    before: Number
    difference: Number
    growth: Fraction | NoFigure


def compared(now: Figure, before: Figure) -> Compared | NoFigure:
    """`now` against `before`. Where one of them is no figure, nor is this; a base of zero or below has no growth."""
    if isinstance(now, NoFigure):
        return now
    if isinstance(before, NoFigure):
        return before
    return Compared(now, before, now - before, ratio(now - before, before))


@dataclass(frozen=True)
class Contribution:
    """One segment: its figures, and what it adds to the growth of the whole in percent, one decimal.

    `points` of all segments add up to the growth of the whole as it is shown; NoFigure where that is none.
    """

    code: str
    before: int
    now: int
    change: int
    points: Decimal | NoFigure


@dataclass(frozen=True)
class Contributions:
    """The whole and its segments: the one that gained most first, the one that lost most last, equal ones by code."""

    before: int
    now: int
    change: int
    growth: Decimal | NoFigure
    segments: tuple[Contribution, ...]

    def segment(self, code: str) -> Contribution:
        """The one of that code. Raises KeyError."""
        for one in self.segments:
            if one.code == code:
                return one
        raise KeyError(code)


def contributions(before: Mapping[str, int], now: Mapping[str, int]) -> Contributions:
    """What each segment contributed to the change from `before` to `now`, whole numbers by code.

    A code that is in one of the two alone counts as zero in the other. The changes add up to the change of the whole
    exactly; so do the shown points, by the largest remainder.
    """
    codes = sorted(before.keys() | now.keys(), key=lambda code: (before.get(code, 0) - now.get(code, 0), code))
    changes = [now.get(code, 0) - before.get(code, 0) for code in codes]
    base, total = sum(before.values()), sum(changes)
    growth = ratio(total, base)
    shown = growth if isinstance(growth, NoFigure) else percent(growth)
    found = zip(codes, changes, _points(changes, base, shown), strict=True)
    return Contributions(
        base, base + total, total, shown,
        tuple(Contribution(code, before.get(code, 0), now.get(code, 0), made, part) for code, made, part in found),
    )  # fmt: skip


def _points(changes: list[int], base: int, shown: Decimal | NoFigure) -> list[Decimal | NoFigure]:
    if isinstance(shown, NoFigure):
        return [shown] * len(changes)
    tenths = apportioned([Fraction(made * TENTHS, base) for made in changes], int(shown * 10))
    return [Decimal(tenth).scaleb(-1) for tenth in tenths]
