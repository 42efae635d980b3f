"""What the lake knows of one customer's dealings with us: months, the trend, the class, what is bought and how."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import value_grade
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.periods import Month
from custinfo.statistics import sales
from custinfo.store.site import Site

PRODUCTS = 5
"""Products that are named, the largest first."""
YEAR = 12
PURPOSE = "service"


@dataclass(frozen=True)
class Moved:
    """What was sold, taken back and paid in a month, in fen."""

    month: Month
    sales_fen: int
    returns_fen: int
    payments_fen: int

    @property
    def net_fen(self) -> int:
        """Sales less returns."""
        return self.sales_fen - self.returns_fen


@dataclass(frozen=True)
class Bought:
    """A product with its net sales of the last twelve months, in fen; blank for sales that name none."""

    product: str
    net_fen: int


@dataclass(frozen=True)
class Dealings:
    """Of one customer, by what the lake knew: the last 13 months, the last two years, the class of the day.

    `months` has every month, those without dealings too. `last_year_fen` and `year_before_fen` are net sales of the
    twelve months that end with the month of the day, and of the twelve before. `purchases` counts days with a sale in
    the last twelve months, `every_days` is the median of the days between two of them (None with fewer than three).
    """

    lake_version: int
    class_code: str | None
    class_rule: int
    months: tuple[Moved, ...]
    last_year_fen: int
    year_before_fen: int
    products: tuple[Bought, ...]
    purchases: int
    every_days: int | None
    last_sale: date | None

    @property
    def none(self) -> bool:
        """Whether nothing was sold, returned or paid in two years."""
        moved = any(one.sales_fen or one.returns_fen or one.payments_fen for one in self.months)
        return not moved and not self.last_year_fen and not self.year_before_fen


def find(site: Site, customer_key: str, as_of: datetime) -> Dealings | None:
    """The dealings known at `as_of`; None when no version of the lake was published by then.

    They serve the contract with the customer: whoever objected to that use has none here.
    """
    try:
        tables = lake.open(site, as_of=as_of, purpose=PURPOSE)
    except (NotFound, WrongState):
        return None
    day = as_of.astimezone(site.zone).date()
    own = tables.sales.filter(tables.sales.customer_key == customer_key)
    this = Month(day.year, day.month)
    months = _months(own, this)
    rule = value_grade.rule(day)
    graded = value_grade.grade(tables.customers, tables.sales, day, rule)
    classes = graded.filter(graded.customer_key == customer_key).grade.to_pyarrow().to_pylist()
    year = own.filter(own.occurred_on.between(this.plus(1 - YEAR).first, day))
    days = _sale_days(year)
    last_year, before = (_net(months, this.plus(1 - YEAR - back), this.plus(-back)) for back in (0, YEAR))
    return Dealings(
        lake_version=tables.version,
        class_code=classes[0] if classes else None,
        class_rule=rule.version,
        months=tuple(one for one in months if this.plus(1 - sales.MONTHS_IN_SERIES).first <= one.month.first),
        last_year_fen=last_year,
        year_before_fen=before,
        products=_products(year),
        purchases=len(days),
        every_days=_between(days),
        last_sale=days[-1] if days else None,
    )


def _months(own: ir.Table, this: Month) -> list[Moved]:
    """The 24 months that end with `this`."""
    first = this.plus(1 - 2 * YEAR)
    found = {Month(row["year"], row["month"]): row for row in sales.by_month(own, first, this).to_pyarrow().to_pylist()}
    return [_moved(first.plus(n), found.get(first.plus(n), {})) for n in range(2 * YEAR)]


def _moved(month: Month, row: dict[str, int]) -> Moved:
    return Moved(month, row.get("sales_fen", 0), row.get("returns_fen", 0), row.get("payments_fen", 0))


def _net(months: list[Moved], first: Month, last: Month) -> int:
    return sum(one.net_fen for one in months if first.first <= one.month.first <= last.first)


def _products(year: ir.Table) -> tuple[Bought, ...]:
    signed = (year.kind == "sale").ifelse(year.amount_fen, -year.amount_fen)
    goods = year.filter(year.kind != "payment").mutate(product=year["product"].fill_null(""), signed=signed)
    sums = goods.group_by("product").agg(net_fen=goods.signed.sum().cast("int64"))
    largest = sums.filter(sums.net_fen > 0).order_by(ibis.desc("net_fen"), "product").limit(PRODUCTS)
    return tuple(Bought(row["product"], row["net_fen"]) for row in largest.to_pyarrow().to_pylist())


def _sale_days(year: ir.Table) -> list[date]:
    days: list[date] = year.filter(year.kind == "sale").occurred_on.to_pyarrow().to_pylist()
    return sorted(set(days))


def _between(days: list[date]) -> int | None:
    return int(median((later - earlier).days for earlier, later in pairwise(days))) if len(days) > 2 else None
