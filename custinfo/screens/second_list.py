"""`/records?verify=1`: what is to be entered a second time, without an answer of the first entry."""

from typing import Any
from urllib.parse import quote, urlencode

from custinfo.actions import second_entries
from custinfo.actions.second_entries import Waiting
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.sheet_view import Reaction

ADDRESS = "/records?verify=1"


class SecondList:
    """The work list, and how far it was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        back = blocks.link(page.text("second_entry.all"), "/records")
        return [blocks.head(page.text("second_entry.title"), actions=[back]), self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the page."""
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(actor)]

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = second_entries.waiting(page.store, actor, offset=self._offset, limit=ROWS)
        if not found.rows:
            return blocks.card("", [blocks.empty(page.text("second_entry.none"))], id="found")
        names = ("number", "form", "recorded_by", "recorded_at", "do")
        columns = [blocks.column(page.text(f"second_entry.{name}"), wide=name == "form") for name in names]
        count = page.text("second_entry.count", n=found.total)
        table = blocks.table(count, columns, [self._row(one) for one in found.rows], (self._offset, ROWS, found.total))
        return blocks.card(count, [table], id="found", flush=True)

    def _row(self, one: Waiting) -> list[tuple[str, str]]:
        page = self._page
        words = page.text("second_entry.resume" if one.draft_id else "second_entry.enter")
        query = {"draft": one.draft_id} if one.draft_id else {"verify": one.record_id}
        return [
            (one.record_id, ""),
            (page.pick(one.titles), ""),
            (one.recorded_by_name, ""),
            (page.time(one.recorded_at), ""),
            (words, f"/form/{quote(one.form_id)}?{urlencode(query)}"),
        ]
