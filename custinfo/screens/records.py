"""`/records`: what was recorded, newest first. `?form=` and `?state=` narrow it down; `?verify=1` is another list."""

from typing import Any
from urllib.parse import urlencode

from custinfo.access import permissions
from custinfo.actions import conflicts, forms, record_views, second_entries
from custinfo.actions.record_views import RecordLine
from custinfo.domain import machines
from custinfo.domain.people import Person
from custinfo.screens import blocks, conflict_cards, second_list, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.entered import said
from custinfo.screens.second_list import SecondList
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

STATES = tuple(state for state in machines.RECORD if state)
LOOK = {"received": "info", "has_issues": "warn", "edited": "accent", "approved": "ok", "rejected": "danger"}


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The list of records that the person may read, or of those that they may enter a second time."""
    listing = SecondList(page) if page.query.get("verify") else Listing(page)
    return SheetView(page, listing.blocks, listing.react)


def state_badge(page: Page, state: str) -> Block:
    """The state of a record as a mark."""
    return blocks.badge(page.text(f"machines.state.{state}"), LOOK.get(state, ""))


class Listing:
    """Which records are asked for, and how far the list was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._form_id = page.query.get("form") or None
        state = page.query.get("state", "")
        self._state = state if state in STATES else None
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        twice = second_entries.count(page.store, actor)
        line = page.text("second_entry.line", n=twice)
        actions = [blocks.link(line, second_list.ADDRESS)] if twice else []
        found = conflicts.listed(page.store, actor) if permissions.may(actor, "record.review") else ()
        clashes = conflict_cards.card(page, found)
        head = blocks.head(page.text("desk.records.title"), actions=actions)
        return [head, *([clashes] if clashes else []), self._filter(actor), self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the page, or go to another selection: its address can be kept. Or resolve a conflict."""
        if name == conflict_cards.EVENT:
            conflict_cards.resolve(self._page, actor, value)
            return Redraw()
        if name == "filter":
            wanted = {key: said(value, key)[:100] for key in ("form", "state") if said(value, key)}
            return Goto(f"/records?{urlencode(wanted)}" if wanted else "/records")
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(actor)]

    def _filter(self, actor: Person) -> Block:
        page = self._page
        titles = sorted((page.pick(names), form_id) for form_id, names in forms.titles_of(page.store).items())
        of_forms = [("", page.text("desk.records.all_forms")), *((form_id, title) for title, form_id in titles)]
        counted = record_views.states(page.store, actor, self._form_id) if self._form_id else {}
        of_states = [("", page.text("desk.records.all_states"))]
        for state in STATES:
            words = page.text(f"machines.state.{state}")
            of_states.append((state, f"{words} ({counted.get(state, 0)})" if self._form_id else words))
        fields = [
            blocks.field("form", page.text("desk.records.form"), "select", options=of_forms, value=self._form_id or ""),
            blocks.field(
                "state", page.text("desk.records.state"), "select", options=of_states, value=self._state or ""
            ),
        ]
        return blocks.card("", [blocks.entry("filter", fields, page.text("desk.records.narrow"), look="", inline=True)])

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = record_views.listed(
            page.store, actor, form_id=self._form_id, state=self._state, offset=self._offset, limit=ROWS
        )
        if not found.rows:
            return blocks.card("", [blocks.empty(page.text("desk.records.none"))], id="found")
        names = ("label", "form", "state", "queries", "recorded_by", "recorded_at", "version")
        columns = [
            blocks.column(
                page.text(f"desk.records.{name}"), number=name in ("queries", "version"), wide=name == "label"
            )
            for name in names
        ]
        count = page.text("desk.records.count", n=found.total)
        rows = [self._row(line) for line in found.rows]
        table = blocks.table(count, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(count, [table], id="found", flush=True)

    def _row(self, line: RecordLine) -> list[tuple[str, str]]:
        page = self._page
        return [
            (line.label or page.pick(line.titles), f"/record/{line.record_id}"),
            (page.pick(line.titles), ""),
            (page.text(f"machines.state.{line.state}"), ""),
            (str(line.open_queries or ""), ""),
            (line.recorded_by_name, ""),
            (page.time(line.recorded_at), ""),
            (str(line.version), ""),
        ]
