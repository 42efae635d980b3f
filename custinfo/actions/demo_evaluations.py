"""What the invented company knows of its largest customers: two people's evaluations, and financial statements."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from custinfo.actions import credit_watch, entities, evaluation_form, financial_statements
from custinfo.actions.delegations import today
from custinfo.actions.demo_credit import file
from custinfo.classification import evaluation
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.periods import Quarter, Year
from custinfo.store import Store

SEEN = timedelta(days=20)
RATINGS: tuple[Mapping[str, int | None], ...] = (
    {"": 4, "trust": 5, "family": None},
    {"": 3, "distribution": 4, "after_sales": 2},
    {"": 4, "promotion": 3, "family": None, "standing": None},
)
"""What the first rater says of each customer; blank: of every other item. None: no information."""
SECOND = {"management": 1, "network": -1}
"""How the second one differs, where the scale lets them."""
REVENUE = (8_000_000, 5_600_000, 3_900_000)
"""Of the last year, in yuan; everything else of a statement is in proportion to it."""


def fill(store: Store, numbers: list[str], raters: tuple[Person, Person]) -> None:
    """Evaluate the customers of these numbers, file their statements, and look through what is due about them again."""
    day = today(store)
    for number, ratings, revenue in zip(numbers, RATINGS, REVENUE, strict=False):
        for rater, apart in zip(raters, ({}, SECOND), strict=True):
            file(store, rater, evaluation_form.FORM, _evaluation(number, day, ratings, apart))
        for values in _statements(number, day, revenue):
            file(store, raters[0], financial_statements.FORM, values)
    found = [entities.by_number(store, "customers", number) for number in numbers]
    credit_watch.watch(store, SERVICE, day, only=[str(one["entity_id"]) for one in found if one is not None])


def _evaluation(
    number: str, day: date, ratings: Mapping[str, int | None], apart: Mapping[str, int]
) -> dict[str, Any]:  # fmt: skip
    answers: dict[str, Any] = {evaluation_form.HEAD_GROUP: {"customer_number": number, "rated_on": str(day)}}
    for code in evaluation.card(day).items:
        value = ratings.get(code, ratings[""])
        if value is None:
            answers[code] = {f"{code}_rating": "none"}
            continue
        said = {f"{code}_rating": str(min(max(value + apart.get(code, 0), 1), 5)), f"{code}_basis": "走访所见"}
        answers[code] = said | {f"{code}_source": "实地走访", f"{code}_on": str(day - SEEN)}
    return answers


def _statements(number: str, day: date, revenue: int) -> Iterator[dict[str, Any]]:
    last, quarter = Year.of(day).plus(-1), Quarter.of(day).plus(-1)
    for period, share in ((last.plus(-1), 92), (last, 100), (quarter, 27)):
        kind = {"period_kind": "year"}
        if isinstance(period, Quarter):
            kind = {"period_kind": "quarter", "quarter": str(period.number)}
        head = {"customer_number": number, "year": str(period.first.year), "part": "both", "audited": "no",
                "source": "customer", "obtained_on": str(day), **kind}  # fmt: skip
        sold, owned = revenue * share // 100, revenue * 3 // 4
        balance = {
            "assets": owned, "current_assets": owned * 2 // 3, "inventories": owned // 5, "receivables": owned // 6,
            "liabilities": owned // 2, "current_liabilities": owned * 2 // 5,
        }  # fmt: skip
        income = {"revenue": sold, "operating_profit": sold // 12, "interest": sold // 60, "net_profit": sold // 20}
        yield {
            "statement": head,
            "balance": {name: str(amount) for name, amount in balance.items()} | {"equity": str(owned - owned // 2)},
            "income": {name: str(amount) for name, amount in income.items()},
        }
