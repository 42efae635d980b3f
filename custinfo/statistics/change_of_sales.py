"""Where a change of net sales comes from, counted from the lines of sales: customers won, lost and kept; products and
other dimensions as `change.contributions` and `price_volume_mix.decomposed` take them.

Net sales are sales less returns, in fen; payments do not count. Everything is integer arithmetic: the same rows give
the same figures on every engine, in any order.
"""

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Period
from custinfo.domain.sums import whole
from custinfo.statistics.price_volume_mix import Sold
from custinfo.statistics.sources import NOT_STATED

STATES = ("new", "back", "kept", "lost")


def by_customers(sales: ir.Table, before: Period, now: Period) -> ir.Table:
    """The change from `before` to `now` by what became of the customers: always the four rows of STATES, in that order.

    A customer with a sale or return in both periods is `kept`; in `before` alone `lost`; in `now` alone `new`, or
    `back` when there was any before the first day of `now`. `sales` has `customer_key`, `kind`, `occurred_on`,
    `amount_fen`. Gives `state`, `customers`, `before_fen`, `now_fen`, `change_fen` (int64): the changes add up to that
    of the whole. The periods may not overlap.
    """
    counted = states(sales, before, now)
    found = counted.group_by("state").agg(
        customers=counted.count().cast("int64"),
        before_fen=whole(counted.before_fen.sum()),
        now_fen=whole(counted.now_fen.sum()),
    )
    every = ibis.memtable(list(enumerate(STATES)), schema={"at": "int64", "named": "string"})
    joined = every.left_join(found, every.named == found.state)
    figures = {name: joined[name].fill_null(0) for name in ("customers", "before_fen", "now_fen")}
    return (
        joined.select("at", state="named", **figures, change_fen=figures["now_fen"] - figures["before_fen"])
        .order_by("at")
        .drop("at")
    )


def states(sales: ir.Table, before: Period, now: Period) -> ir.Table:
    """The customers of `by_customers` one by one: `customer_key`, `state`, `before_fen`, `now_fen` int64."""
    traded = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on <= now.last)
    signed = ibis.cases((traded.kind == "sale", traded.amount_fen), else_=-traded.amount_fen)
    was, is_now = (traded.occurred_on.between(one.first, one.last) for one in (before, now))
    customers = traded.group_by("customer_key").agg(
        earlier=(traded.occurred_on < now.first).cast("int64").max(),
        was=was.cast("int64").max(),
        now=is_now.cast("int64").max(),
        before_fen=whole(was.ifelse(signed, 0).sum()),
        now_fen=whole(is_now.ifelse(signed, 0).sum()),
    )
    state = ibis.cases(
        ((customers.was == 1) & (customers["now"] == 1), "kept"),
        (customers.was == 1, "lost"),
        (customers.earlier == 1, "back"),
        else_="new",
    )
    counted = customers.filter((customers.was == 1) | (customers["now"] == 1))
    return counted.select("customer_key", "before_fen", "now_fen", state=state)


def by_code(sales: ir.Table, dimension: str, period: Period) -> ir.Table:
    """Net sales of a period by a text column of `sales`: `code` (NULL is the blank), `quantity`, `amount_fen`; by code.

    `quantity` is pieces sold less pieces taken back, NULL when a line of the group has none. `sales` has `kind`,
    `occurred_on`, `quantity`, `amount_fen` and the column.
    """
    lines = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on.between(period.first, period.last))
    sign = ibis.cases((lines.kind == "sale", 1), else_=-1)
    signed = lines.select(
        code=lines[dimension].fill_null(NOT_STATED),
        pieces=lines.quantity.fill_null(0) * sign,
        unknown=lines.quantity.isnull().cast("int64"),
        fen=lines.amount_fen * sign,
    )
    found = signed.group_by("code").agg(
        pieces=whole(signed.pieces.sum()), unknown=signed.unknown.max(), amount_fen=whole(signed.fen.sum())
    )
    quantity = ibis.cases((found.unknown == 0, found.pieces))
    return found.select("code", quantity=quantity, amount_fen=found.amount_fen).order_by("code")


def amounts(counted: ir.Table) -> dict[str, int]:
    """The net sales of `by_code`, read: what `contributions` takes."""
    return {row["code"]: row["amount_fen"] for row in counted.to_pyarrow().to_pylist()}


def sold(counted: ir.Table) -> dict[str, Sold]:
    """`by_code`, read: what `decomposed` takes."""
    return {row["code"]: Sold(row["quantity"], row["amount_fen"]) for row in counted.to_pyarrow().to_pylist()}
