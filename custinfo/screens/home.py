"""`/`: what I can fill in, what I began, what waits for me, and who is new."""

from datetime import date
from typing import Any

from custinfo.access import permissions
from custinfo.actions import customers, draft_list, drafts, due, forms
from custinfo.actions.draft_list import DraftSummary
from custinfo.actions.due import DueList, DueRow
from custinfo.actions.forms import FormSummary
from custinfo.domain.people import Person
from custinfo.screens import audit_card, blocks, showing, to_check
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.due_marks import due_badge
from custinfo.screens.sheet_view import SheetView

NEWEST = 8
DUE_MOST = 8


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The home page of whoever is logged in."""
    return SheetView(
        page, lambda actor: _blocks(page, actor), lambda actor, name, value: _react(page, actor, name, value)
    )


def _react(page: Page, actor: Person, name: str, value: Any) -> list[Block]:
    if name == "discard" and isinstance(value, str):
        drafts.discard(page.store, actor, value)
    waits = due.mine(page.store, actor, page.today())
    return [_drafts(page, actor), _due(page, waits)] if permissions.may(actor, "form.fill") else []


def _blocks(page: Page, actor: Person) -> list[Block]:
    head = blocks.head(page.text("pages.home.greeting", name=actor.display_name), actor.department)
    fills = permissions.may(actor, "form.fill")
    left = [_fill(page, actor), _drafts(page, actor)] if fills else []
    if permissions.may(actor, "customer.read"):
        left.append(_newest(page, actor))
    waits = due.mine(page.store, actor, page.today())
    right = [_due(page, waits)] if fills or waits.total else []
    checks = to_check.card(page, actor)
    right += [checks] if checks else []
    watched = audit_card.card(page, actor)
    right += [watched] if watched else []
    if permissions.may(actor, "lake.read"):
        right.append(_segments(page))
    stacks = [stack for stack in (left, right) if stack]
    return [head, blocks.columns(*stacks) if stacks else _nothing(page, actor)]


def _segments(page: Page) -> Block:
    link = blocks.link(page.text("pages.home.segments_open"), "/segments", "small")
    return blocks.card(page.text("pages.home.segments"), [blocks.empty(page.text("pages.home.segments_line"), link)])


def _nothing(page: Page, actor: Person) -> Block:
    """For people whose work is done with the command line: what the account is for, and whom to ask."""
    roles = page.text("pages.home.and").join(page.text(f"people.role.{role}") for role in sorted(actor.roles))
    return blocks.card("", [blocks.empty(page.text("pages.home.nothing", roles=roles))])


def _fill(page: Page, actor: Person) -> Block:
    found = sorted(forms.fillable(page.store, actor), key=lambda one: _order(page, one))
    items = [
        blocks.item(
            page.pick(form.titles),
            f"/form/{form.form_id}",
            actions=[_fill_link(page, form)],
        )
        for form in found
    ]
    body = blocks.listing(items, compact=True) if items else blocks.empty(page.text("pages.home.fill_none"))
    return blocks.card(page.text("pages.home.fill"), [body], flush=bool(items))


def _order(page: Page, form: FormSummary) -> tuple[bool, str]:
    """Cards of customers first, then by title."""
    return form.dataset != "customers", page.pick(form.titles)


def _fill_link(page: Page, form: FormSummary) -> Block:
    words = page.text("pages.home.new_form")
    return blocks.link(words, f"/form/{form.form_id}", "primary small", name=f"{words} {page.pick(form.titles)}")


def _drafts(page: Page, actor: Person) -> Block:
    items = [_draft(page, draft) for draft in draft_list.mine(page.store, actor)]
    body = blocks.listing(items) if items else blocks.empty(page.text("pages.home.drafts_none"))
    return blocks.card(page.text("pages.home.drafts"), [body], id="drafts", flush=bool(items))


def _draft(page: Page, draft: DraftSummary) -> Block:
    address = f"/form/{draft.form_id}?draft={draft.draft_id}"
    title = f"{page.pick(draft.titles)} · {draft.label or page.text('pages.home.draft_untitled')}"
    discard = blocks.button(
        page.text("pages.home.discard"),
        "discard",
        draft.draft_id,
        name=f"{page.text('pages.home.discard')} {title}",
        look="quiet small",
        confirm=page.text("pages.home.discard_confirm", answered=draft.answered),
    )
    meta = page.text("pages.home.draft_line", answered=draft.answered, time=page.time(draft.updated_at))
    return blocks.item(
        title,
        address,
        meta=meta,
        actions=[
            blocks.link(
                page.text("pages.home.resume"), address, "small", name=f"{page.text('pages.home.resume')} {title}"
            ),
            discard,
        ],
    )


def _due(page: Page, found: DueList) -> Block:
    """What comes first; the page of due lists has all of it."""
    today = page.today()
    items = [_due_item(page, row, today) for row in found.rows[:DUE_MOST]]
    body = blocks.listing(items) if items else blocks.empty(page.text("pages.home.due_none"))
    marks = [blocks.badge(page.text("pages.home.due_total", n=found.total))] if found.total else []
    if found.overdue:
        marks.append(blocks.badge(page.text("pages.home.late", n=found.overdue), "danger"))
    more = [blocks.link(page.text("pages.home.due_more", n=found.total), "/waiting", "quiet small")] if items else []
    return blocks.card(page.text("pages.home.due"), [body], id="due", badges=marks, actions=more, flush=bool(items))


def _due_item(page: Page, row: DueRow, today: date) -> Block:
    return blocks.item(row.text(page.language), row.link, badges=[due_badge(page, row.due_on, today)])


def _newest(page: Page, actor: Person) -> Block:
    found = customers.search(page.store, actor, "", NEWEST, 0)
    items = [
        blocks.item(row.label, f"/customer/{row.customer_id}", meta=f"{row.number} · {page.time(row.recorded_at)}")
        for row in found.rows
    ]
    body = blocks.listing(items) if items else blocks.empty(page.text("pages.home.newest_none"))
    link = blocks.link(page.text("pages.home.all_customers"), "/customers", "quiet small")
    return blocks.card(page.text("pages.home.newest"), [body], actions=[link], flush=bool(items))
