"""One customer's account worked out in plain Python: what `payments`, `terms` and `account_watch` say of many at once.

A page that shows one customer must not wait for a query engine to plan. A test holds both ways against one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from custinfo.classification.credit import terms as payment_terms
from custinfo.classification.credit.account_watch import AccountWatchRule, starts
from custinfo.classification.credit.terms import PaymentTermsRule


@dataclass(frozen=True)
class DaySum:
    """What was sold (`sale`), taken back (`return`) or paid (`payment`) on one day, in fen."""

    kind: str
    on: date
    fen: int


@dataclass(frozen=True)
class Settled:
    """The goods of one day as one item: what of it is paid, as (day of the payment, fen), first in, first out."""

    delivered_on: date
    due_on: date
    fen: int
    paid: tuple[tuple[date, int], ...]

    @property
    def open_fen(self) -> int:
        """What is left of it."""
        return self.fen - sum(fen for _, fen in self.paid)


@dataclass(frozen=True)
class Behaviour:
    """As `payments.behaviour`, for one customer."""

    due_fen: int
    late_fen: int
    open_fen: int
    fen_days: int
    longest_overdue_days: int

    @property
    def in_time_fen(self) -> int:
        """What was paid on its due day or before."""
        return self.due_fen - self.late_fen - self.open_fen


def items(sums: Sequence[DaySum], terms: str | None, day: date, rule: PaymentTermsRule) -> tuple[Settled, ...]:
    """The items up to `day` in the order in which they are settled; `terms` must be among the rule's, or None."""
    sold = [one for one in sums if one.kind == "sale" and one.on <= day and one.fen > 0]
    owed = sorted((payment_terms.due_on(one.on, terms, rule), one.on, one.fen) for one in sold)
    given = [one for one in sums if one.kind in ("payment", "return") and one.on <= day and one.fen > 0]
    left = [(one.on, one.fen) for one in sorted(given, key=lambda one: (one.on, one.kind))]
    found, at = [], 0
    for due_on, delivered_on, fen in owed:
        paid, missing = [], fen
        while missing and at < len(left):
            on, there = left[at]
            part = min(missing, there)
            paid.append((on, part))
            missing -= part
            left[at] = (on, there - part)
            at += part == there
        found.append(Settled(delivered_on, due_on, fen, tuple(paid)))
    return tuple(found)


def behaviour(settled: Sequence[Settled], first: date, day: date) -> Behaviour:
    """How was paid what fell due from `first` to the day before `day`; `settled` is as known on `day`."""
    due = [one for one in settled if first <= one.due_on < day]
    late = [(one, on, fen) for one in due for on, fen in one.paid if on > one.due_on]
    still = [(one, (day - one.due_on).days) for one in due if one.open_fen]
    return Behaviour(
        due_fen=sum(one.fen for one in due),
        late_fen=sum(fen for _, _, fen in late),
        open_fen=sum(one.open_fen for one, _ in still),
        fen_days=sum(fen * (on - one.due_on).days for one, on, fen in late)
        + sum(one.open_fen * days for one, days in still),
        longest_overdue_days=max((days for _, days in still), default=0),
    )


def signs(
    sums: Sequence[DaySum], terms: str | None, day: date, rule: AccountWatchRule, due_rule: PaymentTermsRule
) -> list[tuple[str, int, int]]:  # fmt: skip
    """As `account_watch.signs`: the sign, its amount and what it is compared with."""
    first, earliest = starts(day, rule)

    def summed(kind: str, since: date, until: date) -> int:
        return sum(one.fen for one in sums if one.kind == kind and since <= one.on <= until)

    bought, before = summed("sale", first, day), summed("sale", earliest, first - timedelta(days=1))
    returned = summed("return", first, day)
    now = behaviour(items(sums, terms, day, due_rule), first, day)
    then = behaviour(items(sums, terms, first, due_rule), earliest, first)
    missed, missed_before = now.late_fen + now.open_fen, then.late_fen + then.open_fen
    was_punctual = missed_before * 100 < then.due_fen * rule.late_percent or then.due_fen == 0
    many_more = bought * 100 * rule.stretches_before >= before * rule.more_percent
    found = [
        ("buys_more", bought, before, bought >= rule.from_fen and many_more),
        ("returns", returned, bought, returned >= rule.from_fen and returned * 100 >= bought * rule.returns_percent),
        (
            "pays_late", missed, now.due_fen,
            missed >= rule.from_fen and missed * 100 >= now.due_fen * rule.late_percent and was_punctual,
        ),
    ]  # fmt: skip
    return [(sign, amount, compared) for sign, amount, compared, holds in found if holds]
