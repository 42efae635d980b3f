"""A customer's statements of years and quarters, put together by period, with their ratios (R168).

Balance sheet and income statement of a period may come one by one; of each part what was filed last counts. Figures are
those of the period itself, never of the year to date, so a quarter has every ratio of `early_warning` but those that
rest on the sales or the profit of a whole year (YEAR_ONLY); its growth is against the same quarter of the year before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from custinfo.classification.credit import early_warning
from custinfo.classification.credit.early_warning import Ratio, Statement
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Month, Quarter, Year

BALANCE = ("assets", "current_assets", "inventories", "receivables", "liabilities", "current_liabilities")
INCOME = ("revenue", "operating_profit", "interest", "net_profit")
YEAR_ONLY = ("receivable_days", "return_on_assets")
YEAR_MONTHS, QUARTER_MONTHS = 4, 1
"""How long after a period's end its statement is waited for: as listed companies publish theirs."""


@dataclass(frozen=True)
class Part:
    """One of the two statements of a period: `figures` in whole fen by the names of BALANCE or INCOME."""

    period: Year | Quarter
    names: tuple[str, ...]
    figures: Mapping[str, int | None]


@dataclass(frozen=True)
class Reported:
    """What is known of a period; `statement.year` is the period's, of a quarter too."""

    period: Year | Quarter
    statement: Statement

    def ratios(self, before: Statement | None) -> Mapping[str, Ratio]:
        """Every ratio that the period has, held against the same period of the year before. Raises BadInput for
        figures that contradict themselves.
        """
        found = early_warning.ratios(self.statement, before)
        if isinstance(self.period, Year):
            return found
        return {name: ratio for name, ratio in found.items() if name not in YEAR_ONLY}


def reported(parts: Sequence[Part]) -> tuple[Reported, ...]:
    """The periods, the earliest first, a year behind its quarters; `parts` are in the order of filing, the last in
    front.
    """
    known: dict[Year | Quarter, dict[str, int | None]] = {}
    seen: set[tuple[Year | Quarter, tuple[str, ...]]] = set()
    for part in parts:
        if (part.period, part.names) not in seen:
            seen.add((part.period, part.names))
            known.setdefault(part.period, {}).update({name: part.figures.get(name) for name in part.names})
    order = sorted(known, key=lambda period: (period.last, isinstance(period, Year)))
    return tuple(Reported(period, Statement(period.first.year, **known[period])) for period in order)


def with_ratios(found: Sequence[Reported]) -> tuple[tuple[Reported, Mapping[str, Ratio] | BadInput], ...]:
    """Each period with its ratios, or what contradicts itself in it or the one that it is held against."""
    by_period = {one.period: one.statement for one in found}

    def of(one: Reported) -> Mapping[str, Ratio] | BadInput:
        try:
            return one.ratios(by_period.get(one.period.year_before()))
        except BadInput as wrong:
            return wrong

    return tuple((one, of(one)) for one in found)


def years(found: Sequence[Reported], told: Mapping[int, Statement]) -> dict[int, Statement]:
    """The yearly figures by year: those of statements, and what was `told` elsewhere (a survey) for parts that no
    statement gives. A part is never mixed from the two.
    """
    known = dict(told)
    for one in found:
        if isinstance(one.period, Year):
            year, other = one.statement.year, told.get(one.statement.year)
            known[year] = one.statement if other is None else _completed(one.statement, other)
    return dict(sorted(known.items()))


def _completed(statement: Statement, other: Statement) -> Statement:
    for names in (BALANCE, INCOME):
        if all(getattr(statement, name) is None for name in names):
            statement = replace(statement, **{name: getattr(other, name) for name in names})
    return statement


def whole(statement: Statement) -> bool:
    """Whether both of a period's statements are there."""
    return all(any(getattr(statement, name) is not None for name in names) for names in (BALANCE, INCOME))


def last_in_a_row(known: Mapping[int, Statement]) -> tuple[Statement, ...]:
    """The last years without a gap, the earliest first: what early warning looks at."""
    newest = sorted(known, reverse=True)
    run = [year for place, year in enumerate(newest) if year == newest[0] - place]
    return tuple(known[year] for year in sorted(run))


def awaited(day: date) -> tuple[tuple[Year | Quarter, date], ...]:
    """The last year and the last quarter whose statements are to be there on `day`, each with the day by which:
    4 months after a year, 1 month after a quarter. A fourth quarter comes with its year.
    """
    year = Year.of(day).plus(-1)
    while _by(year, YEAR_MONTHS) >= day:
        year = year.plus(-1)
    quarter = Quarter.of(day).plus(-1)
    while _by(quarter, QUARTER_MONTHS) >= day or quarter.last.month == 12:
        quarter = quarter.plus(-1)
    return (year, _by(year, YEAR_MONTHS)), (quarter, _by(quarter, QUARTER_MONTHS))


def _by(period: Year | Quarter, months: int) -> date:
    return Month.of(period.last).plus(months).last
