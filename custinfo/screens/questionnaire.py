"""An engine's session as the form page draws it: which controls, in which order, with which texts and problems."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from custinfo.domain.markup import plain as plain_words
from custinfo.domain.messages import text
from custinfo.domain.sensitivity import Level
from custinfo.screens import controls, grids
from custinfo.screens.controls import LISTED
from custinfo.screens.outline import Outline
from custinfo.xforms import Changes, Drawn, Problem, Record, RefusedAnswer, Session, purposes

FOUND_MOST = 50
WIDE_TEXT = 200
"""A text that may be this long gets the whole width."""
INLINE = 3
WIDE = frozenset({
    "multiline", "note", "geopoint", "geotrace", "geoshape", "rank", "multiselect", "tags", "image", "audio", "video",
    "file",
})  # fmt: skip

Description = dict[str, Any]
Change = Literal["answer", "add", "remove"]


class Questionnaire:
    """One session, in one language, for one person: `sees(level)` says which questions they may see at all.

    `describe` gives the tree of what is visible on the page shown (refs of questions, dicts for groups) and each
    question of that page. Only what changed since is described anew; the rest of the form is in the `outline`.
    """

    def __init__(self, session: Session, language: str, sees: Callable[[Level], bool]) -> None:
        self._session = session
        self._language = language
        self.outline = Outline(session, sees)
        self._known: dict[str, Description] = {}
        self._drawn: dict[str, Drawn] = {}
        self._tree: list[Any] = []
        self._edition = -1
        self._tried = False

    @property
    def language(self) -> str:
        """The code of the language that the form is shown in."""
        return self._session.language

    @property
    def instance(self) -> dict[str, Any]:
        """All answers, as a draft keeps them."""
        return self._session.instance

    def change(self, kind: Change, ref: str, value: Any) -> None:
        """Answer a question, or add or remove a round of a repeat. Raises RefusedAnswer, and then nothing changed."""
        if kind == "answer":
            if ref not in self.outline.visible:
                raise RefusedAnswer("pages.form.unknown_question")
            if not isinstance(value, str):
                raise RefusedAnswer("pages.form.not_text")
            changes = self._answer(ref, value)
        else:
            changes = self._session.add_repeat(ref) if kind == "add" else self._session.remove_repeat(ref)
        self._note(changes)

    def _note(self, changes: Changes) -> None:
        """Remember what is to be described anew: some questions, or all when the rounds of a repeat moved."""
        self.outline.note(changes)
        if changes.structure:
            self._known = {}
        for ref in changes:
            self._known.pop(ref, None)

    def speak(self, language: str) -> None:
        """Show the form in another of its languages. Raises RefusedAnswer when it has no such language."""
        self._session.set_language(language)
        self.outline.forget()
        self._known = {}

    def _answer(self, ref: str, value: str) -> Changes:
        try:
            return self._session.answer(ref, value)
        except RefusedAnswer as refusal:
            if refusal.key == "xforms.refused_choice":
                raise RefusedAnswer("pages.form.not_on_list", given=value[:40]) from None
            raise

    def describe(self, *, tried: bool) -> tuple[list[Any], dict[str, Description]]:
        """What stands on the page now. Blank required questions count as problems once submitting was `tried`."""
        if tried != self._tried:
            self._tried, self._known = tried, {}
        edition, drawn = self.outline.to_draw()
        if edition != self._edition:
            self._edition, self._drawn = edition, {}
            self._tree = list(self._branch(drawn, ""))
        for ref, one in self._drawn.items():
            if ref not in self._known:
                self._known[ref] = self._question(one)
        return self._tree, {ref: self._known[ref] for ref in self._drawn}

    def _branch(self, drawn: Sequence[Drawn], where: str, first: int = 0) -> Iterator[Any]:
        skipped = 0
        for place, one in enumerate(drawn):
            if skipped:
                skipped -= 1
                continue
            if one.is_question:
                skipped = grids.rows_below(drawn, place, self._session.form)
                if skipped:
                    yield from self._grid(one, drawn[place + 1 : place + 1 + skipped])
                elif not grids.is_heading(one):
                    self._drawn[one.ref] = one
                    yield one.ref
                continue
            key = one.ref or f"{where}/{place}"
            start, end = self.outline.rounds(one) if one.kind == "repeat" else (0, len(one.children))
            group = self._group(one, key, list(self._branch(one.children[start:end], key, start)), first + place)
            if end - start < len(one.children):
                group["rounds"] = {"first": start, "last": end, "total": len(one.children)}
            yield group

    def _grid(self, head: Drawn, rows: Sequence[Drawn]) -> Iterator[Any]:
        """A table: its head's choices, and the questions that are its rows."""
        choices = self._session.state(head.ref).choices
        self._drawn.update({row.ref: row for row in rows})
        refs = [row.ref for row in rows]
        if len(choices) > grids.MOST_COLUMNS:
            yield from refs
        elif refs:
            label = "" if plain_words(head.label).strip(" -") == "" else head.label
            yield {"ref": head.ref, "label": label, "items": refs, "grid": self._choices(head.ref, choices)}

    def _group(self, one: Drawn, key: str, items: list[Any], place: int) -> Description:
        heading = next((child.label for child in one.children[:1] if grids.is_heading(child)), "")
        group: Description = {"ref": key, "label": one.label or heading, "items": items}
        if any(controls.span(child) for child in one.children):
            group["units"] = controls.span(one) or grids.UNITS
        if one.kind == "repeat" and one.fixed:
            for instance in items:
                del instance["remove"]
        elif one.kind == "repeat":
            group["add"] = text("pages.form.add", self._language)
        elif one.kind == "instance":
            words = one.label or text("pages.form.round", self._language, n=place + 1)
            group |= {"instance": True, "label": words, "remove": text("pages.form.remove", self._language)}
        return group

    def _question(self, one: Drawn) -> Description:
        state = self._session.state(one.ref)
        kind = "note" if "label" in one.appearance.split() else controls.kind_of(one, state, self._session.form)
        labels = dict(state.choices)
        problem = state.violation if state.violation and (self._tried or state.violation.rule != "required") else None
        shown = problem or state.soft
        hint = purposes.hinted(self._session.form, one.ref, state.hint, self._language, self.language)
        if kind == "unsupported":
            hint = f"{hint} {text('pages.form.unsupported', self._language, kind=one.type or one.kind)}".strip()
        sometimes = {
            "look": controls.look(one),
            "guidance": one.guidance,
            "span": controls.span(one),
            "chosen": [labels.get(value, value) for value in state.value.split()] if kind == "tags" else None,
        }
        return {
            "ref": one.ref,
            "kind": kind,
            "label": state.label,
            "hint": hint,
            "required": state.required,
            "readonly": state.readonly,
            "value": state.value,
            "value_label": labels.get(state.value, state.value),
            "choices": self._choices(one.ref, state.choices) if kind in LISTED else None,
            "problem": fact(shown, self._language, self.language) if shown else None,
            "soft": problem is None and shown is not None,
            "wide": _wide(one, kind, len(labels)),
            **{name: value for name, value in sometimes.items() if value},
            **controls.details(one, kind),
            **self._media(one.ref),
        }

    def _choices(self, ref: str, choices: Sequence[tuple[str, str]]) -> list[Description]:
        listed: list[Description] = [{"value": value, "label": label} for value, label in choices]
        if self._session.form.pictured:
            media = self._session.media(ref)[1]
            listed = [one | {"media": media[one["value"]]} if one["value"] in media else one for one in listed]
        return listed

    def _media(self, ref: str) -> Description:
        media = self._session.media(ref)[0] if self._session.form.pictured else {}
        return {"media": media} if media else {}

    def check_takes_file(self, ref: str) -> None:
        """Raises RefusedAnswer for anything but an upload question that is on the page and may be answered."""
        drawn = self.outline.visible.get(ref)
        if drawn is None or drawn.kind != "upload":
            raise RefusedAnswer("pages.form.unknown_question")
        if self._session.state(ref).readonly:
            raise RefusedAnswer("xforms.refused_readonly", ref=ref)

    def value(self, ref: str) -> str:
        """The answer of a question on the page; blank for any other."""
        return self._session.state(ref).value if ref in self.outline.visible else ""

    def takes_answer(self, ref: str) -> bool:
        """Whether somebody could answer this question now."""
        return ref in self.outline.visible and not self._session.standing(ref).readonly

    def check_visible(self, ref: str) -> None:
        """Raises RefusedAnswer for anything but a question that is asked now."""
        if ref not in self.outline.visible:
            raise RefusedAnswer("pages.form.unknown_question")

    def words(self, ref: str, value: str) -> str:
        """An answer as people read it: the labels of choices in place of their codes."""
        labels = dict(self._session.state(ref).choices)
        if not labels or value in labels:
            return plain_words(labels.get(value, value))
        return ", ".join(plain_words(labels.get(one, one)) for one in value.split())

    def find_choices(self, ref: str, query: str) -> Description:
        """The first choices of a long list whose label contains `query`, or whose code starts with it."""
        if ref not in self.outline.visible:
            return {"items": [], "more": 0}
        wanted = query.strip().lower()[:100]
        found = [
            {"value": value, "label": label}
            for value, label in self._session.state(ref).choices
            if wanted in label.lower() or value.lower().startswith(wanted)
        ]
        return {"items": found[:FOUND_MOST], "more": max(0, len(found) - FOUND_MOST)}

    def problems(self) -> list[Problem]:
        """All that stands in the way of submitting, in the order of the form, at places that nobody draws too."""
        return self._session.problems()

    def finish(self) -> Record:
        """What would be recorded. Raises Unfinished with every problem."""
        return self._session.finish()

    def explain(self, ref: str) -> list[str]:
        """Why a question on the page is required, read-only or wrong, and how it is computed, in sentences.

        Answers that the person may not see are not in them. Nothing for a question that is not asked now.
        """
        if ref not in self.outline.visible:
            return []
        return [plain_words(reason.message(self.language)) for reason in self._session.explain(ref)]

    def problem(self, ref: str) -> Problem | None:
        """What is wrong with the answer to a visible question."""
        return self._session.state(ref).violation

    def warnings(self) -> list[Problem]:
        """The soft checks that do not hold, of questions that the person sees."""
        return [warning for warning in self._session.warnings() if warning.ref in self.outline.visible]

    def full(self) -> list[Problem]:
        """The cells of quotas that the answers fall into and that have all their records already."""
        found = (self._session.standing(ref).violation for ref in self._session.form.quotas)
        return [problem for problem in found if problem is not None and problem.rule == "quota"]

    def label(self, ref: str) -> str:
        """A question's label in the form's language, without its marks."""
        return plain_words(self._session.state(ref).label)

    def line(self, problem: Problem) -> dict[str, str]:
        """A problem for the summary: where, in the words of the form, and what."""
        label = problem.label.get(self.language) or next(iter(problem.label.values()), "")
        return {"ref": problem.ref, "label": plain_words(label), "text": fact(problem, self._language, self.language)}


def fact(problem: Problem, language: str, spoken: str) -> str:
    """What is wrong and how to mend it: in the form's own words, as it is `spoken`, where it has any."""
    own = problem.own.get(spoken) or next(iter(problem.own.values()), "")
    words = own or text(problem.key, language, **problem.facts)
    return words[:1].upper() + words[1:]


def _wide(one: Drawn, kind: str, choices: int) -> bool:
    if kind in WIDE:
        return True
    if kind in ("radio", "checks"):
        return choices > INLINE
    return kind == "text" and int(one.extra.get("max_length") or 0) >= WIDE_TEXT
