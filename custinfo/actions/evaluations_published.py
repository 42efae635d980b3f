"""Evaluations of customers for the lake: what they come to after each record, by keys and without evidence."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from custinfo.actions import credit_records, evaluations, pseudonyms
from custinfo.actions.credit_records import Filed
from custinfo.actions.evaluation_form import FORM
from custinfo.classification import evaluation
from custinfo.classification.evaluation import ALL
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

PLACES = 10_000
"""Rows that one record may have at most: of a row's `seq` it is what stands before its place."""
_RECORDED = (
    "SELECT record_version.seq, record_version.recorded_at, record.record_id, record_version.version, "
    "record.entity_id, department FROM record_version JOIN record USING (record_id) "
    "LEFT JOIN person ON person_id = recorded_by "
    "WHERE record_version.seq > ?1 AND form_id = ?2 AND record.entity_id IS NOT NULL "
    "AND record.record_id NOT IN (SELECT record_id FROM record_now_level WHERE level = ?3) "
    "AND record.entity_id NOT IN (SELECT wrote.entity_id FROM record_now_level "
    "JOIN entity_version AS wrote USING (record_id) WHERE level = ?3) ORDER BY record_version.seq"
)
"""Customers of level 1 stay out of the lake, and so do evaluations that were raised to it."""


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """What each record after a `seq` made of its customer's evaluation: on the day that it rates, and on every later
    day that somebody rated. A correction speaks for the days of the versions before it too, which count no more.

    Ratings are NULL where nothing counts: two people's must be talked over, or a correction left none on that day.
    """
    records = store.rows(_RECORDED, [after // PLACES, FORM, int(Level.SECRET)])
    keys = pseudonyms.keys(store) if records else {}
    for record in records:
        if record["entity_id"] in keys:
            for place, row in enumerate(islice(_rows(store, record, keys[record["entity_id"]]), PLACES)):
                yield TableRow(record["seq"] * PLACES + place, row)


def _rows(store: Store, record: Row, customer_key: str) -> Iterator[dict[str, str | int | datetime | None]]:
    at = parse(record["recorded_at"])
    about = {
        "customer_key": customer_key, "evaluation": record["record_id"], "version": record["version"],
        "department": record["department"] or "", "recorded_at": at,
    }  # fmt: skip
    known = _filed(store, record, at)
    for day in _days(store, record):
        for row in _come_to(known, day):
            yield about | row


def _days(store: Store, record: Row) -> list[date]:
    """The days that a record bears on: from the first one that any of its versions so far rated."""
    moments = store.rows(
        "SELECT recorded_at FROM record_version WHERE record_id = ? AND version <= ?",
        [record["record_id"], record["version"]],
    )
    own: set[date] = set()
    every: set[date] = set()
    for moment in moments:
        for one in _filed(store, record, parse(moment["recorded_at"])):
            day = evaluations.rated_on(one)
            if day is not None:
                every.add(day)
                own |= {day} if one.record_id == record["record_id"] else set()
    return sorted(day for day in every if own and day >= min(own))


def _filed(store: Store, record: Row, at: datetime) -> list[Filed]:
    return credit_records.filed(store, FORM, record["entity_id"], at, secret=False)


def _come_to(records: list[Filed], day: date) -> Iterator[dict[str, str | int | None]]:
    """What records come to on a day, by item and as a whole."""
    known = evaluations.of(records, day)
    card = known.card if known is not None else evaluation.card(day)
    found = known.found if known is not None else None
    ratings = {**found.items, ALL: found.points} if found is not None else dict.fromkeys((*card.items, ALL))
    raters = found.raters if found is not None else 0
    for item, rating in ratings.items():
        yield {
            "evaluated_on": day.isoformat(), "item": item, "rating": rating, "raters": raters,
            "rule_version": card.rule.version,
        }  # fmt: skip
