"""People with accounts."""

import secrets
from collections.abc import Iterable

from argon2 import PasswordHasher

from custinfo.access import permissions
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.people import Person, Role
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

HASHER = PasswordHasher()  # argon2id with the library's (RFC 9106 low-memory) parameters
SHORTEST_PASSWORD = 10


def add(
    store: Store,
    actor: Person,
    *,
    login_name: str,
    display_name: str,
    roles: Iterable[Role],
    department: str,
    password: str,
) -> Person:
    """A new account. Raises BadInput for a short password, a name that is taken, or none."""
    permissions.check(actor, "person.add")
    login_name, display_name = clean(login_name.strip(), max_length=64), clean(display_name.strip(), max_length=64)
    if not login_name or not display_name:
        raise BadInput("accounts.name_missing")
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput("accounts.password_short", shortest=SHORTEST_PASSWORD)
    person = Person(
        f"P-{secrets.token_hex(8)}", login_name, display_name, frozenset(roles), clean(department, max_length=64)
    )
    with store.act(actor.person_id, "person.add", "person", person.person_id) as tx:
        if store.row("SELECT 1 FROM person WHERE login_name = ?", [login_name]):
            raise BadInput("accounts.name_taken", name=login_name)
        tx.insert(
            "person",
            {
                "person_id": person.person_id,
                "login_name": login_name,
                "display_name": display_name,
                "department": person.department,
                "password_hash": HASHER.hash(password),
                "language": DEFAULT_LANGUAGE,
                "created_at": tx.at,
            },
        )
        tx.insert_all("person_role", ({"person_id": person.person_id, "role": role} for role in sorted(person.roles)))
        tx.note(roles=",".join(sorted(person.roles)))
    return person


def from_row(store: Store, row: Row) -> Person:
    """The person of a row of the table `person`, with their roles as of now."""
    roles = store.rows("SELECT role FROM person_role WHERE person_id = ?", [row["person_id"]])
    held = frozenset(Role(found["role"]) for found in roles)
    return Person(row["person_id"], row["login_name"], row["display_name"], held, row["department"])


def by_login_name(store: Store, login_name: str) -> Person | None:
    """The account with this login name, or None."""
    row = store.row("SELECT * FROM person WHERE login_name = ?", [login_name])
    return from_row(store, row) if row else None
