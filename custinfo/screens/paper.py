"""`/print/<form_id>`: a form on paper, blank, or with the answers of `?draft=`, `?record=` or a `?proposal=`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import drafts, form_life, forms, record_views
from custinfo.actions.record_views import RecordView
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Person
from custinfo.reports import paper_form
from custinfo.reports.paper_form import Paper, PaperChoice, PaperQuestion, PaperSection
from custinfo.screens import answers, blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.sheet_view import Download, Reaction, Redraw, SheetView
from custinfo.xforms import Form, Session
from custinfo.xforms.fitting import fitted

MOST_CHOICES = 30
"""Longer lists leave a line to write on."""
LONG_TEXT = 200


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The paper of the address."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


@dataclass(frozen=True)
class Filled:
    """What is to be printed: a form and the answers in it, none for a blank one."""

    form: Form
    values: Mapping[str, Any]
    facts: tuple[str, ...]
    notes: Mapping[str, str] = field(default_factory=dict)
    made_at: datetime = field(default_factory=utc_now)
    record: RecordView | None = None


class Desk:
    """A form to be printed, or kept as PDF."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The paper on the screen, with a button for the printer and one for a PDF."""
        page = self._page
        paper = self._paper(actor, self._filled(actor))
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
        filled = self._filled(actor)
        data = paper_form.render(self._paper(actor, filled), filled.made_at)
        return Download(f"{filled.form.form_id}.pdf", "application/pdf", data)

    def _filled(self, actor: Person) -> Filled:
        page, query = self._page, self._page.query
        if query.get("record"):
            version = query.get("version", "")
            wanted = int(version) if version.isdecimal() and len(version) < 8 else None
            record = record_views.read(page.store, actor, query["record"], wanted)
            form = forms.load(page.store, record.form_id, record.form_version)
            who = page.text("desk.record.recorded", name=record.recorded_by_name, time=page.time(record.recorded_at))
            facts = (record.record_id, who, page.text("pages.customer.version", version=record.version))
            return Filled(form, record.values, facts, record.notes, record.recorded_at, record)
        if query.get("draft"):
            draft = drafts.open_(page.store, actor, query["draft"])
            form = forms.load(page.store, draft.form_id, draft.form_version)
            return Filled(form, draft.instance, (page.text("desk.print.draft"),), draft.notes, draft.updated_at)
        if query.get("proposal"):
            return Filled(
                form_life.form_of(page.store, actor, query["proposal"]), {}, (page.text("desk.print.proposal"),)
            )
        permissions.check(actor, "form.fill" if permissions.may(actor, "form.fill") else "form.propose")
        form = forms.load(page.store, page.tail())
        return Filled(form, {}, (page.text("desk.forms.version", version=form.version),))

    def _paper(self, actor: Person, filled: Filled) -> Paper:
        page, form = self._page, filled.form
        language = page.language if page.language in form.languages else None
        session = self._session(actor, filled, language)
        found = (
            answers.sections(session, actor, page.language) if filled.values else answers.every_question(session, actor)
        )
        sections = [self._section(session, section, filled) for section in found]
        return Paper(
            page.pick(forms.titles(form)), page.language, page.site.name, filled.facts, sections,
            page.text("desk.print.legend"), page.text("reports.page", page="<page>", pages="<pages>"),
        )  # fmt: skip

    def _session(self, actor: Person, filled: Filled, language: str | None) -> Session:
        if filled.record is not None:
            return record_views.session(self._page.store, actor, filled.record, language)
        instance, _ = fitted(filled.form, filled.values)
        return forms.session(self._page.store, filled.form, instance, language=language, actor=actor)

    def _section(self, session: Session, section: answers.Section, filled: Filled) -> PaperSection:
        questions = tuple(self._question(session, one, filled) for one in section.answers)
        return PaperSection(section.label, questions, self._only_if(section.condition))

    def _only_if(self, condition: str) -> str:
        return self._page.text("desk.print.only_if", condition=condition) if condition else ""

    def _question(self, session: Session, one: answers.Answer, filled: Filled) -> PaperQuestion:
        state = session.state(one.ref)
        control = filled.form.control_of[answers.plain(one.ref)]
        chosen = set(state.value.split()) if control.kind != "select1" else {state.value}
        listed = () if len(state.choices) > MOST_CHOICES else state.choices
        longest = int(filled.form.nodes[answers.plain(one.ref)].bind.extra.get("max_length") or 0)
        multiline = "multiline" in control.appearance.split() or longest >= LONG_TEXT
        note = filled.notes.get(one.ref, "")
        text = one.value.partition("-")[2] if one.upload and one.value else one.text
        return PaperQuestion(
            one.label, state.hint, state.required, text if one.value else "",
            tuple(PaperChoice(label, value in chosen) for value, label in listed),
            control.kind != "select1", 4 if multiline else 1,
            self._page.text("desk.record.note", text=note) if note else "", self._only_if(one.condition),
        )  # fmt: skip


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
