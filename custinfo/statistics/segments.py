"""Segments: the customers that an analyst picks out, and how they are spread."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

DIMENSIONS = ("ownership", "province", "section", "grade")
"""What customers can be picked by. A customer of whom it is not known has NOT_STATED there."""

NOT_STATED = ""
STEPS = 4
"""Classes of net sales in each power of ten."""

FEN = 100


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
    power = (joined.net_fen.cast("float64") / FEN).log10()
    return joined.select(
        "customer_key",
        *(joined[name].fill_null(NOT_STATED).name(name) for name in DIMENSIONS),
        "net_fen",
        magnitude=ibis.cases((joined.net_fen >= FEN, (power * STEPS).floor() / STEPS)),
    )


def picked(table: ir.Table, choice: Mapping[str, Sequence[str]]) -> ir.Table:
    """The rows of `described` whose dimensions are among those chosen; an empty choice leaves a dimension free."""
    for name, values in choice.items():
        if values:
            table = table.filter(table[name].isin(list(values)))
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
