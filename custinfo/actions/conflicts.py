"""Conflicts of entities: an update that was made from an older version than the newest. Listed, and resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from custinfo.access import permissions, policies
from custinfo.actions import assignments, sealing
from custinfo.actions.entity_levels import LABEL, Reader
from custinfo.domain import masking
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
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

    `properties` are those of them that the person may see, those of level 1 masked. `may_resolve` says whether the
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
    record_id: str
    recorded_at: datetime
    recorded_by_name: str
    may_resolve: bool


def listed(
    store: Store, actor: Person, entity_id: str | None = None, *, record_id: str | None = None
) -> tuple[EntityConflict, ...]:
    """The open conflicts of an entity, of what one record did, or of all, the oldest first; at most `MOST`. One that is
    only about properties that the person may not see is no conflict to them.

    For whoever reads records; all of them only for whoever reviews. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "record.read" if entity_id or record_id else "record.review")
    if record_id:
        record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
        policies.check_readable(actor, record)
    mine, scope = assignments.visible_where(actor, "place", first=3)
    rows = store.rows(
        f"{_OPEN} AND (?1 IS NULL OR entity_id = ?1) AND (?2 IS NULL OR record_id = ?2) AND {mine} "
        "ORDER BY recorded_at, entity_id, version",
        [entity_id, record_id, *scope],
    )
    reader = Reader(store, actor)
    return tuple(_conflict(store, reader, row) for row in islice((one for one in rows if _known(reader, one)), MOST))


def count(store: Store, actor: Person) -> int:
    """How many conflicts wait; none for who reviews nothing."""
    if not permissions.may(actor, "record.review"):
        return 0
    mine, scope = assignments.visible_where(actor, "place")
    rows = store.rows(
        "SELECT entity_conflict.* FROM entity_conflict JOIN entity_place AS place USING (entity_id) "
        f"WHERE resolved_at IS NULL AND {mine}",
        scope,
    )
    reader = Reader(store, actor)
    return sum(_known(reader, row) for row in rows)


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
        if row is None or not assignments.in_scope(store, actor, entity_id) or not _known(Reader(store, actor), row):
            raise NotFound("conflicts.unknown")
        policies.check_not_own(actor, [row["recorded_by"]])
        if row["resolved_at"] is not None:
            raise WrongState("conflicts.resolved_already")
        tx.update("entity_conflict", (entity_id, version), {"resolved_at": tx.at, "resolved_by": actor.person_id})


_OPEN = (
    "SELECT entity_conflict.*, entity.dataset, entity.number, mine.label, mine.record_id, "
    "mine.recorded_at, mine.recorded_by, display_name, place.level FROM entity_conflict "
    "JOIN entity_version AS mine USING (entity_id, version) JOIN entity USING (entity_id) "
    "JOIN entity_place AS place USING (entity_id) LEFT JOIN person ON person_id = mine.recorded_by "
    "WHERE resolved_at IS NULL"
)


def _known(reader: Reader, row: Row) -> bool:
    """Whether the person may know of the conflict: of one of the properties that both changed, if there are any."""
    return not (names := json.loads(row["properties"])) or bool(_shown(reader, row["entity_id"], names))


def _shown(reader: Reader, entity_id: str, names: list[str]) -> list[str]:
    return [name for name in names if reader.sees(entity_id, _fact(name))]


def _fact(name: str) -> str:
    return LABEL if name == "label" else name


def _conflict(store: Store, reader: Reader, row: Row) -> EntityConflict:
    entity_id = row["entity_id"]
    label = sealing.open_text(store, sealing.ENTITY, entity_id, "label", row["version"], row["label"])
    names: list[str] = json.loads(row["properties"])
    facts = reader.written_by(entity_id)
    before = _version(store, entity_id, row["base_version"])
    theirs = _version(store, entity_id, row["version"] - 1)
    mine = _version(store, entity_id, row["version"])
    told = []
    for name in _shown(reader, entity_id, names):
        secret = Level.SECRET in (row["level"], *(one.get(_fact(name)) for one in facts))
        texts = (one.get(name, "") for one in (before, theirs, mine))
        told.append(Property(name, *(masking.masked(text) if secret else text for text in texts)))
    return EntityConflict(
        entity_id, row["dataset"], row["number"], reader.label(entity_id, label, row["number"]),
        row["version"], row["base_version"], row["kind"], tuple(told), row["record_id"],
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
