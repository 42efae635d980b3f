"""Profit contribution: what products, product lines, sales areas, channels or customers add to the profit.

1. Turnover is sales less returns, in fen; the cost of what was returned comes off the cost. Payments do not count.
   Profit is turnover less cost, both over the lines whose cost is known.
2. A line whose cost is NULL adds nothing to turnover, cost or profit: its amount stands apart as `uncosted_fen` (sales
   less returns), so that nobody takes it for pure profit, and turnover and `uncosted_fen` together are the net sales.
3. NULL in the dimension is a group of its own, with the blank: it is not stated.
4. A share is given as its exact parts, `profit_fen` of `total_profit_fen`; to round it is for the one who shows it.
   Where the total is not above zero, or some group makes a loss, shares of profit mean little: `turnover_fen` of
   `total_turnover_fen` still does.

Everything is integer arithmetic: the same rows give the same figures on every engine, in any order.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.domain.sums import whole

NOT_STATED = ""

PARTS = ("turnover_fen", "cost_fen", "uncosted_fen")
_FIGURES = ("turnover_fen", "cost_fen", "profit_fen", "uncosted_fen")


def contribution(lines: ir.Table, dimension: str, first: date, last: date) -> ir.Table:
    """One row for each group of `dimension` (a text column of `lines`), from `first` to `last`, both included.

    `lines` has `kind`, `occurred_on`, `amount_fen`, `cost_fen` (of all that the line is about, not of a piece; for a
    return the cost of what came back) and the dimension. Gives `code` (the dimension's value), `turnover_fen`,
    `cost_fen`, `profit_fen`, `uncosted_fen`, `total_turnover_fen`, `total_profit_fen` (int64), most profit first,
    groups of equal profit by code.
    """
    found = parts(lines, dimension, first, last)
    return together(found.mutate(code=found.code.fill_null(NOT_STATED)), "code")


def parts(lines: ir.Table, dimension: str, first: date, last: date) -> ir.Table:
    """Of `lines` as for `contribution`: `code` (the dimension's value, of any type; NULL is one too) and PARTS (int64),
    in no order. A code without a sale or a return has no row.
    """
    counted = lines.filter(lines.kind.isin(("sale", "return")), lines.occurred_on.between(first, last))
    sign = ibis.cases((counted.kind == "sale", 1), else_=-1)
    known = counted.cost_fen.notnull()
    signed = counted.select(
        code=counted[dimension],
        turnover_fen=ibis.cases((known, counted.amount_fen * sign), else_=0),
        cost_fen=counted.cost_fen.fill_null(0) * sign,
        uncosted_fen=ibis.cases((known, 0), else_=counted.amount_fen * sign),
    )
    return signed.group_by("code").agg(**{name: _whole(signed[name].sum()) for name in PARTS})


def together(found: ir.Table, dimension: str) -> ir.Table:
    """The `contribution` of groups of `dimension` (a text column), of rows with PARTS, such as customers."""
    groups = found.group_by(code=found[dimension]).agg(**{name: _whole(found[name].sum()) for name in PARTS})
    with_profit = groups.mutate(profit_fen=groups.turnover_fen - groups.cost_fen)
    return with_profit.select(
        "code",
        *_FIGURES,
        total_turnover_fen=_whole(with_profit.turnover_fen.sum().over()),
        total_profit_fen=_whole(with_profit.profit_fen.sum().over()),
    ).order_by(ibis.desc("profit_fen"), "code")


def _whole(total: ir.IntegerValue) -> ir.IntegerValue:
    # DuckDB sums int64 as HUGEINT and writes that as DOUBLE; a plain cast would be left out
    return whole(total)
