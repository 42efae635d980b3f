"""Segments: the customers that an analyst picks out, and how they are spread."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isqrt

import ibis
import ibis.expr.types as ir

from custinfo.domain.errors import BadInput
from custinfo.domain.segments import Conditions
from custinfo.domain.sums import total_fen

DIMENSIONS = ("ownership", "province", "section", "grade")
"""What customers can be picked by. A customer of whom it is not known has NOT_STATED there."""

MORE = ("kind", "rfm", "lifecycle", "product", "age", "satisfaction")
"""What else they can be picked by, where it is computed (`joined`): the kind of customer, the segment by recency,
frequency and money, the stage of life, the product that is bought most, the age band, what
was said last of satisfaction.
"""

NOT_STATED = ""
STEPS = 4
"""Classes of net sales in each power of ten."""

FEN = 100

_LEAST = tuple(isqrt(isqrt(FEN**STEPS * 10**step - 1)) + 1 for step in range(17 * STEPS))
"""The fen from which each class on holds, up to what int64 does: the fourth root (STEPS), rounded up."""


def described(customers: ir.Table, grades: ir.Table, region: ir.Table, industry: ir.Table) -> ir.Table:
    """One row for each customer: `customer_key`, DIMENSIONS (codes), `net_fen`, `magnitude`.

    `magnitude` is the class of the customer's net sales: the power of ten of the yuan, rounded down to a quarter; NULL
    when there are none. `grades` comes from the grading, `region` and `industry` are the lake's code tables.
    """
    provinces = region.select(region_code=region.code, province=region.province)
    sections = industry.select(industry_code=industry.code, section=industry.section)
    known = customers.select("customer_key", "ownership", "region", "industry")
    known = known.left_join(provinces, known.region == provinces.region_code)
    known = known.left_join(sections, known.industry == sections.industry_code)
    graded = grades.select("customer_key", "grade", net_fen=grades.sales_12m_fen)
    joined = known.drop("region", "industry", "region_code", "industry_code").join(graded, "customer_key")
    return joined.select(
        "customer_key",
        *(joined[name].fill_null(NOT_STATED).name(name) for name in DIMENSIONS),
        "net_fen",
        magnitude=_magnitude(joined.net_fen),
    )


def _magnitude(fen: ir.IntegerColumn) -> ir.FloatingValue:
    # By whole numbers: engines differ in the last bit of a logarithm, and on a bound that is another class
    below = ((fen < least, (step - 1) / STEPS) for step, least in enumerate(_LEAST[1:], start=1))
    return ibis.cases((fen.isnull() | (fen < _LEAST[0]), ibis.null("float64")), *below, else_=(len(_LEAST) - 1) / STEPS)


def joined(table: ir.Table, classes: Mapping[str, ir.Table]) -> ir.Table:
    """The rows of `described` with one more column for each of `classes`, by its name in MORE.

    Each of them has a unique `customer_key` and `code`; who is not in it, or has NULL, has NOT_STATED.
    """
    for name, known in classes.items():
        other = known.select(other_key=known.customer_key, **{name: known.code})
        found = table.left_join(other, table.customer_key == other.other_key)
        table = found.select(*table.columns, found[name].fill_null(NOT_STATED).name(name))
    return table


def preferred_product(sales: ir.Table, first: date, last: date) -> ir.Table:
    """What each customer buys most: `customer_key`, `code`, one row for each who bought a product that is named.

    By net sales (sales less returns, fen) from `first` to `last`, both included; products whose net sales are not above
    zero do not count, of equal ones the first by its name does. `sales` has `kind`, `occurred_on`, `product`,
    `amount_fen`.
    """
    within = sales.filter(
        sales.kind.isin(("sale", "return")), sales.occurred_on.between(first, last), sales["product"].notnull()
    )
    signed = ibis.cases((within.kind == "sale", within.amount_fen), else_=-within.amount_fen)
    net = within.group_by("customer_key", code=within["product"]).agg(
        # A plain cast would be left out, and the sum be written as DOUBLE
        net_fen=total_fen(signed)
    )
    bought = net.filter(net.net_fen > 0)
    place = ibis.row_number().over(group_by="customer_key", order_by=[ibis.desc(bought.net_fen), bought.code])
    placed = bought.mutate(place=place)
    return placed.filter(placed.place == 0).select("customer_key", "code")


def picked(table: ir.Table, choice: Mapping[str, Sequence[str]]) -> ir.Table:
    """The rows of `described` whose dimensions are among those chosen; an empty choice leaves a dimension free."""
    for name, values in choice.items():
        if values:
            table = table.filter(table[name].isin(list(values)))
    return table


def matching(table: ir.Table, conditions: Conditions) -> ir.Table:
    """The rows of `described` and `joined` that are in a segment: all of its conditions hold.

    An amount includes its lower end and not its upper one. Raises BadInput when the lake of the table knows nothing of
    a dimension.
    """
    for one in conditions:
        if one.dimension not in table.columns:
            raise BadInput("kept.dimension_unknown", dimension=one.dimension)
        known = table[one.dimension]
        if one.codes:
            table = table.filter(known.isin(list(one.codes)))
        if one.at_least is not None:
            table = table.filter(known >= one.at_least)
        if one.below is not None:
            table = table.filter(known < one.below)
    return table


def between(table: ir.Table, low: float, high: float) -> ir.Table:
    """The rows whose class of net sales overlaps the range from `low` to `high`, in powers of ten."""
    return table.filter(table.magnitude + 1 / STEPS > low, table.magnitude < high)


def spread(table: ir.Table) -> ir.Table:
    """Customers by class of net sales and grade: `magnitude`, `grade`, `customers`; those without sales left out."""
    with_sales = table.filter(table.magnitude.notnull())
    counted = with_sales.group_by("magnitude", "grade").agg(customers=with_sales.count())
    return counted.order_by("magnitude", "grade")


def by(table: ir.Table, dimension: str) -> ir.Table:
    """Customers and net sales by one dimension, most customers first: `code`, `customers`, `net_fen`."""
    counted = table.group_by(code=table[dimension]).agg(
        customers=table.count(), net_fen=table.net_fen.sum().cast("int64")
    )
    return counted.order_by(ibis.desc("customers"), "code")
