"""A lake as analysts' pages read it, for their benchmark: cards of firms and persons with gaps and second versions, ten
sales for each customer over two and a half years, few of whom buy most, and many of whom stay away after a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from custinfo import lake
from custinfo.domain import codelists
from custinfo.lake import control_totals, published_tables, schema
from custinfo.lake.publishing import BatchRow, EntityVersionRow
from custinfo.store.site import Site

SALES_EACH = 10
TWICE = 5
"""One card in so many was recorded a second time."""
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 1000
END = datetime(2026, 11, 1, tzinfo=UTC)

KEYS = """
CREATE TABLE keys AS SELECT customer_key, place, stays, hash(place, 2) % (915 - stays) AS begins FROM (
    SELECT customer_key, place, 30 + hash(place, 1) % 885 AS stays FROM (
        SELECT customer_key, row_number() OVER (ORDER BY customer_key) - 1 AS place
        FROM '{lake}/customers/*.parquet' WHERE version = 1
    )
)
"""
SALES = """
SELECT k.customer_key, 'L' || i AS line_no, CASE WHEN hash(i, 2) % 20 < 18 THEN 'sale' ELSE 'return' END AS kind,
       DATE '2024-05-01' + (k.begins + hash(i, 3) % k.stays)::INTEGER AS occurred_on, 'P' || hash(i, 4) % 500 AS product,
       (1 + hash(i, 9) % 9)::BIGINT AS quantity,
       10 * (1 + floor(exp(10 + 1.5 * sqrt(-2 * ln((1 + hash(i, 5) % 1000003) / 1000004.0))
             * cos(2 * pi() * (hash(i, 6) % 1000003) / 1000003.0))))::BIGINT AS amount_fen,
       CASE WHEN hash(i, 10) % 3 > 0 THEN 7 * (1 + hash(i, 11) % 50000) END::BIGINT AS cost_fen,
       'line ' || hash(i, 4) % 500 % 7 AS product_line, 'area ' || hash(i, 12) % 20 AS area,
       CASE hash(i, 13) % 3 WHEN 0 THEN 'shop' WHEN 1 THEN 'web' ELSE 'agent' END AS channel
FROM range({rows}) one(i)
JOIN keys k ON k.place = floor({customers} * 0.95 * power((hash(i, 1) % 1000003) / 1000003.0, 2))::BIGINT
"""


OF_CREDIT, OF_DEMANDS, OF_PAIRS = 10, 10, 50
"""Of so many customers one was graded, twice; has a demand; may be another one's double."""
GRADES, STAGES = "ABCDE", ("collected", "analysed", "answered", "closed")


def _tables(engine: duckdb.DuckDBPyConnection) -> dict[str, Iterable[lake.TableRow]]:
    """Credit decisions, demands, and pairs that may be one customer."""
    keys = [row[0] for row in engine.execute("SELECT customer_key FROM keys ORDER BY place").fetchall()]
    sources = {
        "credit_decisions": _decisions(keys[::OF_CREDIT]), "demands": _demands(keys[::OF_DEMANDS]),
        "matches": _pairs(keys[::OF_PAIRS]),
    }  # fmt: skip
    return {name: (lake.TableRow(seq, row) for seq, row in enumerate(rows, start=1)) for name, rows in sources.items()}


def _decisions(keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    pick = Random(5)
    for days in (400, 30):
        for place, key in enumerate(keys):
            yield {
                "customer_key": key, "kind": "decision", "decision": f"CD-{days}-{place}", "version": 1,
                "scheme": pick.choice(("5c", "5p", "6a")), "grade": pick.choice(GRADES), "points": pick.randrange(10_000),
                "coverage": 10_000, "limit_fen": 1_000_000 * pick.randrange(100), "valid_until": "2027-11-01",
                "rule_version": 1, "card_version": 1, "limits_version": 1, "recorded_at": END - timedelta(days=days),
            }  # fmt: skip


def _demands(keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    pick = Random(6)
    for place, key in enumerate(keys):
        rated = {name: pick.choice((None, 1, 2, 3, 4, 5)) for name in ("importance", "urgency", "feasibility")}
        yield dict.fromkeys(published_tables.TABLES["demands"].columns.names) | rated | {
            "customer_key": key, "demand_number": f"D{place:07}", "version": 1, "kind": "need",
            "stage": pick.choice(STAGES), "recorded_at": END - timedelta(days=pick.randrange(700)),
        }  # fmt: skip


def _pairs(keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    pick = Random(7)
    for place, (low, high) in enumerate(zip(keys[::2], keys[1::2], strict=False)):
        band, at = pick.choice(("automatic", "review")), END - timedelta(days=pick.randrange(1, 700))
        blank = dict.fromkeys(("band", "probability", "evidence", "source", "rule_version"))
        found = {
            "band": band, "probability": pick.randrange(500_000, 1_000_000), "evidence": "name phone",
            "source": pick.choice(("page", "batch")), "rule_version": 1,
        }  # fmt: skip
        pair = {"customer_key": low, "other_key": high, "recorded_at": at}
        yield pair | found | {"event_number": 2 * place + 1, "event": "found"}
        if pick.random() < 0.7:
            end = pick.choice(("merged", "different", "later"))
            yield pair | blank | {"event_number": 2 * place + 2, "event": end}


def make(folder: Path, customers: int) -> Site:
    """A site with a published lake, in version 1, and the interactive files of its large tables."""
    site = Site.create(folder, name="bench")
    lake.publish(site, _cards(customers), [], lambda: END)
    engine = duckdb.connect()
    engine.execute(KEYS.format(lake=site.lake))
    sold = engine.execute(SALES.format(rows=customers * SALES_EACH, customers=customers)).to_arrow_table()
    lines = sold.cast(schema.SALES_LINES)
    batch = lake.FactBatch(lake.BATCH_KINDS["sales"], lines, control_totals.of(lines, []))
    written = lake.write_batch(site, "B1", batch, END)
    lake.publish(site, [], [BatchRow("B1", END, written)], lambda: END + timedelta(hours=1), tables=_tables(engine))
    lake.refresh_interactive(site)
    return site


def _cards(customers: int) -> Iterator[EntityVersionRow]:
    pick = Random(5)
    regions = [row.code for row in codelists.load("region").rows if row.level == "county"]
    industries = [row.code for row in codelists.load("industry").rows if row.level == "class"]
    kinds = [row.code for row in codelists.load("kind_of_customer").rows]
    owners = [row.code for row in codelists.load("ownership").rows]
    seq = 0
    for number in range(customers):
        card = {"region": pick.choice(regions) if pick.random() < 0.95 else "", "kind": pick.choice(kinds)}
        if pick.random() < 0.3:
            card |= {"customer_type": "individual", "birth_year_about": str(pick.randrange(1940, 2005))}
        else:
            card |= {"customer_type": "enterprise", "ownership": pick.choice([*owners, ""])}
            card |= {"industry": pick.choice(industries), "staff": str(pick.randrange(0, 900))}
            card |= {"registered_capital": str(pick.randrange(1, 900) * 1000)}
        day = FIRST + timedelta(days=pick.random() * DAYS)
        for version in range(1, 3 if number % TWICE == 0 else 2):
            seq += 1
            moment = day if version == 1 else day + (END - day) * pick.random()
            yield EntityVersionRow(seq, f"c{number}", version, moment, {k: v for k, v in card.items() if v})
