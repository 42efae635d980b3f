"""The register of penalties for staff (R224, D10): a person decides, never the system, after the other was heard.

It has a permission of its own and needs a level-1 clearance: the reasons are sealed, each reading is on the audit log.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies
from custinfo.actions import people, sealing
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import stated
from custinfo.store import Store
from custinfo.store.database import Row

KINDS = ("warning", "criticism", "fine", "disciplinary", "demotion")
LONGEST = 2000


@dataclass(frozen=True)
class Penalty:
    """A penalty: `heard` is what the person said to it, `incident` the number of what it is about, names are names."""

    penalty_id: str
    number: str
    person: str
    kind: str
    amount_fen: int | None
    reason: str
    heard: str
    incident: str
    decided_at: datetime
    decided_by: str
    revoked_because: str | None


def decide(
    store: Store,
    actor: Person,
    *,
    login_name: str,
    kind: str,
    reason: str,
    heard: str,
    amount_fen: int | None = None,
    incident: str = "",
) -> str:
    """Impose a penalty on somebody else; gives its number. Raises BadInput for what is missing."""
    _check(actor, "penalty.decide")
    person = people.by_login_name(store, login_name.strip())
    if person is None:
        raise BadInput("oversight.no_person", name=login_name[:64])
    policies.check_not_own(actor, [person.person_id])
    if kind not in KINDS or (kind == "fine") != bool(amount_fen) or (amount_fen or 0) < 0:
        raise BadInput("penalties.kind_wrong")
    why, said = (stated(one, "penalties.reason_missing", max_length=LONGEST) for one in (reason, heard))
    penalty_id = f"PN-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "penalty.decide", "penalty", penalty_id, kind=kind) as tx:
        about = store.row("SELECT incident_id FROM incident WHERE number = ?", [incident]) if incident else None
        if incident and about is None:
            raise BadInput("incidents.unknown")
        year = utc_now().astimezone(store.site.zone).year
        number = f"{year}-{tx.next_number(f'penalties {year}'):03d}"
        row: Row = {
            "penalty_id": penalty_id,
            "number": number,
            "person_id": person.person_id,
            "kind": kind,
            "amount_fen": amount_fen,
            "reason": sealing.seal_text(store, "penalty", penalty_id, "reason", 1, why),
            "heard": sealing.seal_text(store, "penalty", penalty_id, "heard", 1, said),
            "incident_id": about["incident_id"] if about else None,
            "decided_at": tx.at,
            "decided_by": actor.person_id,
        }
        tx.insert("penalty", row)
    return number


def revoke(store: Store, actor: Person, number: str, because: str) -> None:
    """Take a penalty back; it stays on the register as revoked."""
    _check(actor, "penalty.decide")
    words = stated(because, "penalties.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "penalty.revoke", "penalty", number) as tx:
        row = store.row("SELECT * FROM penalty WHERE number = ?", [number])
        if row is None:
            raise NotFound("penalties.unknown")
        policies.check_not_own(actor, [row["person_id"]])
        if row["revoked_at"]:
            raise WrongState("penalties.revoked_already")
        sealed = sealing.seal_text(store, "penalty", row["penalty_id"], "revoked_because", 1, words)
        changes = {"revoked_at": tx.at, "revoked_by": actor.person_id, "revoked_because": sealed}
        tx.update("penalty", row["penalty_id"], changes)


def listed(store: Store, actor: Person) -> list[Penalty]:
    """The register, the newest first; that it was read is on the audit log."""
    _check(actor, "penalty.read")
    rows = store.rows(
        "SELECT penalty.*, one.display_name AS name, other.display_name AS by_name, incident.number AS about "
        "FROM penalty JOIN person AS one USING (person_id) JOIN person AS other ON other.person_id = decided_by "
        "LEFT JOIN incident USING (incident_id) ORDER BY decided_at DESC"
    )
    with store.act(actor.person_id, "penalty.read", "penalty", "", shown=len(rows)):
        pass
    return [_penalty(store, row) for row in rows]


def may_read(actor: Person) -> bool:
    """Whether the person is on the register's list and cleared for level 1."""
    return permissions.may(actor, "penalty.read") and actor.clearance == Level.SECRET


def _check(actor: Person, permission: str) -> None:
    permissions.check(actor, permission)
    if actor.clearance != Level.SECRET:  # whatever the role sees of customers: this register is about colleagues
        raise NotAllowed("penalties.clearance")


def _penalty(store: Store, row: Row) -> Penalty:
    def opened(field: str) -> str:
        return sealing.open_text(store, "penalty", row["penalty_id"], field, 1, row[field])

    return Penalty(
        row["penalty_id"],
        row["number"],
        row["name"],
        row["kind"],
        row["amount_fen"],
        opened("reason"),
        opened("heard"),
        row["about"] or "",
        parse(row["decided_at"]),
        row["by_name"],
        opened("revoked_because") if row["revoked_at"] else None,
    )
