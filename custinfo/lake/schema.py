"""The lake's tables: their columns, and how they are written so that the same rows give the same bytes."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MOMENT = pa.timestamp("us")
"""A moment in UTC, without a zone: one meaning on every engine, whatever zone its session is in."""

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
    ]
)

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
    ]
)

SALES = SALES_LINES.append(pa.field("batch_id", pa.string(), nullable=False)).append(
    pa.field("recorded_at", MOMENT, nullable=False)
)

TABLES = {"customer_versions": CUSTOMER_VERSIONS, "sales": SALES}

_ROW_GROUP = 122_880  # DuckDB's own: one thread's share of work


def write(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write one Parquet file; gives the number of rows. Every choice that shows in the bytes is made here."""
    rows = 0
    with pq.ParquetWriter(file, schema, version="2.6", compression="zstd", compression_level=3) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=_ROW_GROUP)
            rows += batch.num_rows
    return rows
