"""What a proposed version of a form would mean for the records that are stored; no record is ever changed.

The newest published version is compared with the proposed one, and every stored record (its newest version, as of the
moment of its interview, or else of its recording) is put through the proposed form by the engine.

Records are named to whoever may read them, with every answer by either version of the form; the others are counted, and
not exactly (`disclosure`): else a rule written for the purpose would tell their answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.actions import disclosure, forms, sealing
from custinfo.actions.disclosure import Number
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
from custinfo.xforms.refs import flat, without_positions

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

    `answered` is how many stored records have an answer at the question, `harmed` how many lose it, break a rule there,
    or would be computed anew; `concerned` are the ids of those that the reader may read.
    """

    difference: Difference
    answered: Number
    harmed: Number
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
            "choices": ", ".join(removed), "answered": self.answered, "concerned": self.harmed,
        }  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """A stored record that the proposed version would not accept, with every reason."""

    record_id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Impact:
    """What publishing `version` means for the records of `base_version` and before; None for a form's first version.

    `revalidated` counts the stored records that were put through the proposed form, `invalid` those it refuses;
    `now_invalid` are those of them that the reader may read. `harms` says whether a stored record would lose or break
    an answer; to who may not read all of them, whether it could. `digest` is what somebody confirms who publishes: it
    stands for the differences, and for which records break at which rule.
    """

    form_id: str
    base_version: str | None
    version: str
    lines: tuple[Line, ...] = ()
    revalidated: int = 0
    invalid: Number = disclosure.NONE
    now_invalid: tuple[Broken, ...] = ()
    harms: bool = False
    digest: str = ""

    def of_kind(self, *kinds: compare.DifferenceKind) -> tuple[Line, ...]:
        """The lines of these kinds."""
        return tuple(line for line in self.lines if line.kind in kinds)


@dataclass
class _Counted:
    """What the stored records say, gathered one record after the other."""

    readable: set[str] = field(default_factory=set)
    """The records that the reader may read."""
    total: int = 0
    answered: dict[str, list[str]] = field(default_factory=dict)
    """By question: the ids of the records that have an answer there."""
    broken: list[Broken] = field(default_factory=list)
    concerned: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """By kind of difference and question: the ids of the records that it concerns."""

    def concern(self, kind: str, ref: str, record_id: str) -> None:
        ids = self.concerned.setdefault((kind, ref), [])
        if not ids or ids[-1] != record_id:
            ids.append(record_id)

    @property
    def all_readable(self) -> bool:
        return len(self.readable) == self.total

    def named(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Those of the records that the reader may read."""
        return tuple(one for one in ids if one in self.readable)

    def number(self, ids: Sequence[str]) -> Number:
        """How many they are, as far as the reader may know."""
        named = len(self.named(ids))
        return disclosure.counted(named, len(ids) - named, exact=self.all_readable)


def report(store: Store, actor: Person, form: Form) -> Impact:
    """The impact of publishing `form`. That it was asked for is on the audit log.

    Raises NotAllowed for who neither proposes nor reviews nor publishes forms.
    """
    found = assess(store, actor, form)
    if found.base_version is not None:
        with store.act(actor.person_id, "form.impact", "form", form.form_id, version=form.version) as tx:
            tx.note(records=found.revalidated)
    return found


def assess(store: Store, actor: Person, form: Form) -> Impact:
    """The report alone, for who writes what comes of it on the audit log (within a transaction, too)."""
    if not any(permissions.may(actor, permission) for permission in MAY_ASK):
        permissions.check(actor, MAY_ASK[0])
    try:
        base = forms.load(store, form.form_id)
    except NotFound:
        return Impact(form.form_id, None, form.version, digest=_digest(store, form, None, [], []))
    differences = compare.differences(base, form)
    counted = _count_all(store, actor, form, differences)
    every = [*differences, *_hidden(counted, differences, base)]
    shown = [_line(counted, one) for one in every]
    lines = tuple(line for line in shown if line.kind != "hidden" or line.harmed.least)
    harms = bool(counted.broken or any(counted.concerned.values())) if counted.all_readable else bool(differences)
    broken = tuple(one for one in counted.broken if one.record_id in counted.readable)
    return Impact(
        form.form_id, base.version, form.version, lines, counted.total,
        counted.number([one.record_id for one in counted.broken]), broken, harms or bool(broken),
        _digest(store, form, base.version, every, counted.broken),
    )  # fmt: skip


def _count_all(store: Store, actor: Person, form: Form, differences: tuple[Difference, ...]) -> _Counted:
    records = store.rows(
        "SELECT * FROM record_current WHERE form_id = ? ORDER BY created_at, record_id", [form.form_id]
    )
    counted = _Counted(total=len(records))
    readable = _Readable(store, actor, form)
    opened = opener(store, form, SERVICE)  # the verdict does not depend on what the reader may see
    for row in records:
        if readable(row):
            counted.readable.add(row["record_id"])
        values = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
        _count(counted, differences, row, values, opened, form)
    return counted


class _Readable:
    """Whether the reader may read a record with every answer, by its own version of the form and by the proposed."""

    def __init__(self, store: Store, actor: Person, form: Form) -> None:
        self._store, self._actor, self._form = store, actor, form
        self._may = permissions.may(actor, "record.read") and self._cleared(form)
        self._cleared_for: dict[str, bool] = {}

    def __call__(self, row: Row) -> bool:
        if not self._may:
            return False
        version = row["form_version"]
        if version not in self._cleared_for:
            self._cleared_for[version] = self._cleared(forms.load(self._store, self._form.form_id, version))
        if not self._cleared_for[version]:
            return False
        try:
            policies.check_readable(self._actor, row)
        except NotFound:
            return False
        return True

    def _cleared(self, form: Form) -> bool:
        """For every place: a rule of one question can ask about any other."""
        return visibility.sees(self._actor, min(form.levels.values()))


def _digest(
    store: Store, form: Form, base: str | None, differences: Sequence[Difference], broken: Sequence[Broken]
) -> str:
    """Records that the proposed version accepts do not change it: people go on working meanwhile.

    With the site's key, so that nobody can find out by trial which records it stands for.
    """
    told = [[one.kind, one.ref, one.new_ref, one.old, one.new, one.removed] for one in differences]
    breaks = [[one.record_id, [[problem.ref, problem.rule] for problem in one.problems]] for one in broken]
    return store.lookup_digest(json.dumps([form.form_id, base, form.version, told, breaks], ensure_ascii=False))[:16]


def _count(
    counted: _Counted, differences: tuple[Difference, ...], row: Row, values: dict[str, Any], opened: Opener, form: Form
) -> None:  # fmt: skip
    before = flat(values, form.root.ref)
    record_id = row["record_id"]
    answered = {without_positions(ref) for ref, value in before.items() if value}
    for ref in answered:
        counted.answered.setdefault(ref, []).append(record_id)
    instance, _ = fitted(form, values)
    session = opened(instance, parse(row["interviewed_at"] or row["recorded_at"]))
    problems = session.problems()
    if problems:
        counted.broken.append(Broken(record_id, tuple(_plain(form, one) for one in problems)))
    rules = {(problem.rule, without_positions(problem.ref)) for problem in problems}
    after = flat(session.values, form.root.ref)
    unlike = {ref for ref, value in before.items() if value and after.get(ref, "") != value}
    wrong = {ref for _, ref in rules}
    gone = {without_positions(ref) for ref in unlike if not after.get(ref)} - wrong
    for ref in gone & set(form.nodes):
        counted.concern("hidden", ref, record_id)
    computed = {without_positions(ref) for ref in unlike}
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
    ids = counted.concerned.get((one.kind, one.place), [])
    return Line(one, counted.number(counted.answered.get(one.place, [])), counted.number(ids), counted.named(ids))


def _plain(form: Form, problem: Problem) -> Problem:
    """The problem without answers of other questions in its texts."""
    ref = without_positions(problem.ref)
    bind = form.nodes[ref].bind
    own = bind.required_message if problem.rule == "required" else bind.constraint_message
    shown = compare.plain(form, own) if problem.own else {}
    return replace(problem, label=compare.labels(form, ref), own=shown)
