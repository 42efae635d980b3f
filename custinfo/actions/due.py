"""Due lists: what waits for whom. A due list is a query; nothing is stored that could be forgotten."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from custinfo.access import permissions
from custinfo.domain.clock import parse, stamp
from custinfo.domain.people import Person
from custinfo.store import Store

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


def mine(store: Store, actor: Person, today: date) -> list[DueRow]:
    """What waits for the person, the longest overdue first, at most `SHOWN` of each kind."""
    if not permissions.may(actor, "form.fill"):
        return []
    return sorted([*_drafts(store, actor, today), *_reviews(store, today)], key=lambda row: (row.due_on, row.link))


def _drafts(store: Store, actor: Person, today: date) -> list[DueRow]:
    rows = store.rows(
        "SELECT draft_id, form_id, updated_at FROM draft "
        "WHERE owner = ? AND outcome IS NULL AND updated_at < ? ORDER BY updated_at LIMIT ?",
        [actor.person_id, _moment(store, today, DRAFT_DAYS), SHOWN],
    )
    return [
        DueRow(
            "due.draft",
            {},
            _day(store, row["updated_at"], DRAFT_DAYS),
            None,
            f"/form/{row['form_id']}?draft={row['draft_id']}",
        )
        for row in rows
    ]


def _reviews(store: Store, today: date) -> list[DueRow]:
    rows = store.rows(
        "SELECT entity_id, number, label, recorded_at FROM entity_current "
        "WHERE dataset = 'customers' AND recorded_at < ? ORDER BY recorded_at, number LIMIT ?",
        [_moment(store, today, REVIEW_DAYS), SHOWN],
    )
    return [
        DueRow(
            "due.review",
            {"number": row["number"], "label": row["label"]},
            _day(store, row["recorded_at"], REVIEW_DAYS),
            row["entity_id"],
            f"/customer/{row['entity_id']}",
        )
        for row in rows
    ]


def _moment(store: Store, today: date, days: int) -> str:
    return stamp(datetime.combine(today - timedelta(days=days), time.min, store.site.zone))


def _day(store: Store, moment: str, days: int) -> date:
    return parse(moment).astimezone(store.site.zone).date() + timedelta(days=days)
