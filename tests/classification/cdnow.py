"""The CDNOW sample: 2,357 people whose first purchase was in the first quarter of 1997, as rows of sales."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.csv

SPLIT = date(1997, 9, 30)
END = date(1998, 6, 30)
DAY = timedelta(days=1)
SCHEMA = pa.schema(
    [("customer_key", pa.string()), ("kind", pa.string()), ("occurred_on", pa.date32()), ("amount_fen", pa.int64())]
)


def rows() -> list[dict[str, int]]:
    """One row for all customers who are alike: repeats, recency_days, age_days, later, spend_fen, customers."""
    file = Path(__file__).parents[1] / "data" / "cdnow.csv"
    return pa.csv.read_csv(file, read_options=pa.csv.ReadOptions(skip_rows=1)).to_pylist()


def sales() -> ibis.Table:
    """Sales from which the same rows come out again; the days between first and last, and later, are made up."""
    movements = [row for number, like in enumerate(rows()) for row in _sold(number, like)]
    columns = [list(column) for column in zip(*movements, strict=True)]
    return ibis.memtable(pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA))


def _sold(number: int, like: dict[str, int]) -> Iterator[tuple[str, str, date, int]]:
    first = SPLIT - like["age_days"] * DAY
    repeats = [first + day * DAY for day in range(1, like["repeats"])]
    repeats += [first + like["recency_days"] * DAY] * (like["repeats"] > 0)
    amounts = [like["spend_fen"] - (len(repeats) - 1)] + [1] * (len(repeats) - 1)
    for copy in range(like["customers"]):
        key = f"{number}-{copy}"
        yield key, "sale", first, 999
        for day, amount in zip(repeats, amounts, strict=False):
            yield key, "sale", day, amount
        for day in range(like["later"]):
            yield key, "sale", SPLIT + (day + 1) * DAY, 1
