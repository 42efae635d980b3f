"""Checkpoints of a month (R123): by which days how much of its sales target is to be reached, and how far it was.

A target that is missing is a sentence, not a zero; a day that had not ended has no actual.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from custinfo.domain.periods import Month
from custinfo.statistics.no_figure import Figure, NoFigure, Number, ratio


@dataclass(frozen=True)
class Checkpoint:
    """What is to be reached up to and with a day: `percent` of the target, and in fen (`wanted`).

    `actual` is what was sold by then, NoFigure before the day is over; `degree` is the share of the whole target;
    `met` is None where there is no target or no actual.
    """

    day: date
    percent: int
    wanted: Figure
    actual: Figure
    degree: Figure
    met: bool | None


def days_of(month: Month, set_: Iterable[tuple[int, int]]) -> tuple[tuple[date, int], ...]:
    """Days and percent of a month from (day of the month, percent), rising: a day that it has not is its last; of two
    that fall on one day the higher counts.
    """
    found: dict[date, int] = {}
    for day, percent in set_:
        found[month.first.replace(day=min(day, month.last.day))] = percent
    return tuple(found.items())


def checked(
    days: Sequence[tuple[date, int]], sold: Mapping[date, int], target: Figure, until: date
) -> tuple[Checkpoint, ...]:
    """The checkpoints in order. `sold` is net sales in fen by day; `until` is the last day whose sales are known."""
    found = []
    for day, percent in days:
        actual: Figure = NoFigure("not_over", {"period": day})
        if day <= until:
            actual = sum(fen for on, fen in sold.items() if on <= day)
        wanted: Figure = target if isinstance(target, NoFigure) else Fraction(target) * percent / 100
        found.append(Checkpoint(day, percent, wanted, actual, _degree(actual, target), _met(actual, wanted)))
    return tuple(found)


def _degree(actual: Figure, target: Figure) -> Figure:
    if isinstance(actual, NoFigure):
        return actual
    return target if isinstance(target, NoFigure) else ratio(actual, target)


def _met(actual: Figure, wanted: Figure) -> bool | None:
    numbers: list[Number] = [one for one in (actual, wanted) if not isinstance(one, NoFigure)]
    return numbers[0] >= numbers[1] if len(numbers) > 1 else None
