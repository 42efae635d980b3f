"""What waits for a review: proposed forms one by one, submitted records counted by their form.

Records of a form that names a procedure wait as cases; they are left out here.
"""

import json
from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import assignments
from custinfo.actions.due import DueRow
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Value

PROPOSAL_DAYS = 7
RECORD_DAYS = 14


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # all that waits is shown
    """What waits for the actor's review, or for them to publish it."""
    return [*_proposals(store, actor), *_records(store, actor)]


def _proposals(store: Store, actor: Person) -> list[DueRow]:
    states: list[Value] = []
    if permissions.may(actor, "form.review"):
        states.append("draft")
    if permissions.may(actor, "form.publish"):
        states.append("reviewed")
    rows = store.rows(
        "SELECT * FROM form_proposal WHERE state IN (SELECT value FROM json_each(?)) AND note = '' "
        "AND (state = 'reviewed' OR proposed_by != ?) ORDER BY proposed_at",
        [json.dumps(states), actor.person_id],
    )
    return [
        DueRow(
            f"due.proposal.{row['state']}",
            {"version": row["version"]},
            _day(store, row["reviewed_at"] or row["proposed_at"], PROPOSAL_DAYS),
            None,
            f"/proposal/{row['proposal_id']}",
            {"title": json.loads(row["titles"])},
        )
        for row in rows
    ]


def _records(store: Store, actor: Person) -> list[DueRow]:
    if not permissions.may(actor, "record.review"):
        return []
    where, given = assignments.readable_where(actor, "record_current")
    rows = store.rows(
        "SELECT record_current.form_id, count(*) AS n, min(recorded_at) AS oldest, state, (SELECT titles FROM form "
        "WHERE form.form_id = record_current.form_id ORDER BY published_at DESC LIMIT 1) AS titles FROM record_current "
        f"WHERE state IN ('received', 'edited') AND {where} AND NOT EXISTS (SELECT 1 FROM record_version AS own "
        "WHERE own.record_id = record_current.record_id AND own.recorded_by = ?) AND NOT EXISTS (SELECT 1 FROM "
        "approval_case WHERE object_kind = 'record' AND object_id = record_current.record_id) "
        "GROUP BY record_current.form_id, state ORDER BY record_current.form_id, state",
        [*given, actor.person_id],
    )
    return [
        DueRow(
            f"due.records.{row['state']}",
            {"n": str(row["n"])},
            _day(store, row["oldest"], RECORD_DAYS),
            None,
            f"/records?form={row['form_id']}&state={row['state']}",
            {"title": json.loads(row["titles"])},
        )
        for row in rows
    ]


def _day(store: Store, stored: str, days: int) -> date:
    return parse(stored).astimezone(store.site.zone).date() + timedelta(days=days)
