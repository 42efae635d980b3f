"""The customers on one's credit desk, as they were worked out last (`credit_account`), with what needs attention."""

import json
from dataclasses import dataclass
from datetime import date

from custinfo.actions import assignments, credit_access, customers, entity_levels, sealing
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value

FILTERS = ("known", "attention", "over", "overdue", "review", "shut", "all")
"""Which customers: with anything on credit, with open notices, over the limit, with money overdue, due for review, with
the gate shut, or all that one may see.
"""
WHERE = {
    "known": "account.customer_id IS NOT NULL",
    "attention": "notices > 0",
    "over": "account.exposure_fen > account.limit_fen",
    "overdue": "account.overdue_fen > 0",
    "review": "account.review_on <= ?2",
    "shut": "account.gate_open = 0",
    "all": "1 = 1",
}
NO_GRADE = "-"
"""As a grade asked for: customers that have none."""
MOST_FOUND = 500


@dataclass(frozen=True)
class Line:
    """A customer on the list. What was worked out on `day` (None: never yet); amounts in fen; `notices` counts what
    needs attention, `next_due` is the first day of that.
    """

    customer_id: str
    number: str
    label: str
    day: date | None
    grade: str | None
    limit_fen: int
    exposure_fen: int | None
    overdue_fen: int
    gate_open: bool
    review_on: date | None
    notices: int
    next_due: date | None

    @property
    def over_fen(self) -> int:
        """By how much the exposure is above the limit."""
        return max((self.exposure_fen or 0) - self.limit_fen, 0)


@dataclass(frozen=True)
class Listed:
    """Some of the customers asked for, and how many there are in all; `grades` counts those of each grade, best first,
    whatever the filter, and `NO_GRADE`.
    """

    total: int
    rows: list[Line]
    grades: dict[str, int]


def listed(
    store: Store, actor: Person, today: date, *, show: str = "known", grade: str = "", query: str = "",
    offset: int = 0, limit: int = 50,
) -> Listed:  # fmt: skip
    """Customers that the actor may see: those with most to be done first, then those furthest above their limit.

    `show` is one of FILTERS (anything else is `known`), `grade` a grade or NO_GRADE, `query` as in `customers.search`.
    Raises NotAllowed. That the list was read is on the audit log.
    """
    credit_access.check(actor)
    mine, scope = assignments.visible_where(actor, "entity_current", first=5)
    given: list[Value] = [customers.DATASET, today.isoformat(), grade, _found(store, actor, query), *scope]
    source = (
        "FROM entity_current LEFT JOIN credit_account AS account ON account.customer_id = entity_id LEFT JOIN "
        "(SELECT customer_id, count(*) AS notices, min(due_on) AS next_due FROM credit_notice WHERE ended_on IS NULL "
        "GROUP BY customer_id) AS open ON open.customer_id = entity_id WHERE dataset = ?1 AND ?2 IS NOT NULL "
        f"AND {mine}"
    )
    asked = (
        f"{source} AND {WHERE.get(show, WHERE['known'])} AND (?3 = '' OR coalesce(account.grade, '{NO_GRADE}') = ?3)"
    )
    asked += " AND (?4 IS NULL OR entity_id IN (SELECT value FROM json_each(?4)))"
    total = store.rows(f"SELECT count(*) AS n {asked}", given)[0]["n"]
    rows = store.rows(
        "SELECT entity_current.*, account.day, account.grade, account.limit_fen, account.exposure_fen, "
        "account.overdue_fen, account.gate_open, account.review_on, notices, next_due "
        f"{asked} ORDER BY coalesce(notices, 0) DESC, account.exposure_fen - account.limit_fen DESC NULLS LAST, number "
        f"LIMIT ?{len(given) + 1} OFFSET ?{len(given) + 2}",
        [*given, max(0, min(limit, 500)), max(0, offset)],
    )
    with store.act(actor.person_id, "credit.list", "customer", "", found=total, shown=len(rows)):
        pass
    reader = entity_levels.Reader(store, actor)
    return Listed(
        total, [_line(reader, sealing.opened_entity(store, row)) for row in rows], _grades(store, source, given)
    )


def _found(store: Store, actor: Person, query: str) -> str | None:
    """The ids of the customers that a search finds, as JSON; None when nothing is looked for."""
    if not query:
        return None
    return json.dumps([row.customer_id for row in customers.search(store, actor, query, MOST_FOUND, 0).rows])


def _grades(store: Store, source: str, given: list[Value]) -> dict[str, int]:
    rows = store.rows(
        f"SELECT coalesce(account.grade, '{NO_GRADE}') AS grade, count(*) AS n {source} AND ?3 IS NOT NULL AND "
        "(?4 IS NULL OR ?4 IS NOT NULL) AND account.customer_id IS NOT NULL GROUP BY 1 ORDER BY 1 = "
        f"'{NO_GRADE}', 1",
        given,
    )
    return {row["grade"]: row["n"] for row in rows}


def _line(reader: entity_levels.Reader, row: Row) -> Line:
    customer_id, number = row["entity_id"], row["number"]

    def day(name: str) -> date | None:
        return date.fromisoformat(row[name]) if row[name] else None

    return Line(
        customer_id, number, reader.label(customer_id, row["label"], number), day("day"), row["grade"],
        row["limit_fen"] or 0, row["exposure_fen"], row["overdue_fen"] or 0, bool(row["gate_open"]), day("review_on"),
        row["notices"] or 0, day("next_due"),
    )  # fmt: skip
