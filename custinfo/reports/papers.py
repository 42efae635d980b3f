"""What is put on paper: a form, blank or with the answers of a record, draft or proposal, as somebody may see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import drafts, form_life, forms, record_views
from custinfo.actions.record_views import RecordView
from custinfo.domain import clock
from custinfo.domain.clock import utc_now
from custinfo.domain.messages import spoken, text
from custinfo.domain.people import Person
from custinfo.reports import answers
from custinfo.reports.paper_form import Paper, PaperChoice, PaperQuestion, PaperSection
from custinfo.store import Store
from custinfo.xforms import Form, Session, purposes
from custinfo.xforms.fitting import fitted
from custinfo.xforms.model import Control
from custinfo.xforms.refs import without_positions

MOST_CHOICES = 30
"""Longer lists leave a line to write on."""
LONG_TEXT = 200


@dataclass(frozen=True)
class Filled:
    """What is to be printed: a form and the answers in it, none for a blank one."""

    form: Form
    values: Mapping[str, Any]
    facts: tuple[str, ...]
    notes: Mapping[str, str] = field(default_factory=dict)
    made_at: datetime = field(default_factory=utc_now)
    record: RecordView | None = None


@dataclass(frozen=True)
class Papers:
    """What one person may have on paper, in one language. Each of these raises NotFound and NotAllowed."""

    store: Store
    actor: Person
    language: str

    def blank(self, form_id: str, version: str | None = None) -> Filled:
        """A published form without answers, the newest version unless one is given."""
        may_fill = permissions.may(self.actor, "form.fill")
        permissions.check(self.actor, "form.fill" if may_fill else "form.propose")
        form = forms.load(self.store, form_id, version)
        return Filled(form, {}, (self._text("desk.forms.version", version=form.version),))

    def record(self, record_id: str, version: int | None = None) -> Filled:
        """A record, its newest version unless one is given; that it was read and printed is on the audit log."""
        record = record_views.read(self.store, self.actor, record_id, version)
        record_views.printed(self.store, self.actor, record)
        form = forms.load(self.store, record.form_id, record.form_version)
        time = clock.show(record.recorded_at, self.store.site.zone)
        who = self._text("desk.record.recorded", name=record.recorded_by_name, time=time)
        facts = (record.record_id, who, self._text("pages.customer.version", version=record.version))
        return Filled(form, record.values, facts, record.notes, record.recorded_at, record)

    def draft(self, draft_id: str) -> Filled:
        """One's own open draft."""
        draft = drafts.open_(self.store, self.actor, draft_id)
        form = forms.load(self.store, draft.form_id, draft.form_version)
        return Filled(form, draft.instance, (self._text("desk.print.draft"),), draft.notes, draft.updated_at)

    def proposal(self, proposal_id: str) -> Filled:
        """A proposed form without answers."""
        form = form_life.form_of(self.store, self.actor, proposal_id)
        return Filled(form, {}, (self._text("desk.print.proposal"),))

    def paper(self, filled: Filled) -> Paper:
        """How it stands on paper; conditions in words where nothing is filled in."""
        session, actor = self._session(filled), self.actor
        found = (
            answers.sections(session, actor, self.language, filled.record.level if filled.record else None)
            if filled.values
            else answers.every_question(session, actor)
        )
        sections = [self._section(session, section, filled) for section in found]
        return Paper(
            spoken(forms.titles(filled.form), self.language), self.language, self.store.site.name, filled.facts,
            sections, self._text("desk.print.legend"), self._text("reports.page", page="<page>", pages="<pages>"),
        )  # fmt: skip

    def _session(self, filled: Filled) -> Session:
        if filled.record is not None:
            return record_views.session(self.store, self.actor, filled.record, self.language)
        # Without answers the form begins as it does for whoever opens it, with the rounds that it gives by itself
        instance = fitted(filled.form, filled.values)[0] if filled.values else {}
        return forms.session(self.store, filled.form, instance, language=self.language, actor=self.actor)

    def _section(self, session: Session, section: answers.Section, filled: Filled) -> PaperSection:
        questions = tuple(self._question(session, one, filled) for one in section.answers)
        return PaperSection(section.label, questions, self._only_if(section.condition))

    def _only_if(self, condition: str) -> str:
        return self._text("desk.print.only_if", condition=condition) if condition else ""

    def _question(self, session: Session, one: answers.Answer, filled: Filled) -> PaperQuestion:
        state = session.state(one.ref)
        control = filled.form.control_of[without_positions(one.ref)]
        many = control.kind in ("select", "rank")
        chosen = set(state.value.split()) if many else {state.value}
        listed = _scale(control) if control.kind == "range" else state.choices
        listed = () if len(listed) > MOST_CHOICES or one.masked else listed
        longest = int(filled.form.nodes[without_positions(one.ref)].bind.extra.get("max_length") or 0)
        multiline = "multiline" in control.appearance.split() or longest >= LONG_TEXT
        note = filled.notes.get(one.ref, "")
        hint = purposes.hinted(filled.form, one.ref, state.hint, self.language, session.language)
        words = one.value.partition("-")[2] if one.upload and one.value else one.text
        return PaperQuestion(
            one.label, hint, state.required, words if one.value or one.masked else "",
            tuple(PaperChoice(label, value in chosen) for value, label in listed),
            many, 4 if multiline else 1,
            self._text("desk.record.note", text=note) if note else "", self._only_if(one.condition),
        )  # fmt: skip

    def _text(self, key: str, **facts: object) -> str:
        return text(key, self.language, **facts)


def _scale(control: Control) -> tuple[tuple[str, str], ...]:
    """The whole numbers of a short scale, to be ticked on paper; none for a long or a fractional one."""
    bounds = [control.parameters.get(name, usual) for name, usual in (("start", "0"), ("end", "10"), ("step", "1"))]
    try:
        start, end, step = (int(bound) for bound in bounds)
    except ValueError:
        return ()
    if step < 1 or not 0 < end - start <= MOST_CHOICES * step:
        return ()
    return tuple((str(number), str(number)) for number in range(start, end + 1, step))
