"""Who holds which rights: seen, given, taken back, and gone through every few months (R225).

Rights are given on an approved request (`actions.access_requests`), or by the service where a site is set up; they are
taken back directly, at once. Nobody changes their own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions, policies
from custinfo.actions import accounts, clearances, people, second_factor
from custinfo.actions.clearances import Clearance
from custinfo.actions.due import DueRow
from custinfo.domain.clock import parse, stamp
from custinfo.domain.errors import BadInput, CustinfoError, NotAllowed, NotFound, SiteFault, WrongState
from custinfo.domain.people import SEPARATED, SERVICE, Person, Role
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row

LONGEST_DEPARTMENT = 64
EVERYWHERE = frozenset(Role) - {Role.SUPERVISOR, Role.DEPARTMENT_HEAD}
"""Roles that see the people of every department, where they see people at all."""
POWERFUL = frozenset(SEPARATED) | {Role.DEPARTMENT_HEAD, Role.MANAGER}
"""Roles that decide or administer: whoever logs in as one of these could agree to what they asked for themselves."""


@dataclass(frozen=True)
class HeldRole:
    """A role that somebody holds, and until when; None for no end."""

    role: Role
    until: datetime | None


@dataclass(frozen=True)
class Member:
    """A person with all their rights, as somebody sees them who may."""

    person: Person
    roles: tuple[HeldRole, ...]
    clearances: tuple[Clearance, ...]
    customers: int
    left_at: datetime | None


def listed(store: Store, actor: Person) -> list[Member]:
    """The people that the actor may see, by department: all, or those of the own department for who supervises."""
    permissions.check(actor, "person.read")
    rows = store.rows(
        "SELECT * FROM person WHERE ?1 OR department = ?2 ORDER BY left_at IS NOT NULL, department, display_name",
        [int(sees_everybody(actor)), actor.department],
    )
    owned = {row["owner"]: row["n"] for row in store.rows(
        "SELECT owner, count(*) AS n FROM entity_place WHERE root = entity_id GROUP BY owner")}  # fmt: skip
    with store.act(actor.person_id, "person.list", "person", "", shown=len(rows)):
        pass
    return [_member(store, row, owned.get(row["person_id"], 0)) for row in rows]


def sees_everybody(actor: Person) -> bool:
    """Whether the actor sees the people of all departments, being one who sees people."""
    return any(role in EVERYWHERE for role in actor.roles & permissions.PERMISSIONS["person.read"])


def _member(store: Store, row: Row, customers: int) -> Member:
    held = store.rows("SELECT role, until FROM person_role WHERE person_id = ? ORDER BY role", [row["person_id"]])
    return Member(
        people.from_row(store, row),
        tuple(HeldRole(Role(one["role"]), parse(one["until"]) if one["until"] else None) for one in held),
        tuple(clearances.of(store, row["person_id"])),
        customers,
        parse(row["left_at"]) if row["left_at"] else None,
    )


def member(store: Store, actor: Person, person_id: str) -> Member:
    """One person with all their rights, who left too. Raises NotFound."""
    permissions.check(actor, "person.read")
    row = store.row("SELECT * FROM person WHERE person_id = ?", [person_id])
    if row is None or not (sees_everybody(actor) or row["department"] == actor.department):
        raise NotFound("people.unknown")
    owned = store.rows("SELECT count(*) AS n FROM entity_place WHERE owner = ? AND root = entity_id", [person_id])
    with store.act(actor.person_id, "person.read", "person", person_id):
        pass
    return _member(store, row, owned[0]["n"])


def find(store: Store, actor: Person, person_id: str) -> Person:
    """Somebody with an account that is in use, whom the actor may see. Raises NotFound."""
    permissions.check(actor, "person.read")
    row = store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])
    if row is None or not (sees_everybody(actor) or row["department"] == actor.department):
        raise NotFound("people.unknown")
    return people.from_row(store, row)


def grant_role(store: Store, actor: Person, person_id: str, role: Role, until: datetime | None = None) -> None:
    """Give a role without a request: for the service, where a site is set up or nobody else could. Raises NotFound,
    NotAllowed for roles that exclude each other.
    """
    permissions.check(actor, "role.grant")
    if actor is not SERVICE:
        raise NotAllowed("people.by_request")
    with store.act(actor.person_id, "role.grant", "person", person_id, role=str(role)) as tx:
        write_role(store, tx, person_id, role, until)


def write_role(store: Store, tx: Tx, person_id: str, role: Role, until: datetime | None) -> None:
    """Put a role down within an open transaction whose caller has checked the actor. Raises NotFound, BadInput,
    NotAllowed for a role that excludes one that the person holds.
    """
    row = store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])
    if row is None:
        raise NotFound("people.unknown")
    if until is not None and until <= parse(tx.at):
        raise BadInput("people.run_out")
    people.check_separated({*people.from_row(store, row).roles, role})
    tx.delete("person_role", (person_id, str(role)))
    tx.insert("person_role", {"person_id": person_id, "role": str(role), "until": stamp(until) if until else None})


def revoke_role(store: Store, actor: Person, person_id: str, role: Role) -> None:
    """Take a role back, at once: it counts no more at the person's next event. A department head's own department only.

    Raises NotFound, NotAllowed for oneself, WrongState when the person does not hold it.
    """
    permissions.check(actor, "role.revoke")
    policies.check_not_own(actor, [person_id])
    _check_may_take_back(store, actor, person_id)
    with store.act(actor.person_id, "role.revoke", "person", person_id, role=str(role)) as tx:
        if not store.row("SELECT 1 FROM person_role WHERE person_id = ? AND role = ?", [person_id, str(role)]):
            raise WrongState("people.revoked_already")
        tx.remember("access.revoked", person_id, what="role", role=str(role))
        tx.delete("person_role", (person_id, str(role)))


def revoke_clearance(store: Store, actor: Person, clearance_id: str) -> None:
    """Take a clearance back, at once. Raises NotFound, NotAllowed for one's own, WrongState when somebody did."""
    permissions.check(actor, "clearance.revoke")
    row = store.row("SELECT person_id FROM clearance WHERE clearance_id = ?", [clearance_id])
    if row is None:
        raise NotFound("people.no_clearance")
    policies.check_not_own(actor, [row["person_id"]])
    _check_may_take_back(store, actor, row["person_id"])
    clearances.revoke(store, actor, clearance_id)


def _check_may_take_back(store: Store, actor: Person, person_id: str) -> None:
    if actor is SERVICE or actor.roles & permissions.RIGHTS:
        people.by_id(store, person_id)
        return
    find(store, actor, person_id)


def place(store: Store, actor: Person, person_id: str, department: str, regions: frozenset[str]) -> None:
    """Say to which department and regions somebody belongs: whose customers are theirs hangs on it.

    Only the service says it freely, where a site is set up; anybody else takes regions back, and what is more comes by
    a request. Raises BadInput, NotFound, NotAllowed `people.by_request`.
    """
    permissions.check(actor, "role.grant")
    policies.check_not_own(actor, [person_id])
    people.check_regions(regions)
    department = clean(department.strip(), max_length=LONGEST_DEPARTMENT)
    with store.act(actor.person_id, "person.place", "person", person_id) as tx:
        row = store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])
        if row is None:
            raise NotFound("people.unknown")
        had = _regions(store, person_id)
        if actor is not SERVICE and (department != row["department"] or not regions <= had):
            raise NotAllowed("people.by_request")
        tx.note(before=",".join(sorted(had)))
        _write_place(tx, person_id, department, regions)


def write_place(store: Store, tx: Tx, person_id: str, region: str, department: str) -> None:
    """Add a region, or move to a department, within an open transaction whose caller has checked the actor. Raises
    NotFound, BadInput.
    """
    row = store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])
    if row is None:
        raise NotFound("people.unknown")
    added = {region} if region else set()
    people.check_regions(added)
    _write_place(tx, person_id, department or row["department"], _regions(store, person_id) | added)


def _regions(store: Store, person_id: str) -> frozenset[str]:
    rows = store.rows("SELECT region FROM person_region WHERE person_id = ?", [person_id])
    return frozenset(row["region"] for row in rows)


def _write_place(tx: Tx, person_id: str, department: str, regions: frozenset[str]) -> None:
    tx.update("person", person_id, {"department": department})
    tx.execute("DELETE FROM person_region WHERE person_id = ?", [person_id])
    tx.insert_all("person_region", ({"person_id": person_id, "region": code} for code in sorted(regions)))
    tx.note(regions=",".join(sorted(regions)))


def excluded(store: Store) -> Iterator[CustinfoError]:
    """For `doctor`: whoever holds two roles that exclude each other, however that came about."""
    held = store.rows(
        "SELECT login_name, group_concat(role) AS roles FROM person_role JOIN person USING (person_id) "
        "WHERE role IN (SELECT value FROM json_each(?)) GROUP BY person_id HAVING count(*) > 1 ORDER BY login_name",
        [json.dumps(sorted(SEPARATED))],
    )
    for row in held:
        roles = ", ".join(sorted(row["roles"].split(",")))
        yield SiteFault("people.excluded_roles", login=row["login_name"], roles=roles)


def set_password(store: Store, actor: Person, person_id: str, password: str) -> None:
    """Give somebody a new password, which they must change at once; their sessions end.

    Who resets passwords could log in as anybody: for a person of the `POWERFUL` roles it takes the service, or a second
    factor that the person has on, which stays. Raises BadInput, NotFound, NotAllowed `people.password_on_server`.
    """
    permissions.check(actor, "person.reset")
    policies.check_not_own(actor, [person_id])
    people.by_id(store, person_id)
    kept = accounts.check_given(store, person_id, password)  # before the action: hashing is slow on purpose
    with store.act(actor.person_id, "person.set_password", "person", person_id) as tx:
        powerful = people.by_id(store, person_id).roles & POWERFUL
        if actor is not SERVICE and powerful and not second_factor.is_on(store, person_id):
            raise NotAllowed("people.password_on_server")
        tx.note(powerful=len(powerful))
        accounts.give(tx, person_id, kept)


@dataclass(frozen=True)
class PasswordSet:
    """Who set somebody's password, by name, blank for the server's command line; and when."""

    by: str
    at: datetime


def password_set_by(store: Store, person_id: str) -> PasswordSet | None:
    """Who set the password that the person must change now; None where nobody else did."""
    row = store.row(
        "SELECT at, other.display_name FROM audit JOIN person AS whose ON whose.person_id = audit.object_id "
        "LEFT JOIN person AS other ON other.person_id = audit.actor WHERE audit.object_id = ? "
        "AND whose.must_change_password AND action IN ('person.set_password', 'person.add') ORDER BY seq DESC LIMIT 1",
        [person_id],
    )
    return PasswordSet(row["display_name"] or "", parse(row["at"])) if row else None


def confirm(store: Store, actor: Person) -> None:
    """The department head went through the rights of the department, and what is left is right (R225)."""
    permissions.check(actor, "rights.review")
    with store.act(actor.person_id, "rights.review", "department", actor.department) as tx:
        told = {
            row["person_id"]: row["roles"]
            for row in store.rows(
                "SELECT person_id, group_concat(role) AS roles FROM person LEFT JOIN person_role USING (person_id) "
                "WHERE department = ? AND left_at IS NULL GROUP BY person_id ORDER BY person_id",
                [actor.department],
            )
        }
        tx.note(people=len(told))
        row = {"department": actor.department, "reviewed_at": tx.at, "reviewed_by": actor.person_id}
        tx.insert("rights_review", {**row, "rights": json.dumps(told)})


def reviewed_by(store: Store, actor: Person) -> date | None:
    """The day by which the rights of the actor's department are to be gone through; None for who reviews none."""
    if not permissions.may(actor, "rights.review"):
        return None
    rows = store.rows(
        "SELECT max(reviewed_at) AS last FROM rights_review WHERE department = ?1 UNION ALL "
        "SELECT min(created_at) FROM person WHERE department = ?1",
        [actor.department],
    )
    since = next((row["last"] for row in rows if row["last"]), None)
    if since is None:
        return None
    return clearances.review_due(parse(since), store.site.zone)


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """The review of rights, for each department head, once it is due."""
    day = reviewed_by(store, actor)
    if day is None or day > today:
        return []
    return [DueRow("people.due_review", {"department": actor.department}, day, None, "/people")]
