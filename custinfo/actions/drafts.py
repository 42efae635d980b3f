"""Drafts: what somebody is filling in, saved at every answer, resumed on any machine."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, entities, forms, merge_links, sealing, verifications
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, NotFound, WrongState
from custinfo.domain.people import Audience, Person
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form, RefusedAnswer
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import flat, without_positions

NEVER = parse("1970-01-01T00:00:00Z")
LONGEST_REMARK = 2000
LONGEST_REF = 500
BESIDE = ("notes", "reasons")
"""The columns of what stands beside the answers."""
WIPED = {"instance": "{}", "notes": "{}", "reasons": "{}"}
"""What a draft holds of answers once it has ended."""


@dataclass(frozen=True)
class Draft:
    """A draft as it stands. `instance` is the nested dict that `xforms.Session` takes and gives.

    `customer_id` and `base_version` say which version of which customer it started from, for a form that is about one;
    `record_id` and `base_record_version` which record it edits; `verifies` which record it enters a second time.
    `notes` and `reasons` (why an unusual answer stands) are by ref.
    """

    draft_id: str
    form_id: str
    form_version: str
    instance: dict[str, Any]
    customer_id: str | None
    base_version: int | None
    updated_at: datetime
    saves: int
    record_id: str | None = None
    base_record_version: int | None = None
    verifies: str | None = None
    interviewed_at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerEvent:
    """One line of the log of a form being filled in, as in ODK's audit.csv. Values are kept as the record's are."""

    event: str
    ref: str
    started_at: datetime
    ended_at: datetime | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class Saved:
    """A draft that was saved: when it was safe on disk, and the counter that the next save has to name."""

    at: datetime
    saves: int


def blank(
    store: Store, actor: Person, form_id: str, customer_id: str | None = None, *, record_id: str | None = None,
    verifies: str | None = None, given: Mapping[str, str] | None = None,
) -> Draft:  # fmt: skip
    """What a new draft of the form starts with; nothing is stored until the first answer.

    For a customer, a card starts from its current version, and any other form from the customer's number. For a record,
    an edit starts from its newest version; a second entry (`verifies`) starts blank, or from the first one where the
    form says `open`. `given` are answers by ref that a link brought along: what the form refuses is left out.
    """
    permissions.check(actor, "form.fill")
    if record_id is not None:
        return _edit(store, actor, record_id)
    if verifies is not None:
        return _second_entry(store, actor, verifies)
    form_row = forms.find(store, form_id)
    forms.check_audience(actor, form_row)
    if forms.closed(store, form_id):
        raise WrongState("forms.closed", form=form_id[:80])
    draft = Draft("", form_id, form_row["version"], {}, None, None, NEVER, 0)
    if customer_id is not None:
        draft = _about_customer(store, actor, draft, customer_id)
    return replace(draft, instance=_with(store, actor, draft, given)) if given else draft


def _about_customer(store: Store, actor: Person, draft: Draft, customer_id: str) -> Draft:
    permissions.check(actor, "customer.read")
    assignments.check_in_scope(store, actor, customer_id)
    customer = entities.current(store, customer_id)
    form = forms.load(store, draft.form_id)
    if customer["form_id"] == draft.form_id:
        instance, _ = fitted(form, entities.content(store, customer))
        _read_for_editing(store, actor, "customer", customer_id, form, instance)
    elif forms.find(store, draft.form_id)["dataset"] == customer["dataset"]:
        raise WrongState("customers.other_card", number=customer["number"])
    else:
        ref = entities.about_place(form, customer["dataset"])
        # An answer to a form that has begun: with its defaults, which an instance of the number alone would go without
        instance = _with(store, actor, draft, {ref: customer["number"]}) if ref else {}
    return replace(draft, customer_id=customer_id, base_version=customer["version"], instance=instance)


def _edit(store: Store, actor: Person, record_id: str) -> Draft:
    """An edit stays with the record's own version of the form, to which its answers are tied."""
    permissions.check(actor, "record.edit")
    found = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    record = policies.check_readable(actor, found)
    form = forms.load(store, record["form_id"], record["form_version"])
    merge_links.check_record(store, record_id)
    about = merge_links.survivor_of(store, record["entity_id"]) if record["entity_id"] else None
    entity = entities.current(store, about) if about else None
    made = entity if entity is not None and entity["record_id"] == record_id else None
    place = store, "record_version", record_id, record["version"]
    values = entities.content(store, made) if made else sealing.opened_values(*place, record["content"])
    instance, _ = fitted(form, values)  # a repeat without rounds stays without
    _read_for_editing(store, actor, "record", record_id, form, instance)
    return Draft(
        "", record["form_id"], record["form_version"], instance, about,
        made["version"] if made else None, NEVER, 0, record_id, record["version"],
        interviewed_at=parse(record["interviewed_at"]) if record["interviewed_at"] else None,
        notes=sealing.opened_values(*place, record["notes"], "notes"),
        reasons=sealing.opened_values(*place, record["reasons"], "reasons"),
    )  # fmt: skip


def _second_entry(store: Store, actor: Person, record_id: str) -> Draft:
    """Somebody else enters the same questionnaire again, so that slips of the first entry show."""
    permissions.check(actor, "record.verify")
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    if record is None:
        raise NotFound("access.no_record")
    form = forms.load(store, record["form_id"], record["form_version"])
    mode = forms.double_entry(form)
    if mode is None:
        raise WrongState("records.no_second_entry", form=record["form_id"])
    verifications.check_wanted(store, actor, record)
    if mode == "open":
        policies.check_readable(actor, record)
    instance: dict[str, Any] = {}
    if mode == "open":
        content = sealing.opened_values(store, "record_version", record_id, record["version"], record["content"])
        instance, _ = fitted(form, content)
    if instance:
        _read_for_editing(store, actor, "record", record_id, form, instance)
    return Draft("", record["form_id"], record["form_version"], instance, None, None, NEVER, 0, verifies=record_id)


def _with(store: Store, actor: Person, draft: Draft, given: Mapping[str, str]) -> dict[str, Any]:
    session = forms.session(store, forms.load(store, draft.form_id), draft.instance, actor=actor)
    for ref, value in given.items():
        with suppress(RefusedAnswer):
            session.answer(ref, value)
    return session.instance


def _read_for_editing(
    store: Store, actor: Person, what: str, id_: str, form: Form, instance: Mapping[str, Any]
) -> None:
    """Opening a card or record to change it shows all of it, so it is on the audit log as any reading is; when answers
    of level 1 are among it, as reading those.
    """
    given = flat(instance, form.root.ref)
    secret = sum(1 for ref, value in given.items() if value and without_positions(ref) in form.secret)
    action = "record.read_secret" if secret else f"{what}.read"
    with store.act(actor.person_id, action, what, id_, why="edit", fields=secret or None):
        pass


def start(
    store: Store, actor: Person, form_id: str, *, customer_id: str | None = None, record_id: str | None = None,
    verifies: str | None = None, given: Mapping[str, str] | None = None,
) -> Draft:  # fmt: skip
    """A new stored draft, of what `blank` gives."""
    draft = blank(store, actor, form_id, customer_id, record_id=record_id, verifies=verifies, given=given)
    draft_id = f"D-{secrets.token_hex(8)}"
    form = sealing.answers_form(store, draft.form_id, draft.form_version)
    place = store, form, "draft", draft_id
    with store.act(actor.person_id, "draft.start", "draft", draft_id, form=draft.form_id) as tx:
        tx.insert(
            "draft",
            {
                "draft_id": draft_id,
                "owner": actor.person_id,
                "form_id": draft.form_id,
                "form_version": draft.form_version,
                "entity_id": draft.customer_id,
                "base_version": draft.base_version,
                "instance": sealing.sealed_values(*place, 0, draft.instance),
                "saves": 0,
                "started_at": tx.at,
                "updated_at": tx.at,
                "record_id": draft.record_id,
                "base_record_version": draft.base_record_version,
                "verifies": draft.verifies,
                "interviewed_at": stamp(draft.interviewed_at) if draft.interviewed_at else None,
                "notes": sealing.sealed_beside(*place, "", "notes", draft.notes),
                "reasons": sealing.sealed_beside(*place, "", "reasons", draft.reasons),
            },
        )
    return open_(store, actor, draft_id)


def open_(store: Store, actor: Person, draft_id: str) -> Draft:
    """One's own open draft. Raises NotFound, WrongState."""
    permissions.check(actor, "form.fill")
    row = own_open(store, actor, draft_id)
    notes, reasons = beside(store, row)
    return Draft(
        row["draft_id"],
        row["form_id"],
        row["form_version"],
        instance_of(store, row),
        row["entity_id"],
        row["base_version"],
        parse(row["updated_at"]),
        row["saves"],
        row["record_id"],
        row["base_record_version"],
        row["verifies"],
        parse(row["interviewed_at"]) if row["interviewed_at"] else None,
        notes,
        reasons,
    )


def instance_of(store: Store, row: Row) -> dict[str, Any]:
    """The answers of a stored draft in plain, as `xforms.Session` takes them."""
    return sealing.opened_values(store, "draft", row["draft_id"], row["saves"], row["instance"])


def beside(store: Store, row: Row) -> tuple[dict[str, str], dict[str, str]]:
    """The notes and reasons of a stored draft in plain, by ref."""
    notes, reasons = (
        sealing.opened_values(store, "draft", row["draft_id"], "", row[column], column) for column in BESIDE
    )
    return notes, reasons


def own_open(store: Store, actor: Person, draft_id: str) -> Row:
    """The row of one's own open draft. Raises NotFound, WrongState."""
    row = store.row("SELECT * FROM draft WHERE draft_id = ?", [draft_id])
    policies.check_own_open_draft(actor, row)
    assert row is not None
    if not still_theirs(store, actor, row):
        raise NotFound("access.no_draft")
    return row


def still_theirs(store: Store, actor: Person, row: Row) -> bool:
    """Whether the actor may still know of what the draft began with: the form's work, its customer, its record.

    Customers go to colleagues and records are raised to level 1 while a draft is open.
    """
    audience = forms.find(store, row["form_id"], row["form_version"])["audience"]
    if Audience(audience) not in visibility.audiences(actor):
        return False
    if row["entity_id"] and not assignments.in_scope(store, actor, row["entity_id"]):
        return False
    for record_id, allowed in ((row["record_id"], policies.may_read), (row["verifies"], visibility.visible)):
        if record_id:
            record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
            if record is None or not allowed(actor, record):
                return False
    return True


def continued(store: Store, draft: Draft | Row) -> str | None:
    """The record that the draft goes on with or enters again: it does not compete with itself for a quota."""
    given = draft if isinstance(draft, dict) else vars(draft)
    if given["record_id"] or given["verifies"]:
        return str(given["record_id"] or given["verifies"])
    entity_id = given.get("entity_id") or given.get("customer_id")
    if not entity_id or given["base_version"] is None:
        return None
    entity = entities.current(store, entity_id)
    return str(entity["record_id"]) if entity["form_id"] == given["form_id"] else None


def save(
    store: Store, actor: Person, draft_id: str, instance: dict[str, Any], ref: str, *, saves: int,
    events: Sequence[AnswerEvent] = (),
) -> Saved:  # fmt: skip
    """Save the draft after the answer to `ref`, with what the log of answering has to say of it.

    `saves` is the counter that the caller last saw. Raises Conflict, and saves nothing, when the draft was saved
    elsewhere since: in another window, or on another machine.
    """
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.save", "draft", draft_id, ref=ref) as tx:
        row = own_open(store, actor, draft_id)
        policies.check_unchanged(row, saves)
        form = sealing.answers_form(store, row["form_id"], row["form_version"])
        content = sealing.sealed_values(store, form, "draft", draft_id, saves + 1, instance)
        tx.update("draft", draft_id, {"instance": content, "saves": saves + 1, "updated_at": tx.at})
        _log(store, tx, form, draft_id, events)
    return Saved(parse(tx.at), saves + 1)


def log(store: Store, actor: Person, draft_id: str, events: Sequence[AnswerEvent]) -> None:
    """Keep what happened without an answer: the form was opened, resumed, left."""
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.log", "draft", draft_id, events=len(events)) as tx:
        row = own_open(store, actor, draft_id)
        _log(store, tx, sealing.answers_form(store, row["form_id"], row["form_version"]), draft_id, events)


def _log(store: Store, tx: Tx, form: Form, draft_id: str, events: Sequence[AnswerEvent]) -> None:
    def sealed(one: AnswerEvent, column: str, value: str | None) -> str | None:
        when = f"{one.ref} {stamp(one.started_at)}"
        return value and sealing.sealed_answer(store, form, one.ref, "answer_event", draft_id, column, when, value)

    tx.insert_all(
        "answer_event",
        [
            {
                "draft_id": draft_id,
                "event": one.event,
                "ref": one.ref,
                "started_at": stamp(one.started_at),
                "ended_at": stamp(one.ended_at) if one.ended_at else None,
                "old_value": sealed(one, "old_value", one.old),
                "new_value": sealed(one, "new_value", one.new),
            }
            for one in events
        ],
    )


def remark(
    store: Store, actor: Person, draft_id: str, *, interviewed_at: datetime | None = None,
    notes: Mapping[str, str] | None = None, reasons: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Keep what stands beside the answers: when the interview was, notes and reasons by ref; a blank text removes one.

    Raises BadInput for a time to come, an unknown question or a text that cannot be kept.
    """
    permissions.check(actor, "form.fill")
    if interviewed_at is not None and interviewed_at > utc_now():
        raise BadInput("drafts.interview_to_come")
    with store.act(actor.person_id, "draft.remark", "draft", draft_id) as tx:
        row = own_open(store, actor, draft_id)
        form = forms.load(store, row["form_id"], row["form_version"])
        changes: dict[str, Any] = {
            column: sealing.sealed_beside(store, form, "draft", draft_id, "", column, _remarked(kept, new, form.nodes))
            for column, kept, new in zip(BESIDE, beside(store, row), (notes, reasons), strict=True)
            if new
        }
        if interviewed_at is not None:
            changes["interviewed_at"] = stamp(interviewed_at)
        tx.note(what=", ".join(sorted(changes)))
        if changes:
            tx.update("draft", draft_id, changes)


def _remarked(kept: dict[str, str], new: Mapping[str, str], places: Collection[str]) -> dict[str, str]:
    for ref, words in new.items():
        if without_positions(ref) not in places or len(ref) > LONGEST_REF:
            raise BadInput("xforms.refused_unknown", ref=ref[:200])
        kept[ref] = clean(words, max_length=LONGEST_REMARK).strip()
    return {ref: words for ref, words in kept.items() if words}


def discard(store: Store, actor: Person, draft_id: str) -> None:
    """Give the draft up. Its answers, times and files are wiped; that it was there, and who discarded it, stays."""
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.discard", "draft", draft_id) as tx:
        own_open(store, actor, draft_id)
        tx.update("draft", draft_id, {**WIPED, "outcome": "discarded", "updated_at": tx.at})
        for table, column in (("answer_event", "seq"), ("file", "file_id")):
            for row in store.rows(f"SELECT {column} AS id FROM {table} WHERE draft_id = ?", [draft_id]):
                tx.delete(table, (row["id"],))
