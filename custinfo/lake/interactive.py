"""Interactive files: large tables of the newest version once more, in DuckDB's own format, which reads several times as
fast as Parquet (docs/adr/0019-interactive-files.md).

They are derived and never the truth: nothing is lost when they are deleted, and the next `publish` makes them again. A
file says within itself which files of the lake it was made of. It is used for a version that lists all of those with
the same hashes, and for nothing else; what the version lists besides is read from its Parquet files. It holds the rows
as they were published, so that moments, purposes, corrections and merges are applied when a version is opened, as ever.

They stand in a hidden folder within the lake's, with the same rights; backups leave it out. `[lake] interactive =
false` in site.toml says that there are to be none.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from custinfo.domain.errors import WrongState
from custinfo.lake import files, manifest, schema
from custinfo.lake.locking import sole_writer
from custinfo.lake.manifest import LakeFile, Manifest
from custinfo.store.site import Site

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from custinfo.lake.engines import Engine

FOLDER = ".interactive"
WORTH_IT = 1_000_000
"""A table of fewer rows is quick enough as Parquet."""
BEHIND = 20
"""One part in so many of a table may be read from Parquet before its file is made anew."""


@dataclass(frozen=True)
class _Derived:
    """What the note beside an interactive file says: the table, the paths and hashes of the lake's files that it was
    made of, how many rows these have, and the file's own size and hash.
    """

    table: str
    covers: dict[str, str]
    columns: list[str]
    rows: int
    bytes: int
    sha256: str

    @property
    def made_of(self) -> str:
        """The hash of what it was made of, which the file holds too."""
        return _made_of(self.table, self.covers, self.columns)

    def serves(self, version: Manifest) -> bool:
        """Whether every row of it is one of this version, and no column has been added since."""
        listed = {(file.path, file.sha256) for file in version.files if file.table == self.table}
        return self.covers.items() <= listed and self.columns == schema.TABLES[self.table].names


def refresh(site: Site) -> tuple[str, ...]:
    """Make what is missing or too far behind the newest version, remove what serves no more; gives the tables made.

    Killed at any point, the next run does what is left. Nothing is made while another writer is at work: that one does
    it. Raises SiteFault when a file of the lake is missing or was changed, or the disk is full.
    """
    try:
        with sole_writer(site.lake):
            newest = manifest.newest(site.lake)
            if newest is None or not wanted(site):
                drop(site.lake)
                return ()
            return tuple(table for table in schema.TABLES if _renew(site, newest, table))
    except WrongState:
        return ()


def drop(lake: Path) -> None:
    """Remove all of them, and what was half made. Needs `sole_writer`."""
    shutil.rmtree(lake / FOLDER, ignore_errors=True)


def read(engine: "Engine", lake: Path, version: Manifest, table: str) -> "ir.Table | None":
    """The rows of a table of a version from its interactive file, and from Parquet what that lacks; None when there is
    no file that serves, or the engine reads none.
    """
    serving = [one for one in _derived(lake, table) if one[1].serves(version)]
    for path, note in sorted(serving, key=lambda one: one[1].rows, reverse=True):
        if not _has_size(path, note.bytes):
            continue
        found = engine.read_native(path, table, note.made_of)
        if found is not None:
            rest = [lake / one for one in version.paths(table) if one not in note.covers]
            return found.union(engine.read(rest, schema.TABLES[table])) if rest else found
    return None


def verify(site: Site) -> int:
    """The number of interactive files that are whole. One that was changed is removed, which loses nothing; not while
    another writer is at work, who may be making it.
    """
    there = [one for table in schema.TABLES for one in _derived(site.lake, table)]
    if not there:
        return 0
    damaged = [path for path, note in there if not _is_whole(path, note)]
    if damaged:
        with suppress(WrongState), sole_writer(site.lake):
            for path in damaged:
                _remove(path)
    return len(there) - len(damaged)


def _is_whole(path: Path, note: _Derived) -> bool:
    return _has_size(path, note.bytes) and files.sha256(path) == note.sha256


def wanted(site: Site) -> bool:
    """Whether derived files are to stand beside the site's lake."""
    return site.section("lake").get("interactive", True) is not False


def _renew(site: Site, newest: Manifest, table: str) -> bool:
    """Whether a file of the table was made."""
    listed = [file for file in newest.files if file.table == table]
    rows = sum(file.rows for file in listed)
    there = list(_derived(site.lake, table))
    good = [
        path
        for path, note in there
        if rows >= WORTH_IT
        and note.serves(newest)
        and rows - note.rows <= rows // BEHIND
        and _has_size(path, note.bytes)
    ]
    make = rows >= WORTH_IT and not good
    made = _make(site, newest.version, table, listed) if make else None
    for path in _all(site.lake, table):
        if path != made and path not in good[:1]:
            _remove(path)
    return make


def _make(site: Site, version: int, table: str, listed: Sequence[LakeFile]) -> Path:
    from custinfo.lake import engines  # Ibis, which a small lake's publisher need not wait for
    from custinfo.lake.verification import check_file

    for file in listed:
        check_file(site, file.path, file.sha256)
    columns = schema.TABLES[table]
    covers = {file.path: file.sha256 for file in listed}
    made_of = _made_of(table, covers, columns.names)
    final = site.lake / FOLDER / f"{table}-{version:06d}-{made_of[:16]}.duckdb"
    with files.written(final) as beside:
        beside.unlink(missing_ok=True)  # of a run that was killed
        engines.write_native([site.lake / file.path for file in listed], columns, beside, table, made_of)
    note = _Derived(
        table, covers, columns.names, sum(file.rows for file in listed), final.stat().st_size, files.sha256(final)
    )
    with files.written(final.with_suffix(".json")) as beside:
        beside.write_text(json.dumps(asdict(note), sort_keys=True, indent=1) + "\n", "utf-8")
    return final


def _made_of(table: str, covers: dict[str, str], columns: Sequence[str]) -> str:
    said = json.dumps([table, sorted(covers.items()), list(columns)])
    return hashlib.sha256(said.encode()).hexdigest()


def _derived(lake: Path, table: str) -> Iterator[tuple[Path, _Derived]]:
    """The interactive files of a table that have a note which can be read."""
    for written in sorted((lake / FOLDER).glob(f"{table}-[0-9]*.json")):
        try:
            note = _Derived(**json.loads(written.read_text("utf-8")))
            hash(tuple(note.covers.items()))
            known = note.table == table and note.rows >= 0 and note.bytes >= 0
        except (OSError, ValueError, TypeError, AttributeError):
            continue
        if known:
            yield written.with_suffix(".duckdb"), note


def _all(lake: Path, table: str) -> set[Path]:
    """Every interactive file of a table, whole, half made, or a note without its file."""
    folder = lake / FOLDER
    half = {folder / path.name.removeprefix(".").partition(".")[0] for path in folder.glob(f".{table}-[0-9]*")}
    there = {path.with_suffix("") for path in folder.glob(f"{table}-[0-9]*")}
    return {path.with_suffix(".duckdb") for path in half | there}


def _remove(path: Path) -> None:
    # The note first: without it nobody opens the file
    for left in (path.with_suffix(".json"), path):
        left.unlink(missing_ok=True)
    for left in path.parent.glob(f".{path.stem}.*"):
        left.unlink(missing_ok=True)


def _has_size(path: Path, expected: int) -> bool:
    try:
        return path.stat().st_size == expected
    except OSError:
        return False
