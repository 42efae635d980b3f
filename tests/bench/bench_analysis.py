"""A/B/C, transitions, RFM, cross-tables, as-of difference: our expressions, hand-written DuckDB SQL, pandas, Spark.

Run: `python -m tests.bench.bench_analysis [customers] [sales] [spark]`. Each piece of work runs in a process of its own,
in turns, and all must give the same rows; the median of so many ROUNDS counts (of one, from LARGE customers on), and
the most memory that it took. The ratio is of processor time, which other programs on the machine change least; beside Spark, whose
time is another program's, it is by the clock.
"""

import hashlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from custinfo.classification import value_grade
from tests.bench.analysis_data import files, make
from tests.bench.analysis_works import GRADES, OURS, QUARTERS, Read, by_sql

ROUNDS = {"ours": 9, "duckdb sql": 9, "pandas": 3}
"""Those that a bar holds apart by a fifth take a second each, and one second differs from the next by as much: of two
that were the same, one had the luckiest round by a quarter, the other the next time. So the best does not count.
"""
BARS = {"duckdb sql": 1.2}
LARGE, PANDAS_BAR = 10_000_000, 1.0
"""From so many customers on pandas is to be slower; below it is a figure to know."""
SPARK = "local[2]"


def digest(table: pa.Table) -> str:
    """The hash of the sorted rows, whatever order and integer types they came in."""
    names = sorted(table.column_names)
    plain = [
        column.cast(pa.int64()) if pa.types.is_integer(column.type) else column.cast(pa.string())
        for column in (table[name] for name in names)
    ]
    rows = pa.table(plain, names=names).sort_by([(name, "ascending") for name in names]).combine_chunks()
    sink = hashlib.sha256()
    for column in rows.columns:
        sink.update("\n".join(map(str, column.to_pylist())).encode())
    return sink.hexdigest()


def _result(name: str, who: str, folder: Path) -> pa.Table:
    if who == "ours":
        return OURS[name](Read(folder, ibis.duckdb.connect())).to_pyarrow()
    if who == "spark":
        from pyspark.sql import SparkSession

        from custinfo.lake import engines

        engines.start(SPARK)  # with the settings that results depend on
        return OURS[name](Read(folder, ibis.pyspark.connect(SparkSession.active()))).to_pyarrow()
    if who == "pandas":
        from tests.bench.analysis_pandas import by_pandas

        return by_pandas(name, folder)
    return by_sql(name, folder)


def measure(name: str, who: str, folder: Path) -> None:
    """In a process of its own: prints seconds, the most memory in MB, and the hash of what came of it."""
    if who == "pandas":
        import tests.bench.analysis_pandas  # noqa: F401
    # What Ibis imports when it first compiles is not measured, as pandas' import is not
    ibis.duckdb.connect().create_table("warm", {"one": [1]}).to_pyarrow()
    begun, used = time.perf_counter(), time.process_time()
    result = _result(name, who, folder)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    memory = _most_memory()
    print(
        json.dumps(
            {"seconds": seconds, "cpu": cpu, "memory": memory, "rows": result.num_rows, "sha256": digest(result)}
        )
    )


def _most_memory() -> int:
    """In MB, of this program alone: what getrusage says begins with what the process had that started it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def in_a_process(name: str, who: str, folder: Path) -> dict[str, float | str] | None:
    """What `measure` found; None when pandas ended for want of memory."""
    command = [sys.executable, "-m", "tests.bench.bench_analysis", "measure", name, who, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"TZ": "UTC"})
    if who == "pandas" and (done.returncode == -signal.SIGKILL or "MemoryError" in done.stderr):
        return None
    if done.returncode:
        sys.exit(f"{name}, {who}:\n{done.stderr[-3000:]}")
    measured: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return measured


def grade_quarters(folder: Path) -> None:
    """The grades of two quarters as they are published: transitions read these."""
    data, previous = Read(folder, ibis.duckdb.connect()), None
    for quarter, name in zip(QUARTERS, ("before", "after"), strict=True):
        graded = value_grade.grade_quarter(data.customers(), data.sales(), quarter, GRADES, previous)
        pq.write_table(graded.order_by("customer_key").to_pyarrow(), folder / f"{name}.parquet")
        previous = data.read(name)


def main(customers: int = 1_000_000, sales: int = 10_000_000, spark: bool = False) -> None:
    """Every work, every peer, in turns."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        make(folder, customers, sales)
        grade_quarters(folder)
        print(f"{files(folder, 'sales')}: made", file=sys.stderr)
        for work in OURS:
            found: dict[str, list[dict[str, float | str]]] = {who: [] for who in ROUNDS}
            for number in range(max(ROUNDS.values()) if customers < LARGE else 1):
                for who in (who for who, times in ROUNDS.items() if number < times):
                    found[who] += filter(None, [in_a_process(work, who, folder)])
            if spark:
                found["spark"] = [one for one in [in_a_process(work, "spark", folder)] if one]
            hashes = {who: one["sha256"] for who, several in found.items() for one in several}
            if len(set(hashes.values())) > 1:
                sys.exit(f"{work}: results differ: {hashes}")
            bars = BARS | ({"pandas": PANDAS_BAR} if customers >= LARGE else {})
            _tell(f"{work}, {customers:,} customers / {sales:,} sales", found, bars)


def _tell(work: str, found: dict[str, list[dict[str, float | str]]], bars: dict[str, float]) -> None:
    def usual(who: str, what: str) -> float:
        return statistics.median(float(one[what]) for one in found[who])

    for peer in (who for who in found if who != "ours"):
        if not found[peer]:
            print(json.dumps({"name": f"{work}; peer: {peer}", "peer": "did not run for want of memory"}), flush=True)
            continue
        bar, what = bars.get(peer), "seconds" if peer == "spark" else "cpu"
        ours, theirs = usual("ours", what), usual(peer, what)
        line = {"name": f"{work}; peer: {peer}", "ours": round(ours, 2), "peer": round(theirs, 2),
                "unit": "s" if what == "seconds" else "s of CPU", "ratio": round(ours / theirs, 3), "bar": bar}  # fmt: skip
        line |= {"holds": ours / theirs <= bar if bar else True}
        line |= {"seconds": [round(usual(who, "seconds"), 2) for who in ("ours", peer)]}
        print(json.dumps(line | {"memory_mb": [usual(who, "memory") for who in ("ours", peer)]}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
        main(*numbers, spark="spark" in sys.argv[1:])
