"""Who is at the browser: the cookie's login session, and nothing else that a request may claim.

One exception: where the site's settings name a header of an authenticating proxy, its word is taken for a login name,
when it comes from this machine and beside the secret that only the proxy knows.
"""

import hmac
import ipaddress
import json
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler
from traitlets import Instance

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession, Origin
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.store import Store, login_settings

SESSION_COOKIE = "custinfo_session"
LANGUAGE_COOKIE = "custinfo_language"
CHOSEN_COOKIE = "custinfo_chosen"
"""The language that was chosen on the login page a moment ago: it counts for the session that begins there."""
BROWSER_COOKIE = "custinfo_browser"
"""Signed: who has logged in from this browser before. It gives nothing but a count of one's own for wrong guesses."""
LANGUAGE_DAYS = 365
BROWSER_DAYS = 180
CHOSEN_SECONDS = 600
MOST_NAMES = 8
"""People who share a browser and are known in it."""
LONGEST_NEXT = 2000
PROXY_SECRET_HEADER = "X-Custinfo-Proxy"  # noqa: S105  a header's name
FEWEST_SECRET = 32
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "MicroMessenger": "WeChat", "Firefox": "Firefox", "Chrome": "Chrome"}
BROWSERS |= {"Safari": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS"}
SYSTEMS |= {"Linux": "Linux"}
"""Marks in a browser's name of itself, the telling ones first: most claim to be several."""


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
        vouched = vouched_name(handler)
        if vouched and vouched != session.person.login_name:
            return None  # somebody else has logged in at the proxy since
        person = session.person
        return SiteUser(person.person_id, person.display_name, person.display_name, session=session)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Never: a token in a URL or header is not looked at, so every change needs its xsrf token."""
        return False

    def should_check_origin(self, handler: RequestHandler) -> bool:  # noqa: ARG002
        """Always."""
        return True


def proxy_secret(store: Store) -> bytes:
    """What an authenticating proxy shows; blank when there is none. Raises SiteFault for a file that will not do."""
    file = login_settings.of(store.site).proxy_secret
    if file is None:
        return b""
    try:
        secret = (store.site.home / file).read_bytes().strip()
    except OSError:
        raise SiteFault("server.proxy_secret", file=file, fewest=FEWEST_SECRET) from None
    if len(secret) < FEWEST_SECRET:
        raise SiteFault("server.proxy_secret", file=file, fewest=FEWEST_SECRET)
    return secret


def vouched_name(handler: RequestHandler) -> str:
    """The login name for which an authenticating proxy vouches, or blank."""
    secret: bytes = handler.settings["custinfo_proxy_secret"]
    if not secret or not handler.settings["custinfo_behind_proxy"]:
        return ""
    shown = handler.request.headers.get_list(PROXY_SECRET_HEADER)
    header = login_settings.of(handler.settings["custinfo_site"]).proxy_header
    names = handler.request.headers.get_list(header)
    # One of each: a second one would be a visitor's own, which the proxy passed on
    if len(shown) != 1 or len(names) != 1 or not hmac.compare_digest(shown[0].encode(), secret):
        return ""
    return str(names[0]).strip()


def origin_of(handler: RequestHandler, login_name: str) -> Origin:
    """From where somebody logs in."""
    chosen = handler.get_cookie(CHOSEN_COOKIE) or ""
    device = _known_names(handler).get(_name_digest(handler, login_name), "")
    return Origin(_address(handler), _browser(handler), device, chosen)


def remember_browser(handler: RequestHandler, login_name: str) -> None:
    """Know this browser as one in which the name has logged in."""
    digest, known = _name_digest(handler, login_name), _known_names(handler)
    nonce = known.pop(digest, "") or secrets.token_hex(12)
    kept = dict([*known.items(), (digest, nonce)][-MOST_NAMES:])
    handler.set_signed_cookie(BROWSER_COOKIE, json.dumps(kept), path="/", expires_days=BROWSER_DAYS)


def set_session_cookie(handler: RequestHandler, session: LoginSession) -> None:
    """Give the browser its session: out of reach of scripts and other sites, kept to https where there is any."""
    handler.set_cookie(SESSION_COOKIE, session.token, path="/", expires_days=None)


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


def _address(handler: RequestHandler) -> str:
    """The visitor's address, or blank for this machine; a network of 2^64 addresses counts as one."""
    shown = str(handler.request.remote_ip or "")
    if handler.settings["custinfo_behind_proxy"]:
        # Our proxy adds the last one; what stands before it is the visitor's own claim
        forwarded = handler.request.headers.get_list("X-Forwarded-For")
        shown = forwarded[-1].rpartition(",")[2].strip() if forwarded else ""
    try:
        address = ipaddress.ip_address(shown)
    except ValueError:
        return ""
    if address.is_loopback:
        return ""
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _browser(handler: RequestHandler) -> str:
    agent = handler.request.headers.get("User-Agent", "")
    named = [
        next((name for mark, name in kinds.items() if re.search(rf"{mark}\b", agent)), "")
        for kinds in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(name for name in named if name)


def _known_names(handler: RequestHandler) -> dict[str, str]:
    raw = handler.get_signed_cookie(BROWSER_COOKIE, max_age_days=BROWSER_DAYS)
    known = json.loads(raw) if raw else {}  # signed, so it is ours
    return {str(name): str(nonce) for name, nonce in known.items()}


def _name_digest(handler: RequestHandler, login_name: str) -> str:
    store: Store = handler.settings["custinfo_store"]
    return store.lookup_digest(f"browser:{login_name}")[:24]
