"""Pages of simple blocks: lists, facts, tables, histories. Python describes, the script draws, events come back."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import section
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.screens.entered import check_texts
from custinfo.screens.live import HERE, Live, Message
from custinfo.screens.uploads import Arrived, Uploads

Block = dict[str, Any]
Build = Callable[[Person], list[Block]]
MOST_FILES = 12
"""Files that one page keeps until the entry that asked for them is sent."""


@dataclass(frozen=True)
class Download:
    """A file for the reader to keep."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Goto:
    """Another page of this site, by its path."""

    href: str


@dataclass(frozen=True)
class Revealed:
    """The text behind a masked one, for the place that asked for it."""

    ref: str
    text: str


class Redraw:
    """The whole page anew."""


Reaction: TypeAlias = list[Block] | Download | Goto | Revealed | Redraw
React = Callable[[Person, str, Any], Reaction]


class SheetView(Live):
    """A page of blocks (see `blocks`).

    `build(actor)` gives all of them and is asked anew whenever the page is drawn; `react(actor, name, value)` handles
    an event and gives the blocks, by their `id`, that are to be drawn anew; or a `Download`, `Goto`, `Revealed` or
    `Redraw`.
    An event's value comes from the browser. Files that an entry asked for are taken out of `uploaded` by their id.
    """

    module = "sheet"
    _css = HERE / "sheet_view.css"

    incident = "pages.incident_page"

    def __init__(self, page: Page, build: Build, react: React | None = None) -> None:
        super().__init__(page)
        self._build = build
        self._react = react
        self._uploads = Uploads()
        self._arrived: dict[str, Arrived] = {}

    def receive(self, actor: Person, message: Message) -> None:
        """Handle one message of `actor`."""
        name = message.get("name")
        if message.get("kind") == "hello":
            self._draw(actor, hello=True)
        elif message.get("kind") == "file":
            self.send(self._take_file(message))
        elif message.get("kind") == "event" and self._react is not None and isinstance(name, str):
            # What follows may take longer than a page waits for a sign of life
            self.send({"kind": "working"})
            check_texts(message.get("value"))
            self._answer(actor, self._react(actor, name, message.get("value")))

    def _draw(self, actor: Person, *, hello: bool = False) -> None:
        """Send the whole page. A browser that waited greets again: what answers a greeting, it draws once."""
        texts = section("pages.sheet", self._page.language)
        self.send({"kind": "sheet", "hello": hello, "texts": texts, "blocks": self._build(actor)})

    def _answer(self, actor: Person, reaction: "Reaction") -> None:
        if isinstance(reaction, Download):
            kept = {"kind": "download", "name": reaction.name, "type": reaction.media_type}
            self.send(kept, buffers=[reaction.data])
        elif isinstance(reaction, Goto):
            self.send({"kind": "go", "href": reaction.href})
        elif isinstance(reaction, Revealed):
            self.send({"kind": "revealed", "ref": reaction.ref, "text": reaction.text})
        elif isinstance(reaction, Redraw):
            self._draw(actor)
        else:
            self.send({"kind": "blocks", "blocks": reaction})

    def _take_file(self, message: Message) -> dict[str, Any]:
        """A piece of a file; the reply to the last one has the id by which `uploaded` gives it."""
        reply = {"kind": "file", "id": message.get("id")}
        try:
            arrived = self._uploads.take(message)
        except BadInput as error:
            return reply | {"problem": error.text(self._page.language)}
        if isinstance(arrived, int):
            return reply | {"received": arrived}
        while len(self._arrived) >= MOST_FILES:
            del self._arrived[next(iter(self._arrived))]
        value = secrets.token_hex(8)
        self._arrived[value] = arrived
        return reply | {"value": value}

    def uploaded(self, ids: object) -> list[Arrived]:
        """The files with these ids, each once."""
        known = [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
        return [self._arrived.pop(one) for one in known if one in self._arrived]


class NoticeView(SheetView):
    """A page that says one thing: `text`, with a way on. It needs nobody logged in."""

    def __init__(self, page: Page, text: str, href: str, link: str) -> None:
        super().__init__(page, lambda _: [])
        self._notice = {"type": "empty", "text": text, "actions": [{"text": link, "href": href, "look": "primary"}]}

    def _take(self, message: Message) -> None:
        if message.get("kind") == "hello":
            texts = section("pages.sheet", self._page.language)
            self.send({"kind": "sheet", "texts": texts, "blocks": [self._notice]})
        elif message.get("kind") == "ping":
            self.send({"kind": "pong"})
