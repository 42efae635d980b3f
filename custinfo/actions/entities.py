"""Entities (ODK Entities): the customers, and later contacts, demands …, that records create and update.

An entity is a chain of versions; the newest is the current one. Each version names the record version that made it.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from custinfo.actions import merge_links, pseudonyms, sealing
from custinfo.domain import datasets
from custinfo.domain.errors import Conflict, NotFound
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import EntityAction, Form

UNIQUE = "unique"
"""The form column `bind::custinfo:unique`: no two entities of a dataset may have the same value there."""
ABOUT = "about"
"""The form column `bind::custinfo:about`: the question holds the number of an entity of that dataset."""


def current(store: Store, entity_id: str) -> Row:
    """The entity's newest version, as its card states it (see `as_card`). Raises NotFound; WrongState for a customer
    that was merged into another.
    """
    row = store.row("SELECT * FROM entity_current WHERE entity_id = ?", [entity_id])
    if row is None:
        merge_links.check_not_merged(store, entity_id)
        raise NotFound("customers.unknown", number=entity_id[:40])
    return as_card(store, sealing.opened_entity(store, row))


def as_card(store: Store, version: Row) -> Row:
    """A version of an entity with the form and record of its card: the form that created it.

    Another form may have updated some properties since; then they stand over the card's answers (`updated`).
    """
    first = store.row(
        "SELECT form_id, dataset FROM entity_version JOIN entity USING (entity_id) WHERE entity_id = ? AND version = 1",
        [version["entity_id"]],
    )
    if first is None or first["form_id"] == version["form_id"]:
        return version
    card = store.row(
        "SELECT record_id, record_version, form_id, form_version FROM entity_version "
        "WHERE entity_id = ? AND form_id = ? AND version < ? ORDER BY version DESC LIMIT 1",
        [version["entity_id"], first["form_id"], version["version"]],
    )
    assert card is not None
    return {**version, **card, "dataset": first["dataset"], "updated": True}


def by_number(store: Store, dataset: str, number: str) -> Row | None:
    """The newest version of the entity with this number, or None. That of a merged customer leads to its survivor."""
    given = [dataset, number.strip().upper()]
    found = "SELECT * FROM entity_current WHERE dataset = ?1 AND "
    row = store.row(f"{found} number = ?2", given) or store.row(
        f"{found} entity_id = (SELECT survivor_id FROM merged_now JOIN entity AS gone ON gone.entity_id = loser_id "
        "WHERE gone.dataset = ?1 AND gone.number = ?2)",
        given,
    )
    return _opened(store, row)


def _opened(store: Store, row: Row | None) -> Row | None:
    return None if row is None else sealing.opened_entity(store, row)


def content(store: Store, entity: Row) -> dict[str, Any]:
    """The answers of the record version that made this version of the entity (a row in plain), nested."""
    row = store.row(
        "SELECT content FROM record_version WHERE record_id = ? AND version = ?",
        [entity["record_id"], entity["record_version"]],
    )
    assert row is not None
    place = entity["record_id"], entity["record_version"]
    answers = sealing.opened_values(store, "record_version", *place, row["content"])
    return _updated(store, entity, answers) if entity.get("updated") else answers


def _updated(store: Store, entity: Row, answers: dict[str, Any]) -> dict[str, Any]:
    """The card's answers with the properties that other forms changed."""
    from custinfo.actions import forms  # forms gives its sessions lists of entities

    form = forms.load(store, entity["form_id"], entity["form_version"])
    properties = json.loads(entity["properties"])
    for declared in form.entities:
        for name, ref in declared.properties.items():
            if declared.dataset == entity["dataset"] and name in properties:
                _put(answers, ref.split("/")[2:], properties[name])
    return answers


def _put(answers: dict[str, Any], path: list[str], value: str) -> None:
    for name in path[:-1]:
        inner = answers.setdefault(name, {})
        if not isinstance(inner, dict):
            return  # a round of a repeat: no property of the card itself
        answers = inner
    answers[path[-1]] = value


def create(tx: Tx, dataset: str, uuid: str | None = None) -> tuple[str, str]:
    """A new entity without a version yet: its id and its number, neither ever used before or again.

    `uuid` is the id that the form gave it; the same record names it by that when it is edited.
    """
    entity_id = secrets.token_hex(12)
    number = f"{datasets.named(dataset).prefix}{tx.next_number(dataset):06d}"
    row = {"entity_id": entity_id, "dataset": dataset, "number": number, "created_at": tx.at, "uuid": uuid or None}
    tx.insert("entity", row)
    if dataset == "customers":
        pseudonyms.give_salt(tx, entity_id)
    return entity_id, number


def by_id(store: Store, dataset: str, given: str) -> Row | None:
    """The newest version of the entity with this id, be it ours or the one that the form gave it; None without one."""
    row = store.row(
        "SELECT * FROM entity_current WHERE dataset = ?1 AND ?2 != '' AND entity_id IN "
        "(SELECT ?2 UNION SELECT entity_id FROM entity WHERE uuid = ?2)",  # each by its index: an import asks often
        [dataset, given],
    )
    return _opened(store, row)


def merged(current: Row, action: EntityAction, covered: Collection[str] = ()) -> EntityAction:
    """The next version, as ODK Central makes it: what the action does not mention stays as it is.

    `covered` are properties that it speaks for even where it does not mention them: those go.
    """
    kept = {name: value for name, value in json.loads(current["properties"]).items() if name not in covered}
    properties = kept | dict(action.properties)
    return replace(action, label=action.label or current["label"], properties=properties)


def _stated(version: Row) -> dict[str, str]:
    """What a version says of its entity: properties and label."""
    return {**json.loads(version["properties"]), "label": version["label"]}


def mark_conflict(store: Store, tx: Tx, current: Row, action: EntityAction) -> None:
    """The update was made from an older version than `current`: mark it, hard when both changed the same property."""
    base = action.base_version
    if base is None or base >= current["version"]:
        return
    stated = "SELECT entity_id, version, properties, label FROM entity_version WHERE entity_id = ? AND version = ?"
    old = _opened(store, store.row(stated, [current["entity_id"], base]))
    before, now = _stated(old) if old else {}, _stated(current)
    mine = {**action.properties, **({"label": action.label} if action.label else {})}
    theirs = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    both = sorted(name for name in theirs if name in mine and mine[name] != now.get(name))
    row = {
        "entity_id": current["entity_id"],
        "version": current["version"] + 1,
        "base_version": base,
        "kind": "hard" if both else "soft",
        "properties": json.dumps(both, ensure_ascii=False),
    }
    tx.insert("entity_conflict", row)


def add_version(
    store: Store, tx: Tx, entity_id: str, version: int, action: EntityAction, made_by: Mapping[str, Any],
    secret: Collection[str],
) -> None:  # fmt: skip
    """Append a version; `made_by` is the row of the record version that states it, plus its `form_id`.

    `secret` names what of it is of level 1 (`entity_levels.secret`): that is sealed, and a sealed label can be found.
    """
    _index_label(store, tx, entity_id, action, secret)
    tx.insert(
        "entity_version",
        {
            "entity_id": entity_id,
            "version": version,
            **sealing.sealed_entity(store, entity_id, version, action.label, action.properties, secret),
            "record_id": made_by["record_id"],
            "record_version": made_by["version"],
            "form_id": made_by["form_id"],
            "form_version": made_by["form_version"],
            "recorded_at": made_by["recorded_at"],
            "recorded_by": made_by["recorded_by"],
        },
    )


def _index_label(store: Store, tx: Tx, entity_id: str, action: EntityAction, secret: Collection[str]) -> None:
    """A sealed label is found by the whole of it alone; one that is not sealed is found in the label itself."""
    tx.execute("DELETE FROM label_digest WHERE entity_id = ?", [entity_id])
    if action.label and "" in secret:
        digest = sealing.label_digest(store, action.dataset, action.label)
        tx.insert("label_digest", {"entity_id": entity_id, "dataset": action.dataset, "digest": digest})


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


def about_place(form: Form, dataset: str) -> str | None:
    """The question that holds the number of the entity which a whole record is about; one in a repeat is not that."""
    refs = (ref for ref, named in marked(form, ABOUT) if named == dataset and ref in form.rules.single)
    return next(refs, None)


def nested(ref: str, value: str) -> dict[str, Any]:
    """`{"a": {"b": value}}` for `/data/a/b`."""
    instance: Any = value
    for name in reversed(ref.split("/")[2:]):
        instance = {name: instance}
    return dict(instance)
