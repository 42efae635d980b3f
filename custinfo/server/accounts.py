"""Logging in and out, and the choice of language: plain pages without a kernel."""

import asyncio

from jupyter_server.auth.decorator import allow_unauthenticated

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import LANGUAGES
from custinfo.server.handlers import SiteHandler
from custinfo.server.identity import (
    LANGUAGE_COOKIE,
    LANGUAGE_DAYS,
    SESSION_COOKIE,
    language_of,
    local_path,
    set_session_cookie,
)
from custinfo.server.kernels import CLOSE_SESSION_OVER
from custinfo.server.ownership import Owners
from custinfo.store import Site, Store

LONGEST_TYPED = 500


class LoginHandler(SiteHandler):
    """`/login?next=<path>`."""

    @allow_unauthenticated
    async def get(self) -> None:
        """The form, or straight on for someone who is logged in."""
        target = local_path(self.get_query_argument("next", "/"))
        if self.user is not None:
            self.redirect(target)
            return
        self.finish(self.render_page("login.html.j2", next=target, name="", error=""))

    @allow_unauthenticated
    async def post(self) -> None:
        """Check name and password; say one and the same thing for an unknown name and a wrong password."""
        target = local_path(self.get_body_argument("next", "/"))
        name = self.get_body_argument("name", "")[:LONGEST_TYPED]
        password = self.get_body_argument("password", "", strip=False)[:LONGEST_TYPED]
        try:
            # Hashing a password takes a processor for tens of milliseconds: not on the loop that serves everybody
            session = await asyncio.to_thread(_log_in, self.site, name, password)
        except NotAllowed as refusal:
            self.set_status(403)
            error = refusal.text(language_of(self))
            self.finish(self.render_page("login.html.j2", next=target, name=name, error=error))
            return
        set_session_cookie(self, session)
        self.redirect(target, status=303)


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
            self.set_cookie(LANGUAGE_COOKIE, language, expires_days=LANGUAGE_DAYS, samesite="Lax", httponly=True)
            if self.user is not None:
                sessions.set_language(self.store, self.user.session, language)
        at_login = target.isprintable() and (target == "/login" or target.startswith("/login?next="))
        back = target if at_login else local_path(target)
        self.redirect(back, status=303)


def _log_in(site: Site, name: str, password: str) -> LoginSession:
    with Store.open(site) as store:  # a connection belongs to the thread that opened it
        return sessions.log_in(store, name, password)
