"""Percentages from integers: half away from zero, never through a float."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from custinfo.statistics.apportioning import apportioned
from custinfo.statistics.no_figure import percent


def share(part: int, whole: int) -> Decimal:
    """`part` of `whole` in percent, one decimal, half away from zero: 1 of 8 → 12.5.

    Raises ValueError when `whole` ≤ 0.
    """
    if whole <= 0:
        raise ValueError("a share needs a positive whole")
    return percent(Fraction(part, whole))


def change(now: int, before: int) -> Decimal | None:
    """The change from `before` to `now` in percent of `before`; None when `before` ≤ 0: there is no such percentage."""
    return None if before <= 0 else share(now - before, before)


def column(parts: Sequence[int], decimals: int = 1) -> list[Decimal | None]:
    """The shares of `parts` (none negative) in percent, adding up to exactly 100 by the largest remainder.

    Equal remainders are served in the order given. All None when the parts add up to nothing.
    """
    if any(part < 0 for part in parts):
        raise ValueError("shares of a column need parts that are not negative")
    whole = sum(parts)
    if whole == 0:
        return [None] * len(parts)
    steps = 100 * 10**decimals
    shown = apportioned([Fraction(part * steps, whole) for part in parts], steps)
    return [Decimal(one).scaleb(-decimals) for one in shown]
