"""Level of service of a customer (R99), from what it spends, since when it deals with us, how often it asks for service
and how many kinds of product it buys. It follows the facts: it is worked out anew for every day.

Each of the four figures has thresholds; each threshold reached gives a point, times the weight of the figure. The sum
decides the level: the highest whose `from_points` is reached.
"""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.value_grade import window_start
from custinfo.domain.sums import total_fen

FILE = "service_level.toml"
_FEN_OF_A_YUAN = 100


class Measure(Part):
    """Thresholds of one figure, the lowest first, and how many points each counts."""

    thresholds: Many[int]
    weight: Annotated[int, Field(gt=0, le=100)]

    def most(self) -> int:
        """The points of a customer who reaches every threshold."""
        return len(self.thresholds) * self.weight


class Level(Part):
    """A level of service, from so many points on."""

    name: Text
    zh: Text
    en: Text
    from_points: Annotated[int, Field(ge=0)]


class ServiceRule(Rule):
    """One version. Spending in yuan and kinds of product count over `months`, tenure in days, demands over `months`."""

    months: Annotated[int, Field(gt=0, le=120)]
    spending_yuan: Measure
    tenure_days: Measure
    demands: Measure
    products: Measure
    level: Many[Level]

    def check(self) -> None:
        """Raises Fault unless thresholds rise above zero, levels begin at zero, rise, and can all be reached."""
        measures = {name: getattr(self, name) for name in ("spending_yuan", "tenure_days", "demands", "products")}
        for name, measure in measures.items():
            if measure.thresholds[0] <= 0 or any(low >= high for low, high in pairwise(measure.thresholds)):
                raise Fault("horizontal.service.thresholds", name=name)
        starts = [one.from_points for one in self.level]
        if starts[0] != 0 or any(low >= high for low, high in pairwise(starts)):
            raise Fault("horizontal.service.levels")
        most = sum(measure.most() for measure in measures.values())
        if starts[-1] > most:
            raise Fault("horizontal.service.out_of_reach", name=self.level[-1].name, points=starts[-1], most=most)
        if len({one.name for one in self.level}) < len(self.level):
            raise Fault("horizontal.service.names")


def rule(on: date, folder: Path = rules.FOLDER) -> ServiceRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, ServiceRule, folder)


def classify(customers: ir.Table, sales: ir.Table, demands: ir.Table, on: date, rule: ServiceRule) -> ir.Table:
    """Exactly one level of service for each of `customers`, on the day `on`.

    `customers` has a unique `customer_key`; `sales` has `customer_key`, `kind`, `occurred_on`, `product`, `amount_fen`;
    `demands` has `customer_key`, `occurred_on`, a row for each time a customer asked for service. The window of
    `months` ends on `on`, that day included. Gives `customer_key`, `net_fen` (sales less returns of the window),
    `tenure_days` (days since the first sale, NULL without one), `demands`, `products` (different products sold in the
    window, rows without a product left out), `points`, `service_level`, `rule_version` (int32). A threshold that is
    reached exactly is reached; what is not there counts as zero, and net sales below zero give no points.
    """
    first = window_start(on, rule.months)
    known = customers.select("customer_key")
    for figures in (_bought(sales, first, on), _since(sales, on), _asked(demands, first, on)):
        known = known.left_join(figures, "customer_key").drop("customer_key_right")
    known = known.mutate(
        net_fen=known.net_fen.fill_null(0), products=known.products.fill_null(0), demands=known.demands.fill_null(0)
    )
    scored = known.mutate(
        points=_points(known.net_fen, rule.spending_yuan, _FEN_OF_A_YUAN)
        + _points(known.tenure_days.fill_null(-1), rule.tenure_days)
        + _points(known.demands, rule.demands)
        + _points(known.products, rule.products)
    )
    levels = [(scored.points >= one.from_points, one.name) for one in rule.level[:0:-1]]
    return scored.select(
        "customer_key", "net_fen", "tenure_days", "demands", "products", "points",
        service_level=ibis.cases(*levels, else_=rule.level[0].name) if levels else ibis.literal(rule.level[0].name),
        rule_version=ibis.literal(rule.version, "int32"),
    )  # fmt: skip


def _points(figure: ir.IntegerValue, measure: Measure, unit: int = 1) -> ir.IntegerValue:
    reached = ibis.cases(
        *((figure >= threshold * unit, place) for place, threshold in reversed(list(enumerate(measure.thresholds, 1)))),
        else_=0,
    )
    return reached.cast("int32") * measure.weight


def _bought(sales: ir.Table, first: date, last: date) -> ir.Table:
    counted = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on.between(first, last))
    signed = ibis.cases((counted.kind == "sale", counted.amount_fen), else_=-counted.amount_fen)
    product = ibis.cases((counted.kind == "sale", counted["product"].nullif("")))
    # By way of a decimal: Ibis takes a sum for int64 and leaves a plain cast out, DuckDB sums as HUGEINT
    net = total_fen(signed)
    return counted.group_by("customer_key").aggregate(net_fen=net, products=product.nunique())


def _since(sales: ir.Table, on: date) -> ir.Table:
    sold = sales.filter((sales.kind == "sale") & (sales.occurred_on <= on))
    days = ibis.literal(on).delta(sold.occurred_on.min(), unit="day")
    return sold.group_by("customer_key").aggregate(tenure_days=days.cast("int64"))


def _asked(demands: ir.Table, first: date, last: date) -> ir.Table:
    counted = demands.filter(demands.occurred_on.between(first, last))
    return counted.group_by("customer_key").aggregate(demands=counted.count())
