"""What stands beside the answers: when the interview was, notes on questions, reasons for unusual answers."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from custinfo.actions import drafts
from custinfo.actions.drafts import Draft
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.screens.context import Page

LOCAL_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


class Beside:
    """The remarks of one draft as the page shows them; `save` keeps one of them."""

    def __init__(self, page: Page, draft: Draft) -> None:
        self._page = page
        self.interviewed_at = draft.interviewed_at
        self.notes = dict(draft.notes)
        self.reasons = dict(draft.reasons)

    def moment(self) -> str:
        """When the interview was, in the site's zone, as a `datetime-local` input takes it; blank when nobody said."""
        if self.interviewed_at is None:
            return ""
        return f"{self.interviewed_at.astimezone(self._page.site.zone):%Y-%m-%dT%H:%M}"

    def now(self) -> str:
        """The latest moment that an interview can have been, in the same form."""
        return f"{utc_now().astimezone(self._page.site.zone):%Y-%m-%dT%H:%M}"

    def save(self, actor: Person, draft_id: str, kind: str, ref: str, value: str) -> None:
        """Keep one remark; blank takes a note or reason away. Raises BadInput, and then nothing changed."""
        if kind == "interviewed":
            moment = self._parsed(value)
            self._keep(actor, draft_id, interviewed_at=moment)
            self.interviewed_at = moment
        elif kind == "note":
            self._keep(actor, draft_id, notes={ref: value})
            self.notes = _with(self.notes, ref, value)
        else:
            self._keep(actor, draft_id, reasons={ref: value})
            self.reasons = _with(self.reasons, ref, value)

    def _keep(self, actor: Person, draft_id: str, **remarks: Any) -> None:
        drafts.remark(self._page.store, actor, draft_id, **remarks)

    def _parsed(self, value: str) -> datetime:
        if not LOCAL_MOMENT.fullmatch(value):
            raise BadInput("filling.interviewed_wrong")
        try:
            return datetime.fromisoformat(value).replace(tzinfo=self._page.site.zone)
        except ValueError:
            raise BadInput("filling.interviewed_wrong") from None

    def without_round(self, actor: Person, draft_id: str, gone: str) -> None:
        """A round of a repeat was removed: what was remarked on it goes, and on the rounds after it moves up."""
        notes, reasons = _moved(self.notes, gone), _moved(self.reasons, gone)
        if (notes, reasons) != (self.notes, self.reasons):
            gone_notes, gone_reasons = dict.fromkeys(self.notes, ""), dict.fromkeys(self.reasons, "")
            notes_now, reasons_now = {**gone_notes, **notes}, {**gone_reasons, **reasons}
            self._keep(actor, draft_id, notes=notes_now, reasons=reasons_now)
            self.notes, self.reasons = notes, reasons

    def over(self, questions: dict[str, Any]) -> dict[str, Any]:
        """The questions with the remarks on them: `note`, and `reason` where an unusual answer asks for one."""
        found = {}
        for ref, question in questions.items():
            more = {"note": self.notes[ref]} if ref in self.notes else {}
            if question["soft"]:
                more["reason"] = self.reasons.get(ref, "")
            found[ref] = {**question, **more} if more else question
        return found


def _with(kept: Mapping[str, str], ref: str, words: str) -> dict[str, str]:
    return {at: said for at, said in {**kept, ref: words.strip()}.items() if said}


def _moved(kept: Mapping[str, str], gone: str) -> dict[str, str]:
    """Remarks by ref after the round `gone` (`/data/contact[2]`) went."""
    repeat, _, last = gone.rpartition("[")
    removed = int(last.rstrip("]"))
    found = {}
    for ref, words in kept.items():
        position, closing, inside = ref.removeprefix(f"{repeat}[").partition("]")
        if not ref.startswith(f"{repeat}[") or not closing or int(position) < removed:
            found[ref] = words
        elif int(position) > removed:
            found[f"{repeat}[{int(position) - 1}]{inside}"] = words
    return found
