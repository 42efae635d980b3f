"""`/print/<form_id>`: a form on paper, blank, or with the answers of `?draft=`, `?record=` or a `?proposal=`."""

from typing import Any

from custinfo.domain.people import Person
from custinfo.reports import paper_form
from custinfo.reports.paper_form import PaperSection
from custinfo.reports.papers import Filled, Papers
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number
from custinfo.screens.sheet_view import Download, Reaction, Redraw, SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The paper of the address."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """A form to be printed, or kept as PDF."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The paper on the screen, with a button for the printer and one for a PDF."""
        page, papers = self._page, self._papers(actor)
        paper = papers.paper(self._filled(papers))
        press = [
            {"text": page.text("desk.print.print"), "print": True, "look": "primary"},
            blocks.button(page.text("desk.print.pdf"), "pdf", "", name=page.text("desk.print.pdf")),
        ]
        head = blocks.head(paper.title, " · ".join(paper.facts), actions=press)
        return [head, *({"type": "paper", **_block(section)} for section in paper.sections)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:  # noqa: ARG002 - events have one shape
        """Make the PDF."""
        if name != "pdf":
            return Redraw()
        papers = self._papers(actor)
        filled = self._filled(papers)
        data = paper_form.render(papers.paper(filled), filled.made_at)
        return Download(f"{filled.form.form_id}.pdf", "application/pdf", data)

    def _papers(self, actor: Person) -> Papers:
        return Papers(self._page.store, actor, self._page.language)

    def _filled(self, papers: Papers) -> Filled:
        query = self._page.query
        if query.get("record"):
            return papers.record(query["record"], number(query.get("version", "")))
        if query.get("draft"):
            return papers.draft(query["draft"])
        if query.get("proposal"):
            return papers.proposal(query["proposal"])
        return papers.blank(self._page.tail())


def _block(section: PaperSection) -> Block:
    questions = [
        {
            "label": one.label, "hint": one.hint, "required": one.required, "text": one.text, "many": one.many,
            "lines": one.lines, "note": one.note, "condition": one.condition,
            "choices": [{"label": choice.label, "chosen": choice.chosen} for choice in one.choices],
        }
        for one in section.questions
    ]  # fmt: skip
    return {"label": section.label, "condition": section.condition, "questions": questions}
