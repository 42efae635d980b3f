"""Sales across regions for the lake (R127, R129): what was declared or found out, and what was decided on it."""

from collections.abc import Iterator

from custinfo.actions import sealing
from custinfo.actions.visits_published import Known
from custinfo.domain import money
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store

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
    level 1, of customers of level 1, and of who is erased.
    """
    events = store.rows(_EVENTS, [after, PROCEDURE, DATASET, int(Level.SECRET)])
    known = Known(store) if events else None
    for event in events:
        said = sealing.unsealed_properties(event["properties"])
        assert known is not None  # there are events
        told, key = known.key(said.get("customer_number", ""))
        if told:
            yield TableRow(
                event["seq"],
                {
                    "customer_key": key,
                    "sale_number": event["number"],
                    "version": event["version"],
                    "event": event["action"],
                    **{name: said.get(name, "") for name in CODED},
                    "amount_fen": money.fen(said.get("amount") or "0"),
                    "event_number": event["seq"],
                    "recorded_at": parse(event["at"]),
                },
            )
