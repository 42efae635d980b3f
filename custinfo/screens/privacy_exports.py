"""The privacy desk's register of exports, and lists for mailing."""

from collections.abc import Sequence
from typing import Any

from custinfo.access import permissions
from custinfo.actions import export_register, information_kinds, mailing_lists
from custinfo.actions.export_register import Entry
from custinfo.domain import consent
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Goto, Reaction, Redraw, SheetView

LOOK = {"identified": "danger", "pseudonymous": "warn", "aggregate": "ok", "none": ""}
COLUMNS = ("at", "by", "what", "object", "rows", "tier", "purpose", "recipient", "sha256")


class Exports:
    """What left the system, newest first."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The list for mailing, where a file comes from, and the register."""
        return [*self._mailing(actor), *self._tracing(actor), self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the page, make a list for mailing, ask for its approval, or say where a file comes from."""
        store, page = self._page.store, self._page
        if name == "mailing":
            try:
                made = mailing_lists.make(store, actor, said(value, "purpose"), page.language)
            except WrongState as refused:
                if refused.key not in export_register.ASKED_ANEW or said(value, "ask") != "yes":
                    raise
                order = mailing_lists.order(said(value, "purpose"))
                return Goto(f"/case/{export_register.ask_approval(store, actor, order)}")
            return Download(made.file_name, made.media_type, made.data)
        if name == "trace":
            files = self.view.uploaded(value.get("file") if isinstance(value, dict) else None)
            data = files[0].data if files else b""
            found = export_register.trace(store, actor, data=data, number=said(value, "number"))
            return self._tracing(actor, found)
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
            return [self._table(actor)]
        return Redraw()

    def _mailing(self, actor: Person) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "mailing.list"):
            return []
        offered = [(name, one.titles[page.language]) for name, one in consent.purposes().items()
                   if one.needs_consent and not one.separate]  # fmt: skip
        fields = [
            blocks.field("purpose", page.text("privacy_desk.consent.purpose"), "select", options=offered),
            blocks.field("ask", page.text("privacy_desk.export.ask"), "check", value="yes"),
        ]
        title = page.text("privacy_desk.export.mailing")
        entry = blocks.entry("mailing", fields, page.text("privacy_desk.export.make"), inline=True)
        line = {"type": "text", "text": page.text("privacy_desk.export.mailing_line")}
        return [blocks.card(title, [line, entry])]

    def _tracing(self, actor: Person, found: Sequence[Entry] | None = None) -> list[Block]:
        """Asks for a file or the number on it; `found` are the exports that it is, once somebody asked."""
        page = self._page
        if not permissions.may(actor, "privacy.handle"):
            return []
        fields = [
            blocks.field("file", page.text("privacy_trace.file"), "file"),
            blocks.field("number", page.text("privacy_trace.number"), hint=page.text("privacy_trace.number_hint")),
        ]
        entry = blocks.entry("trace", fields, page.text("privacy_trace.find"))
        told: list[Block] = [blocks.paragraph(page.text("privacy_trace.line")), entry]
        if found:
            told.append(self._rows(page.text("privacy_trace.found"), found))
        elif found is not None:
            told.append(blocks.empty(page.text("privacy_trace.none")))
        return [blocks.card(page.text("privacy_trace.title"), told, id="trace")]

    def _rows(self, caption: str, found: Sequence[Entry], page: tuple[int, int, int] | None = None) -> Block:
        columns = [
            blocks.column(self._page.text(f"privacy_desk.export.{name}"), number=name == "rows", wide=name == "object")
            for name in COLUMNS
        ]
        return blocks.table(caption, columns, [self._row(one) for one in found], page)

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = export_register.listed(page.store, actor, offset=self._offset, limit=ROWS)
        count = page.text("privacy_desk.export.count", n=found.total)
        if not found.rows:
            return blocks.card(count, [blocks.empty(page.text("privacy_desk.export.none"))], id="found")
        printing = {"text": page.text("desk.record.print"), "print": True, "look": "small"}
        table = self._rows(count, found.rows, (self._offset, ROWS, found.total))
        return blocks.card(count, [table], id="found", actions=[printing], flush=True)

    def _row(self, one: Entry) -> list[tuple[str, str]]:
        page = self._page
        return [
            (page.time(one.exported_at), ""), (one.by, ""), (page.text(f"privacy_desk.what.{one.what}"), ""),
            (self._told(one), ""), (str(one.rows), ""),
            (page.text(f"privacy.tier.{one.tier}"), ""),
            (consent.purpose(one.purpose).titles[page.language], f"/case/{one.approval}" if one.approval else ""),
            (one.recipient, ""), (one.sha256[:12], ""),
        ]  # fmt: skip

    def _told(self, one: Entry) -> str:
        """What was exported, and which kinds of information about customers were in it."""
        page = self._page
        kinds = information_kinds.of_questions(page.store, one.object_id, one.columns)
        named = page.text("information.between").join(page.text(f"information.{kind}") for kind in kinds)
        return " · ".join(part for part in (one.object_id, named, one.format, one.export_id) if part)
