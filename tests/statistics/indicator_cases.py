"""Indicators of every kind at once, as one table: what every engine must give the same of."""

from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Quarter
from custinfo.statistics import indicators
from custinfo.statistics.sources import By, Given

PERIOD = Quarter(2026, 3)
KINDS = (
    "new_customers", "average_sale", "lapsed_customers", "retention_rate", "top_share", "collection_rate",
    "gross_margin", "customers_a", "satisfaction", "days_to_answer", "completeness", "exposure",
)  # fmt: skip
"""Together they do all that any does. The others are sums of the same rows; Spark would take three times as long."""


def every(data: Any, gradings: ir.Table) -> ir.Table:
    """`indicator`, `code`, `numerator`, `denominator` (NULL of a sum), by the region of customers, in no order."""
    demands = data.demands.mutate(kind=ibis.literal("need"), recorded_at=data.demands.occurred_on.cast("timestamp"))
    demands = demands.mutate(stage=(demands.stage == "done").ifelse("answered", demands.stage))
    events = data.service_events
    events = events.mutate(
        kind=(events.customer_key < "K20").ifelse("complaint", "repair"),
        rating=(events.customer_key > "K10").ifelse(ibis.literal(4, "int64"), ibis.null("int64")),
    )
    exposed = data.graded.select("customer_key", exposure_fen="sales_12m_fen")
    paid = exposed.mutate(due_fen=exposed.exposure_fen, in_time_fen=exposed.exposure_fen, open_fen=exposed.exposure_fen)
    tables = {
        "customer_versions": data.customers, "sales": data.sales, "service_events": events,
        "demands": demands, "gradings": gradings, "cards": data.checked, "exposure": exposed, "payment_behaviour": paid,
    }  # fmt: skip
    given = Given({name: (lambda _, table=table: table) for name, table in tables.items()}, ZoneInfo("Asia/Shanghai"))
    by = By("region", data.customers.select("customer_key", code="region"))
    found = [_counted(one, given, by) for one in map(indicators.get, KINDS)]
    return reduce(lambda one, other: one.union(other), found)


def _counted(one: indicators.Indicator, given: Given, by: By) -> ir.Table:
    counted = indicators.counted(one.definition[-1], PERIOD, given, by)
    denominator = counted.denominator if "denominator" in counted.columns else ibis.null("int64")
    return counted.select("code", "numerator", indicator=ibis.literal(one.id), denominator=denominator)
