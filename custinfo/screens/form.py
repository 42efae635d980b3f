"""`/form/<form_id>`: fill in a form. The address says how it begins:

`?draft=` goes on with a draft, `?customer=` is about a customer, `?record=` changes a record, `?verify=` enters one a
second time, `?d[question]=` brings answers along, `?proposal=` tries a proposed form out. `?language=` is the form's;
`?done=` names the draft whose receipt is shown.
"""

from typing import Any

from custinfo.actions import drafts, entities, forms, records, suspicions
from custinfo.actions.drafts import Draft
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.screens import given, receipts, showing
from custinfo.screens.context import Page
from custinfo.screens.filling import Filling
from custinfo.screens.form_view import FormView, ReceiptView
from custinfo.screens.live import Live
from custinfo.screens.trial import Trial


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> Live:
    """The form of the address. Nothing is stored until the first answer."""
    actor = page.alive().person
    named = given.from_query(page.query)
    if page.query.get("proposal"):
        return FormView(page, Trial(page, actor, page.query["proposal"], named))
    draft_id = page.query.get("done") or page.query.get("draft")
    receipt = _receipt(page, actor, draft_id) if draft_id else None
    if receipt is not None:
        return ReceiptView(page, receipt)
    draft = _draft(page, actor)
    return FormView(page, Filling(page, draft, named), _subtitle(page, draft))


def _receipt(page: Page, actor: Person, draft_id: str) -> dict[str, Any] | None:
    """The receipt, when the person's draft was submitted: a reload after that shows it again."""
    receipt = records.receipt_of(page.store, actor, draft_id)
    if receipt is None:
        return None
    title = page.pick(forms.titles_of(page.store).get(page.tail(), {}))
    return receipts.submitted(page, title, page.tail(), draft_id, receipt)


def _draft(page: Page, actor: Person) -> Draft:
    query = page.query
    draft_id = query.get("draft") or query.get("done")
    if draft_id:
        try:
            return drafts.open_(page.store, actor, draft_id)
        except NotFound:
            if page.store.row("SELECT 1 FROM draft WHERE draft_id = ?", [draft_id]):
                suspicions.note(page.store, actor, "foreign_draft", draft_id)
            raise
    record_id, verifies = query.get("record"), query.get("verify")
    return drafts.blank(page.store, actor, page.tail(), query.get("customer"), record_id=record_id, verifies=verifies)


def _subtitle(page: Page, draft: Draft) -> str:
    if draft.record_id is not None:
        return page.text("filling.editing_record", record=draft.record_id, version=draft.base_record_version)
    if draft.verifies is not None:
        return page.text("filling.second_entry", record=draft.verifies)
    if draft.customer_id is None:
        return ""
    customer = entities.current(page.store, draft.customer_id)
    if customer["form_id"] == draft.form_id:
        return page.text("pages.form.editing", number=customer["number"], version=draft.base_version)
    return page.text("pages.form.about", number=customer["number"])
