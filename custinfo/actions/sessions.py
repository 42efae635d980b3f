"""Login sessions: who is at this browser.

The cookie holds a token that the store knows only by its hash; the session's id names it on the server's side and is of
no use as a cookie, so a page's kernel may have it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2.exceptions import VerificationError

from custinfo.actions import people
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

LONGEST = timedelta(hours=12)
LONGEST_UNUSED = timedelta(hours=2)
TOUCH_EVERY = timedelta(minutes=1)
FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=5)

NOBODY_HASH = people.HASHER.hash(secrets.token_hex(16))
"""Verified against when the name is unknown, so that the answer takes as long as for a known one."""


@dataclass(frozen=True)
class LoginSession:
    """A session that is alive. `token` is filled only at login: it goes into the cookie and nowhere else."""

    session_id: str
    token: str
    person: Person
    language: str


def log_in(store: Store, login_name: str, password: str) -> LoginSession:
    """A new session. Raises NotAllowed `accounts.wrong` or `accounts.locked`; wrong guesses are on the audit log.

    A name that nobody has is answered, counted and locked like any other: nothing tells which names there are.
    """
    digest = store.lookup_digest(f"login:{login_name}")
    _check_not_locked(store, digest)
    row = store.row("SELECT * FROM person WHERE login_name = ?", [login_name])
    if not _verifies(row["password_hash"] if row else NOBODY_HASH, password) or row is None:
        _count_failure(store, digest, row["person_id"] if row else "nobody")
        raise NotAllowed("accounts.wrong")
    token, session_id = secrets.token_urlsafe(32), f"S-{secrets.token_hex(16)}"
    with store.act(row["person_id"], "session.log_in", "session", session_id) as tx:
        _check_not_locked(store, digest)  # again: others may have guessed while this password was verified
        tx.delete("login_failure", (digest,))
        tx.insert(
            "login_session",
            {
                "session_id": session_id,
                "token_hash": _hash(token),
                "person_id": row["person_id"],
                "created_at": tx.at,
                "used_at": tx.at,
            },
        )
    return LoginSession(session_id, token, people.from_row(store, row), row["language"])


def by_token(store: Store, token: str) -> LoginSession | None:
    """The live session of a cookie, or None."""
    return _alive(store, store.row("SELECT * FROM login_session WHERE token_hash = ?", [_hash(token)]))


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


def set_language(store: Store, session: LoginSession, language: str) -> None:
    """The person's language, remembered for every later session. An unknown language changes nothing."""
    if language in LANGUAGES:
        with store.act(session.person.person_id, "person.language", "person", session.person.person_id) as tx:
            tx.update("person", session.person.person_id, {"language": language})


def _alive(store: Store, row: Row | None) -> LoginSession | None:
    if row is None or row["ended_at"]:
        return None
    now = utc_now()
    if now - parse(row["created_at"]) > LONGEST or now - parse(row["used_at"]) > LONGEST_UNUSED:
        return None
    person = store.row("SELECT * FROM person WHERE person_id = ?", [row["person_id"]])
    if person is None:
        return None
    return LoginSession(row["session_id"], "", people.from_row(store, person), person["language"])


def _verifies(password_hash: str, password: str) -> bool:
    try:
        return people.HASHER.verify(password_hash, password)
    except VerificationError:
        return False


def _locked_until(store: Store, digest: str) -> datetime | None:
    row = store.row("SELECT locked_until FROM login_failure WHERE name_digest = ?", [digest])
    until = parse(row["locked_until"]) if row and row["locked_until"] else None
    return until if until and until > utc_now() else None


def _check_not_locked(store: Store, digest: str) -> None:
    until = _locked_until(store, digest)
    if until:
        raise NotAllowed("accounts.locked", minutes=_minutes_until(until, utc_now()))


def _count_failure(store: Store, digest: str, person_id: str) -> None:
    """Count under the lock, so that guesses side by side are counted one by one."""
    with store.act(person_id, "session.refuse", "person", person_id) as tx:
        if _locked_until(store, digest):
            return
        row = store.row("SELECT failures FROM login_failure WHERE name_digest = ?", [digest])
        failures = (row["failures"] if row else 0) + 1
        locked = failures >= FAILURES_ALLOWED
        until = stamp(utc_now() + LOCKED_FOR) if locked else None
        tx.delete("login_failure", (digest,))
        tx.insert(
            "login_failure", {"name_digest": digest, "failures": failures % FAILURES_ALLOWED, "locked_until": until}
        )
        tx.note(locked=int(locked))


def _minutes_until(moment: datetime, now: datetime) -> int:
    return int((moment - now).total_seconds() // 60) + 1


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
