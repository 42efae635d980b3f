"""The register of penalties, for the few who may read it."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import penalties
from custinfo.actions.penalties import Penalty
from custinfo.domain import money
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said


class Register:
    """The register stays closed until it is asked for: each opening is a reading that the audit log names."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open = False

    def blocks(self, actor: Person) -> list[Block]:
        """The card, closed or open; nothing for who may not read it."""
        page = self._page
        if not penalties.may_read(actor):
            return []
        title = page.text("penalties.title")
        if not self._open:
            words = page.text("penalties.open")
            return [blocks.card(title, [blocks.empty(page.text("penalties.closed"), _button(words, "open_penalties"))])]
        found = penalties.listed(page.store, actor)
        parts = [part for one in found for part in self._penalty(actor, one)] or [
            blocks.empty(page.text("penalties.none"))
        ]
        return [blocks.card(title, [*parts, *self._entry(actor)])]

    def react(self, actor: Person, name: str, value: Any) -> None:
        """Open the register, impose a penalty, or revoke one."""
        store = self._page.store
        if name == "open_penalties":
            self._open = True
        elif name == "impose":
            amount = said(value, "amount").strip()
            penalties.decide(
                store,
                actor,
                login_name=said(value, "login_name"),
                kind=said(value, "kind"),
                reason=said(value, "reason"),
                heard=said(value, "heard"),
                amount_fen=money.fen(amount) if amount else None,
                incident=said(value, "incident").strip(),
            )
        elif name == "revoke":
            penalties.revoke(store, actor, said(value, "about"), said(value, "text"))

    def _penalty(self, actor: Person, one: Penalty) -> list[Block]:
        page = self._page
        kind = page.text(f"penalties.kind.{one.kind}")
        amount = f" {money.show(one.amount_fen)}" if one.amount_fen else ""
        lines = [
            ("penalties.reason", one.reason),
            ("penalties.heard", one.heard),
            ("penalties.incident", one.incident),
            ("penalties.decided", f"{one.decided_by} · {page.time(one.decided_at)}"),
            ("penalties.revoked", one.revoked_because or ""),
        ]
        facts = blocks.facts(
            [(page.text(key), value) for key, value in lines if value], f"{one.number} · {one.person} · {kind}{amount}"
        )
        if one.revoked_because is not None or not permissions.may(actor, "penalty.decide"):
            return [facts]
        words = page.text("penalties.revoke")
        why = [blocks.field("text", page.text("penalties.reason"), "multiline", required=True)]
        return [facts, blocks.entry("revoke", why, words, value=one.number, look="danger", folded=words)]

    def _entry(self, actor: Person) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "penalty.decide"):
            return []
        kinds = [(kind, page.text(f"penalties.kind.{kind}")) for kind in penalties.KINDS]
        fields = [
            blocks.field("login_name", page.text("penalties.login_name"), required=True),
            blocks.field("kind", page.text("penalties.kind_label"), "select", options=kinds, required=True),
            blocks.field("amount", page.text("penalties.amount")),
            blocks.field("incident", page.text("penalties.incident")),
            blocks.field("reason", page.text("penalties.reason"), "multiline", required=True),
            blocks.field("heard", page.text("penalties.heard"), "multiline", required=True),
        ]
        words = page.text("penalties.impose")
        return [blocks.entry("impose", fields, words, look="danger", folded=words)]


def _button(words: str, event: str) -> Block:
    return blocks.button(words, event, "", name=words)
