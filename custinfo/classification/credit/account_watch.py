"""Customers on account whose buying or paying is out of the ordinary, for their supervisor to look at.

The last stretch of days, the day itself included, is held against the same customer's stretches of equal length before
it. Three signs; each stands for itself, and small amounts (below `from_fen`) give none:

- `buys_more`: bought at least `more_percent` of what an earlier stretch had on average. Where nothing was bought
  before, any amount that counts is out of the ordinary.
- `returns`: returned at least `returns_percent` of what was bought in the same stretch.
- `pays_late`: of the money due in the stretch, at least `late_percent` was paid late or is open, which was not so
  before (nothing due before counts as not so). Before is how things stood on the first day of the stretch.

Everything is compared by multiplying whole fen, so that a customer exactly at a bound has the sign on every engine.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit import payments
from custinfo.classification.rules import Rule
from custinfo.domain.sums import total_fen

FILE = "account_watch.toml"

SIGNS = ("buys_more", "returns", "pays_late")

Percent = Annotated[int, Field(gt=0, le=100)]


class AccountWatchRule(Rule):
    """One version: the length of a stretch, how many before it are looked at, and from where on something is a sign."""

    days: Annotated[int, Field(gt=0, le=366)]
    stretches_before: Annotated[int, Field(gt=0, le=24)]
    from_fen: Annotated[int, Field(gt=0)]
    more_percent: Annotated[int, Field(gt=100, le=1_000)]
    returns_percent: Percent
    late_percent: Percent


def rule(on: date, folder: Path = rules.FOLDER) -> AccountWatchRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, AccountWatchRule, folder)


def signs(
    customers: ir.Table,
    sales: ir.Table,
    invoices: ir.Table,
    paid: ir.Table,
    day: date,
    rule: AccountWatchRule,
) -> ir.Table:
    """One row for each sign of each of `customers` (a unique `customer_key`; those on account), in no order.

    `sales` has `customer_key`, `kind` (sale, return, payment), `occurred_on`, `amount_fen`; `invoices` and `paid`
    are as in `payments.settled`. Gives `customer_key`, `sign`, `amount_fen` (bought, returned, not paid in time in
    the stretch), `compared_fen` (bought in all stretches before, bought, due), `rule_version` (int32).
    """
    bought = _bought(customers, sales, day, rule)
    more = bought.filter(
        bought.bought >= rule.from_fen,
        _wide(bought.bought) * (100 * rule.stretches_before) >= _wide(bought.before) * rule.more_percent,
    )
    returned = bought.filter(
        bought.returned >= rule.from_fen, _wide(bought.returned) * 100 >= _wide(bought.bought) * rule.returns_percent
    )
    late = _late(customers, invoices, paid, day, rule)
    return ibis.union(
        _named(more, "buys_more", more.bought, more.before, rule),
        _named(returned, "returns", returned.returned, returned.bought, rule),
        _named(late, "pays_late", late.not_in_time, late.due_fen, rule),
        distinct=False,
    )


def starts(day: date, rule: AccountWatchRule) -> tuple[date, date]:
    """The first day of the stretch that ends on `day`, and of the first one before it that is looked at."""
    first = day - timedelta(days=rule.days - 1)
    return first, first - timedelta(days=rule.days * rule.stretches_before)


def _bought(customers: ir.Table, sales: ir.Table, day: date, rule: AccountWatchRule) -> ir.Table:
    first, earliest = starts(day, rule)
    within = sales.filter(sales.occurred_on.between(earliest, day))
    now, sold = within.occurred_on >= first, within.kind == "sale"

    def summed(where: ir.BooleanValue) -> ir.IntegerScalar:
        return total_fen(where.ifelse(within.amount_fen, ibis.literal(0, "int64")))

    sums = within.group_by("customer_key").aggregate(
        bought=summed(now & sold), before=summed(~now & sold), returned=summed(now & (within.kind == "return"))
    )
    return customers.select("customer_key").inner_join(sums, "customer_key")


def _late(customers: ir.Table, invoices: ir.Table, paid: ir.Table, day: date, rule: AccountWatchRule) -> ir.Table:
    first, earliest = starts(day, rule)
    now = payments.behaviour(customers, invoices, paid, first, day)
    then = payments.behaviour(customers, invoices, paid, earliest, first).select(
        was="customer_key", due_before="due_fen", missed_before=lambda t: t.late_fen + t.open_fen
    )
    both = now.inner_join(then, now.customer_key == then.was)
    joined = both.mutate(not_in_time=both.late_fen + both.open_fen)
    punctual_before = _wide(joined.missed_before) * 100 < _wide(joined.due_before) * rule.late_percent
    return joined.filter(
        joined.not_in_time >= rule.from_fen,
        _wide(joined.not_in_time) * 100 >= _wide(joined.due_fen) * rule.late_percent,
        punctual_before | (joined.due_before == 0),
    )


def _wide(fen: ir.IntegerValue) -> ir.NumericValue:
    # Hundreds of times the sum of a stretch are beyond int64
    return fen.cast(payments.WIDE)


def _named(
    rows: ir.Table, sign: str, amount: ir.IntegerValue, compared: ir.IntegerValue, rule: AccountWatchRule
) -> ir.Table:
    return rows.select(
        "customer_key",
        sign=ibis.literal(sign),
        amount_fen=amount,
        compared_fen=compared,
        rule_version=ibis.literal(rule.version, "int32"),
    )
