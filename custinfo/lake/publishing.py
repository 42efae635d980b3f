"""Publishing: what is new in the store becomes the next version of the lake.

Data files first, the manifest last and by one rename. Killed at any point, the lake is as before; what was half done
has a name that no manifest lists, and the next run writes it anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import pyarrow as pa

from custinfo.domain import codelists
from custinfo.domain.customer import PROPERTIES
from custinfo.domain.errors import BadInput, SiteFault
from custinfo.domain.pseudonym import pseudonym
from custinfo.lake import appending, code_tables, erasing, files, manifest, schema
from custinfo.lake.appending import ROWS_PER_FILE, NewRows, moment_after, naive
from custinfo.lake.coarsening import smallest_group
from custinfo.lake.locking import becoming_visible, sole_writer
from custinfo.lake.manifest import LakeFile, Manifest
from custinfo.lake.published_tables import TableRow
from custinfo.lake.verification import check_file
from custinfo.store.site import Site


@dataclass(frozen=True)
class EntityVersionRow:
    """A version of a customer as the store has it. `seq` only ever grows; `properties` are what its form saved.

    `salt` is the customer's own; without it nobody gets from the customer to the lake's key.
    """

    seq: int
    customer_id: str
    version: int
    recorded_at: datetime
    properties: Mapping[str, str]
    salt: bytes = b""


@dataclass(frozen=True)
class BatchRow:
    """A batch that the store knows, with the file that `write_batch` made of it, and the one that says which rows of
    earlier batches it takes out of force.
    """

    batch_id: str
    recorded_at: datetime
    file: LakeFile
    superseded: LakeFile | None = None

    @property
    def files(self) -> tuple[LakeFile, ...]:
        """Both files, or the one."""
        return (self.file,) if self.superseded is None else (self.file, self.superseded)


def publish(
    site: Site, rows: Iterable[EntityVersionRow], batches: Sequence[BatchRow], now: Callable[[], datetime], *,
    tables: Mapping[str, Iterable[TableRow]] | None = None, even_unchanged: bool = False,
    witness: manifest.Witness | None = None,
) -> Manifest | None:  # fmt: skip
    """Publish what the newest version does not hold yet; None when there is nothing new, a new edition of a code list
    included, unless a version is wanted `even_unchanged`: by it a branch says that it has nothing new.

    `rows` come in ascending `seq`; those already published are passed over, as are known `batches`, and likewise the
    rows of other `tables` (`published_tables`). The clock `now` is read when all rows are written: a version holds
    everything that was recorded before its moment, and whoever opened the lake as of an earlier moment sees the version
    before it, then and ever after. `witness` is told of the version before anybody can see it.
    Raises WrongState while another publisher is at work, and SiteFault when the clock stands before the newest version,
    when the file of a new batch is missing or was changed, or when a property cannot be read as its column's type.
    """
    with sole_writer(site.lake):
        erasing.go_on(site)
        last = manifest.newest(site.lake)
        new = _Customers(site, last)
        new.write(rows)
        of_tables = appending.from_store(site, last, tables or {})
        new_batches = _new_batches(site, last, batches)
        code_lists = code_tables.write(site.lake, last)
        same = last is None or (code_lists, smallest_group(site)) == (last.codelist_files, last.smallest_group)
        if not new.files and not of_tables.files and not new_batches and same and not even_unchanged:
            return None
        with becoming_visible(site.lake):
            version = _next(site, last, new, of_tables, new_batches, moment_after(last, now), code_lists)
            manifest.write(site.lake, version, witness)
        return version


class _Customers:
    """The customer versions of one run: their files and what the manifest says of them."""

    def __init__(self, site: Site, last: Manifest | None) -> None:
        self._lake = site.lake
        self._key = site.secret("pseudonym")
        self._version = last.version + 1 if last else 1
        self.last_seq = last.last_seq if last else 0
        self.files: list[LakeFile] = []
        self.moments: set[datetime] = set()

    def write(self, rows: Iterable[EntityVersionRow]) -> None:
        new = self._ascending(rows)
        while chunk := list(islice(new, ROWS_PER_FILE)):
            path = f"customers/{self._version:06d}-{len(self.files):03d}.parquet"
            with files.written(self._lake / path) as beside:
                count = schema.write(beside, schema.CUSTOMER_VERSIONS, [self._record_batch(chunk)])
            self.files.append(manifest.of_file(self._lake, "customer_versions", path, count))
            moments = self.moments | {row.recorded_at for row in chunk}
            self.moments = {min(moments), max(moments)}

    def _ascending(self, rows: Iterable[EntityVersionRow]) -> Iterator[EntityVersionRow]:
        seen = 0
        for row in rows:
            if row.seq <= seen:
                raise ValueError(f"row {row.seq} of the store comes after row {seen}: some would be left out")
            seen = row.seq
            if row.seq > self.last_seq:
                self.last_seq = row.seq
                yield row

    def _record_batch(self, chunk: Sequence[EntityVersionRow]) -> pa.RecordBatch:
        columns: dict[str, list[str | int | datetime | None]] = {
            "customer_key": [pseudonym(self._key, row.customer_id, row.salt) for row in chunk],
            "version": [row.version for row in chunk],
            "recorded_at": [naive(row.recorded_at) for row in chunk],
        }
        for column in PROPERTIES:
            columns[column] = [_value(row, column) for row in chunk]
        return pa.RecordBatch.from_pydict(columns, schema=schema.CUSTOMER_VERSIONS)


def _value(row: EntityVersionRow, column: str) -> str | int | None:
    name, read = PROPERTIES[column]
    text = row.properties.get(name, "")
    if not text:
        return None
    try:
        return read(text)
    except (ValueError, BadInput):
        raise SiteFault("lake.property", customer=row.customer_id, version=row.version, name=name) from None


def _new_batches(site: Site, last: Manifest | None, batches: Sequence[BatchRow]) -> list[BatchRow]:
    known = frozenset(last.batches if last else ())
    new = sorted((batch for batch in batches if batch.batch_id not in known), key=lambda batch: batch.batch_id)
    for file in (file for batch in new for file in batch.files):
        check_file(site, file.path, file.sha256)
    return new


def _next(
    site: Site, last: Manifest | None, customers: _Customers, of_tables: NewRows, batches: Sequence[BatchRow],
    now: datetime, code_lists: tuple[LakeFile, ...],
) -> Manifest:  # fmt: skip
    moments = customers.moments | of_tables.moments | {batch.recorded_at for batch in batches}
    if last:
        moments |= {last.recorded_from, last.recorded_to}
    moments = moments or {now}
    return Manifest(
        version=last.version + 1 if last else 1,
        published_at=now,
        files=(
            *(last.files if last else ()),
            *customers.files,
            *of_tables.files,
            *(f.sized(site.lake) for one in batches for f in one.files),
        ),
        recorded_from=min(moments),
        recorded_to=max(moments),
        last_seq=customers.last_seq,
        batches=(last.batches if last else ()) + tuple(batch.batch_id for batch in batches),
        codelists={name: codelists.load(name).edition for name in code_tables.LISTS},
        previous_sha256=files.sha256(manifest.path(site.lake, last.version)) if last else "",
        codelist_files=code_lists,
        smallest_group=smallest_group(site),
        last_seqs=of_tables.last_seqs,
        parts=last.parts if last else (),
    )
