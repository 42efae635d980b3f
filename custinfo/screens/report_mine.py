"""`/reports/mine`: what of reports waits for the reader's decision, what they decided, where they used figures."""

from typing import Any

from custinfo.actions import report_search, report_uses
from custinfo.actions.approval_cases import Case, Event
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Reaction

SHORT = 16


class Desk:
    """What somebody has to sign and has signed."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        actions = [blocks.link(page.text("reports_page.all"), "/reports", "quiet")]
        head = blocks.head(self._text("title"), self._text("subtitle"), actions=actions)
        return [head, self._waiting(actor), self._to_mend(actor), self._decided(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:  # noqa: ARG002
        """Everything is decided on the page of the report."""
        return []

    def _waiting(self, actor: Person) -> Block:
        page = self._page
        found = report_search.waiting(page.store, actor)
        items = [
            blocks.item(
                page.pick(one.titles), one.link, badges=[self._due(one)],
                meta=f"{page.pick(one.now.titles)} · {one.opened_by_name}, {page.time(one.opened_at)}",
            )
            for one in found
        ]  # fmt: skip
        body = blocks.listing(items) if items else blocks.empty(self._text("waiting_none"))
        marks = [blocks.badge(str(len(items)), "info")] if items else []
        return blocks.card(self._text("waiting"), [body], badges=marks, flush=bool(items))

    def _due(self, case: Case) -> Block:
        late = (self._page.today() - case.due_on).days
        if late > 0:
            return blocks.badge(self._page.text("case.overdue", days=late), "danger")
        return blocks.badge(self._page.text("case.due", day=case.due_on.isoformat()), "info")

    def _to_mend(self, actor: Person) -> Block:
        page = self._page
        items = [
            blocks.item(
                one.use.place, f"/reports/{one.correction_id}", meta=f"{{{one.use.address}}} · {page.time(one.at)}",
                badges=[blocks.badge(page.text("report_uses.page.to_mend"), "warn")],
            )
            for one in report_uses.to_mend(page.store, actor)
        ]  # fmt: skip
        body = blocks.listing(items) if items else blocks.empty(self._text("mend_none"))
        return blocks.card(self._text("mend"), [body], flush=bool(items))

    def _decided(self, actor: Person) -> Block:
        page = self._page
        rows = [self._row(case, event) for case, event in report_search.decided(page.store, actor)]
        if not rows:
            return blocks.card(self._text("decided"), [blocks.empty(self._text("decided_none"))])
        names = ("what", "said", "when", "state", "sha256")
        columns = [blocks.column(self._text(name), wide=name == "what") for name in names]
        return blocks.card(self._text("decided"), [blocks.table(self._text("decided"), columns, rows)], flush=True)

    def _row(self, case: Case, event: Event) -> list[tuple[str, str] | Block]:
        page = self._page
        said = page.text(f"machines.action.{'pass' if event.action == 'approve' else event.action}")
        signed = [blocks.badge(self._text("signed"), "accent")] if event.signed else []
        return [
            (page.pick(case.titles), case.link),
            blocks.cell(said, badges=signed),
            (page.time(event.at), ""),
            blocks.cell("", badges=[case_cards.state_badge(page, case)]),
            (f"{event.sha256[:SHORT]}…", ""),
        ]

    def _text(self, key: str) -> str:
        return self._page.text(f"report_portal.mine.{key}")
