"""Sales across regions for the lake (R127, R129): what was declared or found out, and what was decided on it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from custinfo.actions import sealing
from custinfo.actions.visits_published import Known
from custinfo.domain import lake_properties, money
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

PROCEDURE = "cross_region_sale"
DATASET = "cross_region_sales"
CODED = ("registered", "use_branch", "use_region", "delivery_branch", "delivered_on")
_EVENTS = (
    "SELECT approval_event.seq, approval_event.at, action, number, made.version, properties FROM approval_event "
    "JOIN approval_case USING (case_id) JOIN entity_version AS made ON object_kind = 'record' "
    # An edit opens the case anew, so what an event is about is what had been recorded by then
    "AND made.record_id = object_id AND made.version = (SELECT max(version) FROM entity_version AS known "
    "WHERE known.entity_id = made.entity_id AND known.recorded_at <= approval_event.at) "
    "JOIN entity USING (entity_id) WHERE approval_event.seq > ?1 AND procedure = ?2 AND dataset = ?3 "
    "AND made.record_id NOT IN (SELECT record_id FROM record_now_level WHERE level = ?4) ORDER BY approval_event.seq"
)


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """What happened to their cases after a `seq`, in its order, with the sale as it stood then; nothing of records of
    level 1, of customers of level 1, and of who is erased; nor of a sale whose amount no column takes: `doctor` names
    it, and once it is corrected its case is opened anew.

    A later version that may not be told takes the sale back (`withdraw`): the earlier ones must not count on.
    """
    events = store.rows(_EVENTS, [after, PROCEDURE, DATASET, int(Level.SECRET)])
    known = Known(store) if events else None
    for event in events:
        said = sealing.unsealed_properties(event["properties"])
        assert known is not None  # there are events
        told, key = known.key(said.get("customer_number", ""))
        told = told and not lake_properties.unreadable(DATASET, said)
        if told:
            yield TableRow(event["seq"], _values(event, event["action"], said, key))
        elif event["version"] > 1:
            yield TableRow(event["seq"], _values(event, "withdraw", {}, None))


def _values(
    event: Row, action: str, said: Mapping[str, str], key: str | None
) -> dict[str, str | int | datetime | None]:
    return {
        "customer_key": key,
        "sale_number": event["number"],
        "version": event["version"],
        "event": action,
        **{name: said.get(name, "") for name in CODED},
        "amount_fen": money.fen(said.get("amount") or "0"),
        "event_number": event["seq"],
        "recorded_at": parse(event["at"]),
    }


def left_out(store: Store) -> list[str]:
    """The numbers of sales that stand so that no column of the lake takes them: they are in no report."""
    rows = store.rows("SELECT number, properties FROM entity_current WHERE dataset = ? ORDER BY number", [DATASET])
    return [
        row["number"]
        for row in rows
        if lake_properties.unreadable(DATASET, sealing.unsealed_properties(row["properties"]))
    ]
