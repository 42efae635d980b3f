"""Pages of simple blocks: lists, facts, tables, histories. Python describes, the script draws, events come back."""

from collections.abc import Callable
from typing import Any

from custinfo.domain.messages import section
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.screens.live import HERE, Live, Message, script

Block = dict[str, Any]
Build = Callable[[Person], list[Block]]
React = Callable[[Person, str, Any], list[Block]]


class SheetView(Live):
    """A page of blocks (see `blocks`).

    `build(actor)` gives all of them and is asked anew whenever the page is drawn; `react(actor, name, value)` handles
    an event and gives the blocks, by their `id`, that are to be drawn anew. An event's value comes from the browser.
    """

    _esm = script("dom.js", "link.js", "sheet_view.js")
    _css = HERE / "sheet_view.css"

    def __init__(self, page: Page, build: Build, react: React | None = None) -> None:
        super().__init__(page)
        self._build = build
        self._react = react

    def receive(self, actor: Person, message: Message) -> None:
        """Handle one message of `actor`."""
        name = message.get("name")
        if message.get("kind") == "hello":
            texts = section("pages.sheet", self._page.language)
            self.send({"kind": "sheet", "texts": texts, "blocks": self._build(actor)})
        elif message.get("kind") == "event" and self._react is not None and isinstance(name, str):
            self.send({"kind": "blocks", "blocks": self._react(actor, name, message.get("value"))})


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
