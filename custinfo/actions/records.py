"""Records: what was submitted. A record is a chain of versions; nothing is overwritten.

`submit` is the one way in: the form engine's `finish` decides, and the record, what it creates or updates, the end of
the draft and the audit event are one transaction.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custinfo.access import permissions, policies
from custinfo.actions import drafts, entities, forms
from custinfo.domain import customer
from custinfo.domain.errors import Conflict, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import EntityAction, Form, Problem, Record, Unfinished
from custinfo.xforms.problems import RuleName

SUBMITTED = "submitted"


@dataclass(frozen=True)
class Receipt:
    """What was recorded. `customer_number` is there when the record made or changed a customer, or is about one."""

    record_id: str
    version: int
    customer_id: str | None
    customer_number: str | None


@dataclass(frozen=True)
class _Submission:
    """A record that the engine finished, on its way into the store within one transaction.

    `changes` is the newest version of the entity that it changes, None when it makes a new one or none.
    """

    store: Store
    tx: Tx
    actor: Person
    form: Form
    made: Record
    key: str
    changes: Row | None = None

    @property
    def action(self) -> EntityAction | None:
        return self.made.entities[0] if self.made.entities else None


def submit(store: Store, actor: Person, draft_id: str, key: str, *, saves: int) -> Receipt:
    """Record a finished draft. The same `key` again gives the same receipt: a double click or a lost reply is harmless.

    Raises Unfinished with every problem; Conflict when the draft was saved elsewhere since the caller saw it
    (`saves`), or the customer was changed since the draft was started, with the draft kept as it is; NotFound and
    WrongState as for any draft.
    """
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "record.submit", "draft", draft_id) as tx:
        earlier = store.row("SELECT * FROM record_version WHERE submission_key = ?", [key])
        if earlier is not None:
            return _receipt_again(store, actor, tx, earlier)
        draft = drafts.own_open(store, actor, draft_id)
        policies.check_unchanged(draft, saves)
        form = forms.load(store, draft["form_id"], draft["form_version"])
        made = forms.session(store, form, json.loads(draft["instance"])).finish()
        changes = _entity_to_change(store, draft) if made.entities else None
        receipt = _write(_Submission(store, tx, actor, form, made, key, changes))
        tx.update("draft", draft_id, {"outcome": "submitted", "instance": "{}", "updated_at": tx.at})
        tx.note(record=receipt.record_id, version=receipt.version, form=form.form_id, form_version=form.version)
    return receipt


def record_as_of(store: Store, tx: Tx, actor: Person, form: Form, made: Record, *, recorded_at: str) -> str:
    """Record a finished card of the invented world as if at `recorded_at`; gives the number of its new customer."""
    at, tx.at = tx.at, recorded_at
    receipt = _write(_Submission(store, tx, actor, form, made, secrets.token_hex(16)))
    tx.at = at
    return str(receipt.customer_number)


def _receipt_again(store: Store, actor: Person, tx: Tx, earlier: Row) -> Receipt:
    if earlier["recorded_by"] != actor.person_id:
        raise NotFound("access.no_draft")
    tx.note(repeated=earlier["record_id"])
    record = store.row("SELECT * FROM record WHERE record_id = ?", [earlier["record_id"]])
    assert record is not None
    return _receipt(store, earlier["record_id"], earlier["version"], record["entity_id"])


def _entity_to_change(store: Store, draft: Row) -> Row | None:
    """The entity that the draft was started from, provided that nobody changed it since."""
    if draft["entity_id"] is None:
        return None
    entity = entities.current(store, draft["entity_id"])
    if entity["version"] != draft["base_version"]:
        raise Conflict("customers.changed_meanwhile", number=entity["number"], version=entity["version"])
    return entity


def _write(given: _Submission) -> Receipt:
    action, changes = given.action, given.changes
    if changes is not None:
        entity_id = changes["entity_id"]
    elif action is not None:
        entity_id, _ = entities.create(given.tx, action.dataset)
    else:
        entity_id = _entity_asked_about(given)
    version_row = _record_version(given, entity_id)
    if action is not None:
        _check_properties(given, action)
        _claim_keys(given, action.dataset, entity_id)
        version = changes["version"] + 1 if changes else 1
        entities.add_version(given.tx, entity_id, version, action, version_row)
    return _receipt(given.store, version_row["record_id"], version_row["version"], entity_id)


def _record_version(given: _Submission, entity_id: str | None) -> dict[str, Any]:
    """Append to the record that last stated this customer, when it is of the same form; otherwise begin a new one."""
    record_id, version = f"R-{secrets.token_hex(10)}", 1
    form, tx, changes = given.form, given.tx, given.changes
    if changes is not None and changes["form_id"] == form.form_id:
        record_id, version = changes["record_id"], changes["record_version"] + 1
    else:
        row = {"record_id": record_id, "form_id": form.form_id, "entity_id": entity_id, "created_at": tx.at}
        tx.insert("record", row)
    version_row: dict[str, Any] = {
        "record_id": record_id,
        "version": version,
        "form_version": form.version,
        "state": SUBMITTED,
        "content": json.dumps(given.made.values, ensure_ascii=False, sort_keys=True),
        "recorded_at": tx.at,
        "recorded_by": given.actor.person_id,
        "reason": "",
        "submission_key": given.key,
    }
    tx.insert("record_version", version_row)
    return version_row | {"form_id": form.form_id}


def _entity_asked_about(given: _Submission) -> str | None:
    """The entity whose number stands in the form's `about` question; a number that nobody has is a mistake in it."""
    answers = entities.flat(given.made.values)
    for ref, dataset in entities.marked(given.form, entities.ABOUT):
        if answers.get(ref):
            found = entities.by_number(given.store, dataset, answers[ref])
            if found is None:
                raise _unfinished(given, ref, "about", "customers.no_such_number", {"number": answers[ref][:40]})
            return str(found["entity_id"])
    return None


def _check_properties(given: _Submission, action: EntityAction) -> None:
    """What the lake could not read would stop every later publication: it is mended now, at its question."""
    wrong = customer.unreadable(action.properties)
    for ref, node in given.form.nodes.items():
        if node.bind.saveto in wrong:
            raise _unfinished(given, ref, "type", "records.unreadable", {"value": action.properties[node.bind.saveto]})


def _claim_keys(given: _Submission, dataset: str, entity_id: str) -> None:
    answers = entities.flat(given.made.values)
    for ref, kind in entities.marked(given.form, entities.UNIQUE):
        if answers.get(ref):
            try:
                entities.claim_key(given.store, given.tx, entities.Key(dataset, kind, answers[ref]), entity_id)
            except Conflict as taken:
                raise _unfinished(given, ref, "unique", taken.key, taken.facts) from None


def _unfinished(given: _Submission, ref: str, rule: RuleName, key: str, facts: Mapping[str, object]) -> Unfinished:
    """A problem that only the store could see, at its question, as the engine would put it."""
    shown = {code: forms.session(given.store, given.form, {}, language=code) for code in given.form.languages}
    labels = {code: session.state(ref).label for code, session in shown.items()}
    return Unfinished([Problem(ref, rule, key, facts, labels)])


def _receipt(store: Store, record_id: str, version: int, entity_id: str | None) -> Receipt:
    entity = store.row("SELECT number FROM entity WHERE entity_id = ?", [entity_id]) if entity_id else None
    return Receipt(record_id, version, entity_id, entity["number"] if entity else None)
