"""What two forms ask alike (R72): the same property of the same entity, the same name, or nearly the same words."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from custinfo.xforms.compare import labels
from custinfo.xforms.model import Form, ModelNode

NEAR = 0.84
"""From which likeness of their labels on two questions count as nearly the same; 1 is the same but for punctuation."""
CUSTOMERS = "customers"
ABOUT = "about"
"""The form column that marks it (`bind::custinfo:about`)."""
SHORTEST = 4
"""Labels with fewer characters must be the same: one letter more or less is another word."""
_NOT_WORDS = re.compile(r"[\W_]+")
_IN_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
Likeness = Literal["property", "words", "near"]


@dataclass(frozen=True)
class Question:
    """A question as it can be compared: `kept` names the properties of entities that it fills, `dataset#property`;
    `folded` are its labels without what does not tell questions apart; `kind` is that of its control.
    """

    ref: str
    labels: Mapping[str, str]
    folded: Mapping[str, str]
    kept: frozenset[str]
    kind: str

    @property
    def named(self) -> str:
        """The property of customers that it would be by its name."""
        return f"{CUSTOMERS}#{self.ref.rpartition('/')[2]}"


@dataclass(frozen=True)
class Overlap:
    """A question of the proposed form and one of another that is like it; of words, in which `language`."""

    question: Question
    other: Question
    likeness: Likeness
    language: str = ""


def questions(form: Form) -> tuple[Question, ...]:
    """What a form asks people, in its order: neither notes nor calculations nor groups."""
    return tuple(_question(form, node) for node in _asked(form))


def overlaps(proposed: Form, other: Form) -> list[Overlap]:
    """Each question of the proposed form that another form asks too, with the likest of its questions."""
    theirs = questions(other)
    found = (_likest(question, theirs) for question in questions(proposed))
    return [one for one in found if one is not None]


def repeated(form: Form) -> list[Overlap]:
    """Each question of a form that asks what an earlier one asks."""
    asked = questions(form)
    found = (_likest(question, asked[:place]) for place, question in enumerate(asked))
    return [one for one in found if one is not None]


def _asked(form: Form) -> Iterator[ModelNode]:
    for ref, node in form.nodes.items():
        control = form.control_of.get(ref)
        if control is None or control.kind in ("group", "repeat", "trigger") or node.is_group:
            continue
        # The number of the customer who is asked identifies the answers, and is asked of nobody
        if node.bind.calculate is None and node.bind.readonly != "true()" and ABOUT not in node.bind.extra:
            yield node


def _question(form: Form, node: ModelNode) -> Question:
    kept = {f"{one.dataset}#{name}" for one in form.entities for name, ref in one.properties.items() if ref == node.ref}
    said = labels(form, node.ref)
    folded = {language: _folded(label) for language, label in said.items()}
    return Question(node.ref, said, folded, frozenset(kept), form.control_of[node.ref].kind)


def _likest(question: Question, theirs: tuple[Question, ...]) -> Overlap | None:
    best: tuple[float, Overlap] | None = None
    for other in theirs:
        if question.kept & other.kept or question.named in other.kept:
            return Overlap(question, other, "property")
        near, language = _nearness(question.folded, other.folded)
        if near >= NEAR and (best is None or near > best[0]):
            best = near, Overlap(question, other, "words" if near == 1 else "near", language)
    return best[1] if best else None


def _nearness(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[float, str]:
    """How like their labels are, in the language in which they are likest, and that language."""
    each = ((_alike(ours[one], theirs[one]), one) for one in ours if one in theirs)
    return max(each, default=(0.0, ""), key=lambda one: one[0])


def _alike(one: str, other: str) -> float:
    """The share of characters that two folded labels have in common, in order; 0 for what is not near."""
    shorter, both = min(len(one), len(other)), len(one) + len(other)
    if not shorter or 2 * shorter < NEAR * both:
        return 0.0
    if one == other:
        return 1.0
    if shorter < SHORTEST:
        return 0.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return min(matcher.ratio(), 0.999) if matcher.quick_ratio() >= NEAR else 0.0


def _folded(label: str) -> str:
    """A label without what does not tell questions apart: case, width, punctuation, and what stands in brackets."""
    plain = unicodedata.normalize("NFKC", label).casefold()
    return _NOT_WORDS.sub("", _IN_BRACKETS.sub("", plain)) or _NOT_WORDS.sub("", plain)
