"""Conflicts of entities: an update that was made from an older version than the newest. Listed, and resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies
from custinfo.actions import assignments, sealing
from custinfo.actions.entity_levels import LABEL, Reader
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

MOST = 100


@dataclass(frozen=True)
class Property:
    """A property that both changed: what it was before, what the others made of it, what the update made of it."""

    name: str
    before: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class EntityConflict:
    """The update that made `version` was made from `base_version`. `hard`: both changed the same properties.

    `properties` are those of them that the person may see; `hidden` counts the others. `may_resolve` says whether the
    actor had no part in it.
    """

    entity_id: str
    dataset: str
    number: str
    label: str
    version: int
    base_version: int
    kind: str
    properties: tuple[Property, ...]
    hidden: int
    record_id: str
    recorded_at: datetime
    recorded_by_name: str
    may_resolve: bool


def listed(
    store: Store, actor: Person, entity_id: str | None = None, *, record_id: str | None = None
) -> tuple[EntityConflict, ...]:
    """The open conflicts of an entity, of what one record did, or of all, the oldest first; at most `MOST`.

    For whoever reads records; all of them only for whoever reviews. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "record.read" if entity_id or record_id else "record.review")
    if record_id:
        record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
        policies.check_readable(actor, record)
    mine, scope = assignments.visible_where(actor, "place", first=4)
    rows = store.rows(
        f"{_OPEN} AND (?1 IS NULL OR entity_id = ?1) AND (?2 IS NULL OR record_id = ?2) AND {mine} "
        "ORDER BY recorded_at, entity_id, version LIMIT ?3",
        [entity_id, record_id, MOST, *scope],
    )
    reader = Reader(store, actor)
    return tuple(_conflict(store, reader, row) for row in rows)


def count(store: Store, actor: Person) -> int:
    """How many conflicts wait; none for who reviews nothing."""
    if not permissions.may(actor, "record.review"):
        return 0
    mine, scope = assignments.visible_where(actor, "place")
    rows = store.rows(
        "SELECT count(*) AS n FROM entity_conflict JOIN entity_place AS place USING (entity_id) "
        f"WHERE resolved_at IS NULL AND {mine}",
        scope,
    )
    return int(rows[0]["n"])


def resolve(store: Store, actor: Person, entity_id: str, version: int) -> None:
    """Note that somebody has looked and the entity is right as it is now; mending it is another edit.

    Raises NotFound, WrongState when it is resolved already, NotAllowed for one's own update.
    """
    permissions.check(actor, "record.review")
    with store.act(actor.person_id, "conflict.resolve", "entity", entity_id, version=version) as tx:
        row = store.row(
            "SELECT entity_conflict.*, recorded_by FROM entity_conflict JOIN entity_version USING (entity_id, version) "
            "WHERE entity_id = ? AND version = ?",
            [entity_id, version],
        )
        if row is None or not assignments.in_scope(store, actor, entity_id):
            raise NotFound("conflicts.unknown")
        policies.check_not_own(actor, [row["recorded_by"]])
        if row["resolved_at"] is not None:
            raise WrongState("conflicts.resolved_already")
        tx.update("entity_conflict", (entity_id, version), {"resolved_at": tx.at, "resolved_by": actor.person_id})


_OPEN = (
    "SELECT entity_conflict.*, entity.dataset, entity.number, mine.label, mine.record_id, "
    "mine.recorded_at, mine.recorded_by, display_name FROM entity_conflict "
    "JOIN entity_version AS mine USING (entity_id, version) JOIN entity USING (entity_id) "
    "JOIN entity_place AS place USING (entity_id) LEFT JOIN person ON person_id = mine.recorded_by "
    "WHERE resolved_at IS NULL"
)


def _conflict(store: Store, reader: Reader, row: Row) -> EntityConflict:
    entity_id = row["entity_id"]
    label = sealing.open_text(store, sealing.ENTITY, entity_id, "label", row["version"], row["label"])
    names: list[str] = json.loads(row["properties"])
    shown = [name for name in names if reader.sees(entity_id, LABEL if name == "label" else name)]
    before = _version(store, entity_id, row["base_version"])
    theirs = _version(store, entity_id, row["version"] - 1)
    mine = _version(store, entity_id, row["version"])
    told = tuple(Property(name, before.get(name, ""), theirs.get(name, ""), mine.get(name, "")) for name in shown)
    return EntityConflict(
        entity_id, row["dataset"], row["number"], reader.label(entity_id, label, row["number"]),
        row["version"], row["base_version"], row["kind"], told, len(names) - len(told), row["record_id"],
        parse(row["recorded_at"]), row["display_name"] or "",
        permissions.may(reader.actor, "record.review") and row["recorded_by"] != reader.actor.person_id,
    )  # fmt: skip


def _version(store: Store, entity_id: str, version: int) -> Mapping[str, str]:
    """What a version says of the entity, its label among the properties, as where the conflict was marked."""
    stated = "SELECT entity_id, version, label, properties FROM entity_version WHERE entity_id = ? AND version = ?"
    row = store.row(stated, [entity_id, version])
    if row is None:
        return {}
    row = sealing.opened_entity(store, row)
    return {**json.loads(row["properties"]), "label": row["label"]}
