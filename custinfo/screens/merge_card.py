"""On a customer's page: who was merged with it, the way on where it was merged itself, and taking a merge back."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import assignments, merge_links, merges
from custinfo.actions.merges import MergeRow
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said

EVENT = "unmerge"


def leads_on(page: Page, actor: Person, customer_id: str) -> list[Block] | None:
    """The page of a customer that was merged: where it leads to; None for any other, and for one out of scope."""
    own, leads = merge_links.numbers(page.store, customer_id)
    if own == leads or not assignments.in_scope(page.store, actor, customer_id):
        return None
    there = f"/customer/{merge_links.survivor_of(page.store, customer_id)}"
    words = page.text("dedupe.open_survivor", survivor=leads)
    head = blocks.head(
        page.text("dedupe.goes_on", number=own, survivor=leads), page.text("dedupe.goes_on_hint"),
        actions=[blocks.link(words, there, "primary")],
    )  # fmt: skip
    return [head, *card(page, actor, customer_id)]


def card(page: Page, actor: Person, customer_id: str) -> list[Block]:
    """The merges of a customer; nothing where there never was one."""
    rows = merges.history(page.store, actor, customer_id)
    if not rows:
        return []
    parts: list[Block] = [blocks.listing([_item(page, row) for row in rows])]
    if permissions.may(actor, "duplicate.review"):
        parts += [_undo(page, row) for row in rows if row.undone_at is None and row.survivor_id == customer_id]
    return [blocks.card(page.text("dedupe.merges_card"), parts)]


def undo(page: Page, actor: Person, value: Any) -> None:
    """Take back the merge that the entry is about."""
    merges.undo(page.store, actor, said(value, "about"), reason=said(value, "reason"))


def _item(page: Page, row: MergeRow) -> Block:
    facts = {"name": row.merged_by_name, "time": page.time(row.merged_at), "reason": row.reason}
    marks = [blocks.badge(page.text("dedupe.merged_automatic"))] if row.automatic else []
    if row.undone_at is not None:
        marks.append(blocks.badge(page.text("dedupe.undone"), "warn"))
    line = page.text("dedupe.merged_line", loser=row.loser_number, survivor=row.survivor_number)
    return blocks.item(line, meta=page.text("dedupe.merged_by", **facts), badges=marks)


def _undo(page: Page, row: MergeRow) -> Block:
    hint = page.text("dedupe.undo_hint", survivor=row.survivor_number)
    why = [blocks.field("reason", page.text("dedupe.reason"), required=True, hint=hint)]
    words = page.text("dedupe.undo")
    folded = f"{words}: {page.text('dedupe.merged_line', loser=row.loser_number, survivor=row.survivor_number)}"
    return blocks.entry(EVENT, why, words, value=row.merge_id, look="danger", folded=folded)
