"""What waits on the privacy desk: requests, disclosures, people to be told, consents that end."""

from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import assignments, consent_overview, disclosures, subject_requests
from custinfo.actions.due import DueRow
from custinfo.domain import consent
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store

TELL_DAYS = 7
"""So long after something was learnt indirectly the person should have been told."""
ENDING_DAYS = 14
"""So long before a consent ends it can be asked for anew."""


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """For who handles the desk."""
    if not permissions.may(actor, "privacy.handle"):
        return []
    return [*_requests(store, actor, today), *_disclosures(store, actor, today), *_to_tell(store, actor, today),
            *_ending(store, actor, today)]  # fmt: skip


def _requests(store: Store, actor: Person, today: date) -> list[DueRow]:
    found = []
    for one in subject_requests.listed(store, actor):
        remind = timedelta(days=consent.clock_on(one.received_on).remind_days)
        if one.due_on - remind <= today:
            found.append(
                DueRow("due.subject_request", {"number": one.number}, one.due_on, None, f"/privacy/{one.request_id}")
            )
    return found


def _disclosures(store: Store, actor: Person, today: date) -> list[DueRow]:
    return [
        DueRow(
            "due.disclosure", {"number": row["number"]}, date.fromisoformat(row["due_on"]), None,
            f"/privacy/{row['disclosure_id']}",
        )
        for row in disclosures.overdue(store, actor, today)
    ]  # fmt: skip


def _to_tell(store: Store, actor: Person, today: date) -> list[DueRow]:
    found = []
    for row in consent_overview.to_tell(store, actor):
        due = parse(row["recorded_at"]).astimezone(store.site.zone).date() + timedelta(days=TELL_DAYS)
        if due <= today:
            found.append(DueRow("due.to_tell", {"number": row["number"]}, due, None, "/privacy?view=consents"))
    return found


def _ending(store: Store, actor: Person, today: date) -> list[DueRow]:
    seen, given = assignments.visible_where(actor, "place")
    rows = store.rows(
        "SELECT number, expires_on FROM consent_standing JOIN entity USING (entity_id) "
        "JOIN entity_place AS place USING (entity_id) "
        f"WHERE kind = 'given' AND expires_on BETWEEN ? AND ? AND ({seen}) ORDER BY expires_on LIMIT 200",
        [today.isoformat(), (today + timedelta(days=ENDING_DAYS)).isoformat(), *given],
    )
    facts = [({"number": row["number"]}, date.fromisoformat(row["expires_on"])) for row in rows]
    return [DueRow("due.consent_ends", known, day, None, "/privacy?view=consents") for known, day in facts]
