"""Grading 1 M customers over 10 M sales: our expression, hand-written DuckDB SQL, pandas; the same work and the same result.

Run: `python tests/bench/bench_grading.py [customers] [sales]`. One JSON line for each peer.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custinfo.classification import value_grade

ON = date(2026, 10, 31)
ROUNDS = 3
BARS = {"duckdb sql": 1.5, "pandas": 2.0}
RULE = value_grade.rule(ON)
FIRST = value_grade.window_start(ON, RULE.months)

SQL = f"""
WITH net AS (
    SELECT customer_key, CAST(sum(CASE kind WHEN 'sale' THEN amount_fen ELSE -amount_fen END) AS BIGINT) AS net_fen
    FROM read_parquet($sales)
    WHERE kind IN ('sale', 'return') AND occurred_on BETWEEN DATE '{FIRST}' AND DATE '{ON}'
    GROUP BY customer_key
), known AS (
    SELECT customer_key, coalesce(net_fen, 0) AS net_fen FROM read_parquet($customers) LEFT JOIN net USING (customer_key)
), ranked AS (
    SELECT customer_key, net_fen,
           sum(greatest(net_fen, 0)) OVER (ORDER BY net_fen DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
               - greatest(net_fen, 0) * count(*) OVER (PARTITION BY net_fen) AS before,
           sum(greatest(net_fen, 0)) OVER () AS total
    FROM known
)
SELECT customer_key, net_fen AS sales_12m_fen,
       CASE WHEN net_fen <= 0 THEN 'N' WHEN before * 100 < total * {RULE.a_percent} THEN 'A'
            WHEN before * 100 < total * {RULE.b_percent} THEN 'B' ELSE 'C' END AS grade
FROM ranked
"""


def generate(folder: Path, customers: int, sales: int) -> None:
    """Seeded and skewed: few customers buy most, some buy nothing, amounts repeat, one row in twenty is a return."""
    random = np.random.default_rng(20261031)
    keys = np.array([f"{key:032x}" for key in random.permutation(customers) * 2654435761 % (1 << 62)], dtype=object)
    pq.write_table(pa.table({"customer_key": pa.array(keys)}), folder / "customers.parquet")
    schema = pa.schema(
        [("customer_key", pa.string()), ("kind", pa.string()), ("occurred_on", pa.date32()), ("amount_fen", pa.int64())]
    )
    kinds = np.array(["sale", "payment", "return"], dtype=object)
    with pq.ParquetWriter(folder / "sales.parquet", schema, compression="zstd") as writer:
        for start in range(0, sales, 1_000_000):
            n = min(1_000_000, sales - start)
            who = (customers * random.random(n) ** 3 * 0.95).astype(np.int64)
            days = np.datetime64("2024-05-01") + random.integers(0, 914, n)
            amounts = (random.lognormal(10, 1.5, n).astype(np.int64) + 1) * 10
            columns = [
                keys[who],
                kinds[random.choice(3, n, p=[0.6, 0.35, 0.05])],
                days.astype("datetime64[D]"),
                amounts,
            ]
            writer.write_table(pa.table([pa.array(c) for c in columns], schema=schema))


def ours(folder: Path) -> pa.Table:
    engine = ibis.duckdb.connect()
    customers, sales = (engine.read_parquet(folder / f"{name}.parquet") for name in ("customers", "sales"))
    return value_grade.grade(customers, sales, ON, RULE).to_pyarrow()


def by_sql(folder: Path) -> pa.Table:
    files = {name: str(folder / f"{name}.parquet") for name in ("customers", "sales")}
    return duckdb.connect().execute(SQL, files).to_arrow_table()


def by_pandas(folder: Path) -> pd.DataFrame:
    columns = ["customer_key", "kind", "occurred_on", "amount_fen"]
    window = [("occurred_on", ">=", FIRST), ("occurred_on", "<=", ON), ("kind", "in", ["sale", "return"])]
    sales = pd.read_parquet(folder / "sales.parquet", columns=columns, filters=window)
    signed = sales["amount_fen"].where(sales["kind"] == "sale", -sales["amount_fen"])
    net = signed.groupby(sales["customer_key"], sort=False).sum()
    known = pd.read_parquet(folder / "customers.parquet")
    known["sales_12m_fen"] = known["customer_key"].map(net).fillna(0).astype("int64")
    ranked = known.sort_values("sales_12m_fen", ascending=False, ignore_index=True)
    positive = ranked["sales_12m_fen"].clip(lower=0)
    first_of_tie = ~ranked["sales_12m_fen"].duplicated()
    before = (positive.cumsum() - positive).where(first_of_tie).ffill().astype("int64")
    total = int(positive.sum())
    choices = [positive <= 0, before * 100 < total * RULE.a_percent, before * 100 < total * RULE.b_percent]
    ranked["grade"] = np.select(choices, ["N", "A", "B"], "C")
    return ranked


def timed(work: Callable[[Path], pa.Table | pd.DataFrame], folder: Path) -> tuple[float, pa.Table | pd.DataFrame]:
    start = time.perf_counter()
    result = work(folder)
    return time.perf_counter() - start, result


def in_order(result: pa.Table | pd.DataFrame) -> pa.Table:
    table = result if isinstance(result, pa.Table) else pa.Table.from_pandas(result, preserve_index=False)
    names = ["customer_key", "sales_12m_fen", "grade"]
    kinds = pa.schema([("customer_key", pa.string()), ("sales_12m_fen", pa.int64()), ("grade", pa.string())])
    return table.select(names).cast(kinds).sort_by("customer_key").combine_chunks()


def main(customers: int = 1_000_000, sales: int = 10_000_000) -> None:
    """Three rounds in turns; the best of each counts."""
    works = {"ours": ours, "duckdb sql": by_sql, "pandas": by_pandas}
    best = dict.fromkeys(works, float("inf"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, customers, sales)
        for turn in range(ROUNDS):
            results = {}
            for who, work in works.items():
                seconds, results[who] = timed(work, folder)
                best[who] = min(best[who], seconds)
            if turn == 0:
                expected = in_order(results["ours"])
                assert all(in_order(result).equals(expected) for result in results.values()), "results differ"
                print(json.dumps({"grades": pc.value_counts(expected["grade"]).to_pylist()}), file=sys.stderr)
            del results
    for peer, bar in BARS.items():
        ratio = best["ours"] / best[peer]
        line = {"name": f"grading {customers:,} customers / {sales:,} sales against {peer}"}
        line |= {"ours": round(best["ours"], 3), "peer": round(best[peer], 3), "unit": "s"}
        print(json.dumps(line | {"ratio": round(ratio, 3), "bar": bar, "holds": ratio <= bar}))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
