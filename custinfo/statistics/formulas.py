"""The formulas of indicators, by the name under which `data/rules/indicators.toml` refers to them.

A formula reads sources through `Data` and gives `code`, `numerator` and, for a ratio, `denominator`: int64, one row for
each group that there is anything of. Everything is integer arithmetic; ties are broken by key, so the same rows give
the same figures on every engine, in any order. NULL of an amount does not occur; NULL of a rating or a cost is "not
known" and counted neither above nor below the line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Quarter, months_before
from custinfo.domain.sums import whole
from custinfo.statistics.no_figure import NoFigure
from custinfo.statistics.sources import Data, Missing

TRADE = ("sale", "return")
NEED = "need"
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Formula:
    """`function` reads `sources`; `by_lines` is whether it can be told by a column of the lines, such as `product`.

    `parameters` are the names of what the indicator has to say besides.
    """

    function: Callable[[Data], ir.Table]
    sources: tuple[str, ...]
    by_lines: bool = False
    parameters: tuple[str, ...] = ()


def _sum(value: ir.IntegerValue) -> ir.IntegerValue:
    return whole(value.sum())


def _many(condition: ir.BooleanValue) -> ir.IntegerValue:
    return whole(condition.fill_null(False).cast("int64").sum())


def _lines(data: Data, *kinds: str) -> ir.Table:
    """The sales of these kinds within the period, with `signed`: returns and payments are negative."""
    sales = data.rows("sales")
    found = sales.filter(sales.kind.isin(kinds), sales.occurred_on.between(*data.days))
    return found.mutate(signed=ibis.cases((found.kind == "sale", found.amount_fen), else_=-found.amount_fen))


def _total(*kinds: str) -> Callable[[Data], ir.Table]:
    def formula(data: Data) -> ir.Table:
        lines = _lines(data, *kinds)
        amount = lines.signed if kinds == TRADE else lines.amount_fen
        return lines.group_by("code").agg(numerator=_sum(amount))

    return formula


def _return_rate(data: Data) -> ir.Table:
    lines = _lines(data, *TRADE)
    sold = lines.kind == "sale"
    return lines.group_by("code").agg(
        numerator=_sum(sold.ifelse(0, lines.amount_fen)), denominator=_sum(sold.ifelse(lines.amount_fen, 0))
    )


def _buying_days(data: Data) -> ir.Table:
    """`customer_key`, `code`, `bought` (days with a sale in the period), `sales_fen`."""
    lines = _lines(data, "sale")
    return lines.group_by("customer_key", "code").agg(
        bought=lines.occurred_on.nunique().cast("int64"), sales_fen=_sum(lines.amount_fen)
    )


def _active(data: Data) -> ir.Table:
    buyers = _buying_days(data)
    return buyers.group_by("code").agg(numerator=buyers.count().cast("int64"))


def _average_sale(data: Data) -> ir.Table:
    buyers = _buying_days(data)
    return buyers.group_by("code").agg(numerator=_sum(buyers.sales_fen), denominator=_sum(buyers.bought))


def _frequency(data: Data) -> ir.Table:
    buyers = _buying_days(data)
    return buyers.group_by("code").agg(numerator=_sum(buyers.bought), denominator=buyers.count().cast("int64"))


def _repurchase_rate(data: Data) -> ir.Table:
    buyers = _buying_days(data)
    return buyers.group_by("code").agg(
        numerator=_many(buyers.bought >= data.number("days")), denominator=buyers.count().cast("int64")
    )


def _sale_ends(data: Data) -> ir.Table:
    """`customer_key`, `code`, `earliest`, `latest`: the days of the first and the last sale by the period's end."""
    sales = data.rows("sales")
    sold = sales.filter(sales.kind == "sale", sales.occurred_on <= data.period.last)
    return sold.group_by("customer_key", "code").agg(earliest=sold.occurred_on.min(), latest=sold.occurred_on.max())


def _new_buyers(data: Data) -> ir.Table:
    ends = _sale_ends(data)
    return ends.group_by("code").agg(numerator=_many(ends.earliest >= data.period.first))


def _lapsed(data: Data) -> ir.Table:
    months = data.number("months")
    since = months_before(data.period.first - timedelta(days=1), months)
    until = months_before(data.period.last, months)
    ends = _sale_ends(data)
    return ends.group_by("code").agg(numerator=_many((ends.latest > since) & (ends.latest <= until)))


def _retention_rate(data: Data) -> ir.Table:
    before = data.period.plus(-1)
    sales = data.rows("sales")
    sold = sales.filter(sales.kind == "sale", sales.occurred_on.between(before.first, data.period.last))
    now = sold.occurred_on >= data.period.first
    buyers = sold.group_by("customer_key", "code").agg(now=_many(now), was=_many(~now))
    held = buyers.filter(buyers.was > 0)
    return held.group_by("code").agg(numerator=_many(held["now"] > 0), denominator=held.count().cast("int64"))


def _net_per_customer(data: Data) -> ir.Table:
    lines = _lines(data, *TRADE)
    customers = lines.group_by("customer_key", "code").agg(net_fen=_sum(lines.signed), sold=_many(lines.kind == "sale"))
    return customers.group_by("code").agg(numerator=_sum(customers.net_fen), denominator=_many(customers.sold > 0))


def _top_share(data: Data) -> ir.Table:
    lines = _lines(data, *TRADE)
    customers = lines.group_by("customer_key", "code").agg(net_fen=_sum(lines.signed))
    place = ibis.row_number().over(group_by="code", order_by=[ibis.desc("net_fen"), "customer_key"])
    placed = customers.mutate(place=place)
    top = (placed.place < data.number("customers")).ifelse(placed.net_fen, 0)
    return placed.group_by("code").agg(numerator=_sum(top), denominator=_sum(placed.net_fen))


def _balances(data: Data, until: str) -> ir.Table:
    """What each customer owes by the end of the day before the period (`opening`) or of its last (`closing`)."""
    sales = data.rows("sales")
    day = data.period.last if until == "closing" else data.period.first - timedelta(days=1)
    known = sales.filter(sales.kind.isin((*TRADE, "payment")), sales.occurred_on <= day)
    signed = ibis.cases((known.kind == "sale", known.amount_fen), else_=-known.amount_fen)
    owed = known.group_by("customer_key", "code").agg(fen=_sum(signed))
    return owed.filter(owed.fen > 0)


def _receivables(data: Data) -> ir.Table:
    owed = _balances(data, "closing")
    return owed.group_by("code").agg(numerator=_sum(owed.fen))


def _collection_rate(data: Data) -> ir.Table:
    lines = _lines(data, *TRADE, "payment")
    paid = lines.kind == "payment"
    moved = lines.select("code", paid=paid.ifelse(lines.amount_fen, 0), due=paid.ifelse(0, lines.signed))
    opening = _balances(data, "opening").select("code", paid=ibis.literal(0, "int64"), due="fen")
    both = moved.union(opening)
    return both.group_by("code").agg(numerator=_sum(both.paid), denominator=_sum(both.due))


def _costed(data: Data) -> ir.Table:
    lines = _lines(data, *TRADE)
    known = lines.filter(lines.cost_fen.notnull())
    cost = ibis.cases((known.kind == "sale", known.cost_fen), else_=-known.cost_fen)
    return known.group_by("code").agg(numerator=_sum(known.signed) - _sum(cost), denominator=_sum(known.signed))


def _gross_profit(data: Data) -> ir.Table:
    return _costed(data).select("code", "numerator")


def _recorded(data: Data) -> ir.Table:
    """`customer_key`, `code`, `since`: the moment from which each customer is on file, by the period's end."""
    versions = data.rows("customer_versions")
    known = versions.group_by("customer_key", "code").agg(since=versions.recorded_at.min())
    return known.filter(known.since < ibis.literal(data.moments[1], "timestamp"))


def _customers(data: Data) -> ir.Table:
    known = _recorded(data)
    return known.group_by("code").agg(numerator=known.count().cast("int64"))


def _new_customers(data: Data) -> ir.Table:
    known = _recorded(data)
    return known.group_by("code").agg(numerator=_many(known.since >= ibis.literal(data.moments[0], "timestamp")))


def _of_class(data: Data) -> ir.Table:
    quarter = Quarter.of(data.period.last)
    quarter = quarter if quarter.last <= data.period.last else quarter.plus(-1)
    gradings = data.rows("gradings")
    graded = gradings.filter(gradings.quarter == str(quarter), gradings.scheme == data.parameters["scheme"])
    if not graded.count().to_pyarrow().as_py():
        raise Missing(NoFigure("not_graded", {"quarter": quarter}))
    return graded.group_by("code").agg(numerator=_many(graded["class"] == data.parameters["class"]))


def _events(data: Data) -> ir.Table:
    events = data.rows("service_events")
    first, after = (ibis.literal(moment, "timestamp") for moment in data.moments)
    return events.filter(events.occurred_at >= first, events.occurred_at < after)


def _of_kind(data: Data) -> ir.Table:
    events = _events(data)
    found = events.filter(events.kind == data.parameters["kind"])
    return found.group_by("code").agg(numerator=found.count().cast("int64"))


def _rating(data: Data) -> ir.Table:
    events = _events(data)
    rated = events.filter(events.rating.notnull())
    return rated.group_by("code").agg(numerator=_sum(rated.rating), denominator=rated.count().cast("int64"))


def _days_to_answer(data: Data) -> ir.Table:
    versions = data.rows("demands")
    needs = versions.filter(versions.kind == NEED)
    second = needs.recorded_at.epoch_seconds().cast("int64")
    stages = data.parameters["stages"]
    answered = needs.stage.isin(stages if isinstance(stages, tuple) else ()).fill_null(False)
    found = needs.group_by("demand_number").agg(
        since=second.min(),
        until=answered.ifelse(second, ibis.null("int64")).min(),
        answered_at=answered.ifelse(needs.recorded_at, ibis.null("timestamp")).min(),
        code=needs.code.max(),
    )
    first, after = (ibis.literal(moment, "timestamp") for moment in data.moments)
    within = found.filter(found.answered_at >= first, found.answered_at < after)
    return within.group_by("code").agg(
        numerator=_sum(within.until - within.since), denominator=within.count().cast("int64") * SECONDS_A_DAY
    )


def _fields(data: Data, good: tuple[str, ...], among: tuple[str, ...]) -> ir.Table:
    cards = data.rows("cards")
    states = [cards[name] for name in cards.columns if name.startswith("state_")]

    def many(wanted: tuple[str, ...]) -> ir.IntegerValue:
        return _sum(reduce(add, [state.isin(wanted).fill_null(False).cast("int64") for state in states]))

    return cards.group_by("code").agg(numerator=many(good), denominator=many(among))


def _completeness(data: Data) -> ir.Table:
    return _fields(data, ("ok", "invalid"), ("ok", "invalid", "missing"))


def _validity(data: Data) -> ir.Table:
    return _fields(data, ("ok",), ("ok", "invalid"))


def _timeliness(data: Data) -> ir.Table:
    cards = data.rows("cards")
    return cards.group_by("code").agg(numerator=_many(~cards.overdue), denominator=cards.count().cast("int64"))


def _duplicate_rate(data: Data) -> ir.Table:
    known = data.rows("identities")
    return known.group_by("code").agg(numerator=_many(known.duplicate), denominator=known.count().cast("int64"))


def _agreement(data: Data) -> ir.Table:
    entries = data.rows("second_entries")
    first, after = (ibis.literal(moment, "timestamp") for moment in data.moments)
    within = entries.filter(entries.recorded_at >= first, entries.recorded_at < after)
    return within.group_by("code").agg(numerator=_sum(within["equal"]), denominator=_sum(within.compared))


def _exposure(data: Data) -> ir.Table:
    exposed = data.rows("exposure")
    return exposed.group_by("code").agg(numerator=_sum(exposed.exposure_fen))


def _overdue(data: Data) -> ir.Table:
    paid = data.rows("payment_behaviour")
    return paid.group_by("code").agg(numerator=_sum(paid.open_fen))


def _paid_in_time(data: Data) -> ir.Table:
    paid = data.rows("payment_behaviour")
    return paid.group_by("code").agg(numerator=_sum(paid.in_time_fen), denominator=_sum(paid.due_fen))


_SALES = ("sales",)

FORMULAS: Mapping[str, Formula] = {
    "customers": Formula(_customers, ("customer_versions",)),
    "new_customers": Formula(_new_customers, ("customer_versions",)),
    "active_customers": Formula(_active, _SALES, by_lines=True),
    "new_buyers": Formula(_new_buyers, _SALES, by_lines=True),
    "lapsed_customers": Formula(_lapsed, _SALES, by_lines=True, parameters=("months",)),
    "sales": Formula(_total("sale"), _SALES, by_lines=True),
    "returns": Formula(_total("return"), _SALES, by_lines=True),
    "net_sales": Formula(_total(*TRADE), _SALES, by_lines=True),
    "payments": Formula(_total("payment"), _SALES),
    "return_rate": Formula(_return_rate, _SALES, by_lines=True),
    "receivables": Formula(_receivables, _SALES),
    "collection_rate": Formula(_collection_rate, _SALES),
    "average_sale": Formula(_average_sale, _SALES, by_lines=True),
    "frequency": Formula(_frequency, _SALES, by_lines=True),
    "net_sales_per_customer": Formula(_net_per_customer, _SALES, by_lines=True),
    "top_share": Formula(_top_share, _SALES, by_lines=True, parameters=("customers",)),
    "repurchase_rate": Formula(_repurchase_rate, _SALES, by_lines=True, parameters=("days",)),
    "retention_rate": Formula(_retention_rate, _SALES, by_lines=True),
    "gross_profit": Formula(_gross_profit, _SALES, by_lines=True),
    "gross_margin": Formula(_costed, _SALES, by_lines=True),
    "customers_of_class": Formula(_of_class, ("gradings",), parameters=("scheme", "class")),
    "service_events": Formula(_of_kind, ("service_events",), by_lines=True, parameters=("kind",)),
    "rating": Formula(_rating, ("service_events",), by_lines=True),
    "days_to_answer": Formula(_days_to_answer, ("demands",), parameters=("stages",)),
    "completeness": Formula(_completeness, ("cards",)),
    "validity": Formula(_validity, ("cards",)),
    "timeliness": Formula(_timeliness, ("cards",)),
    "duplicate_rate": Formula(_duplicate_rate, ("identities",)),
    "agreement": Formula(_agreement, ("second_entries",), by_lines=True),
    "exposure": Formula(_exposure, ("exposure",)),
    "overdue": Formula(_overdue, ("payment_behaviour",)),
    "paid_in_time": Formula(_paid_in_time, ("payment_behaviour",)),
}
