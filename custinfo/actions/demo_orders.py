"""Demo orders: what the larger demo customers had ordered when the dealings end; some of it delivered, not invoiced."""

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from custinfo.actions.demo import DemoCustomer
from custinfo.actions.demo_sales import ORDER_FEN
from custinfo.domain.money import yuan
from custinfo.domain.periods import Month

COLUMNS = ("customer", "order_no", "date", "ordered", "delivered", "invoiced")
LARGE = 8
"""From this size on a customer has an order on its way."""
WITHIN = 25
"""Days before the end of the dealings in which they were placed."""
DELIVERED_PERCENT = (0, 0, 40, 100)


def write_orders_csv(path: Path, customers: Sequence[DemoCustomer], numbers: Sequence[str], until: Month) -> None:
    """Write an import file of orders as of the end of the month `until`; `numbers` are the customers', by index."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for index, customer in enumerate(customers):
            if customer.size < LARGE or customer.buys_until < until.last:
                continue
            rng = Random(f"orders {index}")  # noqa: S311  an invented world, no secret
            day = until.last - timedelta(days=rng.randrange(WITHIN))
            ordered = ORDER_FEN * rng.randint(2, 8)
            delivered = ordered * rng.choice(DELIVERED_PERCENT) // 100
            row = (numbers[index], f"DD{day:%Y%m%d}{index:05d}", day.isoformat())
            writer.writerow((*row, yuan(ordered), yuan(delivered), yuan(0)))
