"""Batches from other systems: a file, or what a query gives, becomes a batch, whole or not at all."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.compute as pc

from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.lake import batch_kinds, batch_schemas, control_totals, error_file, files, manifest, readers, schema
from custinfo.lake.appending import naive
from custinfo.lake.batch_kinds import BatchKind, Column
from custinfo.lake.cells import RowError
from custinfo.lake.column_rules import ColumnRules
from custinfo.lake.control_totals import Totals
from custinfo.lake.error_file import ErrorFile
from custinfo.lake.manifest import LakeFile
from custinfo.lake.row_rules import Cancelled, Known, RowRules
from custinfo.lake.text_blocks import TextBlocks
from custinfo.store.site import Site

_CHUNK = 65_536
_SHOWN = 10
_MOST_WRONG = 50_000
"""So many wrong rows are kept in memory."""
_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class FactBatch:
    """The checked rows of one file: `lines` as `schema.LINES` has them for the kind's table, the rows that it cancels,
    and its control totals.
    """

    kind: BatchKind
    lines: pa.Table
    totals: Totals
    cancelled: Sequence[Cancelled] = field(default=())

    @property
    def row_ids(self) -> pa.ChunkedArray:
        """Of lines and cancelled rows: what of earlier batches is in force no more."""
        taken_back = pa.array([one.row_id for one in self.cancelled], pa.string())
        return pa.chunked_array([*self.lines[self.kind.row_id].chunks, taken_back], pa.string())


class BadColumns(BadInput):
    """A table whose columns are not those of its kind of batch. The message names those, in the reader's language."""

    def __init__(self, key: str, kind: BatchKind, **facts: object) -> None:
        super().__init__(key, **facts)
        self._kind = kind

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence in `language`."""
        return text(self.key, language, **self.facts, expected=self._kind.expected(language))


def read_batch(kind: BatchKind, file: Path, known: Known, errors: Path, language: str = DEFAULT_LANGUAGE) -> FactBatch:
    """Read and check a CSV, XLSX or Parquet file, as `read_rows` does; a CSV file many times as fast."""
    listed = errors / f"{file.stem}.errors.csv"
    found = _by_columns(kind, file, known, listed, language)
    return found or read_rows(kind, readers.rows(file), file.name, known, listed, language)


def read_rows(
    kind: BatchKind,
    rows: Iterator[readers.Row],
    name: str,
    known: Known,
    listed: Path,
    language: str = DEFAULT_LANGUAGE,
) -> FactBatch:
    """Check rows, headings first. Amounts are yuan in a file and fen in the batch. Other columns are passed over.

    Raises BadColumns when there are no rows or a column is missing or there twice; and BadInput `lake.batch_errors`
    when any row is wrong: then every wrong value is listed, in `language`, in the file `listed`; and BadRows when what
    was read is not what the kind's schema declares.
    """
    headings = _headings(kind, name, next(rows, None), language)
    with error_file.opened(listed, language) as wrong:
        found = _Rows(rows, headings, RowRules(kind, known), wrong)
        lines_schema = schema.LINES[kind.table]
        lines = pa.Table.from_batches(list(_batches(found, lines_schema)), lines_schema)
    if not found.count:
        raise BadColumns("lake.batch_empty", kind, file=name)
    if wrong.count:
        raise BadInput("lake.batch_errors", file=str(listed), errors=wrong.count, rows=found.count, first=wrong.first)
    return _checked(kind, name, lines, found.cancelled, known)


def _checked(kind: BatchKind, name: str, lines: pa.Table, cancelled: Sequence[Cancelled], known: Known) -> FactBatch:
    if lines.num_rows:  # none where all are cancelled
        batch_schemas.check(name, kind, lines, known)
    return FactBatch(kind, lines, control_totals.of(lines, cancelled), cancelled)


def _by_columns(kind: BatchKind, file: Path, known: Known, listed: Path, language: str) -> FactBatch | None:
    """What `read_rows` gives or raises, column by column; None where only going through all rows can tell: the file is
    no CSV file or broken, a number is there twice, or very many rows are wrong.
    """
    try:
        with readers.csv_text(file) as content:
            found = _Columns(kind, known).read(file, content, language) if content else None
    except (UnicodeError, csv.Error):
        return None
    if found is None:
        return None
    if found.wrong:
        _refuse(found, kind, known, listed, language)
        return None  # by the rules of rows nothing is wrong: they are asked of all of them
    with error_file.opened(listed, language):
        pass  # which takes away the one of an earlier try
    lines = pa.Table.from_batches(found.lines).cast(schema.LINES[kind.table])
    return _checked(kind, file.name, lines, found.cancelled, known)


def _refuse(found: "_Columns", kind: BatchKind, known: Known, listed: Path, language: str) -> None:
    """Raises BadInput when the rules of rows find anything wrong with what the rules of columns took for wrong."""
    with error_file.opened(listed, language) as wrong:
        for _ in _Rows(found.wrong, found.headings, RowRules(kind, known), wrong):
            pass
    if wrong.count:
        raise BadInput("lake.batch_errors", file=str(listed), errors=wrong.count, rows=found.count, first=wrong.first)


class _Columns:
    """A CSV file read column by column: the `lines` and `cancelled` rows of its `count` rows, and those `wrong`."""

    def __init__(self, kind: BatchKind, known: Known) -> None:
        self._kind, self._known = kind, known
        self.lines: list[pa.RecordBatch] = []
        self.cancelled: list[Cancelled] = []
        self.wrong: list[readers.Row] = []
        self.count = 0

    def read(self, file: Path, content: TextIO, language: str) -> "_Columns | None":
        """Itself, or None where only going through all rows can tell. Raises csv.Error and UnicodeError."""
        blocks = TextBlocks(content)
        first = None if blocks.headings is None else (1, blocks.headings)
        self.headings = _headings(self._kind, file.name, first, language)
        rules = ColumnRules(self._kind, self._known, self.headings.places)
        row_ids = []
        for block in blocks:
            if block.first + block.rows - 1 > readers.MAX_ROWS:
                return None
            found = rules.read(block)
            self.count += found.count
            self.cancelled += found.cancelled
            self.wrong += [block.row(place) for place in found.wrong]
            row_ids.append(found.row_ids)
            self.lines.append(found.lines)
            if len(self.wrong) > _MOST_WRONG:
                return None
        every = pa.chunked_array(row_ids, pa.string())
        return self if self.count and pc.count_distinct(every).as_py() == len(every) else None


@dataclass(frozen=True)
class _Headings:
    columns: Sequence[Column]
    written: list[str]
    places: Sequence[int | None]
    """For each of the kind's columns, where it stands in a row."""


def _headings(kind: BatchKind, name: str, first: readers.Row | None, language: str) -> _Headings:
    if first is None:
        raise BadColumns("lake.batch_empty", kind, file=name)
    written = first[1]
    known = kind.by_heading()
    place: dict[Column, int] = {}
    for position, title in enumerate(written):
        column = known.get(batch_kinds.heading(title))
        if column is None:
            continue
        if column in place:
            raise BadColumns("lake.batch_column_twice", kind, file=name, column=title)
        place[column] = position
    missing = [
        text(f"lake.column.{column.name}", language)
        for column in kind.columns
        if column not in place and not column.optional
    ]
    if missing:
        others = [title[:40] for at, title in enumerate(written) if title and at not in place.values()]
        raise BadColumns(
            "lake.batch_columns", kind, file=name, missing=", ".join(missing), others=", ".join(others[:_SHOWN]) or "-"
        )
    return _Headings(kind.columns, written, [place.get(column) for column in kind.columns])


class _Rows:
    """The rows that are right, until the first that is wrong: from there on only errors are looked for."""

    def __init__(self, rows: Iterable[readers.Row], headings: _Headings, rules: RowRules, errors: ErrorFile) -> None:
        self.count = 0
        self.cancelled: list[Cancelled] = []
        self._rows, self._headings, self._rules, self._errors = rows, headings, rules, errors

    def __iter__(self) -> Iterator[list[object]]:
        width, places = len(self._headings.written), self._headings.places
        for number, values in self._rows:
            self.count += 1
            if len(values) > width:
                self._errors.add(number, "", values[width], RowError("too_wide", width=width))
            padded = values if len(values) >= width else values + [""] * (width - len(values))
            row = [None if at is None else padded[at] for at in places]
            checked = self._rules.check(number, row)
            if checked.wrong:
                self._list(number, padded, checked.wrong)
            if self._errors.count:
                continue
            if checked.cancelled is not None:
                self.cancelled.append(checked.cancelled)
            else:
                yield checked.values

    def _list(self, number: int, padded: list[str], wrong: Iterable[tuple[str, RowError]]) -> None:
        places = {column.name: at for column, at in zip(self._headings.columns, self._headings.places, strict=True)}
        for column, problem in wrong:
            at = places[column]
            assert at is not None, "a column that is not there has no wrong values"
            self._errors.add(number, self._headings.written[at], padded[at], problem)


def _batches(rows: Iterable[list[object]], lines: pa.Schema) -> Iterator[pa.RecordBatch]:
    left = iter(rows)
    while chunk := list(islice(left, _CHUNK)):
        columns = [pa.array(column, kind) for column, kind in zip(zip(*chunk, strict=True), lines.types, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=lines)


def write_batch(site: Site, batch_id: str, batch: FactBatch, recorded_at: datetime) -> LakeFile:
    """Write the batch into the lake's folder, where no version lists it before the next `publish`.

    Raises WrongState when a version lists a batch of that id already: what is published never changes.
    """
    if not _BATCH_ID.fullmatch(batch_id):
        raise ValueError(f"{batch_id!r} cannot be the name of a file")
    table = batch.kind.table
    path = f"{table}/{batch_id}.parquet"
    newest = manifest.newest(site.lake)
    if newest is not None and batch_id in newest.batches:
        raise WrongState("lake.batch_published", batch=batch_id, version=newest.version)
    with files.written(site.lake / path) as beside:
        rows = schema.write(beside, schema.TABLES[table], _recorded(batch, batch_id, naive(recorded_at)))
    return manifest.of_file(site.lake, table, path, rows)


def _recorded(batch: FactBatch, batch_id: str, recorded_at: datetime) -> Iterator[pa.RecordBatch]:
    for lines in batch.lines.combine_chunks().to_batches(max_chunksize=_CHUNK):
        marks = [pa.repeat(batch_id, lines.num_rows), pa.repeat(pa.scalar(recorded_at, schema.MOMENT), lines.num_rows)]
        yield pa.RecordBatch.from_arrays([*lines.columns, *marks], schema=schema.TABLES[batch.kind.table])
