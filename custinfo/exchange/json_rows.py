"""Records from JSON: a list of objects, JSON lines, or what the APIs of KoboToolbox and ODK Central give.

Answers are nested as the form is, or flat under refs, paths (`group/field`), names or labels; repeats are lists.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.exchange import cells
from custinfo.exchange.ambiguous import Undecided, decide
from custinfo.exchange.faults import Fault, forbidden
from custinfo.exchange.fields import MULTIPLE, Field, Table, local, tables
from custinfo.exchange.headings import Headings, Matched
from custinfo.exchange.json_lines import BESIDE, ENVELOPE, put
from custinfo.exchange.parsed import Meta, Parsed, ParsedRecord, Part
from custinfo.exchange.records import at
from custinfo.exchange.reserved import SYSTEM
from custinfo.exchange.shape import keep_instance_id, without_default_instances
from custinfo.exchange.sheets import MAX_ROWS, decoded
from custinfo.xforms import Form

_MOST_DEEP = 60
_ABOUT = {**SYSTEM, "__id": "instance_id", "instance_id": "instance_id", "interviewed_at": "interviewed_at"}
_KNOWN = frozenset((*ENVELOPE, "instance_id", "__system", "values", "meta"))


class _Twice(Exception):
    pass


def read(form: Form, data: bytes, name: str) -> Parsed:
    """The records of a JSON file. Raises BadInput when it is no JSON, or no list of objects."""
    objects = _objects(_loaded(decoded(data, name), name), name)
    if len(objects) > MAX_ROWS:
        raise BadInput("exchange.large", file=name, limit=MAX_ROWS)
    reader = _Reader(form)
    records = tuple(reader.record(f"[{number}]", one) for number, one in enumerate(objects, 1))
    unknown = tuple(dict.fromkeys(key for record in records for key in record.unknown))
    notes = (Fault("", "", "exchange.headings_unknown", {"headings": ", ".join(unknown[:20])}),) if unknown else ()
    return Parsed(records, tuple(reader.problems), notes, unknown)


def _loaded(text: str, name: str) -> Any:
    try:
        return _parse(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].lstrip().startswith("{"):
            raise BadInput("exchange.broken_json", file=name, line=error.lineno) from None
        return [_line(line, number, name) for number, line in enumerate(lines, 1)]
    except _Twice as error:
        raise BadInput("exchange.json_key_twice", file=name, name=str(error)[:80]) from None
    except (RecursionError, ValueError):
        raise BadInput("exchange.broken_json", file=name, line=1) from None


def _line(text: str, number: int, name: str) -> Any:
    try:
        return _parse(text)
    except (ValueError, RecursionError, _Twice):
        raise BadInput("exchange.broken_json", file=name, line=number) from None


def _parse(text: str) -> Any:
    # Numbers stay as they are written: 0.10 is no 0.1, and a long one loses no digit
    return json.loads(
        text.removeprefix("\ufeff"),
        parse_float=str,
        parse_int=str,
        parse_constant=_no_constant,
        object_pairs_hook=_pairs,
    )


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _objects(content: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list, of the answer of an API (`results`, `value`), or the one object that there is."""
    if isinstance(content, dict):
        listed = next((content[k] for k in ("results", "value") if isinstance(content.get(k), list)), None)
        content = [content] if listed is None else listed
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise BadInput("exchange.json_shape", file=name)
    return content


class _Reader:
    def __init__(self, form: Form) -> None:
        self.form = form
        self.tables = tables(form)
        self.headings = Headings(self.tables)
        self.problems: list[Fault] = []
        self.undecided: list[Undecided] = []
        self.known: dict[tuple[str, str], Matched] = {}

    def record(self, place: str, one: Mapping[str, Any]) -> ParsedRecord:
        """One object as a record."""
        self.undecided = []
        answers: dict[str, object] = {}
        about = {k: str(v) for k, v in one.items() if k in _ABOUT and isinstance(v, str)}
        inner = one["values"] if isinstance(one.get("values"), dict) and "record_id" in one else one
        unknown: list[str] = []
        columns: dict[str, str] = {}
        root = "/" + self.form.root.name
        for key, value in _leaves(inner):
            self._take(place, key, value, (answers, root, self.tables[0]), unknown, columns)
        self.problems += decide(self.form, answers, self.undecided)
        without_default_instances(self.form.root, answers, None)
        said = {_ABOUT[k]: v for k, v in about.items()}
        instance_id = said.get("instance_id") or self._instance_id(inner)
        keep_instance_id(self.form, answers, instance_id)
        meta = Meta(
            instance_id or said.get("uuid", ""),
            said.get("start", ""),
            said.get("end", ""),
            said.get("submitted_at", ""),
            str(one.get("record_id", "")),
            *(_texts(one.get(name)) if inner is not one else {} for name in BESIDE),
        )
        when = said.get("interviewed_at") or said.get("start") or None
        return ParsedRecord(place, answers, (Part(root, place, columns),), tuple(dict.fromkeys(unknown)), meta, when)

    @staticmethod
    def _instance_id(values: Mapping[str, Any]) -> str:
        found = next((v.get("instanceID") for k, v in values.items() if local(k) == "meta" and isinstance(v, dict)), "")
        return found if isinstance(found, str) else ""

    def _take(
        self, place: str, key: str, value: Any, into: tuple[dict[str, object], str, Table],
        unknown: list[str], columns: dict[str, str],
    ) -> None:  # fmt: skip
        answers, ref, table = into
        repeat = self._repeat(key, table) if isinstance(value, list) else None
        if repeat is not None and all(isinstance(one, dict) for one in value):
            instances: list[object] = []
            put(answers, repeat.path, instances)
            for number, one in enumerate(value, 1):
                below: dict[str, object] = {}
                instances.append(below)
                inner = f"{ref}/{'/'.join(repeat.path)}[{number}]"
                for name, each in _leaves(one):
                    self._take(place, name, each, (below, inner, repeat), unknown, columns)
            return
        matched = self._matched(key, table)
        for heading, refs in matched.ambiguous:
            self.problems.append(
                Fault(place, heading, "exchange.heading_ambiguous", {"heading": heading, "refs": refs})
            )
        target = matched.targets.get(0)
        if target is None or target.field is None or target.table is None:
            if target is None and not matched.ambiguous and key.partition("/")[0] not in _KNOWN:
                unknown.append(key)
            return
        for level, position in zip(self.headings.repeats_between(target.table, table), target.positions, strict=True):
            found = at(answers, level.path)
            listed: list[Any] = found if isinstance(found, list) else []
            put(answers, level.path, listed)
            listed += [{} for _ in range(position - len(listed))]
            answers, ref = listed[position - 1], f"{ref}/{'/'.join(level.path)}[{position}]"
        ref = "/".join([ref, *target.field.path])
        columns[ref] = key
        if target.choice or target.point >= 0:
            unknown.append(key)
            return
        text = self._text(place, key, target.field, value, ref)
        if text or at(answers, target.field.path) is None:
            put(answers, target.field.path, text)

    def _matched(self, key: str, table: Table) -> Matched:
        """What a key means; every object has the same ones."""
        if (key, table.ref) not in self.known:
            self.known[key, table.ref] = self.headings.match([key], table)
        return self.known[key, table.ref]

    def _repeat(self, key: str, table: Table) -> Table | None:
        """The repeat inside `table` that a key names: by its name, or its path below the table or the form."""
        plain = key.strip("/")
        for inner in self.tables:
            if inner.parent == table.ref:
                full = [local(step) for step in inner.ref.strip("/").split("/")]
                own = [local(step) for step in inner.path]
                if plain in ("/".join(full), "/".join(full[1:]), "/".join(own), inner.name):
                    return inner
        return None

    def _text(self, place: str, key: str, field: Field, value: Any, ref: str) -> str:
        if isinstance(value, list) and field.kind in MULTIPLE and all(isinstance(v, str) for v in value):
            value = " ".join(value) if all(v in field.option for v in value) else "; ".join(value)
        if isinstance(value, dict) and field.kind.startswith("geo"):
            value = _point(value)
        if value is None:
            return ""
        if isinstance(value, list | dict):
            self.problems.append(Fault(place, key, "exchange.json_value"))
            return ""
        text = cells.plain(value)
        facts = forbidden(text)
        if facts is not None:
            self.problems.append(Fault(place, key, "exchange.character", facts))
            return ""
        return self._code(place, key, field, text, ref)

    def _code(self, place: str, key: str, field: Field, text: str, ref: str) -> str:
        """The text; for a label of a choice its code."""
        if not field.options or not text.strip() or all(v in field.option for v in text.split()):
            return text
        choices = self.headings.choices(field)
        found = choices.several(text) if field.kind in MULTIPLE else [choices.codes(text)]
        if found is None or not all(found):
            return text
        if all(len(codes) == 1 for codes in found):
            return " ".join(codes[0] for codes in found)
        self.undecided.append(Undecided(ref, field, tuple(found), text, place, key))
        return ""


def _texts(given: object) -> dict[str, str]:
    """Notes or reasons by ref."""
    return {str(k): v for k, v in given.items() if isinstance(v, str)} if isinstance(given, dict) else {}


def _leaves(values: Mapping[str, Any], path: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in an object; groups are looked into, lists are not."""
    for key, value in values.items():
        name = f"{path}/{key}" if path and not key.startswith("/") else key
        if isinstance(value, dict) and deep < _MOST_DEEP and value.get("type") != "Point":
            if "" in value:
                yield name, value[""]
            yield from _leaves({k: v for k, v in value.items() if k}, name, deep + 1)
        else:
            yield name, value


def _point(value: Mapping[str, Any]) -> str:
    """A GeoJSON point as ODK writes places."""
    places = value.get("coordinates")
    if not isinstance(places, Sequence) or isinstance(places, str) or len(places) < 2:
        return ""
    longitude, latitude, *altitude = (str(p) for p in places)
    accuracy = (value.get("properties") or {}).get("accuracy")
    return " ".join(
        [latitude, longitude, altitude[0] if altitude else "0", str(accuracy if accuracy is not None else 0)]
    )
