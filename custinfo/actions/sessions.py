"""Login sessions: who is at this browser.

The cookie holds a token that the store knows only by its hash; the session's id names it on the server's side and is of
no use as a cookie, so a page's kernel may have it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from custinfo.actions import guessing, passwords, people, second_factor
from custinfo.actions.guessing import Subject
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store, login_settings
from custinfo.store.database import Row, Tx

TOUCH_EVERY = timedelta(minutes=1)
NOBODY_HASH = passwords.hashed(secrets.token_hex(16))
"""Verified against when the name is unknown, so that the answer takes as long as for a known one."""
ALIVE = "ended_at IS NULL"


@dataclass(frozen=True)
class LoginSession:
    """A session that is alive. `token` is filled only at login: it goes into the cookie and nowhere else.

    `duty` is what must be done before anything else: `password` (set by somebody else: change it), `second_factor` (a
    role takes one: turn it on), or nothing. `lowered_to` is the level down to which the person acts, if they chose to.
    """

    session_id: str
    token: str
    person: Person
    language: str
    duty: str = ""
    lowered_to: Level | None = None


@dataclass(frozen=True)
class Origin:
    """From where somebody logs in: the address, the browser's name for people, the language chosen on the login page.

    `device` is filled for a browser in which this very name has logged in before, as the server made sure.
    """

    address: str = ""
    browser: str = ""
    device: str = ""
    language: str = ""


@dataclass(frozen=True)
class Proven:
    """Somebody who gave the right password, and who still owes a code when `needs_code`.

    `by` names the password that was right, and says nothing about it: once it is changed, this proves nothing.
    """

    person_id: str
    needs_code: bool
    by: str


HERE = Origin()


def log_in(store: Store, login_name: str, password: str, code: str = "", *, origin: Origin = HERE) -> LoginSession:
    """A new session. Raises NotAllowed as `prove` and `start` do."""
    return start(store, prove(store, login_name, password, origin), code, origin)


def prove(store: Store, login_name: str, password: str, origin: Origin = HERE) -> Proven:
    """Check name and password. Raises NotAllowed `accounts.wrong` or `accounts.locked`; wrong guesses are audited.

    A name that nobody has is answered, counted and locked like any other: nothing tells which names there are.
    """
    subjects = _subjects(login_name, origin)
    guessing.check(store, subjects)
    row = store.row("SELECT * FROM person WHERE login_name = ? AND left_at IS NULL", [login_name])
    if not passwords.matches(row["password_hash"] if row else NOBODY_HASH, password) or row is None:
        _refuse(store, row["person_id"] if row else "nobody", subjects)
        raise NotAllowed("accounts.wrong")
    if passwords.outdated(row["password_hash"]):
        stronger = passwords.hashed(password)
        with store.act(row["person_id"], "person.rehash_password", "person", row["person_id"]) as tx:
            unchanged = "UPDATE person SET password_hash = ? WHERE person_id = ? AND password_hash = ?"
            tx.execute(unchanged, [stronger, row["person_id"], row["password_hash"]])
        row["password_hash"] = stronger
    by = store.lookup_digest(row["password_hash"])
    return Proven(row["person_id"], second_factor.is_on(store, row["person_id"]), by)


def start(store: Store, proven: Proven, code: str = "", origin: Origin = HERE) -> LoginSession:
    """The session of somebody whose password was right.

    Raises NotAllowed `accounts.code_needed` when a code is owed and none is given, `accounts.code_wrong`,
    `accounts.locked`, and `accounts.wrong` when the account was closed meanwhile.
    """
    row = _person(store, proven.person_id)
    if row is None or store.lookup_digest(row["password_hash"]) != proven.by:
        raise NotAllowed("accounts.wrong")
    needs_code = second_factor.is_on(store, proven.person_id)
    if needs_code and not code:
        raise NotAllowed("accounts.code_needed")
    subjects = _subjects(row["login_name"], origin)
    token, session_id = _fresh()
    with store.act(proven.person_id, "session.log_in", "session", session_id) as tx:
        guessing.check(store, subjects)  # again: others may have guessed while the password was verified
        right = not needs_code or second_factor.take(store, tx, proven.person_id, code)
        if right:
            # The address is not forgiven: whoever has one account could guess others' from it for ever
            guessing.forget(store, tx, [one for one in subjects if one.kind != "address"])
            tx.insert("login_session", _new_row(tx, session_id, token, proven.person_id, origin))
        else:
            tx.note(refused="code")
            guessing.count(store, tx, subjects)
    if not right:
        raise NotAllowed("accounts.code_wrong")
    return _begun(store, session_id, token)


def vouched(store: Store, login_name: str, origin: Origin = HERE) -> LoginSession:
    """A session for a name that an authenticating proxy, which the server has made sure of, vouches for.

    Raises NotAllowed `accounts.not_known_here` when there is no such account.
    """
    row = store.row("SELECT person_id FROM person WHERE login_name = ? AND left_at IS NULL", [login_name])
    if row is None:
        with store.act("nobody", "session.refuse", "person", "nobody", by="proxy"):
            pass
        raise NotAllowed("accounts.not_known_here")
    token, session_id = _fresh()
    with store.act(row["person_id"], "session.log_in", "session", session_id, by="proxy") as tx:
        tx.insert("login_session", _new_row(tx, session_id, token, row["person_id"], origin))
    return _begun(store, session_id, token)


def by_token(store: Store, token: str) -> LoginSession | None:
    """The live session of a cookie, or None."""
    return _alive(store, store.row("SELECT * FROM login_session WHERE token_hash = ?", [hashed_token(token)]))


def by_id(store: Store, session_id: str) -> LoginSession | None:
    """The live session of an id that the server gave to a kernel, or None."""
    return _alive(store, store.row("SELECT * FROM login_session WHERE session_id = ?", [session_id]))


def touch(store: Store, session: LoginSession) -> None:
    """The session was used: at most one write a minute."""
    row = store.row("SELECT used_at FROM login_session WHERE session_id = ?", [session.session_id])
    if row and utc_now() - parse(row["used_at"]) > TOUCH_EVERY:
        with store.act(session.person.person_id, "session.touch", "session", session.session_id) as tx:
            tx.update("login_session", session.session_id, {"used_at": tx.at})


def log_out(store: Store, session: LoginSession) -> None:
    """End the session: its cookie and its kernels can do nothing any more."""
    with store.act(session.person.person_id, "session.log_out", "session", session.session_id) as tx:
        tx.update("login_session", session.session_id, {"ended_at": tx.at})


def end_all(tx: Tx, person_id: str, *, but: str = "") -> int:
    """End a person's sessions, within an action of the caller's (rights changed, account closed); gives how many.

    `but` is the session that goes on.
    """
    sql = f"UPDATE login_session SET ended_at = ? WHERE person_id = ? AND session_id != ? AND {ALIVE}"
    ended = tx.execute(sql, [tx.at, person_id, but])
    tx.note(sessions_ended=ended)
    return ended


def of_person(store: Store, person_id: str) -> list[Row]:
    """The person's live sessions, the one last used first: session_id, created_at, used_at, browser, address."""
    rows = store.rows(f"SELECT * FROM login_session WHERE person_id = ? AND {ALIVE} ORDER BY used_at DESC", [person_id])
    return [row for row in rows if not _expired(store, row)]


def set_language(store: Store, session: LoginSession, language: str) -> None:
    """The person's language, remembered for every later session. An unknown language changes nothing."""
    if language in LANGUAGES:
        with store.act(session.person.person_id, "person.language", "person", session.person.person_id) as tx:
            tx.update("person", session.person.person_id, {"language": language})
            tx.update("login_session", session.session_id, {"language": language})


def lower(store: Store, session: LoginSession, level: Level | None) -> None:
    """Act as somebody cleared for no more than `level` in this session; None is one's own clearance again.

    Going back up takes a re-authentication, which is the caller's: the screen may have been handed to somebody.
    """
    with store.act(session.person.person_id, "session.lower", "session", session.session_id) as tx:
        tx.note(level=0 if level is None else int(level))
        tx.update("login_session", session.session_id, {"lowered_to": None if level is None else int(level)})


def hashed_token(token: str) -> str:
    """What the store knows of a token with 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fresh() -> tuple[str, str]:
    return secrets.token_urlsafe(32), f"S-{secrets.token_hex(16)}"


def _begun(store: Store, session_id: str, token: str) -> LoginSession:
    session = by_id(store, session_id)
    if session is None:  # ended in the moment that it began, as when the account is closed
        raise NotAllowed("accounts.wrong")
    return replace(session, token=token)


def _new_row(tx: Tx, session_id: str, token: str, person_id: str, origin: Origin) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "token_hash": hashed_token(token),
        "person_id": person_id,
        "created_at": tx.at,
        "used_at": tx.at,
        "language": origin.language if origin.language in LANGUAGES else None,
        "browser": origin.browser[:80],
        "address": origin.address[:64],
    }


def _alive(store: Store, row: Row | None) -> LoginSession | None:
    if row is None or row["ended_at"] or _expired(store, row):
        return None
    found = _person(store, row["person_id"])
    if found is None:
        return None
    lowered = Level(row["lowered_to"]) if row["lowered_to"] else None
    person = people.from_row(store, found, lowered)
    language = row["language"] or found["language"]
    return LoginSession(row["session_id"], "", person, language, _duty(store, found, person), lowered)


def _duty(store: Store, row: Mapping[str, Any], person: Person) -> str:
    if row["must_change_password"]:
        return "password"
    settings = login_settings.of(store.site)
    if settings.second_factor_for & person.roles and not second_factor.is_on(store, person.person_id):
        return "second_factor"
    return ""


def _expired(store: Store, row: Row) -> bool:
    now, settings = utc_now(), login_settings.of(store.site)
    used, created = parse(row["used_at"]), parse(row["created_at"])
    # A clock that was set back must not make a session live for ever: nothing can have been used in the future
    ahead = max(used, created) - now > timedelta(minutes=5)
    return ahead or now - created > settings.longest or now - used > settings.idle


def _person(store: Store, person_id: str) -> Row | None:
    return store.row("SELECT * FROM person WHERE person_id = ? AND left_at IS NULL", [person_id])


def _subjects(login_name: str, origin: Origin) -> list[Subject]:
    """What guesses from there at this name are counted for. A known browser counts by itself alone."""
    if origin.device:
        return [Subject("device", f"{login_name}:{origin.device}")]
    named = [Subject("login", login_name)]
    return [*named, Subject("address", origin.address)] if origin.address else named


def _refuse(store: Store, person_id: str, subjects: list[Subject]) -> None:
    with store.act(person_id, "session.refuse", "person", person_id) as tx:
        guessing.count(store, tx, subjects)
