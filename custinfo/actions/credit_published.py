"""Credit decisions for the lake, from their approval on: grades, limits and rule versions by keys, and no reasons."""

from collections.abc import Iterator

from custinfo.actions import credit_decisions, pseudonyms
from custinfo.actions import credit_standing as parts
from custinfo.actions.credit_standing import Files
from custinfo.actions.credit_views import DecisionView
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

_APPROVED = (
    "SELECT approval_event.seq, approval_event.at, object_kind, object_id, coalesce(customer_id, record.entity_id) AS "
    "customer FROM approval_event JOIN approval_case USING (case_id) "
    "LEFT JOIN credit_decision ON object_kind = 'credit_decision' AND decision_id = object_id "
    "LEFT JOIN record ON object_kind = 'record' AND record.record_id = object_id "
    "WHERE approval_event.seq > ?1 AND action = 'approve' AND procedure IN ('credit_decision', 'credit_override') "
    "AND coalesce(customer_id, record.entity_id) NOT IN (SELECT wrote.entity_id FROM record_now_level "
    "JOIN entity_version AS wrote USING (record_id) WHERE level = ?2) ORDER BY approval_event.seq"
)
"""Customers of level 1 stay out of the lake."""


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """What was approved since, in the order of the approvals; what does not stand as it was approved is left out."""
    events = store.rows(_APPROVED, [after, int(Level.SECRET)])
    keys = pseudonyms.keys(store) if events else {}
    for event in events:
        if event["customer"] in keys:
            row = _decision(store, event) if event["object_kind"] == credit_decisions.KIND else _override(store, event)
            if row is not None:
                key = keys[event["customer"]]
                yield TableRow(event["seq"], {**row, "customer_key": key, "recorded_at": parse(event["at"])})


def _decision(store: Store, event: Row) -> dict[str, str | int | None] | None:
    history = credit_decisions.history(store, event["customer"])
    one = next(one for one in history if one.decision_id == event["object_id"])
    return _row("decision", one, one.grade, one.limit.limit_fen, "") if one.state == "approved" else None


def _override(store: Store, event: Row) -> dict[str, str | int | None] | None:
    history = credit_decisions.history(store, event["customer"])
    day = parse(event["at"]).astimezone(store.site.zone).date()
    by_then = [one for one in history if one.recorded_at <= parse(event["at"])]
    decision = credit_decisions.in_force(by_then, day)
    files = Files.of(store, event["customer"])
    views, _ = parts.override_views(store, files, history, decision, day, None)
    one = next((one for one in views if one.record_id == event["object_id"]), None)
    if decision is None or one is None or one.state != "in_force":
        return None
    limit = parts.granted(decision, one.grade, day)
    return _row("override", decision, one.grade, limit.limit_fen, one.last_day.isoformat())


def _row(
    kind: str, one: DecisionView, grade: str | None, limit_fen: int, valid_until: str
) -> dict[str, str | int | None]:  # fmt: skip
    return {
        "kind": kind,
        "decision": one.decision_id,
        "version": one.version,
        "scheme": one.scheme,
        "grade": grade,
        "points": one.points,
        "coverage": one.coverage,
        "limit_fen": limit_fen,
        "valid_until": valid_until,
        "rule_version": one.rule_versions["grades"],
        "card_version": one.rule_versions["card"],
        "limits_version": one.rule_versions["limits"],
    }
