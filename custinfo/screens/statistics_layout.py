"""One layout of a report: printed blank, its copies in stock and in hands, and who signed for them."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import reauthentication, report_layouts, statisticians
from custinfo.actions.report_layouts import HANDED_OUT, MOVEMENTS, Layout, Movement
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number, said
from custinfo.screens.sheet_view import Download, Reaction, Redraw


class Desk:
    """A version of a layout."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        one = report_layouts.read(page.store, actor, self._id)
        title = f"{page.pick(dict(one.titles))} · {page.text('registers_page.layout.version')} {one.version}"
        badges = [] if one.is_newest else [blocks.badge(page.text("registers_page.old"), "warn")]
        actions = [self._blank(language) for language in LANGUAGES]
        actions.append(blocks.link(page.text("registers_page.all"), "/statistics", "quiet"))
        head = blocks.head(title, f"{one.number}-{one.version}", badges=badges, actions=actions)
        return [head, blocks.columns([self._movements(actor, one)], [self._facts(one), *self._move(actor)])]

    def _blank(self, language: str) -> Block:
        page = self._page
        spoken = page.text(f"reports_page.in.{language}")
        words = page.text("registers_page.layout.blank_in", language=spoken)
        return blocks.button(words, "blank", language, name=words, look="primary" if language == page.language else "")

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Give the blank layout, record copies, or sign for them."""
        store = self._page.store
        if name == "blank" and value in LANGUAGES:
            from custinfo.reports import layouts  # it opens the lake's engine, which starts threads

            one = report_layouts.read(store, actor, self._id)
            return Download(
                f"{one.number}-{one.version}-{value}.pdf", "application/pdf", layouts.blank(store, one, value)
            )
        if name == "move":
            copies = number(said(value, "copies")) or 0
            given = {one: said(value, one) for one in ("login_name", "note")}
            report_layouts.move(store, actor, self._id, said(value, "kind"), copies, **given)
        elif name == "receive":
            secret = {one: said(value, one) for one in ("password", "code")}
            report_layouts.receive(store, actor, said(value, "about"), **secret)
        return Redraw()

    def _facts(self, one: Layout) -> Block:
        page = self._page
        names = {who: n for who, n in one.held.items() if n}
        people = {m.person_id: m.person for m in one.movements}
        held = page.text("pages.home.and").join(f"{people.get(who, who)}: {n}" for who, n in names.items())
        told = [
            ("in_force", str(one.in_force_on)), ("stock", str(one.stock)), ("held", held or "0"),
            ("registered", f"{one.by}, {page.time(one.recorded_at)}"),
        ]  # fmt: skip
        facts = [(page.text(f"registers_page.layout.{name}"), words) for name, words in told]
        return blocks.card(page.text("registers_page.facts"), [blocks.facts([*facts, ("SHA-256", one.sha256)])])

    def _movements(self, actor: Person, one: Layout) -> Block:
        page = self._page
        title = page.text("registers_page.layout.movements")
        if not one.movements:
            return blocks.card(title, [blocks.empty(page.text("registers_page.layout.none"))])
        names = ("at", "kind", "copies", "who", "receipt", "note")
        columns = [
            blocks.column(page.text(f"registers_page.layout.{name}"), number=name == "copies", wide=name == "note")
            for name in names
        ]
        rows = [self._movement(each) for each in one.movements]
        mine = [each for each in one.movements if each.kind == HANDED_OUT and each.person_id == actor.person_id]
        entries = [self._receive(actor, each) for each in mine if each.receipt is None]
        return blocks.card(title, [blocks.table(title, columns, rows), *entries])

    def _movement(self, one: Movement) -> list[tuple[str, str] | Block]:
        page = self._page
        badges = []
        if one.receipt is not None:
            look = "ok" if one.receipt.holds else "danger"
            badges = [
                blocks.badge(page.text("registers_page.layout.received", time=page.time(one.receipt.signed_at)), look)
            ]
        elif one.kind == HANDED_OUT:
            badges = [blocks.badge(page.text("registers_page.unsigned"), "warn")]
        return [
            (page.time(one.at), ""), (page.text(f"registers.movement.{one.kind}"), ""), (str(one.copies), ""),
            (one.person or one.by, ""), blocks.cell("", badges=badges), (one.note, ""),
        ]  # fmt: skip

    def _receive(self, actor: Person, one: Movement) -> Block:
        page = self._page
        secret = [blocks.field("password", page.text("case.password"), "password", required=True)]
        if reauthentication.needs_code(page.store, actor):
            secret.append(blocks.field("code", page.text("case.code"), "code", required=True))
        words = page.text("registers_page.layout.sign_for", copies=one.copies)
        return blocks.entry("receive", secret, words, value=one.movement_id)

    def _move(self, actor: Person) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "report.keep"):
            return []
        kinds = [(kind, page.text(f"registers.movement.{kind}")) for kind in MOVEMENTS]
        readers = statisticians.candidates(page.store, actor, "report.read")
        who = [("", "—"), *((each.login_name, f"{each.display_name} ({each.login_name})") for each in readers)]
        fields = [
            blocks.field("kind", page.text("registers_page.layout.kind"), "select", options=kinds, required=True),
            blocks.field("copies", page.text("registers_page.layout.copies"), required=True),
            blocks.field("login_name", page.text("registers_page.layout.to_whom"), "select", options=who),
            blocks.field("note", page.text("registers_page.layout.note")),
        ]
        entry = blocks.entry("move", fields, page.text("registers_page.layout.record"))
        return [blocks.card(page.text("registers_page.doing"), [entry])]
