"""`/waiting`: what waits for me or, with `?tab=department`, for my department; delegations; where reminders go.

`?kind=` shows one kind, `?late=1` what is overdue. What needs no password can be done on the list itself.
"""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from custinfo.access import permissions
from custinfo.actions import approval_notices, approvals, copies, delegations, due, mail
from custinfo.actions.due import DueRow
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.procedures import PROCEDURES
from custinfo.screens import blocks, case_cards, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.due_marks import due_badge
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

ROWS = 20
KINDS = (due.OWN, *due.SOURCES)


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """What waits for the person who asks."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """Which list is asked for, and how far it was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._department = page.query.get("tab") == "department"
        kind = page.query.get("kind", "")
        self._kind = kind if kind in KINDS else ""
        self._late = page.query.get("late") == "1"
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        tabs = []
        if permissions.may(actor, "waiting.department"):
            tabs = [
                blocks.link(page.text("waiting.mine"), "/waiting", "" if self._department else "primary"),
                blocks.link(
                    page.text("waiting.department"), "/waiting?tab=department", "primary" if self._department else ""
                ),
            ]
        title = page.text("waiting.title")
        head = blocks.head(title, page.text("waiting.subtitle"), actions=tabs)
        beside = [self._delegations(actor), self._mail(actor)]
        return [head, self._filter(), blocks.columns([self._list(actor)], beside)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the page, narrow the list, or do something about a row."""
        store, text = self._page.store, value if isinstance(value, str) else ""
        if name == "filter":
            return Goto(self._address(kind=said(value, "kind"), late=said(value, "late")))
        if name == "page":
            self._offset = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
            return [self._list(actor)]
        if name == "approve":
            case_id, _, sha256 = text.partition(" ")
            approvals.decide(store, actor, case_id, "approve", sha256)
        elif name == "receive":
            copies.receive(store, actor, text)
        elif name == "seen":
            approval_notices.seen(store, actor, text)
        elif name == "delegate":
            self._delegate(actor, value)
        elif name == "end_delegation":
            delegations.end(store, actor, text)
        elif name == "address":
            mail.set_address(store, actor, said(value, "address"))
        return Redraw()

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _address(self, *, kind: str, late: str) -> str:
        wanted = {"tab": "department"} if self._department else {}
        wanted |= {"kind": kind} if kind in KINDS else {}
        wanted |= {"late": "1"} if late == "yes" else {}
        return f"/waiting?{urlencode(wanted)}" if wanted else "/waiting"

    def _filter(self) -> Block:
        page = self._page
        options = [("", page.text("waiting.all")), *((kind, page.text(f"waiting.kind.{kind}")) for kind in KINDS)]
        fields = [
            blocks.field("kind", page.text("waiting.which"), "select", options=options, value=self._kind),
            blocks.field("late", page.text("waiting.late_only"), "check", value="yes" if self._late else ""),
        ]
        return blocks.card("", [blocks.entry("filter", fields, page.text("waiting.narrow"), look="", inline=True)])

    def _list(self, actor: Person) -> Block:
        page = self._page
        today = page.today()
        found = due.listed(
            page.store, actor, today, department=self._department, kind=self._kind, overdue_only=self._late,
            offset=self._offset, limit=ROWS,
        )  # fmt: skip
        marks = [blocks.badge(page.text("pages.home.due_total", n=found.total))] if found.total else []
        if found.overdue:
            marks.append(blocks.badge(page.text("pages.home.late", n=found.overdue), "danger"))
        words = page.text("waiting.department" if self._department else "waiting.mine")
        if not found.rows:
            return blocks.card(words, [blocks.empty(page.text("pages.home.due_none"))], id="list", badges=marks)
        items = [self._row(row, today) for row in found.rows]
        paging = self._paging(found.total)
        return blocks.card(words, [blocks.listing(items)], id="list", badges=marks, actions=paging, flush=True)

    def _paging(self, total: int) -> list[Block]:
        page = self._page
        found = []
        if self._offset > 0:
            before = str(max(0, self._offset - ROWS))
            words = page.text("pages.sheet.previous")
            found.append(blocks.button(words, "page", before, name=words, look="small"))
        if self._offset + ROWS < min(total, due.FARTHEST):
            words = page.text("pages.sheet.next")
            found.append(blocks.button(words, "page", str(self._offset + ROWS), name=words, look="small"))
        return found

    def _row(self, row: DueRow, today: date) -> Block:
        words = row.text(self._page.language)
        actions = []
        if row.event:
            press = self._page.text(f"waiting.do.{row.event}")
            actions.append(blocks.button(press, row.event, row.value, name=f"{press} {words}", look="small"))
        return blocks.item(words, row.link, badges=[due_badge(self._page, row.due_on, today)], actions=actions)

    def _delegations(self, actor: Person) -> Block:
        page = self._page
        items = []
        for one in delegations.listed(page.store, actor):
            given = one.from_person == actor.person_id
            title = page.text(
                "waiting.given" if given else "waiting.taken", name=one.to_name if given else one.from_name
            )
            end = page.text("waiting.end")
            button = blocks.button(end, "end_delegation", one.delegation_id, name=f"{end} {title}", look="quiet small")
            items.append(blocks.item(title, meta=case_cards.delegation_line(page, one), actions=[button]))
        possible = [(one.person_id, one.display_name) for one in delegations.possible(page.store, actor)]
        inner: list[Block] = [blocks.listing(items)] if items else []
        if possible:
            inner.append(self._new_delegation(possible))
        elif not items:
            inner.append(blocks.empty(page.text("waiting.nobody_to")))
        return blocks.card(page.text("waiting.delegations"), inner)

    def _new_delegation(self, possible: list[tuple[str, str]]) -> Block:
        page = self._page
        today = page.today().isoformat()
        all_of = [(name, page.pick(one.titles)) for name, one in PROCEDURES.items()]
        fields = [
            blocks.field("to", page.text("waiting.to"), "select", options=possible, required=True),
            blocks.field("starts", page.text("waiting.starts"), "date", value=today, required=True),
            blocks.field("ends", page.text("waiting.ends"), "date", required=True),
            blocks.field(
                "procedure", page.text("waiting.what"), "select",
                options=[("", page.text("case.all_procedures")), *all_of],
            ),
            blocks.field("reason", page.text("waiting.reason"), required=True),
        ]  # fmt: skip
        words = page.text("waiting.delegate")
        return blocks.entry("delegate", fields, words, folded=words)

    def _delegate(self, actor: Person, value: Any) -> None:
        try:
            starts, ends = date.fromisoformat(said(value, "starts")), date.fromisoformat(said(value, "ends"))
        except ValueError:
            raise BadInput("delegations.days", longest=delegations.LONGEST.days) from None
        procedure = said(value, "procedure")
        chosen = [procedure] if procedure else []
        delegations.give(self._page.store, actor, said(value, "to"), starts, ends, said(value, "reason"), chosen)

    def _mail(self, actor: Person) -> Block:
        page = self._page
        known = mail.address_of(page.store, actor.person_id)
        hint = page.text("waiting.mail_hint") if mail.is_on(page.site) else page.text("waiting.mail_off")
        fields = [blocks.field("address", page.text("waiting.address"), value=known, hint=hint)]
        words = page.text("waiting.keep")
        return blocks.card(
            page.text("waiting.mail"), [blocks.entry("address", fields, words, folded=known or words, look="")]
        )
