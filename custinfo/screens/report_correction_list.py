"""`/reports/corrections`: every correction that was registered, and which issued figures are to be corrected."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_issues, report_search
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import Issue
from custinfo.domain.people import Person
from custinfo.screens import blocks, report_corrections
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.sheet_view import Reaction


class Desk:
    """Corrections, and the search for figures that today's data would give otherwise."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset = 0
        self._affected: list[tuple[Issue, int]] | None = None

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        actions = [blocks.link(page.text("reports_page.all"), "/reports", "quiet")]
        head = blocks.head(self._text("title"), self._text("subtitle"), actions=actions)
        looks = [self._search()] if permissions.may(actor, "report.prepare") else []
        return [head, *looks, self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the page, or look for what is to be corrected."""
        if name == "affected":
            permissions.check(actor, "report.prepare")
            # Opening the lake starts threads, which the process that pages are forked from must not have
            from custinfo.reports import correcting

            self._affected = [(one.issue, len(one.changes)) for one in correcting.affected(self._page.store, actor)]
            return [self._search()]
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(actor)]

    def _search(self) -> Block:
        words = self._text("affected")
        press = blocks.button(words, "affected", "", name=words, look="small")
        inner: list[Block] = [blocks.paragraph(self._text("affected_line"), "ci-muted")]
        if self._affected is not None:
            items = [
                blocks.item(
                    issue.title(self._page.language), f"/reports/{issue.issue_id}",
                    badges=[blocks.badge(self._text("cells", n=count), "warn")],
                )
                for issue, count in self._affected
            ]  # fmt: skip
            inner = [blocks.listing(items)] if items else [blocks.banner(self._text("affected_none"), "ok")]
        return blocks.card(self._text("affected_title"), inner, id="affected", actions=[press])

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = report_search.corrections(page.store, actor, offset=self._offset, limit=ROWS)
        title = self._text("count", n=found.total)
        if not found.rows:
            return blocks.card(self._text("title"), [blocks.empty(page.text("corrections.page.none"))], id="found")
        names = ("issue", "grade", "cause", "cells_head", "reason", "by", "state")
        columns = [
            blocks.column(self._text(name), number=name == "cells_head", wide=name in ("issue", "reason"))
            for name in names
        ]
        rows = [self._row(actor, one) for one in found.rows]
        table = blocks.table(title, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(title, [table], id="found", flush=True)

    def _row(self, actor: Person, one: Correction) -> list[tuple[str, str] | Block]:
        page = self._page
        issue = report_issues.read(page.store, actor, one.issue_id)
        return [
            (issue.title(page.language), f"/reports/{one.correction_id}"),
            (page.text(f"corrections.grade.{one.grade}"), ""),
            (page.text(f"corrections.cause_short.{one.cause}"), ""),
            (str(len(one.changes)), ""),
            (one.reason, ""),
            (f"{one.by}, {page.time(one.recorded_at)}", ""),
            blocks.cell("", badges=report_corrections.badges(page, one)),
        ]

    def _text(self, key: str, **facts: object) -> str:
        return self._page.text(f"report_portal.corrections.{key}", **facts)
