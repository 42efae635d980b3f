"""RFM: when customers last bought, how often, for how much; scores from 1 to 5, and the segments that they make.

1. In the window that ends on the day of scoring, that day included: *recency* is the days since the last day with a
   sale, *frequency* the number of days with a sale, *monetary* sales less returns in fen (below zero when more came
   back than was bought). Payments do not count, and a sale counts as one whatever its amount.
2. Customers without a sale in the window, whether or not they returned something, are the segment `none`: scores 0,
   recency NULL, frequency 0. They are in no quintile.
3. Each of the n others stands in each of the three among the others: with b the customers who do strictly worse and t
   those who do as well, themselves included, the score is 1 + the whole part of 5 * (2b + t) / 2n. That is the quintile
   in which the middle of the equal ones stands: customers of equal value always have the equal score, 5 is best, and
   among equal customers alone everybody scores 3. A quintile may stay empty where many are equal.
4. The rule's segments share the 125 combinations among them, each in exactly one.

Everything is integer arithmetic: the same rows give the same scores on every engine, in any order.
"""

from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.value_grade import window_start
from custinfo.domain.sums import total_fen

FILE = "rfm.toml"
NO_SALES = "none"
CLASSES = 5

Score = Annotated[int, Field(ge=1, le=CLASSES)]
Range = Annotated[tuple[Score, Score], Field(strict=False)]
"""The lowest and the highest score, both included."""


class Block(Part):
    """Combinations of scores: each of the three within its range."""

    r: Range
    f: Range
    m: Range

    def combinations(self) -> set[tuple[int, int, int]]:
        """Every (r, f, m) in the block; none when a range is upside down."""
        r, f, m = (range(low, high + 1) for low, high in (self.r, self.f, self.m))
        return set(product(r, f, m))


class Segment(Part):
    """Customers whose scores are in one of `blocks`, under a name in each language, and what is to be done for them."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    zh: Text
    en: Text
    strategy_zh: Text
    strategy_en: Text
    blocks: Many[Block]

    def name(self, language: str) -> str:
        """The segment's name."""
        return self.zh if language == "zh-CN" else self.en

    def strategy(self, language: str) -> str:
        """What is to be done for these customers."""
        return self.strategy_zh if language == "zh-CN" else self.strategy_en


class RfmRule(Rule):
    """One version of the segments: `months` is the window's length."""

    months: Annotated[int, Field(gt=0, le=120)]
    segments: Many[Segment]

    def check(self) -> None:
        """Raises Fault for a code used twice or reserved, a combination in two blocks, and one in none."""
        codes = [segment.code for segment in self.segments]
        for code in codes:
            if codes.count(code) > 1 or code == NO_SALES:
                raise Fault("customer_value.segment_code", code=code)
        owner: dict[tuple[int, int, int], str] = {}
        for segment in self.segments:
            for block in segment.blocks:
                inside = block.combinations()
                if not inside:
                    raise Fault("customer_value.upside_down", segment=segment.code)
                for r, f, m in sorted(inside & owner.keys()):
                    raise Fault("customer_value.overlap", r=r, f=f, m=m, first=owner[r, f, m], second=segment.code)
                owner |= dict.fromkeys(inside, segment.code)
        for r, f, m in product(range(1, CLASSES + 1), repeat=3):
            if (r, f, m) not in owner:
                raise Fault("customer_value.hole", r=r, f=f, m=m)

    def segment_of(self) -> Mapping[tuple[int, int, int], str]:
        """The segment's code for each (r, f, m)."""
        return {
            combination: segment.code
            for segment in self.segments
            for block in segment.blocks
            for combination in block.combinations()
        }


def rule(on: date, folder: Path = rules.FOLDER) -> RfmRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, RfmRule, folder)


def scores(customers: ir.Table, sales: ir.Table, on: date, rule: RfmRule) -> ir.Table:
    """Exactly one row for each of `customers`, as of the day `on`.

    `customers` has a unique `customer_key`; `sales` has `customer_key`, `kind`, `occurred_on`, `amount_fen`. Gives
    `customer_key`, `recency_days` (int64, NULL without sales), `frequency` and `monetary_fen` (int64), `r`, `f`, `m`
    (int32), `segment`, `rule_version` (int32), in no order. Sales of customers who are not in `customers` do not count.
    """
    scored = _scored(_measured(customers, sales, window_start(on, rule.months), on))
    return scored.mutate(
        segment=ibis.cases((scored.frequency == 0, NO_SALES), *_cases(scored, rule), else_=rule.segments[0].code),
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _cases(scored: ir.Table, rule: RfmRule) -> list[tuple[ir.BooleanValue, str]]:
    """Every segment but the first, which is what is left."""
    combination = scored.r * 100 + scored.f * 10 + scored.m
    of: dict[str, list[int]] = {segment.code: [] for segment in rule.segments}
    for (r, f, m), code in rule.segment_of().items():
        of[code].append(r * 100 + f * 10 + m)
    return [(combination.isin(of[segment.code]), segment.code) for segment in rule.segments[1:]]


def _measured(customers: ir.Table, sales: ir.Table, first: date, last: date) -> ir.Table:
    within = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on.between(first, last))
    sold = within.kind == "sale"
    signed = ibis.cases((sold, within.amount_fen), else_=-within.amount_fen)
    # Days first: to count different days of each customer at once takes twice as long
    days = within.group_by("customer_key", "occurred_on").agg(net=signed.sum(), bought=sold.any())
    found = days.group_by("customer_key").agg(
        last=days.occurred_on.max(where=days.bought),
        frequency=days.count(where=days.bought),
        # As in value_grade: a plain cast would be left out, and the sum be written as DOUBLE
        monetary_fen=total_fen(days.net),
    )
    known = customers.select("customer_key").left_join(found, "customer_key")
    return known.select(
        "customer_key",
        recency_days=ibis.date(last).delta(known["last"], unit="day").cast("int64"),
        frequency=known.frequency.fill_null(0).cast("int64"),
        monetary_fen=known.monetary_fen.fill_null(0),
    )


def _scored(measured: ir.Table) -> ir.Table:
    """`measured` with `r`, `f` and `m`."""
    bought = measured.frequency > 0
    values = {"r": -measured.recency_days, "f": measured.frequency, "m": measured.monetary_fen}
    # Each place once, under a name of its own: a score asks for it four times
    placed = measured.mutate(
        everybody=measured.count().over(group_by=bought),
        **{f"{name}_place": _place(measured, bought, value) for name, value in values.items()},
    )
    return placed.select(*measured.columns, **{name: _score(placed, placed[f"{name}_place"]) for name in values})


def _place(measured: ir.Table, bought: ir.BooleanValue, value: ir.IntegerColumn) -> ir.IntegerColumn:
    """2b + t: b + t do as well or worse."""
    as_well_or_worse = ibis.range_window(preceding=(None, 0), group_by=bought, order_by=value)
    return measured.count().over(as_well_or_worse) * 2 - measured.count().over(group_by=[bought, value])


def _score(placed: ir.Table, place: ir.IntegerColumn) -> ir.IntegerColumn:
    steps = (((place * CLASSES >= placed.everybody * (2 * step)), step + 1) for step in range(CLASSES - 1, 0, -1))
    return ibis.cases((placed.frequency == 0, 0), *steps, else_=1).cast("int32")
