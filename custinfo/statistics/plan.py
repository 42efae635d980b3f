"""Plan and actual (R160): how far a plan is fulfilled, what is lacking, and where it leads by the days that are left.

A plan's figure is one row of a file that people approve: an indicator, a period, a dimension with a code (both blank
for the whole company) and an amount. A changed plan is a new version beside the old one, and what counted on a day is
still known later. Nothing is ever taken for planned that is not there: a missing plan is a sentence, not a zero.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from custinfo.domain import money, periods
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import HalfYear, Kind, Month, Period, Quarter, Year
from custinfo.domain.working_days import DayCount, WorkCalendar
from custinfo.statistics.no_figure import Figure, NoFigure, Number, ratio

COLUMNS = ("indicator", "period", "dimension", "code", "amount")
"""The columns of a file of plans. An amount of an indicator in fen is written in yuan, a percentage as 12.5."""
PLAIN = re.compile(r"-?\d{1,10}(\.\d{1,6})?", re.ASCII)
LONGEST_CODE = 100
FINEST = 10**8
PARTS: Mapping[type, tuple[Kind, int]] = {Year: (Quarter, 4), HalfYear: (Quarter, 2), Quarter: (Month, 3)}
"""Of which shorter periods a period consists, and of how many."""


Of = tuple[str, str, str, str]
"""What a plan is of: indicator, period, dimension and code. Versions of the same plan have the same."""


@dataclass(frozen=True)
class Planned:
    """What is planned of an indicator for a period; `dimension` and `code` are blank for the whole company."""

    indicator: str
    period: Period
    dimension: str
    code: str
    amount: Number

    @property
    def of(self) -> Of:
        """What it is a plan of."""
        return self.indicator, str(self.period), self.dimension, self.code


def as_integer(amount: Number, unit: str) -> int:
    """An amount as it is kept: fen, or of anything but money so many hundred-millionths, which is exact for PLAIN."""
    return int(amount if unit == "fen" else amount * FINEST)


def of_integer(kept: int, unit: str) -> Number:
    """The amount that `as_integer` kept."""
    return kept if unit == "fen" else Fraction(kept, FINEST)


@dataclass(frozen=True)
class PlanFigure(Planned):
    """A plan of an approved version."""

    version: int
    approved_on: date


def checked(
    rows: Iterable[tuple[int, Mapping[str, str]]], units: Mapping[str, str],
    refuse: Callable[[int, Planned], None] = lambda _number, _planned: None,
) -> tuple[tuple[Planned, ...], tuple[BadInput, ...]]:  # fmt: skip
    """What numbered rows plan, each with COLUMNS, and what is wrong with the others, in their order.

    `units` are those of the known indicators, by id. Wrong is what `planned_in` refuses, a plan that is there twice,
    and what `refuse` raises BadInput for.
    """
    found: dict[Of, Planned] = {}
    faults: list[BadInput] = []
    for number, row in rows:
        try:
            one = planned_in(number, row, units)
            refuse(number, one)
            if one.of in found:
                raise BadInput("statistics.plan.twice", row=number, indicator=one.indicator, period=one.period)
            found[one.of] = one
        except BadInput as fault:
            faults.append(fault)
    return tuple(found.values()), tuple(faults)


def planned_in(number: int, row: Mapping[str, str], units: Mapping[str, str]) -> Planned:
    """What the row of that number plans, by its columns PLANNED.

    Raises BadInput with the number for an unknown indicator, a period or an amount that is not understood, a code
    without its dimension or a dimension without a code, a code of more than LONGEST_CODE characters.
    """
    if row["indicator"] not in units:
        raise BadInput("statistics.plan.indicator", row=number, given=row["indicator"][:40])
    try:
        period = periods.find(row["period"])
    except BadInput:
        raise BadInput("statistics.plan.period", row=number, given=row["period"][:40]) from None
    if bool(row["dimension"]) != bool(row["code"]):
        raise BadInput("statistics.plan.entry", row=number)
    if len(row["code"]) > LONGEST_CODE:
        raise BadInput("statistics.plan.code_long", row=number, limit=LONGEST_CODE)
    amount = _amount(number, row["amount"], units[row["indicator"]])
    return Planned(row["indicator"], period, row["dimension"], row["code"], amount)


def _amount(number: int, given: str, unit: str) -> Number:
    if unit == "fen":
        try:
            return money.fen(given)
        except BadInput:
            raise BadInput("statistics.plan.amount", row=number, given=given[:40]) from None
    if not PLAIN.fullmatch(given):
        raise BadInput("statistics.plan.amount", row=number, given=given[:40])
    return Fraction(given) / 100 if unit == "percent" else Fraction(given)


def in_force(figures: Iterable[PlanFigure], on: date) -> dict[Of, PlanFigure]:
    """Of each plan the highest version that had been approved by the day `on`, by `Planned.of`."""
    found: dict[Of, PlanFigure] = {}
    for figure in figures:
        if figure.approved_on <= on and (figure.of not in found or found[figure.of].version < figure.version):
            found[figure.of] = figure
    return found


def planned(
    figures: Mapping[Of, PlanFigure], indicator: str, period: Period, dimension: str = "", code: str = "", *,
    adds_up: bool = False,
) -> Figure:  # fmt: skip
    """What `in_force` has for an indicator, a period and, where it is about a part, a dimension and a code.

    A period without a plan of its own has the sum of the plans of its parts (PARTS), where the indicator `adds_up` over
    periods and each of them has one. Quarters without their own are again the sums of their months.
    """
    figure = figures.get((indicator, str(period), dimension, code))
    if figure is not None:
        return figure.amount
    parts = parts_of(period) if adds_up else ()
    amounts = [planned(figures, indicator, one, dimension, code, adds_up=True) for one in parts]
    found = [amount for amount in amounts if not isinstance(amount, NoFigure)]
    if not parts or len(found) < len(parts):
        return NoFigure("no_plan", {"period": period})
    return sum(found, start=0)


def parts_of(period: Period) -> tuple[Period, ...]:
    """The shorter periods that make up a year, half-year or quarter; none for any other."""
    for whole, (part, many) in PARTS.items():
        if isinstance(period, whole):
            first = part.of(period.first)
            return tuple(first.plus(n) for n in range(many))
    return ()


@dataclass(frozen=True)
class Completion:
    """`degree` is the share of the plan that was reached, `gap` is actual less plan; `met` whether it is as planned.

    Where more is better a plan is met from its amount on; where less is better (complaints), up to it.
    """

    actual: Number
    plan: Number
    gap: Number
    degree: Fraction | NoFigure
    met: bool


def completion(actual: Figure, plan: Figure, *, more_is_better: bool = True) -> Completion | NoFigure:
    """How far `actual` is what was planned. Where one of them is no figure, nor is this.

    A plan of zero or below (a loss that is allowed) has a gap and is met or not, and no degree.
    """
    if isinstance(plan, NoFigure):
        return plan
    if isinstance(actual, NoFigure):
        return actual
    degree = ratio(actual, plan)
    shown = NoFigure("plan_not_positive") if isinstance(degree, NoFigure) else degree
    return Completion(actual, plan, actual - plan, shown, actual >= plan if more_is_better else actual <= plan)


@dataclass(frozen=True)
class Accumulated:
    """A period of a sequence: its own completion, and that of all from the first up to it."""

    period: str
    own: Completion | NoFigure
    so_far: Completion | NoFigure


def accumulated(
    sequence: Sequence[tuple[str, Figure, Figure]], *, more_is_better: bool = True
) -> tuple[Accumulated, ...]:
    """Completion period by period and accumulated, for an indicator that adds up: (period, actual, plan) in order.

    From the first period on whose actual or plan is missing, nothing accumulates: that period is named.
    """
    found: list[Accumulated] = []
    actual_sum: Figure = 0
    plan_sum: Figure = 0
    for period, actual, plan in sequence:
        actual_sum, plan_sum = _plus(actual_sum, actual, period), _plus(plan_sum, plan, period)
        own = completion(actual, plan, more_is_better=more_is_better)
        so_far = completion(actual_sum, plan_sum, more_is_better=more_is_better)
        found.append(Accumulated(period, own, so_far))
    return tuple(found)


def _plus(total: Figure, more: Figure, period: str) -> Figure:
    if isinstance(total, NoFigure):
        return total
    return NoFigure("before_gap", {"period": period}) if isinstance(more, NoFigure) else total + more


@dataclass(frozen=True)
class Outlook:
    """Where a period leads when the days that are left go on like those that are over (linear in working days).

    `elapsed` and `whole` count days; `expected` is the figure at the end; `needed` is what each working day that is
    left must bring for the plan to be met, NoFigure when none is left or there is no plan.
    """

    elapsed: DayCount
    whole: DayCount
    expected: Figure
    needed: Figure


def outlook(actual: Figure, plan: Figure, period: Period, until: date, calendar: WorkCalendar) -> Outlook | NoFigure:
    """The outlook with what was reached up to and with the day `until`; once the period is over it is the actual.

    NoFigure before its first day and without an actual.
    """
    if isinstance(actual, NoFigure):
        return actual
    if until < period.first:
        return NoFigure("not_begun", {"period": period})
    elapsed, whole = calendar.count(period.first, min(until, period.last)), calendar.of(period)
    left = whole.working - elapsed.working
    expected: Figure = NoFigure("no_working_day")
    if until >= period.last:
        expected = actual
    elif elapsed.working:
        expected = Fraction(actual) * whole.working / elapsed.working
    if isinstance(plan, NoFigure):
        return Outlook(elapsed, whole, expected, plan)
    needed = Fraction(plan - actual) / left if left else NoFigure("no_working_day")
    return Outlook(elapsed, whole, expected, needed)
