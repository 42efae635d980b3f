"""`/credit`: the customers on one's credit desk. `/credit/<id>`: how one of them stands, and why.

`/credit/collections`: what was collected and goes to head office.
"""

from custinfo.screens import credit_desk, credit_table, remittances, showing
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The list, the collections, or the customer that the address names."""
    desk: credit_table.Table | credit_desk.Desk | remittances.Desk = credit_table.Table(page)
    if page.tail() == remittances.TAIL:
        desk = remittances.Desk(page)
    elif page.tail() != "credit":
        desk = credit_desk.Desk(page, page.tail())
    return SheetView(page, desk.blocks, desk.react)
