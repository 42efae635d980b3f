"""Figures of two periods side by side, with the number of working days in each: a month with a week of holidays is not
held against one without as if they were alike.
"""

from dataclasses import dataclass
from fractions import Fraction

from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.working_days import DayCount
from custinfo.statistics.change import Compared, compared
from custinfo.statistics.no_figure import Figure, NoFigure, Number


@dataclass(frozen=True)
class DayAdjusted:
    """A comparison, and the same by working day.

    `per_day` holds the two figures each divided by its working days: its growth is the one adjusted for them.
    `by_days` is the part of the difference that the number of working days alone makes, `by_rate` the rest: what
    changed by working day, over the days of now. Both are NoFigure where a period has no working day.
    """

    plain: Compared
    per_day: Compared | NoFigure
    by_days: Figure
    by_rate: Figure
    now_days: DayCount
    before_days: DayCount

    def notes(self, language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
        """What has to be said beside it: years whose holidays are not known. Empty when there is nothing."""
        notes = (self.before_days.note(language), self.now_days.note(language))
        return tuple(dict.fromkeys(note for note in notes if note))


def day_adjusted(now: Figure, before: Figure, now_days: DayCount, before_days: DayCount) -> DayAdjusted | NoFigure:
    """Holds two figures that add up over days (sales, complaints) against each other, plainly and by working day."""
    plain = compared(now, before)
    if isinstance(plain, NoFigure):
        return plain
    per_day = compared(_by_day(plain.now, now_days), _by_day(plain.before, before_days))
    if isinstance(per_day, NoFigure):
        return DayAdjusted(plain, per_day, per_day, per_day, now_days, before_days)
    by_days = per_day.before * (now_days.working - before_days.working)
    by_rate = per_day.difference * now_days.working
    return DayAdjusted(plain, per_day, by_days, by_rate, now_days, before_days)


def _by_day(number: Number, days: DayCount) -> Figure:
    return Fraction(number) / days.working if days.working else NoFigure("no_working_day")
