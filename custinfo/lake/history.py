"""What each version of the lake brought, for people who look after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.lake import manifest, schema
from custinfo.lake.manifest import LakeFile


@dataclass(frozen=True)
class Entry:
    """A version beside the one before it.

    `rows` by table and `bytes` are of the whole version; `new_files`, `new_bytes` and `batches` are what came with it.
    `compacted` says that it has the rows of the version before in fewer files. `codelists` gives the edition of each
    code list.
    """

    version: int
    published_at: datetime
    rows: Mapping[str, int]
    files: int
    bytes: int
    new_files: int
    new_bytes: int
    batches: tuple[str, ...]
    codelists: Mapping[str, str]
    compacted: bool


def log(lake: Path) -> list[Entry]:
    """Every version, oldest first. Raises SiteFault when a manifest is damaged or a file is missing."""
    entries = []
    sizes: dict[str, int] = {}
    before: frozenset[LakeFile] = frozenset()
    known: frozenset[str] = frozenset()
    for version in manifest.read_all(lake):
        listed = frozenset(version.files)
        for file in listed:
            if file.path not in sizes:
                sizes[file.path] = _size(lake, file.path)
        new = listed - before
        entries.append(
            Entry(
                version=version.version,
                published_at=version.published_at,
                rows={name: sum(file.rows for file in listed if file.table == name) for name in schema.TABLES},
                files=len(listed),
                bytes=sum(sizes[file.path] for file in listed),
                new_files=len(new),
                new_bytes=sum(sizes[file.path] for file in new),
                batches=tuple(batch for batch in version.batches if batch not in known),
                codelists=version.codelists,
                compacted=not before <= listed,
            )
        )
        before, known = listed, frozenset(version.batches)
    return entries


def _size(lake: Path, path: str) -> int:
    try:
        return (lake / path).stat().st_size
    except FileNotFoundError:
        raise SiteFault("lake.missing", file=path) from None
