"""Data for outsiders (R152): who asks, by which letter, what they are given, approved, delivered, receipted.

One desk gives, nobody else: a disclosure is registered with the introduction letter, approved by signature, and
delivered as a workbook that bears the recipient on every page and row. Its SHA-256 is kept, the file is not.

A disclosure exists for who may know of every customer in it. Who has no customers (the auditor) reads the register:
units, letters, bases, states and clocks, without customers, recipient, content, notes and scans.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custinfo.access import permissions, visibility
from custinfo.access.visibility import Scope
from custinfo.actions import (
    assignments,
    consents,
    customers,
    disclosure_files,
    entities,
    export_register,
    privacy_files,
    report_giving,
)
from custinfo.actions.disclosure_files import Delivered
from custinfo.actions.privacy_files import Given, Kept
from custinfo.domain import consent, machines
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.consent import Basis
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value

OBJECT_KIND, PROCEDURE = "disclosure", "disclosure"
STATUTORY = (Basis.LEGAL_DUTY, Basis.EMERGENCY, Basis.OTHER_LAW)
"""The bases on which customers need not have agreed to it."""
FIELDS = ("unit", "letter_number", "rule", "recipient", "recipient_post", "what", "purpose", "legal_basis")
NAMING = ("recipient", "recipient_post", "what")
"""The facts that may name somebody: not for who reads the register alone."""
MOST_CUSTOMERS = 500
LONGEST = 500


@dataclass(frozen=True)
class Asked:
    """What an outsider asks for. `rule` is the order from above that they go by; `recipient` a person, by name."""

    unit: str
    letter_number: str
    rule: str
    recipient: str
    recipient_post: str
    what: str
    legal_basis: str
    numbers: tuple[str, ...]
    due_on: date
    letter: Given | None
    with_secret: bool = False
    purpose: str = "provide_to_others"
    issue_id: str = ""
    """The issue of a report that is asked for, in the place of customers."""


@dataclass(frozen=True)
class Done:
    """Something that was done about a disclosure; `by` is a name."""

    action: str
    note: str
    facts: dict[str, Any]
    at: datetime
    by: str


@dataclass(frozen=True)
class Disclosure:
    """A disclosure with what was done about it, oldest first; `facts` are its `FIELDS`, `numbers` the customers'.
    `by` is a name, `recorded_by` whose it is.

    `register_only`: customers, notes and what may name somebody (`NAMING`) are left out.
    """

    disclosure_id: str
    number: str
    facts: Mapping[str, str]
    customers: tuple[str, ...]
    numbers: tuple[str, ...]
    with_secret: bool
    due_on: date
    state: str
    recorded_at: datetime
    by: str
    recorded_by: str
    register_only: bool
    events: tuple[Done, ...]
    issue_id: str = ""


def ask(store: Store, actor: Person, asked: Asked) -> str:
    """Register what an outsider asks for and open its case; gives its id.

    Raises BadInput for what is missing (the letter and its scan above all), an unknown basis or too many customers;
    NotFound for a customer that the person may not know of; WrongState for one of level 1 when level 1 was not asked
    for; `Stopped` for one who did not agree, where law does not oblige us.
    """
    from custinfo.actions import approvals

    permissions.check(actor, "disclosure.ask")
    said = {name: clean(getattr(asked, name).strip(), max_length=LONGEST) for name in FIELDS}
    if not all(said.values()) or asked.letter is None:
        raise BadInput("privacy.disclosure_incomplete")
    basis = consent.basis(said["legal_basis"])
    consent.purpose(said["purpose"])
    if asked.issue_id:
        report_giving.check_asked(store, actor, asked.issue_id, asked.numbers)
    elif not asked.numbers or len(asked.numbers) > MOST_CUSTOMERS:
        raise BadInput("privacy.disclosure_customers", limit=MOST_CUSTOMERS)
    disclosure_id = f"DX-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "disclosure.ask", OBJECT_KIND, disclosure_id, customers=len(asked.numbers)) as tx:
        chosen = [_customer(store, actor, number) for number in dict.fromkeys(asked.numbers)]
        _check_levels(store, chosen, with_secret=asked.with_secret)
        _check_agreed(store, chosen, said["purpose"], basis)
        number = f"DX{tx.next_number('disclosures'):06d}"
        row: Row = {
            **said, "disclosure_id": disclosure_id, "number": number, "customers": json.dumps(chosen),
            "with_secret": int(asked.with_secret), "due_on": asked.due_on.isoformat(), "recorded_at": tx.at,
            "state": machines.after(machines.DISCLOSURE, machines.NOWHERE, "register"), "recorded_by": actor.person_id,
            "issue_id": asked.issue_id or None,
        }  # fmt: skip
        tx.insert("disclosure", row)
        letter = privacy_files.put(store, tx, actor, "disclosure", disclosure_id, asked.letter)
        _happened(tx, actor, disclosure_id, "register", "", letter=letter.digest)
        titles = {"zh-CN": f"对外提供 {number}", "en": f"Disclosure {number}"}
        approvals.open(store, tx, actor, PROCEDURE, OBJECT_KIND, disclosure_id, titles, content(store, row))
    return disclosure_id


def _customer(store: Store, actor: Person, number: str) -> str:
    found = entities.by_number(store, customers.DATASET, number)
    if found is None or not assignments.in_scope(store, actor, found["entity_id"]):
        raise NotFound("customers.no_such_number", number=number[:40])
    return str(found["entity_id"])


def _check_levels(store: Store, chosen: list[str], *, with_secret: bool) -> None:
    """A customer of level 1 is secret as a whole: not to be given unless level 1 was asked for and approved."""
    if with_secret:
        return
    row = store.row(
        "SELECT number FROM entity JOIN entity_place USING (entity_id) "
        "WHERE level = ? AND entity_id IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT 1",
        [int(Level.SECRET), json.dumps(chosen)],
    )
    if row is not None:
        raise WrongState("privacy.secret_customer", number=row["number"])


def _check_agreed(store: Store, chosen: list[str], purpose: str, basis: Basis) -> None:
    """Without a duty by law, each of them agreed to it, and does so still."""
    if basis not in STATUTORY:
        for entity_id in chosen:
            consents.check_allowed(store, entity_id, purpose)


def content(store: Store, row: Row) -> bytes:
    """What is approved: every fact of the disclosure, the hash of the letter's scan, and of an issue's manifest."""
    said = {name: row[name] for name in (*FIELDS, "number", "customers", "with_secret", "due_on")}
    letters = [kept.digest for kept in privacy_files.of(store, "disclosure", row["disclosure_id"])][:1]
    if row["issue_id"]:
        said |= {"issue": row["issue_id"], "issue_sha256": report_giving.digest(store, row["issue_id"])}
    return json.dumps({**said, "letters": letters}, ensure_ascii=False, sort_keys=True).encode()


def deliver(store: Store, actor: Person, disclosure_id: str, language: str) -> Delivered:
    """The workbook for the recipient, or the files of an issue, once; registered with its hash.

    Raises WrongState while it is not approved, after it was delivered, or when a customer became level 1 and that was
    not approved; `Stopped` when somebody withdrew meanwhile; NotAllowed when the person is not cleared for it.
    """
    from custinfo.actions import approvals

    permissions.check(actor, "disclosure.deliver")
    row = _find(store, actor, disclosure_id)
    machines.after(machines.DISCLOSURE, row["state"], "deliver")
    if row["with_secret"] and not visibility.sees(actor, Level.SECRET):
        raise NotAllowed("privacy.not_cleared")
    chosen: list[str] = json.loads(row["customers"])
    export_id = export_register.new_id()
    mark = export_register.mark(store, actor, export_id, f"{row['unit']} {row['recipient']} · {row['number']}")
    made = disclosure_files.make(store, actor, row, mark, language)
    with store.act(actor.person_id, "disclosure.deliver", OBJECT_KIND, disclosure_id) as tx:
        row = _find(store, actor, disclosure_id)
        approvals.check_approved(store, OBJECT_KIND, disclosure_id, content(store, row))
        _check_levels(store, chosen, with_secret=bool(row["with_secret"]))
        _check_agreed(store, chosen, row["purpose"], consent.basis(row["legal_basis"]))
        case = approvals.of(store, OBJECT_KIND, disclosure_id)
        _move(tx, row, "deliver")
        export_register.note(
            tx, store, actor, what="disclosure", object_id=disclosure_id, format=made.file.file_name.rpartition(".")[2],
            rows=made.rows, columns=list(made.columns), tier=made.tier, purpose=row["purpose"], data=made.file.data,
            export_id=export_id, approval=case.case_id if case else None, recipient=row["unit"],
        )  # fmt: skip
        _happened(tx, actor, disclosure_id, "deliver", "", sha256=str(tx.detail["sha256"]), export=export_id)
    return made.file


def receipt(store: Store, actor: Person, disclosure_id: str, note: str, file: Given | None = None) -> None:
    """Record that the recipient signed for it: on which day, and the scan if there is one."""
    permissions.check(actor, "disclosure.deliver")
    if not note.strip():
        raise BadInput("privacy.reason_needed")
    with store.act(actor.person_id, "disclosure.receipt", OBJECT_KIND, disclosure_id) as tx:
        _move(tx, _find(store, actor, disclosure_id), "receipt")
        kept = privacy_files.put(store, tx, actor, "disclosure", disclosure_id, file) if file else None
        _happened(tx, actor, disclosure_id, "receipt", note, file=kept.digest if kept else "")


def cancel(store: Store, actor: Person, disclosure_id: str, reason: str) -> None:
    """Give it up before it was delivered: who recorded it, or who handles the desk. Raises NotFound, NotAllowed."""
    permissions.check(actor, "disclosure.ask")
    if not reason.strip():
        raise BadInput("privacy.reason_needed")
    with store.act(actor.person_id, "disclosure.cancel", OBJECT_KIND, disclosure_id) as tx:
        row = _find(store, actor, disclosure_id)
        if row["recorded_by"] != actor.person_id:
            permissions.check(actor, "privacy.handle")
        _move(tx, row, "cancel")
        _happened(tx, actor, disclosure_id, "cancel", reason)


def find(store: Store, actor: Person, disclosure_id: str) -> Disclosure:
    """One disclosure with what was done about it. Raises NotFound, NotAllowed; that it was read is on the audit log."""
    permissions.check(actor, "privacy.read")
    row = _find(store, actor, disclosure_id)
    with store.act(actor.person_id, "disclosure.read", OBJECT_KIND, disclosure_id):
        pass
    return _disclosure(store, actor, row, with_events=True)


def scan(store: Store, actor: Person, disclosure_id: str, file_id: str) -> tuple[Kept, bytes]:
    """A scan of a disclosure, for who is cleared for level 1; that it was taken is on the audit log.

    Raises NotFound, NotAllowed.
    """
    permissions.check(actor, "privacy.read")
    _find(store, actor, disclosure_id)
    if _register_only(actor):
        raise NotFound("privacy.no_file")
    if not visibility.sees(actor, Level.SECRET):
        raise NotAllowed("privacy.not_cleared")
    with store.act(actor.person_id, "disclosure.read_scan", OBJECT_KIND, disclosure_id, file=file_id[:40]):
        return privacy_files.content(store, file_id, OBJECT_KIND, disclosure_id)


def listed(store: Store, actor: Person, limit: int = 200) -> list[Disclosure]:
    """The register, newest first: the disclosures that exist for the actor."""
    permissions.check(actor, "privacy.read")
    known, given = _known_where(actor)
    rows = store.rows(f"{_SELECT} WHERE {known} ORDER BY number DESC LIMIT ?", [*given, limit])
    return [_disclosure(store, actor, row, with_events=False) for row in rows]


_SELECT = "SELECT disclosure.*, display_name FROM disclosure LEFT JOIN person ON person_id = recorded_by"


def _register_only(actor: Person) -> bool:
    return visibility.scope(actor) is Scope.NONE


def _known_where(actor: Person) -> tuple[str, list[Value]]:
    """The condition under which a disclosure exists for the actor: no customer in it who does not."""
    if _register_only(actor):
        return "1", []
    seen, given = assignments.visible_where(actor, "place")
    unseen = (
        "SELECT 1 FROM json_each(disclosure.customers) AS one JOIN entity_place AS place "
        f"ON place.entity_id = one.value WHERE ({seen}) IS NOT TRUE"
    )
    return f"NOT EXISTS ({unseen})", given


def _find(store: Store, actor: Person, disclosure_id: str) -> Row:
    known, given = _known_where(actor)
    row = store.row(f"{_SELECT} WHERE disclosure_id = ? AND {known}", [disclosure_id, *given])
    if row is None:
        raise NotFound("privacy.no_disclosure")
    return row


def _move(tx: Tx, row: Row, action: str) -> None:
    state = machines.after(machines.DISCLOSURE, row["state"], action)
    tx.update("disclosure", row["disclosure_id"], {"state": state})


def _happened(tx: Tx, actor: Person, disclosure_id: str, action: str, note: str, **facts: Value) -> None:
    row: Row = {
        "disclosure_id": disclosure_id, "action": action, "note": clean(note.strip(), max_length=LONGEST),
        "facts": json.dumps(facts), "at": tx.at, "by": actor.person_id,
    }  # fmt: skip
    tx.insert("disclosure_event", row)


def _disclosure(store: Store, actor: Person, row: Row, *, with_events: bool) -> Disclosure:
    register_only = _register_only(actor)
    chosen: list[str] = [] if register_only else json.loads(row["customers"])
    numbers = {
        one["entity_id"]: one["number"]
        for one in store.rows(
            "SELECT entity_id, number FROM entity WHERE entity_id IN (SELECT value FROM json_each(?))",
            [json.dumps(chosen)],
        )
    }
    facts = {name: "" if register_only and name in NAMING else row[name] for name in FIELDS}
    return Disclosure(
        row["disclosure_id"], row["number"], facts, tuple(chosen), tuple(numbers.get(one, "") for one in chosen),
        bool(row["with_secret"]), date.fromisoformat(row["due_on"]), row["state"], parse(row["recorded_at"]),
        row["display_name"] or row["recorded_by"], row["recorded_by"], register_only,
        _events(store, row["disclosure_id"], with_notes=not register_only) if with_events else (),
        row["issue_id"] or "",
    )  # fmt: skip


def _events(store: Store, disclosure_id: str, *, with_notes: bool) -> tuple[Done, ...]:
    rows = store.rows(
        'SELECT disclosure_event.*, display_name FROM disclosure_event LEFT JOIN person ON person_id = "by" '
        "WHERE disclosure_id = ? ORDER BY seq",
        [disclosure_id],
    )
    return tuple(
        Done(
            one["action"], one["note"] if with_notes else "", json.loads(one["facts"]), parse(one["at"]),
            one["display_name"] or "",
        )
        for one in rows
    )  # fmt: skip


def overdue(store: Store, actor: Person, today: date) -> list[Row]:
    """Disclosures that wait to be delivered or receipted and are due on `today` or before, as far as the actor knows of
    them.
    """
    known, given = _known_where(actor)
    return store.rows(
        "SELECT disclosure_id, number, due_on, state FROM disclosure WHERE state IN ('registered', 'delivered') "
        f"AND due_on <= ? AND {known} ORDER BY due_on",
        [today.isoformat(), *given],
    )


def today(store: Store) -> date:
    """Today, in the site's zone."""
    return utc_now().astimezone(store.site.zone).date()
