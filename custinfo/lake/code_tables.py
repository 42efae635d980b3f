"""Code lists within the lake: what the codes of a version meant when it was published, for a rebuild years later.

A list is written once for each edition, under the hash of its contents; a version's manifest names the files that it
was published with. Versions of before there were such files are read with the lists that custinfo ships.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from custinfo.domain import codelists
from custinfo.domain.codelists import Code, CodeList
from custinfo.domain.errors import SiteFault
from custinfo.lake import files
from custinfo.lake.manifest import LakeFile, Manifest

LISTS = (
    "ownership", "region", "industry", "kind_of_customer", "location_type", "market_position", "enterprise_type",
)  # fmt: skip
"""The lists that columns of the lake hold codes of."""
FOLDER = "codelists"
_DIGITS = 16
_OWN_COLUMNS = ("code", "name", "name_en", "parent", "level")


def write(lake: Path, last: Manifest | None) -> tuple[LakeFile, ...]:
    """The files of the present editions; those that version `last` does not list are written."""
    known = {file.path: file for file in last.codelist_files} if last else {}
    found = []
    for name in LISTS:
        table, digest = _present(codelists.load(name))
        place = f"{FOLDER}/{name}-{digest}.parquet"
        found.append(known.get(place) or _written(lake, place, name, table))
    return tuple(found)


@lru_cache(maxsize=2 * len(LISTS))
def _present(codes: CodeList) -> tuple[pa.Table, str]:
    """A list as a table and the digest of it, worked out once: publishing asks for them each time."""
    table = as_table(codes)
    return table, _digest(table)


def _digest(table: pa.Table) -> str:
    # Of what it says, not of the file: another release of the library may write other bytes
    content = json.dumps(table.to_pydict(), ensure_ascii=False).encode()
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _written(lake: Path, place: str, name: str, table: pa.Table) -> LakeFile:
    if not _is_there(lake / place, table):
        with files.written(lake / place) as beside:
            pq.write_table(table, beside, version="2.6", compression="zstd", compression_level=3)
    return LakeFile(name, place, files.sha256(lake / place), table.num_rows)


def _is_there(file: Path, table: pa.Table) -> bool:
    """Whether an earlier version brought it, before another edition took its place: what is published stays."""
    try:
        return bool(pq.read_table(file).equals(table))
    except (OSError, pa.ArrowInvalid):
        return False


def read(lake: Path, version: Manifest, name: str) -> pa.Table:
    """The list as that version has it; columns as in `as_table`.

    Raises NotFound when there is no such list, SiteFault when its file is missing or is not what was published.
    """
    named = next((file for file in version.codelist_files if file.table == name), None)
    if named is None:
        return _present(codelists.load(name))[0]
    place = lake / named.path
    if not place.is_file():
        raise SiteFault("lake.missing", file=named.path)
    if files.sha256(place) != named.sha256:
        raise SiteFault("lake.damaged", file=named.path)
    return pq.read_table(place)


def as_list(version: Manifest, name: str, table: pa.Table) -> CodeList:
    """The list as the version has it, of what `read` gave: its codes, and of which edition they are.

    Raises NotFound when there is no such list.
    """
    codes = codelists.load(name)
    levels = {level for level in table["level"].to_pylist() if level}
    above = {f"{level}{ending}" for level in levels for ending in ("", "_name", "_name_en")}
    more = [column for column in table.column_names if column not in {*_OWN_COLUMNS, *above}]
    rows = tuple(_code({column: value or "" for column, value in row.items()}, more) for row in table.to_pylist())
    return replace(codes, edition=version.codelists.get(name, codes.edition), rows=rows)


def _code(row: Mapping[str, str], more: Sequence[str]) -> Code:
    extra = MappingProxyType({column: row[column] for column in more})
    return Code(row["code"], row["name"], row["name_en"], row["parent"], row["level"], extra)


def as_table(codes: CodeList) -> pa.Table:
    """One row for each code, all columns text: `code`, `name`, `name_en`, `parent`, `level`; for each level of the list
    `<level>`, `<level>_name`, `<level>_name_en` of the entry there on the way up; and what else the list says.
    """
    levels = tuple(dict.fromkeys(row.level for row in codes.rows if row.level))
    columns: dict[str, list[str | None]] = {
        "code": [row.code for row in codes.rows],
        "name": [row.name for row in codes.rows],
        "name_en": [row.label("en") for row in codes.rows],
        "parent": [row.parent or None for row in codes.rows],
        "level": [row.level or None for row in codes.rows],
    }
    for level in levels:
        columns |= _ancestors(codes, level)
    for name in codes.rows[0].extra if codes.rows else ():
        columns.setdefault(name, [row.extra[name] or None for row in codes.rows])
    return pa.table(columns, schema=_text(list(columns)))


def _ancestors(codes: CodeList, level: str) -> dict[str, list[str | None]]:
    above = [codes.ancestor(row.code, level) for row in codes.rows]
    return {
        level: [entry.code if entry else None for entry in above],
        f"{level}_name": [entry.name if entry else None for entry in above],
        f"{level}_name_en": [entry.label("en") if entry else None for entry in above],
    }


def _text(names: Sequence[str]) -> pa.Schema:
    return pa.schema([pa.field(name, pa.string()) for name in names])
