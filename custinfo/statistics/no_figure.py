"""Where there can be no figure: why, as a sentence in the reader's language, in place of a number without meaning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from custinfo.domain.messages import DEFAULT_LANGUAGE, text

Reason = Literal[
    "zero_base", "negative_base", "nothing", "no_plan", "plan_not_positive", "no_working_day",
    "not_begun", "not_over", "few_points", "no_source", "no_dimension", "not_graded", "no_quantity", "before_gap",
    "not_in_force",
]  # fmt: skip


@dataclass(frozen=True)
class NoFigure:
    """Stands where a number would; never counts as zero. `facts` fill the sentence."""

    reason: Reason
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence: what there is no figure for, and why."""
        return text(f"statistics.no_figure.{self.reason}", language, **self.facts)


Number = int | Fraction
Figure = Number | NoFigure
"""Fen and counts are integers, all else is exact fractions: a share of 12.5 % is 1/8."""


def ratio(part: Number, whole: Number) -> Fraction | NoFigure:
    """`part` of `whole`. NoFigure when the whole is zero or negative."""
    if whole > 0:
        return Fraction(part) / whole
    return NoFigure("zero_base" if whole == 0 else "negative_base")


def percent(share: Fraction, decimals: int = 1) -> Decimal:
    """A share in percent for a reader, half away from zero: 1/8 → 12.5, -1/8 → -12.5."""
    return Decimal(rounded(share * 100 * 10**decimals)).scaleb(-decimals)


def rounded(number: Number) -> int:
    """To a whole number, such as whole fen, half away from zero."""
    exact = abs(Fraction(number))
    whole = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return -whole if number < 0 else whole
