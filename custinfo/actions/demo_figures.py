"""Demo figures for the classes: revenue, assets and location of firms, incomes of people, costs and channels of sales.

Each comes from a generator of its own, so that the rest of the invented world stays as it is.
"""

from collections.abc import Mapping
from functools import cache
from random import Random

from custinfo.actions.demo import table, weighted
from custinfo.domain.money import yuan

LOCATIONS = {"commercial_centre": 38, "transport_hub": 12, "residential": 30, "other": 20}
CHANNELS = {"直销": 50, "电商平台": 30, "经销商": 20}
COST_PERCENT = {
    "办公家具": 63, "办公耗材": 82, "办公设备": 78, "劳保用品": 70, "清洁用品": 66, "节日礼品": 58, "茶水食品": 74,
}  # fmt: skip
STATED = 0.8
"""Share of the customers who say it."""


def of_firm(index: int, staff: int, year: int) -> dict[str, str]:
    """Answers of the enterprise card about size and place: those of the calendar year `year`."""
    rng = Random(f"figures {index}")  # noqa: S311  an invented world, no secret
    answers = {"location_type": weighted(rng, LOCATIONS)} if rng.random() < STATED else {}
    if rng.random() >= STATED:
        return answers
    revenue = staff * rng.randint(250_000, 900_000)
    assets = revenue * rng.randint(40, 120) // 100
    return answers | {"revenue": yuan(revenue * 100), "assets": yuan(assets * 100), "figures_year": str(year)}


def of_person(index: int, year: int) -> dict[str, str]:
    """Answers of the individual card about the income of the year `year`."""
    rng = Random(f"income {index}")  # noqa: S311  an invented world, no secret
    if rng.random() >= STATED:
        return {}
    income = round(rng.lognormvariate(12.1, 0.65), -3)
    return {"household_income": yuan(int(income) * 100), "income_year": str(year)}


def of_line(customer: int, product: str, amount_fen: int) -> tuple[str, str, str]:
    """Cost in yuan, product line and channel of a sale or return; blank for what has no product."""
    line = _lines().get(product, "")
    if not line:
        return "", "", ""
    channel = weighted(Random(f"channel {customer}"), CHANNELS)  # noqa: S311  an invented world, no secret
    return yuan(amount_fen * COST_PERCENT[line] // 100), line, channel


@cache
def _lines() -> Mapping[str, str]:
    return {row["product"]: row["category"] for row in table("products")}
