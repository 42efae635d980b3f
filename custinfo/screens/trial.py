"""Trying out a proposed form: filled in as it would be, by the same rules, and nothing of it is stored."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from custinfo.access import visibility
from custinfo.actions import files, form_life, forms
from custinfo.actions.drafts import NEVER, Draft
from custinfo.domain import file_types
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.screens import receipts
from custinfo.screens.beside import Beside
from custinfo.screens.context import Page
from custinfo.screens.filling import Filling, Message
from custinfo.screens.questionnaire import Change
from custinfo.screens.uploads import Arrived, FormFiles
from custinfo.xforms import Form, Record
from custinfo.xforms.refs import flat, without_positions

MOST_LINES = 200
"""Answers that the page after the trial lists."""
MOST_OF_TRIAL = 30 * 1024 * 1024


class Trial(Filling):
    """A trial of the form of a proposal, for whoever is concerned with it. It lives in this page alone."""

    def __init__(self, page: Page, actor: Person, proposal_id: str, named: Mapping[str, str]) -> None:
        self._proposal_id = proposal_id
        self._proposed = form_life.form_of(page.store, actor, proposal_id)
        self._attached = form_life.files_of(page.store, actor, proposal_id)
        form = self._proposed
        super().__init__(page, Draft("", form.form_id, form.version, {}, None, None, NEVER, 0), named)

    def _form(self, draft: Draft) -> Form:  # noqa: ARG002 - one trial has one form
        return self._proposed

    def _remarks(self, draft: Draft) -> Beside:
        return _Remarks(self._page, draft)

    def _files_kept(self) -> FormFiles:
        return _Files(self._page, self, self._attached)

    @property
    def notice(self) -> str:
        """That nothing is kept."""
        title = self._page.pick(forms.titles(self.form))
        return self._page.text("trial.notice", title=title, version=self.form.version)

    @property
    def key(self) -> str:
        """Never that of a draft of the published form."""
        return f"trial:{self._proposal_id}"

    @property
    def paper(self) -> str:
        """The proposed form on paper."""
        return f"/print/{self.draft.form_id}?proposal={self._proposal_id}"

    def url(self) -> str:
        """The address that begins the trial anew."""
        query = {"proposal": self._proposal_id, **{f"d[{ref}]": value for ref, value in self._given.items()}}
        return f"/form/{self.draft.form_id}?{urlencode(query | ({'language': self._spoken} if self._spoken else {}))}"

    def change(self, actor: Person, kind: Change, ref: str, message: Message) -> None:
        """Give an answer, or add or remove a round. Raises RefusedAnswer, and then nothing changed."""
        form_life.find(self._page.store, actor, self._proposal_id)
        self.questions.change(kind, ref, message.get("value"))
        if kind == "remove":
            self.beside.without_round(actor, "", ref)

    def start(self, actor: Person) -> None:
        """There is no draft to be stored."""

    def looked_at(self, message: Message) -> None:
        """Nobody's time is taken."""

    def note(self, event: str, ref: str = "") -> None:
        """There is no log either."""

    def submit(
        self, actor: Person, reason: str, another: str = ""  # noqa: ARG002 - a trial changes nothing
    ) -> dict[str, Any]:  # fmt: skip
        """Say what would be recorded. Raises Unfinished."""
        form_life.find(self._page.store, actor, self._proposal_id)
        record, page = self.questions.finish(), self._page
        lines = [page.text("trial.done_line"), *self._entities(record), *self._answers(actor, record)]
        back = {"href": f"/proposal/{self._proposal_id}", "text": page.text("trial.back")}
        again = {"href": self.url(), "text": page.text("trial.again")}
        return {
            "title": page.text("trial.done"), "lines": lines, "links": [back, again],
            "again": self.url(), "url": self.url(),
        }  # fmt: skip

    def discard(self, actor: Person) -> dict[str, Any]:  # noqa: ARG002 - nothing is stored that could be wiped
        """End the trial."""
        return receipts.ended(self._page, self.title, self.url())

    def _entities(self, record: Record) -> list[str]:
        return [
            self._page.text(f"trial.{action.action}", dataset=action.dataset, label=action.label)
            for action in record.entities
        ]

    def _answers(self, actor: Person, record: Record) -> list[str]:
        """Each answer by its question, then what the form worked out by its name."""
        given = {ref: value for ref, value in flat(record.values, self.form.root.ref).items() if value}
        asked = [ref for ref in self.questions.outline.visible if ref in given]
        levels = self.form.levels
        worked_out = [
            ref for ref in given
            if ref not in self.questions.outline.visible and "/meta/" not in ref and "@" not in ref
            and (level := levels.get(without_positions(ref))) is not None and visibility.sees(actor, level)
        ]  # fmt: skip
        lines = [self._line(self.questions.label(ref), self.questions.words(ref, given[ref])) for ref in asked]
        lines += [self._line(ref.removeprefix(f"{self.form.root.ref}/"), given[ref]) for ref in worked_out]
        more = [self._page.text("trial.more", n=len(lines) - MOST_LINES)] if len(lines) > MOST_LINES else []
        return [*lines[:MOST_LINES], *more]

    def _line(self, question: str, answer: str) -> str:
        return self._page.text("trial.answer", question=question, answer=answer)


class _Remarks(Beside):
    """Notes and reasons that nobody stores."""

    def _keep(self, actor: Person, draft_id: str, **remarks: Any) -> None:
        pass


class _Files(FormFiles):
    """Files of a trial: checked as any, and kept in this page only."""

    def __init__(self, page: Page, trial: Trial, attached: Mapping[str, bytes]) -> None:
        super().__init__(page, lambda: trial.draft, lambda: trial.questions, trial.start)
        self._trial = trial
        self._attached = attached
        self._held: dict[str, bytes] = {}

    def _keep(self, actor: Person, arrived: Arrived) -> str:  # noqa: ARG002 - it belongs to whoever tries the form out
        files.check(self._trial.form, arrived.ref, arrived.data)
        if sum(map(len, self._held.values())) + len(arrived.data) > MOST_OF_TRIAL:
            raise BadInput("files.too_many", limit=MOST_OF_TRIAL // 1024 // 1024)
        name = f"{secrets.token_hex(5)}-{file_types.file_name(arrived.name)}"
        self._held[name] = arrived.data
        return name

    def _kept(self, actor: Person, name: str) -> bytes:  # noqa: ARG002
        if name not in self._held:
            raise NotFound("files.unknown")
        return self._held[name]

    def _own(self) -> Mapping[str, bytes]:
        return self._attached
