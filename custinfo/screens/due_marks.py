"""How a row of a due list stands, as a mark beside it."""

from datetime import date

from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page


def due_badge(page: Page, due_on: date, today: date) -> Block:
    """So many days late, due today, or when."""
    days = (today - due_on).days
    if days > 0:
        return blocks.badge(page.text("pages.home.overdue", days=days), "danger")
    if days == 0:
        return blocks.badge(page.text("pages.home.today"), "warn")
    return blocks.badge(page.text("case.due", day=due_on.isoformat()))
