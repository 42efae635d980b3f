"""A draft that is being filled in: the engine's session and the stored draft, kept in step at every answer."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from custinfo.access import visibility
from custinfo.actions import drafts, forms, rebasing, records
from custinfo.actions.drafts import AnswerEvent, Draft
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import Conflict, WrongState
from custinfo.domain.people import Person
from custinfo.screens import given, receipts, similar, timing
from custinfo.screens.beside import Beside
from custinfo.screens.context import Page
from custinfo.screens.questionnaire import Change, Questionnaire
from custinfo.screens.uploads import FormFiles
from custinfo.xforms import Form

CHANGED_ELSEWHERE = "drafts.changed_elsewhere"
TRIES = 4
"""Saves of one answer while another window keeps saving the same draft."""
Message = Mapping[str, Any]


class Filling:
    """One draft on one page. A draft without an id is stored at the first answer.

    `named` are answers that the address brought along. `reloaded` says that another window had saved the draft, whose
    answers were taken over: the page has to be told anew.
    """

    def __init__(self, page: Page, draft: Draft, named: Mapping[str, str]) -> None:
        self._page = page
        self._given: dict[str, str] = {}
        self.refusals: list[str] = []
        self._unlogged: list[AnswerEvent] = [timing.moment("form resume")] if draft.draft_id else []
        self._spoken = page.query.get("language")
        self.saved: datetime | None = draft.updated_at if draft.saves else None
        self.reloaded = False
        self._open(draft)
        self.files = self._files_kept()
        if named and not draft.draft_id:
            self._given, self.refusals = given.answer(page, self.form, self.questions, named)

    def _open(self, draft: Draft) -> None:
        """Begin with the draft as it is now."""
        self.draft = draft
        self.beside = self._remarks(draft)
        self.form = form = self._form(draft)
        if self._spoken not in form.languages:
            self._spoken = None
        self._reader = person = self._page.alive().person
        session = forms.session(
            self._page.store, form, draft.instance, language=self._spoken or self._page.language, actor=person,
            record_id=drafts.continued(self._page.store, draft),
        )  # fmt: skip
        self.questions = Questionnaire(session, self._page.language, lambda level: visibility.sees(person, level))

    def _form(self, draft: Draft) -> Form:
        return forms.load(self._page.store, draft.form_id, draft.form_version)

    def _remarks(self, draft: Draft) -> Beside:
        return Beside(self._page, draft)

    def _files_kept(self) -> FormFiles:
        return FormFiles(self._page, lambda: self.draft, lambda: self.questions, self.start)

    def _open_again(self, draft: Draft) -> None:
        """Go on with the draft as it is now, on the page that is shown."""
        outline = self.questions.outline
        self._open(draft)
        self.questions.outline.look_as(outline)

    # ---- what it is ------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The form's title in the language that the form is shown in."""
        titles = forms.titles(self.form)
        return titles.get(self.questions.language) or self._page.pick(titles)

    @property
    def notice(self) -> str:
        """What is said above the questions for as long as they are there; blank for nothing."""
        return ""

    @property
    def key(self) -> str:
        """Under which name a browser keeps what is not saved yet."""
        draft = self.draft
        about = draft.record_id or draft.verifies or draft.customer_id or ""
        return draft.draft_id or f"new:{draft.form_id}:{about}"

    @property
    def paper(self) -> str:
        """The address of the blank form on paper."""
        return f"/print/{self.draft.form_id}"

    @property
    def reason_for_change(self) -> str | None:
        """Whether a reason is asked: for a change of a record it is `wanted`, of a customer's card it is `possible`."""
        if self.draft.record_id:
            return "wanted"
        edits_card = self.draft.base_version is not None and self.form.entities and self.draft.instance
        return "possible" if edits_card else None

    def url(self) -> str:
        """The address that goes on with this draft, in the language that the form is shown in."""
        draft = self.draft
        query = {"draft": draft.draft_id}
        if not draft.draft_id:
            query = {"record": draft.record_id or "", "verify": draft.verifies or ""}
            query["customer"] = "" if draft.record_id else draft.customer_id or ""
            query |= {f"d[{ref}]": value for ref, value in self._given.items()}
        query["language"] = self._spoken or ""
        filled = {name: value for name, value in query.items() if value}
        return f"/form/{draft.form_id}" + (f"?{urlencode(filled)}" if filled else "")

    def speak(self, code: str) -> None:
        """Show the form in another of its languages."""
        self._spoken = code
        self.questions.speak(code)

    # ---- answers ---------------------------------------------------------------------------------------------------

    def change(self, actor: Person, kind: Change, ref: str, message: Message) -> None:
        """Give an answer, or add or remove a round, and save it. Raises RefusedAnswer, and then nothing changed."""
        before, value = self.questions.value(ref), message.get("value")
        self.questions.change(kind, ref, value)
        if not self.draft.draft_id:
            self.start(actor)
            self.questions.change(kind, ref, value)
        self._note_times(kind, ref, message, before)
        self._save(actor, kind, ref, value)
        if kind == "remove":
            self.beside.without_round(actor, self.draft.draft_id, ref)

    def _save(self, actor: Person, kind: Change, ref: str, value: object) -> None:
        """Save the change; when another window saved first, make it anew on top of what that window left."""
        for left in reversed(range(TRIES)):
            try:
                self._store(actor, ref)
            except Conflict as error:
                if error.key != CHANGED_ELSEWHERE:
                    raise
                self.reload(actor)
                # The rounds may have moved: the one at this place may be another than the person meant
                if not left or kind == "remove":
                    raise
                self.questions.change(kind, ref, value)
            else:
                return

    def _store(self, actor: Person, ref: str) -> None:
        draft, instance, events = self.draft, self.questions.instance, self._unlogged
        saved = drafts.save(self._page.store, actor, draft.draft_id, instance, ref, saves=draft.saves, events=events)
        self._unlogged = []
        self.saved = saved.at
        self.draft = replace(draft, saves=saved.saves)

    def reload(self, actor: Person) -> None:
        """Go on from the draft as another window left it."""
        self._open_again(drafts.open_(self._page.store, actor, self.draft.draft_id))
        self.saved = self.draft.updated_at
        self.reloaded = True

    def recognise(self, actor: Person) -> None:
        """A clearance that ended or was lowered while the page is open counts now: what it showed is shown no more."""
        if actor != self._reader:
            if self.draft.draft_id:
                self.reload(actor)
            else:
                self._open_again(self.draft)
                self.reloaded = True

    def start(self, actor: Person) -> None:
        """Store the draft. It starts from the customer or record as it is now, perhaps newer than what was shown."""
        draft = self.draft
        started = drafts.start(
            self._page.store, actor, draft.form_id, customer_id=draft.customer_id, record_id=draft.record_id,
            verifies=draft.verifies, given=self._given or None,
        )  # fmt: skip
        self._unlogged.append(timing.moment("form start"))
        self._open_again(started)

    def remark(self, actor: Person, kind: str, ref: str, value: str) -> None:
        """Keep what stands beside an answer, or beside all of them. Raises BadInput, and then nothing changed."""
        if kind != "interviewed":
            self.questions.check_visible(ref)
        if not self.draft.draft_id:
            self.start(actor)
        self.beside.save(actor, self.draft.draft_id, kind, ref, value)
        self.saved = utc_now()

    # ---- the log of answering --------------------------------------------------------------------------------------

    def _note_times(self, kind: Change, ref: str, message: Message, before: str) -> None:
        self.looked_at(message)
        self._unlogged.append(timing.changed(kind, ref, message, (before, self.questions.value(ref))))
        problem = self.questions.problem(ref) if kind == "answer" else None
        if problem is not None and problem.rule == "constraint":
            self._unlogged.append(timing.moment("constraint error", ref))

    def looked_at(self, message: Message) -> None:
        """Note the questions that the message says were in focus and left as they were."""
        self._unlogged += timing.looked_at(message, self.questions.outline.visible)

    def note(self, event: str, ref: str = "") -> None:
        """Note that something happens now: it is kept with the next answer, or when the page is left."""
        self._unlogged.append(timing.moment(event, ref))

    def leave(self, actor: Person, message: Message) -> None:
        """The page is left, perhaps to come back."""
        self.looked_at(message)
        if self.draft.draft_id:
            self._log(actor, "form exit")

    def _log(self, actor: Person, event: str) -> None:
        events = [*self._unlogged, timing.moment(event)]
        with suppress(WrongState):  # it was submitted already, and the reply was lost
            drafts.log(self._page.store, actor, self.draft.draft_id, events)
        self._unlogged = []

    # ---- its end ---------------------------------------------------------------------------------------------------

    def similar(self, actor: Person) -> dict[str, Any] | None:
        """Whom the new customer may be the same as, for the page to ask; None when there is nothing to ask."""
        return similar.message(self._page, actor, self.draft.draft_id)

    def submit(self, actor: Person, reason: str, another: str = "") -> dict[str, Any]:
        """Make a record of it; gives the page after that. `another`: why a new customer is another than those like it.

        Raises Unfinished; Conflict when somebody else was first.
        """
        if not self.draft.draft_id:
            self.start(actor)
            self._store(actor, "/data")
        self._log(actor, "form finalize")
        draft, key = self.draft, submission_key(self.draft.draft_id)
        receipt = records.submit(
            self._page.store, actor, draft.draft_id, key, saves=draft.saves, reason=reason, another=another
        )
        return receipts.submitted(self._page, self.title, draft.form_id, draft.draft_id, receipt)

    def rebase(self, actor: Person) -> None:
        """Put the answers onto what somebody else submitted meanwhile."""
        self._open_again(rebasing.rebase(self._page.store, actor, self.draft.draft_id, saves=self.draft.saves))
        self.saved = self.draft.updated_at
        self.reloaded = True

    def discard(self, actor: Person) -> dict[str, Any]:
        """Give it up; gives the page after that."""
        if self.draft.draft_id:
            drafts.discard(self._page.store, actor, self.draft.draft_id)
        return receipts.ended(self._page, self.title, f"/form/{self.draft.form_id}")


def submission_key(draft_id: str) -> str:
    """The idempotency key of a draft: always the same, so no reload, double click or lost reply submits it twice."""
    return hashlib.sha256(f"submission of {draft_id}".encode()).hexdigest()
