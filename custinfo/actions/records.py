"""Records: what was submitted. A record is a chain of versions; nothing is overwritten.

`submit` is the way in for people, `admit` for imports, and both end in one place: the form engine's `finish` decides,
and the record, the entities that it creates or updates, the end of the draft and the audit event are one transaction.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from custinfo.access import permissions, policies
from custinfo.actions import (
    assignments,
    consent_capture,
    drafts,
    duplicates,
    entities,
    entity_writing,
    fieldwork,
    files,
    forms,
    merge_links,
    record_approvals,
    sealing,
    verifications,
    withholding,
)
from custinfo.actions.entity_writing import Made, made_by, unfinished
from custinfo.actions.verifications import Entered
from custinfo.domain.errors import Conflict, NotFound
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form, Problem, Record, Session, Unfinished
from custinfo.xforms.refs import flat, without_positions

RECEIVED, EDITED = "received", "edited"
MERGE = "merge"
"""The source of a version of a card by which a merged customer's answers were taken over, or given back."""


@dataclass(frozen=True)
class Receipt:
    """What was recorded. `customer_number` is there when the record made or changed a customer, or is about one.

    `entities` are all that it created or updated. After a second entry, `differences` counts the answers that differ
    from the first, and `record_id` is the record that was verified. `consents_without_notice` counts consents in
    it that are none, as no notice speaks of what they are to.
    """

    record_id: str
    version: int
    customer_id: str | None
    customer_number: str | None
    entities: tuple[Made, ...] = ()
    differences: int | None = None
    consents_without_notice: int = 0


@dataclass(frozen=True)
class Remarks:
    """What stands beside the answers of a record. `reason` says why it was changed, `another` why this customer is
    another than those that it may be the same as.
    """

    interviewed_at: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    source: str = "page"
    another: str = ""


@dataclass(frozen=True)
class _Submission:
    """A record that the engine finished, on its way into the store within one transaction.

    `changes` is the newest version of the entity whose card it is, `edits` the newest version of the record itself.
    """

    store: Store
    tx: Tx
    actor: Person
    form: Form
    made: Record
    key: str
    remarks: Remarks
    changes: Row | None = None
    edits: Row | None = None


def submit(
    store: Store, actor: Person, draft_id: str, key: str, *, saves: int, reason: str = "", another: str = ""
) -> Receipt:  # fmt: skip
    """Record a finished draft. The same `key` again gives the same receipt: a double click or a lost reply is harmless.

    `reason` says why an existing record or card was changed, `another` why a new customer is another than those that
    it may be the same as: whoever reviews them reads it. Raises Unfinished with every problem; Conflict when the
    draft was saved elsewhere since the caller saw it (`saves`), or the customer or the record was changed since the
    draft was started, with the draft kept as it is; NotFound and WrongState as for any draft.
    """
    permissions.check(actor, "form.fill")
    reason = clean(reason, max_length=drafts.LONGEST_REMARK).strip()
    another = clean(another, max_length=duplicates.LONGEST_REASON).strip()
    with store.act(actor.person_id, "record.submit", "draft", draft_id) as tx:
        earlier = _earlier(store, actor, tx, key)
        if earlier is not None:
            return earlier
        draft = drafts.own_open(store, actor, draft_id)
        policies.check_unchanged(draft, saves)
        form = forms.load(store, draft["form_id"], draft["form_version"])
        own = drafts.continued(store, draft)
        instance = sealing.opened_values(store, "draft", draft_id, draft["saves"], draft["instance"])
        session = forms.session(store, form, instance, actor=actor, record_id=own)
        made = entity_writing.as_seen(form, session.finish(), instance)
        files.check_answers(store, draft, form, made)
        remarks = replace(_remarks(store, draft, session, reason), another=another)
        if draft["verifies"]:
            receipt = _verified(store, tx, actor, draft, form, made, key)
        else:
            changes, edits = _entity_to_change(store, draft), _record_to_edit(store, actor, draft)
            receipt = _write(_Submission(store, tx, actor, form, made, key, remarks, changes, edits))
        ended = {**drafts.WIPED, "outcome": "submitted", "updated_at": tx.at}
        tx.update("draft", draft_id, {**ended, "record_id": receipt.record_id, "made_version": receipt.version})
        tx.note(record=receipt.record_id, version=receipt.version, form=form.form_id, form_version=form.version)
        withholding.keep_if_stopped(store, tx)
    return receipt


def admit(store: Store, tx: Tx, actor: Person, form: Form, made: Record, *, key: str, remarks: Remarks) -> Receipt:
    """Record what an import brought, within the open transaction of that import. Raises Unfinished, Conflict.

    The caller has checked the actor, and made the record with the form's own session. A key that was used before is
    refused: the same row is never recorded twice.
    """
    if store.row("SELECT 1 FROM record_version WHERE submission_key = ?", [key]):
        raise Conflict("records.imported_before")
    return _write(_Submission(store, tx, actor, form, made, key, remarks))


def record_as_of(store: Store, tx: Tx, actor: Person, form: Form, made: Record, *, recorded_at: str) -> str:
    """Record a finished card of the invented world as if at `recorded_at`; gives the number of its new customer."""
    at, tx.at = tx.at, recorded_at
    receipt = _write(_Submission(store, tx, actor, form, made, secrets.token_hex(16), Remarks()))
    tx.at = at
    return str(receipt.customer_number)


def restate(
    store: Store, tx: Tx, actor: Person, form: Form, made: Record, current: Row, *, key: str, remarks: Remarks
) -> Receipt:  # fmt: skip
    """Record a customer's card anew within the open transaction of a merge, or of taking one back; `current` is its
    newest version. Raises Unfinished, Conflict.
    """
    return _write(_Submission(store, tx, actor, form, made, key, remarks, current))


def receipt_of(store: Store, actor: Person, draft_id: str) -> Receipt | None:
    """The receipt of one's own submitted draft, for a page that was loaded again; None when it was not submitted."""
    draft = store.row("SELECT * FROM draft WHERE draft_id = ? AND owner = ?", [draft_id, actor.person_id])
    if draft is None or draft["outcome"] != "submitted" or draft["made_version"] is None:
        return None
    if draft["verifies"]:
        made = store.row(
            "SELECT * FROM verification WHERE record_id = ? AND version = ? AND entered_by = ?",
            [draft["verifies"], draft["made_version"], actor.person_id],
        )
        assert made is not None
        return _verification_receipt(made)
    return _receipt(store, draft["record_id"], draft["made_version"])


def _verification_receipt(made: Row) -> Receipt:
    """Of the record that was verified it tells the id alone."""
    return Receipt(made["record_id"], made["version"], None, None, (), len(json.loads(made["differences"])))


def _earlier(store: Store, actor: Person, tx: Tx, key: str) -> Receipt | None:
    """The receipt of the submission with this key; somebody else's is not told apart from no draft."""
    recorded = store.row("SELECT *, recorded_by AS by FROM record_version WHERE submission_key = ?", [key])
    verified = store.row("SELECT *, entered_by AS by FROM verification WHERE verification_id = ?", [key])
    found = recorded or verified
    if found is None:
        return None
    if found["by"] != actor.person_id:
        raise NotFound("access.no_draft")
    tx.note(repeated=found["record_id"])
    if recorded is not None:
        return _receipt(store, found["record_id"], found["version"])
    return _verification_receipt(found)


def _remarks(store: Store, draft: Row, session: Session, reason: str) -> Remarks:
    """Raises Unfinished for each unusual answer that nobody gave a reason for."""
    notes, reasons = drafts.beside(store, draft)
    unexplained = [
        Problem(one.ref, "reason", "records.reason_needed", {}, one.label)
        for one in session.warnings()
        if not reasons.get(one.ref)
    ]
    if unexplained:
        raise Unfinished(unexplained)
    return Remarks(draft["interviewed_at"], notes, reasons, reason)


def _verified(store: Store, tx: Tx, actor: Person, draft: Row, form: Form, made: Record, key: str) -> Receipt:
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [draft["verifies"]])
    assert record is not None
    verifications.check_wanted(store, actor, record)
    entered = Entered(key, draft["interviewed_at"], *drafts.beside(store, draft))
    differences = verifications.compare(store, tx, actor, form, record, made, entered)
    return Receipt(record["record_id"], record["version"], None, None, (), differences)


def _entity_to_change(store: Store, draft: Row) -> Row | None:
    """The customer whose card the draft is, provided that nobody changed it since."""
    if draft["entity_id"] is None or draft["base_version"] is None:
        return None
    entity = entities.current(store, draft["entity_id"])
    if entity["form_id"] != draft["form_id"]:
        return None
    if entity["version"] != draft["base_version"]:
        raise Conflict("customers.changed_meanwhile", number=entity["number"], version=entity["version"])
    return entity


def _record_to_edit(store: Store, actor: Person, draft: Row) -> Row | None:
    """The record that the draft edits, provided that nobody edited it since and it may still be read."""
    if draft["record_id"] is None:
        return None
    permissions.check(actor, "record.edit")
    found = store.row("SELECT * FROM record_current WHERE record_id = ?", [draft["record_id"]])
    policies.check_readable(actor, found)
    merge_links.check_record(store, draft["record_id"])
    assert found is not None
    if found["version"] != draft["base_record_version"]:
        raise Conflict("records.changed_meanwhile", version=found["version"])
    return found


def _write(given: _Submission) -> Receipt:
    about = _entity_asked_about(given)
    record_id, version = _place(given)
    pending = entity_writing.plan(given.store, given.tx, given.actor, given.form, given.made, given.changes, record_id)
    main = about or next((one.entity_id for one in pending), given.changes["entity_id"] if given.changes else None)
    row = _record_version(given, record_id, version, main)
    for one in pending:
        entity_writing.write(given.store, given.tx, given.actor, given.form, given.made, one, row)
        _match(given, one)
    if version > 1:
        entity_writing.drop(given.store, given.tx, given.form, pending, row)
    record_approvals.put_forward(given.store, given.tx, given.actor, given.form, row, given.made.values)
    if version == 1:
        fieldwork.answered(given.store, given.tx, given.actor, given.form.form_id, record_id, about)
    consent_capture.from_record(given.store, given.tx, given.form, given.made, row, main, pending)
    return _receipt(given.store, record_id, version)


def _match(given: _Submission, one: entity_writing.Pending) -> None:
    """Keep by what a customer is found, and notice whom it may be the same as."""
    if one.action.dataset == duplicates.DATASET:
        own = one.action.action != "update" and one.action.ref == given.form.root.ref
        card = (given.form, given.made.values) if own else None
        source = "" if given.remarks.source == MERGE else given.remarks.source
        by = given.actor.person_id
        duplicates.written(
            given.store, given.tx, one.entity_id, card, source=source, by=by, reason=given.remarks.another
        )


def _place(given: _Submission) -> tuple[str, int]:
    """The record that is continued (an edit, or the card that last stated this customer), or a new one."""
    changes = given.changes
    if given.edits is not None:
        return given.edits["record_id"], given.edits["version"] + 1
    if changes is not None and changes["form_id"] == given.form.form_id:
        return changes["record_id"], changes["record_version"] + 1
    return f"R-{secrets.token_hex(10)}", 1


def _record_version(given: _Submission, record_id: str, version: int, entity_id: str | None) -> dict[str, Any]:
    form, tx, remarks = given.form, given.tx, given.remarks
    if version == 1:
        row = {"record_id": record_id, "form_id": form.form_id, "entity_id": entity_id, "created_at": tx.at}
        tx.insert("record", row)
    place = given.store, form, "record_version", record_id, version
    version_row: dict[str, Any] = {
        "record_id": record_id,
        "version": version,
        "form_version": form.version,
        "state": RECEIVED if version == 1 else EDITED,
        "content": sealing.sealed_values(*place, given.made.values),
        "recorded_at": tx.at,
        "recorded_by": given.actor.person_id,
        "reason": remarks.reason,
        "submission_key": given.key,
        "interviewed_at": remarks.interviewed_at,
        "notes": sealing.sealed_beside(*place, "notes", remarks.notes),
        "reasons": sealing.sealed_beside(*place, "reasons", remarks.reasons),
        "source": remarks.source,
    }
    tx.insert("record_version", version_row)
    return version_row | {"form_id": form.form_id}


def _entity_asked_about(given: _Submission) -> str | None:
    """The entity whose number stands in the form's `about` question, the first one outside repeats; a number that
    nobody has is a mistake in it, in each round of a repeat too.
    """
    about: str | None = None
    answers = flat(given.made.values, given.form.root.ref)
    datasets = dict(entities.marked(given.form, entities.ABOUT))
    for ref, number in answers.items():
        dataset = datasets.get(without_positions(ref))
        if dataset is not None and number:
            entity_id = _entity_of(given, dataset, ref, number)
            about = about or (entity_id if ref in given.form.rules.single else None)
    return about


def _entity_of(given: _Submission, dataset: str, ref: str, number: str) -> str:
    """Raises Unfinished for a number that nobody has of whom the actor may know."""
    found = entities.by_number(given.store, dataset, number)
    if found is None or not assignments.in_scope(given.store, given.actor, found["entity_id"]):
        raise unfinished(given.store, given.form, ref, "about", "customers.no_such_number", {"number": number[:40]})
    return str(found["entity_id"])


def _receipt(store: Store, record_id: str, version: int) -> Receipt:
    about = store.row(
        "SELECT entity.* FROM record JOIN entity USING (entity_id) WHERE record_id = ? AND dataset = 'customers'",
        [record_id],
    )
    customer_id, number = (about["entity_id"], about["number"]) if about else (None, None)
    unheard = consent_capture.without_notice(store, record_id, version)
    return Receipt(record_id, version, customer_id, number, made_by(store, record_id, version), None, unheard)
