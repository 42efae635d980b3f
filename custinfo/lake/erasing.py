"""Erasing people from the lake: every version's files are written anew without what points to them.

An erased customer's rows keep what figures need and nothing that leads back: another random key, no document numbers,
the moment of publishing instead of the moment of recording, a place at the end of the file. Attributes are coarsened to
what reports count by, and go altogether where fewer than `smallest_group` customers share them.

The new files and manifests are prepared beside, committed by one rename and then put in place; killed at any point, the
next writer goes on. `erased.json`, signed, says what was erased and ties each manifest to the one that it replaced.
"""

import hmac
import json
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custinfo.domain import clock
from custinfo.domain.errors import SiteFault
from custinfo.lake import coarsening, files, interactive, manifest, prepared, published_tables, schema
from custinfo.lake.locking import STAGED, sole_writer
from custinfo.lake.manifest import LakeFile, Manifest
from custinfo.store import group_read
from custinfo.store.site import Site

RECORD = "erased.json"
_BUILDING = ".erasing.part"
_TASKS = "tasks.json"
COMPACTED = ".compact.parquet"
"""How the names of compacted files end. They hold rows of older files again, which stay beside them."""


@dataclass(frozen=True)
class Erased:
    """What one erasure did: customers found in the lake, and those of them who lost their attributes too."""

    customers: int
    attributes: int


def erase(site: Site, keys: Mapping[str, bool], *, smallest_group: int, now: datetime) -> Erased:
    """Take these customers out of every version. `keys`: the lake's key → whether its attributes may stay, coarsened.

    Keys that the lake does not have are passed over, so that doing it again changes nothing. Raises WrongState while
    another writer is at work, SiteFault when a file is missing.
    """
    with sole_writer(site.lake):
        go_on(site)
        newest = manifest.newest(site.lake)
        if newest is None or not keys:
            return Erased(0, 0)
        groups = coarsening.groups(site, newest) if any(keys.values()) else {}
        crowds = frozenset(group for group, count in groups.items() if count >= smallest_group)
        stage = _Stage(site, newest, keys, crowds)
        done = stage.write(now)
        if done.customers:
            files.sync(stage.folder)
            stage.folder.rename(site.lake / STAGED)
            files.sync(site.lake)
            go_on(site)
        else:
            shutil.rmtree(stage.folder)
        return done


def go_on(site: Site) -> None:
    """Put in place what was committed, and drop what was not. Every step can be done twice. Needs `sole_writer`."""
    shutil.rmtree(site.lake / _BUILDING, ignore_errors=True)
    staged = site.lake / STAGED
    if staged.is_dir():
        _put_in_place(site, staged)
    _drop_half_compacted(site.lake)


def _drop_half_compacted(lake: Path) -> None:
    """Files of a version that never came to be: they may hold people who are to go."""
    newest = max(manifest.versions(lake), default=0)
    for folder in schema.FOLDERS:
        for left in (lake / folder).glob(f"*{COMPACTED}"):
            if int(left.name.partition("-")[0]) > newest:
                left.unlink()
        for left in (lake / folder).glob(f".*{COMPACTED}.part"):
            left.unlink()


def _put_in_place(site: Site, staged: Path) -> None:
    tasks = json.loads((staged / _TASKS).read_text("utf-8"))
    # Data before the manifests that name them, old data last: a reader finds the files of the manifest that it read
    for path in [*tasks["data"], *tasks["manifests"], RECORD]:
        ready = staged / path.replace("/", "+")
        if ready.exists():
            ready.replace(site.lake / path)
            group_read.share(site.lake / path)
            files.sync((site.lake / path).parent)
    for path in tasks["remove"]:
        (site.lake / path).unlink(missing_ok=True)
    # Made of what is gone now; the next publisher makes them of what is left
    interactive.drop(site.lake)
    prepared.drop(site.lake)
    files.sync(site.lake)
    shutil.rmtree(staged)


def unfinished(site: Site) -> bool:
    """Whether a committed erasure still has to be put in place."""
    return (site.lake / STAGED).is_dir()


def record(site: Site) -> list[dict[str, Any]]:
    """Every erasure, oldest first: `erased_at`, `customers`, `attributes`, and for each version the hash of its
    manifest before and after, and how many customers. Raises SiteFault when the record was changed.
    """
    try:
        content = json.loads((site.lake / RECORD).read_text("utf-8"))
        erasures: list[dict[str, Any]] = content["erasures"]
        right = hmac.compare_digest(content["signature"], _signature(site, erasures))
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        right = False
    if not right:
        raise SiteFault("lake.damaged", file=RECORD)
    return erasures


def rows_of(site: Site, version: int) -> tuple[int, int]:
    """How many customers were erased from this version since it was published, and how many lost their attributes."""
    touched = [one["versions"][str(version)] for one in record(site) if str(version) in one["versions"]]
    return sum(one["customers"] for one in touched), sum(one["attributes"] for one in touched)


def _signature(site: Site, erasures: object) -> str:
    body = "lake erasures\n" + json.dumps(erasures, sort_keys=True)
    return hmac.digest(site.secret("audit"), body.encode(), "sha256").hex()


class _Stage:
    """New files and manifests, beside the lake's own until they are whole."""

    def __init__(
        self, site: Site, newest: Manifest, keys: Mapping[str, bool], crowds: frozenset[coarsening.Group]
    ) -> None:
        self._site, self._lake, self._newest, self._keys, self._crowds = site, site.lake, newest, keys, crowds
        self._new_keys = {key: secrets.token_hex(16) for key in keys}
        self._wanted = pa.array(list(keys), pa.string())
        self._number = len(record(site)) + 1
        self.folder = self._lake / _BUILDING
        self.folder.mkdir()
        self._replaced: dict[str, LakeFile] = {}
        self._published: dict[tuple[str, int], datetime] = {}
        self._row_ids: dict[tuple[str, str], str] = {}
        self._touched: dict[str, set[str]] = {}
        self._bare: set[str] = set()

    def write(self, now: datetime) -> Erased:
        """Write everything. The folder is complete when this returns, and the lake as before."""
        published = _published(self._lake)
        for file in _files(self._lake):
            self._rewrite(file, published[file.path])
        versions = self._write_manifests()
        found = set().union(*self._touched.values()) if self._touched else set()
        erasure = {
            "erased_at": clock.stamp(now),
            "customers": len(found),
            "attributes": len(found & self._bare),
            "versions": versions,
        }
        erasures = [*record(self._site), erasure]
        self._put(RECORD, {"erasures": erasures, "signature": _signature(self._site, erasures)})
        tasks = {
            "data": [new.path for new in self._replaced.values()],
            "manifests": [f"{manifest.FOLDER}/{int(version):06d}.json" for version in versions],
            "remove": list(self._replaced),
        }
        self._put(_TASKS, tasks)
        return Erased(len(found), len(found & self._bare))

    def _rewrite(self, file: LakeFile, published_at: datetime) -> None:
        keys = published_tables.keys(file.table)
        if not keys:
            return
        try:
            # Most files have nobody of them: of these no other column is read
            pointers = pq.read_table(self._lake / file.path, columns=list(keys))
        except FileNotFoundError:
            raise SiteFault("lake.missing", file=file.path) from None
        theirs = reduce(pc.or_, [pc.is_in(pointers[key], self._wanted) for key in keys])
        if not pc.any(theirs).as_py():
            return
        table = pq.read_table(self._lake / file.path, schema=schema.TABLES[file.table])
        rows = table.filter(theirs).to_pylist()
        self._touched[file.path] = {row[key] for row in rows for key in keys} & self._keys.keys()
        own = published_tables.TABLES.get(file.table)
        if own is not None and own.when_erased == "drop":
            rows = []
        elif own is not None and own.when_erased == "together":
            rows = [row for row in rows if {row[key] for key in keys} - {None} <= self._keys.keys()]
        pairs = [(self._without_traces(file.table, row, published_at), row) for row in rows]
        # At the end, in the order of random keys: the place in the file says nothing
        pairs.sort(key=lambda pair: tuple(str(value) for value in pair[0].values()))
        if row_id := schema.ROW_IDS.get(file.table):
            for new, old in pairs:
                new[row_id] = self._row_id(old["batch_id"], old[row_id])
        changed = [new for new, _ in pairs]
        kept = table.filter(pc.invert(theirs)).to_batches()
        last = pa.Table.from_pylist(changed, schema=schema.TABLES[file.table]).to_batches()
        path = _next_name(file.path, self._number)
        target = self._ready(path)
        count = schema.write(target, schema.TABLES[file.table], [*kept, *last])
        files.sync(target)
        self._replaced[file.path] = LakeFile(file.table, path, files.sha256(target), count, target.stat().st_size)

    def _without_traces(self, table: str, row: dict[str, Any], published_at: datetime) -> dict[str, Any]:
        moved = row | {name: self._new_keys.get(row[name], row[name]) for name in published_tables.keys(table)}
        if table in published_tables.TABLES:
            blanked = dict.fromkeys(published_tables.TABLES[table].blanked)
            return moved | blanked | {"recorded_at": published_at}
        key = row["customer_key"]
        if table in schema.ROW_IDS:
            return moved | {schema.ROW_IDS[table]: ""} | _without_moment(row)
        enough = self._keys[key] and coarsening.group(row) in self._crowds
        if not enough:
            self._bare.add(key)
        attributes = coarsening.coarse(row) if enough else dict.fromkeys(coarsening.ATTRIBUTES)
        # A compacted file brings rows again; they were published when they first were
        first = self._published.setdefault((key, row["version"]), published_at)
        return moved | attributes | {"recorded_at": first}

    def _row_id(self, batch_id: str, row_id: str) -> str:
        """The new number of a row of a batch: the same in every file that holds the row, or names it."""
        return self._row_ids.setdefault((batch_id, row_id), f"erased-{self._number}-{len(self._row_ids) + 1}")

    def _write_manifests(self) -> dict[str, dict[str, Any]]:
        """Every manifest from the first that changes; gives for each what the record says of it."""
        versions: dict[str, dict[str, Any]] = {}
        previous = ""
        for old in manifest.read_all(self._lake):
            before = files.sha256(manifest.path(self._lake, old.version))
            new = replace(old, files=tuple(self._replaced.get(f.path, f) for f in old.files))
            if versions:
                new = replace(new, previous_sha256=previous)
            if new == old:
                continue
            path = f"{manifest.FOLDER}/{old.version:06d}.json"
            self._ready(path).write_text(manifest.as_text(new), "utf-8")
            files.sync(self._ready(path))
            previous = files.sha256(self._ready(path))
            theirs = set().union(*(self._touched.get(file.path, set()) for file in old.files))
            versions[str(old.version)] = {
                "before": before,
                "after": previous,
                "customers": len(theirs),
                "attributes": len(theirs & self._bare),
            }
        return versions

    def _put(self, path: str, content: object) -> None:
        self._ready(path).write_text(json.dumps(content, sort_keys=True, indent=1) + "\n", "utf-8")
        files.sync(self._ready(path))

    def _ready(self, path: str) -> Path:
        return self.folder / path.replace("/", "+")


def _without_moment(row: Mapping[str, Any]) -> dict[str, Any]:
    """The day of an event may stay, the second at which somebody did it and the page that they saw not."""
    changed = {"page": None} if "page" in row else {}
    if "occurred_at" in row:
        changed["occurred_at"] = row["occurred_at"].replace(hour=0, minute=0, second=0, microsecond=0)
    return changed


def _files(lake: Path) -> list[LakeFile]:
    """The files of every version, oldest first."""
    return list({file.path: file for version in manifest.read_all(lake) for file in version.files}.values())


def _published(lake: Path) -> dict[str, datetime]:
    """When each file became part of the lake, without a zone."""
    found: dict[str, datetime] = {}
    for version in manifest.read_all(lake):
        for file in version.files:
            found.setdefault(file.path, version.published_at.replace(tzinfo=None))
    return found


def _next_name(path: str, number: int) -> str:
    stem = path.removesuffix(".parquet").partition(".erased")[0]
    return f"{stem}.erased{number}.parquet"


def strays(lake: Path, known: Iterable[str]) -> list[Path]:
    """Data files that no version lists and nobody registered: left over from an import that was killed."""
    listed = {lake / path for path in known} | {
        lake / file.path for version in manifest.read_all(lake) for file in version.files
    }
    found = [path for folder in schema.FOLDERS for path in sorted((lake / folder).glob("*"))]
    found += [path for folder in schema.FOLDERS for path in sorted((lake / folder).glob(".*.part"))]
    return [path for path in dict.fromkeys(found) if path.is_file() and path not in listed]
