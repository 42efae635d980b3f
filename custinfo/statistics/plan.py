"""Plan and actual (R160): how far a plan is fulfilled, what is lacking, and where it leads by the days that are left.

A plan's figure is one row of a table that is read from a file: an indicator, a period, a dimension with a code (both
blank for the whole company) and an amount. It has a version and who approved it when: a changed plan is a new version
beside the old one, and what counted on a day is still known later. Nothing is ever taken for planned that is not there:
a missing plan is a sentence, not a zero.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from custinfo.domain import money, periods
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Period
from custinfo.domain.working_days import DayCount, WorkCalendar
from custinfo.statistics.no_figure import Figure, NoFigure, Number, ratio

COLUMNS = ("indicator", "period", "dimension", "code", "amount", "version", "approved_by", "approved_on")
"""The columns of a file of plans. An amount of an indicator in fen is written in yuan, a percentage as 12.5."""
PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
VERSION = re.compile(r"0*[1-9]\d{0,5}", re.ASCII)


@dataclass(frozen=True)
class PlanFigure:
    """What is planned of an indicator for a period; `dimension` and `code` are blank for the whole company."""

    indicator: str
    period: Period
    dimension: str
    code: str
    amount: Number
    version: int
    approved_by: str
    approved_on: date

    @property
    def of(self) -> tuple[str, str, str, str]:
        """What it is a plan of: versions of the same have the same."""
        return self.indicator, str(self.period), self.dimension, self.code


def read(rows: Iterable[Mapping[str, str]], units: Mapping[str, str]) -> tuple[PlanFigure, ...]:
    """The figures of a file's rows, each with COLUMNS; `units` are those of the known indicators, by id.

    Raises BadInput with the number of the row (the headings are row 1) for an unknown indicator, a period, amount,
    version or day that is not understood, nobody who approved it, a code without its dimension or a dimension without a
    code, and a version that is there twice.
    """
    found: dict[tuple[object, ...], PlanFigure] = {}
    for number, row in enumerate(rows, start=2):
        figure = _figure(number, {name: row.get(name, "").strip() for name in COLUMNS}, units)
        if found.setdefault((*figure.of, figure.version), figure) is not figure:
            raise BadInput("statistics.plan.twice", row=number, indicator=figure.indicator, period=figure.period)
    return tuple(found.values())


def _figure(number: int, row: Mapping[str, str], units: Mapping[str, str]) -> PlanFigure:
    if row["indicator"] not in units:
        raise BadInput("statistics.plan.indicator", row=number, given=row["indicator"][:40])
    try:
        period, approved_on = periods.find(row["period"]), periods.Day.parse(row["approved_on"]).day
    except BadInput:
        given = {"period": row["period"][:40], "day": row["approved_on"][:40]}
        raise BadInput("statistics.plan.time", row=number, **given) from None
    if not row["approved_by"] or bool(row["dimension"]) != bool(row["code"]):
        raise BadInput("statistics.plan.entry", row=number)
    amount = _amount(number, row["amount"], units[row["indicator"]])
    if not VERSION.fullmatch(row["version"]):
        raise BadInput("statistics.plan.version", row=number, given=row["version"][:40])
    return PlanFigure(
        row["indicator"], period, row["dimension"], row["code"], amount, int(row["version"]), row["approved_by"],
        approved_on,
    )  # fmt: skip


def _amount(number: int, given: str, unit: str) -> Number:
    if unit == "fen":
        try:
            return money.fen(given)
        except BadInput:
            raise BadInput("statistics.plan.amount", row=number, given=given[:40]) from None
    if not PLAIN.fullmatch(given):
        raise BadInput("statistics.plan.amount", row=number, given=given[:40])
    return Fraction(given) / 100 if unit == "percent" else Fraction(given)


def in_force(figures: Iterable[PlanFigure], on: date) -> dict[tuple[str, str, str, str], PlanFigure]:
    """Of each plan the highest version that had been approved by the day `on`, by `PlanFigure.of`."""
    found: dict[tuple[str, str, str, str], PlanFigure] = {}
    for figure in figures:
        if figure.approved_on <= on and (figure.of not in found or found[figure.of].version < figure.version):
            found[figure.of] = figure
    return found


def planned(
    figures: Mapping[tuple[str, str, str, str], PlanFigure], indicator: str, period: str, dimension: str = "",
    code: str = "",
) -> Figure:  # fmt: skip
    """What `in_force` has for an indicator, a period and, where it is about a part, a dimension and a code."""
    figure = figures.get((indicator, period, dimension, code))
    return NoFigure("no_plan", {"period": period}) if figure is None else figure.amount


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
