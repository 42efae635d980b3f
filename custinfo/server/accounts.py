"""Logging in and out, and the choice of language: plain pages without a kernel."""

import asyncio
import json
from dataclasses import asdict
from urllib.parse import quote

from jupyter_server.auth.decorator import allow_unauthenticated

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession, Origin, Proven
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import LANGUAGES
from custinfo.server.handlers import SiteHandler
from custinfo.server.identity import (
    CHOSEN_COOKIE,
    CHOSEN_SECONDS,
    LANGUAGE_COOKIE,
    LANGUAGE_DAYS,
    SESSION_COOKIE,
    language_of,
    local_path,
    origin_of,
    remember_browser,
    set_session_cookie,
    vouched_name,
)
from custinfo.server.kernels import CLOSE_SESSION_OVER
from custinfo.server.ownership import Owners
from custinfo.store import Site, Store

LONGEST_TYPED = 500
HALF_COOKIE = "custinfo_half"
"""Signed: the password was right, the code is still owed. Of no use for anything but giving the code."""
HALF_DAYS = 5 / (24 * 60)
LOCKED, WRONG = 429, 403


class LoginHandler(SiteHandler):
    """`/login?next=<path>`: name and password; then the code, for those who have a second factor."""

    @allow_unauthenticated
    async def get(self) -> None:
        """The form, or straight on for someone who is logged in, here or at the proxy before this server."""
        target = local_path(self.get_query_argument("next", "/"))
        vouched = vouched_name(self)
        if self.user is not None:
            self.redirect(target)
        elif vouched:
            await self._enter_vouched(vouched, target)
        else:
            self._draw(target)

    @allow_unauthenticated
    async def post(self) -> None:
        """Check name and password; say one and the same thing for an unknown name and a wrong password."""
        target = local_path(self.get_body_argument("next", "/"))
        name = self.get_body_argument("name", "")[:LONGEST_TYPED]
        password = self.get_body_argument("password", "", strip=False)[:LONGEST_TYPED]
        code = self.get_body_argument("code", "")[:LONGEST_TYPED]
        half = self._half()
        by_code = half if code and not password else None
        # Whose device it is, is never for the browser to say where a code is owed: each name has its own count
        name = by_code[0] if by_code else name
        origin = origin_of(self, name)
        try:
            if by_code:
                session = await asyncio.to_thread(_start, self.site, by_code[1], code, origin)
            else:
                # Hashing a password takes a processor for tens of milliseconds: not on the loop that serves everybody
                proven = await asyncio.to_thread(_prove, self.site, name, password, origin)
                if proven.needs_code and not code:
                    self._ask_for_code(name, proven, target)
                    return
                session = await asyncio.to_thread(_start, self.site, proven, code, origin)
        except NotAllowed as refusal:
            self.set_status(LOCKED if refusal.key == "accounts.locked" else WRONG)
            still_half = half is not None and refusal.key == "accounts.code_wrong"
            self._draw(target, name, refusal.text(language_of(self)), code_wanted=still_half)
            return
        self._enter(session, name, target)

    def _draw(self, target: str, name: str = "", error: str = "", *, code_wanted: bool = False) -> None:
        page = self.render_page("login.html.j2", next=target, name=name, error=error, code_wanted=code_wanted)
        self.finish(page)

    def _ask_for_code(self, name: str, proven: Proven, target: str) -> None:
        self.set_signed_cookie(HALF_COOKIE, json.dumps([name, asdict(proven)]), path="/login", expires_days=None)
        self._draw(target, name, code_wanted=True)

    def _half(self) -> tuple[str, Proven] | None:
        raw = self.get_signed_cookie(HALF_COOKIE, max_age_days=HALF_DAYS)
        if not raw:
            return None
        name, proven = json.loads(raw)
        return str(name), Proven(**proven)

    async def _enter_vouched(self, login_name: str, target: str) -> None:
        try:
            session = await asyncio.to_thread(_vouched, self.site, login_name, origin_of(self, login_name))
        except NotAllowed as refusal:
            self.set_status(WRONG)
            self._draw(target, error=refusal.text(language_of(self)))
            return
        self._enter(session, login_name, target)

    def _enter(self, session: LoginSession, name: str, target: str) -> None:
        self.clear_cookie(HALF_COOKIE, path="/login")
        self.clear_cookie(CHOSEN_COOKIE, path="/")
        remember_browser(self, name)
        set_session_cookie(self, session)
        duty = f"/account?next={quote(target, safe='')}" if session.duty else target
        self.redirect(duty, status=303)


class LogoutHandler(SiteHandler):
    """`POST /logout`: ends the session and the kernels that it started."""

    @allow_unauthenticated
    async def post(self) -> None:
        """To the login page, whether or not anybody was logged in."""
        self.clear_cookie(SESSION_COOKIE, path="/")
        if self.user is not None:
            sessions.log_out(self.store, self.user.session)
            owners: Owners = self.settings["custinfo_owners"]
            for kernel_id in owners.of_session(self.user.session.session_id):
                await self.settings["kernel_manager"].end(kernel_id, code=CLOSE_SESSION_OVER)
        self.redirect("/login", status=303)


class LanguageHandler(SiteHandler):
    """`POST /language`: the person's language, kept in the store; before login, in the browser."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Back to the page that asked."""
        language = self.get_body_argument("language", "")
        target = self.get_body_argument("next", "/")
        if language in LANGUAGES:
            self.set_cookie(LANGUAGE_COOKIE, language, expires_days=LANGUAGE_DAYS)
            if self.user is not None:
                sessions.set_language(self.store, self.user.session, language)
            else:
                self.set_cookie(CHOSEN_COOKIE, language, expires_days=None, max_age=CHOSEN_SECONDS)
        at_login = target.isprintable() and (target == "/login" or target.startswith("/login?next="))
        back = target if at_login else local_path(target)
        self.redirect(back, status=303)


# Each opens a store of its own: a connection belongs to the thread that opened it


def _prove(site: Site, name: str, password: str, origin: Origin) -> Proven:
    with Store.open(site) as store:
        return sessions.prove(store, name, password, origin)


def _start(site: Site, proven: Proven, code: str, origin: Origin) -> LoginSession:
    with Store.open(site) as store:
        return sessions.start(store, proven, code, origin)


def _vouched(site: Site, login_name: str, origin: Origin) -> LoginSession:
    with Store.open(site) as store:
        return sessions.vouched(store, login_name, origin)
