"""Percentages from integers: one decimal, half away from zero, never through a float."""

from collections.abc import Sequence
from decimal import Decimal

TENTHS = 1000
"""Tenths of a percent in a whole."""


def share(part: int, whole: int) -> Decimal:
    """`part` of `whole` in percent, one decimal, half away from zero: 1 of 8 → 12.5.

    Raises ValueError when `whole` ≤ 0.
    """
    if whole <= 0:
        raise ValueError("a share needs a positive whole")
    tenths = (2 * abs(part) * TENTHS + whole) // (2 * whole)
    return Decimal(-tenths if part < 0 else tenths).scaleb(-1)


def change(now: int, before: int) -> Decimal | None:
    """The change from `before` to `now` in percent of `before`; None when `before` ≤ 0: there is no such percentage."""
    return None if before <= 0 else share(now - before, before)


def column(parts: Sequence[int]) -> list[Decimal | None]:
    """The shares of `parts` (none negative) in percent, adding up to exactly 100.0 by the largest remainder.

    Equal remainders are served in the order given. All None when the parts add up to nothing.
    """
    if any(part < 0 for part in parts):
        raise ValueError("shares of a column need parts that are not negative")
    whole = sum(parts)
    if whole == 0:
        return [None] * len(parts)
    tenths = [part * TENTHS // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: -(parts[place] * TENTHS % whole))
    for place in by_remainder[: TENTHS - sum(tenths)]:
        tenths[place] += 1
    return [Decimal(tenth).scaleb(-1) for tenth in tenths]
