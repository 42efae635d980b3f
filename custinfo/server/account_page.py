"""`/account`: a person's own login: password, second factor, sessions, and acting with less clearance for a while.

A plain page without a kernel, so that it is there for those who must change their password before anything else.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tornado.web import HTTPError

from custinfo.actions import accounts, reauthentication, rights, second_factor, sessions
from custinfo.actions.sessions import LoginSession
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, CustinfoError
from custinfo.domain.messages import text
from custinfo.domain.sensitivity import Level
from custinfo.server.accounts import LONGEST_TYPED
from custinfo.server.handlers import SiteHandler
from custinfo.server.identity import language_of, local_path
from custinfo.server.kernels import CLOSE_KERNEL_ENDED, CLOSE_SESSION_OVER
from custinfo.server.ownership import Owners
from custinfo.store import Site, Store, login_settings

FIELDS = ("password", "new", "again", "code", "level")
Given = Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What came of it: the message's key under `account.done`, and recovery codes, which are shown this once."""

    done: str
    codes: tuple[str, ...] = ()


def _change_password(store: Store, session: LoginSession, given: Given) -> Outcome:
    if given["new"] != given["again"]:
        raise BadInput("accounts.password_differs")
    accounts.change_password(store, session, given["password"], given["new"], given["code"])
    return Outcome("password")


def _begin_factor(store: Store, session: LoginSession, given: Given) -> Outcome:
    reauthentication.check(store, session.person, given["password"], given["code"])
    second_factor.begin(store, session.person)
    return Outcome("")


def _confirm_factor(store: Store, session: LoginSession, given: Given) -> Outcome:
    return Outcome("factor_on", tuple(second_factor.confirm(store, session.person, given["code"])))


def _remove_factor(store: Store, session: LoginSession, given: Given) -> Outcome:
    accounts.remove_second_factor(store, session, given["password"], given["code"])
    return Outcome("factor_off")


def _new_codes(store: Store, session: LoginSession, given: Given) -> Outcome:
    return Outcome("codes", tuple(accounts.new_recovery_codes(store, session, given["password"], given["code"])))


def _end_others(store: Store, session: LoginSession, given: Given) -> Outcome:  # noqa: ARG001
    accounts.end_other_sessions(store, session)
    return Outcome("others")


def _act_as(store: Store, session: LoginSession, given: Given) -> Outcome:
    if given["level"] not in {"", "2", "3"}:
        raise BadInput("accounts.no_level")
    level = Level(int(given["level"])) if given["level"] else None
    accounts.act_as(store, session, level, given["password"], given["code"])
    return Outcome("lowered" if level else "raised")


ACTIONS: Mapping[str, Callable[[Store, LoginSession, Given], Outcome]] = {
    "password": _change_password,
    "begin-second-factor": _begin_factor,
    "confirm-second-factor": _confirm_factor,
    "remove-second-factor": _remove_factor,
    "new-codes": _new_codes,
    "end-others": _end_others,
    "act-as": _act_as,
}
UNDER_DUTY = {"password": {"password"}, "second_factor": {"begin-second-factor", "confirm-second-factor"}}
"""What can be done here before the duty that a login begins with is fulfilled."""


class AccountHandler(SiteHandler):
    """`GET /account`, `POST /account/<action>`."""

    async def get(self) -> None:
        """The page."""
        self._draw(local_path(self.get_query_argument("next", "/")))

    def _draw(self, target: str, **shown: Any) -> None:
        session = self._session()
        facts = {"target": target, "done": "", "codes": (), "error": "", "at": ""} | shown
        self.finish(self.render_page("account.html.j2", account=described(self.store, session), **facts))

    def _session(self) -> LoginSession:
        if self.user is None:
            raise HTTPError(403)
        return self.user.session


class AccountActionHandler(AccountHandler):
    """One change; the page is drawn again with what came of it."""

    async def get(self, action: str) -> None:  # type: ignore[override]  # noqa: ARG002
        """An address that somebody copied: to the page itself."""
        self.redirect("/account")

    async def post(self, action: str) -> None:
        """Do it. 404 for what is no action."""
        session = self._session()
        if action not in ACTIONS or (session.duty and action not in UNDER_DUTY[session.duty]):
            raise HTTPError(404)
        given = {name: self.get_body_argument(name, "", strip=False)[:LONGEST_TYPED] for name in FIELDS}
        target = local_path(self.get_body_argument("next", "/"))
        try:
            outcome = await asyncio.to_thread(_do, self.site, session.session_id, action, given)
        except CustinfoError as error:
            self.set_status(403)
            self._draw(target, error=error.text(language_of(self)), at=action)
            return
        await self._end_pages(action, session)
        after = sessions.by_id(self.store, session.session_id)
        if after is None:
            self.redirect("/login", status=303)
            return
        assert self.user is not None
        self.user.session = after
        if session.duty and not after.duty and not outcome.codes:
            self.redirect(target, status=303)
            return
        self._draw(target, done=outcome.done, codes=outcome.codes, at=action)

    async def _end_pages(self, action: str, session: LoginSession) -> None:
        """Pages show what could be seen before: those of this session start anew, those of ended ones are over."""
        owners: Owners = self.settings["custinfo_owners"]
        kernels = self.settings["kernel_manager"]
        for kernel_id in owners.of_person(session.person.person_id):
            if not owners.session_lives(kernel_id, self.store):
                await kernels.end(kernel_id, code=CLOSE_SESSION_OVER)
        if action == "act-as":
            for kernel_id in owners.of_session(session.session_id):
                await kernels.end(kernel_id, code=CLOSE_KERNEL_ENDED)


def described(store: Store, session: LoginSession) -> dict[str, Any]:
    """What the page shows of a person's login."""
    person = session.person
    on = second_factor.is_on(store, person.person_id)
    begun = None if on else second_factor.begun(store, person)
    return {
        "person": person,
        "roles": [text(f"people.role.{role}", session.language) for role in sorted(person.roles)],
        "clearance": int(person.clearance),
        "lowered": session.lowered_to is not None,
        "lower": [int(level) for level in Level if level > person.clearance],
        "duty": session.duty,
        "set_by": _set_by(store, session) if session.duty == "password" else "",
        "factor": "on" if on else "begun" if begun else "off",
        "required": bool(login_settings.of(store.site).second_factor_for & person.roles),
        "codes_left": second_factor.recovery_codes_left(store, person.person_id),
        "picture": second_factor.picture(begun.uri) if begun else "",
        "secret": begun.secret if begun else "",
        "sessions": [
            {
                "here": row["session_id"] == session.session_id,
                "browser": row["browser"],
                "address": row["address"],
                "since": clock.show(clock.parse(row["created_at"]), store.site.zone),
                "used": clock.show(clock.parse(row["used_at"]), store.site.zone),
            }
            for row in sessions.of_person(store, person.person_id)
        ],
    }


def _set_by(store: Store, session: LoginSession) -> str:
    """Who set the password that is to be changed, and when: whoever did not ask for it finds out."""
    found = rights.password_set_by(store, session.person.person_id)
    if found is None:
        return ""
    name = found.by or text("server.account.duty.set_on_server", session.language)
    return text("server.account.duty.set_by", session.language, name=name, time=clock.show(found.at, store.site.zone))


def _do(site: Site, session_id: str, action: str, given: Given) -> Outcome:
    with Store.open(site) as store:  # a connection belongs to the thread that opened it
        session = sessions.by_id(store, session_id)
        if session is None:
            raise BadInput("pages.relogin")
        return ACTIONS[action](store, session, given)
