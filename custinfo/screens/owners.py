"""The card on a customer's page that says whose the customer is and was, and hands it over."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import assignments, customer_claims
from custinfo.actions.customer_claims import Claimed
from custinfo.domain.people import Person
from custinfo.reports.showing import NONE
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said

EVENT = "hand_over"


def card(page: Page, actor: Person, customer_id: str) -> Block:
    """Whose the customer was, the newest turn first; and the way to hand it over, for who may."""
    turns = assignments.history(page.store, actor, customer_id)
    moments = [
        blocks.moment(
            f"{page.time(turn.since)} · {turn.by_name}",
            f"{turn.owner_name} · {turn.department}" if turn.department else turn.owner_name,
            lines=[turn.reason] if turn.reason else [],
        )
        for turn in turns
    ]
    parts: list[Block] = [blocks.timeline(moments)]
    if permissions.may(actor, "customer.assign"):
        claimed = customer_claims.of(page.store, actor, customer_id)
        if len(claimed.claimants) > 1:
            parts.append(_claims(page, claimed))
        parts.append(_hand_over(page, actor, turns[0].owner, claimed.follows or ""))
    return blocks.card(page.text("owners.title"), parts)


def _claims(page: Page, claimed: Claimed) -> Block:
    """Who claims the customer, the strongest first, each with the reason that the rule gives."""
    columns = [page.text(f"owners.{name}") for name in ("claimant", "last_contact", "ground")]
    rows = [
        [
            (f"{one.display_name} · {one.department}" if one.department else one.display_name, ""),
            (str(one.active_on) if one.active_on else NONE, ""),
            (one.ground.label(page.language), ""),
        ]
        for one in claimed.claimants
    ]
    title = page.text("owners.claims", days=claimed.active_days, version=claimed.rule_version)
    return blocks.table(title, [*map(blocks.column, columns[:2]), blocks.column(columns[2], wide=True)], rows)


def _hand_over(page: Page, actor: Person, owner: str, follows: str) -> Block:
    colleagues = [
        (one.person_id, f"{one.display_name} · {one.department}")
        for one in assignments.colleagues(page.store, actor)
        if one.person_id != owner
    ]
    fields = [
        blocks.field(
            "to",
            page.text("owners.to"),
            "select",
            options=colleagues,
            required=True,
            value=follows if follows != owner else "",
        ),
        blocks.field("reason", page.text("owners.reason"), "multiline", required=True),
    ]
    words = page.text("owners.hand_over")
    return blocks.entry(EVENT, fields, words, folded=words)


def hand_over(page: Page, actor: Person, customer_id: str, value: Any) -> None:
    """What the card's entry asked for."""
    assignments.transfer(page.store, actor, customer_id, said(value, "to"), said(value, "reason"))
