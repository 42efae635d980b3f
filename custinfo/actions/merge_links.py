"""Who was merged into whom: what others ask to follow the link. Merging itself is `actions.merges`."""

import json
from collections.abc import Collection
from datetime import datetime

from custinfo.domain.clock import stamp
from custinfo.domain.errors import WrongState
from custinfo.store import Store


def survivor_of(store: Store, entity_id: str) -> str:
    """Where the link of a customer leads to: itself when it was not merged."""
    row = store.row("SELECT survivor_id FROM merged_now WHERE loser_id = ?", [entity_id])
    return entity_id if row is None else str(row["survivor_id"])


def group(store: Store, ids: Collection[str]) -> dict[str, str]:
    """Each of these entities, and each that was merged into one of them or with it, with its survivor.

    Who was never merged is its own.
    """
    given = json.dumps(sorted(ids))
    rows = store.rows(
        "SELECT loser_id, survivor_id FROM merged_now WHERE survivor_id IN (SELECT value FROM json_each(?1)) "
        "OR survivor_id IN (SELECT survivor_id FROM merged_now WHERE loser_id IN (SELECT value FROM json_each(?1)))",
        [given],
    )
    found = {one: one for one in ids}
    for row in rows:
        found[row["survivor_id"]] = row["survivor_id"]
    return found | {row["loser_id"]: row["survivor_id"] for row in rows}


def losers(store: Store, survivor_id: str) -> list[str]:
    """Who was merged into this customer, in the order of their numbers."""
    rows = store.rows(
        "SELECT loser_id FROM merged_now JOIN entity ON entity_id = loser_id WHERE survivor_id = ? ORDER BY number",
        [survivor_id],
    )
    return [row["loser_id"] for row in rows]


def one_with(store: Store, entity_id: str, as_of: datetime | None = None) -> list[str]:
    """The customer, and who was merged into it by a moment, or by now."""
    if as_of is None:
        return [entity_id, *losers(store, entity_id)]
    rows = store.rows(
        "SELECT loser_id FROM merge_event AS link WHERE survivor_id = ?1 AND seq = (SELECT max(seq) FROM merge_event "
        "AS newer WHERE newer.loser_id = link.loser_id AND newer.recorded_at <= ?2) ORDER BY loser_id",
        [entity_id, stamp(as_of)],
    )
    return [entity_id, *(row["loser_id"] for row in rows)]


def numbers(store: Store, entity_id: str) -> tuple[str, str]:
    """The number of a customer and that of its survivor."""
    row = store.row(
        "SELECT entity.number AS own, coalesce(survivor.number, entity.number) AS leads FROM entity "
        "LEFT JOIN merged_now ON loser_id = entity.entity_id "
        "LEFT JOIN entity AS survivor ON survivor.entity_id = survivor_id WHERE entity.entity_id = ?",
        [entity_id],
    )
    return ("", "") if row is None else (row["own"], row["leads"])


def check_not_merged(store: Store, entity_id: str) -> None:
    """Raises WrongState, naming the survivor, for a customer that was merged: nothing is recorded of it any more."""
    own, leads = numbers(store, entity_id)
    if own != leads:
        raise WrongState("merges.leads_to", number=own, survivor=leads)


def check_record(store: Store, record_id: str) -> None:
    """As `check_not_merged`, for the record of a customer's card."""
    row = store.row(
        "SELECT loser_id FROM merged_now JOIN entity_version ON entity_id = loser_id WHERE record_id = ? LIMIT 1",
        [record_id],
    )
    if row is not None:
        check_not_merged(store, row["loser_id"])
