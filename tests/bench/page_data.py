"""A lake as analysts' pages read it, for their benchmark: cards of firms and persons with gaps and second versions, ten
sales for each customer over two and a half years, few of whom buy most, and many of whom stay away after a time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb

from custinfo import lake
from custinfo.domain import codelists
from custinfo.lake import control_totals, schema
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
    lake.publish(site, [], [BatchRow("B1", END, written)], lambda: END + timedelta(hours=1))
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
