"""Merging two customers that are one, and taking that back. Nothing is overwritten.

A merge is a link from the one that goes (loser) to the one that stays (survivor), with who, when, why and on what
evidence; where the survivor takes answers over, its card gets a new version. What is about the loser is found at the
survivor from then on; its number leads there and is never given out again. The stricter of two consents counts.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import (
    assignments,
    consents,
    duplicates,
    entities,
    forms,
    match_events,
    merge_links,
    records,
    sealing,
)
from custinfo.actions.entities import UNIQUE
from custinfo.domain import consent
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form
from custinfo.xforms.refs import flat

LONGEST_REASON = duplicates.LONGEST_REASON
STRICTER = {consents.WITHDRAWN: "withdrawn", consents.RESTRICTED: "restricted"}
"""How a purpose may stand for the loser so that the survivor's data may not be used for it either."""


@dataclass(frozen=True)
class Merged:
    """What a merge did: its id, the survivor, the answers that were taken over, the consents that ended with it."""

    merge_id: str
    survivor_id: str
    survivor_number: str
    loser_number: str
    chosen: tuple[str, ...]
    stopped: tuple[str, ...]


@dataclass(frozen=True)
class MergeRow:
    """A merge of a customer's history; `undone_at` where it was taken back."""

    merge_id: str
    loser_id: str
    loser_number: str
    survivor_id: str
    survivor_number: str
    reason: str
    automatic: bool
    merged_at: datetime
    merged_by_name: str
    undone_at: datetime | None
    undone_reason: str


@dataclass(frozen=True)
class Undone:
    """What taking a merge back left: the two numbers, and the answers that stay as they were changed since."""

    survivor_number: str
    loser_number: str
    kept: tuple[str, ...]


def merge(
    store: Store, actor: Person, survivor_id: str, loser_id: str, *, reason: str, seen: tuple[int, int],
    chosen: Collection[str] = (), automatic: bool = False,
) -> Merged:  # fmt: skip
    """Make one customer of two that the actor knows. `chosen` are the questions whose answers come from the loser.

    `seen` are the versions of survivor and loser that were looked at. `automatic`: nobody looked, a rule decided.
    Raises NotFound, BadInput without a reason or for cards of two kinds, Conflict when one of them changed since,
    WrongState for one that is merged already or about to be erased.
    """
    permissions.check(actor, "duplicate.review")
    words = stated(reason, "dedupe.reason_needed", max_length=LONGEST_REASON)
    if survivor_id == loser_id:
        raise BadInput("dedupe.same_number", number=merge_links.numbers(store, survivor_id)[0])
    merge_id = f"M-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "customer.merge", "customer", survivor_id, loser=loser_id, merge=merge_id) as tx:
        survivor, loser = (_current(store, actor, one) for one in (survivor_id, loser_id))
        if (survivor["version"], loser["version"]) != seen:
            raise Conflict("dedupe.changed", first=survivor["number"], second=loser["number"])
        if survivor["form_id"] != loser["form_id"]:
            raise BadInput("merges.two_kinds", first=survivor["number"], second=loser["number"])
        _check_not_going(store, survivor, loser)
        refs = _take_over(store, tx, actor, survivor, loser, chosen, words, merge_id)
        stopped = _stricter(store, tx, actor, survivor, loser)
        _link(store, tx, survivor_id, loser_id)
        tx.insert("merge", _row(store, tx, actor, merge_id, survivor, loser, words, refs, automatic=automatic))
        match_events.note(tx, survivor_id, loser_id, "merged_by_rule" if automatic else "merged")
        tx.note(chosen=len(refs), stopped=" ".join(stopped), automatic=int(automatic))
        from custinfo.actions import withholding

        # The loser's rows of the lake are the survivor's now: who withdrew before has withdrawn them too
        if stopped or withholding.concerns(store, survivor_id):
            withholding.keep(store, tx)
    return Merged(merge_id, survivor_id, survivor["number"], loser["number"], tuple(refs), tuple(stopped))


def _current(store: Store, actor: Person, entity_id: str) -> Row:
    """The customer as its card states it. Raises NotFound, WrongState for one that was merged."""
    assignments.check_in_scope(store, actor, entity_id)
    merge_links.check_not_merged(store, entity_id)
    current = entities.current(store, entity_id)
    if current["dataset"] != "customers":
        raise NotFound("customers.unknown", number=entity_id[:40])
    return current


def _check_not_going(store: Store, *both: Row) -> None:
    """Raises WrongState for a customer that a plan under way is going to erase: what was agreed is about one."""
    for one in both:
        going = store.row(
            "SELECT 1 FROM retention_plan JOIN retention_item USING (plan_id) "
            "WHERE state IN ('planned', 'pending', 'erasing') AND object_id = ?",
            [one["entity_id"]],
        )
        if going is not None:
            raise WrongState("merges.going", number=one["number"])


# ---- answers -------------------------------------------------------------------------------------------------------


def _take_over(
    store: Store, tx: Tx, actor: Person, survivor: Row, loser: Row, chosen: Collection[str], reason: str, merge_id: str
) -> list[str]:  # fmt: skip
    """A version of the survivor's card with the chosen answers of the loser; gives the questions that changed."""
    if not chosen:
        return []
    form = forms.load(store, survivor["form_id"], survivor["form_version"])
    theirs = flat(entities.content(store, loser), form.root.ref)
    values = {ref: theirs.get(ref, "") for ref in form.nodes if ref in set(chosen)}
    if set(chosen) - values.keys():
        raise BadInput("merges.no_question", question=min(set(chosen) - values.keys())[:80])
    _swap_keys(tx, form, survivor["entity_id"], loser["entity_id"], values)
    return _restate(store, tx, actor, survivor, form, values, reason, f"merge:{merge_id}")


def _restate(
    store: Store, tx: Tx, actor: Person, current: Row, form: Form, values: Mapping[str, str], reason: str, key: str
) -> list[str]:  # fmt: skip
    """Record the customer's card anew with these answers; gives what changed. The form's own rules decide: raises
    RefusedAnswer and Unfinished as an entry would.
    """
    session = forms.session(store, form, entities.content(store, current), actor=actor)
    before = {ref: session.state(ref).value for ref in values}
    changed = [ref for ref, value in values.items() if value != before[ref]]
    if not changed:
        return []
    for ref in changed:
        if not session.state(ref).calculated:
            session.answer(ref, values[ref])
    made = session.finish()
    remarks = records.Remarks(reason=reason, source=records.MERGE)
    records.restate(store, tx, actor, form, made, current, key=key, remarks=remarks)
    return changed


def _swap_keys(tx: Tx, form: Form, one: str, other: str, values: Collection[str]) -> None:
    """Identifiers that change hands do so at once: neither is free for anybody else in between."""
    for ref, kind in entities.marked(form, UNIQUE):
        if ref in values:
            tx.execute(
                "UPDATE entity_key SET entity_id = CASE entity_id WHEN ?2 THEN ?3 ELSE ?2 END "
                "WHERE dataset = 'customers' AND kind = ?1 AND entity_id IN (?2, ?3)",
                [kind, one, other],
            )


# ---- the link ------------------------------------------------------------------------------------------------------


def _link(store: Store, tx: Tx, survivor_id: str, loser_id: str) -> None:
    """The loser and whoever was merged into it lead to the survivor from now on."""
    for one in [*merge_links.losers(store, loser_id), loser_id]:
        tx.execute("DELETE FROM merged_now WHERE loser_id = ?", [one])
        tx.insert("merged_now", {"loser_id": one, "survivor_id": survivor_id})
        tx.insert("merge_event", {"loser_id": one, "survivor_id": survivor_id, "recorded_at": tx.at})


def _row(
    store: Store, tx: Tx, actor: Person, merge_id: str, survivor: Row, loser: Row, reason: str, refs: list[str], *,
    automatic: bool,
) -> dict[str, Any]:  # fmt: skip
    low, high = sorted((survivor["entity_id"], loser["entity_id"]))
    pair = store.row("SELECT * FROM duplicate WHERE low_id = ? AND high_id = ?", [low, high])
    return {
        "merge_id": merge_id, "loser_id": loser["entity_id"], "survivor_id": survivor["entity_id"], "reason": reason,
        "probability": pair["probability"] if pair else None, "evidence": pair["evidence"] if pair else "[]",
        "rule_version": pair["rule_version"] if pair else None, "automatic": int(automatic),
        "chosen": json.dumps(refs), "survivor_version": survivor["version"], "loser_version": loser["version"],
        "merged_at": tx.at, "merged_by": actor.person_id,
    }  # fmt: skip


def _stricter(store: Store, tx: Tx, actor: Person, survivor: Row, loser: Row) -> list[str]:
    """What the loser withdrew from or objected to ends for the survivor too; gives the purposes."""
    stopped = []
    for purpose in (*consent.purposes(), consent.EVERYTHING):
        if purpose == consent.EVERYTHING:
            theirs = _limit(store, loser["entity_id"], purpose)
            same = _limit(store, survivor["entity_id"], purpose)
            kind = "restricted" if theirs and not same else None
        else:
            found = consents.standing(store, loser["entity_id"], purpose)
            now = consents.standing(store, survivor["entity_id"], purpose)
            kind = STRICTER.get(found.state) if now.state not in STRICTER else None
            theirs = found.event
        if kind is None or theirs is None or (theirs["purpose"] != purpose):
            continue
        event = {
            "entity_id": survivor["entity_id"], "kind": kind, "purpose": purpose, "channel": theirs["channel"],
            "happened_on": theirs["happened_on"], "request_id": theirs["request_id"], "recorded_at": tx.at,
            "recorded_by": actor.person_id,
        }  # fmt: skip
        words = f"← {loser['number']}"
        sealed = sealing.seal_text(
            store, "consent_event", survivor["entity_id"], "evidence", f"{tx.at}{purpose}", words
        )
        consents.end(store, tx, {**event, "evidence": sealed})
        stopped.append(purpose)
    return stopped


def _limit(store: Store, entity_id: str, purpose: str) -> Row | None:
    return store.row("SELECT * FROM processing_limit WHERE entity_id = ? AND purpose = ?", [entity_id, purpose])


# ---- taking it back ------------------------------------------------------------------------------------------------


def undo(store: Store, actor: Person, merge_id: str, *, reason: str) -> Undone:
    """Make two customers of one again. The loser is as it was; what was recorded since stays with the survivor, and so
    do answers that somebody changed since, and the stricter consents.

    Raises NotFound, BadInput without a reason, WrongState when it was taken back or the survivor was itself merged.
    """
    permissions.check(actor, "duplicate.review")
    words = stated(reason, "dedupe.reason_needed", max_length=LONGEST_REASON)
    with store.act(actor.person_id, "customer.unmerge", "merge", merge_id[:40]) as tx:
        row = _merge_in_scope(store, actor, merge_id)
        survivor = entities.current(store, row["survivor_id"])
        restored, kept = _give_back(store, tx, actor, row, survivor, words)
        _unlink(store, tx, row["loser_id"], row["survivor_id"])
        made = {"merge_id": merge_id, "loser_id": row["loser_id"], "survivor_id": row["survivor_id"]}
        tx.insert("merge_undo", {**made, "reason": words, "undone_at": tx.at, "undone_by": actor.person_id})
        match_events.note(tx, row["survivor_id"], row["loser_id"], "undone")
        tx.note(restored=len(restored), kept=len(kept), customer=row["survivor_id"])
        from custinfo.actions import withholding

        withholding.keep(store, tx)
    return Undone(survivor["number"], merge_links.numbers(store, row["loser_id"])[0], tuple(kept))


def _merge_in_scope(store: Store, actor: Person, merge_id: str) -> Row:
    """The row of a merge that can be taken back. Raises NotFound, WrongState."""
    row = store.row("SELECT * FROM merge WHERE merge_id = ?", [merge_id])
    if row is None or not assignments.in_scope(store, actor, row["survivor_id"]):
        raise NotFound("merges.unknown")
    if store.row("SELECT 1 FROM merge_undo WHERE merge_id = ?", [merge_id]):
        raise WrongState("merges.undone_already")
    if store.row("SELECT 1 FROM entity WHERE entity_id = ? AND erased_at IS NOT NULL", [row["survivor_id"]]):
        raise NotFound("merges.unknown")
    merge_links.check_not_merged(store, row["survivor_id"])
    return row


def _give_back(
    store: Store, tx: Tx, actor: Person, row: Row, survivor: Row, reason: str
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Answers that the survivor took over are as they were before, unless they were changed since (the second list)."""
    chosen: list[str] = json.loads(row["chosen"])
    if not chosen:
        return [], []
    form = forms.load(store, survivor["form_id"], survivor["form_version"])
    known = [ref for ref in chosen if ref in form.nodes]
    before, after = (
        flat(_card_of(store, row["survivor_id"], row["survivor_version"] + step), form.root.ref) for step in (0, 1)
    )
    now = flat(entities.content(store, survivor), form.root.ref)
    back = {ref: before.get(ref, "") for ref in known if now.get(ref, "") == after.get(ref, "")}
    kept = [ref for ref in chosen if ref not in back]
    _swap_keys(tx, form, row["survivor_id"], row["loser_id"], back)
    restored = _restate(store, tx, actor, survivor, form, back, reason, f"unmerge:{row['merge_id']}")
    return restored, kept


def _card_of(store: Store, entity_id: str, version: int) -> dict[str, Any]:
    """The card's answers as a version of the customer had them."""
    row = store.row(
        "SELECT entity_version.*, dataset FROM entity_version JOIN entity USING (entity_id) "
        "WHERE entity_id = ? AND version = ?",
        [entity_id, version],
    )
    assert row is not None
    return entities.content(store, entities.as_card(store, sealing.opened_entity(store, row)))


def _unlink(store: Store, tx: Tx, loser_id: str, survivor_id: str) -> None:
    """The loser is a customer again, and whoever was merged into it before leads to it once more."""
    own = _merged_into(store, loser_id)
    tx.execute("DELETE FROM merged_now WHERE loser_id = ? AND survivor_id = ?", [loser_id, survivor_id])
    tx.insert("merge_event", {"loser_id": loser_id, "survivor_id": None, "recorded_at": tx.at})
    for one in own:
        tx.execute("UPDATE merged_now SET survivor_id = ? WHERE loser_id = ?", [loser_id, one])
        tx.insert("merge_event", {"loser_id": one, "survivor_id": loser_id, "recorded_at": tx.at})


def _merged_into(store: Store, survivor_id: str) -> list[str]:
    """Who was merged into this customer, directly or over others, by merges that stand."""
    rows = store.rows(
        "WITH RECURSIVE into_it (loser_id) AS (SELECT loser_id FROM merge WHERE survivor_id = ?1 "
        "AND merge_id NOT IN (SELECT merge_id FROM merge_undo) UNION SELECT merge.loser_id FROM merge "
        "JOIN into_it ON merge.survivor_id = into_it.loser_id "
        "WHERE merge_id NOT IN (SELECT merge_id FROM merge_undo)) SELECT loser_id FROM into_it ORDER BY loser_id",
        [survivor_id],
    )
    return [row["loser_id"] for row in rows]


# ---- reading -------------------------------------------------------------------------------------------------------


def history(store: Store, actor: Person, customer_id: str) -> list[MergeRow]:
    """The merges of a customer, the newest first. Raises NotFound, NotAllowed."""
    permissions.check(actor, "customer.read")
    assignments.check_in_scope(store, actor, customer_id)
    rows = store.rows(
        "SELECT merge.*, loser.number AS loser_number, survivor.number AS survivor_number, display_name, undone_at, "
        "merge_undo.reason AS undone_reason FROM merge JOIN entity AS loser ON loser.entity_id = merge.loser_id "
        "JOIN entity AS survivor ON survivor.entity_id = merge.survivor_id "
        "LEFT JOIN person ON person_id = merged_by LEFT JOIN merge_undo USING (merge_id) "
        "WHERE ?1 IN (merge.loser_id, merge.survivor_id) ORDER BY merged_at DESC, merge_id",
        [customer_id],
    )
    return [
        MergeRow(
            row["merge_id"], row["loser_id"], row["loser_number"], row["survivor_id"], row["survivor_number"],
            row["reason"], bool(row["automatic"]), parse(row["merged_at"]), row["display_name"] or row["merged_by"],
            parse(row["undone_at"]) if row["undone_at"] else None, row["undone_reason"] or "",
        )
        for row in rows
    ]  # fmt: skip
