"""Compaction: many small files of a table become few, in a new version that has the rows of the one before.

Nothing that is published changes: earlier versions keep their files and manifests (docs/adr/0013-compaction.md). Killed
at any point, the lake is as before; what was half done has a name that no manifest lists, and is swept by the next
writer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from custinfo.domain.errors import SiteFault
from custinfo.lake import erasing, files, manifest, schema
from custinfo.lake.appending import ROWS_PER_FILE, moment_after
from custinfo.lake.coarsening import smallest_group
from custinfo.lake.locking import becoming_visible, sole_writer
from custinfo.lake.manifest import LakeFile, Manifest
from custinfo.lake.verification import check_file
from custinfo.store.site import Site

SMALL = ROWS_PER_FILE // 2
"""A file of fewer rows is small. So a compacted one that is full is not compacted again."""
WORTH_IT = 8
"""Fewer small files of a table are left as they are: old files stay, so each compaction costs their room once more."""


@dataclass(frozen=True)
class Compacted:
    """The new version, with the number of the newest version's files before and after."""

    version: int
    before: int
    after: int


def compact(
    site: Site, now: Callable[[], datetime], *, witness: manifest.Witness | None = None
) -> Compacted | None:  # fmt: skip
    """Publish a version with the rows of the newest in fewer files; None when no table has enough small ones.

    The new files are read back and compared before the version is there; `witness` is told of it before anybody can see
    it. Raises WrongState while another writer is at work, SiteFault when a file is missing, was changed or cannot be
    written, or the clock stands before the newest version.
    """
    with sole_writer(site.lake):
        erasing.go_on(site)
        last = manifest.newest(site.lake)
        groups = [group for table in schema.TABLES for group in _groups(last, table)] if last else []
        if last is None or not groups:
            return None
        made = {group[0].path: _joined(site, last.version + 1, n, group) for n, group in enumerate(groups)}
        gone = {file.path for group in groups for file in group[1:]}
        kept = tuple(made.get(file.path, file) for file in last.files if file.path not in gone)
        with becoming_visible(site.lake):
            version = _next(site, last, kept, moment_after(last, now))
            manifest.write(site.lake, version, witness)
        return Compacted(version.version, len(last.files), len(kept))


def _groups(version: Manifest, table: str) -> Iterator[list[LakeFile]]:
    """Small files that become one, in the order in which they were published: full, but not above ROWS_PER_FILE."""
    small = [file for file in version.files if file.table == table and file.rows < SMALL]
    if len(small) < WORTH_IT:
        return
    group: list[LakeFile] = []
    for file in small:
        if sum(one.rows for one in group) + file.rows > ROWS_PER_FILE:
            yield group
            group = []
        group.append(file)
    if len(group) > 1:
        yield group


def _joined(site: Site, version: int, number: int, group: Sequence[LakeFile]) -> LakeFile:
    """One file with the rows of all of the group, in their order."""
    for file in group:
        check_file(site, file.path, file.sha256)
    table = group[0].table
    path = f"{Path(group[0].path).parent}/{version:06d}-{number:03d}{erasing.COMPACTED}"
    rows = _rows(table, [site.lake / file.path for file in group])
    with files.written(site.lake / path) as beside:
        count = schema.write(beside, schema.TABLES[table], rows.to_batches(max_chunksize=schema.ROW_GROUP))
    if count != sum(file.rows for file in group) or not pq.read_table(site.lake / path).equals(rows):
        raise SiteFault("lake.damaged", file=path)
    return manifest.of_file(site.lake, table, path, count)


def _rows(table: str, paths: Sequence[Path]) -> pa.Table:
    # With the table's own columns: those that an older file lacks are NULL
    found = ds.dataset([str(path) for path in paths], schema=schema.TABLES[table], format="parquet")
    return found.to_table().combine_chunks()


def _next(site: Site, last: Manifest, kept: tuple[LakeFile, ...], at: datetime) -> Manifest:
    return replace(
        last,
        version=last.version + 1,
        published_at=at,
        files=kept,
        previous_sha256=files.sha256(manifest.path(site.lake, last.version)),
        smallest_group=smallest_group(site),
    )
