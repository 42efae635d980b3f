"""Data of the analysis benchmark, made by DuckDB from a seed: few customers buy most, amounts repeat, some come late."""

from datetime import date
from pathlib import Path

import duckdb

FIRST_DAY, DAYS = date(2024, 5, 1), 914
EARLIER, LATER = "2026-09-01 00:00:00", "2026-11-01 00:00:00"
"""Two moments: what was known by each is compared."""

CUSTOMERS = """
SELECT md5(i::VARCHAR) AS customer_key, v::INTEGER AS version,
       TIMESTAMP '2024-01-01' + INTERVAL (hash(i, v, 1) % 80000 + v * 500000) SECOND * 25 AS recorded_at,
       (11 + hash(i, v, 2) % 55)::VARCHAR || '0000' AS region, chr((65 + hash(i, 3) % 20)::INTEGER) AS industry,
       CASE hash(i, 4) % 4 WHEN 0 THEN 'state' WHEN 1 THEN 'joint_stock' WHEN 2 THEN 'collective' END AS ownership,
       'company' AS kind
FROM range({customers}) one(i), range(CASE WHEN hash(i, 5) % 5 = 0 THEN 2 ELSE 1 END) two(v)
"""

SALES = """
SELECT md5(floor({customers} * 0.95 * power((hash(i, 1) % 1000003) / 1000003.0, 3))::BIGINT::VARCHAR) AS customer_key,
       CASE WHEN hash(i, 2) % 20 < 12 THEN 'sale' WHEN hash(i, 2) % 20 < 19 THEN 'payment' ELSE 'return' END AS kind,
       DATE '{first}' + (hash(i, 3) % {days})::INTEGER AS occurred_on,
       'P' || hash(i, 4) % 500 AS product,
       10 * (1 + floor(exp(10 + 1.5 * sqrt(-2 * ln((1 + hash(i, 5) % 1000003) / 1000004.0))
             * cos(2 * pi() * (hash(i, 6) % 1000003) / 1000003.0))))::BIGINT AS amount_fen,
       DATE '{first}' + (hash(i, 3) % {days} + hash(i, 7) % 90)::INTEGER + INTERVAL 12 HOUR AS recorded_at
FROM range({first_row}, {last_row}) one(i)
"""

REGIONS = """
SELECT (11 + i)::VARCHAR || '0000' AS code, (11 + i)::VARCHAR AS province FROM range(55) one(i)
"""
SECTIONS = "SELECT chr((65 + i)::INTEGER) AS code, chr((65 + i)::INTEGER) AS section FROM range(20) one(i)"

CHUNK = 10_000_000


def make(folder: Path, customers: int, sales: int) -> None:
    """Write the tables as Parquet into `folder`; the grades of two quarters are made by `bench_analysis`."""
    engine = duckdb.connect()
    engine.execute(f"COPY ({CUSTOMERS.format(customers=customers)}) TO '{folder}/customer_versions.parquet'")
    engine.execute(f"COPY ({REGIONS}) TO '{folder}/regions.parquet'")
    engine.execute(f"COPY ({SECTIONS}) TO '{folder}/sections.parquet'")
    for number, start in enumerate(range(0, sales, CHUNK)):
        rows = SALES.format(
            customers=customers, first=FIRST_DAY, days=DAYS, first_row=start, last_row=min(start + CHUNK, sales)
        )
        engine.execute(f"COPY ({rows}) TO '{folder}/sales-{number:03d}.parquet'")


def files(folder: Path, table: str) -> str:
    """A pattern that finds the files of a table."""
    return f"{folder}/{table}*.parquet"


def paths(folder: Path, table: str) -> list[Path]:
    """The files of a table."""
    return sorted(folder.glob(f"{table}*.parquet"))
