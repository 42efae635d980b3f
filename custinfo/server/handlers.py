"""What every answer of this server has in common: headers, language, and error pages that say nothing to a stranger."""

import hmac
import logging
import secrets
from hashlib import sha256
from types import TracebackType
from typing import Any

from jinja2 import Environment
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from custinfo.access import permissions
from custinfo.actions import approval_waiting, refusals, sessions
from custinfo.domain.messages import section, text
from custinfo.server.assets import Assets
from custinfo.server.headers import HEADERS, POLICY, policy_header
from custinfo.server.identity import SiteUser, language_of
from custinfo.store import Site, Store, login_settings

log = logging.getLogger("custinfo.server")

MENU = (
    ("/", "home", ""),
    ("/waiting", "waiting", ""),
    ("/customers", "customers", "customer.read"),
    ("/duplicates", "duplicates", "duplicate.review"),
    ("/credit", "credit", "credit.read"),
    ("/records", "records", "record.read"),
    ("/forms", "forms", "form.propose"),
    ("/reports", "reports", "report.read"),
    ("/report-archive", "report_archive", "report.read"),
    ("/statistics", "statistics", "report.read"),
    ("/report-calendar", "report_calendar", "report.read"),
    ("/plans", "plans", "report.read"),
    ("/studies", "studies", "study.read"),
    ("/indicators", "indicators", "report.read"),
    ("/segments", "segments", "lake.read"),
    ("/abc", "abc", "lake.read"),
    ("/value", "value", "lake.read"),
    ("/clusters", "clusters", "lake.read"),
    ("/demands", "demands", "lake.read"),
    ("/quality", "quality", "lake.read"),
    ("/matches", "matches", "lake.read"),
    ("/survey-tables", "survey_tables", "lake.read"),
    ("/credit-analysis", "credit_analysis", "lake.read"),
    ("/privacy", "privacy", "privacy.read"),
    ("/people", "people", "access.ask"),
    ("/audit", "audit", "audit.read"),
    ("/incidents", "incidents", "incident.report"),
    ("/retention", "retention", "retention.read"),
)
"""Address, name and the permission that it takes."""
FOLDED = frozenset(
    {
        "abc", "audit", "clusters", "credit", "credit_analysis", "demands", "duplicates", "incidents", "indicators",
        "matches", "people", "plans", "privacy", "quality", "report_archive", "report_calendar", "reports", "retention",
        "statistics", "studies", "survey_tables", "value",
    }
)  # fmt: skip
"""Pages that stand together under one entry of the menu: most people need them now and then."""


class SiteHandler(JupyterHandler):
    """A handler of this site. A method needs a login unless it is marked `allow_unauthenticated`."""

    content_policy = POLICY
    error_number = ""

    @property
    def site(self) -> Site:
        """The site that this server serves."""
        site: Site = self.settings["custinfo_site"]
        return site

    @property
    def store(self) -> Store:
        """The server's own connection: for the loop's thread only, and for reads and writes of a millisecond."""
        store: Store = self.settings["custinfo_store"]
        return store

    @property
    def assets(self) -> Assets:
        """The static files, by their cacheable addresses."""
        assets: Assets = self.settings["custinfo_assets"]
        return assets

    @property
    def user(self) -> SiteUser | None:
        """Who asks, or None."""
        found = getattr(self, "_jupyter_current_user", None)
        return found if isinstance(found, SiteUser) else None

    @property
    def content_security_policy(self) -> str:
        """The header's text, asked for by jupyter_server."""
        return policy_header(self.content_policy)

    def set_default_headers(self) -> None:
        """The same on every answer, errors too."""
        super().set_default_headers()
        for name, value in HEADERS.items():
            self.set_header(name, value)
        if self.request.protocol == "https":
            self.set_header("Strict-Transport-Security", "max-age=31536000")
        self.clear_header("Server")

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **kwargs: Any) -> None:
        """Every cookie of ours is out of reach of scripts and other sites, and kept to https where there is any."""
        kept = {"httponly": True, "samesite": "Lax", "secure": self.request.protocol == "https"}
        super().set_cookie(name, value, *args, **kwargs | kept)

    def page_facts(self, **facts: Any) -> dict[str, Any]:
        """What the templates of all pages are filled with."""
        language = language_of(self)
        return {
            "language": language,
            "text": lambda key, **more: text(f"server.{key}", language, **more),
            "site": self.site,
            "person": self.user.session.person if self.user else None,
            "path": self.request.uri,
            "pages": self._pages(),
            "folded": FOLDED,
            "waiting": self._waiting(),
            "asset": self.assets.url,
            "xsrf": self.xsrf_form_html,
            "page_settings": {
                "language": language,
                "session": None if self.user is None else _watermark(self.user.session.session_id),
                "idleSeconds": int(login_settings.of(self.site).idle.total_seconds()),
                "text": section("server.alive", language),
            },
            **facts,
        }

    def _pages(self) -> list[tuple[str, str]]:
        """The pages of the menu that the person may open."""
        person = self.user.session.person if self.user else None
        return [(path, name) for path, name, needs in MENU if person and (not needs or permissions.may(person, needs))]

    def _waiting(self) -> int:
        """How many approvals wait for the person, for the menu."""
        person = self.user.session.person if self.user else None
        broken = self.get_status() >= 500  # what failed may be the store itself: its page must still be drawn
        return len(approval_waiting.waiting(self.store, person)) if person and not broken else 0

    def render_page(self, template: str, **facts: Any) -> str:
        """One of our own templates, filled."""
        environment: Environment = self.settings["custinfo_templates"]
        return environment.get_template(template).render(self.page_facts(**facts))

    def log_exception(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A refusal is a line; a defect is its traceback under the number that the person sees."""
        if isinstance(error, HTTPError) and error.status_code < 500:
            log.info("%s %s: %s", self.request.method, self.request.path, error.status_code)
            self._note_refusal(error.status_code)
            return
        self.error_number = new_error_number()
        where = f"{self.request.method} {self.request.path}"
        log.error("number %s: %s", self.error_number, where, exc_info=(kind, error, trace) if error else None)  # type: ignore[arg-type]

    def _note_refusal(self, status_code: int) -> None:
        """Whoever is kept out of something that is there is on the audit log; a mistyped address is not."""
        if status_code == 403 or (status_code == 404 and "/api/" in self.request.path):
            person_id = self.user.session.person.person_id if self.user else refusals.NOBODY
            refusals.put(self.store, person_id, f"http_{status_code}", self.request.path)

    def write_error(self, status_code: int, **facts: Any) -> None:  # noqa: ARG002
        """A plain page in the person's language."""
        kind = {403: "refused", 404: "not_found", 405: "not_found"}.get(status_code, "failed")
        if status_code < 500 and kind == "failed":
            kind = "refused"
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.render_page("message.html.j2", kind=kind, number=self.error_number or new_error_number()))


class NotFoundHandler(SiteHandler):
    """Every address that nothing else answers."""

    @allow_unauthenticated
    async def prepare(self, *, _redirect_to_login: bool = True) -> None:
        """Refuse before anything else is looked at; only who asks matters, for the language."""
        found = self.identity_provider.get_user(self)
        self.current_user = self._jupyter_current_user = found if isinstance(found, SiteUser) else None
        raise HTTPError(404)


class HealthHandler(SiteHandler):
    """Says that the server is here; to the page that asks, also whether its session is still good."""

    def check_xsrf_cookie(self) -> None:
        """A page's script cannot read the token; the browser's own word that a page of this server asks is as good."""
        if self.request.headers.get("Sec-Fetch-Site") != "same-origin":
            raise HTTPError(403)

    @allow_unauthenticated
    async def get(self) -> None:
        """`ok`; with `?session` the watermark of the browser's live session, or nothing."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if self.get_query_argument("session", None) is None:
            self.finish("ok")
        else:
            self.finish(_watermark(self.user.session.session_id) if self.user else "none")

    async def post(self) -> None:
        """Somebody moves or types at a page: the session is in use, though nothing was sent to the page's kernel."""
        if self.user is None:
            raise HTTPError(403)
        sessions.touch(self.store, self.user.session)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(_watermark(self.user.session.session_id))


def new_error_number() -> str:
    """What ties a page to a log entry: short enough to read out on the telephone."""
    return secrets.token_hex(3).upper()


def _watermark(session_id: str) -> str:
    """A name for a session, of no use to anybody: a page sees by it that someone else has logged in meanwhile."""
    return hmac.new(b"custinfo page", session_id.encode(), sha256).hexdigest()[:16]
