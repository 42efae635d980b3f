"""What a proposed version of a form would mean for the records that are stored; no record is ever changed.

The newest published version is compared with the proposed one, and every stored record (its newest version, as of the
moment it was recorded) is put through the proposed form by the engine.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from custinfo.access import permissions, visibility
from custinfo.actions import entities, forms
from custinfo.actions.many import Opener, opener
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form, Problem, compare
from custinfo.xforms.compare import Difference
from custinfo.xforms.fitting import fitted

SHOWN_CHOICES = 10
MAY_ASK = ("form.propose", "form.review", "form.publish")
RULE_OF = {
    "required": "required", "constraint": "constraint", "choice_filter": "choice", "format": "format",
    "max_length": "text",
}  # fmt: skip
"""Which rule of the engine breaks when a difference of this kind concerns an answer."""


@dataclass(frozen=True)
class Line:
    """One difference and whom it concerns.

    `answered` is how many stored records have an answer at the question; `concerned` are the ids of those that lose
    it, break a rule there, or would be computed anew.
    """

    difference: Difference
    answered: int
    concerned: tuple[str, ...]

    @property
    def kind(self) -> compare.DifferenceKind:
        """What kind of difference it is."""
        return self.difference.kind

    def text(self, language: str) -> str:
        """What is different, and how many records that concerns."""
        return text(f"form_life.impact.{self.kind}", language, **self._facts(language))

    def advice(self, language: str) -> str:
        """How to migrate: what to do before publishing, or with the records after it."""
        return text(f"form_life.advice.{self.kind}", language, **self._facts(language))

    def _facts(self, language: str) -> dict[str, object]:
        one = self.difference
        removed = [*one.removed[:SHOWN_CHOICES], *(["…"] if len(one.removed) > SHOWN_CHOICES else [])]
        name = one.label.get(language) or next(iter(one.label.values()), "")
        return {
            "question": name, "ref": one.place, "new_ref": one.new_ref, "old": one.old or "–", "new": one.new or "–",
            "choices": ", ".join(removed), "answered": self.answered, "concerned": len(self.concerned),
        }  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """A stored record that the proposed version would not accept, with every reason."""

    record_id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Impact:
    """What publishing `version` means for the records of `base_version` and before; None for a form's first version.

    `revalidated` counts the stored records that were put through the proposed form; `now_invalid` are those it refuses.
    """

    form_id: str
    base_version: str | None
    version: str
    lines: tuple[Line, ...] = ()
    revalidated: int = 0
    now_invalid: tuple[Broken, ...] = ()

    def of_kind(self, *kinds: compare.DifferenceKind) -> tuple[Line, ...]:
        """The lines of these kinds."""
        return tuple(line for line in self.lines if line.kind in kinds)

    @property
    def lost(self) -> tuple[Line, ...]:
        """Questions that went, or whose answers would be hidden."""
        return self.of_kind("lost", "hidden")

    @property
    def gained(self) -> tuple[Line, ...]:
        """Questions that came."""
        return self.of_kind("gained")

    @property
    def renamed(self) -> tuple[Line, ...]:
        """Questions that look renamed or moved."""
        return self.of_kind("renamed")

    @property
    def type_changed(self) -> tuple[Line, ...]:
        """Questions whose answers are of another type."""
        return self.of_kind("type")

    @property
    def choices_removed(self) -> tuple[Line, ...]:
        """Questions that offer less."""
        return self.of_kind("choices")

    @property
    def constraints_tightened(self) -> tuple[Line, ...]:
        """Questions with other rules."""
        kinds: tuple[compare.DifferenceKind, ...] = ("required", "constraint", "relevant", "choice_filter")
        return self.of_kind(*kinds, "format", "max_length", "unique", "calculate")

    @property
    def harms(self) -> bool:
        """Whether a stored record would lose or break an answer."""
        return bool(self.now_invalid) or any(line.concerned for line in self.lines)

    @cached_property
    def digest(self) -> str:
        """What somebody confirms who publishes: the differences, and which records break at which rule.

        Records that the proposed version accepts do not change it: people go on working meanwhile.
        """
        lines = [
            [line.kind, line.difference.ref, line.difference.new_ref, line.difference.old, line.difference.new,
             line.difference.removed] for line in self.lines
        ]  # fmt: skip
        broken = [
            [one.record_id, [[problem.ref, problem.rule] for problem in one.problems]] for one in self.now_invalid
        ]
        told = json.dumps([self.form_id, self.base_version, self.version, lines, broken], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass
class _Counted:
    """What the stored records say, gathered one record after the other."""

    answered: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    concerned: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """By kind of difference and question: the ids of the records that it concerns."""

    def concern(self, kind: str, ref: str, record_id: str) -> None:
        ids = self.concerned.setdefault((kind, ref), [])
        if not ids or ids[-1] != record_id:
            ids.append(record_id)


def report(store: Store, actor: Person, form: Form) -> Impact:
    """The impact of publishing `form`. That it was asked for is on the audit log.

    What the person may not see of the records stands in no problem. Raises NotAllowed for who neither proposes nor
    reviews nor publishes forms.
    """
    if not any(permissions.may(actor, permission) for permission in MAY_ASK):
        permissions.check(actor, MAY_ASK[0])
    try:
        base = forms.load(store, form.form_id)
    except NotFound:
        return Impact(form.form_id, None, form.version)
    differences = compare.differences(base, form)
    records = store.rows(
        "SELECT * FROM record_current WHERE form_id = ? ORDER BY created_at, record_id", [form.form_id]
    )
    counted = _Counted()
    opened = opener(store, form, SERVICE)  # the verdict does not depend on what the reader may see
    for row in records:
        _count(counted, differences, row, opened, form, actor)
    lines = [_line(counted, one) for one in differences]
    lines += [_line(counted, one) for one in _hidden(counted, differences, base)]
    with store.act(actor.person_id, "form.impact", "form", form.form_id, version=form.version, records=len(records)):
        pass
    return Impact(form.form_id, base.version, form.version, tuple(lines), len(records), tuple(counted.broken))


def _count(
    counted: _Counted, differences: tuple[Difference, ...], row: Row, opened: Opener, form: Form, actor: Person
) -> None:
    values = json.loads(row["content"])
    before = entities.flat(values, form.root.ref)
    record_id = row["record_id"]
    answered = {entities.without_positions(ref) for ref, value in before.items() if value}
    counted.answered.update(answered)
    instance, _ = fitted(form, values)
    session = opened(instance, parse(row["recorded_at"]))
    problems = session.problems()
    if problems:
        counted.broken.append(Broken(record_id, tuple(_for_reader(form, actor, one) for one in problems)))
    rules = {(problem.rule, entities.without_positions(problem.ref)) for problem in problems}
    after = entities.flat(session.values, form.root.ref)
    unlike = {ref for ref, value in before.items() if value and after.get(ref, "") != value}
    wrong = {ref for _, ref in rules}
    gone = {entities.without_positions(ref) for ref in unlike if not after.get(ref)} - wrong
    for ref in gone & set(form.nodes):
        counted.concern("hidden", ref, record_id)
    computed = {entities.without_positions(ref) for ref in unlike}
    for one in differences:
        if _concerns(one, values, answered, rules, gone, computed):
            counted.concern(one.kind, one.place, record_id)


def _concerns(
    one: Difference, values: Mapping[str, Any], answered: set[str], rules: set[tuple[Any, str]], gone: set[str],
    computed: set[str],
) -> bool:  # fmt: skip
    """Whether a record loses its answer, breaks a rule, or is computed anew by this difference."""
    if one.kind in ("lost", "renamed"):
        return one.ref in answered
    if one.kind == "type":
        broken = any((rule, one.new_ref) in rules for rule in ("type", "choice", "format", "text"))
        moved = one.ref in gone and "×" in one.old + one.new  # into a repeat, or out of one
        return one.ref in answered and (broken or moved)
    if one.kind == "choices":
        given = {value for answer in _at(values, one.ref) for value in answer.split()}
        return bool(given & set(one.removed))
    if one.kind in ("relevant", "calculate"):
        return one.ref in (gone if one.kind == "relevant" else computed)
    return (RULE_OF.get(one.kind, ""), one.new_ref) in rules


def _at(values: Mapping[str, Any], ref: str) -> list[str]:
    """Every answer at a place of the form, in all instances of the repeats around it."""
    found: list[Any] = [values]
    for name in ref.split("/")[2:]:
        below = [one[name] for one in found if isinstance(one, Mapping) and name in one]
        found = [item for one in below for item in (one if isinstance(one, list) else [one])]
    return [one for one in found if isinstance(one, str)]


def _hidden(counted: _Counted, differences: tuple[Difference, ...], base: Form) -> list[Difference]:
    """Questions whose own rules are the same, and whose stored answers another difference hides."""
    told = {one.place for one in differences if one.kind in ("relevant", "type", "calculate")}
    refs = [ref for kind, ref in counted.concerned if kind == "hidden" and ref not in told and ref in base.nodes]
    return [Difference("hidden", ref, ref, label=compare.labels(base, ref)) for ref in sorted(refs)]


def _line(counted: _Counted, one: Difference) -> Line:
    return Line(one, counted.answered[one.place], tuple(counted.concerned.get((one.kind, one.place), ())))


def _for_reader(form: Form, actor: Person, problem: Problem) -> Problem:
    """The problem without answers of other questions, and without the answer itself where the person may not see it."""
    ref = entities.without_positions(problem.ref)
    bind = form.nodes[ref].bind
    sees = visibility.sees(actor, form.levels[ref])
    facts = dict(problem.facts) if sees else dict.fromkeys(problem.facts, "…")
    own = bind.required_message if problem.rule == "required" else bind.constraint_message
    shown = compare.plain(form, own) if problem.own else {}
    return replace(problem, facts=facts, label=compare.labels(form, ref), own=shown)
