"""Consents of everybody whom the reader may know of: how many stand, which are to an old notice, who has to be told."""

from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, visibility
from custinfo.access.visibility import Scope
from custinfo.actions.consents import EXPIRED, GIVEN, RESTRICTED, WITHDRAWN, today
from custinfo.domain import consent
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value


@dataclass(frozen=True)
class Outdated:
    """Somebody whose consent was to an earlier version of a notice than the newest."""

    entity_id: str
    number: str
    purpose: str
    version: int
    newest: int
    given_at: datetime


def outdated(store: Store, actor: Person, limit: int = 200) -> list[Outdated]:
    """Who consented to a notice that was replaced since, oldest first (R202); of those whom the actor may know of."""
    permissions.check(actor, "privacy.read")
    mine, scope = _visible(actor)
    rows = store.rows(
        "SELECT consent_standing.*, number, (SELECT max(version) FROM notice_version AS newer "
        "WHERE newer.notice_id = consent_standing.notice_id) AS newest FROM consent_standing "
        "JOIN entity USING (entity_id) WHERE kind = 'given' AND notice_version < newest "
        f"AND {mine} ORDER BY seq LIMIT ?",
        [*scope, limit],
    )
    return [
        Outdated(
            row["entity_id"], row["number"], row["purpose"], row["notice_version"], row["newest"],
            parse(row["recorded_at"]),
        )
        for row in rows
    ]  # fmt: skip


def counts(store: Store, actor: Person) -> dict[str, dict[str, int]]:
    """By purpose: how many consents stand, were withdrawn, have expired, and how many people restrict the use.

    Of the people whom the actor may know of. Who works with no customers (the auditor) reads the sums of all.
    """
    permissions.check(actor, "privacy.read")
    mine, scope = ("1", []) if visibility.scope(actor) is Scope.NONE else _visible(actor)
    found = {name: {GIVEN: 0, WITHDRAWN: 0, EXPIRED: 0, RESTRICTED: 0} for name in consent.purposes()}
    rows = store.rows(
        "SELECT purpose, CASE WHEN kind = 'given' AND expires_on <= ? THEN 'expired' ELSE kind END AS state, "
        f"count(*) AS n FROM consent_standing WHERE {mine} GROUP BY 1, 2",
        [today(store).isoformat(), *scope],
    )
    rows += store.rows(
        f"SELECT purpose, 'restricted' AS state, count(*) AS n FROM processing_limit WHERE {mine} GROUP BY 1", scope
    )
    for row in rows:
        for name in [row["purpose"]] if row["purpose"] in found else list(found):
            found[name][row["state"]] += row["n"]
    return found


def to_tell(store: Store, actor: Person, limit: int = 200) -> list[Row]:
    """Who has to be told what was learnt of them indirectly: entity_id, dataset, number, recorded_at; oldest first.

    Of those whom the actor may know of.
    """
    permissions.check(actor, "privacy.read")
    mine, scope = _visible(actor)
    return store.rows(
        "SELECT entity_id, dataset, number, recorded_at FROM to_be_told JOIN entity USING (entity_id) "
        f"WHERE {mine} ORDER BY recorded_at LIMIT ?",
        [*scope, limit],
    )


def _visible(actor: Person) -> tuple[str, list[Value]]:
    """The condition under which the actor may know of the person of a row, which names `entity_id` once."""
    from custinfo.actions import assignments  # who builds conditions on customers asks consents too

    mine, scope = assignments.visible_where(actor, "place")
    return f"entity_id IN (SELECT place.entity_id FROM entity_place AS place WHERE {mine})", scope
