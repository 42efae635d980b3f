"""The card of the home page for what is to be checked: queries, second entries, conflicting changes."""

from custinfo.actions import conflicts, reviews, second_entries
from custinfo.domain.people import Person
from custinfo.screens import blocks, second_list
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page


def card(page: Page, actor: Person) -> Block | None:
    """What there is to check, each with the way to it; None when there is nothing."""
    counted = (
        ("second_entry.queries", reviews.waiting(page.store, actor), "/records"),
        ("second_entry.line", second_entries.count(page.store, actor), second_list.ADDRESS),
        ("conflicts.line", conflicts.count(page.store, actor), "/records"),
    )
    items = [blocks.item(page.text(key, n=number), href) for key, number, href in counted if number]
    return blocks.card(page.text("second_entry.checks"), [blocks.listing(items)], flush=True) if items else None
