"""`/credit/collections`: whom to collect from first, what was collected, and what goes to head office."""

from datetime import date
from typing import Any
from urllib.parse import quote

from custinfo.access import permissions
from custinfo.actions import credit_collecting, remittances
from custinfo.actions.credit_collecting import Overdue
from custinfo.actions.remittances import Collection, Remittance
from custinfo.classification.credit import dunning, terms
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.credit_cards import grade_badge
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Reaction, Redraw

TAIL = "collections"
"""The last part of the address: no customer's id is like that."""
LOOK = {"": "info", "received": "ok", "refused": "danger"}


class Desk:
    """The page, for one person's customers."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        waiting = remittances.waiting(page.store, actor)
        rule = terms.rule(page.today())
        facts = {
            "version": rule.version, "from_day": rule.collect_from_day, "by_day": rule.collect_by_day,
            "remit_day": rule.remit_by_day,
        }  # fmt: skip
        actions = [blocks.link(page.text("remittances.back"), "/credit")]
        if permissions.may(actor, "form.fill"):
            actions.insert(0, blocks.link(page.text("remittances.record"), f"/form/{remittances.FORM}", "primary"))
        head = blocks.head(page.text("remittances.title"), page.text("remittances.subtitle", **facts), actions=actions)
        return [head, self._worklist(actor), self._waiting(actor, waiting), self._handed(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Hand over, receive or refuse."""
        store = self._page.store
        if name == "hand_over":
            remittances.hand_over(store, actor, self._day(said(value, "until")))
        elif name == "receive" and isinstance(value, str):
            remittances.receive(store, actor, value)
        elif name == "refuse":
            remittances.refuse(store, actor, said(value, "about"), said(value, "why"))
        else:
            return []
        return Redraw()

    def _day(self, given: str) -> date:
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise BadInput("remittances.no_day") from None

    # ---- whom to collect from --------------------------------------------------------------------------------------

    def _worklist(self, actor: Person) -> Block:
        page = self._page
        title = page.text("remittances.collect_first")
        found = credit_collecting.worklist(page.store, actor, page.today())
        if not found:
            return blocks.card(title, [blocks.empty(page.text("remittances.nothing_overdue"))])
        names = ("place", "customer", "grade", "document", "overdue", "amount", "step")
        numbers = ("place", "overdue", "amount")
        columns = [self._column(name, number=name in numbers, wide=name == "customer") for name in names]
        return blocks.card(title, [blocks.table(title, columns, [self._overdue(one) for one in found])], flush=True)

    def _overdue(self, one: Overdue) -> list[tuple[str, str] | Block]:
        page = self._page
        if one.next_step in dunning.PAUSES:
            step = page.text("remittances.paused", why=page.text(f"credit_use.pause.{one.next_step}"))
        else:
            step = page.text(f"credit_use.action.{one.next_step}") if one.next_step else "—"
        return [
            (str(one.place), ""),
            (
                f"{one.label} {one.number}" if one.label != one.number else one.number,
                f"/credit/{quote(one.customer_id)}",
            ),
            blocks.cell("", badges=[grade_badge(page, one.grade)]),
            (one.document, ""),
            (page.text("remittances.overdue_days", days=one.overdue_days), ""),
            (money.show(one.dunned_fen), ""),
            (step, ""),
        ]

    def _column(self, name: str, *, number: bool = False, wide: bool = False) -> Block:
        return blocks.column(self._page.text(f"remittances.column.{name}"), number=number, wide=wide)

    # ---- what was collected ----------------------------------------------------------------------------------------

    def _waiting(self, actor: Person, waiting: list[Collection]) -> Block:
        page = self._page
        title = page.text("remittances.waits")
        if not waiting:
            return blocks.card(title, [blocks.empty(page.text("remittances.nothing_waits"))])
        parts = [blocks.listing([self._collection(one) for one in waiting])]
        going = [one for one in waiting if one.dishonoured_on is None]
        if going and permissions.may(actor, "remittance.hand_over"):
            parts.append(self._entry(going))
        return blocks.card(title, parts)

    def _entry(self, going: list[Collection]) -> Block:
        page = self._page
        facts = {"n": len(going), "amount": money.show(sum(one.received_fen for one in going))}
        until = blocks.field(
            "until", page.text("remittances.until"), "date", value=page.today().isoformat(), required=True,
            hint=page.text("remittances.until_hint", **facts),
        )  # fmt: skip
        return blocks.entry("hand_over", [until], page.text("remittances.hand_over"), inline=True)

    def _collection(self, one: Collection) -> Block:
        page = self._page
        name = f"{one.label} {one.number}" if one.label != one.number else one.number
        told = [
            page.text("remittances.collected", day=one.collected_on),
            page.text(f"remittances.manner.{one.manner}", day=one.bill_due_on),
            page.text("remittances.settles", amount=money.show(one.amount_fen)),
        ]
        if one.bill is not None:
            key = "discount" if one.bill.discount_fen else "no_discount"
            facts = {"amount": money.show(one.bill.discount_fen), "face": money.show(one.bill.to_pay_fen)}
            told.append(page.text(f"remittances.{key}", **facts))
        title = f"{money.show(one.received_fen)} · {name}"
        href = f"/record/{quote(one.record_id)}"
        return blocks.item(title, href, meta=" · ".join(told), badges=self._marks(one))

    def _marks(self, one: Collection) -> list[Block]:
        """What is wrong with a bill by the rule, and by when the money is handed over."""
        page, bill = self._page, one.bill
        if one.dishonoured_on is not None:
            return [blocks.badge(page.text("remittances.dishonoured", day=one.dishonoured_on), "danger")]
        marks = []
        if bill is not None and bill.too_long:
            marks.append(blocks.badge(page.text("remittances.too_long", day=bill.latest_due_on), "danger"))
        if one.difference_fen:
            key = "differs" if one.difference_fen > 0 else "short"
            words = page.text(f"remittances.{key}", amount=money.show(abs(one.difference_fen)))
            marks.append(blocks.badge(words, "warn"))
        late = (page.today() - one.remit_by).days
        if late > 0:
            return [*marks, blocks.badge(page.text("remittances.overdue", days=late), "danger")]
        return [*marks, blocks.badge(page.text("remittances.by", day=one.remit_by))]

    # ---- what was handed over --------------------------------------------------------------------------------------

    def _handed(self, actor: Person) -> Block:
        page = self._page
        title = page.text("remittances.handed")
        found = remittances.handed(page.store, actor)
        if not found:
            return blocks.card(title, [blocks.empty(page.text("remittances.nothing_handed"))])
        mine = {one.remittance_id for one in remittances.unanswered(page.store, actor)}
        parts = [self._moments(found)]
        parts += [part for one in found if one.remittance_id in mine for part in self._answer(one)]
        return blocks.card(title, parts)

    def _moments(self, found: list[Remittance]) -> Block:
        page = self._page
        moments = []
        for one in found:
            facts = {"name": one.handed_by_name, "n": one.collections, "amount": money.show(one.total_fen)}
            badge = blocks.badge(self._outcome(one), LOOK[one.outcome])
            when = " · ".join(part for part in (one.handed_on.isoformat(), one.department) if part)
            moments.append(blocks.moment(when, page.text("remittances.line", **facts), badges=[badge]))
        return blocks.timeline(moments)

    def _outcome(self, one: Remittance) -> str:
        page = self._page
        if not one.outcome or one.answered_at is None:
            return page.text("remittances.waits_for")
        why = page.text(f"remittances.why.{one.why}") if one.why else ""
        facts = {"name": one.answered_by_name, "time": page.time(one.answered_at), "why": why}
        return page.text(f"remittances.{one.outcome}", **facts)

    def _answer(self, one: Remittance) -> list[Block]:
        """Receive it, or refuse it for a reason."""
        page = self._page
        amount = money.show(one.total_fen)
        facts = {"name": one.handed_by_name, "day": one.handed_on, "amount": amount}
        name = page.text("remittances.receive_name", **facts)
        confirm = page.text("remittances.receive_confirm", amount=amount, n=one.collections)
        receive = blocks.button(
            page.text("remittances.receive"), "receive", one.remittance_id, name=name, look="primary", confirm=confirm
        )
        options = [(why, page.text(f"remittances.why.{why}")) for why in remittances.REASONS]
        why = blocks.field("why", page.text("remittances.refuse_why"), "select", options=options, required=True)
        words = page.text("remittances.refuse")
        return [
            blocks.listing([blocks.item(name, actions=[receive])]),
            blocks.entry("refuse", [why], words, value=one.remittance_id, look="danger", folded=words, inline=True),
        ]
