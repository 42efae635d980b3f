"""The form page: one widget that keeps the engine's session, saves every answer as a draft, and submits."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from custinfo.access import visibility
from custinfo.actions import drafts, forms, records
from custinfo.actions.drafts import Draft
from custinfo.domain.errors import Conflict
from custinfo.domain.messages import section
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.screens.live import HERE, Live, Message, script
from custinfo.screens.questionnaire import Change, Questionnaire
from custinfo.xforms import RefusedAnswer, Unfinished

CHANGED_ELSEWHERE = "drafts.changed_elsewhere"
TRIES = 4
"""Saves of one answer while another window keeps saving the same draft."""


class FormView(Live):
    """A form that `draft` belongs to; a draft without an id is stored at the first answer.

    Messages from the browser: `hello`, `answer`, `add`, `remove`, `choices`, `submit`, `ping`. To it: `page` (all that
    is visible), `ack` and `refused` (one answer, and what changed by it), `choices`, `problems`, `conflict`, `receipt`,
    `failed`, `login`, `pong`. Answers carry a number that grows; one with an older number changes nothing.

    Another window may save the same draft. Then its answers are taken over, and the browser is sent the page anew.
    """

    _esm = script("dom.js", "combobox.js", "fields.js", "link.js", "form_parts.js", "form_view.js")
    _css = HERE / "form_view.css"

    def __init__(self, page: Page, draft: Draft, subtitle: str = "") -> None:
        super().__init__(page)
        self._subtitle = subtitle
        self._seen: dict[tuple[Change, str], int] = {}
        self._refused: dict[str, str] = {}
        self._objections: dict[str, str] = {}
        self._tried = False
        self._reloaded = False
        self._saved: datetime | None = draft.updated_at if draft.saves else None
        self._receipt: dict[str, Any] | None = None
        self._shown: tuple[list[Any], dict[str, Any]] = ([], {})
        self._open(draft)

    def receive(self, actor: Person, message: Message) -> None:
        """Handle one message of `actor`; a page that fell behind another window follows whatever came of it."""
        try:
            self._receive(actor, message)
        except Conflict as error:
            self.send({"kind": "failed", "text": error.text(self._page.language)})
        if self._reloaded:
            # After the message's own answer, so that the browser sends again only what is still on its way
            self._reloaded = False
            self.send(self._page_message())

    def _receive(self, actor: Person, message: Message) -> None:
        match message.get("kind"):
            case "hello":
                self.send(self._page_message())
            case "answer" | "add" | "remove" as kind if self._receipt is None:
                ref, number = message.get("ref"), message.get("id")
                if isinstance(ref, str) and isinstance(number, int):
                    self._change(actor, kind, ref, number, message.get("value"))
            case "choices":
                self._find_choices(message)
            case "submit":
                self._submit(actor)

    def saved_at(self) -> str | None:
        """Until when the answers are safe."""
        return self._page.clock(self._saved) if self._saved else None

    def resume_url(self) -> str:
        """The address that goes on with this draft."""
        path = f"/form/{self._draft.form_id}"
        if self._draft.draft_id:
            return f"{path}?{urlencode({'draft': self._draft.draft_id})}"
        return f"{path}?{urlencode({'customer': self._draft.customer_id})}" if self._draft.customer_id else path

    def _open(self, draft: Draft) -> None:
        self._draft = draft
        form = forms.load(self._page.store, draft.form_id, draft.form_version)
        self._title = self._page.pick(forms.titles(form))
        language = self._page.language
        spoken = language if language in form.languages else None
        session = forms.session(self._page.store, form, draft.instance, language=spoken)
        person = self._page.alive().person
        self._questions = Questionnaire(session, language, lambda level: visibility.sees(person, level))

    # ---- what the browser is told ----------------------------------------------------------------------------------

    def _page_message(self) -> dict[str, Any]:
        base = {"kind": "page", "texts": section("pages.js", self._page.language)}
        if self._receipt is not None:
            return {**base, "stage": "done", "receipt": self._receipt}
        self._shown = tree, questions = self._describe()
        return {
            **base,
            "stage": "fill",
            "title": self._title,
            "subtitle": self._subtitle,
            "tree": tree,
            "questions": questions,
            "saved_at": self.saved_at(),
            "storage_key": self._storage_key(),
            "draft": self._draft_message(),
        }

    def _describe(self) -> tuple[list[Any], dict[str, Any]]:
        tree, questions = self._questions.describe(tried=self._tried)
        for ref, words in (self._objections | self._refused).items():
            if ref in questions:
                questions[ref] = {**questions[ref], "problem": words, "soft": False}
        return tree, questions

    def _patch(self) -> dict[str, Any]:
        """What a browser that was told `_shown` does not know yet."""
        (old_tree, old), (tree, now) = self._shown, self._describe()
        self._shown = tree, now
        patch: dict[str, Any] = {"set": {ref: question for ref, question in now.items() if old.get(ref) != question}}
        if tree != old_tree:
            patch["tree"] = tree
        return patch

    def _storage_key(self) -> str:
        owner = self._page.session.person.person_id if self._page.session else ""
        what = self._draft.draft_id or f"new:{self._draft.form_id}:{self._draft.customer_id or ''}"
        return f"custinfo.{owner}.{what}"

    def _draft_message(self) -> dict[str, str] | None:
        if not self._draft.draft_id:
            return None
        return {"id": self._draft.draft_id, "url": self.resume_url(), "storage_key": self._storage_key()}

    # ---- answers ---------------------------------------------------------------------------------------------------

    def _change(self, actor: Person, kind: Change, ref: str, number: int, value: object) -> None:
        about = {"id": number, "ref": ref}
        if number > self._seen.get((kind, ref), -1):
            try:
                self._questions.change(kind, ref, value)
                self._save(actor, kind, ref, value)
            except RefusedAnswer as refusal:
                self._refuse(kind, ref, number, refusal.text(self._page.language))
                return
            self._refused.pop(ref, None)
            self._objections.pop(ref, None)
            self._seen[kind, ref] = number
        told = {"saved_at": self.saved_at(), "draft": self._draft_message(), "patch": self._patch()}
        self.send({"kind": "ack", **about, **told})

    def _refuse(self, kind: Change, ref: str, number: int, words: str) -> None:
        """The refusal stands at its question until that is answered anew, and what was typed stays in the browser.

        What the person cannot mend, such as an answer to a question that went away, is dropped.
        """
        question = self._describe()[1].get(ref)
        kept = kind == "answer" and question is not None and not question["readonly"]
        if kept:
            self._refused[ref] = words
        self.send({"kind": "refused", "id": number, "ref": ref, "kept": kept, "patch": self._patch()})

    def _save(self, actor: Person, kind: Change, ref: str, value: object) -> None:
        """Save the change; when another window saved first, make it anew on top of what that window left."""
        if not self._draft.draft_id:
            self._start(actor)
            self._questions.change(kind, ref, value)
        for left in reversed(range(TRIES)):
            try:
                self._store(actor, ref)
            except Conflict as error:
                if error.key != CHANGED_ELSEWHERE:
                    raise
                self._reload(actor)
                # The rounds may have moved: the one at this place may be another than the person meant
                if not left or kind == "remove":
                    raise
                self._questions.change(kind, ref, value)
            else:
                return

    def _store(self, actor: Person, ref: str) -> None:
        draft, instance = self._draft, self._questions.instance
        saved = drafts.save(self._page.store, actor, draft.draft_id, instance, ref, saves=draft.saves)
        self._saved = saved.at
        self._draft = replace(draft, saves=saved.saves)

    def _reload(self, actor: Person) -> None:
        """Go on from the draft as another window left it."""
        self._open(drafts.open_(self._page.store, actor, self._draft.draft_id))
        self._saved = self._draft.updated_at
        self._reloaded = True
        # A refusal at a question that is gone could not be mended, and would stop every submission
        questions = self._describe()[1]
        self._refused = {at: words for at, words in self._refused.items() if at in questions}

    def _start(self, actor: Person) -> None:
        """Store the draft. It starts from the customer as they are now, perhaps newer than what the page showed."""
        self._open(drafts.start(self._page.store, actor, self._draft.form_id, customer_id=self._draft.customer_id))

    def _find_choices(self, message: Message) -> None:
        ref, query = message.get("ref"), message.get("query")
        if isinstance(ref, str) and isinstance(query, str):
            self.send({"kind": "choices", "id": message.get("id"), **self._questions.find_choices(ref, query)})

    # ---- submitting ------------------------------------------------------------------------------------------------

    def _submit(self, actor: Person) -> None:
        if self._receipt is not None:
            self.send({"kind": "receipt", **self._receipt})
            return
        self._tried = True
        self._objections = {}
        problems = self._questions.problems()
        if self._refused or problems:
            self._send_problems(problems)
            return
        if not self._draft.draft_id:
            self._start(actor)
            self._store(actor, "/data")
        draft = self._draft
        try:
            key = submission_key(draft.draft_id)
            receipt = records.submit(self._page.store, actor, draft.draft_id, key, saves=draft.saves)
        except Unfinished as unfinished:
            lines = [self._questions.line(problem) for problem in unfinished.problems]
            self._objections = {line["ref"]: line["text"] for line in lines}
            self._send_problems(lines)
        except Conflict as error:
            if error.key == CHANGED_ELSEWHERE:
                self._reload(actor)
                words = self._page.text("pages.form.changed_elsewhere")
                self.send({"kind": "conflict", "text": words, "draft": self._draft_message()})
            else:
                self._send_conflict(error)
        else:
            self._receipt = self._receipt_message(receipt.customer_id, receipt.customer_number, receipt.version)
            self.send({"kind": "receipt", **self._receipt})

    def _send_problems(self, problems: list[dict[str, str]]) -> None:
        """All that stands in the way, an answer that was refused before what the engine says of the older one."""
        patch, (_, questions) = self._patch(), self._shown
        found = {problem["ref"]: problem for problem in problems}
        for ref, words in self._refused.items():
            if ref in questions:
                found[ref] = {"ref": ref, "label": questions[ref]["label"], "text": words}
        place = {ref: number for number, ref in enumerate(questions)}
        lines = sorted(found.values(), key=lambda line: place.get(line["ref"], len(place)))
        title = (
            self._page.text("pages.form.problems_one")
            if len(lines) == 1
            else self._page.text("pages.form.problems", n=len(lines))
        )
        draft = self._draft_message()
        self.send({"kind": "problems", "title": title, "problems": lines, "patch": patch, "draft": draft})

    def _send_conflict(self, error: Conflict) -> None:
        message: dict[str, Any] = {
            "kind": "conflict",
            "text": error.text(self._page.language),
            "draft": self._draft_message(),
        }
        if self._draft.customer_id:
            message |= {
                "href": f"/customer/{self._draft.customer_id}",
                "link": self._page.text("pages.form.to_current"),
            }
        self.send(message)

    def _receipt_message(self, customer_id: str | None, number: str | None, version: int) -> dict[str, Any]:
        again = f"/form/{self._draft.form_id}"
        links = [
            {"href": again, "text": self._page.text("pages.form.another")},
            {"href": "/", "text": self._page.text("pages.back_home")},
        ]
        lines = [self._title]
        if customer_id and number:
            lines.append(self._page.text("pages.form.done_customer", number=number, version=version))
            links.insert(0, {"href": f"/customer/{customer_id}", "text": self._page.text("pages.form.to_customer")})
        return {"title": self._page.text("pages.form.done"), "lines": lines, "links": links, "again": again}


def submission_key(draft_id: str) -> str:
    """The idempotency key of a draft: always the same, so no reload, double click or lost reply submits it twice."""
    return hashlib.sha256(f"submission of {draft_id}".encode()).hexdigest()
