"""What people do with their own login: password, sessions, how far they are cleared for a while."""

from custinfo.actions import passwords, reauthentication, second_factor, sessions
from custinfo.actions.sessions import LoginSession
from custinfo.domain.errors import BadInput, NotAllowed, NotFound
from custinfo.domain.sensitivity import Level
from custinfo.store import Store, login_settings
from custinfo.store.database import Tx


def change_password(store: Store, session: LoginSession, old: str, new: str, code: str = "") -> None:
    """A new password; every other session ends. Raises NotAllowed as `reauthentication.check`, BadInput for the new.

    The session that changes it goes on under its cookie.
    """
    person = session.person
    reauthentication.check(store, person, old, code)
    passwords.check_new(new, person.login_name)
    if new == old:
        raise BadInput("accounts.password_same")
    kept = passwords.hashed(new)
    with store.act(person.person_id, "person.change_password", "person", person.person_id) as tx:
        tx.update("person", person.person_id, {"password_hash": kept, "must_change_password": 0})
        sessions.end_all(tx, person.person_id, but=session.session_id)


def check_given(store: Store, person_id: str, password: str) -> str:
    """The hash of a password that somebody else sets for a person, for `give`. Raises BadInput, NotFound.

    Before the action in which it is given: hashing is slow.
    """
    row = store.row("SELECT login_name FROM person WHERE person_id = ?", [person_id])
    if row is None:
        raise NotFound("accounts.no_person")
    passwords.check_new(password, row["login_name"])
    return passwords.hashed(password)


def give(tx: Tx, person_id: str, password_hash: str) -> None:
    """Within an action of the caller's, who has checked that the actor may: the person must change it at once."""
    tx.update("person", person_id, {"password_hash": password_hash, "must_change_password": 1})
    sessions.end_all(tx, person_id)


def end_other_sessions(store: Store, session: LoginSession) -> int:
    """End every session of the person but this one; gives how many."""
    person_id = session.person.person_id
    with store.act(person_id, "session.end_others", "person", person_id) as tx:
        return sessions.end_all(tx, person_id, but=session.session_id)


def act_as(store: Store, session: LoginSession, level: Level | None, password: str = "", code: str = "") -> None:
    """Lower the clearance of this session to `level`; or, with the password, further up again, None being the top.

    Raises NotAllowed as `reauthentication.check`: only the way up needs it.
    """
    lower = level is not None and (session.lowered_to is None or level >= session.lowered_to)
    if not lower:
        reauthentication.check(store, session.person, password, code)
    sessions.lower(store, session, level)


def remove_second_factor(store: Store, session: LoginSession, password: str, code: str) -> None:
    """Turn one's own second factor off. Raises NotAllowed `accounts.factor_required` when a role takes one."""
    if login_settings.of(store.site).second_factor_for & session.person.roles:
        raise NotAllowed("accounts.factor_required")
    reauthentication.check(store, session.person, password, code)
    second_factor.remove(store, session.person)


def new_recovery_codes(store: Store, session: LoginSession, password: str, code: str) -> list[str]:
    """Ten new recovery codes; the old ones are good no more. Raises NotAllowed as `reauthentication.check`."""
    reauthentication.check(store, session.person, password, code)
    return second_factor.new_recovery_codes(store, session.person)
