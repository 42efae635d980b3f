"""Due lists: what waits for whom. A due list is a query; nothing is stored that could be forgotten."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from custinfo.access import permissions
from custinfo.actions import entity_levels
from custinfo.domain.clock import parse, stamp
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

DRAFT_DAYS = 2
"""A draft that was not touched for this long is due to be finished or discarded."""
REVIEW_DAYS = 365
"""Every card is gone through once a year (R182)."""
SHOWN = 20


@dataclass(frozen=True)
class DueRow:
    """One thing that waits: the message `due.<what>` with its facts, the day, and the page where it is done."""

    what_key: str
    facts: dict[str, str]
    due_on: date
    customer_id: str | None
    link: str


@dataclass(frozen=True)
class DueList:
    """What waits: how much in all, how much of it is overdue, and the rows that come first."""

    total: int
    overdue: int
    rows: list[DueRow]


def mine(store: Store, actor: Person, today: date) -> DueList:
    """What waits for the person on `today`, the longest overdue first; at most `SHOWN` rows."""
    if not permissions.may(actor, "form.fill"):
        return DueList(0, 0, [])
    total = overdue = 0
    rows: list[DueRow] = []
    for due in (_Drafts(store, actor), _Reviews(store, actor), _Promises(store, actor)):
        total += due.count(today)
        overdue += due.count(today - timedelta(days=1))
        rows += due.rows(today)
    return DueList(total, overdue, sorted(rows, key=lambda row: (row.due_on, row.link))[:SHOWN])


class _Query:
    """One kind of thing that is due `days` after the moment in `column`; `source` is the rest of its query."""

    days: int
    column: str
    source: str

    def __init__(self, store: Store, actor: Person) -> None:
        self._store = store
        self._actor = actor
        self._reader = entity_levels.Reader(store, actor)

    def count(self, by: date) -> int:
        """How many are due on `by` or before."""
        return int(self._rows("SELECT count(*) AS n", by)[0]["n"])

    def rows(self, by: date) -> list[DueRow]:
        """The first that are due on `by` or before."""
        return [self._row(row) for row in self._rows("SELECT *", by, f" ORDER BY {self.column} LIMIT {SHOWN}")]

    def _rows(self, select: str, by: date, rest: str = "") -> list[Row]:
        where = f"{select} {self.source} AND {self.column} < ?1{rest}"
        return self._store.rows(where, [self._bound(by + timedelta(days=1 - self.days)), self._actor.person_id])

    def _bound(self, day: date) -> str:
        return stamp(datetime.combine(day, time.min, self._store.site.zone))

    def _due_on(self, row: Row) -> date:
        return parse(row[self.column]).astimezone(self._store.site.zone).date() + timedelta(days=self.days)

    def _label(self, row: Row) -> str:
        return self._reader.label(row["entity_id"], row["label"], row["number"])

    def _row(self, row: Row) -> DueRow:
        raise NotImplementedError


class _Drafts(_Query):
    days, column = DRAFT_DAYS, "updated_at"
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
    """What a form worked out to be due: the property `due_on` of an entity, for whoever recorded it last."""

    days, column = 0, "due_on"
    source = (
        "FROM (SELECT *, date(json_extract(properties, '$.due_on')) AS due_on FROM entity_current) "
        "WHERE recorded_by = ?2"
    )

    def _bound(self, day: date) -> str:
        return day.isoformat()

    def _due_on(self, row: Row) -> date:
        return date.fromisoformat(row["due_on"])

    def _row(self, row: Row) -> DueRow:
        facts = {"number": row["number"], "label": self._label(row)}
        return DueRow("due.promise", facts, self._due_on(row), None, f"/record/{row['record_id']}")
