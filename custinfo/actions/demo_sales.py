"""Demo sales: what the demo customers bought, paid and returned, skewed, growing and with a season.

What the lines keep to: a customer buys on working days more than on others and hardly around Chinese New Year; all of
it grows by `YEARLY_GROWTH`; a return is never more than the line that it takes back; the payments of a bill are never
more than its lines less what came back of them. The same seed gives the same lines on every machine.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, groupby
from pathlib import Path
from random import Random
from typing import NamedTuple

from custinfo.actions import demo_figures
from custinfo.actions.demo import HISTORY_MONTHS, DemoCustomer, table
from custinfo.domain.money import yuan
from custinfo.domain.periods import Month

COLUMNS = (
    "customer",
    "line_no",
    "kind",
    "date",
    "product",
    "quantity",
    "amount",
    "cost",
    "product_line",
    "channel",
    "area",
)
PREFIXES = {"sale": "XS", "payment": "SK", "return": "TH"}

YEARLY_GROWTH = 0.10
ORDERS_A_MONTH = 0.54
"""Orders a month of a customer of size 1; they grow with size ** ORDER_POWER, the amount of one with the rest."""
ORDER_POWER = 0.52
ORDER_FEN = 350_000
RETURN_SHARE = 0.035
OPEN_SHARE = 0.012
"""Share of the bills that are never paid."""

WEEKDAYS = (1.05, 1.05, 1.0, 1.0, 1.0, 0.3, 0.15)
SEASON = (0.95, 0.9, 1.02, 1.0, 1.0, 0.98, 0.9, 0.95, 1.16, 1.12, 1.05, 1.22)
NEW_YEARS = "20200125 20210212 20220201 20230122 20240210 20250129 20260217 20270206 20280126 20290213 20300203 20310123 20320211 20330131 20340219 20350208 20360128 20370215 20380204 20390124 20400212"  # noqa: E501
NEW_YEAR_DAYS = {int(day[:4]): date.fromisoformat(day) for day in NEW_YEARS.split()}
"""First day of the Chinese year in each year; the lunar calendar has no short formula."""
TERM_DAYS = {"net_30": (30,), "net_60": (60,), "net_90": (90,), "instalments": (30, 60, 90)}
LATE_SHARE = {"excellent": 0.05, "good": 0.15, "fair": 0.35, "poor": 0.65}


@dataclass(frozen=True)
class DemoSale:
    """One line. `customer` is the index into the customers given; `amount_fen` is positive, `kind` says which way.

    `kind` is sale, payment or return. A payment has no product and quantity 0. `line_no` is unique.
    """

    customer: int
    line_no: str
    kind: str
    occurred_on: date
    product: str
    quantity: int
    amount_fen: int


class _Draft(NamedTuple):
    """A line before it has its number."""

    occurred_on: date
    customer: int
    kind: str
    product: str
    quantity: int
    amount_fen: int


def sales(
    seed: int, customers: Sequence[DemoCustomer], *, months: int = HISTORY_MONTHS, until: Month
) -> Iterator[DemoSale]:
    """The lines of the `months` that end with `until`, by date."""
    rng = Random(f"sales {seed}")  # noqa: S311  an invented world, no secret
    calendar = [_MonthPlan.of(until.plus(i + 1 - months)) for i in range(months)]
    pace = _pace(customers, calendar)
    drafts: list[_Draft] = []
    for index, customer in enumerate(customers):
        bought = list(_purchases(rng, _Habits.of(rng, index, customer), calendar, pace))
        returned = _returns(rng, bought, until.last)
        paid = [line for line in _payments(rng, customer, bought, returned) if line.occurred_on <= until.last]
        drafts += [*bought, *(draft for _, draft in returned), *paid]
    return _numbered(drafts)


def write_sales_csv(path: Path, lines: Iterable[DemoSale], numbers: Sequence[str], areas: Sequence[str]) -> None:
    """Write `lines` as an import file of sales; `numbers` and `areas` are those of the customers, by index."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in lines:
            row = (line.line_no, line.kind, line.occurred_on.isoformat(), line.product, line.quantity or "")
            more = demo_figures.of_line(line.customer, line.product, line.amount_fen)
            area = areas[line.customer] if line.product else ""
            writer.writerow((numbers[line.customer], *row, yuan(line.amount_fen), *more, area))


@dataclass(frozen=True)
class _MonthPlan:
    """The days of a month and how busy they are, cumulated for drawing."""

    month: Month
    days: tuple[date, ...]
    busy: tuple[float, ...]

    @classmethod
    def of(cls, month: Month) -> "_MonthPlan":
        days = tuple(month.first + timedelta(days=i) for i in range(month.last.day))
        return cls(month, days, tuple(accumulate(day_weight(day) for day in days)))


def day_weight(day: date) -> float:
    """How busy a day is; 1 is a plain working day in an average month."""
    weight = WEEKDAYS[day.weekday()] * SEASON[day.month - 1]
    new_year = NEW_YEAR_DAYS.get(day.year)
    from_new_year = (day - new_year).days if new_year else 99
    if -3 <= from_new_year <= 9:
        return weight * 0.06
    if -10 <= from_new_year < -3 or 9 < from_new_year <= 14:
        return weight * 0.6
    if (day.month == 10 and day.day <= 7) or (day.month == 5 and day.day <= 5):
        return weight * 0.3
    return weight


def _buys_in(customer: DemoCustomer, plan: _MonthPlan) -> bool:
    return customer.buys_from <= plan.days[-1] and customer.buys_until >= plan.days[0]


def _pace(customers: Sequence[DemoCustomer], calendar: Sequence[_MonthPlan]) -> list[float]:
    """By how much a customer's own rate is multiplied in each month.

    Customers come and go; the pace evens that out, so that all of them together grow by `YEARLY_GROWTH`.
    """
    everyone = 0.8 * sum(customer.size for customer in customers)
    usual = sum(plan.busy[-1] for plan in calendar) / len(calendar)
    pace = []
    for i, plan in enumerate(calendar):
        present = sum(customer.size for customer in customers if _buys_in(customer, plan))
        growth = (1 + YEARLY_GROWTH) ** ((i - len(calendar) / 2) / 12)
        pace.append(growth * plan.busy[-1] / usual * everyone / present if present else 0.0)
    return pace


@dataclass(frozen=True)
class _Habits:
    """How one customer buys: orders a month, fen an order, favourite products, thousandths of the list price."""

    index: int
    customer: DemoCustomer
    orders: float
    order_fen: float
    basket: Sequence[Mapping[str, str]]
    price: int

    @classmethod
    def of(cls, rng: Random, index: int, customer: DemoCustomer) -> "_Habits":
        orders = ORDERS_A_MONTH * customer.size**ORDER_POWER
        order_fen = ORDER_FEN * customer.size ** (1 - ORDER_POWER)
        return cls(index, customer, orders, order_fen, _favourites(rng, order_fen), rng.randint(880, 1000))


def _favourites(rng: Random, order_fen: float) -> list[Mapping[str, str]]:
    """A few products that are not too dear for the customer's orders, one of them sold all the year."""
    dearest = max(1.5 * order_fen, 20_000)
    products = [row for row in table("products") if int(row["price_fen"]) <= dearest]
    lasting = [row for row in products if not row["months"]]
    chosen = rng.choices(lasting, [int(row["weight"]) for row in lasting])
    return chosen + rng.choices(products, [int(row["weight"]) for row in products], k=rng.randint(2, 6))


def _purchases(rng: Random, habits: _Habits, calendar: Sequence[_MonthPlan], pace: Sequence[float]) -> Iterator[_Draft]:
    customer = habits.customer
    for plan, factor in zip(calendar, pace, strict=True):
        if not _buys_in(customer, plan):
            continue
        # Rounded at random, not Poisson: large customers order regularly.
        orders = int(habits.orders * factor + rng.random())
        days = rng.choices(plan.days, cum_weights=plan.busy, k=orders)
        if plan.days[0] <= customer.buys_from:
            days.append(customer.buys_from)
        for day in sorted(days):
            if customer.buys_from <= day <= customer.buys_until:
                yield from _order(rng, habits, day)


def _order(rng: Random, habits: _Habits, day: date) -> Iterator[_Draft]:
    in_season = [row for row in habits.basket if not row["months"] or str(day.month) in row["months"].split()]
    products = rng.sample(in_season, min(len(in_season), rng.choice((1, 1, 1, 2, 2, 3))))
    for row in products:
        unit = int(row["price_fen"])
        quantity = max(1, round(habits.order_fen / len(products) * math.exp(rng.gauss(0, 0.5)) / unit))
        amount = quantity * unit * habits.price // 1000
        yield _Draft(day, habits.index, "sale", row["product"], quantity, amount)


def _returns(rng: Random, bought: Sequence[_Draft], end: date) -> list[tuple[int, _Draft]]:
    """Some of the lines come back, whole or in part: (index of the line in `bought`, return)."""
    returned = []
    for i, line in enumerate(bought):
        if rng.random() >= RETURN_SHARE:
            continue
        quantity = line.quantity if rng.random() < 0.6 else rng.randint(1, line.quantity)
        day = line.occurred_on + timedelta(days=rng.randint(2, 25))
        amount = line.amount_fen * quantity // line.quantity
        if day <= end:
            returned.append((i, _Draft(day, line.customer, "return", line.product, quantity, amount)))
    return returned


def _payments(
    rng: Random, customer: DemoCustomer, bought: Sequence[_Draft], returned: Sequence[tuple[int, _Draft]]
) -> Iterator[_Draft]:
    """The payments of the bills, by the terms on the card and the customer's punctuality; some bills stay open."""
    terms = customer.answers.get("payment_terms", "prepaid")
    late_share = LATE_SHARE.get(customer.answers.get("credit_standing", "good"), 0.2)
    parts = TERM_DAYS.get(terms, (0,))
    for bill_on, amount in _bills(bought, returned, on_statement=terms in TERM_DAYS):
        if rng.random() < OPEN_SHARE:
            continue
        for i, term in enumerate(parts):
            # The first part takes the fen that do not divide.
            share = amount // len(parts) + (amount % len(parts) if i == 0 else 0)
            day = bill_on + timedelta(days=term + _delay(rng, term, late_share))
            if share:
                yield _Draft(day, bought[0].customer, "payment", "", 0, share)


def _bills(
    bought: Sequence[_Draft], returned: Sequence[tuple[int, _Draft]], *, on_statement: bool
) -> Iterator[tuple[date, int]]:
    """Day and amount of each bill: by the month on statement, else by the day; what came back since is taken off."""
    credit = dict.fromkeys(range(len(bought)), 0)
    for i, line in returned:
        credit[i] = line.amount_fen
    bills: dict[date, int] = {}
    for i, line in enumerate(bought):
        day = Month.of(line.occurred_on).last if on_statement else line.occurred_on
        bills[day] = bills.get(day, 0) + line.amount_fen - credit[i]
    return iter(bills.items())


def _delay(rng: Random, term: int, late_share: float) -> int:
    """Days after the due day; a bill on statement may be paid some days early."""
    if rng.random() < late_share:
        return 3 + int(min(rng.expovariate(1 / 18), 150))
    return rng.randint(-5, 2) if term else rng.randint(0, 2)


def _numbered(drafts: list[_Draft]) -> Iterator[DemoSale]:
    """The lines by date, each with a number such as XS202601150007: kind, day, running number of the day."""
    order = {kind: i for i, kind in enumerate(PREFIXES)}
    drafts.sort(key=lambda line: (line.occurred_on, line.customer, order[line.kind]))
    for day, of_day in groupby(drafts, key=lambda line: line.occurred_on):
        stamp = f"{day:%Y%m%d}"
        for running, line in enumerate(of_day, start=1):
            number = f"{PREFIXES[line.kind]}{stamp}{running:04d}"
            yield DemoSale(line.customer, number, line.kind, day, line.product, line.quantity, line.amount_fen)
