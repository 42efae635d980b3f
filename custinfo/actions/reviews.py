"""The review of records: decisions on a version, and queries on single answers with their threads.

Nobody reviews a record of which they recorded a version. A decision is about the newest version alone, so an edit voids
it; queries stay open across edits until they are resolved.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, forms, quotas, sealing
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form, RefusedAnswer, compare
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import flat, without_positions

Decision: TypeAlias = Literal["approve", "reject", "has_issues"]
DECISIONS: Collection[str] = ("approve", "reject", "has_issues")
NEED_A_NOTE = ("reject", "has_issues")
LONGEST_TEXT = 2000
REJECTED = "rejected"
"""The state in which a record does not count for the quotas of its form."""


@dataclass(frozen=True)
class Message:
    """One turn of a thread; `said_by` is a name."""

    text: str
    said_at: datetime
    said_by: str


@dataclass(frozen=True)
class Query:
    """A question about one answer: `label` is the question of the form by language, names are those of people."""

    query_id: str
    version: int
    ref: str
    label: dict[str, str]
    state: str
    opened_at: datetime
    opened_by: str
    resolved_at: datetime | None
    resolved_by: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Decided:
    """One decision on a version of a record; `reviewed_by` is a name."""

    version: int
    state: str
    note: str
    reviewed_at: datetime
    reviewed_by: str


def decide(store: Store, actor: Person, record_id: str, version: int, action: Decision, note: str = "") -> str:
    """Approve a record, reject it, or say that it has issues; gives its new state.

    Raises NotFound, NotAllowed for one's own work or to approve a form with questions that the actor is not cleared
    for, Conflict when `version` is no longer the newest, WrongState when the
    state does not allow it, an approval would pass over open queries, or a rejected record would come back into a cell
    of a quota that is full meanwhile, BadInput for a missing note.
    """
    permissions.check(actor, "record.review")
    if action not in DECISIONS:
        raise BadInput("reviews.unknown_action", action=str(action)[:40], known=", ".join(DECISIONS))
    note = _words(note)
    if action in NEED_A_NOTE and not note:
        raise BadInput("reviews.note_needed")
    with store.act(actor.person_id, "record.review", "record", record_id, version=version, decision=action) as tx:
        record = _reviewable(store, actor, record_id, version)
        state = machines.after(machines.RECORD, record["state"], action)
        if action == "approve":
            _check_cleared(store, actor, record)
            _check_resolved(store, record_id)
        if record["state"] == REJECTED and state != REJECTED:
            _check_quotas(store, record)
        row: Row = {"record_id": record_id, "version": version, "state": state, "note": note}
        tx.insert("record_review", {**row, "reviewed_at": tx.at, "reviewed_by": actor.person_id})
    return state


def decisions(store: Store, actor: Person, record_id: str) -> tuple[Decided, ...]:
    """Every decision on the record, the oldest first. Raises NotFound."""
    permissions.check(actor, "record.read")
    _consultable(store, actor, record_id)
    rows = store.rows(
        "SELECT record_review.*, display_name FROM record_review LEFT JOIN person ON person_id = reviewed_by "
        "WHERE record_id = ? ORDER BY seq",
        [record_id],
    )
    return tuple(
        Decided(row["version"], row["state"], row["note"], parse(row["reviewed_at"]), _name(row, "reviewed_by"))
        for row in rows
    )


def ask(store: Store, actor: Person, record_id: str, version: int, ref: str, text: str) -> str:
    """Open a query on one answer of the newest version, given or missing; gives its id.

    Raises NotFound for a record or question that the person may not see or that is not there.
    """
    permissions.check(actor, "record.review")
    text = _said(text)
    query_id = f"Q-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "query.ask", "query", query_id, record=record_id, version=version) as tx:
        record = _reviewable(store, actor, record_id, version)
        if not _has_place(store, actor, record, ref):
            raise NotFound("reviews.no_question")
        tx.note(ref=ref)
        row: Row = {"query_id": query_id, "record_id": record_id, "version": version, "ref": ref}
        tx.insert("query", {**row, "opened_at": tx.at, "opened_by": actor.person_id})
        _say(store, tx, _form(store, record), ref, query_id, actor, text)
    return query_id


def say(store: Store, actor: Person, query_id: str, text: str) -> None:
    """Answer a query, or ask on: for whoever may read the record and the question. Raises NotFound, WrongState."""
    permissions.check(actor, "record.read")
    text = _said(text)
    with store.act(actor.person_id, "query.say", "query", query_id) as tx:
        query, record = _query(store, actor, query_id)
        machines.after(machines.QUERY, _state(query), "say")
        form = forms.load(store, record["form_id"], query["form_version"])
        _say(store, tx, form, query["ref"], query_id, actor, text)


def resolve(store: Store, actor: Person, query_id: str) -> None:
    """Close a query. Never on one's own work. Raises NotFound, WrongState."""
    permissions.check(actor, "record.review")
    with store.act(actor.person_id, "query.resolve", "query", query_id) as tx:
        query, record = _query(store, actor, query_id)
        policies.check_not_own(actor, _authors(store, record["record_id"]))
        machines.after(machines.QUERY, _state(query), "resolve")
        tx.update("query", query_id, {"resolved_at": tx.at, "resolved_by": actor.person_id})


def queries(store: Store, actor: Person, record_id: str) -> tuple[Query, ...]:
    """The queries of a record on the questions that the person may see, the oldest first, with their threads."""
    permissions.check(actor, "record.read")
    record = _consultable(store, actor, record_id)
    with store.act(actor.person_id, "query.read", "record", record_id):
        pass
    rows = store.rows(
        "SELECT query.*, form_version, asking.display_name AS asker, solving.display_name AS solver FROM query "
        "JOIN record_version USING (record_id, version) "
        "LEFT JOIN person AS asking ON asking.person_id = opened_by "
        "LEFT JOIN person AS solving ON solving.person_id = resolved_by WHERE record_id = ? ORDER BY query.rowid",
        [record_id],
    )
    seen = [row for row in rows if _sees(store, actor, record["form_id"], row["form_version"], row["ref"])]
    return tuple(_shown(store, record["form_id"], row) for row in seen)


def waiting(store: Store, actor: Person) -> int:
    """How many open queries, on questions that the person may see, there are on records that they have in hand."""
    if not permissions.may(actor, "record.read"):
        return 0
    mine, scope = assignments.visible_where(actor, "record_current")
    rows = store.rows(
        "SELECT form_id, form_version, ref FROM query JOIN record_version USING (record_id, version) "
        "JOIN record USING (record_id) WHERE resolved_at IS NULL AND EXISTS (SELECT 1 FROM record_hand AS own "
        "WHERE own.record_id = query.record_id AND own.person_id = ?) "
        f"AND record_id IN (SELECT record_id FROM record_current WHERE {mine})",
        [actor.person_id, *scope],
    )
    return sum(_sees(store, actor, row["form_id"], row["form_version"], row["ref"]) for row in rows)


def _shown(store: Store, form_id: str, row: Row) -> Query:
    said = store.rows(
        "SELECT query_message.*, display_name FROM query_message LEFT JOIN person ON person_id = said_by "
        "WHERE query_id = ? ORDER BY seq",
        [row["query_id"]],
    )
    form = forms.load(store, form_id, row["form_version"])
    return Query(
        row["query_id"],
        row["version"],
        row["ref"],
        compare.labels(form, without_positions(row["ref"])),
        _state(row),
        parse(row["opened_at"]),
        row["asker"] or row["opened_by"],
        parse(row["resolved_at"]) if row["resolved_at"] else None,
        row["solver"] or row["resolved_by"] or "",
        tuple(Message(_text(store, one), parse(one["said_at"]), _name(one, "said_by")) for one in said),
    )


def _reviewable(store: Store, actor: Person, record_id: str, version: int) -> Row:
    """The newest version of somebody else's record, which is the one that the person has seen."""
    record = _readable(store, actor, record_id)
    policies.check_not_own(actor, _authors(store, record_id))
    if record["version"] != version:
        raise Conflict("reviews.newer_version", version=record["version"])
    return record


def _readable(store: Store, actor: Person, record_id: str) -> Row:
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    policies.check_readable(actor, record)
    assert record is not None
    return record


def _consultable(store: Store, actor: Person, record_id: str) -> Row:
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    policies.check_consultable(actor, record)
    assert record is not None
    return record


def _authors(store: Store, record_id: str) -> set[str]:
    rows = store.rows("SELECT DISTINCT recorded_by FROM record_version WHERE record_id = ?", [record_id])
    return {row["recorded_by"] for row in rows}


def _check_cleared(store: Store, actor: Person, record: Row) -> None:
    """Whoever approves a record answers for all of it. By the questions of the form, not by what the record answers:
    the refusal says nothing of answers or queries that the person does not see.
    """
    form = _form(store, record)
    if not all(visibility.sees(actor, form.levels[ref]) for ref in form.control_of):
        raise NotAllowed("reviews.not_cleared")


def _check_resolved(store: Store, record_id: str) -> None:
    still = store.rows("SELECT 1 FROM query WHERE record_id = ? AND resolved_at IS NULL", [record_id])
    if still:
        raise WrongState("reviews.open_queries", count=len(still))


def _check_quotas(store: Store, record: Row) -> None:
    """Raises WrongState when a cell of the record has no room left, by the quotas that the form has now."""
    form = forms.load(store, record["form_id"])
    counts = quotas.counts(store, form, without=record["record_id"])
    answers = flat(_content(store, record), form.root.ref)
    for ref, limits in form.quotas.items():
        cell = answers.get(ref, "")
        if cell in limits and counts[ref].get(cell, 0) >= limits[cell]:
            raise WrongState("reviews.quota_full", cell=cell[:80], limit=limits[cell])


def _query(store: Store, actor: Person, query_id: str) -> tuple[Row, Row]:
    """The query and its record; what the person may not see is not told apart from what is not there."""
    query = store.row(
        "SELECT query.*, form_version FROM query JOIN record_version USING (record_id, version) WHERE query_id = ?",
        [query_id],
    )
    if query is None:
        raise NotFound("reviews.unknown")
    try:
        record = _readable(store, actor, query["record_id"])
    except NotFound:
        raise NotFound("reviews.unknown") from None
    if not _sees(store, actor, record["form_id"], query["form_version"], query["ref"]):
        raise NotFound("reviews.unknown")
    return query, record


def _sees(store: Store, actor: Person, form_id: str, version: str, ref: str) -> bool:
    level = forms.load(store, form_id, version).levels.get(without_positions(ref))
    return level is not None and visibility.sees(actor, level)


def _has_place(store: Store, actor: Person, record: Row, ref: str) -> bool:
    """Whether the record's form asks the question, the rounds of repeats in `ref` are there, and the person sees it."""
    form = _form(store, record)
    place = without_positions(ref)
    if place not in form.control_of or form.nodes[place].is_group:
        return False
    instance, _ = fitted(form, _content(store, record))
    try:
        forms.session(store, form, instance).state(ref)
    except RefusedAnswer:
        return False
    return _sees(store, actor, form.form_id, form.version, ref)


def _state(query: Row) -> str:
    return "open" if query["resolved_at"] is None else "resolved"


def _form(store: Store, record: Row) -> Form:
    return forms.load(store, record["form_id"], record["form_version"])


def _content(store: Store, record: Row) -> dict[str, Any]:
    return sealing.opened_values(store, "record_version", record["record_id"], record["version"], record["content"])


def _say(store: Store, tx: Tx, form: Form, ref: str, query_id: str, actor: Person, text: str) -> None:
    """What is said about an answer of level 1 is as secret as that."""
    words = sealing.sealed_answer(store, form, ref, "query_message", query_id, "text", tx.at, text)
    tx.insert("query_message", {"query_id": query_id, "text": words, "said_at": tx.at, "said_by": actor.person_id})


def _text(store: Store, said: Row) -> str:
    return sealing.open_text(store, "query_message", said["query_id"], "text", said["said_at"], said["text"])


def _words(text: str) -> str:
    return clean(text, max_length=LONGEST_TEXT).strip()


def _said(text: str) -> str:
    words = _words(text)
    if not words:
        raise BadInput("reviews.nothing_said")
    return words


def _name(row: Row, column: str) -> str:
    return str(row["display_name"] or row[column])
