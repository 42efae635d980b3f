"""`/customer/<id>`: the current card, what was asked of the customer, and every version with what it changed."""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from custinfo.access import permissions
from custinfo.actions import conflicts, customers, entities, forms, reveals
from custinfo.actions.customers import CustomerCard, RecordRow, Shown, VersionRow
from custinfo.domain import information
from custinfo.domain.people import Person
from custinfo.screens import blocks, conflict_cards, consent_card, demand_card, merge_card, owners, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Reaction, Redraw, Revealed, SheetView

EVALUATION, STATEMENT = "customer_evaluation", "financial_statement"
GROUPED_FROM = 10_000
"""Whole numbers from here on are written with separators; below it they may be years."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The customer of the address, as the person who asks may see them."""
    view = SheetView(
        page,
        lambda actor: _blocks(page, actor, page.tail()),
        lambda actor, name, value: _react(page, view, actor, name, value),
    )
    return view


def _react(page: Page, view: SheetView, actor: Person, name: str, value: Any) -> Reaction:
    customer_id = page.tail()
    consent_card.react(page, view, actor, customer_id, name, value)
    if name == "reveal" and isinstance(value, str):
        return Revealed(
            value, reveals.reveal(page.store, actor, "customer", customer_id, value, language=page.language)
        )
    if name == owners.EVENT:
        owners.hand_over(page, actor, customer_id, value)
    if name == conflict_cards.EVENT:
        conflict_cards.resolve(page, actor, value)
    if name == merge_card.EVENT:
        merge_card.undo(page, actor, value)
    return Redraw()


def _blocks(page: Page, actor: Person, customer_id: str) -> list[Block]:
    if (leads_on := merge_card.leads_on(page, actor, customer_id)) is not None:
        return leads_on
    card = customers.card(page.store, actor, customer_id, page.language)
    wanted = page.query.get("information", "")
    shown_fields = [(one.label, [f for f in one.fields if wanted in ("", f.information)]) for one in card.sections]
    sections = [
        blocks.card(label, [blocks.facts([_fact(page, field) for field in fields])])
        for label, fields in shown_fields
        if fields
    ]
    answered = [*_kinds(page, card, wanted), *sections] if card.sections else sections
    answered = answered or [blocks.card("", [blocks.empty(page.text("pages.customer.missing"))])]
    clashes = conflict_cards.card(page, conflicts.listed(page.store, actor, customer_id), f"/customer/{customer_id}")
    return [
        _head(page, actor, card),
        *([clashes] if clashes else []),
        blocks.columns(
            answered,
            [
                *_to_fill_in(page, actor, card),
                demand_card.card(page, actor, customer_id),
                *_judged(page, actor, card),
                _records(page, card.records),
                consent_card.card(page, actor, customer_id),
                *merge_card.card(page, actor, customer_id),
                _history(page, card),
                owners.card(page, actor, customer_id),
            ],
        ),
    ]


def _kinds(page: Page, card: CustomerCard, wanted: str) -> list[Block]:
    """The four kinds of information, each with how many answers the card has of it: one kind is shown by itself."""
    counts = Counter(field.information for section in card.sections for field in section.fields)
    if not any(counts[kind] for kind in information.KINDS):
        return []
    here = f"/customer/{quote(card.customer_id)}"
    everything = (page.text("pages.customer.information.all"), here, "", counts.total())
    kinds = [
        (page.text(f"information.{kind}"), f"{here}?information={kind}", kind, counts[kind])
        for kind in information.KINDS
    ]
    links = [
        blocks.link(f"{label} {count}", href, "primary small" if kind == wanted else "small")
        for label, href, kind, count in [everything, *kinds]
    ]
    title = page.text("pages.customer.information.title")
    if wanted and not counts[wanted]:
        hint = blocks.empty(page.text("pages.customer.information.none"))
    else:
        hint = {"type": "text", "text": page.text("pages.customer.information.hint")}
    return [blocks.card(title, [hint], id="information", actions=links)]


def _fact(page: Page, field: Shown) -> tuple[str, str, Block | None]:
    secret = blocks.secret(field.ref, page.text("reveals.show"), page.text("reveals.hide"), field.label)
    return field.label, shown(field), secret if field.masked else None


def _head(page: Page, actor: Person, card: CustomerCard) -> Block:
    newest = card.versions[0]
    edit = blocks.link(page.text("pages.customer.edit"), _address(card.form_id, card.customer_id), "primary")
    actions = [edit] if card.form_id in {form.form_id for form in forms.fillable(page.store, actor)} else []
    if permissions.may(actor, "credit.read"):
        actions.append(blocks.link(page.text("credit_desk.card.credit"), f"/credit/{quote(card.customer_id)}"))
    badges = [
        blocks.badge(card.number, "accent"),
        blocks.badge(page.text("pages.customer.version", version=card.version)),
    ]
    subtitle = f"{page.pick(card.titles)} · {page.text('pages.customer.updated', time=page.time(newest.recorded_at))}"
    return blocks.head(card.label, subtitle, badges=badges, actions=actions)


def _address(form_id: str, customer_id: str) -> str:
    return f"/form/{form_id}?customer={customer_id}"


def _to_fill_in(page: Page, actor: Person, card: CustomerCard) -> list[Block]:
    """The forms that ask for the number of a customer: begun here, they know whom they are about."""
    items = [
        blocks.item(page.pick(form.titles), _address(form.form_id, card.customer_id))
        for form in forms.fillable(page.store, actor)
        if entities.about_place(forms.load(page.store, form.form_id), customers.DATASET)
    ]
    title = page.text("pages.customer.to_fill_in")
    return [blocks.card(title, [blocks.listing(items, compact=True)], flush=True)] if items else []


def _judged(page: Page, actor: Person, card: CustomerCard) -> list[Block]:
    """How it is evaluated, and its financial statements, where there are any."""
    filed, found = {record.form_id for record in card.records}, list[Block]()
    # They come with Ibis: a second that the pages of all other customers need not wait for
    if EVALUATION in filed:
        from custinfo.screens import evaluation_card

        found += evaluation_card.card(page, actor, card.customer_id)
    if STATEMENT in filed:
        from custinfo.screens import finance_card

        found += finance_card.card(page, actor, card.customer_id)
    return found


def _records(page: Page, records: list[RecordRow]) -> Block:
    title = page.text("pages.customer.records")
    if not records:
        return blocks.card(title, [blocks.empty(page.text("pages.customer.records_none"))])
    items = [
        blocks.item(
            page.pick(record.titles),
            f"/record/{record.record_id}" if record.readable else "",
            meta=_by(page, record),
        )
        for record in records
    ]
    return blocks.card(title, [blocks.listing(items)], flush=True)


def _history(page: Page, card: CustomerCard) -> Block:
    moments = [_version(page, version) for version in card.versions]
    return blocks.card(page.text("pages.customer.history"), [blocks.timeline(moments)])


def _version(page: Page, version: VersionRow) -> Block:
    what = (
        page.text("pages.customer.changed", n=len(version.changed))
        if version.version > 1
        else page.text("pages.customer.first")
    )
    blank = page.text("pages.customer.blank")
    changes = [blocks.change(change.label, change.before or blank, change.after or blank) for change in version.changed]
    lines = [page.text("pages.customer.reason", reason=version.reason)] if version.reason else []
    return blocks.moment(
        _by(page, version),
        page.text("pages.customer.version", version=version.version),
        lines=lines,
        badges=[blocks.badge(what)],
        changes=changes,
    )


def _by(page: Page, done: RecordRow | VersionRow) -> str:
    return f"{done.recorded_by_name} · {page.time(done.recorded_at)}"


def shown(field: Shown) -> str:
    """An answer for a reader: numbers with separators, everything else as it was given."""
    if field.kind not in ("int", "integer", "decimal"):
        return field.text
    try:
        number = Decimal(field.text)
    except InvalidOperation:
        return field.text
    return f"{number:,f}" if field.kind == "decimal" or abs(number) >= GROUPED_FROM else field.text
