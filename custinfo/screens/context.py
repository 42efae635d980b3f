"""What a page knows: the site, its store, who is at the browser, and which page was asked for."""

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from custinfo.actions import sessions
from custinfo.actions.sessions import LoginSession
from custinfo.domain import clock
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.store import Site, Store

DEFAULT_HOME = Path("data/site")


class LoggedOut(NotAllowed):
    """The session has ended or expired: nothing can be done or seen until the person logs in again."""

    def __init__(self) -> None:
        super().__init__("pages.relogin")


@dataclass(frozen=True)
class Page:
    """A page that was opened. `path` and `query` come from the address and are believed in nothing but what to show.

    `session` is who opened the page; every event asks `alive` anew.
    """

    store: Store
    site: Site
    session: LoginSession | None
    language: str
    path: str
    query: dict[str, str]

    def alive(self) -> LoginSession:
        """The session as it is now; using it keeps it from expiring. Raises LoggedOut when it has ended."""
        session = sessions.by_id(self.store, self.session.session_id) if self.session else None
        if session is None:
            raise LoggedOut
        sessions.touch(self.store, session)
        return session

    def text(self, key: str, **facts: object) -> str:
        """A message in the page's language."""
        return text(key, self.language, **facts)

    def pick(self, titles: dict[str, str]) -> str:
        """The title in the page's language, or in any other that there is."""
        return titles.get(self.language) or titles.get(DEFAULT_LANGUAGE) or next(iter(titles.values()), "")

    def time(self, moment: datetime) -> str:
        """A moment for the reader, in the site's zone: `2026-11-21 23:59`."""
        return clock.show(moment, self.site.zone)

    def clock(self, moment: datetime) -> str:
        """The time of day of a moment, in the site's zone: `23:59`."""
        return f"{moment.astimezone(self.site.zone):%H:%M}"

    def today(self) -> date:
        """Today, in the site's zone."""
        return clock.utc_now().astimezone(self.site.zone).date()

    def address(self) -> str:
        """The path with its query: where to come back to."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def tail(self) -> str:
        """The last part of the path: `C-1` of `/customer/C-1`."""
        return self.path.rstrip("/").rpartition("/")[2]


def page() -> Page:
    """The page that the server's environment describes; `session` is None when nobody is logged in."""
    site = Site.load(Path(os.environ.get("CUSTINFO_HOME", DEFAULT_HOME)))
    store = Store.open(site)
    session = sessions.by_id(store, os.environ.get("CUSTINFO_SESSION", ""))
    language = session.language if session else DEFAULT_LANGUAGE
    query = dict(parse_qsl(os.environ.get("QUERY_STRING", "")))
    return Page(store, site, session, language, os.environ.get("CUSTINFO_PAGE_PATH", "/"), query)
