"""Data quality in figures (R181): completeness, validity, consistency and timeliness, by field, by group, over time.

What comes in has one row for each card with a column `state_<field>` for each field: `ok`, `missing`, `invalid`,
`misplaced`, or NULL where the field is neither expected nor stated; `faults` (how many fields are none of ok and NULL)
and `overdue`. Shares are left as their exact parts.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir

from custinfo.domain.sums import whole

STATES = ("ok", "missing", "invalid", "misplaced")
AGES = (3, 6, 12, 24)
"""Months at which the classes of age begin, but for the first, which begins at none."""
MONTH_DAYS = 30


def by_field(cards: ir.Table, fields: Sequence[str]) -> ir.Table:
    """How each field is kept: `place` (of the field in `fields`, from 0), `field`, and the number of cards by state:
    `ok`, `missing`, `invalid`, `misplaced` (int64); by place. A field in none of the states has a row of zeros.
    """
    parts = [
        cards.aggregate(**{state: _many(cards[f"state_{field}"] == state) for state in STATES}).select(
            *STATES, place=ibis.literal(place, "int64"), field=ibis.literal(field)
        )
        for place, field in enumerate(fields)
    ]
    together = reduce(lambda one, other: one.union(other), parts)
    return together.select("place", "field", *STATES).order_by("place")


def totals(cards: ir.Table) -> ir.Table:
    """One row: `cards`, `faulty` (with at least one fault), `overdue`."""
    return cards.aggregate(
        cards=cards.count().cast("int64"), faulty=_many(cards.faults > 0), overdue=_many(cards.overdue)
    )


def by(cards: ir.Table, dimension: str, least: int) -> ir.Table:
    """Cards by one column: `code` (NULL and blank together as blank), `cards`, `faulty`, `faults`, `overdue`.

    Groups of fewer than `least` cards are one row together, with `code` NULL: what is said of them is not said of one
    customer. The largest share of faulty cards first (ties by code), that row last.
    """
    codes = cards.mutate(code=cards[dimension].fill_null(""))
    large = codes.count().over(group_by=codes.code) >= least
    grouped = codes.mutate(code=ibis.cases((large, codes.code)))
    counted = grouped.group_by("code").agg(
        cards=grouped.count().cast("int64"),
        faulty=_many(grouped.faults > 0),
        faults=whole(grouped.faults.sum()),
        overdue=_many(grouped.overdue),
    )
    # Thousandths, so that the order is of whole numbers on every engine
    thousandths = (counted.faulty * 1000).floordiv(counted.cards)
    return counted.order_by(counted.code.isnull(), thousandths.desc(), "code")


def ages(cards: ir.Table, on: date) -> ir.Table:
    """When cards were last recorded: `age_class` (the number of bounds of AGES that are reached, a month of
    MONTH_DAYS days), `cards`, `overdue`; youngest first.
    """
    days = ibis.literal(on).delta(cards.recorded_at.date(), unit="day")
    bounds = ((days >= months * MONTH_DAYS, place) for place, months in reversed(list(enumerate(AGES, start=1))))
    aged = cards.select("overdue", age_class=ibis.cases(*bounds, else_=0).cast("int64"))
    counted = aged.group_by("age_class").agg(cards=aged.count().cast("int64"), overdue=_many(aged.overdue))
    return counted.order_by("age_class")


def over_time(versions: ir.Table, fields: Sequence[str], days: Sequence[date]) -> ir.Table:
    """How well cards were kept on earlier days: `day`, `cards`, `ok` and `expected`, numbers of fields; by day.

    `versions` has every version of each card, with `customer_key`, `version`, `recorded_at`. On each day the newest
    version that was recorded by its end (UTC) counts. A day before the first version has no row.
    """
    states = [versions[f"state_{field}"] for field in fields]
    valid = versions.select(
        "customer_key",
        since=versions.recorded_at,
        until=versions.recorded_at.lead().over(group_by="customer_key", order_by="version"),
        ok=reduce(lambda one, other: one + other, [_one(state == "ok") for state in states]),
        expected=reduce(lambda one, other: one + other, [_one(state.notnull()) for state in states]),
    )
    ends = ibis.memtable(
        [(day, datetime.combine(day + timedelta(days=1), time())) for day in days],
        schema={"day": "date", "at": "timestamp"},
    )
    then = valid.join(ends, [valid.since < ends["at"], valid.until.isnull() | (valid.until >= ends["at"])])
    counted = then.group_by("day").agg(
        cards=then.count().cast("int64"), ok=whole(then.ok.sum()), expected=whole(then.expected.sum())
    )
    return counted.order_by("day")


def to_mend(cards: ir.Table, field: str = "", state: str = "", *, overdue: bool = False) -> ir.Table:
    """The list for cleaning: cards with a fault or overdue, most faults first, then the one recorded longest ago.

    `field` and `state` narrow it to the cards whose field has a fault, or that one; `state` alone to the cards with it
    anywhere; `overdue` to those that are overdue.
    """
    found = cards.filter((cards.faults > 0) | cards.overdue)
    names = [f"state_{field}"] if field else [name for name in cards.columns if name.startswith("state_")]
    wanted = [state] if state else list(STATES[1:])
    if field or state:
        found = found.filter(reduce(lambda one, other: one | other, [_in(found[name], wanted) for name in names]))
    if overdue:
        found = found.filter(found.overdue)
    return found.order_by(ibis.desc("faults"), "recorded_at", "customer_key")


def _in(state: ir.StringColumn, wanted: Sequence[str]) -> ir.BooleanValue:
    return state.isin(list(wanted)).fill_null(False)


def _one(condition: ir.BooleanValue) -> ir.IntegerValue:
    return condition.fill_null(False).cast("int64")


def _many(condition: ir.BooleanValue) -> ir.IntegerScalar:
    """How many rows are so; 0 of no rows."""
    return whole(_one(condition).sum()).fill_null(0)
