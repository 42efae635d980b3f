"""What a table that custinfo itself fills is declared with (`published_tables` says how)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

MOMENT = pa.timestamp("us")
"""A moment in UTC, without a zone: one meaning on every engine, whatever zone its session is in."""


@dataclass(frozen=True)
class PublishedTable:
    """A table: `columns` have `recorded_at` (MOMENT), from which moment on a row is known, and no name of anybody.

    `keys` are the columns that hold the lake's key of a customer; a table without any holds nothing about people. When
    somebody is erased, their rows go (`drop`), or stay under another key with the columns `blanked` NULL (`keep`);
    of a table that links customers they stay where all in the row are erased `together`.
    """

    name: str
    columns: pa.Schema
    when_erased: Literal["drop", "keep", "together"] = "drop"
    keys: tuple[str, ...] = ("customer_key",)
    blanked: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRow:
    """A row of a table of the store: `seq` only ever grows, `values` are those of all columns, moments with a zone."""

    seq: int
    values: Mapping[str, str | int | datetime | None]
