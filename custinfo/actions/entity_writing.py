"""What a record does to entities: new ones, new versions, conflicts marked as ODK Central marks them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from custinfo.actions import assignments, demand_steps, entities, entity_levels, forms, sealing
from custinfo.domain import lake_properties
from custinfo.domain.errors import Conflict
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import EntityAction, Form, Problem, Record, Unfinished
from custinfo.xforms.problems import RuleName
from custinfo.xforms.refs import flat, without_positions


@dataclass(frozen=True)
class Made:
    """An entity that a record created or gave a new version; `dropped` when an edit took its round out."""

    dataset: str
    number: str
    entity_id: str
    version: int
    dropped: bool = False


def made_by(store: Store, record_id: str, version: int) -> tuple[Made, ...]:
    """The entities that a version of a record created or gave a new version, in that order."""
    rows = store.rows(
        "SELECT dataset, number, entity_id, made.version, properties = '{}' AND EXISTS (SELECT 1 FROM entity_version "
        "AS had WHERE had.entity_id = made.entity_id AND had.version = made.version - 1 AND had.properties != '{}') "
        "AS dropped FROM entity_version AS made JOIN entity USING (entity_id) "
        "WHERE record_id = ? AND record_version = ? ORDER BY seq",
        [record_id, version],
    )
    return tuple(
        Made(row["dataset"], row["number"], row["entity_id"], row["version"], bool(row["dropped"])) for row in rows
    )


@dataclass(frozen=True)
class Pending:
    """An action whose entity is known; `current` is its newest version, None for a new one."""

    action: EntityAction
    entity_id: str
    current: Row | None


def as_seen(form: Form, made: Record, instance: Mapping[str, Any]) -> Record:
    """The record with the base versions that its updates had when the draft was last saved.

    Finishing works them out anew from the lists of this moment, which the person has not seen.
    """
    saved = flat(instance, form.root.ref)
    actions = []
    for action in made.entities:
        base = saved.get(f"{action.ref}/meta/entity/@baseVersion", "")
        actions.append(replace(action, base_version=int(base)) if base.isdecimal() else action)
    return replace(made, entities=tuple(actions))


def plan(
    store: Store, tx: Tx, actor: Person, form: Form, made: Record, changes: Row | None, record_id: str
) -> list[Pending]:  # fmt: skip
    """Find or make the entity of each action of a finished record, the record's own entity first.

    `changes` is the customer whose card this is. Raises Unfinished for an update of what does not exist.
    """
    actions = sorted(made.entities, key=lambda action: action.ref.count("/"))
    return [_pending(store, tx, actor, form, action, changes, record_id) for action in actions]


def _pending(
    store: Store, tx: Tx, actor: Person, form: Form, action: EntityAction, changes: Row | None, record_id: str
) -> Pending:  # fmt: skip
    found = _found(store, tx, actor, form, action, changes, record_id)
    try:
        return replace(found, action=demand_steps.counted(store, actor, action, found.current, record_id))
    except demand_steps.NotNow as fault:
        place = next((one.properties["step"] for one in form.entities if "step" in one.properties), action.ref)
        raise unfinished(store, form, place, "constraint", fault.key, {}) from None


def _found(
    store: Store, tx: Tx, actor: Person, form: Form, action: EntityAction, changes: Row | None, record_id: str
) -> Pending:  # fmt: skip
    _check_properties(store, form, action)
    if action.action == "update":
        current = entities.by_id(store, action.dataset, action.id)
        if current is None or not assignments.in_scope(store, actor, current["entity_id"]):
            raise unfinished(store, form, action.ref, "about", "records.no_such_entity", {"id": action.id[:60]})
        return Pending(action, current["entity_id"], current)
    if changes is not None and changes["dataset"] == action.dataset and action.ref == form.root.ref:
        return Pending(action, changes["entity_id"], changes)
    known = entities.by_id(store, action.dataset, action.id)
    if known is not None and _created_by(store, known["entity_id"], record_id):
        return Pending(action, known["entity_id"], known)
    if known is not None:
        raise unfinished(store, form, action.ref, "unique", "records.entity_exists", {"number": known["number"]})
    entity_id, _ = entities.create(tx, action.dataset, action.id)
    return Pending(action, entity_id, None)


def _created_by(store: Store, entity_id: str, record_id: str) -> bool:
    """Whether a version of this record created the entity, whatever other records did with it since."""
    created = "SELECT 1 FROM entity_version WHERE entity_id = ? AND version = 1 AND record_id = ?"
    return store.row(created, [entity_id, record_id]) is not None


def write(
    store: Store, tx: Tx, actor: Person, form: Form, made: Record, pending: Pending, record_row: Mapping[str, Any]
) -> None:
    """Append the entity's version, after claiming the identifiers that nobody else may have."""
    _claim_keys(store, tx, actor, form, made, pending)
    action, current = pending.action, pending.current
    stated = entities.merged(current, action, _covered(form, action)) if current else action
    version = current["version"] + 1 if current else 1
    secret = entity_levels.secret(store, form, pending.action.dataset, pending.entity_id if current else None)
    entities.add_version(store, tx, pending.entity_id, version, stated, record_row, secret)
    if current is not None and action.action == "update":
        entities.mark_conflict(store, tx, current, action)


def drop(
    store: Store, tx: Tx, form: Form, pending: Collection[Pending], record_row: Mapping[str, Any]
) -> None:  # fmt: skip
    """Of the entities that rounds of the record made, those whose round an edit took out say nothing from now on: they
    get a version without properties. One that another record has written since stays as it is, and a customer on file.
    """
    datasets = {one.dataset for one in form.entities if one.ref.rsplit("/", 2)[0] not in form.rules.single}
    datasets -= {"customers"}
    if not datasets:
        return
    stated = {one.entity_id for one in pending}
    rows = store.rows(
        "SELECT entity_current.* FROM entity_current JOIN entity_version AS first USING (entity_id) "
        "WHERE entity_current.record_id = ?1 AND first.record_id = ?1 AND first.version = 1 "
        "AND entity_current.properties != '{}' ORDER BY entity_current.seq",
        [record_row["record_id"]],
    )
    gone = [row for row in rows if row["dataset"] in datasets and row["entity_id"] not in stated]
    for row in gone:
        secret = entity_levels.secret(store, form, row["dataset"], row["entity_id"])
        label = sealing.opened_entity(store, row)["label"]
        nothing = EntityAction(row["dataset"], "update", row["entity_id"], label)
        entities.add_version(store, tx, row["entity_id"], row["version"] + 1, nothing, record_row, secret)
    if gone:
        tx.note(dropped=" ".join(row["number"] for row in gone))


def _covered(form: Form, action: EntityAction) -> set[str]:
    """The properties that a record of the card itself speaks for: what it leaves blank is blank from now on.

    An update by another form speaks only for what it mentions.
    """
    if action.action == "update":
        return set()
    return {name for one in form.entities if one.dataset == action.dataset for name in one.properties}


def _check_properties(store: Store, form: Form, action: EntityAction) -> None:
    """What the lake could not read would stop every later publication: it is mended now, at its question."""
    for name in lake_properties.unreadable(action.dataset, action.properties):
        places = (one.properties[name] for one in form.entities
                  if one.dataset == action.dataset and name in one.properties)  # fmt: skip
        facts = {"value": action.properties[name][:40]}
        raise unfinished(store, form, next(places, action.ref), "type", "records.unreadable", facts)


def _claim_keys(store: Store, tx: Tx, actor: Person, form: Form, made: Record, pending: Pending) -> None:
    """Identifiers belong to the entity in whose scope they stand: the record, or one round of a repeat."""
    answers = flat(made.values, form.root.ref)
    scope = pending.action.ref
    deeper = [other.ref for other in made.entities if other.ref != scope and other.ref.startswith(f"{scope}/")]
    for place, kind in entities.marked(form, entities.UNIQUE):
        for ref in (ref for ref in answers if without_positions(ref) == place and answers[ref]):
            if not ref.startswith(f"{scope}/") or any(ref.startswith(f"{inner}/") for inner in deeper):
                continue
            try:
                key = entities.Key(pending.action.dataset, kind, answers[ref])
                _claim(store, tx, actor, key, pending.entity_id)
            except Conflict as taken:
                raise unfinished(store, form, ref, "unique", taken.key, taken.facts) from None


def _claim(store: Store, tx: Tx, actor: Person, key: entities.Key, entity_id: str) -> None:
    """Raises Conflict for a key that is another's; who may not know of that one is not told which it is."""
    try:
        entities.claim_key(store, tx, key, entity_id)
    except Conflict:
        holder = entities.by_key(store, key)
        if holder is not None and not assignments.in_scope(store, actor, holder["entity_id"]):
            raise Conflict("customers.key_taken_elsewhere") from None
        raise


def unfinished(
    store: Store, form: Form, ref: str, rule: RuleName, key: str, facts: Mapping[str, object]
) -> Unfinished:  # fmt: skip
    """A problem that only the store could see, at its question, as the engine would put it."""
    control = form.control_of.get(without_positions(ref))
    if control is None or "[" in ref:
        return Unfinished([Problem(ref, rule, key, facts, {})])
    shown = {code: forms.session(store, form, {}, language=code) for code in form.languages}
    return Unfinished([Problem(ref, rule, key, facts, {code: one.state(ref).label for code, one in shown.items()})])
