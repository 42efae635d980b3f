"""Terms of payment: when money is due, how long a bill may run, what a short bill saves, when branches hand money over.

The company's own terms, for goods delivered on some day of a month, are days of the month after:

- the money is collected from `collect_from_day` to `collect_by_day`, that day included: it is due on the last;
- a bill of exchange runs for `bill_months` counted from `bill_from_day`;
- a bill that is due at most `discount_within_days` after `bill_from_day`, or earlier, is given `discount_basis_points`
  off the amount, rounded down to whole fen, so that never more is given than the rule says;
- a branch hands over all money of a month by `remit_by_day` of the same month.

A day that a month lacks (the 31st in June) is its last. A period counted from a day begins on the day after it and ends
on the same day of the month so many months later (Civil Code, art. 201 and 202). Holidays move nothing unless a
calendar is given: then what falls due on a day off is due on the next working day (art. 203).

Other terms that a customer may be granted are counted from the delivery or from the end of its month.
"""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit.wording import SpokenBadInput, Yuan
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Month

FILE = "payment_terms.toml"

DayOfMonth = Annotated[int, Field(ge=1, le=31)]
WorkingDay = Callable[[date], bool]
"""Says of a day whether money can be paid on it."""

LONGEST_HOLIDAY_DAYS = 31


class Terms(Part):
    """One code of the code list `payment_terms`: due so many days after the delivery or the end of its month."""

    code: Text
    counted_from: Literal["delivery", "month_end"]
    days: Annotated[int, Field(ge=0, le=366)]


class PaymentTermsRule(Rule):
    """One version of the company's own terms, and of those that are agreed with single customers."""

    collect_from_day: DayOfMonth
    collect_by_day: DayOfMonth
    bill_from_day: DayOfMonth
    bill_months: Annotated[int, Field(ge=0, le=12)]
    discount_within_days: Annotated[int, Field(ge=0, le=90)]
    discount_basis_points: Annotated[int, Field(ge=0, le=10_000)]
    remit_by_day: DayOfMonth
    terms: Many[Terms]

    def check(self) -> None:
        """Raises Fault when collection ends before it begins, or a code stands twice."""
        if self.collect_by_day < self.collect_from_day:
            raise Fault("credit_use.collect", first=self.collect_from_day, last=self.collect_by_day)
        codes = [terms.code for terms in self.terms]
        twice = next((code for code in codes if codes.count(code) > 1), None)
        if twice:
            raise Fault("credit_use.terms_twice", code=twice)


@dataclass(frozen=True)
class Bill:
    """What a bill of exchange is worth: whether it runs too long, what it is given off (fen), and what is left."""

    latest_due_on: date
    too_long: bool
    discount_fen: int
    to_pay_fen: int
    rule_version: int


def rule(on: date, folder: Path = rules.FOLDER) -> PaymentTermsRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, PaymentTermsRule, folder)


def collection(delivered_on: date, rule: PaymentTermsRule) -> tuple[date, date]:
    """The first and the last day on which the money of a delivery is collected."""
    month = Month.of(delivered_on).plus(1)
    return _day(month, rule.collect_from_day), _day(month, rule.collect_by_day)


def due_on(
    delivered_on: date, terms: str | None, rule: PaymentTermsRule, is_working_day: WorkingDay | None = None
) -> date:
    """When the money of a delivery is due; `terms` None: by the company's own terms.

    Raises BadInput for terms that the rule does not name, and for a calendar that knows no working day within a month.
    """
    if terms is None:
        return next_working_day(collection(delivered_on, rule)[1], is_working_day)
    named = next((named for named in rule.terms if named.code == terms), None)
    if named is None:
        raise BadInput("credit_use.unknown_terms", terms=terms, file=FILE)
    start = delivered_on if named.counted_from == "delivery" else Month.of(delivered_on).last
    return next_working_day(start + timedelta(days=named.days), is_working_day)


def bill(amount_fen: int, delivered_on: date, bill_due_on: date, rule: PaymentTermsRule) -> Bill:
    """What a bill due on `bill_due_on` is worth for a delivery. Raises BadInput for an amount not above zero."""
    if amount_fen <= 0:
        raise SpokenBadInput("credit_use.bill", amount=Yuan(amount_fen))
    month = Month.of(delivered_on).plus(1)
    start = _day(month, rule.bill_from_day)
    latest = _day(month.plus(rule.bill_months), start.day)
    short = bill_due_on <= start + timedelta(days=rule.discount_within_days)
    discount = amount_fen * rule.discount_basis_points // 10_000 if short else 0
    return Bill(latest, bill_due_on > latest, discount, amount_fen - discount, rule.version)


def remit_on(collected_on: date, rule: PaymentTermsRule) -> date:
    """By when a branch hands over money to head office; what comes in after that day goes with the next month's."""
    month = Month.of(collected_on)
    this_month = _day(month, rule.remit_by_day)
    return this_month if collected_on <= this_month else _day(month.plus(1), rule.remit_by_day)


def overdue_days(due: date, day: date) -> int:
    """Whole days since `due`: 0 on that day and before it, 1 on the day after."""
    return max((day - due).days, 0)


def next_working_day(day: date, is_working_day: WorkingDay | None) -> date:
    """`day`, or the next working day where there is a calendar. Raises BadInput when a month has none."""
    if is_working_day is None:
        return day
    for later in range(LONGEST_HOLIDAY_DAYS + 1):
        if is_working_day(day + timedelta(days=later)):
            return day + timedelta(days=later)
    raise BadInput("credit_use.no_working_day", day=day)


def dated(deliveries: ir.Table, day: date, rule: PaymentTermsRule) -> ir.Table:
    """`deliveries` with `due_on` (date), `overdue_days` (int64, as of `day`) and `terms_rule_version` (int32).

    `deliveries` has `delivered_on`, `terms` (NULL: the company's own) and `agreed_due_on` (NULL: none; it goes before
    the terms). Terms that the rule does not name have no due day: `due_on` and `overdue_days` are NULL. Without a
    calendar.
    """
    delivered = deliveries.delivered_on
    month_end = _next_month(delivered, 1) - ibis.interval(days=1)
    starts = {"delivery": delivered, "month_end": month_end}
    by_code = [
        (deliveries.terms == terms.code, (starts[terms.counted_from] + ibis.interval(days=terms.days)).cast("date"))
        for terms in rule.terms
    ]
    # The last day of the next month, where it is shorter than the rule's day
    last = (_next_month(delivered, 2) - ibis.interval(days=1)).cast("date")
    own = (_next_month(delivered, 1) + ibis.interval(days=rule.collect_by_day - 1)).cast("date")
    ours = (deliveries.terms.isnull(), ibis.least(own, last))
    due = ibis.coalesce(deliveries.agreed_due_on, ibis.cases(ours, *by_code))
    with_due = deliveries.mutate(due_on=due)
    days = ibis.literal(day).delta(with_due.due_on, unit="day").cast("int64")
    return with_due.mutate(
        # greatest() leaves NULL out on some engines: what has no due day has no days overdue either
        overdue_days=with_due.due_on.notnull().ifelse(ibis.greatest(days, 0), ibis.null("int64")),
        terms_rule_version=ibis.literal(rule.version, "int32"),
    )


def _next_month(day: ir.DateValue, months: int) -> ir.DateValue:
    """The first day of the month so many months after that of `day`."""
    count = day.year() * 12 + day.month() - 1 + months
    month = count % 12
    return ibis.date(((count - month) / 12).cast("int32"), (month + 1).cast("int32"), ibis.literal(1, "int32"))


def _day(month: Month, day: int) -> date:
    return date(month.year, month.month, min(day, calendar.monthrange(month.year, month.month)[1]))
