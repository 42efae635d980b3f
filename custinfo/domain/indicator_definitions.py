"""The indicator system as data (`data/rules/indicators.toml`): what is discussed and approved, what a version changes.

Only what is written there: that it is in order, and its arithmetic, is known to `custinfo.statistics.indicators`, which
takes a second to import that pages need not wait for.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from custinfo.domain.errors import BadInput

FILE = Path(__file__).resolve().parents[2] / "data" / "rules" / "indicators.toml"
DEFINITION = "definition"
UNREADABLE = "statistics.indicators.unreadable"
SHOWN: Mapping[str, type] = {
    "id": str, "zh": str, "en": str, "unit": str, "owner": str, "sources": list, DEFINITION: list,
}  # fmt: skip
DEFINED: Mapping[str, type] = {"version": int, "effective_from": date, "formula": str, "zh": str, "en": str}
"""What of an indicator and of a definition is told apart and shown, whether or not the rest is in order."""


@dataclass(frozen=True)
class Change:
    """What a version does to an indicator: `kind` is added, changed or removed; `fields` are (name, before, after) of
    what differs, blank where there was or is nothing. The field `2 formula` is the formula of definition 2.
    """

    indicator: str
    kind: str
    titles: Mapping[str, str]
    fields: tuple[tuple[str, str, str], ...]


def raw(file: Path | None = None) -> bytes:
    """The file as it stands at this moment. Raises BadInput when it cannot be read."""
    place = file or FILE
    try:
        return place.read_bytes()
    except OSError:
        raise BadInput(UNREADABLE, file=place.name) from None


def parsed(given: bytes, name: str = FILE.name) -> dict[str, Any]:
    """What these bytes of a file say, with its tables of indicators. Raises BadInput where they say nothing such."""
    try:
        found = tomllib.loads(given.decode("utf-8"))
    except ValueError:  # neither UTF-8 nor TOML
        raise BadInput(UNREADABLE, file=name) from None
    tables = found.get("indicator")
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise BadInput(UNREADABLE, file=name)
    return found


def content(given: bytes | None = None) -> bytes:
    """What is approved: the whole file (the bytes `given`, or as it stands) as canonical JSON; comments, order and
    spaces of the file are no part of it. Raises BadInput for what cannot be told apart or shown.
    """
    table = parsed(raw() if given is None else given)
    for place, one in enumerate(table["indicator"], 1):
        _check_shape(str(one.get("id", place)), one, SHOWN)
        for definition in one[DEFINITION] or [{}]:
            _check_shape(str(one["id"]), definition if isinstance(definition, dict) else {}, DEFINED)
    return json.dumps(table, ensure_ascii=False, sort_keys=True, default=str).encode()


def _check_shape(indicator: str, table: Mapping[str, Any], wanted: Mapping[str, type]) -> None:
    wrong = next((name for name, kind in wanted.items() if not isinstance(table.get(name), kind)), None)
    if wrong is not None:
        raise BadInput("statistics.indicators.wrong", file=FILE.name, indicator=indicator, name=wrong)


def indicators(content: bytes) -> dict[str, Mapping[str, Any]]:
    """Its indicators by id, in their order."""
    return {one["id"]: one for one in json.loads(content)["indicator"]}


def newest(indicator: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its definition of the highest version."""
    found: Mapping[str, Any] = indicator[DEFINITION][-1]
    return found


def changes(before: bytes, after: bytes) -> tuple[Change, ...]:
    """What the second content changes of the first, in the order of the second, what is removed at the end. A
    `before` of nothing adds everything.
    """
    old, new = indicators(before) if before else {}, indicators(after)
    return tuple(_changes(old, new))


def _changes(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
    for name, one in new.items():
        if name not in old:
            yield _change(name, "added", {}, one)
        elif one != old[name]:
            yield _change(name, "changed", old[name], one)
    for name, one in old.items():
        if name not in new:
            yield _change(name, "removed", one, {})


def _change(name: str, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    old, new = _flat(before), _flat(after)
    fields = [(field, old.get(field, ""), new.get(field, "")) for field in {**new, **old}]
    titles = after or before
    named = {"zh-CN": titles["zh"], "en": titles["en"]}
    return Change(name, kind, named, tuple(one for one in fields if one[1] != one[2]))


def _flat(indicator: Mapping[str, Any]) -> dict[str, str]:
    found = {name: _plain(value) for name, value in indicator.items() if name not in ("id", DEFINITION)}
    for one in indicator.get(DEFINITION, []):
        found |= {f"{one['version']} {name}": _plain(value) for name, value in one.items() if name != "version"}
    return found


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
