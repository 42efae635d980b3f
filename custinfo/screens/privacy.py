"""`/privacy`: the privacy desk. `?view=` chooses a part of it; `/privacy/<id>` is one request or disclosure."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from custinfo.domain.people import Person
from custinfo.screens import blocks, privacy_consents, privacy_disclosures, privacy_exports, privacy_requests, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Reaction, SheetView


class Part(Protocol):
    """A part of the desk; `view` is the widget that it is drawn by, whose uploads it takes."""

    view: SheetView

    def blocks(self, actor: Person) -> list[Block]:
        """What it shows."""

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """What it does at an event."""


VIEWS: Mapping[str, Callable[[Page], Part]] = {
    "requests": privacy_requests.Requests,
    "consents": privacy_consents.Consents,
    "notices": privacy_consents.Notices,
    "registers": privacy_disclosures.Registers,
    "disclosures": privacy_disclosures.Disclosures,
    "exports": privacy_exports.Exports,
}


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The part of the desk that the address names."""
    tail, shown = page.tail(), page.query.get("view", "")
    make: Callable[[Page], Part]
    if tail.startswith("SR-"):
        shown, make = "requests", privacy_requests.OneRequest
    elif tail.startswith("DX-"):
        shown, make = "disclosures", privacy_disclosures.OneDisclosure
    else:
        shown = shown if shown in VIEWS else "requests"
        make = VIEWS[shown]
    part = make(page)
    part.view = SheetView(page, lambda actor: [_head(page, shown), *part.blocks(actor)], part.react)
    return part.view


def _head(page: Page, shown: str) -> Block:
    """The title with a way to each part; the one that is shown stands out."""
    links = [
        blocks.link(page.text(f"privacy_desk.view.{name}"), f"/privacy?view={name}",
                    "primary small" if name == shown else "small")
        for name in VIEWS
    ]  # fmt: skip
    return blocks.head(page.text("privacy_desk.title"), page.text("privacy_desk.subtitle"), actions=links)
