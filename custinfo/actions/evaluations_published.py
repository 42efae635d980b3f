"""Evaluations of customers for the lake: what they come to after each record, by keys and without evidence."""

from collections.abc import Iterator

from custinfo.actions import evaluations, pseudonyms
from custinfo.actions.evaluation_form import FORM
from custinfo.classification.evaluation import ALL
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

PLACES = 100
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
    """What each record after a `seq` made of its customer's evaluation; nothing while ratings must be talked over."""
    records = store.rows(_RECORDED, [after // PLACES, FORM, int(Level.SECRET)])
    keys = pseudonyms.keys(store) if records else {}
    for record in records:
        if record["entity_id"] in keys:
            yield from _rows(store, record, keys[record["entity_id"]])


def _rows(store: Store, record: Row, customer_key: str) -> Iterator[TableRow]:
    at = parse(record["recorded_at"])
    known = evaluations.known_at(store, record["entity_id"], at, at.astimezone(store.site.zone).date())
    if known is None or known.found is None:
        return
    ratings = {**known.found.items, ALL: known.found.points}
    for place, (item, rating) in enumerate(ratings.items()):
        yield TableRow(record["seq"] * PLACES + place, {
            "customer_key": customer_key, "evaluation": record["record_id"], "version": record["version"],
            "evaluated_on": known.on.isoformat(), "department": record["department"] or "", "item": item,
            "rating": rating, "raters": known.found.raters, "rule_version": known.card.rule.version, "recorded_at": at,
        })  # fmt: skip
