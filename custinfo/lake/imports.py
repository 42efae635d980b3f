"""Sales, payments and returns from other systems: a file becomes a batch, whole or not at all."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.lake import error_file, files, manifest, readers, schema
from custinfo.lake.error_file import ErrorFile
from custinfo.lake.manifest import LakeFile
from custinfo.lake.publishing import naive
from custinfo.lake.sales_rows import COLUMNS, HEADINGS, RowError, SalesRules, heading
from custinfo.store.site import Site

_CHUNK = 65_536
_TYPES = schema.SALES_LINES.types
_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class SalesBatch:
    """The checked rows of one file: `lines` as in `schema.SALES_LINES`, and their control totals."""

    lines: pa.Table
    rows: int
    sum_fen: int


def read_sales(
    file: Path, *, customers: Mapping[str, str], today: date, errors: Path, language: str = DEFAULT_LANGUAGE
) -> SalesBatch:
    """Read and check a CSV, XLSX or Parquet file of sales lines.

    `customers` gives the lake's key for each customer number and credit code. Amounts are yuan in the file and fen in
    the batch. Columns that are not asked for are passed over.

    Raises BadInput when the file cannot be read, has no rows or lacks a column; and `lake.sales_errors` when any row is
    wrong: then every wrong value is listed, in `language`, in `<name>.errors.csv` in the folder `errors`.
    """
    found = readers.rows(file)
    names = _headings(file, next(found, None), language)
    rules = SalesRules(customers, today)
    listed = errors / f"{file.stem}.errors.csv"
    with error_file.opened(listed, language) as wrong:
        counted = _Counted(found)
        batches = list(_batches(_checked(counted, names, rules, wrong)))
    if not counted.rows:
        raise BadInput("lake.sales_empty", file=file.name)
    if wrong.count:
        raise BadInput("lake.sales_errors", file=str(listed), errors=wrong.count, rows=counted.rows, first=wrong.first)
    lines = pa.Table.from_batches(batches, schema.SALES_LINES)
    total = pc.sum(lines["amount_fen"].cast(pa.decimal128(38)))  # an int64 would wrap without a word
    return SalesBatch(lines, lines.num_rows, int(total.as_py()))


class _Counted:
    def __init__(self, rows: Iterable[readers.Row]) -> None:
        self.rows = 0
        self._rows = rows

    def __iter__(self) -> Iterator[readers.Row]:
        for row in self._rows:
            self.rows += 1
            yield row


@dataclass(frozen=True)
class _Headings:
    written: list[str]
    place: Mapping[str, int]


def _headings(file: Path, first: readers.Row | None, language: str) -> _Headings:
    if first is None:
        raise BadInput("lake.sales_empty", file=file.name)
    written = first[1]
    place: dict[str, int] = {}
    for position, name in enumerate(written):
        column = HEADINGS.get(heading(name))
        if column is None:
            continue
        if column in place:
            raise BadInput("lake.sales_column_twice", file=file.name, column=name)
        place[column] = position
    missing = [text(f"lake.column.{column}", language) for column in COLUMNS if column not in place]
    if missing:
        raise BadInput("lake.sales_columns", file=file.name, missing=", ".join(missing))
    return _Headings(written, place)


def _checked(
    rows: Iterable[readers.Row], headings: _Headings, rules: SalesRules, errors: ErrorFile
) -> Iterator[list[object]]:
    """The rows that are right, until the first that is wrong: from there on only errors are looked for."""
    width = len(headings.written)
    for number, values in rows:
        if len(values) > width:
            errors.add(number, "", values[width], RowError("too_wide", width=width))
        padded = values + [""] * (width - len(values))
        read, wrong = rules.check(number, {column: padded[at] for column, at in headings.place.items()})
        for column, problem in wrong:
            at = headings.place[column]
            errors.add(number, headings.written[at], padded[at], problem)
        if not errors.count:
            yield read


def _batches(rows: Iterator[list[object]]) -> Iterator[pa.RecordBatch]:
    while chunk := list(islice(rows, _CHUNK)):
        columns = [pa.array(column, kind) for column, kind in zip(zip(*chunk, strict=True), _TYPES, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema.SALES_LINES)


def write_batch(site: Site, batch_id: str, batch: SalesBatch, recorded_at: datetime) -> LakeFile:
    """Write the batch into the lake's folder, where no version lists it before the next `publish`.

    Raises WrongState when a version lists a batch of that id already: what is published never changes.
    """
    if not _BATCH_ID.fullmatch(batch_id):
        raise ValueError(f"{batch_id!r} cannot be the name of a file")
    path = f"sales/{batch_id}.parquet"
    newest = manifest.newest(site.lake)
    if newest is not None and batch_id in newest.batches:
        raise WrongState("lake.batch_published", batch=batch_id, version=newest.version)
    with files.written(site.lake / path) as beside:
        rows = schema.write(beside, schema.SALES, _recorded(batch, batch_id, naive(recorded_at)))
    return LakeFile("sales", path, files.sha256(site.lake / path), rows)


def _recorded(batch: SalesBatch, batch_id: str, recorded_at: datetime) -> Iterator[pa.RecordBatch]:
    for lines in batch.lines.combine_chunks().to_batches(max_chunksize=_CHUNK):
        marks = [pa.repeat(batch_id, lines.num_rows), pa.repeat(pa.scalar(recorded_at, schema.MOMENT), lines.num_rows)]
        yield pa.RecordBatch.from_arrays([*lines.columns, *marks], schema=schema.SALES)
