"""Stored records and their answers as rows: one for each record, and one for each instance of each repeat."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as stored
from typing import TypeAlias

from custinfo.exchange.fields import Field, Sees, Table, local, tables
from custinfo.xforms import Form
from custinfo.xforms.refs import flat, without_positions

Values: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One version of a record as the store holds it. Moments are ISO 8601; `values` as in `xforms.Record.values`.

    `notes` and `reasons` (why an unusual answer stands) are by ref; `files` are the contents of those that answers
    name, by that name, for a format that carries them.
    """

    record_id: str
    version: int
    form_id: str
    form_version: str
    state: str
    recorded_at: str
    recorded_by: str
    interviewed_at: str | None
    values: Values
    notes: Mapping[str, str] = stored(default_factory=dict)
    reasons: Mapping[str, str] = stored(default_factory=dict)
    files: Mapping[str, bytes] = stored(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. `answers` holds a text for each question by its ref; blank answers are left out."""

    key: str
    parent: str
    record: StoredRecord
    answers: Mapping[str, str]
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table with its rows."""

    table: Table
    rows: tuple[Row, ...]


def frames(form: Form, records: Iterable[StoredRecord], sees: Sees) -> tuple[Frame, ...]:
    """What may be seen of the records, table by table. A key is `R-1`, and `R-1/contact[2]` inside a repeat."""
    known = tables(form, sees)
    rows: dict[str, list[Row]] = {table.ref: [] for table in known}
    several = _versions(records := tuple(records))
    for record in records:
        key = f"{record.record_id}@{record.version}" if record.record_id in several else record.record_id
        own = Row(key, "", record, {}, instance_id(form, record.values))
        _collect(known, known[0], record, record.values, own, rows)
    return tuple(Frame(table, tuple(rows[table.ref])) for table in known)


def _versions(records: Sequence[StoredRecord]) -> frozenset[str]:
    """The ids of records of which there are several versions."""
    seen: set[str] = set()
    return frozenset(r.record_id for r in records if r.record_id in seen or seen.add(r.record_id))  # type: ignore[func-returns-value]


def _collect(
    known: Sequence[Table], table: Table, record: StoredRecord, values: object, own: Row, rows: dict[str, list[Row]]
) -> None:
    rows[table.ref].append(replace(own, answers=dict(_answers(table, values))))
    for inner in known:
        if inner.parent == table.ref:
            for i, one in enumerate(instances(values, inner.path), 1):
                below = Row(f"{own.key}/{inner.name}[{i}]", own.key, record, {})
                _collect(known, inner, record, one, below, rows)


def _answers(table: Table, values: object) -> Iterator[tuple[str, str]]:
    for field in table.fields:
        text = answer(values, field)
        if text:
            yield field.ref, text


def answer(values: object, field: Field) -> str:
    """The answer to a question within the values of its table's row; blank when there is none."""
    return leaf(at(values, field.path))


def leaf(value: object) -> str:
    """The text of a place; a place with attributes keeps it under the empty name."""
    if isinstance(value, Mapping):
        value = value.get("", "")
    return value if isinstance(value, str) else ""


def at(values: object, path: Iterable[str]) -> object:
    """What stands at the end of a path; None when the path breaks off."""
    for step in path:
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def instances(values: object, path: Iterable[str]) -> Sequence[object]:
    """The instances of a repeat."""
    found = at(values, path)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()


def instance_id(form: Form, values: object) -> str:
    """`meta/instanceID` of a record; blank when it has none."""
    path = instance_id_path(form)
    return leaf(at(values, path)) if path else ""


def instance_id_path(form: Form) -> tuple[str, ...]:
    """The names that lead to `meta/instanceID`; none when the form has no such place."""
    for child in form.root.children:
        for one in child.children:
            if local(child.name) == "meta" and local(one.name) == "instanceID":
                return child.name, one.name
    return ()


def left_out(form: Form, records: Iterable[StoredRecord]) -> dict[str, int]:
    """Refs, without positions, of answers that this version of the form has no question for, and how many there are.

    An export by this version of the form leaves them out; what exports should say so.
    """
    lost: dict[str, int] = {}
    for record in records:
        for ref in flat(record.values, form.root.ref):
            place = without_positions(ref)
            if place not in form.nodes:
                lost[place] = lost.get(place, 0) + 1
    return lost
