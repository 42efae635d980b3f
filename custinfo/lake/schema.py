"""The lake's tables: their columns, and how they are written so that the same rows give the same bytes."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from custinfo.lake import published_tables

MOMENT = published_tables.MOMENT
"""A moment in UTC, without a zone."""

MARK = pa.field("recorded_at", MOMENT, nullable=False)
"""From which moment on a row is known."""

CUSTOMER_VERSIONS = pa.schema(
    [
        pa.field("customer_key", pa.string(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("recorded_at", MOMENT, nullable=False),
        pa.field("customer_type", pa.string()),
        pa.field("ownership", pa.string()),
        pa.field("region", pa.string()),
        pa.field("industry", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("staff", pa.int64()),
        pa.field("registered_capital_fen", pa.int64()),
        # Of the calendar year `figures_year`
        pa.field("revenue_fen", pa.int64()),
        pa.field("assets_fen", pa.int64()),
        pa.field("figures_year", pa.int32()),
        pa.field("location_type", pa.string()),
        pa.field("market_position", pa.string()),
        # Of the household, in the calendar year `income_year`
        pa.field("income_fen", pa.int64()),
        pa.field("income_year", pa.int32()),
        # The middle of five years: when somebody was born is of level 1
        pa.field("birth_year", pa.int32()),
        # What the firm is registered as (2023)
        pa.field("enterprise_type", pa.string()),
    ]
)
"""Columns are only ever added, at the end: an older file lacks them, and its rows have NULL there."""

SALES_LINES = pa.schema(
    [
        pa.field("customer_key", pa.string(), nullable=False),
        pa.field("line_no", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_on", pa.date32(), nullable=False),
        # A payment is for no product and has no quantity
        pa.field("product", pa.string()),
        pa.field("quantity", pa.int64()),
        pa.field("amount_fen", pa.int64(), nullable=False),
        # Of all that the line is about, not of a piece; of a return, of what came back
        pa.field("cost_fen", pa.int64()),
        pa.field("product_line", pa.string()),
        pa.field("area", pa.string()),
        pa.field("channel", pa.string()),
    ]
)

ORDER_LINES = pa.schema(
    [
        pa.field("customer_key", pa.string(), nullable=False),
        pa.field("order_no", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_on", pa.date32(), nullable=False),
        # What was ordered; and of it, by the state of the batch, what was delivered and what came to the account
        pa.field("amount_fen", pa.int64(), nullable=False),
        pa.field("delivered_fen", pa.int64(), nullable=False),
        pa.field("invoiced_fen", pa.int64(), nullable=False),
    ]
)

SERVICE_EVENT_LINES = pa.schema(
    [
        pa.field("customer_key", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("occurred_at", MOMENT, nullable=False),
        pa.field("product", pa.string()),
        pa.field("rating", pa.int64()),
    ]
)

WEB_EVENT_LINES = SERVICE_EVENT_LINES.append(pa.field("page", pa.string()))

LINES = {
    "sales": SALES_LINES,
    "orders": ORDER_LINES,
    "service_events": SERVICE_EVENT_LINES,
    "web_events": WEB_EVENT_LINES,
}
"""What a batch's file says, for each table that batches go to."""


def _marked(lines: pa.Schema) -> pa.Schema:
    return lines.append(pa.field("batch_id", pa.string(), nullable=False)).append(
        pa.field("recorded_at", MOMENT, nullable=False)
    )


SALES = _marked(SALES_LINES)
ORDERS = _marked(ORDER_LINES)
SERVICE_EVENTS = _marked(SERVICE_EVENT_LINES)
WEB_EVENTS = _marked(WEB_EVENT_LINES)

SUPERSEDED = pa.schema(
    [
        pa.field("batch_id", pa.string(), nullable=False),
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("customer_key", pa.string(), nullable=False),
        pa.field("recorded_at", MOMENT, nullable=False),
    ]
)
"""Rows of earlier batches that are in force no more from `recorded_at` on: a later batch replaced or cancelled them.

The row is the one of `batch_id` whose row id (see `ROW_IDS`) is `row_id`; `customer_key` is that row's.
"""

TABLES = {
    "customer_versions": CUSTOMER_VERSIONS,
    "sales": SALES,
    "orders": ORDERS,
    "service_events": SERVICE_EVENTS,
    "web_events": WEB_EVENTS,
    "superseded": SUPERSEDED,
    **{name: table.columns for name, table in published_tables.TABLES.items()},
}

ROW_IDS = {
    "sales": "line_no",
    "orders": "order_no",
    "service_events": "event_id",
    "web_events": "event_id",
    "superseded": "row_id",
}
"""The column that tells a row from the others of its batch. It is a number of the system that the batch came from."""

FOLDERS = ("customers", *LINES, "superseded", *published_tables.TABLES)
"""Where the files of the tables stand within the lake."""

ROW_GROUP = 122_880  # DuckDB's own: one thread's share of work


def write(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write one Parquet file; gives the number of rows. Every choice that shows in the bytes is made here."""
    rows = 0
    with pq.ParquetWriter(file, schema, version="2.6", compression="zstd", compression_level=3) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=ROW_GROUP)
            rows += batch.num_rows
    return rows
