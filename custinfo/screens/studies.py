"""`/studies`: all studies, and a proposal to begin one on. `/studies/<id>`: one study."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import studies
from custinfo.actions.studies import STEPS, Study
from custinfo.domain.people import Person
from custinfo.screens import blocks, showing, study
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """All studies, or the one that the address names."""
    desk: Desk | study.Desk = Desk(page) if page.tail() == "studies" else study.Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """The list of studies, and how one is begun."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        head = blocks.head(page.text("studies_page.title"), page.text("studies_page.subtitle"))
        return [head, self._listed(studies.listed(page.store, actor)), *self._begin(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Begin a study."""
        if name != "begin":
            return []
        begun = studies.begin(self._page.store, actor, said(value, "proposal"), said(value, "form"))
        return Goto(f"/studies/{begun}")

    def _listed(self, found: list[Study]) -> Block:
        page = self._page
        title = page.text("studies_page.studies")
        if not found:
            return blocks.card(title, [blocks.empty(page.text("studies_page.none"))])
        names = ("number", "study", "department", "state", "next", "due")
        columns = [blocks.column(page.text(f"studies_page.{one}"), wide=one == "study") for one in names]
        return blocks.card(title, [blocks.table(title, columns, [self._row(one) for one in found])], flush=True)

    def _row(self, one: Study) -> list[tuple[str, str] | Block]:
        page = self._page
        step = one.next_step
        day = one.due_on(step) if step else None
        late = day is not None and day < page.today()
        following = page.text(f"studies.step.{step}") if step else ""
        place = f"{list(STEPS).index(step) + 1}/{len(STEPS)} " if step else ""
        badges = [blocks.badge(page.text("studies_page.late"), "warn")] if late else []
        return [
            (one.number, f"/studies/{one.study_id}"), (one.title, ""), (one.department, ""),
            blocks.cell("", badges=[study.state_badge(page, one)]), (f"{place}{following}", ""),
            blocks.cell(str(day or ""), badges=badges),
        ]  # fmt: skip

    def _begin(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "study.run"):
            return []
        page = self._page
        title = page.text("studies_page.begin")
        proposals = studies.proposals(page.store, actor)
        if not proposals:
            fill = blocks.link(page.text("studies_page.propose"), "/form/survey_proposal")
            return [blocks.card(title, [blocks.empty(page.text("studies_page.no_proposals"), fill)])]
        forms = [(name, page.pick(titles)) for name, titles in studies.survey_forms(page.store).items()]
        fields = [
            blocks.field("proposal", page.text("studies_page.proposal"), "select", required=True,
                         options=[(number, f"{number} {label}") for number, label in proposals]),
            blocks.field("form", page.text("studies_page.form"), "select", required=True, options=forms),
        ]  # fmt: skip
        words = page.text("studies_page.begin_line")
        return [blocks.card(title, [blocks.paragraph(words), blocks.entry("begin", fields, title)])]
