# ruff: noqa: ARG001 - writers have one shape
"""Records as JSON lines: one object for each record, its answers nested as the form is."""

import json
from collections.abc import Iterable, Mapping

from custinfo.exchange.fields import Sees, Table, tables
from custinfo.exchange.records import StoredRecord, answer, at, instance_id, instances
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions

ENVELOPE = ("record_id", "version", "form_id", "form_version", "state", "recorded_at", "recorded_by", "interviewed_at")

BESIDE = ("notes", "reasons")
"""What people wrote beside the answers, by ref: notes, and why an unusual answer stands."""


def write(form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees) -> bytes:
    """One line for each record: what is known about it, the notes and reasons on what may be seen, and `values` with
    the exact answers.
    """
    known = tables(form, sees)
    seen = {field.ref for table in known for field in table.fields}
    lines = []
    for record in records:
        about: dict[str, object] = {name: getattr(record, name) for name in ENVELOPE}
        about["instance_id"] = instance_id(form, record.values)
        for name in BESIDE:
            said: Mapping[str, str] = getattr(record, name)
            about[name] = {ref: words for ref, words in said.items() if without_positions(ref) in seen}
        lines.append(json.dumps(about | {"values": visible(known, known[0], record.values)}, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def visible(known: tuple[Table, ...], table: Table, values: object) -> dict[str, object]:
    """The answers of a table's row that may be seen, and those of the repeats inside it, nested."""
    made: dict[str, object] = {}
    for field in table.fields:
        text = answer(values, field)
        if text:
            put(made, field.path, text)
    for inner in known:
        if inner.parent == table.ref and at(values, inner.path):
            put(made, inner.path, [visible(known, inner, one) for one in instances(values, inner.path)])
    return made


def put(values: dict[str, object], path: tuple[str, ...], value: object) -> None:
    """Puts a value at the end of a path, with the groups on the way."""
    for step in path[:-1]:
        inner = values.setdefault(step, {})
        assert isinstance(inner, dict)
        values = inner
    values[path[-1]] = value
