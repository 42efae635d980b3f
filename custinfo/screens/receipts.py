"""The page after a form was submitted or given up: what came of it, and the ways on."""

from typing import Any

from custinfo.actions.records import Receipt
from custinfo.screens.context import Page


def submitted(page: Page, title: str, form_id: str, draft_id: str, receipt: Receipt) -> dict[str, Any]:
    """What was recorded. `url` shows it again after a reload, `again` fills in another."""
    lines = [title]
    links = ways_on(page, f"/form/{form_id}")
    if receipt.customer_id and receipt.customer_number:
        version = next((one.version for one in receipt.entities if one.entity_id == receipt.customer_id), None)
        lines.append(
            page.text("filling.about_customer", number=receipt.customer_number)
            if version is None
            else page.text("pages.form.done_customer", number=receipt.customer_number, version=version)
        )
        to_customer = {"href": f"/customer/{receipt.customer_id}", "text": page.text("pages.form.to_customer")}
        links.insert(0, to_customer)
    for one in receipt.entities:
        if one.entity_id != receipt.customer_id:
            said = "filling.dropped_entity" if one.dropped else "filling.done_entity"
            lines.append(page.text(said, number=one.number, version=one.version))
    if receipt.consents_without_notice:
        lines.append(page.text("privacy.without_notice", count=receipt.consents_without_notice))
    if receipt.differences is not None:
        same = receipt.differences == 0
        lines.append(page.text("filling.same" if same else "filling.differences", n=receipt.differences))
    return {
        "title": page.text("pages.form.done"),
        "lines": lines,
        "links": links,
        "again": f"/form/{form_id}",
        "url": f"/form/{form_id}?done={draft_id}",
    }


def ended(page: Page, title: str, again: str) -> dict[str, Any]:
    """The interview was ended without a record; `again` fills in another."""
    words = [title, page.text("filling.ended_line")]
    title = page.text("filling.ended")
    return {"title": title, "lines": words, "links": ways_on(page, again), "again": again, "url": again}


def ways_on(page: Page, again: str) -> list[dict[str, str]]:
    """The links below a receipt."""
    return [
        {"href": again, "text": page.text("pages.form.another")},
        {"href": "/", "text": page.text("pages.back_home")},
    ]
