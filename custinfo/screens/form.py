"""`/form/<form_id>`: fill in a form. `?draft=` goes on with a draft, `?customer=` is about a customer."""

from custinfo.actions import drafts, entities
from custinfo.actions.drafts import Draft
from custinfo.domain.people import Person
from custinfo.screens import showing
from custinfo.screens.context import Page
from custinfo.screens.form_view import FormView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> FormView:
    """The form of the address. Nothing is stored until the first answer."""
    draft = _draft(page, page.alive().person)
    return FormView(page, draft, _subtitle(page, draft))


def _draft(page: Page, actor: Person) -> Draft:
    draft_id = page.query.get("draft")
    if draft_id:
        return drafts.open_(page.store, actor, draft_id)
    return drafts.blank(page.store, actor, page.tail(), page.query.get("customer"))


def _subtitle(page: Page, draft: Draft) -> str:
    if draft.customer_id is None:
        return ""
    customer = entities.current(page.store, draft.customer_id)
    if customer["form_id"] == draft.form_id:
        return page.text("pages.form.editing", number=customer["number"], version=draft.base_version)
    return page.text("pages.form.about", number=customer["number"])
