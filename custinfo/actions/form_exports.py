"""Records of a form as a file: only what the person's clearance sees, and always on the audit log."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from custinfo import exchange
from custinfo.access import permissions, visibility
from custinfo.actions import forms
from custinfo.domain import machines
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.exchange.fields import Sees, tables
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form


@dataclass(frozen=True)
class Exported:
    """An exported file with `rows` records.

    `left_out` counts, by question, the answers of other versions for which the exported version has no place: they are
    in an export of their own version.
    """

    file_name: str
    media_type: str
    data: bytes
    rows: int
    left_out: Mapping[str, int]


def export(
    store: Store, actor: Person, form_id: str, format: str, *, language: str, labels: bool = True,
    version: str | None = None, state: str | None = None,
) -> Exported:  # fmt: skip
    """The newest version of each record of the form, in one of `exchange.EXPORTS`.

    All records are laid out by the form's newest version; with `version`, only that version's records, by it. `state`
    chooses by review state. An answer is there when the person may see it both by its own version of the form and by
    the one that lays it out. Raises NotFound for an unknown form, version, state or format.
    """
    permissions.check(actor, "record.export")
    writer = exchange.export(format)
    form = forms.load(store, form_id, version)
    if state is not None and state not in machines.RECORD:
        known = ", ".join(name for name in machines.RECORD if name)
        raise NotFound("form_data.unknown_state", state=state[:40], known=known)

    def sees(level: int) -> bool:
        return visibility.sees(actor, Level(level))

    records = list(_records(store, form_id, sees, version, state))
    left_out = exchange.left_out(form, records)
    data = writer.write(form, records, language, labels=labels, sees=sees)
    with store.act(actor.person_id, "record.export", "form", form_id, format=format, rows=len(records)) as tx:
        tx.note(labels=int(labels), language=language, form_version=form.version, only_version=version, state=state)
    return Exported(writer.file_name(form, data), writer.media_type_of(data), data, len(records), left_out)


def _records(
    store: Store, form_id: str, sees: Sees, version: str | None, state: str | None
) -> Iterator[exchange.StoredRecord]:
    rows = store.rows(
        "SELECT record_current.*, display_name FROM record_current "
        "LEFT JOIN person ON person_id = record_current.recorded_by "
        "JOIN record_version AS first ON first.record_id = record_current.record_id AND first.version = 1 "
        "WHERE form_id = ?1 AND (?2 IS NULL OR record_current.form_version = ?2) "
        "AND (?3 IS NULL OR record_current.state = ?3) ORDER BY first.seq",
        [form_id, version, state],
    )
    versions = {row["form_version"] for row in rows}
    hidden = {name: _hidden(forms.load(store, form_id, name), sees) for name in versions}
    for row in rows:
        yield _stored(row, hidden[row["form_version"]])


def _stored(row: Row, hidden: frozenset[str]) -> exchange.StoredRecord:
    return exchange.StoredRecord(
        row["record_id"],
        row["version"],
        row["form_id"],
        row["form_version"],
        row["state"],
        row["recorded_at"],
        row["display_name"] or row["recorded_by"],
        row["interviewed_at"],
        _without(json.loads(row["content"]), "/data", hidden),
    )


def _hidden(form: Form, sees: Sees) -> frozenset[str]:
    """The questions of a version whose answers the person may not see, as refs below `/data`."""
    every, seen = (
        {field.ref for table in found for field in table.fields} for found in (tables(form), tables(form, sees))
    )
    return frozenset("/data" + ref.removeprefix(form.root.ref) for ref in every - seen)


def _without(values: Mapping[str, Any], ref: str, hidden: frozenset[str]) -> dict[str, Any]:
    """Nested answers without those at the hidden places."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{ref}/{name}" if name else ref
        if isinstance(value, Mapping):
            kept[name] = _without(value, place, hidden)
        elif isinstance(value, list):
            kept[name] = [_without(one, place, hidden) for one in value]
        elif place not in hidden:
            kept[name] = value
    return kept
