"""Code lists: the tables of `data/codelists/`, read only when their bytes are those that codelists.toml vouches for.

A list is a tuple of codes, each with its Chinese and English name, its parent and its level where it has them.
Any further column of the CSV (`order`, `ownership`, `valid_from` …) is in the code's `extra`.
"""

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from custinfo.domain.errors import NotFound, SiteFault
from custinfo.domain.messages import DEFAULT_LANGUAGE

FOLDER = Path(__file__).parents[2] / "data" / "codelists"
REGISTER = "codelists.toml"
_OWN_COLUMNS = frozenset({"code", "name", "name_en", "parent", "level"})


@dataclass(frozen=True)
class Code:
    """One entry of a code list; `parent` and `level` are empty in a flat list."""

    code: str
    name: str
    name_en: str
    parent: str
    level: str
    extra: Mapping[str, str]

    @property
    def is_abolished(self) -> bool:
        """Whether the edition no longer has it: `valid_to` is its last day, `successor` the code that it became."""
        return bool(self.extra.get("valid_to"))

    def label(self, language: str) -> str:
        """The name in `language`; the Chinese one where there is no English."""
        return self.name_en or self.name if language == "en" else self.name


@dataclass(frozen=True, eq=False)
class CodeList:
    """One code table with its standard, edition and source; equal to itself alone, so that what is made of it is kept.

    `rows` has the abolished codes, too: a lookup finds the name of what was recorded long ago. What is offered for
    choice is `offered`, `children` and `choices_csv`, which leave them out.
    """

    name: str
    title: Mapping[str, str]
    standard: str
    edition: str
    source: str
    checked: date
    sha256: str
    rows: tuple[Code, ...]
    _by_code: Mapping[str, Code] = field(init=False, repr=False)
    _by_parent: Mapping[str, tuple[Code, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        children: dict[str, list[Code]] = {}
        for row in self.offered:
            children.setdefault(row.parent, []).append(row)
        # A frozen dataclass can only be given derived fields this way.
        object.__setattr__(self, "_by_code", {row.code: row for row in self.rows})
        object.__setattr__(self, "_by_parent", {parent: tuple(rows) for parent, rows in children.items()})

    @property
    def offered(self) -> tuple[Code, ...]:
        """The entries that can be chosen today: all but the abolished ones."""
        return tuple(row for row in self.rows if not row.is_abolished)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def get(self, code: str) -> Code:
        """The entry of `code`. Raises NotFound when the list has none."""
        try:
            return self._by_code[code]
        except KeyError:
            raise NotFound("codelists.unknown_code", list=self.name, code=code) from None

    def label(self, code: str, language: str = DEFAULT_LANGUAGE) -> str:
        """The name of `code` in `language`; the Chinese one where there is no English."""
        return self.get(code).label(language)

    def children(self, parent: str = "") -> tuple[Code, ...]:
        """The entries that can be chosen directly under `parent`; without a parent, those at the top."""
        return self._by_parent.get(parent, ())

    def ancestor(self, code: str, level: str) -> Code | None:
        """The entry of `level` on the way up from `code`, which may be itself; None when there is none."""
        entry = self.get(code)
        while entry.level != level:
            if not entry.parent:
                return None
            entry = self.get(entry.parent)
        return entry

    def choices_csv(self) -> bytes:
        """What can be chosen of the list, as an external choice file of a survey form.

        Besides the parent there is a column for each level with the entry's ancestor there, so that a choice filter can
        skip levels: `level = 'class' and division = ${division}`.
        """
        return self._choices

    @cached_property
    def _choices(self) -> bytes:
        levels = tuple(dict.fromkeys(row.level for row in self.rows if row.level))
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("name", "label", "label_en", "parent", "level", *levels))
        for row in self.offered:
            above = [self.ancestor(row.code, level) for level in levels]
            codes = [entry.code if entry else "" for entry in above]
            writer.writerow((row.code, row.name, row.label("en"), row.parent, row.level, *codes))
        return text.getvalue().encode()


def names() -> tuple[str, ...]:
    """The names of all code lists."""
    return tuple(_register(FOLDER))


def load(name: str) -> CodeList:
    """The code list `name`. Raises SiteFault when its file is missing or is not the one that was checked."""
    return _load(FOLDER, name)


@cache
def _load(folder: Path, name: str) -> CodeList:
    try:
        entry = _register(folder)[name]
    except KeyError:
        raise NotFound("codelists.unknown_list", list=name) from None
    file = folder / f"{name}.csv"
    content = _read(file)
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise SiteFault("codelists.changed", file=str(file))
    return CodeList(
        name=name,
        title=MappingProxyType({"zh-CN": entry["title_zh"], "en": entry["title_en"]}),
        standard=entry["standard"],
        edition=entry["edition"],
        source=entry["source"],
        checked=date.fromisoformat(entry["checked"]),
        sha256=entry["sha256"],
        rows=_rows(content),
    )


def _rows(content: bytes) -> tuple[Code, ...]:
    return tuple(_code(row) for row in csv.DictReader(io.StringIO(content.decode(), newline="")))


def _code(row: Mapping[str, str]) -> Code:
    return Code(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        parent=row.get("parent", ""),
        level=row.get("level", ""),
        extra=MappingProxyType({column: value for column, value in row.items() if column not in _OWN_COLUMNS}),
    )


@cache
def _register(folder: Path) -> Mapping[str, Mapping[str, str]]:
    tables = tomllib.loads(_read(folder / REGISTER).decode())
    return {name: {key: str(value) for key, value in table.items()} for name, table in tables.items()}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise SiteFault("codelists.missing", file=str(file)) from None
