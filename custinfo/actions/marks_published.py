"""Strategic marks for the lake, from their approval on (`forms/importance_mark.md`): which mark, from when until when.

What people gave as a reason stays in the store. A mark that is edited counts as it was approved last until the edit is
approved too.
"""

from collections.abc import Iterator

from custinfo.actions import pseudonyms, sealing
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store

PROCEDURE = "importance_mark"
_APPROVED = (
    "SELECT approval_event.seq, approval_event.at, record.record_id, record.entity_id, record_version.version, content "
    "FROM approval_event JOIN approval_case USING (case_id) "
    "JOIN record ON object_kind = 'record' AND record.record_id = object_id "
    # An edit opens the case anew, so what was approved is what had been recorded by then
    "JOIN record_version ON record_version.record_id = record.record_id AND record_version.version = ("
    "SELECT max(version) FROM record_version AS known WHERE known.record_id = record.record_id "
    "AND known.recorded_at <= approval_event.at) "
    "WHERE approval_event.seq > ?1 AND action = 'approve' AND procedure = ?2 "
    "AND record.entity_id NOT IN (SELECT wrote.entity_id FROM record_now_level "
    "JOIN entity_version AS wrote USING (record_id) WHERE level = ?3) ORDER BY approval_event.seq"
)
"""Customers of level 1 stay out of the lake."""


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """What was approved since, in the order of the approvals; nothing of who is erased."""
    events = store.rows(_APPROVED, [after, PROCEDURE, int(Level.SECRET)])
    keys = pseudonyms.keys(store) if events else {}
    for event in events:
        if event["entity_id"] not in keys:
            continue
        values = sealing.opened_values(store, "record_version", event["record_id"], event["version"], event["content"])
        mark, end = values["mark"], values.get("end", {})
        yield TableRow(
            event["seq"],
            {
                "customer_key": keys[event["entity_id"]],
                "mark_id": event["record_id"],
                "version": event["version"],
                "mark": mark["strategic_mark"],
                "from_on": mark["from_on"],
                "ended_on": end.get("ended_on") or "",
                "recorded_at": parse(event["at"]),
            },
        )
