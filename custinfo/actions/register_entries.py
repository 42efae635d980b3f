"""The newest entries of a register whose lines are entities of a dataset, for the privacy desk."""

from dataclasses import dataclass

from custinfo.access import permissions
from custinfo.actions import assignments, sealing
from custinfo.domain.people import Person
from custinfo.store import Store


@dataclass(frozen=True)
class Line:
    """One entry. `due_on` is the day of its next review, blank without one."""

    entity_id: str
    number: str
    label: str
    record_id: str
    due_on: str


@dataclass(frozen=True)
class Entries:
    """Some entries, newest first, and how many there are in all."""

    total: int
    rows: list[Line]


def newest(store: Store, actor: Person, dataset: str, limit: int) -> Entries:
    """The newest entries that the person may know of."""
    permissions.check(actor, "privacy.read")
    mine, scope = assignments.visible_where(actor, "entity_current")
    where = f"dataset = ? AND {mine}"
    total = store.rows(f"SELECT count(*) AS n FROM entity_current WHERE {where}", [dataset, *scope])[0]["n"]
    rows = store.rows(
        "SELECT *, coalesce(json_extract(properties, '$.due_on'), '') AS due_on FROM entity_current "
        f"WHERE {where} ORDER BY recorded_at DESC LIMIT ?",
        [dataset, *scope, limit],
    )
    opened = [sealing.opened_entity(store, row) for row in rows]
    return Entries(total, [Line(r["entity_id"], r["number"], r["label"], r["record_id"], r["due_on"]) for r in opened])
