"""Requests for a role, a clearance, a region or another department: with a reason, agreed to, only then given (R225).

The department head agrees, the security administrator approves and gives it; neither for themselves, and nobody both.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies
from custinfo.actions import approvals, clearances, people, rights
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

KIND = "access_request"
PROCEDURE = "access_request"


@dataclass(frozen=True)
class Request:
    """One request: for whom; a role, a level, a region or a department; until when (None: no end), why. `state` is that
    of its case.
    """

    request_id: str
    person_id: str
    person_name: str
    role: Role | None
    level: Level | None
    region: str
    department: str
    until: datetime | None
    reason: str
    asked_at: datetime
    asked_by_name: str
    state: str
    applied: bool


def ask(
    store: Store, actor: Person, person_id: str, *, role: Role | None = None, level: Level | None = None,
    region: str = "", department: str = "", until: datetime | None = None, reason: str,
) -> str:  # fmt: skip
    """Ask for one role, one clearance, one more region or another department, for oneself or somebody of one's
    department; gives the request's id. A region and a department have no end.

    Raises NotFound, BadInput without a reason or with a day that has passed, NotAllowed for roles that exclude each
    other.
    """
    permissions.check(actor, "access.ask")
    reason = clean(reason, max_length=clearances.LONGEST_REASON).strip()
    region, department = region.strip(), clean(department.strip(), max_length=rights.LONGEST_DEPARTMENT)
    one_thing = [role is not None, level is not None, bool(region), bool(department)].count(True) == 1
    if not reason or not one_thing or level is Level.PUBLIC:
        raise BadInput("people.request_incomplete")
    if until is not None and (region or department):
        raise BadInput("people.no_end")
    people.check_regions([region] if region else [])
    if until is not None and until <= utc_now():
        raise BadInput("people.run_out")
    request_id = f"AR-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "access.ask", "access_request", request_id, person=person_id[:40]) as tx:
        wanted = _concerned(store, actor, person_id)
        if role is not None:
            people.check_separated({*wanted.roles, role})
        row: Row = {
            "request_id": request_id, "person_id": person_id, "role": str(role) if role else None,
            "level": int(level) if level else None, "region": region or None, "department": department or None,
            "until": stamp(until) if until else None, "reason": reason,
            "asked_at": tx.at, "asked_by": actor.person_id,
        }  # fmt: skip
        tx.insert("access_request", row)
        title = {language: text("people.request_title", language, number=request_id) for language in LANGUAGES}
        approvals.open(store, tx, actor, PROCEDURE, KIND, request_id, title, _content(row), authors=[person_id])
    return request_id


def _concerned(store: Store, actor: Person, person_id: str) -> Person:
    if person_id == actor.person_id:
        return actor
    row = store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])
    if row is None or row["department"] != actor.department:
        raise NotFound("people.unknown")
    return people.from_row(store, row)


def apply(
    store: Store, actor: Person, request_id: str, *, trained_until: datetime | None = None,
    vetted_until: datetime | None = None,
) -> None:  # fmt: skip
    """Give what an approved request asks for, once; for a clearance with the days of training and vetting.

    For who gives rights, never to oneself. Raises NotFound, WrongState before it is approved and when it was given.
    """
    row = _row(store, request_id)
    permissions.check(actor, "clearance.grant" if row["level"] else "role.grant")
    policies.check_not_own(actor, [row["person_id"]])
    with store.act(actor.person_id, "access.apply", "access_request", request_id, person=row["person_id"]) as tx:
        row = _row(store, request_id)
        if row["applied_at"]:
            raise WrongState("people.applied_already")
        approvals.check_approved(store, KIND, request_id, _content(row))
        until = parse(row["until"]) if row["until"] else None
        if row["role"]:
            rights.write_role(store, tx, row["person_id"], Role(row["role"]), until)
            tx.note(role=row["role"])
        elif not row["level"]:
            rights.write_place(store, tx, row["person_id"], row["region"] or "", row["department"] or "")
        else:
            clearances.check_complete(Level(row["level"]), trained_until, vetted_until)
            clearances.write(
                tx, actor, row["person_id"], Level(row["level"]), trained_until=trained_until,
                vetted_until=vetted_until, until=until, reason=row["reason"],
            )  # fmt: skip
            tx.note(level=row["level"])
        tx.update("access_request", request_id, {"applied_at": tx.at, "applied_by": actor.person_id})


def listed(store: Store, actor: Person) -> list[Request]:
    """The requests that the actor may see, the newest first: of the people that they may see, and their own."""
    everybody = permissions.may(actor, "person.read") and rights.sees_everybody(actor)
    leads = permissions.may(actor, "person.read")
    rows = store.rows(
        "SELECT access_request.*, wanted.display_name AS person_name, asking.display_name AS asked_by_name "
        "FROM access_request JOIN person AS wanted USING (person_id) "
        "LEFT JOIN person AS asking ON asking.person_id = asked_by "
        "WHERE ?1 OR asked_by = ?2 OR access_request.person_id = ?2 OR (?3 AND wanted.department = ?4) "
        "ORDER BY asked_at DESC LIMIT 100",
        [int(everybody), actor.person_id, int(leads), actor.department],
    )
    return [_request(store, row) for row in rows]


def _request(store: Store, row: Row) -> Request:
    case = approvals.of(store, KIND, row["request_id"])
    return Request(
        row["request_id"], row["person_id"], row["person_name"], Role(row["role"]) if row["role"] else None,
        Level(row["level"]) if row["level"] else None, row["region"] or "", row["department"] or "",
        parse(row["until"]) if row["until"] else None, row["reason"],
        parse(row["asked_at"]), row["asked_by_name"] or row["asked_by"], case.state if case else "",
        row["applied_at"] is not None,
    )  # fmt: skip


def _row(store: Store, request_id: str) -> Row:
    row = store.row("SELECT * FROM access_request WHERE request_id = ?", [request_id])
    if row is None:
        raise NotFound("people.no_request")
    return row


def _content(row: Row) -> bytes:
    """What is agreed to: for whom, what, until when, why."""
    told = {name: row[name] for name in ("person_id", "role", "level", "region", "department", "until", "reason")}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
