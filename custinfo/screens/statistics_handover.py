"""One handover of statistical work: its list, who signed, what passed, and what the person can do about it now."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import handovers, reauthentication
from custinfo.actions.handovers import OPEN, PARTS, Handover
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw

SHORT = 16


class Desk:
    """A handover."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        one = handovers.read(page.store, actor, self._id)
        title = f"{one.names[handovers.GIVES]} → {one.names[handovers.TAKES]}"
        look = {"handed_over": "ok", OPEN: "warn"}.get(one.state, "")
        badges = [blocks.badge(page.text(f"machines.state.{one.state}"), look)]
        words = page.text("registers_page.list_pdf")
        actions = [
            blocks.button(words, "pdf", "", name=words),
            blocks.link(page.text("registers_page.all"), "/statistics", "quiet"),
        ]
        head = blocks.head(title, one.number, badges=badges, actions=actions)
        return [
            head,
            blocks.columns([self._list(one), self._facts(one)], [self._signatures(one), *self._doing(actor, one)]),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Sign, give up, or take the list as a file."""
        store, page = self._page.store, self._page
        if name == "pdf":
            from custinfo.reports import handover_paper  # typst starts threads, which pages are not forked with

            one = handovers.read(store, actor, self._id)
            return Download(
                f"{one.number}.pdf", "application/pdf", handover_paper.render_list(store, one, page.language)
            )
        if name == "sign":
            secret = {one: said(value, one) for one in ("password", "code")}
            handovers.sign(store, actor, self._id, said(value, "about"), **secret)
        elif name == "cancel":
            handovers.cancel(store, actor, self._id, said(value, "reason"))
        return Redraw()

    def _list(self, one: Handover) -> Block:
        page = self._page
        title = page.text("registers_page.items")
        columns = [
            blocks.column(page.text(f"registers_page.item.{name}"), number=name == "count", wide=name == "what")
            for name in ("kind", "what", "count", "place")
        ]
        rows = [
            [(page.text(f"registers.item.{item.kind}"), ""), (item.what, ""), (str(item.count), ""), (item.place, "")]
            for item in one.items
        ]
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _facts(self, one: Handover) -> Block:
        page = self._page
        told = [(page.text(f"registers.part.{part}"), one.names[part]) for part in PARTS]
        told += [
            (page.text("registers_page.trained_how"), one.trained),
            (page.text("registers_page.briefing"), one.briefing),
            (page.text("registers_page.begun"), page.time(one.opened_at)),
            ("SHA-256", f"{one.sha256[:SHORT]}…"),
        ]
        if one.passed:
            told.append((page.text("registers_page.passed"), page.text("registers_page.passed_what", **one.passed)))
        return blocks.card(page.text("registers_page.facts"), [blocks.facts(told)])

    def _signatures(self, one: Handover) -> Block:
        page = self._page
        items = []
        for part in PARTS:
            signed = one.signed.get(part)
            words = page.text(f"registers.part.{part}")
            if signed is None:
                badge = blocks.badge(page.text("registers_page.unsigned"), "warn")
            else:
                badge = blocks.badge(page.text("case.holds" if signed.holds else "case.does_not_hold"),
                                     "ok" if signed.holds else "danger")  # fmt: skip
            meta = f"{words} · {page.time(signed.signed_at)}" if signed else words
            items.append(blocks.item(one.names[part], meta=meta, badges=[badge]))
        return blocks.card(page.text("case.signatures"), [blocks.listing(items)], flush=True)

    def _doing(self, actor: Person, one: Handover) -> list[Block]:
        page = self._page
        if one.state != OPEN:
            return []
        parts: list[Block] = []
        if any(one.people[part] == actor.person_id and part not in one.signed for part in PARTS):
            secret = [blocks.field("password", page.text("case.password"), "password", required=True)]
            if reauthentication.needs_code(page.store, actor):
                secret.append(blocks.field("code", page.text("case.code"), "code", required=True))
            parts += [
                blocks.banner(page.text("registers_page.sign_line"), "info"),
                blocks.entry("sign", secret, page.text("machines.action.sign"), value=one.sha256),
            ]
        if permissions.may(actor, "statistics.organise"):
            words = page.text("registers_page.cancel")
            reason = blocks.field("reason", page.text("registers_page.reason"), "multiline", required=True)
            parts.append(blocks.entry("cancel", [reason], words, look="danger", folded=words))
        return [blocks.card(page.text("registers_page.doing"), parts)] if parts else []
