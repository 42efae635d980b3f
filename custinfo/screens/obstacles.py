"""What stands in the way of submitting, from every side, as the page says it: at its question and in one summary."""

from typing import Any

from custinfo.screens.beside import Beside
from custinfo.screens.context import Page
from custinfo.screens.questionnaire import Questionnaire

MOST = 20
"""Lines of the summary. Somebody who sees more of them at once starts with the first all the same."""


class Obstacles:
    """`refused` answers stay in the browser until they are mended; `objections` are what only the store could see.

    Blank required questions and missing reasons count once submitting was `tried`.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self.refused: dict[str, str] = {}
        self.objections: dict[str, str] = {}
        self.tried = False
        self._unseen: list[dict[str, str]] = []

    def answered(self, ref: str) -> None:
        """The question was answered anew: what was said of the answer before is gone."""
        self.refused.pop(ref, None)
        self.objections.pop(ref, None)

    def check(self, questions: Questionnaire) -> None:
        """Submitting is tried: from now on everything counts, at places that nobody draws too."""
        self.tried, self.objections = True, {}
        visible = questions.outline.visible
        self._unseen = [questions.line(problem) for problem in questions.problems() if problem.ref not in visible]

    def over(self, questions: dict[str, Any]) -> dict[str, Any]:
        """The questions with what the engine does not know to be wrong with them."""
        found = {}
        for ref, question in questions.items():
            words = self.refused.get(ref) or self.objections.get(ref)
            if words:
                found[ref] = {**question, "problem": words, "soft": False}
            elif self.tried and question["soft"] and not question["reason"]:
                found[ref] = {**question, "reason_wanted": self._page.text("records.reason_needed")}
            else:
                found[ref] = question
        return found

    def wrong(self) -> set[str]:
        """The questions that the engine counts as right, and that are not."""
        return {*self.refused, *self.objections}

    def refs(self, questions: Questionnaire, beside: Beside) -> list[str]:
        """The questions that stand in the way, in the order of the form."""
        outline = questions.outline
        found = self.wrong() | set(outline.in_the_way(tried=self.tried)) | set(self._unexplained(questions, beside))
        return [ref for ref in outline.visible if ref in found]

    def _unexplained(self, questions: Questionnaire, beside: Beside) -> list[str]:
        warnings = questions.warnings() if self.tried else []
        return [one.ref for one in warnings if not beside.reasons.get(one.ref)]

    def summary(self, questions: Questionnaire, beside: Beside) -> dict[str, Any] | None:
        """`title`, the first `problems` and how many `more`; None when nothing is in the way, or nobody tried yet."""
        if not self.tried:
            return None
        refs = self.refs(questions, beside)
        count = len(refs) + len(self._unseen)
        if not count:
            return None
        lines = [*(self._line(questions, ref) for ref in refs[:MOST]), *self._unseen][:MOST]
        one = count == 1
        title = self._page.text("pages.form.problems_one") if one else self._page.text("pages.form.problems", n=count)
        more = self._page.text("filling.more_problems", n=count - len(lines)) if count > len(lines) else ""
        return {"title": title, "problems": lines, "more": more}

    def _line(self, questions: Questionnaire, ref: str) -> dict[str, str]:
        words = self.refused.get(ref) or self.objections.get(ref)
        problem = None if words else questions.problem(ref)
        if problem is not None:
            return questions.line(problem)
        return {"ref": ref, "label": questions.label(ref), "text": words or self._page.text("records.reason_needed")}
