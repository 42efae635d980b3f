"""An engine's session as the form page draws it: which controls, in which order, with which texts and problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from custinfo.domain.messages import text
from custinfo.domain.sensitivity import Level, level_of
from custinfo.xforms import Changes, Drawn, NodeState, Problem, RefusedAnswer, Session

RADIO_MOST = 7
"""Up to so many choices stand open as radio buttons; up to `SELECT_MOST`, in a drop-down list; more are searched."""
SELECT_MOST = 20
FOUND_MOST = 50
WIDE_TEXT = 200
"""A text that may be this long gets the whole width."""
TYPED = {
    "int": "integer",
    "integer": "integer",
    "decimal": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
}
PLAIN = ("", "string", "text", "boolean", "barcode")
INLINE = 3

Description = dict[str, Any]
Change = Literal["answer", "add", "remove"]


class Questionnaire:
    """One session, in one language, for one person: `sees(level)` says which questions they may see at all.

    `describe` gives the tree of what is visible (refs of questions, dicts for groups) and each visible question. Only
    what changed since is described anew.
    """

    def __init__(self, session: Session, language: str, sees: Callable[[Level], bool]) -> None:
        self._session = session
        self._language = language
        self._sees = sees
        self._known: dict[str, Description] = {}
        self._drawn: dict[str, Drawn] = {}
        self._tree: list[Any] = []
        self._changed: set[str] | None = None
        self._tried = False

    @property
    def instance(self) -> dict[str, Any]:
        """All answers, as a draft keeps them."""
        return self._session.instance

    def change(self, kind: Change, ref: str, value: Any) -> None:
        """Answer a question, or add or remove a round of a repeat. Raises RefusedAnswer, and then nothing changed."""
        if kind == "answer":
            if ref not in self._visible():
                raise RefusedAnswer("pages.form.unknown_question")
            if not isinstance(value, str):
                raise RefusedAnswer("pages.form.not_text")
            changes = self._answer(ref, value)
        else:
            changes = self._session.add_repeat(ref) if kind == "add" else self._session.remove_repeat(ref)
        self._note(changes)

    def _note(self, changes: Changes) -> None:
        """Remember what is to be described anew: some visible questions, or all when any came or went."""
        if changes.structure or any(self._moved(ref) for ref in changes):
            self._changed = None
        elif self._changed is not None:
            self._changed |= {ref for ref in changes if ref in self._drawn}

    def _moved(self, ref: str) -> bool:
        drawable = plain(ref) in self._session.form.control_of
        return drawable and (ref not in self._drawn or not self._session.state(ref).relevant)

    def _answer(self, ref: str, value: str) -> Changes:
        try:
            return self._session.answer(ref, value)
        except RefusedAnswer as refusal:
            if refusal.key == "xforms.refused_choice":
                raise RefusedAnswer("pages.form.not_on_list", given=value[:40]) from None
            raise

    def describe(self, *, tried: bool) -> tuple[list[Any], dict[str, Description]]:
        """What is visible now. Blank required questions count as problems once submitting was `tried`."""
        if self._changed is None or tried != self._tried:
            self._tried = tried
            self._drawn = {}
            self._tree = list(self._branch(self._session.layout(), ""))
            self._changed = set(self._drawn)
            self._known = {ref: {} for ref in self._drawn}  # in the order of the form
        for ref in self._changed:
            self._known[ref] = self._question(self._drawn[ref])
        self._changed = set()
        return self._tree, dict(self._known)

    def _visible(self) -> Mapping[str, Drawn]:
        """The questions that were shown: one that nobody was shown takes no answer."""
        if self._changed is None:
            self.describe(tried=self._tried)
        return self._drawn

    def _branch(self, drawn: Sequence[Drawn], where: str) -> Iterator[Any]:
        for place, one in enumerate(drawn):
            if one.is_question:
                if self._sees(level_of(one.extra.get("level"))):
                    self._drawn[one.ref] = one
                    yield one.ref
                continue
            key = one.ref or f"{where}/{place}"
            items = list(self._branch(one.children, key))
            if items or one.kind == "repeat":
                yield self._group(one, key, items, place)

    def _group(self, one: Drawn, key: str, items: list[Any], place: int) -> Description:
        group: Description = {"ref": key, "label": one.label, "items": items}
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
        kind = self._kind(one, state)
        listed = kind in ("radio", "checks", "select")
        labels = dict(state.choices)
        problem = state.violation if state.violation and (self._tried or state.violation.rule != "required") else None
        shown = problem or state.soft
        hint = state.hint
        if kind == "unsupported":
            hint = f"{hint} {text('pages.form.unsupported', self._language, kind=one.type or one.kind)}".strip()
        description: Description = {
            "ref": one.ref,
            "kind": kind,
            "label": state.label,
            "hint": hint,
            "required": state.required,
            "readonly": state.readonly,
            "value": state.value,
            "value_label": labels.get(state.value, state.value),
            "choices": [{"value": value, "label": label} for value, label in state.choices] if listed else None,
            "problem": fact(shown, self._language) if shown else None,
            "soft": problem is None and shown is not None,
            "wide": _wide(one, kind, len(labels)),
        }
        if kind == "range":
            bounds = {"start": "0", "end": "10", "step": "1"}
            description |= {name: one.parameters.get(name, usual) for name, usual in bounds.items()}
        return description

    def _kind(self, one: Drawn, state: NodeState) -> str:
        if one.kind == "input":
            return self._input_kind(one, state)
        if one.kind == "select1":
            return self._choice_kind(one, len(state.choices))
        return {"select": "checks", "range": "range", "trigger": "acknowledge"}.get(one.kind, "unsupported")

    def _choice_kind(self, one: Drawn, count: int) -> str:
        itemset = self._session.form.control_of[plain(one.ref)].itemset
        if count > SELECT_MOST or (itemset is not None and "[" in itemset.nodeset):
            return "combobox"  # a filtered list too, whatever its length now: a control must not change under the hand
        minimal = {"minimal", "autocomplete", "search"} & set(one.appearance.split())
        return "select" if minimal or count > RADIO_MOST else "radio"

    def _input_kind(self, one: Drawn, state: NodeState) -> str:
        if state.readonly:
            return "output" if state.value or self._session.form.nodes[plain(one.ref)].bind.calculate else "note"
        if one.type in PLAIN:
            return "multiline" if "multiline" in one.appearance.split() else "text"
        return TYPED.get(one.type, "unsupported")

    def find_choices(self, ref: str, query: str) -> Description:
        """The first choices of a long list whose label contains `query`, or whose code starts with it."""
        if ref not in self._visible():
            return {"items": [], "more": 0}
        wanted = query.strip().lower()[:100]
        found = [
            {"value": value, "label": label}
            for value, label in self._session.state(ref).choices
            if wanted in label.lower() or value.lower().startswith(wanted)
        ]
        return {"items": found[:FOUND_MOST], "more": max(0, len(found) - FOUND_MOST)}

    def problems(self) -> list[dict[str, str]]:
        """All that stands in the way of submitting, in the order of the form."""
        return [self.line(problem) for problem in self._session.problems()]

    def line(self, problem: Problem) -> dict[str, str]:
        """A problem for the summary: where, in the words of the form, and what."""
        label = problem.label.get(self._language) or next(iter(problem.label.values()), "")
        return {"ref": problem.ref, "label": label, "text": fact(problem, self._language)}


def fact(problem: Problem, language: str) -> str:
    """What is wrong and how to mend it, in the form's own words where it has any."""
    own = problem.own.get(language) or next(iter(problem.own.values()), "")
    words = own or text(problem.key, language, **problem.facts)
    return words[:1].upper() + words[1:]


def plain(ref: str) -> str:
    """A ref without the positions of repeats: `/data/contact[2]/phone` → `/data/contact/phone`."""
    return "/".join(step.partition("[")[0] for step in ref.split("/"))


def _wide(one: Drawn, kind: str, choices: int) -> bool:
    if kind in ("multiline", "note"):
        return True
    if kind in ("radio", "checks"):
        return choices > INLINE
    return kind == "text" and int(one.extra.get("max_length") or 0) >= WIDE_TEXT
