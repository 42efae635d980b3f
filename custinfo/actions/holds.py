"""Holds: what must not be destroyed, whatever the rules say. Set by people, or standing by themselves.

A hold wins always: over a rule, over a request, and over a job that is running when it is set.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies, visibility
from custinfo.access.visibility import Scope
from custinfo.actions import assignments, merge_links, pseudonyms
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.text import stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KINDS = ("customer", "record", "draft", "file")
LONGEST_REASON = 500


@dataclass(frozen=True)
class Hold:
    """A hold that somebody set, on the object of that kind; `number` is that of a customer.

    `object_id` and `number` are blank in what is shown to somebody who may not know of the object.
    """

    hold_id: str
    object_kind: str
    object_id: str
    number: str
    reason: str
    set_at: datetime
    set_by: str
    released_at: datetime | None


def set_(store: Store, actor: Person, object_kind: str, object_id: str, reason: str) -> str:
    """Nothing of this object is destroyed from now on; gives the hold's id. Customers may be given by their number.

    Raises BadInput without a reason, NotFound for what is not there or what the actor may not know of.
    """
    permissions.check(actor, "retention.hold")
    object_id = _known(store, actor, object_kind, object_id.strip())
    with store.act(actor.person_id, "hold.set", object_kind, object_id) as tx:
        return put(tx, actor, object_kind, object_id, reason)


def put(tx: Tx, actor: Person, object_kind: str, object_id: str, reason: str, *, incident: str | None = None) -> str:
    """A hold within an open action; `incident` is the number of the one that it serves. Raises BadInput without a
    reason.
    """
    words = stated(reason, "retention.reason_needed", max_length=LONGEST_REASON)
    hold_id = f"H-{secrets.token_hex(6)}"
    row = {"hold_id": hold_id, "object_kind": object_kind, "object_id": object_id, "reason": words}
    tx.insert("retention_hold", {**row, "incident": incident, "set_at": tx.at, "set_by": actor.person_id})
    tx.note(hold=hold_id)
    return hold_id


def release(store: Store, actor: Person, hold_id: str, reason: str) -> None:
    """The hold no longer stands. For who may know of the object, and neither made nor marked a plan that would destroy
    it; a hold of an incident is released by who handles incidents.

    Raises BadInput without a reason, NotFound, NotAllowed, WrongState when it is released already.
    """
    permissions.check(actor, "retention.hold")
    words = stated(reason, "retention.reason_needed", max_length=LONGEST_REASON)
    with store.act(actor.person_id, "hold.release", "hold", hold_id) as tx:
        row = store.row("SELECT * FROM retention_hold WHERE hold_id = ?", [hold_id])
        if row is None or not _concerns(store, actor, row):
            raise NotFound("retention.no_hold")
        if row["incident"] is not None and actor is not SERVICE:
            permissions.check(actor, "oversight.handle")
        if _in_own_plan(store, actor, row["object_id"]):
            raise NotAllowed("retention.own_plan")
        if row["released_at"] is not None:
            raise WrongState("retention.released_already")
        ended = {"released_at": tx.at, "released_by": actor.person_id, "release_reason": words}
        tx.update("retention_hold", hold_id, ended)


def listed(store: Store, actor: Person) -> tuple[Hold, ...]:
    """The holds that stand, the newest first: on what the actor may know of, and for who handles incidents those of
    incidents, without saying on whom. `others` counts the rest.
    """
    permissions.check(actor, "retention.read")
    rows = _open(store)
    return tuple(_hold(store, actor, row) for row in rows if _concerns(store, actor, row))


def others(store: Store, actor: Person) -> int:
    """How many holds stand on what the actor may not know of."""
    permissions.check(actor, "retention.read")
    return sum(not _concerns(store, actor, row) for row in _open(store))


def knows(store: Store, actor: Person, object_kind: str, object_id: str) -> bool:
    """Whether the actor may know of an object that is held or is to be destroyed: what its id or number shows."""
    if actor is SERVICE:
        return True
    if object_kind == "customer":
        return assignments.in_scope(store, actor, object_id)
    if object_kind == "record":
        record = store.row("SELECT * FROM record_current WHERE record_id = ?", [object_id])
        return record is not None and policies.may_read(actor, record)
    reach = visibility.scope(actor)
    if object_kind == "draft" and reach is Scope.DEPARTMENT:
        row = store.row("SELECT department FROM draft JOIN person ON person_id = owner WHERE draft_id = ?", [object_id])
        return row is not None and bool(actor.department) and row["department"] == actor.department
    if object_kind == "file" and reach is Scope.DEPARTMENT:
        places = store.rows("SELECT record_id FROM file_place WHERE file_id = ?", [object_id])
        return any(knows(store, actor, "record", one["record_id"]) for one in places if one["record_id"])
    return reach is Scope.ALL


def _concerns(store: Store, actor: Person, row: Row) -> bool:
    """Whether a hold is the actor's to see. Who watches over incidents and has no customers sees all of incidents."""
    watches = permissions.may(actor, "oversight.handle") and visibility.scope(actor) is Scope.NONE
    return (row["incident"] is not None and watches) or knows(store, actor, row["object_kind"], row["object_id"])


def _in_own_plan(store: Store, actor: Person, object_id: str) -> bool:
    """Whether a plan under way that the actor made or marked lists it, or something of that customer."""
    if actor is SERVICE:
        return False
    mine = store.row(
        "SELECT 1 FROM retention_plan JOIN retention_item USING (plan_id) LEFT JOIN record "
        "ON record.record_id = object_id LEFT JOIN draft ON draft.draft_id = object_id "
        "WHERE state IN ('planned', 'pending', 'erasing') AND ?1 IN (made_by, marked_by) "
        "AND ?2 IN (object_id, record.entity_id, draft.entity_id)",
        [actor.person_id, object_id],
    )
    return mine is not None


def _open(store: Store) -> list[Row]:
    return store.rows(
        "SELECT retention_hold.*, display_name, number FROM retention_hold LEFT JOIN person ON person_id = set_by "
        "LEFT JOIN entity ON entity_id = object_id WHERE released_at IS NULL ORDER BY set_at DESC"
    )


def _hold(store: Store, actor: Person, row: Row) -> Hold:
    known = knows(store, actor, row["object_kind"], row["object_id"])
    return Hold(
        row["hold_id"], row["object_kind"], row["object_id"] if known else "", (row["number"] or "") if known else "",
        row["reason"], parse(row["set_at"]), row["display_name"] or row["set_by"], None,
    )  # fmt: skip


def standing(store: Store, objects: Collection[str]) -> dict[str, list[str]]:
    """Which of these objects are held, and by what: `hold:<id>`, or the kind and id of what stands by itself.

    What holds a customer holds whoever was merged with it.
    """
    leads = merge_links.group(store, objects)
    held: dict[str, list[str]] = {}
    ids = json.dumps(sorted(leads))
    for kind, statement in _SOURCES.items():
        for row in store.rows(statement, [ids]):
            held.setdefault(leads[row["object_id"]], []).append(f"{kind}:{row['id']}")
    for object_id in _unpaid(store, ids):
        held.setdefault(leads[object_id], []).append("unpaid")
    return {one: held[leads[one]] for one in sorted(objects) if leads[one] in held}


_SOURCES: Mapping[str, str] = {
    "hold": "SELECT object_id, hold_id AS id FROM retention_hold WHERE released_at IS NULL "
    "AND object_id IN (SELECT value FROM json_each(?))",
    "complaint": "SELECT record.entity_id AS object_id, complaint.number AS id FROM entity_current AS complaint "
    "JOIN record USING (record_id) WHERE dataset = 'complaints' "
    "AND coalesce(json_extract(properties, '$.stage'), '') != 'closed' "
    "AND record.entity_id IN (SELECT value FROM json_each(?))",
    # Whoever asks to see, copy, correct or keep their data has to be answered first; not who wants it gone
    "request": "SELECT entity_id AS object_id, number AS id FROM subject_request "
    "WHERE state NOT IN ('answered', 'refused', 'taken_back') AND kind NOT IN ('delete', 'withdraw', 'object') "
    "AND entity_id IN (SELECT value FROM json_each(?))",
}
"""What holds an object: a query of the objects among ids, with what holds them."""


def _unpaid(store: Store, ids: str) -> list[str]:
    """Customers of the list who, by the newest version of the lake, have not paid for what they bought."""
    rows = store.rows("SELECT entity_id FROM customer_salt WHERE entity_id IN (SELECT value FROM json_each(?))", [ids])
    if not rows:
        return []
    from custinfo.lake import balances  # the lake's engine: not in the process that pages are forked from

    keys = {pseudonyms.key_of(store, row["entity_id"]): row["entity_id"] for row in rows}
    return sorted(keys[key] for key in balances.unpaid(store.site, keys))


def _known(store: Store, actor: Person, object_kind: str, given: str) -> str:
    if object_kind not in KINDS:
        raise BadInput("retention.no_kind")
    if object_kind == "customer":
        by = "entity_id" if store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [given]) else "number"
        row = store.row(
            f"SELECT entity_id AS id FROM entity_current WHERE dataset = 'customers' AND {by} = ?", [given.upper()]
            if by == "number" else [given],
        )  # fmt: skip
    else:
        table = "record_current" if object_kind == "record" else object_kind
        row = store.row(f"SELECT {object_kind}_id AS id FROM {table} WHERE {object_kind}_id = ?", [given])
    if row is None or not knows(store, actor, object_kind, row["id"]):
        raise NotFound("retention.no_object")
    return str(row["id"])
