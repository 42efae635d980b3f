"""Sums of sales for disclosure control: by month, quarter and year, and what lines or customers are told apart by."""

import hashlib
from collections.abc import Collection, Iterable

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Month, Period, Quarter, Year
from custinfo.reports import indicator_sources
from custinfo.reports.makeup import BETWEEN, Making, literal, named
from custinfo.reports.parts.planning import CUSTOMERS
from custinfo.statistics.disclosure_table import Key
from custinfo.statistics.sources import NOT_STATED

MEASURES = {
    "sales": ("sale",), "returns": ("return",), "net_sales": ("sale", "return"), "payments": ("payment",)
}  # fmt: skip
"""Of which kinds of lines each is the sum; returns count against net sales."""
NET = "net_sales"
OTHERS = "~others-"
MOST = 200
"""Parts beyond so many are not followed one by one from report to report."""


def months(making: Making, sales: ir.Table, last: Month, many: int) -> list[Month]:
    """Count every measure of `many` months up to `last`; sales are net sales and returns."""
    found = [last.plus(n) for n in range(1 - many, 1)]
    within = sales.filter(sales.occurred_on.between(found[0].first, last.last))
    year, month = within.occurred_on.year().cast("string"), within.occurred_on.month().cast("string")
    _count(making, within.mutate(when=year + "-" + month.lpad(2, "0")))
    for one in found:
        _balance(making, one)
    return found


def periods(making: Making, sales: ir.Table, of: Iterable[Period]) -> None:
    """Count every measure of periods longer than a month, each with the shorter ones of which it consists."""
    for period in dict.fromkeys(of):
        within = sales.filter(sales.occurred_on.between(period.first, period.last))
        _count(making, within.mutate(when=ibis.literal(str(period))))
        _balance(making, period)
        for measure in MEASURES:
            parts = [named(measure, one) for one in parts_of(period)]
            if parts:
                making.adds_up(named(measure, period), parts)


def parts_of(period: Period) -> list[Period]:
    """The months of a quarter, the quarters of a year; none of anything shorter."""
    one: Period
    if isinstance(period, Quarter):
        one = Month.of(period.first)
    elif isinstance(period, Year):
        one = Quarter.of(period.first)
    else:
        return []
    found: list[Period] = []
    while one.last <= period.last:
        found.append(one)
        one = one.plus(1)
    return found


def _balance(making: Making, period: Period) -> None:
    making.adds_up(named("sales", period), [named(NET, period), named("returns", period)])


def _count(making: Making, sales: ir.Table) -> None:
    for measure, kinds in MEASURES.items():
        found = sales.filter(sales.kind.isin(kinds))
        amount = (found.kind == "return").ifelse(-found.amount_fen, found.amount_fen)
        making.count(
            found.select(
                cell=literal(measure, "") + found.when + BETWEEN, contributor=found.customer_key,
                value=amount if measure == NET else found.amount_fen,
            )
        )  # fmt: skip


def told_apart(tables: lake.Lake, dimension: str) -> ir.Table:
    """The lines of sales with `segment`: a column of theirs, or what is known of the customer; blank for none."""
    sales = tables.sales
    if dimension not in CUSTOMERS:
        return sales.mutate(segment=sales[dimension].fill_null(NOT_STATED))
    groups = indicator_sources.by(tables, dimension).customers
    if groups is None:
        raise TypeError(dimension)
    of = groups.select(group_of="customer_key", segment="code")
    joined = sales.left_join(of, sales.customer_key == of.group_of)
    return joined.select(*sales.columns, segment=joined.segment.fill_null(NOT_STATED))


def net(lines: ir.Table, period: Period) -> ir.Table:
    """The lines of net sales in a period, with `signed`: returns count against it."""
    found = lines.filter(lines.kind.isin(MEASURES[NET]), lines.occurred_on.between(period.first, period.last))
    return found.mutate(signed=(found.kind == "return").ifelse(-found.amount_fen, found.amount_fen))


def segments(
    making: Making, tables: lake.Lake, dimension: str, period: Period, told: Collection[str]
) -> tuple[dict[str, Key], Key]:  # fmt: skip
    """Count net sales of a period by a dimension: the sums of the codes that are `told`, and that of all others."""
    found = net(told_apart(tables, dimension), period)
    rest = OTHERS + hashlib.sha256(repr(sorted(told)).encode()).hexdigest()[:12]
    inside = found.segment.isin(sorted(told)) if told else ibis.literal(False)
    at = literal(NET, str(period), f"{dimension}:")
    lines = found.select(cell=at + found.segment, contributor="customer_key", value="signed", inside=inside)
    making.count(lines)
    making.count(lines.filter(~lines.inside).mutate(cell=at + rest))
    keys = {code: named(NET, period, f"{dimension}:{code}") for code in told}
    others = named(NET, period, f"{dimension}:{rest}")
    making.adds_up(named(NET, period), [*keys.values(), others])
    single = [key for key in making.counted() if is_single(key, period, dimension) and key not in keys.values()]
    if len(single) <= MOST:
        making.adds_up(others, single)
        making.absent(single)
    return keys, others


def is_single(key: Key, period: Period, dimension: str) -> bool:
    """Whether a sum is that of one code of a dimension."""
    return key[:2] == (NET, str(period)) and key[2].startswith(f"{dimension}:") and OTHERS not in key[2]
