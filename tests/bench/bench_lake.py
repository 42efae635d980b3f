"""The lake beside DuckDB alone: rows published, a CSV taken in, a filter and group-by as a notebook asks for it.

Run: `python -m tests.bench.bench_lake [rows of sales]`, 1 million when left out. Everything runs in one process, ours and
the peer in turns; the best of ROUNDS counts (of one, from LARGE rows on). The ratio is of processor time. What ours does
and the peer does not: pseudonyms, the checks of every cell, of customers and of days, control totals, hashes, a manifest.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custinfo import lake
from custinfo.lake import control_totals, schema
from custinfo.lake.publishing import BatchRow, EntityVersionRow
from custinfo.lake.row_rules import Known
from custinfo.store.site import Site

ROUNDS, LARGE = 3, 5_000_000
ASKED_ROUNDS = 25
ASKED_BAR = 0.1
"""Seconds for a filter and group-by, whatever the number of rows."""
IMPORT_BAR = 6
"""Times what it takes to read the file without a question."""
CUSTOMERS_SHARE = 10
"""Rows of sales for each customer."""
START = datetime(2026, 11, 1, tzinfo=UTC)
CARD = {"customer_type": "enterprise", "ownership": "state", "region": "350102", "industry": "0111", "staff": "12"}

SALES = """
SELECT 'C' || lpad((hash(i, 1) % {customers})::VARCHAR, 8, '0') AS customer, 'L' || i AS line_no,
       CASE hash(i, 2) % 10 WHEN 0 THEN 'return' ELSE 'sale' END AS kind,
       DATE '2024-05-01' + (hash(i, 3) % 900)::INTEGER AS date, 'P' || hash(i, 4) % 500 AS product,
       (1 + hash(i, 5) % 9)::BIGINT AS quantity, (1 + hash(i, 6) % 1000000)::DECIMAL(18, 2) / 100 AS amount
FROM range({rows}) one(i)
"""
LINES = """
SELECT customer AS customer_key, line_no, kind, date AS occurred_on, product, quantity,
       (amount * 100)::BIGINT AS amount_fen, NULL::BIGINT AS cost_fen, NULL::VARCHAR AS product_line,
       NULL::VARCHAR AS area, NULL::VARCHAR AS channel
FROM made
"""
ASKED = """
SELECT product, sum(amount_fen)::BIGINT AS fen, count(*) AS lines FROM sales
WHERE kind = 'sale' AND occurred_on >= DATE '2026-01-01' GROUP BY product ORDER BY product
"""
ZSTD = "(FORMAT parquet, COMPRESSION zstd)"

Work = Callable[[int], object]


@dataclass(frozen=True)
class Timed:
    """The best of the rounds, in seconds: by the clock, and of the processor (threads of the engine included)."""

    seconds: float
    cpu: float


def in_turns(rounds: int, *works: Work) -> list[Timed]:
    """Each work gets the number of the round."""
    found: list[list[tuple[float, float]]] = [[] for _ in works]
    for number in range(rounds):
        for times, work in zip(found, works, strict=True):
            begun, used = time.perf_counter(), time.process_time()
            work(number)
            times.append((time.perf_counter() - begun, time.process_time() - used))
    return [Timed(*(min(column) for column in zip(*times, strict=True))) for times in found]


def tell(name: str, rows: int, ours: Timed, peer: Timed, bar: float | None = None) -> None:
    """A line; `bar` is of the ratio."""
    ratio = ours.cpu / peer.cpu
    line = {"name": name, "ours": round(ours.cpu, 3), "peer": round(peer.cpu, 3), "unit": "s of CPU",
            "ratio": round(ratio, 2), "bar": bar, "holds": bar is None or ratio <= bar,
            "seconds": [round(ours.seconds, 3), round(peer.seconds, 3)],
            "rows_per_second_of_cpu": [round(rows / ours.cpu), round(rows / peer.cpu)]}  # fmt: skip
    print(json.dumps(line), flush=True)


def rounds(rows: int) -> int:
    """How often a work of so many rows is done."""
    return ROUNDS if rows < LARGE else 1


def cards(count: int) -> Iterator[EntityVersionRow]:
    """Customers as the store gives them."""
    return (EntityVersionRow(n, f"c{n}", 1, START, CARD) for n in range(1, count + 1))


def publishing_customers(folder: Path, customers: int) -> None:
    """From the store's rows, one by one; DuckDB copies the table that came of it."""
    times = rounds(customers * CUSTOMERS_SHARE)
    places = [Site.create(folder / f"customers-{n}", name="bench") for n in range(times)]

    def publish(number: int) -> None:
        lake.publish(places[number], cards(customers), [], lambda: START + timedelta(hours=1))

    publish(0)
    engine = duckdb.connect()
    engine.execute(f"CREATE TABLE cards AS FROM '{places[0].lake}/customers/*.parquet'")
    places[0] = Site.create(folder / "customers", name="bench")
    copy = f"COPY cards TO '{folder}/cards.parquet' {ZSTD}"
    ours, peer = in_turns(times, publish, lambda _: engine.execute(copy))
    tell(f"publish {customers:,} customers; peer: DuckDB COPY of the table", customers, ours, peer)


def publishing_sales(folder: Path, lines: pa.Table) -> Site:
    """A batch that was read: written, hashed, made a version."""
    times = rounds(lines.num_rows)
    places = [Site.create(folder / f"sales-{n}", name="bench") for n in range(times)]
    batch = lake.FactBatch(lake.BATCH_KINDS["sales"], lines, control_totals.of(lines, []))

    def publish(number: int) -> None:
        written = lake.write_batch(places[number], "B1", batch, START)
        lake.publish(places[number], [], [BatchRow("B1", START, written)], lambda: START + timedelta(hours=1))

    copy = f"COPY lines TO '{folder}/lines.parquet' {ZSTD}"
    engine = duckdb.connect()
    engine.register("lines", lines)
    ours, peer = in_turns(times, publish, lambda _: engine.execute(copy))
    tell(f"publish {lines.num_rows:,} sales; peer: DuckDB COPY of the same rows", lines.num_rows, ours, peer)
    return places[0]


def importing(folder: Path, file: Path, rows: int) -> None:
    """Every cell is checked by ours, and every row by a schema; DuckDB reads with the types given, and that is all."""
    known = {f"C{n:08d}": f"C{n:08d}" for n in range(rows // CUSTOMERS_SHARE)}
    facts = Known(known, START, ZoneInfo("Asia/Shanghai"))
    types = "{'customer': 'VARCHAR', 'line_no': 'VARCHAR', 'kind': 'VARCHAR', 'date': 'DATE', 'product': 'VARCHAR', 'quantity': 'BIGINT', 'amount': 'DECIMAL(18,2)'}"
    read = f"SELECT * FROM read_csv('{file}', columns = {types}, header = true)"
    ours, peer = in_turns(
        1,
        lambda _: lake.read_batch(lake.BATCH_KINDS["sales"], file, facts, folder),
        lambda _: duckdb.connect().execute(read).to_arrow_table(),
    )
    tell(f"import a CSV of {rows:,} sales; peer: DuckDB read_csv", rows, ours, peer, IMPORT_BAR)


def asking(folder: Path, site: Site, rows: int) -> None:
    """Through the lake as a notebook reads it; the peer has the rows in a file of DuckDB's own."""
    native = duckdb.connect(str(folder / "native.duckdb"))
    parts = f"{site.lake}/sales/*.parquet"

    def asked() -> ir.Table:
        sales = lake.open(site).sales
        sold = sales.filter(sales.kind == "sale", sales.occurred_on >= date(2026, 1, 1))
        return sold.group_by("product").agg(fen=sold.amount_fen.sum(), lines=sold.count()).order_by("product")

    over_parquet = asked()
    made, peer = in_turns(
        1, lambda _: lake.refresh_interactive(site), lambda _: native.execute(f"CREATE TABLE sales AS FROM '{parts}'")
    )
    tell(f"make the interactive file of {rows:,} sales; peer: CREATE TABLE AS", rows, made, peer)
    over_file = asked()
    expected = native.execute(ASKED).to_arrow_table().to_pylist()
    if any(one.to_pyarrow().to_pylist() != expected for one in (over_parquet, over_file)):
        sys.exit("the results differ")
    parquet, ours, peer = in_turns(
        ASKED_ROUNDS, lambda _: over_parquet.to_pyarrow(), lambda _: over_file.to_pyarrow(),
        lambda _: native.execute(ASKED).fetchall(),
    )  # fmt: skip
    sizes = [sum(path.stat().st_size for path in site.lake.rglob(kind)) for kind in ("*.duckdb", "*.parquet")]
    line = {"name": f"filter + group-by over {rows:,} sales; peer: a native DuckDB file", "ours": round(ours.seconds, 3),
            "peer": round(peer.seconds, 3), "unit": "s", "ratio": round(ours.seconds / peer.seconds, 2),
            "bar": f"{ASKED_BAR} s", "holds": ours.seconds <= ASKED_BAR, "over_parquet": round(parquet.seconds, 3),
            "cpu": [round(one.cpu, 3) for one in (ours, peer, parquet)],
            "mb": {"file": sizes[0] >> 20, "parquet": sizes[1] >> 20}}  # fmt: skip
    print(json.dumps(line), flush=True)


def main(rows: int = 1_000_000) -> None:
    """One after the other."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        ibis.duckdb.connect().create_table("warm", {"one": [1]}).to_pyarrow()
        engine = duckdb.connect()
        engine.execute(f"CREATE TABLE made AS {SALES.format(customers=rows // CUSTOMERS_SHARE, rows=rows)}")
        engine.execute(f"COPY made TO '{folder}/sales.csv' (HEADER)")
        lines = engine.execute(LINES).to_arrow_table().cast(schema.SALES_LINES)
        engine.close()
        publishing_customers(folder, rows // CUSTOMERS_SHARE)
        asking(folder, publishing_sales(folder, lines), rows)
        importing(folder, folder / "sales.csv", rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
