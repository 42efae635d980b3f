"""What analysts' readers leave out, kept in step with the store: written before the commit that makes it so.

Whoever is told that a withdrawal was recorded, or a customer raised to level 1, can rely on it at once, in other
processes too; if the machine dies between the file and the commit, somebody is withheld for a while who need not be,
never the other way round.
"""

import json
from datetime import date, datetime, time

from custinfo.access import permissions
from custinfo.actions import merge_links, pseudonyms
from custinfo.domain import consent
from custinfo.domain.clock import stamp
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store, Tx, withheld
from custinfo.store.database import Row

LAKE_PURPOSES = ("analysis", "marketing", "survey")
"""What the lake may be opened for."""
STOPPED = "consents_stopped"
"""The fact of an audit event which says that the list has to be written before its commit."""


def keep(store: Store, tx: Tx) -> None:
    """Write the list as the open transaction sees the store. Raises SiteFault, and nothing is committed then."""
    rows = _listed(store)
    if rows or (store.site.lake / withheld.FILE).exists():
        withheld.write(store.site.lake, rows)
    tx.note(withheld=len(rows))


def _listed(store: Store) -> list[withheld.Withheld]:
    stopped_now = _stopped(store)
    keys = pseudonyms.keys(store) if stopped_now else {}
    return [
        withheld.Withheld(keys[one], row["purpose"], row["since"])
        for row in stopped_now
        for one in _with_merged(store, row["entity_id"])
        if one in keys  # without a salt there is no way to them in the lake: they are erased
    ]


def _with_merged(store: Store, entity_id: str) -> list[str]:
    """The customer, and who was merged into it: their rows of the lake are one person's."""
    return [entity_id, *merge_links.losers(store, entity_id)]


def concerns(store: Store, entity_id: str) -> bool:
    """Whether a use of the customer's data is stopped: the list then has to follow who is merged into it."""
    return bool(_stopped(store, entity_id))


def keep_if_stopped(store: Store, tx: Tx) -> None:
    """Write the list when this transaction stopped a use of somebody's data."""
    if tx.detail.get(STOPPED):
        keep(store, tx)


def stopped(tx: Tx) -> None:
    """Say that this transaction stopped a use of somebody's data."""
    tx.note(**{STOPPED: int(tx.detail.get(STOPPED) or 0) + 1})


def refresh(store: Store, actor: Person, permission: str = "consent.record") -> None:
    """Write the list anew, under the store's lock: after a use was allowed again, or when the file was lost."""
    permissions.check(actor, permission)
    with store.act(actor.person_id, "lake.withhold", "lake", "") as tx:
        keep(store, tx)


def catch_up(store: Store, actor: Person) -> None:
    """Write the list anew where it is not what the store says: after an upgrade, or when the file was put back or
    damaged.
    """
    try:
        there = sorted(withheld.read(store.site.lake))
    except SiteFault:
        there = None
    if there != sorted(_listed(store)):
        refresh(store, actor, "lake.publish")


def _stopped(store: Store, entity_id: str | None = None) -> list[Row]:
    """Customers, or this one, and purposes with the moment from which on they are stopped: by what they said, by what
    they have to be told first, or by a card that was raised to level 1. The earliest of several counts.
    """
    rows: list[Row] = []
    one = "" if entity_id is None else "AND entity_id = ?6 "
    ends = json.dumps(_ends(store))
    for name in LAKE_PURPOSES:
        purpose = consent.purpose(name)
        rows += store.rows(
            "SELECT entity_id, ?1 AS purpose, min(since) AS since FROM ("
            "SELECT entity_id, recorded_at AS since FROM consent_standing WHERE purpose = ?1 AND kind = 'withdrawn' "
            "UNION ALL SELECT entity_id, ends.value FROM consent_standing JOIN json_each(?4) AS ends "
            "ON ends.key = expires_on WHERE purpose = ?1 AND kind = 'given' "
            "UNION ALL SELECT entity_id, recorded_at FROM processing_limit WHERE purpose IN (?1, ?2) "
            "UNION ALL SELECT entity_id, recorded_at FROM to_be_told WHERE ?3 "
            "UNION ALL SELECT wrote.entity_id, said.set_at FROM record_level AS said "
            "JOIN entity_version AS wrote USING (record_id) WHERE level = ?5 AND said.seq = "
            "(SELECT max(seq) FROM record_level AS newer WHERE newer.record_id = said.record_id)"
            ") JOIN entity USING (entity_id) WHERE dataset = 'customers' AND erased_at IS NULL "
            f"{one}GROUP BY entity_id ORDER BY entity_id",
            [
                name, consent.EVERYTHING, int(purpose.waits_for_notice), ends, int(Level.SECRET),
                *([entity_id] if entity_id else []),
            ],
        )  # fmt: skip
    return rows


def _ends(store: Store) -> dict[str, str]:
    """When each day begins on which a consent ends, in the site's zone: as `consents.today` has it."""
    days = store.rows("SELECT DISTINCT expires_on AS day FROM consent_standing WHERE expires_on IS NOT NULL")
    begins = {one["day"]: datetime.combine(date.fromisoformat(one["day"]), time(), store.site.zone) for one in days}
    return {day: stamp(moment) for day, moment in begins.items()}
