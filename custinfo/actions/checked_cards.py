"""Cards of a lake's customers held against what is expected of a card (R181), now and at the ends of months before."""

from datetime import date

import ibis.expr.types as ir

from custinfo.classification import data_quality
from custinfo.domain.periods import Month
from custinfo.lake import Tables
from custinfo.lake.prepared import Made, Recipe, prepared
from custinfo.statistics import quality

MONTHS = 12
"""Ends of months that are looked back on."""


def checked(opened: Tables, on: date) -> Made:
    """As of the day `on`, from where it was kept if it was: `cards`, one row for each customer as of
    `data_quality.checked`, with `province` and `section`, and `months`, as of `quality.over_time`.

    Raises BadInput when no rule was in force yet.
    """
    return prepared(opened, RECIPE, on)


def _make(opened: Tables, on: date) -> Made:
    rule = data_quality.rule(on)
    lists = data_quality.lists_of(rule, opened.codes)
    versions = data_quality.checked(opened.customer_versions, on, rule, lists)
    days = [Month.of(on).plus(-back).last for back in range(MONTHS, 0, -1)]
    months = quality.over_time(versions, rule.names, [*days, on])
    return Made({"cards": data_quality.checked(_grouped(opened), on, rule, lists), "months": months})


def _grouped(opened: Tables) -> ir.Table:
    """Customers with their province and section, and their branch where there are many."""
    provinces = opened.region.select(region_code="code", province="province")
    sections = opened.industry.select(industry_code="code", section="section")
    known = opened.customers.left_join(provinces, [("region", "region_code")])
    known = known.left_join(sections, [("industry", "industry_code")])
    return known.drop("region_code", "industry_code")


RECIPE = Recipe("cards", (data_quality.FILE,), _make, tables=("customer_versions",))
