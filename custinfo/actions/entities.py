"""Entities (ODK Entities): the customers, and later contacts, demands …, that records create and update.

An entity is a chain of versions; the newest is the current one. Each version names the record version that made it.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from custinfo.domain.errors import Conflict, NotFound
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import EntityAction, Form

NUMBER_PREFIX = {"customers": "C"}
UNIQUE = "unique"
"""The form column `bind::custinfo:unique`: no two entities of a dataset may have the same value there."""
ABOUT = "about"
"""The form column `bind::custinfo:about`: the question holds the number of an entity of that dataset."""


def current(store: Store, entity_id: str) -> Row:
    """The entity's newest version. Raises NotFound."""
    row = store.row("SELECT * FROM entity_current WHERE entity_id = ?", [entity_id])
    if row is None:
        raise NotFound("customers.unknown", number=entity_id[:40])
    return row


def by_number(store: Store, dataset: str, number: str) -> Row | None:
    """The newest version of the entity with this number, or None."""
    return store.row("SELECT * FROM entity_current WHERE dataset = ? AND number = ?", [dataset, number.strip().upper()])


def content(store: Store, entity: Row) -> dict[str, Any]:
    """The answers of the record version that made this version of the entity, nested."""
    row = store.row(
        "SELECT content FROM record_version WHERE record_id = ? AND version = ?",
        [entity["record_id"], entity["record_version"]],
    )
    assert row is not None
    answers: dict[str, Any] = json.loads(row["content"])
    return answers


def create(tx: Tx, dataset: str) -> tuple[str, str]:
    """A new entity without a version yet: its id and its number, neither ever used before or again."""
    entity_id = secrets.token_hex(12)
    number = f"{NUMBER_PREFIX[dataset]}{tx.next_number(dataset):06d}"
    tx.insert("entity", {"entity_id": entity_id, "dataset": dataset, "number": number, "created_at": tx.at})
    return entity_id, number


def add_version(tx: Tx, entity_id: str, version: int, action: EntityAction, made_by: Mapping[str, Any]) -> None:
    """Append a version; `made_by` is the row of the record version that states it, plus its `form_id`."""
    tx.insert(
        "entity_version",
        {
            "entity_id": entity_id,
            "version": version,
            "label": action.label,
            "properties": json.dumps(dict(action.properties), ensure_ascii=False, sort_keys=True),
            "record_id": made_by["record_id"],
            "record_version": made_by["version"],
            "form_id": made_by["form_id"],
            "form_version": made_by["form_version"],
            "recorded_at": made_by["recorded_at"],
            "recorded_by": made_by["recorded_by"],
        },
    )


@dataclass(frozen=True)
class Key:
    """An identifier of one kind, such as a credit code: no two entities of a dataset may have the same."""

    dataset: str
    kind: str
    value: str

    def digest(self, store: Store) -> str:
        """Under what the store keeps it: upper and lower case, and spaces around it, do not matter."""
        return store.lookup_digest(f"{self.kind}:{self.value.strip().upper()}")


def claim_key(store: Store, tx: Tx, key: Key, entity_id: str) -> None:
    """From now on `key` identifies this entity, and what it had of this kind before is free again.

    Raises Conflict, naming the entity that has the key.
    """
    found = by_key(store, key)
    if found is not None and found["entity_id"] != entity_id:
        raise Conflict("customers.key_taken", number=found["number"])
    held = "SELECT digest FROM entity_key WHERE dataset = ? AND kind = ? AND entity_id = ?"
    for row in store.rows(held, [key.dataset, key.kind, entity_id]):
        tx.delete("entity_key", (key.dataset, key.kind, row["digest"]))
    row = {"dataset": key.dataset, "kind": key.kind, "digest": key.digest(store), "entity_id": entity_id}
    tx.insert("entity_key", row)


def by_key(store: Store, key: Key) -> Row | None:
    """The entity that the key belongs to, or None."""
    return store.row(
        "SELECT entity.* FROM entity_key JOIN entity USING (entity_id) "
        "WHERE entity_key.dataset = ? AND kind = ? AND digest = ?",
        [key.dataset, key.kind, key.digest(store)],
    )


def marked(form: Form, column: str) -> Iterator[tuple[str, str]]:
    """The refs of the questions that the form column `bind::custinfo:<column>` marks, with what stands there."""
    for ref, node in form.nodes.items():
        if column in node.bind.extra:
            yield ref, node.bind.extra[column]


def about(form: Form, dataset: str, number: str) -> dict[str, Any]:
    """A fresh instance of `form` in which the question about an entity of `dataset` holds `number`."""
    refs = [ref for ref, named in marked(form, ABOUT) if named == dataset]
    return nested(refs[0], number) if refs else {}


def nested(ref: str, value: str) -> dict[str, Any]:
    """`{"a": {"b": value}}` for `/data/a/b`."""
    instance: Any = value
    for name in reversed(ref.split("/")[2:]):
        instance = {name: instance}
    return dict(instance)


def flat(answers: Mapping[str, Any], prefix: str = "/data") -> dict[str, str]:
    """The answers of a nested instance by ref: `/data/contact[2]/phone`."""
    found: dict[str, str] = {}
    for name, value in answers.items():
        ref = f"{prefix}/{name}"
        if isinstance(value, Mapping):
            found.update(flat(value, ref))
        elif isinstance(value, list):
            for position, item in enumerate(value, start=1):
                found.update(flat(item, f"{ref}[{position}]"))
        else:
            found[ref] = str(value)
    return found


def without_positions(ref: str) -> str:
    """`/data/contact[2]/phone` → `/data/contact/phone`: the place in the form that a ref is an instance of."""
    return re.sub(r"\[\d+\]", "", ref)
