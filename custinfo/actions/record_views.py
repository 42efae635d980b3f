"""Records for readers: the list, and one record with its versions. Only what the person may see leaves here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, entity_levels, forms, sealing
from custinfo.actions.entity_writing import Made, made_by
from custinfo.actions.files import StoredFile
from custinfo.domain import masking
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form, Session
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import flat, without_positions


@dataclass(frozen=True)
class RecordLine:
    """A line of the list of records. `label` is the entity that it made or is about, if any."""

    record_id: str
    form_id: str
    titles: dict[str, str]
    label: str
    state: str
    version: int
    recorded_at: datetime
    recorded_by_name: str
    open_queries: int


@dataclass(frozen=True)
class RecordPage:
    """Some of the records that were asked for, newest first, and how many there are in all."""

    total: int
    rows: list[RecordLine]


@dataclass(frozen=True)
class VersionLine:
    """A version of a record; `changed` are the refs whose answers differ from the version before."""

    version: int
    recorded_at: datetime
    recorded_by_name: str
    reason: str
    state: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class RecordView:
    """One version of a record as the person may see it. `answers` is flat, by ref; `values` nested, as in the engine.

    `notes` and `reasons` are by ref; `files` by the name that an answer says. Answers of level 1, and what is said
    beside them, are masked (`domain.masking`): `reveals.reveal` gives one of them, on the audit log. `level` is that of
    the whole record, where one was set. It is not `theirs` to work on when they only decide on it.
    """

    record_id: str
    version: int
    newest: int
    form_id: str
    form_version: str
    titles: dict[str, str]
    state: str
    values: dict[str, Any]
    answers: dict[str, str]
    notes: Mapping[str, str]
    reasons: Mapping[str, str]
    interviewed_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str
    about: Made | None
    made: tuple[Made, ...]
    versions: tuple[VersionLine, ...]
    files: Mapping[str, StoredFile]
    level: Level | None = None
    theirs: bool = True


def listed(
    store: Store, actor: Person, *, form_id: str | None = None, state: str | None = None, offset: int = 0,
    limit: int = 50,
) -> RecordPage:  # fmt: skip
    """The newest version of each record that the actor may read, newest first; a researcher's own only."""
    permissions.check(actor, "record.read")
    mine, scope = assignments.consultable_where(actor, "record_current", first=3)
    where = f"(?1 IS NULL OR record_current.form_id = ?1) AND (?2 IS NULL OR state = ?2) AND {mine}"
    given = [form_id, state, *scope]
    total = store.rows(f"SELECT count(*) AS n FROM record_current WHERE {where}", given)[0]["n"]
    rows = store.rows(
        "SELECT record_current.*, titles, display_name, (SELECT json_array(label, version) FROM entity_current WHERE "
        "entity_current.entity_id = record_current.entity_id) AS label, (SELECT count(*) FROM query WHERE "
        "query.record_id = record_current.record_id AND resolved_at IS NULL) AS queries FROM record_current "
        "JOIN form ON form.form_id = record_current.form_id AND form.version = form_version "
        f"LEFT JOIN person ON person_id = recorded_by WHERE {where} "
        f"ORDER BY recorded_at DESC, record_id LIMIT ?{len(given) + 1} OFFSET ?{len(given) + 2}",
        [*given, max(0, min(limit, 500)), max(0, offset)],
    )
    # Typed text may name anybody: on the audit log stands a form that is there, or nothing
    known = form_id if store.row("SELECT 1 FROM form WHERE form_id = ?", [form_id]) else ""
    with store.act(actor.person_id, "record.list", "form", known or "", found=total, shown=len(rows)):
        pass
    reader = entity_levels.Reader(store, actor)
    lines = (_line(reader, row) for row in rows)
    return RecordPage(total, [replace(line, open_queries=open_queries(store, actor, line)) for line in lines])


def open_queries(store: Store, actor: Person, line: RecordLine) -> int:
    """How many queries of a record are open on questions that the person may see: one on another does not count."""
    if not line.open_queries:
        return 0
    rows = store.rows(
        "SELECT ref, form_version FROM query JOIN record_version USING (record_id, version) "
        "WHERE record_id = ? AND resolved_at IS NULL",
        [line.record_id],
    )
    return sum(_sees(forms.load(store, line.form_id, row["form_version"]), actor, row["ref"]) for row in rows)


def states(store: Store, actor: Person, form_id: str) -> dict[str, int]:
    """How many records of the form are in which state, for those that the actor may read."""
    permissions.check(actor, "record.read")
    mine, scope = assignments.consultable_where(actor, "record_current", first=2)
    rows = store.rows(
        f"SELECT state, count(*) AS n FROM record_current WHERE form_id = ?1 AND {mine} GROUP BY state",
        [form_id, *scope],
    )
    return {row["state"]: row["n"] for row in rows}


def read(store: Store, actor: Person, record_id: str, version: int | None = None) -> RecordView:
    """One record, its newest version unless another is asked for. Raises NotFound, NotAllowed; reading is audited."""
    permissions.check(actor, "record.read")
    current = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    policies.check_consultable(actor, current)
    assert current is not None
    rows = _versions(store, record_id)
    wanted = next((row for row in rows if row["version"] == (version or current["version"])), None)
    if wanted is None:
        raise NotFound("access.no_record")
    with store.act(actor.person_id, "record.read", "record", record_id, version=wanted["version"]):
        pass
    form = forms.load(store, current["form_id"], wanted["form_version"])
    place = store, "record_version", record_id, wanted["version"]
    notes, reasons = (sealing.opened_values(*place, wanted[one], one) for one in ("notes", "reasons"))
    whole = Level(current["level"]) if current["level"] else None
    values = masked(form, whole, seen(form, actor, sealing.opened_values(*place, wanted["content"])))
    return RecordView(
        record_id, wanted["version"], current["version"], form.form_id, form.version, forms.titles(form),
        wanted["standing"], values, flat(values, form.root.ref),
        _by_ref(form, actor, whole, notes), _by_ref(form, actor, whole, reasons),
        parse(wanted["interviewed_at"]) if wanted["interviewed_at"] else None,
        parse(wanted["recorded_at"]), wanted["recorded_by"], wanted["display_name"] or "",
        _about(store, actor, current["entity_id"]), _made(store, actor, record_id, wanted["version"]),
        _history(store, form, actor, rows), _files(store, form, actor, record_id), whole,
        policies.may_read(actor, current),
    )  # fmt: skip


def printed(store: Store, actor: Person, record: RecordView) -> None:
    """A record that was read is put on paper, or in a file that can be: on the audit log."""
    with store.act(actor.person_id, "record.print", "record", record.record_id, version=record.version):
        pass


def session(store: Store, actor: Person, record: RecordView, language: str | None = None) -> Session:
    """The engine over the record that was read: all its answers, so that what hangs on them is as it was recorded.

    Its texts say nothing above the clearance of `actor`, and nothing of level 1 to anybody; of its values only those in
    `record.values` may be shown.
    """
    form = forms.load(store, record.form_id, record.form_version)
    row = store.row(
        "SELECT content FROM record_version WHERE record_id = ? AND version = ?", [record.record_id, record.version]
    )
    assert row is not None
    values = sealing.opened_values(store, "record_version", record.record_id, record.version, row["content"])
    instance, _ = fitted(form, values)
    return forms.session(store, form, instance, language=language, reader=visibility.lowered(actor, Level.INTERNAL))


def secret(form: Form, whole: Level | None, place: str) -> bool:
    """Whether an answer at a place of the form is of level 1, by the form or by the level of the whole record."""
    return Level.SECRET in (form.levels.get(place, Level.SECRET), whole)


def masked(form: Form, whole: Level | None, values: Mapping[str, Any], ref: str = "") -> dict[str, Any]:
    """Nested answers with those of level 1 masked."""
    where = ref or form.root.ref
    found: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{where}/{name}" if name else where
        if isinstance(value, Mapping):
            found[name] = masked(form, whole, value, place)
        elif isinstance(value, list):
            found[name] = [masked(form, whole, one, place) if isinstance(one, Mapping) else one for one in value]
        else:
            found[name] = masking.masked(value) if secret(form, whole, place) else value
    return found


def seen(form: Form, actor: Person, values: Mapping[str, Any], ref: str = "") -> dict[str, Any]:
    """The answers whose level the actor is cleared for; what is not a place of the form is left out too."""
    where = ref or form.root.ref
    found: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{where}/{name}" if name else where
        level = form.levels.get(place)
        if level is None or not visibility.sees(actor, level):
            continue
        if isinstance(value, Mapping):
            found[name] = seen(form, actor, value, place)
        elif isinstance(value, list):
            found[name] = [seen(form, actor, one, place) if isinstance(one, Mapping) else one for one in value]
        else:
            found[name] = value
    return found


def _by_ref(form: Form, actor: Person, whole: Level | None, given: Mapping[str, str]) -> dict[str, str]:
    """Notes and reasons stand under the level of their question."""
    return {
        ref: masking.masked(words) if secret(form, whole, without_positions(ref)) else words
        for ref, words in given.items()
        if _sees(form, actor, ref)
    }


def _sees(form: Form, actor: Person, ref: str) -> bool:
    level = form.levels.get(without_positions(ref))
    return level is not None and visibility.sees(actor, level)


def _line(reader: entity_levels.Reader, row: Row) -> RecordLine:
    entity_id, label = row["entity_id"], ""
    if entity_id and row["label"] and assignments.in_scope(reader.store, reader.actor, entity_id):
        stored, version = json.loads(row["label"])
        label = sealing.open_text(reader.store, sealing.ENTITY, entity_id, "label", version, stored)
        label = reader.label(entity_id, label, "")
    return RecordLine(
        row["record_id"], row["form_id"], json.loads(row["titles"]), label, row["state"], row["version"],
        parse(row["recorded_at"]), row["display_name"] or "", row["queries"],
    )  # fmt: skip


def _versions(store: Store, record_id: str) -> list[Row]:
    return store.rows(
        "SELECT record_version.*, display_name, coalesce((SELECT said.state FROM record_review AS said "
        "WHERE said.record_id = record_version.record_id AND said.version = record_version.version "
        "ORDER BY said.seq DESC LIMIT 1), CASE record_version.state WHEN 'submitted' THEN 'received' "
        "ELSE record_version.state END) AS standing FROM record_version "
        "LEFT JOIN person ON person_id = recorded_by WHERE record_id = ? ORDER BY version",
        [record_id],
    )


def _history(store: Store, form: Form, actor: Person, rows: list[Row]) -> tuple[VersionLine, ...]:
    lines: list[VersionLine] = []
    before: dict[str, str] = {}
    for row in rows:
        values = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
        now = flat(seen(form, actor, values), form.root.ref)
        asked = (ref for ref in {**before, **now} if without_positions(ref) in form.control_of)
        changed = [ref for ref in asked if before.get(ref, "") != now.get(ref, "")] if lines else []
        who, when = row["display_name"] or "", parse(row["recorded_at"])
        lines.insert(0, VersionLine(row["version"], when, who, row["reason"], row["standing"], tuple(changed)))
        before = now
    return tuple(lines)


def _about(store: Store, actor: Person, entity_id: str | None) -> Made | None:
    """What the record is about, if the actor may know of that: the two may be of different audiences."""
    row = store.row("SELECT * FROM entity_current WHERE entity_id = ?", [entity_id]) if entity_id else None
    if row is None or not visibility.visible(actor, row):
        return None
    return Made(row["dataset"], row["number"], row["entity_id"], row["version"])


def _made(store: Store, actor: Person, record_id: str, version: int) -> tuple[Made, ...]:
    made = made_by(store, record_id, version)
    return tuple(one for one in made if assignments.in_scope(store, actor, one.entity_id))


def _files(store: Store, form: Form, actor: Person, record_id: str) -> dict[str, StoredFile]:
    rows = store.rows(
        "SELECT file_id, ref, name, media_type, size FROM file_place WHERE record_id = ?",
        [record_id],
    )
    return {
        row["name"]: StoredFile(row["file_id"], row["name"], row["media_type"], row["size"])
        for row in rows
        if _sees(form, actor, row["ref"])
    }
