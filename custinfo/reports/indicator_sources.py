"""What indicators are counted from, taken from a version of the lake: see `custinfo.statistics.sources`."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import ibis
import ibis.expr.types as ir

from custinfo.classification import data_quality
from custinfo.domain.periods import Period, bounds
from custinfo.lake import Tables
from custinfo.statistics import matches
from custinfo.statistics.sources import By, Given, Source

PROPERTIES: Mapping[str, tuple[str, str] | None] = {
    "customer_type": None, "ownership": None, "kind": None, "province": ("region", "province"),
    "section": ("industry", "section"),
}  # fmt: skip
"""What figures can be told apart by: a column of customers; or one with codes of a list, and the list's column."""


def given(tables: Tables, zone: tzinfo, more: Mapping[str, Source] | None = None) -> Given:
    """The sources that the lake has. `more` are those that rest on terms of credit: exposure, payment behaviour."""
    found: dict[str, Source] = {
        "customer_versions": lambda _: tables.customer_versions,
        "sales": lambda _: tables.sales,
        "service_events": lambda _: tables.service_events,
        "demands": lambda _: tables.table("demands"),
        "gradings": lambda _: tables.gradings,
        "cards": lambda period: _cards(tables, period, zone),
        "identities": lambda period: _identities(tables, period, zone),
        "second_entries": lambda _: tables.table("second_entries"),
    }
    return Given({**found, **(more or {})}, zone)


def by(tables: Tables, name: str) -> By:
    """Customers told apart by one of PROPERTIES, as they are now; who has none has the blank. Raises KeyError."""
    of = PROPERTIES[name]
    customers = tables.customers
    if of is None:
        return By(name, customers.select("customer_key", code=customers[name].fill_null("")))
    column, group = of
    codes = tables.region if column == "region" else tables.industry
    groups = codes.select(listed=codes.code, group=codes[group])
    joined = customers.left_join(groups, customers[column] == groups.listed)
    return By(name, joined.select("customer_key", code=joined.group.fill_null("")))


def recorded_by(rows: ir.Table, period: Period, zone: tzinfo) -> ir.Table:
    """The rows of a table with `recorded_at` that had been recorded by the end of the period."""
    return rows.filter(rows.recorded_at < ibis.literal(_moments(period, zone)[1], "timestamp"))


def recorded_in(rows: ir.Table, period: Period, zone: tzinfo) -> ir.Table:
    """Those that were recorded within it."""
    known = recorded_by(rows, period, zone)
    return known.filter(known.recorded_at >= ibis.literal(_moments(period, zone)[0], "timestamp"))


def _moments(period: Period, zone: tzinfo) -> tuple[datetime, datetime]:
    """Its first moment and the first after it, in UTC and without a zone, as the lake has them."""
    first, after = bounds(period, zone)
    return first.astimezone(UTC).replace(tzinfo=None), after.astimezone(UTC).replace(tzinfo=None)


def _identities(tables: Tables, period: Period, zone: tzinfo) -> ir.Table:
    """The customers on file at the end of the period, and whether each is one of a sure pair that nobody decided."""
    customers = recorded_by(tables.customer_versions, period, zone).select("customer_key").distinct()
    known = matches.pairs(recorded_by(tables.table("matches"), period, zone), customers)
    pairs = known.filter(known.state.isin(matches.WAITING), known["class"] != "possible")
    doubles = pairs.select(double="customer_key").union(pairs.select(double="other_key"), distinct=True)
    joined = customers.left_join(doubles, [("customer_key", "double")])
    return joined.select("customer_key", duplicate=joined.double.notnull())


def _cards(tables: Tables, period: Period, zone: tzinfo) -> ir.Table:
    """The cards as they were at the end of the period, checked by the rule of its last day."""
    known = recorded_by(tables.customer_versions, period, zone)
    newest = ibis.row_number().over(group_by=known.customer_key, order_by=known.version.desc())
    cards = known.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")
    rule = data_quality.rule(period.last)
    return data_quality.checked(cards, period.last, rule, data_quality.lists_of(rule, tables.codes))
