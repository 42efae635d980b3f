"""The finished record and what it does to entities (ODK Entities)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from custinfo.xforms.engine import Engine
from custinfo.xforms.model import EntityDeclaration
from custinfo.xforms.tree import Item, record


@dataclass(frozen=True, slots=True)
class EntityAction:
    """A record creates or updates one entity. `properties` holds the answers that the form saves to it.

    `ref` is the place that the entity belongs to: the record itself or one round of a repeat. `base_version` is the
    version of the entity that the form's list had when it was filled in, None when it had none.
    """

    dataset: str
    action: Literal["create", "update"]
    id: str
    label: str
    properties: Mapping[str, str] = field(default_factory=dict)
    ref: str = ""
    base_version: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A finished record: only relevant answers, calculations included."""

    form_id: str
    version: str
    values: Mapping[str, object]
    entities: tuple[EntityAction, ...] = ()


def make_record(engine: Engine) -> Record:
    """The record of a session in which nothing is wrong."""
    values = record(engine.root)
    assert isinstance(values, dict)
    return Record(engine.form.form_id, engine.form.version, values, tuple(_entities(engine)))


def _entities(engine: Engine) -> list[EntityAction]:
    found: list[EntityAction] = []
    for declaration in engine.form.entities:
        for item in engine.all_at(declaration.ref):
            if item.relevant:
                found += _actions(engine, declaration, item)
    return found


def _actions(engine: Engine, declaration: EntityDeclaration, item: Item) -> list[EntityAction]:
    """Create and update are decided by the entity's own `create` and `update`, which the form may compute."""
    attributes = {**item.spec.attributes, **{a.name: a.text for a in item.attributes}}
    updates = _true(attributes.get("update")) and bool(attributes.get("id"))
    creates = _true(attributes.get("create")) and not updates
    label = next((c.text for c in item.children if c.name == "label"), "")
    scope = item.parent.parent if item.parent is not None else None
    if scope is None or not (creates or updates):
        return []
    properties = {name: _value(engine, scope, ref) for name, ref in declaration.properties.items()}
    kept = {name: value for name, value in properties.items() if value is not None}
    action: Literal["create", "update"] = "create" if creates else "update"
    base = attributes.get("baseVersion", "")
    version = int(base) if base.isascii() and base.isdigit() and len(base) < 10 else None
    return [EntityAction(declaration.dataset, action, attributes.get("id", ""), label, kept, scope.ref, version)]


def _value(engine: Engine, scope: Item, ref: str) -> str | None:
    """The answer at `ref`; None when it was not asked."""
    items = engine.below(scope, ref)
    return items[0].text if items and items[0].relevant else None


def _true(text: str | None) -> bool:
    return (text or "").strip() in ("1", "true")
