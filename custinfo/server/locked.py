"""The workbench without its keys: one page at every address that says which key is missing and what to do.

It is served in the place of the workbench before the store is opened, looks at the keys every few seconds, and makes
room as soon as they all open: no restart is needed.
"""

import asyncio
import base64
import signal
import socket
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import tornado.httpserver
import tornado.web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from custinfo.domain.messages import LANGUAGES, text
from custinfo.server.assets import OWN
from custinfo.server.headers import HEADERS, POLICY, policy_header
from custinfo.store import Site
from custinfo.store.master_key import KeyFault

TEMPLATES = Path(__file__).parent / "template"
LOOK_SECONDS = 3


def fault(site: Site) -> KeyFault | None:
    """Why the site is locked; None when every key opens."""
    try:
        site.keyring.check()
    except KeyFault as found:
        return found
    return None


def serve_until_unlocked(
    home: Path, sockets: Callable[[], list[socket.socket]], said: Callable[[KeyFault], None]
) -> bool:
    """Serve the page of a locked site until its keys are back; whether they are (False: it was told to end).

    Nothing is served, and no socket opened, when they are there from the start. `said` is told the first fault.
    """
    found = fault(Site.load(home))
    if found is None:
        return True
    said(found)
    return asyncio.run(_serve(home, sockets()))


async def _serve(home: Path, sockets: list[socket.socket]) -> bool:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = tornado.httpserver.HTTPServer(tornado.web.Application([(r".*", LockedHandler, {"home": home})]))
    server.add_sockets(sockets)
    while not ended.is_set() and fault(Site.load(home)) is not None:
        try:
            await asyncio.wait_for(ended.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
    server.stop()
    await server.close_all_connections()
    return not ended.is_set()


class LockedHandler(tornado.web.RequestHandler):
    """The page of a locked site, for every address and method. It names the key and no path of the machine."""

    def initialize(self, home: Path) -> None:
        """`home` is the site's folder."""
        self._home = home

    def prepare(self) -> None:
        """Answer whatever was asked."""
        found = fault(Site.load(self._home))
        facts = {name: str(found.facts[name]) if found else "" for name in ("id", "purpose")}
        self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        self.set_header("Retry-After", str(LOOK_SECONDS))
        self.set_header("Refresh", str(LOOK_SECONDS))
        for name, value in HEADERS.items():
            self.set_header(name, value)
        digest = base64.b64encode(sha256(_style().encode()).digest()).decode()
        self.set_header("Content-Security-Policy", policy_header({**POLICY, "style-src": f"'sha256-{digest}'"}))
        self.finish(_page(facts))

    def write_error(self, status_code: int, **_: object) -> None:
        """Even what is no request of HTTP is told no more than that."""
        self.set_status(status_code)
        self.finish()


@cache
def _style() -> str:
    return (OWN / "custinfo.css").read_text("utf-8")


def _page(facts: dict[str, str]) -> str:
    words = {}
    for language in LANGUAGES:
        purpose = text(f"keys.purpose.{facts['purpose'] or 'ring'}", language)
        told = text("keys.locked_page", language, id=facts["id"], purpose=purpose)
        words[language] = (text("keys.locked_title", language), told)
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return templates.get_template("locked.html.j2").render(words=words, style=_style())
