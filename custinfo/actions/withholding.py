"""What analysts' readers leave out, kept in step with the store: written before the commit that makes it so.

Whoever is told that a withdrawal was recorded can rely on it at once, in other processes too; if the machine dies
between the file and the commit, somebody is withheld for a while who need not be, never the other way round.
"""

from custinfo.access import permissions
from custinfo.actions import merge_links, pseudonyms
from custinfo.domain import consent
from custinfo.domain.people import Person
from custinfo.store import Store, Tx, withheld
from custinfo.store.database import Row

LAKE_PURPOSES = ("analysis", "marketing", "survey")
"""What the lake may be opened for."""
STOPPED = "consents_stopped"
"""The fact of an audit event which says that the list has to be written before its commit."""


def keep(store: Store, tx: Tx) -> None:
    """Write the list as the open transaction sees the store. Raises SiteFault, and nothing is committed then."""
    stopped_now = _stopped(store)
    keys = pseudonyms.keys(store) if stopped_now else {}
    rows = [
        withheld.Withheld(keys[one], row["purpose"], row["since"])
        for row in stopped_now
        for one in _with_merged(store, row["entity_id"])
        if one in keys  # without a salt there is no way to them in the lake: they are erased
    ]
    if rows or (store.site.lake / withheld.FILE).exists():
        withheld.write(store.site.lake, rows)
    tx.note(withheld=len(rows))


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


def refresh(store: Store, actor: Person) -> None:
    """Write the list anew, under the store's lock: after a consent was given, or when the file was lost."""
    permissions.check(actor, "consent.record")
    with store.act(actor.person_id, "lake.withhold", "lake", "") as tx:
        keep(store, tx)


def _stopped(store: Store, entity_id: str | None = None) -> list[Row]:
    """Customers, or this one, and purposes with the moment from which on they are stopped; the earliest of several
    counts.
    """
    rows: list[Row] = []
    one = "" if entity_id is None else "AND entity_id = ?4 "
    for name in LAKE_PURPOSES:
        purpose = consent.purpose(name)
        rows += store.rows(
            "SELECT entity_id, ?1 AS purpose, min(since) AS since FROM ("
            "SELECT entity_id, recorded_at AS since FROM consent_standing WHERE purpose = ?1 AND kind = 'withdrawn' "
            "UNION ALL SELECT entity_id, expires_on || 'T00:00:00.000000Z' FROM consent_standing "
            "WHERE purpose = ?1 AND kind = 'given' AND expires_on IS NOT NULL "
            "UNION ALL SELECT entity_id, recorded_at FROM processing_limit WHERE purpose IN (?1, ?2) "
            "UNION ALL SELECT entity_id, recorded_at FROM to_be_told WHERE ?3"
            ") JOIN entity USING (entity_id) WHERE dataset = 'customers' AND erased_at IS NULL "
            f"{one}GROUP BY entity_id ORDER BY entity_id",
            [name, consent.EVERYTHING, int(purpose.waits_for_notice), *([entity_id] if entity_id else [])],
        )
    return rows
