"""Sales outside a branch's territory (R127–R129): whose the commission is, which were never declared, which are dead.

Of a sale that the branch of the place of use agreed to, both branches have a part of the agency commission (代销佣金);
the one that delivers collects the money and bears all risk. Of one that was found out (查获), turnover and commission
are the branch of use's, and the risk stays with the one that delivered. A receivable that is open too long is dead.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules, territories
from custinfo.classification.credit import payments
from custinfo.classification.rules import Many, Rule
from custinfo.classification.territory_rule import OUTSIDE, TerritoriesRule
from custinfo.domain.sums import total_fen

FILE = "cross_region.toml"
AGREED, FOUND, WAITING, REFUSED = "agreed", "found", "waiting", "refused"
STATES = (AGREED, FOUND, WAITING, REFUSED)
ZERO = ibis.literal(0, "int64")


class CrossRegionRule(Rule):
    """One version; see the file for what its entries mean."""

    commission_percent: Annotated[int, Field(ge=0, le=100)]
    use_percent: Annotated[int, Field(ge=0, le=100)]
    dead_days: Annotated[int, Field(gt=0, le=3650)]
    dead_forfeits: Many[Literal["use", "delivery"]]
    match_days: Annotated[int, Field(ge=0, le=366)]


def rule(on: date, folder: Path = rules.FOLDER) -> CrossRegionRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, CrossRegionRule, folder)


def commission(declared: ir.Table, sales: ir.Table, on: date, rule: CrossRegionRule) -> ir.Table:
    """The rows of `declared` with `dead` (bool), `commission_fen`, `use_fen`, `delivery_fen` (int64) on the day `on`.

    `declared` has `customer_key` (may be NULL), `sale_number` (unique), `state` (STATES), `delivered_on` (date) and
    `amount_fen`; `sales` as `payments.sold` takes them. Commission is rounded half up to a fen; of an odd one the odd
    fen is the branch's that delivers. What is not agreed to or found out has none.
    """
    customers = declared.filter(declared.customer_key.notnull()).select("customer_key").distinct()
    theirs = sales.semi_join(customers, "customer_key")
    sold = payments.sold(theirs)
    invoices = sold.mutate(due_on=sold.invoiced_on)
    # Payments settle the oldest goods first: these goods are open when the oldest open ones are no younger
    oldest = payments.behaviour(customers, invoices, payments.given(theirs), date(1900, 1, 1), on)
    known = declared.left_join(
        oldest.select(of_key="customer_key", open_days="longest_overdue_days"), [("customer_key", "of_key")]
    ).drop("of_key")
    age = ibis.literal(on).delta(known.delivered_on, unit="day").cast("int64")
    is_dead = ((age > rule.dead_days) & (known.open_days >= age)).fill_null(False)
    whole = (known.amount_fen * rule.commission_percent * 2 + 100).cast("int64") // 200
    is_agreed, is_found = known.state == AGREED, known.state == FOUND
    known = known.mutate(dead=is_dead, commission_fen=(is_agreed | is_found).ifelse(whole, ZERO).cast("int64")).drop(
        "open_days"
    )
    of_use = (known.commission_fen * rule.use_percent // 100).cast("int64")
    none = {name: known.dead & ibis.literal(name in rule.dead_forfeits) for name in ("use", "delivery")}
    found, agreed = known.state == FOUND, known.state == AGREED
    return known.mutate(
        use_fen=ibis.cases((found, known.commission_fen), (agreed & ~none["use"], of_use), else_=ZERO).cast("int64"),
        delivery_fen=(agreed & ~none["delivery"]).ifelse(known.commission_fen - of_use, ZERO).cast("int64"),
    )


def undeclared(
    sales: ir.Table, customers: ir.Table, declared: ir.Table, first: date, last: date, territory: TerritoriesRule,
    rule: CrossRegionRule,
) -> ir.Table:  # fmt: skip
    """What the sales from `first` to `last` show that no control form tells: one row for each customer and branch.

    A sale counts whose `area` is of another branch than the one in whose territory the customer's `region` is, unless
    the branch of use agreed to a sale of that branch to the customer (or it was found out) and it was delivered within
    `match_days`. `customers` has `customer_key` (unique) and `region`. Gives `customer_key`, `delivery_branch`,
    `use_branch`, `sales` (days with a sale) and `amount_fen` (int64), in no order.
    """
    lines = sales.filter(sales.kind == "sale", sales.amount_fen > 0, sales.occurred_on.between(first, last))
    lines = territories.sellers(lines, territory).select("customer_key", "seller", "occurred_on", "amount_fen")
    places = territories.assign(customers.select("customer_key", "region"), "region", territory)
    placed = places.filter(places.branch.notnull(), places.branch != OUTSIDE).select(
        of_key="customer_key", used="branch"
    )
    crossing = lines.join(placed, [("customer_key", "of_key")]).drop("of_key")
    crossing = crossing.filter(crossing.seller.notnull(), crossing.seller != crossing.used)
    told = declared.filter(declared.state.isin((AGREED, FOUND)), declared.customer_key.notnull())
    told = told.select(told_key="customer_key", told_seller="delivery_branch", told_on="delivered_on").distinct()
    days = crossing.select("customer_key", "seller", "occurred_on").distinct()
    near = days.join(told, [("customer_key", "told_key"), ("seller", "told_seller")])
    apart = near.occurred_on.delta(near.told_on, unit="day").cast("int64").abs()
    covered = near.filter(apart <= rule.match_days).select(
        c_key="customer_key", c_seller="seller", c_on="occurred_on"
    ).distinct()  # fmt: skip
    open_ = crossing.anti_join(covered, [("customer_key", "c_key"), ("seller", "c_seller"), ("occurred_on", "c_on")])
    return open_.group_by("customer_key", delivery_branch="seller", use_branch="used").aggregate(
        sales=open_.occurred_on.nunique().cast("int64"), amount_fen=total_fen(open_.amount_fen)
    )
