"""People with accounts: who they are, which roles they hold, and which customers are theirs."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import clearances, passwords
from custinfo.domain import codelists
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.people import SEPARATED, SERVICE, Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value


def add(
    store: Store,
    actor: Person,
    *,
    login_name: str,
    display_name: str,
    roles: Iterable[Role],
    department: str,
    password: str,
    clearance: Level = Level.INTERNAL,
    trained_until: datetime | None = None,
    vetted_until: datetime | None = None,
    regions: Iterable[str] = (),
    must_change: bool = False,
) -> Person:
    """A new account, with a clearance that counts while the training and vetting that it needs do.

    `must_change`: somebody else set the password, and it is to be changed at the first login.
    Roles and clearance are given by who gives rights: whoever only adds accounts adds one without. Raises BadInput for
    a short password, a name that is taken, or none, an unknown region; NotAllowed for roles that exclude each other.
    """
    permissions.check(actor, "person.add")
    given, places = frozenset(roles), frozenset(regions)
    if given or trained_until or places:
        permissions.check(actor, "role.grant")
    check_separated(given)
    login_name, display_name = clean(login_name.strip(), max_length=64), clean(display_name.strip(), max_length=64)
    if not login_name or not display_name:
        raise BadInput("accounts.name_missing")
    passwords.check_new(password, login_name)
    check_regions(places)
    person_id = f"P-{secrets.token_hex(8)}"
    password_hash = passwords.hashed(password)  # before the transaction: it is slow on purpose
    with store.act(actor.person_id, "person.add", "person", person_id) as tx:
        if store.row("SELECT 1 FROM person WHERE login_name = ?", [login_name]):
            raise BadInput("accounts.name_taken", name=login_name)
        row: dict[str, Value] = {
            "person_id": person_id,
            "login_name": login_name,
            "display_name": display_name,
            "department": clean(department.strip(), max_length=64),
            "password_hash": password_hash,
            "must_change_password": int(must_change),
            "language": DEFAULT_LANGUAGE,
            "created_at": tx.at,
        }
        tx.insert("person", row)
        tx.insert_all("person_role", ({"person_id": person_id, "role": role} for role in sorted(given)))
        tx.insert_all("person_region", ({"person_id": person_id, "region": code} for code in sorted(places)))
        tx.note(roles=",".join(sorted(given)))
        if given and clearance < Level.PUBLIC:
            clearances.write(
                tx, actor, person_id, clearance, trained_until=trained_until, vetted_until=vetted_until, until=None,
                reason="",
            )  # fmt: skip
    return by_id(store, person_id)


def check_separated(roles: Iterable[Role]) -> None:
    """Raises NotAllowed for two roles that one person must not hold together."""
    clashing = sorted(set(roles) & SEPARATED)
    if len(clashing) > 1:
        raise Excluded(clashing)


def check_regions(regions: Iterable[str]) -> None:
    """Raises BadInput for a code that the list of regions does not have."""
    known = codelists.load("region")
    for code in regions:
        if code not in known:
            raise BadInput("people.no_region", code=code[:20])


class Excluded(NotAllowed):
    """Two roles that exclude each other; they are named in the reader's language."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self.roles = list(roles)
        super().__init__("people.excluded")

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """Which roles, why not together, and what to do."""
        names = (text(f"people.role.{role}", language) for role in self.roles)
        return text(self.key, language, roles=("、" if language == "zh-CN" else ", ").join(names))


def from_row(store: Store, row: Row, lowered_to: Level | None = None) -> Person:
    """The person of a row of the table `person`, with their roles, clearance and regions as of now.

    `lowered_to` is the level to which the person lowered themselves for the session that asks.
    """
    person_id, now = row["person_id"], utc_now()
    held = store.rows(
        "SELECT role FROM person_role WHERE person_id = ? AND (until IS NULL OR until > ?)", [person_id, stamp(now)]
    )
    places = store.rows("SELECT region FROM person_region WHERE person_id = ?", [person_id])
    return Person(
        person_id,
        row["login_name"],
        row["display_name"],
        frozenset(Role(one["role"]) for one in held),
        row["department"],
        max(clearances.effective(store, person_id, now), lowered_to or Level.SECRET),
        frozenset(one["region"] for one in places),
    )


def by_id(store: Store, person_id: str) -> Person:
    """The account with this id. Raises NotFound."""
    row = store.row("SELECT * FROM person WHERE person_id = ?", [person_id])
    if row is None:
        raise NotFound("people.unknown")
    return from_row(store, row)


def revoke_again(store: Store, tx: Tx, object_id: str, facts: Mapping[str, str]) -> None:
    """After a restore: what was taken from a person since the backup is taken again, within the open transaction."""
    if facts["what"] == "role":
        tx.delete("person_role", (object_id, facts["role"]))
    elif facts["what"] == "clearance":
        taken = {"revoked_at": tx.at, "revoked_by": SERVICE.person_id}
        if store.row("SELECT 1 FROM clearance WHERE clearance_id = ? AND revoked_at IS NULL", [facts["clearance"]]):
            tx.update("clearance", facts["clearance"], taken)
    elif store.row("SELECT 1 FROM person WHERE person_id = ? AND left_at IS NULL", [object_id]):
        close(tx, SERVICE, object_id)


def close(tx: Tx, actor: Person, person_id: str) -> None:
    """End an account within an open transaction: no session, password, role or clearance of it counts any more.

    Its name stays beside what the person did.
    """
    nobody = passwords.hashed(secrets.token_urlsafe(32))
    tx.update("person", person_id, {"left_at": tx.at, "password_hash": nobody})
    tx.execute("DELETE FROM person_role WHERE person_id = ?", [person_id])
    tx.execute(
        "UPDATE clearance SET revoked_at = ?, revoked_by = ? WHERE person_id = ? AND revoked_at IS NULL",
        [tx.at, actor.person_id, person_id],
    )
    tx.execute("UPDATE login_session SET ended_at = ? WHERE person_id = ? AND ended_at IS NULL", [tx.at, person_id])


def by_login_name(store: Store, login_name: str) -> Person | None:
    """The account with this login name, or None."""
    row = store.row("SELECT * FROM person WHERE login_name = ?", [login_name])
    return from_row(store, row) if row else None
