"""Proving once more who one is, within a session: before a signature, and before one's own login is changed."""

from custinfo.actions import guessing, passwords, second_factor
from custinfo.actions.guessing import Subject
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.store import Store


def check(store: Store, actor: Person, password: str, code: str = "") -> None:
    """Raises NotAllowed unless password and, where the person has a second factor, code are right.

    Keys: `accounts.wrong_password`, `accounts.code_wrong`, `accounts.locked`. Failures are counted like those of a
    login, apart from it: a stranger who locks the name out keeps nobody from signing. Call it outside of an action:
    it takes a processor for tens of milliseconds, and writes one of its own.
    """
    subjects = [Subject("again", actor.person_id)]
    guessing.check(store, subjects)
    row = store.row("SELECT password_hash FROM person WHERE person_id = ?", [actor.person_id])
    right = row is not None and passwords.matches(row["password_hash"], password[: passwords.LONGEST])
    problem = "" if right else "accounts.wrong_password"
    action = "session.reauthenticate" if right else "session.refuse"
    with store.act(actor.person_id, action, "person", actor.person_id) as tx:
        guessing.check(store, subjects)  # again: others may have guessed while this password was verified
        if right and second_factor.is_on(store, actor.person_id):
            problem = "" if second_factor.take(store, tx, actor.person_id, code) else "accounts.code_wrong"
        if problem:
            tx.note(refused=1)
            guessing.count(store, tx, subjects)
        else:
            guessing.forget(store, tx, subjects)
    if problem:
        raise NotAllowed(problem)


def needs_code(store: Store, actor: Person) -> bool:
    """Whether `check` asks for a code too."""
    return second_factor.is_on(store, actor.person_id)
