"""Rows of the tables that custinfo fills (`published_tables`) on their way into a version of the lake."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

import pyarrow as pa

from custinfo.domain import clock
from custinfo.domain.errors import SiteFault, WrongState
from custinfo.lake import erasing, files, manifest, schema
from custinfo.lake.coarsening import smallest_group
from custinfo.lake.locking import becoming_visible, sole_writer
from custinfo.lake.manifest import LakeFile, Manifest
from custinfo.lake.published_tables import TABLES, TableRow
from custinfo.store.site import Site

ROWS_PER_FILE = 500_000
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def append(
    site: Site, table: str, part: str, rows: Iterable[pa.RecordBatch], *, of: Manifest, recorded_at: datetime,
    now: Callable[[], datetime], witness: manifest.Witness | None = None,
) -> Manifest | None:  # fmt: skip
    """Publish `rows`, which were computed from the version `of`, as the part `part` of a table, in a new version; None
    when the newest version has that part already.

    `rows` have the table's columns without `recorded_at`, which is one moment for all of them. Killed at any point, the
    lake has all of the part or nothing. Raises WrongState while another writer is at work, and when somebody was erased
    from the version `of` meanwhile: the rows may be about them. SiteFault as `publish` does.
    """
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} cannot be the name of a part")
    with sole_writer(site.lake):
        erasing.go_on(site)
        last = manifest.newest(site.lake)
        if last is None or manifest.read(site.lake, of.version) != of:
            raise WrongState("lake.erased_meanwhile", version=of.version)
        name = f"{table}/{part}"
        if name in last.parts:
            return None
        written = _Written(site, last, table)
        written.write(_recorded(table, rows, naive(recorded_at)))
        with becoming_visible(site.lake):
            version = replace(
                last,
                version=last.version + 1,
                published_at=moment_after(last, now),
                files=last.files + tuple(written.files),
                recorded_from=min(last.recorded_from, recorded_at),
                recorded_to=max(last.recorded_to, recorded_at),
                previous_sha256=files.sha256(manifest.path(site.lake, last.version)),
                smallest_group=smallest_group(site),
                parts=(*last.parts, name),
            )
            manifest.write(site.lake, version, witness)
        return version


def moment_after(last: Manifest | None, now: Callable[[], datetime]) -> datetime:
    """The moment of a new version. Raises SiteFault when the clock stands before the one of the version `last`."""
    at = now()
    if last is not None and at <= last.published_at:
        raise SiteFault("lake.clock", now=clock.stamp(at), version=last.version, at=clock.stamp(last.published_at))
    return at


def naive(moment: datetime) -> datetime:
    """A moment as the lake's tables hold it: in UTC, without its zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class NewRows:
    """What a run of publishing brings of the tables: `files`, the newest `last_seqs`, the span of the `moments`."""

    files: tuple[LakeFile, ...]
    last_seqs: Mapping[str, int]
    moments: frozenset[datetime]


def from_store(site: Site, last: Manifest | None, sources: Mapping[str, Iterable[TableRow]]) -> NewRows:
    """Write what the version `last` does not hold yet of `sources`: for each table its rows in ascending `seq`."""
    last_seqs = dict(last.last_seqs) if last else {}
    written: list[LakeFile] = []
    moments: set[datetime] = set()
    for table, rows in sources.items():
        new = _Ascending(table, rows, last_seqs.get(table, 0))
        of_table = _Written(site, last, table)
        while chunk := list(islice(new, ROWS_PER_FILE)):
            of_table.write([_record_batch(table, chunk)])
            recorded = [moment for row in chunk if isinstance(moment := row.values["recorded_at"], datetime)]
            moments = {min(moments.union(recorded)), max(moments.union(recorded))}
        last_seqs[table] = new.last_seq
        written += of_table.files
    return NewRows(tuple(written), {name: seq for name, seq in last_seqs.items() if seq}, frozenset(moments))


class _Ascending:
    """The rows after `last_seq`, which moves on with them."""

    def __init__(self, table: str, rows: Iterable[TableRow], last_seq: int) -> None:
        self._table, self._rows, self._before = table, iter(rows), last_seq
        self._seen = 0
        self.last_seq = last_seq

    def __iter__(self) -> Iterator[TableRow]:
        return self

    def __next__(self) -> TableRow:
        for row in self._rows:
            if row.seq <= self._seen:
                raise ValueError(f"{self._table}: row {row.seq} comes after row {self._seen}: some would be left out")
            self._seen = row.seq
            if row.seq > self._before:
                self.last_seq = row.seq
                return row
        raise StopIteration


class _Written:
    """The files of one table in the version after `last`."""

    def __init__(self, site: Site, last: Manifest | None, table: str) -> None:
        self._lake, self._table = site.lake, table
        self._version = last.version + 1 if last else 1
        self.files: list[LakeFile] = []

    def write(self, rows: Iterable[pa.RecordBatch]) -> None:
        """Files of about ROWS_PER_FILE rows; none for no rows."""
        for some in _portions(rows):
            path = f"{self._table}/{self._version:06d}-{len(self.files):03d}.parquet"
            with files.written(self._lake / path) as beside:
                count = schema.write(beside, TABLES[self._table].columns, some)
            self.files.append(manifest.of_file(self._lake, self._table, path, count))


def _portions(rows: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    some: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        if not batch.num_rows:
            continue
        some.append(batch)
        count += batch.num_rows
        if count >= ROWS_PER_FILE:
            yield some
            some, count = [], 0
    if some:
        yield some


def _recorded(table: str, rows: Iterable[pa.RecordBatch], moment: datetime) -> Iterator[pa.RecordBatch]:
    columns = TABLES[table].columns
    for batch in rows:
        marked = pa.Table.from_batches([batch]).append_column(
            schema.MARK, pa.repeat(pa.scalar(moment, schema.MOMENT), batch.num_rows)
        )
        yield from marked.select(columns.names).cast(columns).to_batches()


def _record_batch(table: str, rows: Sequence[TableRow]) -> pa.RecordBatch:
    columns = TABLES[table].columns

    def of(name: str) -> list[str | int | datetime | None]:
        values = (row.values[name] for row in rows)
        return [naive(value) if isinstance(value, datetime) else value for value in values]

    return pa.RecordBatch.from_pydict({name: of(name) for name in columns.names}, schema=columns)
