"""Manifests: which files make a version of the lake. A version number is a vintage; its manifest is never changed.

A version is visible from the moment its manifest has its name, and not before. Each manifest lists every file of its
version, those of earlier versions included, and the hash of the manifest before it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from custinfo.domain import clock
from custinfo.domain.errors import NotFound, SiteFault
from custinfo.lake import files

FOLDER = "manifests"
SMALLEST_GROUP = 5
"""Fewer customers could be told apart; a site may ask for more (site.toml, `[retention] smallest_group`)."""


@dataclass(frozen=True)
class LakeFile:
    """A Parquet file: the table it is part of, its path within the lake, its bytes' hash, its number of rows, and how
    many `bytes` it has, None where that was not kept: of versions of before November 2026.
    """

    table: str
    path: str
    sha256: str
    rows: int
    bytes: int | None = None

    def sized(self, lake: Path) -> "LakeFile":
        """The same with the size that the file has now; for who knows that it is what was written."""
        return replace(self, bytes=(lake / self.path).stat().st_size)


@dataclass(frozen=True)
class Manifest:
    """One version of the lake.

    `recorded_from` and `recorded_to` span the moments at which its rows were recorded; `last_seq` is the newest row of
    the store that it holds; `batches` are the ids of its sales batches; `codelists` gives the edition of each code list
    at the time; `previous_sha256` is the hash of the manifest before, empty for the first. `codelist_files` are the
    lists themselves, `table` being the list's name; none in versions of before they were kept. Rows of fewer than
    `smallest_group` customers are not handed out. Of tables that custinfo fills (`published_tables`), `last_seqs`
    gives the newest row of the store by the table's name; `parts` names what was appended, as `<table>/<part>`.
    """

    version: int
    published_at: datetime
    files: tuple[LakeFile, ...]
    recorded_from: datetime
    recorded_to: datetime
    last_seq: int
    batches: tuple[str, ...]
    codelists: Mapping[str, str]
    previous_sha256: str
    codelist_files: tuple[LakeFile, ...] = ()
    smallest_group: int = SMALLEST_GROUP
    last_seqs: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    def paths(self, table: str) -> list[str]:
        """The files of one table, within the lake's folder."""
        return [file.path for file in self.files if file.table == table]


def of_file(lake: Path, table: str, path: str, rows: int) -> LakeFile:
    """What a manifest says of a file that has just been written."""
    return LakeFile(table, path, files.sha256(lake / path), rows).sized(lake)


Witness: TypeAlias = Callable[[Manifest, str], None]
"""Is told of a version, with the hash of its manifest, right before it becomes visible: that nothing is published
without a word on the audit log. What it raises keeps the version back."""

_MOMENTS = ("published_at", "recorded_from", "recorded_to")


def path(lake: Path, version: int) -> Path:
    """Where the manifest of a version stands."""
    return lake / FOLDER / f"{version:06d}.json"


def write(lake: Path, manifest: Manifest, witness: Witness | None = None) -> None:
    """Make the version visible, by one rename; `witness` is told before, when all of it is on the disk."""
    with files.written(path(lake, manifest.version)) as beside:
        beside.write_text(as_text(manifest), "utf-8")
        if witness is not None:
            files.sync(beside)
            witness(manifest, files.sha256(beside))


def as_text(manifest: Manifest) -> str:
    """What the file of a manifest says."""
    fields = asdict(manifest) | {name: clock.stamp(getattr(manifest, name)) for name in _MOMENTS}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def read(lake: Path, version: int) -> Manifest:
    """The manifest of one version. Raises NotFound, or SiteFault when its file is damaged."""
    file = path(lake, version)
    try:
        manifest = _from_json(json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        raise NotFound("lake.no_version", version=version) from None
    except (ValueError, KeyError, TypeError):
        raise SiteFault("lake.damaged", file=f"{FOLDER}/{file.name}") from None
    if manifest.version != version:
        raise SiteFault("lake.damaged", file=f"{FOLDER}/{file.name}")
    return manifest


def _from_json(fields: dict[str, Any]) -> Manifest:
    moments = {name: clock.parse(fields[name]) for name in _MOMENTS}
    lists = {
        "files": _files(fields["files"]),
        "batches": tuple(fields["batches"]),
        "parts": tuple(fields.get("parts", ())),
    }
    code_lists = {"codelist_files": _files(fields.get("codelist_files", ()))}
    return Manifest(**(fields | moments | lists | code_lists))


def _files(found: Iterable[dict[str, Any]]) -> tuple[LakeFile, ...]:
    return tuple(LakeFile(**file) for file in found)


def versions(lake: Path) -> list[int]:
    """The numbers of all published versions, oldest first."""
    return sorted(int(file.stem) for file in (lake / FOLDER).glob("[0-9]*.json"))


def read_all(lake: Path) -> tuple[Manifest, ...]:
    """Every version, oldest first."""
    return tuple(read(lake, version) for version in versions(lake))


def newest(lake: Path) -> Manifest | None:
    """The newest version; None before the first."""
    numbers = versions(lake)
    return read(lake, numbers[-1]) if numbers else None


def at(lake: Path, as_of: datetime) -> Manifest | None:
    """The newest version that had been published at `as_of`; None when there was none yet."""
    candidates = (read(lake, version) for version in reversed(versions(lake)))
    return next((manifest for manifest in candidates if manifest.published_at <= as_of), None)
