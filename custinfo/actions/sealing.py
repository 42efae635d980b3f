"""The one door between plain answers in memory and what a row holds: answers of level 1 are sealed there.

What is written goes through `sealed_…` and `seal_…`, within the act that writes it; what is read through `opened_…` and
`open_…`, which give anything that is not sealed as it is, and raise SiteFault, naming the place, for what was changed
or moved, and KeyFault without the key.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.store.sealing import may_be_sealed, open_bytes, open_text, opened_json, seal_bytes, seal_text, walk
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions

__all__ = [
    "answers_form", "is_secret", "label_digest", "may_be_sealed", "open_bytes", "open_text", "opened_entity",
    "opened_values", "seal_bytes", "seal_text", "sealed_answer", "sealed_beside", "sealed_entity", "sealed_values",
    "unsealed_properties",
]  # fmt: skip

ANSWERS = {"record_version": "content", "verification": "content", "draft": "instance", "entity_version": "properties"}
"""The column of each table that holds the answers themselves."""
ENTITY = "entity_version"
_MOST_FORMS = 64


def answers_form(store: Store, form_id: str, version: str) -> Form:
    """The form of stored answers. Every save of a draft needs it, and a published version never changes: it is kept."""
    from custinfo.actions import forms  # forms reads what people recorded last, through here

    # With the store, as another store of the same site, a copy or a restored one, may have published other forms
    kept, key = store.forms, (form_id, version)
    if key not in kept:
        if len(kept) >= _MOST_FORMS:
            kept.clear()
        kept[key] = forms.load(store, form_id, version)
    return kept[key]


def is_secret(form: Form, ref: str) -> bool:
    """Whether what is given at this place is sealed. What has no place in a form with secrets counts as one."""
    place = without_positions(ref)
    return place in form.secret or (bool(form.secret) and place not in form.levels)


def sealed_values(
    store: Store, form: Form, table: str, row_id: str, version: str | int, values: Mapping[str, Any]
) -> str:  # fmt: skip
    """Nested answers as JSON for the column of a table in `ANSWERS`, with those of level 1 sealed.

    A record's are sorted by name; a draft keeps its order, which people see.
    """
    stored: Any = values
    if form.secret:

        def seal(path: str, ref: str, text: str) -> str:
            wanted = text and (ref in form.secret or ref not in form.levels)
            return seal_text(store, table, row_id, path, version, text) if wanted else text

        stored = walk(values, ANSWERS[table], form.root.ref, seal)
    return json.dumps(stored, ensure_ascii=False, sort_keys=table != "draft")


def opened_values(
    store: Store, table: str, row_id: str, version: str | int, stored: str, column: str | None = None
) -> dict[str, Any]:
    """The plain values of a column of JSON: the answers unless another column is named."""
    values: dict[str, Any] = opened_json(store, table, row_id, column or ANSWERS[table], version, stored)
    return values


def sealed_beside(
    store: Store, form: Form, table: str, row_id: str, version: str | int, column: str, words: Mapping[str, str]
) -> str:
    """Notes or reasons by ref as JSON, with those on questions of level 1 sealed."""
    stored = {
        ref: seal_text(store, table, row_id, f"{column}/{ref}", version, said) if is_secret(form, ref) else said
        for ref, said in words.items()
    }
    return json.dumps(stored, ensure_ascii=False, sort_keys=table != "draft")


def sealed_answer(
    store: Store, form: Form, ref: str, table: str, row_id: str, field: str, version: str | int, text: str
) -> str:
    """One text that tells an answer, or is about one: sealed where its question is of level 1."""
    return seal_text(store, table, row_id, field, version, text) if text and is_secret(form, ref) else text


def sealed_entity(
    store: Store, entity_id: str, version: int, label: str, properties: Mapping[str, str], secret: Collection[str]
) -> dict[str, str]:
    """The columns of a version of an entity. `secret` names properties of level 1, and the label by a blank name."""

    def seal(field: str, text: str, name: str) -> str:
        return seal_text(store, ENTITY, entity_id, field, version, text) if text and name in secret else text

    stored = {name: seal(f"properties/{name}", text, name) for name, text in properties.items()}
    return {
        "label": seal("label", label, ""),
        "properties": json.dumps(stored, ensure_ascii=False, sort_keys=True),
    }


def opened_entity(store: Store, row: Row) -> Row:
    """A row of `entity_version` or `entity_current` with label and properties in plain, the latter still as JSON."""
    label, properties = row.get("label") or "", row.get("properties") or ""
    if not may_be_sealed(label) and not may_be_sealed(properties):
        return row
    entity_id, version = row["entity_id"], row["version"]
    found = dict(row)
    if label:
        found["label"] = open_text(store, ENTITY, entity_id, "label", version, label)
    if properties:
        opened = opened_values(store, ENTITY, entity_id, version, properties)
        found["properties"] = json.dumps(opened, ensure_ascii=False, sort_keys=True)
    return found


def unsealed_properties(stored: str) -> dict[str, str]:
    """The properties of an entity that are not sealed: all that may leave for the lake."""
    properties: dict[str, str] = json.loads(stored)
    return {name: value for name, value in properties.items() if not value.startswith("\x1a")}


def label_digest(store: Store, dataset: str, label: str) -> str:
    """Under what an entity with a sealed label is found, by the whole of it: case and spaces around do not matter."""
    return store.lookup_digest(f"label:{dataset}:{label.strip().casefold()}")
