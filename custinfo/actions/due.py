"""Due lists: what waits for whom. A due list is a query; nothing is stored that could be forgotten.

`SOURCES` names the modules that know of something that waits. Each has `due_rows(store, actor, today)`, and, where it
has something to say to who leads a department, `department_rows(store, actor, today)`. What is here itself is counted
in SQL, for there may be a card to review for every customer; a module gives all its rows.
"""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol

from custinfo.access import permissions
from custinfo.actions import assignments, entity_levels, sealing
from custinfo.domain.clock import parse, stamp
from custinfo.domain.messages import spoken, text
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value

DRAFT_DAYS = 2
"""A draft that was not touched for this long is due to be finished or discarded."""
REVIEW_DAYS = 365
"""Every card is gone through once a year (R182)."""
SHOWN = 20
FARTHEST = 2000
"""How far a list is paged: what is farther down shows once those above are done."""

SOURCES: dict[str, str] = {
    "approvals": "custinfo.actions.approval_due",
    "reviews": "custinfo.actions.review_due",
    "oversight": "custinfo.actions.oversight_due",
    "retention": "custinfo.actions.retention_daily",
    "privacy": "custinfo.actions.privacy_due",
    "rights": "custinfo.actions.rights",
    "credit": "custinfo.actions.credit_due",
    "demands": "custinfo.actions.demand_steps",
    "reports": "custinfo.actions.report_due",
    "statistics": "custinfo.actions.statistics_due",
    "gradings": "custinfo.actions.graded_since",
    "studies": "custinfo.actions.study_due",
}
"""Name of a kind of thing that waits → its module. Imported when asked: these modules use the rows made here."""
STILL_WANTED = (
    "NOT (dataset = 'demands' AND EXISTS (SELECT 1 FROM record JOIN follow_up_stopped USING (entity_id) "
    "WHERE record.record_id = entity_current.record_id))"
)
"""Who withdrew from marketing, or objected to it, is not followed up any more."""
OWN = "own"
"""The kind of what is here itself: drafts, cards to review, what forms worked out to be due."""


@dataclass(frozen=True)
class DueRow:
    """One thing that waits: a message with its facts, the day, and the page where it is done.

    `spoken_facts` are facts that have a text in each language. `event` and `value` are for what can be done on the list
    itself, as the page of due lists knows them.
    """

    what_key: str
    facts: dict[str, str]
    due_on: date
    customer_id: str | None
    link: str
    spoken_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    event: str = ""
    value: str = ""

    def text(self, language: str) -> str:
        """What waits, in one language."""
        said = {name: spoken(texts, language) for name, texts in self.spoken_facts.items()}
        return text(self.what_key, language, **self.facts, **said)


@dataclass(frozen=True)
class DueList:
    """What waits: how much in all, how much of it is overdue, and the rows that come first."""

    total: int
    overdue: int
    rows: list[DueRow]


def mine(store: Store, actor: Person, today: date) -> DueList:
    """What waits for the person on `today`, the longest overdue first; at most `SHOWN` rows."""
    return listed(store, actor, today)


def listed(
    store: Store, actor: Person, today: date, *, department: bool = False, kind: str = "", overdue_only: bool = False,
    offset: int = 0, limit: int = SHOWN,
) -> DueList:  # fmt: skip
    """Some of what waits for the person, or with `department` in the department that they lead; the longest overdue
    first. `kind` is `OWN` or one of `SOURCES`; any other stands for all. Raises NotAllowed for a department.
    """
    if department:
        permissions.check(actor, "waiting.department")
    last = max(0, min(offset, FARTHEST)) + limit
    total = overdue = 0
    rows: list[DueRow] = []
    for source in _sources(store, actor, today, department, kind):
        late = source.count(today - timedelta(days=1))
        overdue += late
        total += late if overdue_only else source.count(None)
        rows += source.rows(today - timedelta(days=1) if overdue_only else None, last)
    rows.sort(key=lambda row: (row.due_on, row.link))
    return DueList(total, overdue, rows[last - limit : last])


class _Source(Protocol):
    """One kind of thing that waits; `by` is the last day that counts, or None for all that is to be shown."""

    def count(self, by: date | None) -> int: ...

    def rows(self, by: date | None, limit: int) -> list[DueRow]: ...


def _sources(store: Store, actor: Person, today: date, department: bool, kind: str) -> list[_Source]:
    known = {OWN, *SOURCES}
    wanted = {kind} if kind in known else known
    found: list[_Source] = []
    if OWN in wanted and permissions.may(actor, "form.fill"):
        queries: tuple[type[_Query], ...] = (_DepartmentPromises,) if department else (_Drafts, _Reviews, _Promises)
        found += [query(store, actor, today) for query in queries]
    for name, module in SOURCES.items():
        asked = getattr(importlib.import_module(module), "department_rows" if department else "due_rows", None)
        if name in wanted and asked is not None:
            found.append(_Given(asked(store, actor, today)))
    return found


class _Given:
    """Rows that a module gave, all of them."""

    def __init__(self, rows: Sequence[DueRow]) -> None:
        self._all = sorted(rows, key=lambda row: (row.due_on, row.link))

    def count(self, by: date | None) -> int:
        """How many there are."""
        return len(self.rows(by, len(self._all)))

    def rows(self, by: date | None, limit: int) -> list[DueRow]:
        """The first of them."""
        return [row for row in self._all if by is None or row.due_on <= by][:limit]


class _Query:
    """One kind of thing that is due `days` after the moment in `column`; `source` is the rest of its query."""

    days: int
    column: str
    source: str
    scoped = True
    """Whether its rows are entities, of which only those count that the person may know of."""

    def __init__(self, store: Store, actor: Person, today: date) -> None:
        self._store = store
        self._actor = actor
        self._today = today
        self._reader = entity_levels.Reader(store, actor)

    def count(self, by: date | None) -> int:
        """How many are due on `by` or before; today, when it is None."""
        return int(self._rows("SELECT count(*) AS n", by or self._today)[0]["n"])

    def rows(self, by: date | None, limit: int) -> list[DueRow]:
        """The first that are due on `by` or before."""
        found = self._rows("SELECT *", by or self._today, f" ORDER BY {self.column} LIMIT {int(limit)}")
        return [self._row(sealing.opened_entity(self._store, row)) for row in found]

    def _rows(self, select: str, by: date, rest: str = "") -> list[Row]:
        mine, scope = "1 = 1", list[Value]()
        if self.scoped:
            mine, scope = assignments.visible_where(self._actor, "entity_current", first=3)
        where = f"{select} {self.source} AND {self.column} < ?1 AND {mine}{rest}"
        return self._store.rows(where, [self._bound(by + timedelta(days=1 - self.days)), self._actor.person_id, *scope])

    def _bound(self, day: date) -> str:
        return stamp(datetime.combine(day, time.min, self._store.site.zone))

    def _due_on(self, row: Row) -> date:
        return parse(row[self.column]).astimezone(self._store.site.zone).date() + timedelta(days=self.days)

    def _label(self, row: Row) -> str:
        return self._reader.label(row["entity_id"], row["label"], row["number"])

    def _row(self, row: Row) -> DueRow:
        raise NotImplementedError


class _Drafts(_Query):
    days, column, scoped = DRAFT_DAYS, "updated_at", False
    source = "FROM draft WHERE owner = ?2 AND outcome IS NULL"

    def _row(self, row: Row) -> DueRow:
        link = f"/form/{row['form_id']}?draft={row['draft_id']}"
        return DueRow("due.draft", {}, self._due_on(row), None, link)


class _Reviews(_Query):
    days, column = REVIEW_DAYS, "recorded_at"
    source = "FROM entity_current WHERE dataset = 'customers' AND ?2 IS NOT NULL"

    def _row(self, row: Row) -> DueRow:
        facts = {"number": row["number"], "label": self._label(row)}
        return DueRow("due.review", facts, self._due_on(row), row["entity_id"], f"/customer/{row['entity_id']}")


class _Promises(_Query):
    """What a form worked out to be due: the property `due_on` of an entity, for whoever recorded it last. Whoever is
    interested in buying is called by what the level of intention allows, where that is earlier.
    """

    days, column = 0, "due_on"
    whose = "recorded_by = ?2"

    @property
    def source(self) -> str:  # type: ignore[override]  # the others are the same on every day
        """The entities with the day on which each is due, by the rule of today."""
        return (
            f"FROM (SELECT *, {_called_by(self._today)} AS due_on FROM entity_current) AS entity_current "
            f"WHERE {STILL_WANTED} AND {self.whose}"
        )

    def _bound(self, day: date) -> str:
        return day.isoformat()

    def _due_on(self, row: Row) -> date:
        return date.fromisoformat(row["due_on"])

    def _row(self, row: Row) -> DueRow:
        facts = {"number": row["number"], "label": self._label(row)}
        return DueRow("due.promise", facts, self._due_on(row), None, f"/record/{row['record_id']}")


class _DepartmentPromises(_Promises):
    """The same of everybody in the department."""

    whose = (
        "recorded_by IN (SELECT other.person_id FROM person AS other "
        "JOIN person AS own USING (department) WHERE own.person_id = ?2)"
    )


def _called_by(today: date) -> str:
    """In SQL: the day in `due_on`, or that which the entity's level of intention allows after the last contact."""
    from custinfo.classification import intention_levels  # reads a rule file: only where something may be due

    rule = intention_levels.rule(today)
    days = json.dumps({one.name: one.contact_days for one in rule.level}, ensure_ascii=False).replace("'", "''")
    planned, level, last = (f"json_extract(properties, '$.{name}')" for name in ("due_on", "level", "last_contact_on"))
    known = f"coalesce((SELECT value FROM json_each('{days}') WHERE key = {level}), {rule.undecided_contact_days})"
    allowed = f"date({last}, '+' || {known} || ' days')"
    by_level = f"dataset = 'demands' AND {level} != '' AND {allowed} IS NOT NULL"
    return f"CASE WHEN {by_level} THEN min(coalesce(date({planned}), {allowed}), {allowed}) ELSE date({planned}) END"
