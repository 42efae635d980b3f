"""Whom to collect from first: the overdue items of one's customers, as found each day, in the rule's order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from custinfo.actions import assignments, credit_access, entity_levels, sealing
from custinfo.actions.credit_views import AccountView
from custinfo.classification.credit import dunning, grades
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row


@dataclass(frozen=True)
class Overdue:
    """An overdue item: `place` 1 is collected first. `document` is the day of the goods, `next_step` one of
    `dunning.ACTIONS` or of `dunning.PAUSES`, "" for none.
    """

    place: int
    customer_id: str
    number: str
    label: str
    grade: str | None
    document: str
    overdue_days: int
    dunned_fen: int
    next_step: str


def worklist(store: Store, actor: Person, day: date, limit: int = 50) -> list[Overdue]:
    """The first `limit` items of the actor's customers, in order. Raises NotAllowed."""
    credit_access.check(actor)
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        "SELECT entity_current.*, document, grade, overdue_days, dunned_fen, action FROM credit_overdue "
        f"JOIN entity_current ON entity_current.entity_id = customer_id WHERE {mine}",
        scope,
    )
    found = {f"{row['entity_id']}|{row['document']}": row for row in rows}
    reader = entity_levels.Reader(store, actor)
    return [_item(store, reader, found[name], place) for name, place in _placed(found, day)[:limit]]


def _placed(found: dict[str, Row], day: date) -> list[tuple[str, int]]:
    if not found:
        return []
    import ibis  # an engine: pages are forked from a process that must not have one

    names = ("customer_key", "document", "grade", "overdue_days", "dunned_fen")
    types = ("string", "string", "string", "int64", "int64")
    values = {
        "customer_key": [row["entity_id"] for row in found.values()],
        "document": list(found),
        **{name: [row[name] for row in found.values()] for name in names[2:]},
    }
    items = ibis.memtable(values, schema=dict(zip(names, types, strict=True)))
    listed = dunning.worklist(items, dunning.rule(day), grades.rule(day).order)
    rows = listed.order_by("place").select("document", "place").to_pyarrow().to_pylist()
    return [(row["document"], row["place"]) for row in rows]


def _item(store: Store, reader: entity_levels.Reader, row: Row, place: int) -> Overdue:
    known = sealing.opened_entity(store, row)
    customer_id, number = row["entity_id"], row["number"]
    return Overdue(
        place, customer_id, number, reader.label(customer_id, known["label"], number), row["grade"], row["document"],
        row["overdue_days"], row["dunned_fen"], row["action"] or "",
    )  # fmt: skip


def keep(tx: Tx, among: Iterable[str], accounts: Iterable[tuple[str, str | None, AccountView]]) -> None:
    """Store what is overdue of the customers that were looked through (`among`): (customer, grade, account) each."""
    for customer_id in among:
        tx.execute("DELETE FROM credit_overdue WHERE customer_id = ?", [customer_id])
    for customer_id, grade, account in accounts:
        for step in account.steps:
            row: Row = {"customer_id": customer_id, "document": step.document, "grade": grade}
            row |= {"overdue_days": step.overdue_days, "dunned_fen": step.dunned_fen}
            tx.insert("credit_overdue", row | {"action": step.action or step.paused_by})
