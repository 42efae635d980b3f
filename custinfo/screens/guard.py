"""Tells an attack from a race.

A question may vanish while its answer is on the way; no page of ours answers one that it never showed.
"""

from typing import Any

from custinfo.actions import suspicions
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions

HUGE = 1_000_000
"""Characters. What people paste is refused at its question; nobody pastes this much."""
MOST = 20
"""Suspicions that one page puts on the audit log; then it is known well enough."""
LONGEST_REF = 500
NOT_ON_LIST = "pages.form.not_on_list"
LISTED = frozenset({"radio", "checks", "select", "multiselect"})
"""Kinds of control that can send what they offer and nothing else."""


class Guard:
    """What one page has been shown, and which suspicions it has voiced."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._told: dict[str, Any] = {}
        self._voiced: set[tuple[str, str]] = set()

    def shown(self, questions: dict[str, Any]) -> None:
        """The browser is told of these questions."""
        for ref, question in questions.items():
            self._told[ref] = question["readonly"], question["kind"]

    def refused(self, actor: Person, form: Form, draft_id: str, ref: str, value: object, key: str) -> None:
        """An answer was refused, with this message: it is put on the audit log when no page would have sent it."""
        kind = self._of_value(value) or self._of_place(form, ref, key)
        place = ref if without_positions(ref) in form.nodes and len(ref) < LONGEST_REF else ""
        if kind and (kind, place) not in self._voiced and len(self._voiced) < MOST:
            self._voiced.add((kind, place))
            suspicions.note(self._page.store, actor, kind, draft_id, place)

    @staticmethod
    def _of_value(value: object) -> str:
        if not isinstance(value, str):
            return "not_text"
        return "huge_answer" if len(value) > HUGE else ""

    def _of_place(self, form: Form, ref: str, key: str) -> str:
        if without_positions(ref) not in form.nodes:
            return "unknown_question"
        if ref not in self._told:
            return "hidden_question"
        readonly, drawn_as = self._told[ref]
        if readonly:
            return "readonly_question"
        return "choice_not_offered" if key == NOT_ON_LIST and drawn_as in LISTED else ""
