"""`/reports/<issue>?view=read`: an issue as it was signed, to be read in the page."""

from typing import Any

from custinfo.actions import report_issues, report_notices
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Reaction

REVISED = "r"


class Desk:
    """The text, charts and tables of one issue. Whoever opened it has read it, and is told when it is revised."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()
        self._parts: list[Block] | None = None

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page. The same page drawn again is no further reading."""
        page = self._page
        issue = report_issues.read(page.store, actor, self._id)
        if self._parts is None:
            self._parts = self._read(actor, issue)
            report_notices.seen(page.store, actor, issue.issue_id)
        actions = [blocks.link(page.text("report_portal.back"), f"/reports/{issue.issue_id}", "quiet")]
        return [blocks.head(issue.title(page.language), issue.issue_id, actions=actions), *self._parts]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:  # noqa: ARG002
        """There is nothing to press."""
        return []

    def _read(self, actor: Person, issue: report_issues.Issue) -> list[Block]:
        # Opening the lake starts threads, which the process that pages are forked from must not have
        from custinfo.reports import issuing, reading

        page = self._page
        ends = f"{page.language}/", ".html"
        name = next(
            (one for one in issue.content.get("files", {}) if one.startswith(ends[0]) and one.endswith(ends[1])), ""
        )
        if not name:
            return [blocks.banner(page.text("report_issues.not_put_forward"), "warn")]
        content = issuing.read_file(page.site, issue, name)
        report_issues.read_out(page.store, actor, issue.issue_id, name)
        return _cards([_block(one) for one in reading.parts(content)])


def _cards(found: list[tuple[int, Block]]) -> list[Block]:
    """A card for each section."""
    cards: list[Block] = []
    for level, block in found:
        if level == 2:
            cards.append(blocks.card(block["text"], []))
        elif cards:
            cards[-1]["blocks"].append(block)
        else:
            cards.append(block)
    return cards


def _block(part: Any) -> tuple[int, Block]:
    """The level of a heading, 0 for anything else, and what is drawn."""
    from custinfo.reports import reading  # see `_read`

    if isinstance(part, reading.Heading):
        return part.level, blocks.paragraph(part.text, "ci-strong")
    if isinstance(part, reading.Picture):
        return 0, blocks.picture(part.title, part.words, part.source)
    if isinstance(part, reading.Grid):
        return 0, _table(part)
    if part.look == "warning":
        return 0, blocks.banner(part.text, "warn")
    return 0, blocks.paragraph(part.text, "ci-muted" if part.look == "note" else "")


def _table(grid: Any) -> Block:
    columns = [
        blocks.column(name, number=number, wide=not number)
        for name, number in zip(grid.heads, grid.numbers, strict=True)
    ]
    rows = [
        [
            blocks.cell(one.text, badges=[blocks.badge(f"{REVISED} · {one.was}", "warn")] if one.was else [])
            for one in row
        ]
        for row in grid.rows
    ]
    return blocks.card(grid.title, [blocks.table(grid.title, columns, rows)], flush=True)
