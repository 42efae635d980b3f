"""The customers to look after in a month (R104): the list of `classification.key_customers`, by customers' numbers.

It is made from what was known on the last day of the month before, held against the grades of the quarter before that
day: those that are kept, where the quarter was graded. Money overdue, open complaints and special days come from
`watch_facts`; while no payment at all was imported, nobody is said to owe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from custinfo.access import permissions
from custinfo.actions import assignments, pseudonyms, watch_facts
from custinfo.actions.lake import check_may_read
from custinfo.domain import clock
from custinfo.domain.errors import WrongState
from custinfo.domain.messages import text
from custinfo.domain.money import show
from custinfo.domain.people import Person
from custinfo.domain.periods import Month, Quarter
from custinfo.store import Store

# What reads tables takes Ibis, a second of import: only where it is asked for
if TYPE_CHECKING:
    import ibis.expr.types as ir

    from custinfo.lake import Lake


OCCASIONS = ("birthday", "wedding", "promotion", "other")
"""The special days that have a name; they are those of `forms/guest_collection.md`."""


@dataclass(frozen=True)
class Watched:
    """A customer on the list and one reason for it, a code of `key_customers.REASONS`.

    `grade` is that of now, `amount_fen` by how much net sales fell or how much is overdue, `days` for how long nothing
    was bought, `last_on` the day of the last purchase or of the occasion, `count` how many complaints are open, `what`
    which occasion; None where the reason has none.
    """

    number: str
    grade: str
    reason: str
    amount_fen: int | None
    days: int | None
    last_on: date | None
    count: int | None = None
    what: str | None = None

    def text(self, language: str) -> str:
        """The row as a sentence."""
        return text(
            f"watch_list.row.{self.reason}",
            language,
            number=self.number,
            grade=text(f"classification.value_grade.{self.grade}", language),
            fall=show(self.amount_fen or 0),
            days=self.days,
            last=self.last_on,
            count=self.count,
            what=text(f"watch_list.what.{self.what}", language) if self.what in OCCASIONS else self.what,
        )


def watched(store: Store, actor: Person, month: Month) -> list[Watched]:
    """The list of a month, the gravest reason first; of customers whom the actor may know of. It is on the audit log.

    Raises NotAllowed, WrongState when nothing is published that holds the whole month before.
    """
    from custinfo import lake
    from custinfo.classification import key_customers, value_grade

    permissions.check(actor, "customer.read")
    check_may_read(actor)
    on = month.plus(-1).last
    opened = lake.open(store.site)
    if opened.as_of.astimezone(store.site.zone).date() <= on:
        at = clock.show(opened.as_of, store.site.zone)
        raise WrongState("watch_list.published_before", month=month, last=on, version=opened.version, at=at)
    now = value_grade.grade(opened.customers, opened.sales, on, value_grade.rule(on))
    before = _grades_before(opened, Quarter.of(on).plus(-1))
    keys = pseudonyms.keys(store)
    facts = _facts(store, actor, opened, keys, month)
    rows = key_customers.watched(month, before, now, opened.sales, key_customers.rule(on), **facts)
    found = key_customers.ordered(rows).to_pyarrow().to_pylist()
    known = {key: entity_id for entity_id, key in keys.items()}
    listed = []
    for row in found:
        entity_id = known.get(row["customer_key"])
        # Who is gone from the lake's customers is nobody to look after
        if entity_id is None or row["grade"] is None or not assignments.in_scope(store, actor, entity_id):
            continue
        entity = store.row("SELECT number FROM entity WHERE entity_id = ?", [entity_id])
        if entity is not None:
            listed.append(_watched(entity["number"], row))
    with store.act(actor.person_id, "lake.watch", "lake", str(opened.version)) as tx:
        tx.note(rows=len(listed))
    return listed


def _watched(number: str, row: Mapping[str, Any]) -> Watched:
    counted = row["reason"] == "complaint"
    days, count = (None, row["number"]) if counted else (row["number"], None)
    return Watched(number, row["grade"], row["reason"], row["amount_fen"], days, row["day"], count, row["what"])


def _facts(
    store: Store, actor: Person, opened: "Lake", keys: Mapping[str, str], month: Month
) -> "dict[str, ir.Table]":  # fmt: skip
    """The tables of `key_customers.watched` that come from the store and from accounts."""
    import ibis

    on = month.plus(-1).last
    payments = opened.sales.filter(opened.sales.kind == "payment", opened.sales.occurred_on <= on)
    paid = bool(payments.limit(1).count().to_pyarrow().as_py())
    key = {"customer_key": "string"}
    tables: list[tuple[str, list[tuple[Any, ...]], dict[str, str]]] = [
        ("overdue", [*watch_facts.overdue(store, actor, keys, on)] if paid else [], {"overdue_fen": "int64"}),
        ("complaints", [(one,) for one in watch_facts.complaints(store, actor, keys, on)], {}),
        ("occasions", [*watch_facts.occasions(store, actor, keys, month)], {"what": "string", "on": "date"}),
    ]
    return {name: ibis.memtable(rows, schema=key | columns) for name, rows, columns in tables}


def _grades_before(opened: "Lake", quarter: Quarter) -> "ir.Table":
    from custinfo.classification import transitions, value_grade
    from custinfo.lake import gradings

    if quarter in gradings.editions(opened.manifest):
        return transitions.of_quarter(opened.gradings, quarter)
    return value_grade.grade(opened.customers, opened.sales, quarter.last, value_grade.rule(quarter.last))
