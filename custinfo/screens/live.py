"""The base of every page's widget: what a browser may send, and what it may learn when something goes wrong."""

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anywidget

from custinfo.actions import refusals
from custinfo.domain.errors import CustinfoError
from custinfo.domain.people import Person
from custinfo.screens import incidents
from custinfo.screens.context import LoggedOut, Page

HERE = Path(__file__).parent
MODULES = HERE / "modules.json"
"""Module → its files. The server reads it too."""
SERVED = "CUSTINFO_SCRIPTS"
"""The variable in which the server tells a page's kernel the address of this folder's scripts."""
Message = Mapping[str, Any]


@lru_cache(maxsize=8)
def script(module: str) -> str:
    """One ES module out of the files that `modules.json` lists for it, in order; the last has the `export default`."""
    return "\n".join((HERE / name).read_text("utf-8") for name in json.loads(MODULES.read_text("utf-8"))[module])


def address_of(module: str) -> str:
    """Where the browser of a page that the server started finds the same module; blank elsewhere, as in JupyterLab.

    A module that comes by address is let in by `script-src 'self'`, and kept by the browser for the next page.
    """
    served = os.environ.get(SERVED)
    return f"{served}/{module}.js" if served else ""


class Live(anywidget.AnyWidget):
    """A widget without state of its own in the browser: it speaks in messages, and takes nothing else.

    A browser can set any trait and send any message. Traits are not taken at all. A message reaches `receive` with the
    person as the store knows them at that moment; what `receive` raises never leaves the server: errors that a person
    can mend go out as their sentence, anything else as the number of an incident.
    """

    module: str
    """The name of the widget's script in `modules.json`."""

    incident = "pages.incident_unsaved"
    """What a defect is called where nothing was saved yet."""

    def __init__(self, page: Page) -> None:
        # Told before anywidget makes traits of it
        self._esm = address_of(self.module) or script(self.module)
        super().__init__()
        self._page = page

    def receive(self, actor: Person, message: Message) -> None:
        """Handle one message of `actor`; the same message may come twice."""
        raise NotImplementedError

    def saved_at(self) -> str | None:
        """Until when the person's answers are safe, as a time of day, or None."""
        return None

    def resume_url(self) -> str:
        """Where to go on after logging in again."""
        return self._page.address()

    def set_state(self, sync_data: Any) -> None:
        """Nothing that a browser sets is taken."""

    def _handle_msg(self, msg: Any) -> None:
        try:
            data = msg["content"]["data"]
            if data["method"] == "request_state":
                self.send_state()
            elif data["method"] == "custom" and isinstance(data["content"], dict):
                self._take({**data["content"], "buffers": msg.get("buffers") or []})
        except Exception as fault:
            self._failed(fault)

    def _take(self, message: Message) -> None:
        if message.get("kind") == "ping":
            self.send({"kind": "pong"})
            return
        actor = None
        try:
            actor = self._page.alive().person
            self.receive(actor, message)
        except LoggedOut as error:
            back = f"/login?{urlencode({'next': self.resume_url()})}"
            link = {"href": back, "link": self._page.text("pages.relogin_link")}
            self.send({"kind": "login", "text": error.text(self._page.language), **link})
        except CustinfoError as error:
            refusals.note(self._page.store, actor, error, self._page.path)
            self.send({"kind": "failed", "text": error.text(self._page.language), **self._way_back(message)})

    def _way_back(self, message: Message) -> dict[str, str]:
        """Where a page that was refused whole leads on to; one that stands is gone on with."""
        if message.get("kind") != "hello":
            return {}
        return {"href": "/", "link": self._page.text("pages.back_home")}

    def _failed(self, fault: Exception) -> None:
        number, time = incidents.record(self._page.site, fault), self.saved_at()
        key = "pages.incident" if time else self.incident
        words = self._page.text(key, number=number, time=time)
        self.send({"kind": "failed", "text": words})
