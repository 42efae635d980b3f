"""How a customer stands to us in time, by the days of its sales: old, new, future (R92); past, present, future dealings
(R93); prospect, active, lapsed (R96).

A sale is a row of kind `sale`, of whatever amount, on the day of classification or before; returns and payments are no
dealings of their own, and a return does not undo that there was a sale.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Rule

OLD_NEW_FILE, LIFECYCLE_FILE = "old_new.toml", "lifecycle.toml"
TIME_SERIES = ("old", "new", "future")
DEALINGS = ("past", "present", "future")
LIFECYCLE = ("prospect", "active", "lapsed")

Days = Annotated[int, Field(gt=0, le=36500)]


class OldNewRule(Rule):
    """One version: a customer is new for so many days after its first sale."""

    new_days: Days


class LifecycleRule(Rule):
    """One version: so many days after the last sale dealings are still present; so many, and the customer is active."""

    present_days: Days
    active_days: Days

    def check(self) -> None:
        """Raises Fault when somebody could have lapsed and still be dealt with."""
        if self.present_days > self.active_days:
            raise Fault("horizontal.relation.order", present=self.present_days, active=self.active_days)


def old_new_rule(on: date, folder: Path = rules.FOLDER) -> OldNewRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, OLD_NEW_FILE, OldNewRule, folder)


def lifecycle_rule(on: date, folder: Path = rules.FOLDER) -> LifecycleRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, LIFECYCLE_FILE, LifecycleRule, folder)


def classify(customers: ir.Table, sales: ir.Table, on: date, old_new: OldNewRule, lifecycle: LifecycleRule) -> ir.Table:
    """Exactly one class of each of the three kinds for each of `customers`, on the day `on`.

    `customers` has a unique `customer_key`; `sales` has `customer_key`, `kind`, `occurred_on`. Gives `customer_key`,
    `first_sale_on`, `last_sale_on` (NULL without a sale), and

    - `time_series`: `future` without a sale; `new` when the first is at most `new_days` ago; else `old`;
    - `dealings`: `future` without a sale; `present` when the last is at most `present_days` ago; else `past`: dealings
      that were broken off do not take the customer off the list;
    - `lifecycle`: `prospect` without a sale; `active` when the last is at most `active_days` ago; else `lapsed`;

    with `old_new_version` and `lifecycle_version` (int32).
    """
    sold = sales.filter((sales.kind == "sale") & (sales.occurred_on <= on))
    days = sold.group_by("customer_key").aggregate(
        first_sale_on=sold.occurred_on.min(), last_sale_on=sold.occurred_on.max()
    )
    known = customers.select("customer_key").left_join(days, "customer_key")
    known = known.select("customer_key", "first_sale_on", "last_sale_on")

    def since(column: ir.DateValue, span: int) -> ir.BooleanValue:
        return column >= ibis.literal(on - timedelta(days=span))

    never, first, last = known.last_sale_on.isnull(), known.first_sale_on, known.last_sale_on
    return known.mutate(
        time_series=ibis.cases((never, "future"), (since(first, old_new.new_days), "new"), else_="old"),
        dealings=ibis.cases((never, "future"), (since(last, lifecycle.present_days), "present"), else_="past"),
        lifecycle=ibis.cases((never, "prospect"), (since(last, lifecycle.active_days), "active"), else_="lapsed"),
        old_new_version=ibis.literal(old_new.version, "int32"),
        lifecycle_version=ibis.literal(lifecycle.version, "int32"),
    )
