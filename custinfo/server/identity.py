"""Who is at the browser: the cookie's login session, and nothing else that a request may claim."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler
from traitlets import Instance

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.store import Store

SESSION_COOKIE = "custinfo_session"
LANGUAGE_COOKIE = "custinfo_language"
LANGUAGE_DAYS = 365
LONGEST_NEXT = 2000


@dataclass
class SiteUser(User):
    """A jupyter_server user that carries the login session behind it."""

    session: LoginSession = field(kw_only=True)


class SiteIdentityProvider(IdentityProvider):
    """Takes the person from the session cookie alone: no token, no password of Jupyter's own, no anonymous user."""

    store = Instance(Store)
    token = ""
    auth_enabled = True

    def get_user(self, handler: RequestHandler) -> SiteUser | None:
        """The person whose live session the cookie names, or None."""
        token = handler.get_cookie(SESSION_COOKIE)
        session = sessions.by_token(self.store, token) if token else None
        if session is None:
            return None
        person = session.person
        return SiteUser(person.person_id, person.display_name, person.display_name, session=session)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Never: a token in a URL or header is not looked at, so every change needs its xsrf token."""
        return False

    def should_check_origin(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Always."""
        return True


def set_session_cookie(handler: RequestHandler, session: LoginSession) -> None:
    """Give the browser its session: out of reach of scripts and other sites, kept to https where there is any."""
    handler.set_cookie(
        SESSION_COOKIE,
        session.token,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=handler.request.protocol == "https",
        expires_days=None,
    )


def language_of(handler: RequestHandler) -> str:
    """The language in which to answer: the person's own, else what this browser chose before, else the default."""
    user = getattr(handler, "_jupyter_current_user", None)
    chosen = user.session.language if isinstance(user, SiteUser) else handler.get_cookie(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE


def local_path(target: str) -> str:
    """`target` when it is a path of this server, else "/": a link to the login page cannot send people elsewhere."""
    if not target.isprintable() or len(target) > LONGEST_NEXT or "\\" in target or target.startswith("//"):
        return "/"  # browsers read "/\\host", "///host" and "/<tab>/host" as another host
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not target.startswith("/") or parts.path in {"/login", "/logout"}:
        return "/"
    return target
