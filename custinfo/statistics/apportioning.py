"""Rounding parts so that they add up: by the largest remainder, exact, for parts of any sign."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from custinfo.statistics.no_figure import Number


def apportioned(parts: Sequence[Number], total: int) -> list[int]:
    """Whole numbers, each the part rounded down or up, that add up to `total`; equal remainders in the order given.

    `total` is the sum of the parts, rounded in whatever way. Raises ValueError when it is another number.
    """
    floors = [floor(part) for part in parts]
    missing = total - sum(floors)
    remainders = [Fraction(part) - down for part, down in zip(parts, floors, strict=True)]
    if abs(sum(map(Fraction, parts), Fraction(0)) - total) >= 1 or not 0 <= missing <= len(parts):
        raise ValueError("the parts do not add up to the total")
    by_remainder = sorted(range(len(parts)), key=lambda place: -remainders[place])
    for place in by_remainder[:missing]:
        floors[place] += 1
    return floors
