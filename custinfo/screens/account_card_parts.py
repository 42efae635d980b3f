"""On `/credit/<id>`: the customer's sign-account cards, and what was agreed about buying on account."""

from urllib.parse import quote

from custinfo.actions.account_cards import CardView
from custinfo.actions.credit_views import Standing
from custinfo.domain import money
from custinfo.reports.credit_report_words import CreditWords
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

LOOK = {"in_use": "ok", "lost": "danger", "blocked": "danger", "expired": "warn"}


def cards(page: Page, standing: Standing, words: CreditWords) -> list[Block]:
    """Each card with its limit, holder, signers and state; nothing for who has none."""
    if not standing.cards:
        return []
    items = [_card(page, one, words) for one in standing.cards]
    return [blocks.card(page.text("account_cards.title"), [blocks.listing(items)], flush=True)]


def _card(page: Page, one: CardView, words: CreditWords) -> Block:
    until = one.valid_until.isoformat() if one.valid_until else page.text("credit_desk.for_good")
    signers = words.listed(one.signers) or page.text("account_cards.nobody")
    meta = [
        page.text("account_cards.issued", day=one.issued_on, until=until),
        page.text("account_cards.held", holder=one.holder, signers=signers),
    ]
    if one.state_on is not None:
        meta.append(page.text("account_cards.since", day=one.state_on))
    badge = blocks.badge(page.text(f"account_cards.state.{one.state}"), LOOK.get(one.state, ""))
    title = f"{one.number} · {money.show(one.limit_fen)}"
    return blocks.item(title, f"/record/{quote(one.record_id)}", meta=" · ".join(meta), badges=[badge])


def measures(page: Page, standing: Standing, words: CreditWords) -> list[Block]:
    """What was agreed with general affairs, the newest in front; nothing where nothing was."""
    if not standing.measures:
        return []
    moments = []
    for one in standing.measures:
        facts = {"day": one.agreed_on, "name": one.agreed_with, "until": one.until}
        signs = words.listed(page.text(f"credit_use.sign.{sign}") for sign in sorted(one.signs))
        lines = [page.text("account_cards.agreed", **facts), one.handling]
        over = [blocks.badge(page.text("account_cards.over"))] if one.until < standing.day else []
        title = words.listed(page.text(f"account_cards.measure.{code}") for code in one.measures)
        moment = blocks.moment(signs, title, lines=lines, badges=over)
        moments.append({**moment, "href": f"/record/{quote(one.record_id)}"})
    return [blocks.card(page.text("account_cards.measures"), [blocks.timeline(moments)])]
