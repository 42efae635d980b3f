"""Requests of people about their own data (PIPL art. 44-50): received, identity proven, answered in time.

What stops a use (withdraw, object, restrict) stops it the moment the request is recorded, before anything is proven:
stopping harms nobody, and going on might. Everything else waits until it is known who asks.

A request is as visible as the customer whom it is about; one of nobody known belongs to the department that recorded
it. Who has no customers (the auditor) reads the register: kinds, states and clocks, and nothing that names anybody.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.access.visibility import Scope
from custinfo.actions import assignments, consents, entities, export_register, privacy_files
from custinfo.actions.privacy_files import Given
from custinfo.domain import consent, machines, masking
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.consent import Tier
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store, Tx, sealing
from custinfo.store.database import Row, Value

KINDS = ("see", "copy", "move", "correct", "delete", "restrict", "object", "withdraw", "explain")
"""What may be asked. Names: `privacy.kind.*`."""
PACKAGED = ("see", "copy", "move")
"""Those that are answered with everything that is stored about the person."""
STOPPING = ("restrict", "object", "withdraw")
IDENTITY = ("document", "callback", "account", "agent")
"""How it was proven who asks: document seen, call to the number on record, account, agent with a mandate."""
OPEN = tuple(state for state, actions in machines.REQUEST.items() if state and actions)
LONGEST, LONGEST_NAME = 2000, 60


@dataclass(frozen=True)
class Received:
    """A request as it came in. `number` is the customer's, where it is known; `purpose` is of those that stop one."""

    kind: str
    applicant: str
    contact: str
    wish: str
    channel: str
    received_on: date
    number: str = ""
    dataset: str = "customers"
    purpose: str = ""


@dataclass(frozen=True)
class Happened:
    """Something that was done about a request; `by` is a name, `person_id` whose it is."""

    action: str
    note: str
    facts: dict[str, Any]
    at: datetime
    by: str
    person_id: str


@dataclass(frozen=True)
class SubjectRequest:
    """A request with what was done about it, oldest first. `entity_id` is None until it is known whom it is about.

    What people said is masked for who is not cleared for level 1. `register_only`: applicant, contact, wish, notes and
    the customer are left out.
    """

    request_id: str
    number: str
    kind: str
    entity_id: str | None
    purpose: str
    applicant: str
    contact: str
    wish: str
    channel: str
    received_on: date
    due_on: date
    state: str
    by: str
    register_only: bool
    events: tuple[Happened, ...]

    @property
    def open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.state in OPEN


def receive(store: Store, actor: Person, given: Received) -> str:
    """Record a request; gives its id. The clock runs from the day it was received.

    Raises BadInput for an unknown kind, a day to come or nobody's name; NotFound for a number that nobody has.
    """
    permissions.check(actor, "request.record")
    _check(store, given)
    request_id, row = f"SR-{secrets.token_hex(8)}", _row(given)
    with store.act(actor.person_id, "request.receive", "subject_request", request_id, kind=given.kind) as tx:
        entity_id = _entity(store, actor, given.dataset, given.number) if given.number.strip() else None
        words = {"applicant": given.applicant, "contact": given.contact, "wish": given.wish}
        sealed = {name: _sealed(store, request_id, name, said) for name, said in words.items()}
        number = f"SR{tx.next_number('subject_requests'):06d}"
        mine = {"request_id": request_id, "number": number, "entity_id": entity_id, "recorded_at": tx.at}
        tx.insert("subject_request", {**row, **sealed, **mine, "recorded_by": actor.person_id})
        _happened(tx, actor, request_id, "receive", "")
        if entity_id is not None:
            _stop(store, tx, actor, request_id, given.kind, given.purpose, entity_id)
    return request_id


def _check(store: Store, given: Received) -> None:
    if given.kind not in KINDS or given.channel not in consent.CHANNELS:
        raise BadInput("privacy.no_kind")
    if not given.applicant.strip():
        raise BadInput("privacy.no_applicant")
    if given.received_on > _today(store):
        raise BadInput("privacy.day_to_come")
    if given.kind in ("object", "withdraw"):
        consent.purpose(given.purpose)


def _row(given: Received) -> Row:
    days = consent.clock_on(given.received_on).answer_days
    return {
        "kind": given.kind, "purpose": given.purpose, "channel": given.channel,
        "received_on": given.received_on.isoformat(), "due_on": (given.received_on + timedelta(days=days)).isoformat(),
        "state": machines.after(machines.REQUEST, machines.NOWHERE, "receive"),
    }  # fmt: skip


def verify(
    store: Store, actor: Person, request_id: str, *, method: str, note: str, number: str = "",
    dataset: str = "customers", file: Given | None = None,
) -> None:  # fmt: skip
    """Record that it is known who asks, and about whom. An agent needs a mandate: its scan.

    Raises BadInput, NotFound, and WrongState when it was verified before.
    """
    permissions.check(actor, "privacy.handle")
    if method not in IDENTITY or not note.strip():
        raise BadInput("privacy.identity_needed")
    if method == "agent" and file is None:
        raise BadInput("privacy.mandate_needed")
    with store.act(actor.person_id, "request.verify", "subject_request", request_id, method=method) as tx:
        row = _find(store, actor, request_id)
        entity_id = _entity(store, actor, dataset, number) if number.strip() else row["entity_id"]
        if entity_id is None and row["kind"] != "explain":
            raise BadInput("privacy.whose")
        _move(tx, row, "verify", entity_id=entity_id)
        _happened(tx, actor, request_id, "verify", note, method=method)
        if file is not None:
            privacy_files.put(store, tx, actor, "request", request_id, file)
        if entity_id is not None and entity_id != row["entity_id"]:
            _stop(store, tx, actor, request_id, row["kind"], row["purpose"], entity_id)


def extend(store: Store, actor: Person, request_id: str, reason: str) -> date:
    """Take more time, once, with a reason that the person is told; gives the new last day."""
    permissions.check(actor, "privacy.handle")
    with store.act(actor.person_id, "request.extend", "subject_request", request_id) as tx:
        row = _find(store, actor, request_id)
        clock = consent.clock_on(date.fromisoformat(row["received_on"]))
        due = date.fromisoformat(row["due_on"]) + timedelta(days=clock.extension_days)
        _move(tx, row, "extend", due_on=due.isoformat())
        _happened(tx, actor, request_id, "extend", _needed(reason), due_on=due.isoformat())
    return due


def refuse(store: Store, actor: Person, request_id: str, reason: str) -> None:
    """Refuse a request, with the reason; what it stopped is stopped no more."""
    _close(store, actor, request_id, "refuse", reason)


def take_back(store: Store, actor: Person, request_id: str, reason: str) -> None:
    """The person does not want it any more."""
    _close(store, actor, request_id, "take_back", reason)


def _close(store: Store, actor: Person, request_id: str, action: str, reason: str) -> None:
    permissions.check(actor, "privacy.handle")
    with store.act(actor.person_id, f"request.{action}", "subject_request", request_id) as tx:
        row = _find(store, actor, request_id)
        _move(tx, row, action)
        _happened(tx, actor, request_id, action, _needed(reason))
        if row["kind"] in STOPPING and row["entity_id"] is not None and row["kind"] != "withdraw":
            scope = row["purpose"] or consent.EVERYTHING
            consents.restrict(store, tx, actor, row["entity_id"], scope, request_id, lift=True)


def answer(store: Store, actor: Person, request_id: str, note: str) -> None:
    """Close a request with what was answered. A packaged one is answered by `subject_answers.release` instead.

    Raises WrongState for one whose identity is not proven, or a deletion that was not carried out.
    """
    permissions.check(actor, "privacy.handle")
    with store.act(actor.person_id, "request.answer", "subject_request", request_id) as tx:
        row = _find(store, actor, request_id)
        if row["kind"] in PACKAGED:
            raise WrongState("privacy.package_needed")
        if row["kind"] == "delete" and not _erased(store, row["entity_id"]):
            raise WrongState("privacy.not_erased")
        _move(tx, row, "answer")
        _happened(tx, actor, request_id, "answer", _needed(note))


def ask_erasure(store: Store, actor: Person, request_id: str) -> str:
    """Ask for the approval of a deletion; gives the id of the plan whose case is decided on."""
    from custinfo.actions import retention

    permissions.check(actor, "privacy.handle")
    row = _find(store, actor, request_id)
    if row["kind"] != "delete" or row["state"] not in ("verified", "extended"):
        raise WrongState("privacy.not_to_erase")
    plan_id = str(retention.request(store, actor, row["entity_id"], request_id))
    with store.act(actor.person_id, "request.ask_erasure", "subject_request", request_id, plan=plan_id) as tx:
        _happened(tx, actor, request_id, "ask_erasure", "", plan=plan_id)
    return plan_id


def find(store: Store, actor: Person, request_id: str) -> SubjectRequest:
    """One request with what was done about it. Raises NotFound, NotAllowed; that it was read is on the audit log."""
    permissions.check(actor, "privacy.read")
    row = _find(store, actor, request_id)
    with store.act(actor.person_id, "request.read", "subject_request", request_id):
        pass
    return _request(store, actor, row, _events(store, request_id))


def listed(store: Store, actor: Person, *, only_open: bool = True, limit: int = 200) -> list[SubjectRequest]:
    """Requests that exist for the actor, the ones that are due first at the top; without the open ones alone, the
    newest first.
    """
    permissions.check(actor, "privacy.read")
    seen, given = ("1", []) if _register_only(actor) else assignments.visible_where(actor, "asked")
    states = f"state IN ({', '.join('?' * len(OPEN))})" if only_open else "1"
    order = "due_on, number" if only_open else "number DESC"
    rows = store.rows(
        f"{_SELECT} WHERE ({seen}) AND {states} ORDER BY {order} LIMIT ?",
        [*given, *(OPEN if only_open else ()), limit],
    )
    return [_request(store, actor, row, ()) for row in rows]


def to_package(store: Store, actor: Person, request_id: str) -> Row:
    """The row of a request that the actor may answer with everything that is stored about the person.

    Raises NotAllowed for who is not cleared for level 1 or verified the identity themselves: nobody alone makes a
    request and carries the answer away. WrongState when the identity is not proven, or for another kind; NotFound.
    """
    permissions.check(actor, "privacy.handle")
    row = _find(store, actor, request_id)
    if row["kind"] not in PACKAGED or row["state"] not in ("verified", "extended"):
        raise WrongState("privacy.not_to_package")
    if not visibility.sees(actor, Level.SECRET):
        raise NotAllowed("privacy.not_cleared")
    consents.check_seen(store, actor, row["entity_id"])
    verified = store.rows(
        'SELECT "by" FROM subject_request_event WHERE request_id = ? AND action = ?', [request_id, "verify"]
    )
    policies.check_not_own(actor, [one["by"] for one in verified])
    return row


def give_package(
    store: Store, actor: Person, request_id: str, note: str, data: bytes, counts: Mapping[str, int]
) -> None:  # fmt: skip
    """Close a request with the package that was built for it, and register that it left. Raises as `to_package`."""
    with store.act(actor.person_id, "request.answer", "subject_request", request_id) as tx:
        row = to_package(store, actor, request_id)
        export_id = export_register.note(
            tx, store, actor, what="subject_package", object_id=request_id, format="zip", rows=counts["records"],
            columns=list(counts), tier=Tier.IDENTIFIED, purpose="legal_duty", data=data,
        )  # fmt: skip
        _move(tx, row, "answer")
        digest = hashlib.sha256(data).hexdigest()
        _happened(tx, actor, request_id, "answer", note, sha256=digest, export=export_id)


_SELECT = (
    "SELECT * FROM (SELECT subject_request.*, display_name, coalesce(place.owner, recorded_by) AS owner, "
    "CASE WHEN place.owner IS NULL THEN recorder.department ELSE place.department END AS department, "
    "place.region, place.level, place.audience "
    "FROM subject_request LEFT JOIN person AS recorder ON recorder.person_id = recorded_by "
    "LEFT JOIN entity_place AS place ON place.entity_id = subject_request.entity_id) AS asked"
)


def _register_only(actor: Person) -> bool:
    return visibility.scope(actor) is Scope.NONE


def _find(store: Store, actor: Person, request_id: str) -> Row:
    """The row of a request that exists for the actor. Raises NotFound, the same as for what never was."""
    row = store.row(f"{_SELECT} WHERE request_id = ?", [request_id])
    if row is None or not (_register_only(actor) or visibility.visible(actor, row)):
        raise NotFound("privacy.no_request")
    return row


def _entity(store: Store, actor: Person, dataset: str, number: str) -> str:
    found = entities.by_number(store, dataset, number)
    if found is None or not assignments.in_scope(store, actor, found["entity_id"]):
        raise NotFound("customers.no_such_number", number=number[:40])
    return str(found["entity_id"])


def _erased(store: Store, entity_id: str) -> bool:
    return store.row("SELECT 1 FROM entity WHERE entity_id = ? AND erased_at IS NOT NULL", [entity_id]) is not None


def _stop(store: Store, tx: Tx, actor: Person, request_id: str, kind: str, purpose: str, entity_id: str) -> None:
    """Stop what the person wants stopped, at once."""
    if kind == "withdraw":
        consents.withdraw_at(store, tx, actor, entity_id, purpose, request_id)
    elif kind in STOPPING:
        consents.restrict(store, tx, actor, entity_id, purpose or consent.EVERYTHING, request_id)


def _move(tx: Tx, row: Row, action: str, **changes: Value) -> None:
    state = machines.after(machines.REQUEST, row["state"], action)
    tx.update("subject_request", row["request_id"], {"state": state, **changes})


def _happened(tx: Tx, actor: Person, request_id: str, action: str, note: str, **facts: Value) -> None:
    row: Row = {
        "request_id": request_id, "action": action, "note": clean(note.strip(), max_length=LONGEST),
        "facts": json.dumps(facts, ensure_ascii=False), "at": tx.at, "by": actor.person_id,
    }  # fmt: skip
    tx.insert("subject_request_event", row)


def _events(store: Store, request_id: str) -> tuple[Happened, ...]:
    rows = store.rows(
        'SELECT subject_request_event.*, display_name FROM subject_request_event LEFT JOIN person ON person_id = "by" '
        "WHERE request_id = ? ORDER BY seq",
        [request_id],
    )
    return tuple(
        Happened(
            row["action"], row["note"], json.loads(row["facts"]), parse(row["at"]), row["display_name"] or "", row["by"]
        )
        for row in rows
    )  # fmt: skip


def _request(store: Store, actor: Person, row: Row, events: tuple[Happened, ...]) -> SubjectRequest:
    register_only = _register_only(actor)
    said = {name: "" if register_only else _said(store, actor, row, name) for name in ("applicant", "contact", "wish")}
    return SubjectRequest(
        row["request_id"], row["number"], row["kind"], None if register_only else row["entity_id"], row["purpose"],
        said["applicant"], said["contact"], said["wish"], row["channel"], date.fromisoformat(row["received_on"]),
        date.fromisoformat(row["due_on"]), row["state"], row["display_name"] or row["recorded_by"], register_only,
        tuple(replace(one, note="") for one in events) if register_only else events,
    )  # fmt: skip


def _said(store: Store, actor: Person, row: Row, name: str) -> str:
    words = sealing.open_text(store, "subject_request", row["request_id"], name, "", row[name])
    return words if visibility.sees(actor, Level.SECRET) else masking.masked(words)


def _sealed(store: Store, request_id: str, name: str, said: str) -> str:
    words = clean(said.strip(), max_length=LONGEST_NAME if name == "applicant" else LONGEST)
    return sealing.seal_text(store, "subject_request", request_id, name, "", words) if words else ""


def _needed(note: str) -> str:
    if not note.strip():
        raise BadInput("privacy.reason_needed")
    return note


def _today(store: Store) -> date:
    return utc_now().astimezone(store.site.zone).date()
