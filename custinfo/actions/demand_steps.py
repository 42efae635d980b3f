"""The life of a customer's demand (R62): collected, analysed, followed up, evaluated, the customer answered.

`forms/information_card.md` collects a demand; each step after that is a record of `forms/demand_step.md`, which updates
it. What may follow what is `machines.DEMAND`: it is asked when a step is recorded, of the demand as it is then, and
whatever else a record says of a demand, its stage is left alone. Evaluating and declining take `demand.decide`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from custinfo.access import permissions
from custinfo.actions import assignments, entity_levels, merge_links, sealing
from custinfo.actions.due import DueRow
from custinfo.classification import demand_stages
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value
from custinfo.xforms import EntityAction

DATASET = "demands"
FORM = "demand_step"
COLLECTED = "collected"
RATINGS = ("importance", "urgency", "feasibility")
TO_DECIDE = ("evaluate", "decline")
"""The steps that commit the company: who supervises takes them."""
_FOLLOWED = ", ".join(f"'{stage}'" for stage in demand_stages.OPEN)
_LAST_STEP = (
    "JOIN entity_version AS last ON last.entity_id = entity_current.entity_id AND last.version = (SELECT max(version) "
    "FROM entity_version AS step WHERE step.entity_id = entity_current.entity_id "
    f"AND (step.version = 1 OR step.form_id = '{FORM}'))"
)
"""The version that the last step made: a card that is corrected makes one too, and is no step."""
_RESPONSIBLE = "last.recorded_by = ?"
_DEPARTMENT = (
    "last.recorded_by IN (SELECT other.person_id FROM person AS other JOIN person AS own USING (department) "
    "WHERE own.person_id = ?)"
)


@dataclass(frozen=True)
class Step:
    """One thing that was done about a demand; `step` is an action of the machine, `stage` where it led."""

    step: str
    stage: str
    at: datetime
    by: str
    record_id: str


@dataclass(frozen=True)
class Demand:
    """A demand of a customer: how far it is, its ratings where somebody rated it, and its history, the newest first.

    `due_on` is by when it goes on, None where nothing has to follow; `link` begins its next step.
    """

    number: str
    label: str
    stage: str
    ratings: Mapping[str, str]
    due_on: date | None
    link: str
    steps: tuple[Step, ...]


class NotNow(WrongState):
    """A step that the demand's stage does not allow."""


def counted(store: Store, actor: Person, action: EntityAction, current: Row | None, record_id: str) -> EntityAction:
    """What a record really does to a demand; of any other entity, what it says.

    `current` is the entity's newest version, None for a new one. Raises NotNow for a step that cannot follow,
    NotAllowed for one that is not the actor's to take.
    """
    if action.dataset != DATASET:
        return action
    said = dict(action.properties)
    stage = said.pop("stage", None)
    step = said.pop("step", None)
    if current is None:
        return replace(action, properties=said | ({"stage": COLLECTED} if stage else {}))
    if step is None or action.action != "update":
        kept = _properties(current)
        return replace(action, properties=said | {name: kept[name] for name in ("stage", "step") if name in kept})
    if step in TO_DECIDE:
        permissions.check(actor, "demand.decide")
    before = _before(store, current, record_id)
    following = machines.DEMAND.get(before, {}).get(step)
    if following is None or not before:
        raise NotNow(f"demand_steps.stage_is.{before or 'none'}")
    return replace(action, properties=said | {"stage": following, "step": step})


def _before(store: Store, current: Row, record_id: str) -> str:
    """The stage that this record's step starts from: an edit of the newest step takes that step again."""
    row = store.row(
        "SELECT * FROM entity_version WHERE entity_id = ? AND record_id != ? ORDER BY version DESC LIMIT 1",
        [current["entity_id"], record_id],
    )
    if row is None:
        return ""
    if row["version"] < current["version"] or not _wrote(store, current["entity_id"], record_id):
        return _properties(sealing.opened_entity(store, row)).get("stage", "")
    raise NotNow("demand_steps.went_on")


def _wrote(store: Store, entity_id: str, record_id: str) -> bool:
    wrote = "SELECT 1 FROM entity_version WHERE entity_id = ? AND record_id = ?"
    return store.row(wrote, [entity_id, record_id]) is not None


def _properties(version: Row) -> dict[str, str]:
    return sealing.unsealed_properties(version["properties"])


def of_customer(store: Store, actor: Person, customer_id: str) -> list[Demand]:
    """The demands of a customer, and of who was merged into it, that the person may know of: the newest first.

    Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "customer.read")
    assignments.check_in_scope(store, actor, customer_id)
    mine, scope = assignments.visible_where(actor, "entity_current")
    whose = [customer_id, *merge_links.losers(store, customer_id)]
    marks = ", ".join("?" * len(whose))
    rows = store.rows(
        f"SELECT entity_current.*, last.recorded_at AS stepped_at FROM entity_current {_LAST_STEP} "
        "JOIN entity_version AS first ON first.entity_id = "
        "entity_current.entity_id AND first.version = 1 JOIN record ON record.record_id = first.record_id "
        f"WHERE dataset = 'demands' AND {mine} AND record.entity_id IN ({marks}) "
        "AND json_extract(entity_current.properties, '$.stage') IS NOT NULL ORDER BY number DESC",
        [*scope, *whose],
    )
    reader = entity_levels.Reader(store, actor)
    return [_demand(store, reader, sealing.opened_entity(store, row)) for row in rows if _told(reader, row)]


def _told(reader: entity_levels.Reader, row: Row) -> bool:
    """Whether the person may know how far a demand is: who may not is shown nothing of it."""
    return reader.sees(row["entity_id"], "stage")


def _demand(store: Store, reader: entity_levels.Reader, row: Row) -> Demand:
    said = reader.properties(row["entity_id"], row["properties"])
    ratings = {name: said[name] for name in RATINGS if said.get(name)}
    return Demand(
        row["number"], reader.label(row["entity_id"], row["label"], row["number"]), said["stage"], ratings,
        _due_on(store, row), link(row["entity_id"], said.get("customer_number", "")), _steps(store, row["entity_id"]),
    )  # fmt: skip


def _steps(store: Store, entity_id: str) -> tuple[Step, ...]:
    rows = store.rows(
        "SELECT entity_version.*, display_name FROM entity_version LEFT JOIN person ON person_id = recorded_by "
        "WHERE entity_id = ? ORDER BY version DESC",
        [entity_id],
    )
    found = []
    for row in rows:
        said = _properties(row)
        step = said.get("step", "collect")
        if row["form_id"] == FORM or row["version"] == 1:  # a corrected card is no step
            by = row["display_name"] or ""
            found.append(Step(step, said.get("stage", ""), parse(row["recorded_at"]), by, row["record_id"]))
    return tuple(found)


def link(demand_id: str, customer_number: str) -> str:
    """The page on which the next step of a demand is recorded."""
    answers = {"d[/data/which/customer_number]": customer_number, "d[/data/which/demand]": demand_id}
    return f"/form/{FORM}?{urlencode({name: value for name, value in answers.items() if value})}"


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # what is to come shows too
    """The demands whose last step the person recorded, each by when it goes on."""
    return _due_rows(store, actor, _RESPONSIBLE) if permissions.may(actor, "form.fill") else []


def department_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001
    """The same of everybody in the department, for who leads it."""
    return _due_rows(store, actor, _DEPARTMENT)


def _due_rows(store: Store, actor: Person, whose: str) -> list[DueRow]:
    mine, scope = assignments.visible_where(actor, "entity_current")
    given: list[Value] = [*scope, actor.person_id]
    rows = store.rows(
        f"SELECT entity_current.*, last.recorded_at AS stepped_at FROM entity_current {_LAST_STEP} "
        f"WHERE dataset = 'demands' AND {mine} AND {whose} "
        f"AND json_extract(entity_current.properties, '$.stage') IN ({_FOLLOWED}) ORDER BY number",
        given,
    )
    reader = entity_levels.Reader(store, actor)
    return [_due_row(store, reader, sealing.opened_entity(store, row)) for row in rows if _told(reader, row)]


def _due_row(store: Store, reader: entity_levels.Reader, row: Row) -> DueRow:
    said = reader.properties(row["entity_id"], row["properties"])
    due_on = _due_on(store, row)
    assert due_on is not None
    facts = {"number": row["number"], "label": reader.label(row["entity_id"], row["label"], row["number"])}
    there = link(row["entity_id"], said.get("customer_number", ""))
    return DueRow(f"demand_steps.due.{said['stage']}", facts, due_on, None, there)


def _due_on(store: Store, row: Row) -> date | None:
    """By the rule of the day of the last step, and the day that people set themselves."""
    said = _properties(row)
    since = parse(row["stepped_at"]).astimezone(store.site.zone).date()
    planned = date.fromisoformat(said["next_on"]) if said.get("next_on") else None
    return demand_stages.due_on(said.get("stage", ""), since, planned, demand_stages.rule(since))
