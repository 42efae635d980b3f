"""`/customers`: find a customer."""

from typing import Any

from custinfo.actions import customers, forms
from custinfo.domain import codelists
from custinfo.domain.people import Person
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import SheetView

ROWS = 50
LONGEST_QUERY = 100
FARTHEST = 10_000_000
"""No list is as long as this; an offset beyond it is no page that anybody turned to."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The list of customers, searched as one types, in pages of `ROWS`."""
    finder = Finder(page)
    return SheetView(page, finder.blocks, finder.react)


class Finder:
    """What is looked for, and how far the list was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._query = page.query.get("q", "")[:LONGEST_QUERY]
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        box = blocks.search(page.text("pages.customers.search"), page.text("pages.customers.placeholder"), self._query)
        return [blocks.head(page.text("pages.customers.title")), box, self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> list[Block]:
        """Search or turn the page."""
        if name == "search" and isinstance(value, str):
            self._query, self._offset = value[:LONGEST_QUERY].strip(), 0
        elif name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(actor)]

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = customers.search(page.store, actor, self._query, ROWS, self._offset)
        if not found.rows:
            key = "pages.customers.none" if self._query else "pages.customers.empty"
            return blocks.card("", [blocks.empty(page.text(key, query=self._query))], id="found")
        titles = {form_id: page.pick(names) for form_id, names in forms.titles_of(page.store).items()}
        rows = [
            [
                (row.number, ""),
                (row.label, f"/customer/{row.customer_id}"),
                (_region(row.region, page.language), ""),
                (titles.get(row.form_id, ""), ""),
                (page.time(row.recorded_at), ""),
                (str(row.version), ""),
            ]
            for row in found.rows
        ]
        names = ("number", "label", "region", "kind", "recorded_at", "version")
        columns = [
            blocks.column(page.text(f"pages.customers.{name}"), number=name == "version", wide=name == "label")
            for name in names
        ]
        count = page.text("pages.customers.count", n=found.total)
        table = blocks.table(count, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(count, [table], id="found", flush=True)


def _region(code: str, language: str) -> str:
    """The name of a region, or its code where the list does not know it."""
    regions = codelists.load("region")
    return regions.label(code, language) if code in regions else code
