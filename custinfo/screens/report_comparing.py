"""`/reports/<issue>?view=compare&with=<issue>`: two issues of a report side by side, and `?view=vintages&cell=`: what
stood for each period at each release.
"""

from typing import Any
from urllib.parse import urlencode

from custinfo.actions import report_issues
from custinfo.actions.report_issues import Issue
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction

ROWS = 50
LONGEST = 200


def address(issue_id: str, view: str, **more: str) -> str:
    """Where a view of an issue stands."""
    return f"/reports/{issue_id}?{urlencode({'view': view, **more})}"


def cells(page: Page, issue: Issue) -> list[tuple[str, str]]:
    """The figures of a bundle, those that were revised in it first: address, and place in words with what stands there.

    Raises SiteFault when the bundle is damaged.
    """
    # Opening the lake starts threads, which the process that pages are forked from must not have
    from custinfo.reports import comments, issuing

    figures = issuing.issued_figures(page.site, issue)
    offered = [(one, f"{place}: {value}") for one, place, value in comments.offered(figures, page.language)]
    return sorted(offered, key=lambda one: one[0] not in figures.revised)


class Compare:
    """An issue beside another one of the same report."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id, self._other = page.tail(), page.query.get("with", "")[:LONGEST]
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        # Opening the lake starts threads, which the process that pages are forked from must not have
        from custinfo.reports import comparing

        page = self._page
        issue = report_issues.read(page.store, actor, self._id)
        actions = [blocks.link(page.text("report_portal.back"), f"/reports/{issue.issue_id}", "quiet")]
        head = blocks.head(self._text("title", title=issue.title(page.language)), issue.issue_id, actions=actions)
        others = comparing.partners(page.store, actor, issue)
        if not others:
            return [head, blocks.card("", [blocks.empty(self._text("alone"))])]
        options = [(one.issue_id, one.title(page.language)) for one in others]
        choice = blocks.field("with", self._text("other"), "select", options=options, value=self._other)
        entry = blocks.entry("choose", [choice], self._text("show"), inline=True, look="")
        return [head, blocks.card("", [entry]), *([self._table(actor)] if self._other else [])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Compare with another one, or turn the page."""
        if name == "choose":
            return Goto(address(self._id, "compare", **{"with": said(value, "with")[:LONGEST]}))
        if name == "page" and isinstance(value, int):
            self._offset = max(0, value)
        return [self._table(actor)] if self._other else []

    def _table(self, actor: Person) -> Block:
        from custinfo.reports import comparing  # see `blocks`

        page = self._page
        found = comparing.compare(page.store, actor, self._id, self._other, page.language)
        title = self._text("count", n=len(found.differences), same=found.same)
        if not found.differences:
            return blocks.card("", [blocks.banner(self._text("same"), "ok")], id="found")
        names = (found.first.title(page.language), found.second.title(page.language))
        columns = [blocks.column(page.text("corrections.page.place"), wide=True)]
        columns += [blocks.column(name, number=True) for name in (*names, self._text("by"))]
        columns.append(blocks.column(self._text("why")))
        shown = found.differences[self._offset : self._offset + ROWS]
        why = self._text("period") if found.first.period != found.second.period else ""
        rows = [
            [
                (one.place, ""), (one.first, ""), (one.second, ""), (one.by, ""),
                (one.slip or why, f"/reports/{one.slip}" if one.slip else ""),
            ]
            for one in shown
        ]  # fmt: skip
        table = blocks.table(title, columns, rows, (self._offset, ROWS, len(found.differences)))
        return blocks.card(title, [table], id="found", flush=True)

    def _text(self, key: str, **facts: object) -> str:
        return self._page.text(f"report_portal.compare.{key}", **facts)


class Vintages:
    """The revision triangle of one figure."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id, self._cell = page.tail(), page.query.get("cell", "")[:LONGEST]

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        issue = report_issues.read(page.store, actor, self._id)
        found = cells(page, issue)
        cell = self._cell or (found[0][0] if found else "")
        actions = [blocks.link(page.text("report_portal.back"), f"/reports/{issue.issue_id}", "quiet")]
        head = blocks.head(self._text("title"), page.pick(dict(issue.definition.titles)), actions=actions)
        choice = blocks.field("cell", self._text("figure"), "select", options=found, value=cell)
        entry = blocks.entry("choose", [choice], self._text("show"), inline=True, look="")
        return [head, blocks.card("", [entry]), self._triangle(actor, issue, cell)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:  # noqa: ARG002
        """Another figure."""
        return Goto(address(self._id, "vintages", cell=said(value, "cell")[:LONGEST])) if name == "choose" else []

    def _triangle(self, actor: Person, issue: Issue, cell: str) -> Block:
        from custinfo.reports import triangle  # see `Compare`

        page = self._page
        found = triangle.triangle(page.store, actor, issue.definition.name, cell, page.language)
        columns = [blocks.column(self._text("period"))]
        columns += [blocks.column(day.isoformat(), number=True) for day in found.vintages]
        columns.append(blocks.column(self._text("change"), number=True))
        looks = {triangle.PLANNED: "info", triangle.ERROR: "warn"}
        rows: list[list[tuple[str, str] | Block]] = []
        for line in found.lines:
            row: list[tuple[str, str] | Block] = [(line.period, "")]
            for one in line.cells:
                marks = [blocks.badge(self._text(one.revised), looks[one.revised])] if one and one.revised else []
                row.append(blocks.cell(one.text, f"/reports/{one.issue_id}", badges=marks) if one else ("", ""))
            rows.append([*row, (line.change, "")])
        table = blocks.table(found.place, columns, rows)
        return blocks.card(found.place, [table, blocks.paragraph(self._text("line"), "ci-muted")])

    def _text(self, key: str, **facts: object) -> str:
        return self._page.text(f"report_portal.vintages.{key}", **facts)
