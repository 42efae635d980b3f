"""How secret one record is as a whole (R217): set by who supervises, with a reason; every turn stays on record.

A record of level 1 does not exist for whoever is not cleared for level 1, and nor does the customer whose card it is.
"""

from custinfo.access import permissions, policies
from custinfo.actions import withholding
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import stated
from custinfo.store import Store
from custinfo.store.database import Row

LONGEST_REASON = 500


def set(store: Store, actor: Person, record_id: str, level: Level, reason: str) -> None:
    """Say how secret a record is; only down from what the actor may see. Level 2 is as if nothing was said.

    A customer whose card is of level 1 is left out of analysis, in what the lake has of them already too. Raises
    NotFound, BadInput without a reason, NotAllowed for a level that the actor is not cleared for.
    """
    permissions.check(actor, "record.level")
    reason = stated(reason, "record_levels.reason_needed", max_length=LONGEST_REASON)
    if level < actor.clearance:
        raise NotAllowed("record_levels.above_clearance")
    with store.act(actor.person_id, "record.level", "record", record_id, level=int(level)) as tx:
        policies.check_readable(actor, store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id]))
        before = level_of(store, record_id)
        row: Row = {"record_id": record_id, "level": int(level), "reason": reason, "set_at": tx.at}
        tx.insert("record_level", {**row, "set_by": actor.person_id})
        turns = _is_card(store, record_id) and (level == Level.SECRET) is not (before == Level.SECRET)
        if turns and level == Level.SECRET:
            withholding.keep(store, tx)
    if turns and level != Level.SECRET:
        withholding.refresh(store, actor, "record.level")


def _is_card(store: Store, record_id: str) -> bool:
    """Whether a customer is what the record says."""
    found = store.row(
        "SELECT 1 FROM entity_version JOIN entity USING (entity_id) WHERE record_id = ? AND dataset = 'customers'",
        [record_id],
    )
    return found is not None


def level_of(store: Store, record_id: str) -> Level:
    """The level of a record; one that nobody set is 2, that of ordinary data."""
    row = store.row("SELECT level FROM record_now_level WHERE record_id = ?", [record_id])
    return Level(row["level"]) if row else Level.INTERNAL
