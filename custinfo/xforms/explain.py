"""Why a question is hidden, required, read-only, computed or wrong, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from custinfo.domain.messages import ours, spoken, text
from custinfo.xforms.checks import Checks
from custinfo.xforms.engine import Engine
from custinfo.xforms.model import language_code
from custinfo.xforms.rules import Kind, Rule
from custinfo.xforms.texts import HIDDEN, Texts
from custinfo.xforms.tree import Item
from custinfo.xforms.wording import Wording

What = Literal["hidden", "required", "readonly", "wrong", "calculated"]
MOST_READS = 20
_RULES: dict[What, Kind] = {
    "hidden": "relevant", "readonly": "readonly", "calculated": "calculate",
    "required": "required", "wrong": "constraint",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that makes the question what it is: where the rule stands, its expression, and the answers it reads.

    `label`, `words` and `given` are by language: the question, the rule in words, the answers by their labels. A type,
    format or length that is broken has no expression; its sentence stands in `words`.
    """

    what: What
    ref: str
    rule: Kind | str
    expression: str
    reads: Mapping[str, str] = field(default_factory=dict)
    label: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)

    def message(self, language: str = "zh-CN") -> str:
        """The reason as a sentence."""
        shown = ours(language)
        place = spoken(self.label, language) or self.ref
        words = spoken(self.words, language) or self.expression.strip()
        if not self.expression:
            return text("xforms.problem", shown, place=place, fact=words)
        told = text(f"xforms.explain_{self.what}", shown, place=place, condition=words)
        given = spoken(self.given, language)
        return told + text("xforms.explain_now", shown, given=given) if given else told


def explain(engine: Engine, texts: Texts, checks: Checks, item: Item) -> tuple[Reason, ...]:
    """The reasons, those of the places above first."""
    above: list[Item] = []
    one: Item | None = item
    while one is not None:
        above.insert(0, one)
        one = one.parent
    found = [_reason(engine, texts, "hidden", i) for i in above if not i.own_relevant]
    found += [_reason(engine, texts, "readonly", i) for i in above if i.own_readonly]
    found += [_reason(engine, texts, "calculated", item)]
    if item.relevant:
        found += [_reason(engine, texts, "required", item)] if item.required else []
        found += [_wrong(engine, texts, checks, item)]
    return tuple(r for r in found if r is not None)


def _wrong(engine: Engine, texts: Texts, checks: Checks, item: Item) -> Reason | None:
    """The rule that the answer breaks; or a type, format, length, quota or list, which are no expressions."""
    problem = checks.violation(item)
    if problem is None or problem.rule == "required":
        return None
    if problem.rule == "constraint" and not item.holds:
        return _reason(engine, texts, "wrong", item)
    words = {language: text(problem.key, language, **problem.facts) for language in ("zh-CN", "en")}
    return Reason("wrong", item.ref, problem.rule, "", label=problem.label, words=words)


def _reason(engine: Engine, texts: Texts, what: What, item: Item) -> Reason | None:
    rule = engine.rules.by_name.get((item.spec.ref, _RULES[what]))
    if rule is None:
        return None
    read = list(_read(engine, rule, item))
    label, words, given = {}, {}, {}
    active = texts.surroundings.language_name
    for name in engine.form.translations or (active,):
        texts.speak(name)
        code = language_code(name)
        wording = Wording(texts, item, ours(code))
        control = engine.form.control_of.get(item.spec.ref)
        label[code] = (texts.show(control.label, item) if control else "") or item.ref
        words[code] = wording.say(rule.expression.tree)
        given[code] = "; ".join(_answer(texts, wording, one) for one in read)
    texts.speak(active)
    values = {one.ref: HIDDEN if texts.hides(one) else one.text for one in read}
    return Reason(what, item.ref, rule.kind, rule.expression.text, values, label, words, given)


def condition(engine: Engine, texts: Texts, item: Item) -> str:
    """The rule that decides whether the place is asked, in words of the active language."""
    rule = engine.rules.by_name.get((item.spec.ref, "relevant"))
    language = ours(language_code(texts.surroundings.language_name))
    return Wording(texts, item, language).say(rule.expression.tree) if rule else ""


def _answer(texts: Texts, wording: Wording, item: Item) -> str:
    question = wording.label(item.spec.ref)
    if texts.hides(item):
        return wording.word("equal", one=question, other=HIDDEN)
    if not item.text:
        return wording.word("blank", question=question)
    chosen = [texts.choice_label(item.spec.ref, value, item) or value for value in item.text.split(" ")]
    return wording.word("equal", one=question, other=wording.word("quoted", text=", ".join(chosen)))


def _read(engine: Engine, rule: Rule, item: Item) -> Iterator[Item]:
    """The answers that the rule reads, each once; no more than twenty."""
    found: dict[str, Item] = {}
    for read in rule.reads:
        near = item
        while near.spec.ref != read.anchor and near.parent is not None:
            near = near.parent
        for one in engine.below(near, read.ref):
            if one.is_leaf and len(found) < MOST_READS:
                found[one.ref] = one
    yield from found.values()
