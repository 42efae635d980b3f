"""An analyst's own JupyterLab, which runs under the analyst's account: who may enter it is this site's to say.

The lab is not trusted with the login cookie, since who owns a lab can read all that is sent to it. The browser is sent
here instead, and back with a code; the lab trades the code, and its own token, for a ticket that says nothing but who
is there.
"""

import secrets
from datetime import timedelta

from custinfo.access import permissions
from custinfo.actions import people
from custinfo.actions.sessions import LoginSession, hashed_token
from custinfo.domain import clock
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store, login_settings
from custinfo.store.database import Row

CODE_LIVES = timedelta(seconds=60)
CODE, TICKET = "code", "ticket"


def new_token(store: Store, actor: Person, login_name: str) -> str:
    """What a person's lab shows to this site: shown once, for a file that only the person's account reads.

    An earlier one is good no more. Raises NotFound, or NotAllowed for somebody who may not read the lake.
    """
    permissions.check(actor, "lab.token")
    person = people.by_login_name(store, login_name)
    if person is None:
        raise NotFound("accounts.no_person")
    permissions.check(person, "lake.read")
    token = secrets.token_urlsafe(32)
    with store.act(actor.person_id, "lab.token", "person", person.person_id) as tx:
        tx.delete("lab_token", (person.person_id,))
        row = {"person_id": person.person_id, "token_hash": hashed_token(token), "made_at": tx.at}
        tx.insert("lab_token", row)
    return token


def address(store: Store, session: LoginSession) -> tuple[str, str]:
    """Where the person's own lab is, and a code for it that is good once, for a minute.

    Raises NotAllowed for somebody who may not read the lake, NotFound when this site has no labs.
    """
    permissions.check(session.person, "lake.read")
    labs = login_settings.of(store.site).labs
    if not labs:
        raise NotFound("accounts.no_labs")
    code = secrets.token_urlsafe(32)
    with store.act(session.person.person_id, "lab.enter", "session", session.session_id) as tx:
        tx.execute("DELETE FROM lab_ticket WHERE kind = ? AND session_id = ?", [CODE, session.session_id])
        ticket = {"ticket_hash": hashed_token(code), "session_id": session.session_id, "kind": CODE, "made_at": tx.at}
        tx.insert("lab_ticket", ticket)
    return labs, code


def redeem(store: Store, token: str, code: str) -> str:
    """The ticket for a code. Raises NotAllowed `accounts.no_ticket` for another's code, an old or a used one."""
    with store.act("service", "lab.redeem", "session", "") as tx:
        row = _row(store, token, code, CODE)
        if row is None:
            tx.note(refused=1)
            ticket = ""
        else:
            tx.delete("lab_ticket", (row["ticket_hash"],))
            fresh = clock.utc_now() - clock.parse(row["made_at"]) <= CODE_LIVES
            ticket = secrets.token_urlsafe(32) if fresh else ""
        if ticket and row is not None:
            kept = {"ticket_hash": hashed_token(ticket), "session_id": row["session_id"], "kind": TICKET}
            tx.insert("lab_ticket", {**kept, "made_at": tx.at})
    if not ticket:
        raise NotAllowed("accounts.no_ticket")
    return ticket


def who(store: Store, token: str, ticket: str) -> Person | None:
    """Who is at the lab that has this token: its owner, while the login behind the ticket has not been ended, or None.

    Work in a lab sends nothing here, so the site's limit for unused pages does not count for it; that for the longest
    login does.
    """
    row = _row(store, token, ticket, TICKET)
    if row is None or row["ended_at"] or row["left_at"]:
        return None
    if clock.utc_now() - clock.parse(row["created_at"]) > login_settings.of(store.site).longest:
        return None
    person = people.by_id(store, row["person_id"])
    return person if permissions.may(person, "lake.read") else None


def _row(store: Store, token: str, ticket: str, kind: str) -> Row | None:
    """The ticket with its session and person, when the token is that of the same person's lab."""
    return store.row(
        "SELECT lab_ticket.*, login_session.*, person.left_at FROM lab_ticket JOIN login_session USING (session_id) "
        "JOIN person USING (person_id) JOIN lab_token USING (person_id) "
        "WHERE ticket_hash = ? AND kind = ? AND lab_token.token_hash = ?",
        [hashed_token(ticket), kind, hashed_token(token)],
    )
