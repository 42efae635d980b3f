"""Where figures of an issue were used, on its page, and which of these places a correction reached, on the slip's."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from custinfo.actions import report_uses
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.actions.report_uses import Reached, Use
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said

Cells: TypeAlias = Sequence[tuple[str, str]]
"""The figures of an issue that can be chosen: address and place in words. Empty until somebody asked for them."""


def card(page: Page, actor: Person, issue: Issue, cells: Cells) -> list[Block]:
    """The uses of an issue's figures, for one that is out, and a way to register another once `cells` were read."""
    if issue.state not in RELEASED:
        return []
    found = report_uses.of_issue(page.store, actor, issue.issue_id)
    items = [_use(page, actor, one) for one in found]
    words = _text(page, "register")
    inner: list[Block] = [blocks.listing(items) if items else blocks.empty(_text(page, "none"))]
    if not cells:
        press = blocks.button(words, "cells", "", name=words, look="small")
        return [blocks.card(_text(page, "title"), inner, actions=[press])]
    fields = [
        blocks.field("address", _text(page, "figure"), "select", options=cells, required=True),
        blocks.field("place", _text(page, "place"), hint=_text(page, "place_hint"), required=True),
    ]
    return [blocks.card(_text(page, "title"), [*inner, blocks.entry("use", fields, words)])]


def reached_card(page: Page, actor: Person, slip: Correction) -> list[Block]:
    """The places that hold a figure which the slip corrects: to be mended by whoever registered them."""
    found = report_uses.of_correction(page.store, slip.correction_id)
    if not found:
        return []
    items = [_reached(page, actor, one) for one in found]
    return [blocks.card(_text(page, "reached"), [blocks.listing(items)], flush=True)]


def react(page: Page, actor: Person, about: str, name: str, value: Any) -> bool:
    """Register, end or mend a use on the page of the issue or slip `about`; False when the event is none of these."""
    if name == "use":
        # Opening the lake starts threads, which the process that pages are forked from must not have
        from custinfo.reports import uses

        uses.register(page.store, actor, about, said(value, "address"), said(value, "place"))
    elif name == "end_use" and isinstance(value, str):
        report_uses.end(page.store, actor, value)
    elif name == "mend" and isinstance(value, str):
        report_uses.mended(page.store, actor, value, about)
    else:
        return False
    return True


def _use(page: Page, actor: Person, one: Use) -> Block:
    words = _text(page, "end")
    end = blocks.button(words, "end_use", one.use_id, name=f"{words} {one.place}", look="quiet small")
    mine = [end] if one.person_id == actor.person_id else []
    return blocks.item(one.place, meta=f"{{{one.address}}} · {one.by}, {page.time(one.recorded_at)}", actions=mine)


def _reached(page: Page, actor: Person, one: Reached) -> Block:
    meta = f"{{{one.use.address}}} · {one.use.by}"
    if one.mended_at is not None:
        mark = blocks.badge(_text(page, "mended"), "ok")
        return blocks.item(one.use.place, meta=f"{meta} · {page.time(one.mended_at)}", badges=[mark])
    words = _text(page, "mend")
    press = blocks.button(words, "mend", one.use.use_id, name=f"{words} {one.use.place}", look="small")
    mine = [press] if one.use.person_id == actor.person_id else []
    return blocks.item(one.use.place, meta=meta, badges=[blocks.badge(_text(page, "to_mend"), "warn")], actions=mine)


def _text(page: Page, key: str) -> str:
    return page.text(f"report_uses.page.{key}")
