"""`/case/<id>`: one case of approval: what is asked for, its steps, and what the person can do about it."""

from typing import Any

from custinfo.actions import approval_cases, approval_notices, export_register
from custinfo.actions.export_register import Terms
from custinfo.domain import consent
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Reaction, Redraw, SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The case of the address, for whoever has to do with it."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """One case on the desk of somebody who asked for it, decides on it or has a copy."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page. Whoever opens it has seen what there was to tell about the case."""
        page = self._page
        case = approval_cases.read(page.store, actor, page.tail())
        approval_notices.seen_all(page.store, actor, case.case_id)
        opened = page.text("case.opened", name=case.opened_by_name, time=page.time(case.opened_at))
        department = f"{opened} · {case.department}" if case.department else opened
        actions = []
        if case.link != f"/case/{case.case_id}":
            actions.append(blocks.link(page.text("case.look"), case.link, "primary"))
        actions.append(blocks.link(page.text("case.all_waiting"), "/waiting", "quiet"))
        head = blocks.head(
            page.pick(case.titles), department, badges=[case_cards.state_badge(page, case)], actions=actions
        )
        digest = (page.text("case.digest"), f"SHA-256 {case.sha256}")
        facts = blocks.facts([(page.text("case.procedure"), page.pick(case.procedure.titles)), digest])
        card = blocks.card(page.text("case.steps"), case_cards.parts(page, actor, case))
        covered = export_register.terms_of(page.store, case.case_id)
        about = [blocks.card(page.text("export_order.title"), [self._covered(covered)])] if covered else []
        return [head, blocks.card("", [facts]), *about, card]

    def _covered(self, terms: Terms) -> Block:
        """What an approval of an export covers, so that nobody decides on it blind."""
        page, chosen = self._page, terms.facts
        state = page.text(f"machines.state.{chosen['state']}") if chosen.get("state") else page.text("export_order.all")
        what = page.text(f"privacy_desk.what.{terms.what}")
        pairs = [("what", f"{what} · {terms.object_id}" if chosen else what)]
        if chosen:
            version = chosen["version"] or page.text("export_order.all")
            pairs += [("format", page.text(f"exchange.format.{chosen['format']}")), ("version", version)]
            pairs.append(("state", state))
        pairs += [
            ("purpose", consent.purpose(terms.purpose).titles[page.language]),
            ("rows", page.text("export_order.at_most", n=terms.rows)),
            ("until", terms.until.isoformat()),
        ]
        return blocks.facts([(page.text(f"export_order.{name}"), value) for name, value in pairs])

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """What a button of the card asked for."""
        case_cards.react(self._page, actor, name, value)
        return Redraw()
