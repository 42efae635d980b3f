"""`/incidents`: report an incident; what runs, with its clocks; measures. `/incidents/<number>`: one of them."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import corrective, incidents
from custinfo.actions.incidents import Incident
from custinfo.domain import incidents as rules
from custinfo.domain.people import Person
from custinfo.screens import blocks, incident_desk, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.incident_parts import clock_line, measures_card, overdue_badge, react_to_measure, state_badge
from custinfo.screens.penalty_cards import Register
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The list, or the incident that the address names."""
    desk: Listing | incident_desk.Desk = Listing(page)
    if page.tail() != "incidents":
        desk = incident_desk.Desk(page, page.tail())
    return SheetView(page, desk.blocks, desk.react)


class Listing:
    """Everything that oversight has on its desk; for everybody else, a way to report and what they reported."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._register = Register(page)

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        found = incidents.listed(page.store, actor)
        measures = corrective.open_ones(page.store, actor)
        head = blocks.head(page.text("incidents.title"), page.text("incidents.subtitle"))
        left = [self._incidents(found)]
        if measures or permissions.may(actor, "oversight.read"):
            left.append(measures_card(page, actor, measures))
        return [head, blocks.columns([*left, *self._register.blocks(actor)], [self._report()])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Report an incident; carry out, accept or return a measure; enter or revoke a penalty."""
        store = self._page.store
        if name == "report":
            number = incidents.report(
                store,
                actor,
                kind=said(value, "kind"),
                what=said(value, "what"),
                systems=said(value, "systems"),
                noticed_at=said(value, "noticed_at"),
                anonymous=bool(isinstance(value, dict) and value.get("anonymous")),
            )
            anonymous = (
                not permissions.may(actor, "oversight.read") and isinstance(value, dict) and value.get("anonymous")
            )
            return Redraw() if anonymous else Goto(f"/incidents/{number}")
        if not react_to_measure(self._page, actor, name, value):
            self._register.react(actor, name, value)
        return Redraw()

    def _incidents(self, found: list[Incident]) -> Block:
        page = self._page
        if not found:
            return blocks.card(page.text("incidents.list"), [blocks.empty(page.text("incidents.none"))])
        items = [
            blocks.item(
                f"{one.number} · {page.text(f'incidents.kind.{one.kind}')}",
                f"/incidents/{one.number}",
                meta=clock_line(page, one) or page.time(one.noticed_at),
                badges=[state_badge(page, one), *overdue_badge(page, one)],
            )
            for one in found
        ]
        return blocks.card(page.text("incidents.list"), [blocks.listing(items)], flush=True)

    def _report(self) -> Block:
        page = self._page
        kinds = [("", ""), *((kind, page.text(f"incidents.kind.{kind}")) for kind in rules.KINDS)]
        fields = [
            blocks.field("kind", page.text("incidents.kind_label"), "select", options=kinds, required=True),
            blocks.field("noticed_at", page.text("incidents.noticed_at"), "datetime", required=True),
            blocks.field(
                "what", page.text("incidents.what"), "multiline", hint=page.text("incidents.what_hint"), required=True
            ),
            blocks.field("systems", page.text("incidents.systems")),
            blocks.field("anonymous", page.text("incidents.anonymous"), "check"),
        ]
        entry = blocks.entry("report", fields, page.text("incidents.report"), look="danger")
        return blocks.card(page.text("incidents.report_title"), [entry])
