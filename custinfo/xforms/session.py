"""A form being filled in: answers go in, what changed comes out, `finish()` gives a valid record or every problem."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from random import Random

from custinfo.domain.errors import BadInput
from custinfo.domain.text import clean
from custinfo.xforms import explain as explaining
from custinfo.xforms import layout as drawing
from custinfo.xforms.actions import Actions
from custinfo.xforms.checks import SELECTS, Checks, max_length
from custinfo.xforms.engine import Engine, Touched
from custinfo.xforms.explain import Reason
from custinfo.xforms.last_saved import last_saved_list
from custinfo.xforms.layout import Drawn
from custinfo.xforms.model import Form, FormError
from custinfo.xforms.problems import Format, Problem, RefusedAnswer, Unfinished
from custinfo.xforms.quotas import Counts
from custinfo.xforms.records import Record, make_record
from custinfo.xforms.texts import Media, Surroundings, Texts
from custinfo.xforms.tree import MAX_INSTANCES, Item, draft, record
from custinfo.xforms.veil import Sees, veiled
from custinfo.xforms.xpath import Context, Node

_STEP = re.compile(r"([^\[\]/]+)(?:\[([1-9]\d{0,6})\])?\Z")


@dataclass(frozen=True, slots=True)
class Changes:
    """What an answer changed: refs in document order, refs that are gone, and whether repeats came or went."""

    refs: tuple[str, ...]
    removed: tuple[str, ...] = ()
    structure: bool = False

    def __iter__(self) -> Iterator[str]:
        return iter(self.refs)

    def __contains__(self, ref: object) -> bool:
        return ref in self.refs


@dataclass(frozen=True, slots=True)
class NodeState:
    """One question as it stands now. `value` is what was given, even if it is wrong or not relevant."""

    ref: str
    value: str
    relevant: bool
    required: bool
    readonly: bool
    calculated: bool
    violation: Problem | None
    soft: Problem | None
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of a question's state that is cheap to know. `violation` is None for a blank answer, required or not."""

    value: str
    relevant: bool
    required: bool
    readonly: bool
    violation: Problem | None


class Session:
    """One record being filled in.

    `instance` is a draft as `session.instance` gave it; left out, the form's own defaults stand and its first-load
    actions run. `formats` are checks by name, for the extra attribute `format` of a question. `lists` are the rows of
    the form's live lists by id, `counts` how many records have which answer at the questions that have quotas.
    `last_saved` are the values of the record of this form that the same person finished last, for `${last-saved#name}`.
    `sees` says which levels the reader may see: in labels, hints, messages and reasons `…` stands for an answer of any
    other. Values are given as they are, the places of the form have their level in `form.levels`.
    """

    def __init__(
        self, form: Form, instance: Mapping[str, object] | None = None, *, language: str | None = None,
        formats: Mapping[str, Format] | None = None, clock: Callable[[], datetime] | None = None,
        zone: tzinfo | None = None, random: Random | None = None, properties: Mapping[str, str] | None = None,
        lists: Mapping[str, Node] | None = None, counts: Counts | None = None,
        last_saved: Mapping[str, object] | None = None, sees: Sees | None = None,
    ) -> None:  # fmt: skip
        self.form = form
        self._overwritten = False
        self._again = partial(
            Session, form, language=language, formats=formats, clock=clock, zone=zone, random=random,
            properties=properties, lists=lists, counts=counts, last_saved=last_saved,
        )  # fmt: skip
        self._formats = formats or {}
        named = [(n.ref, n.bind.extra.get("format", "")) for n in form.nodes.values()]
        unknown: list[dict[str, object]] = [
            {"ref": ref, "name": name} for ref, name in named if name and name not in self._formats
        ]
        if unknown:
            raise FormError([("xforms.unknown_format", facts) for facts in unknown])
        surroundings = Surroundings(form, {**(lists or {}), **last_saved_list(form, last_saved)})
        context = Context(surroundings=surroundings, random=random or Random())  # noqa: S311 - shuffles choices; ids need no secrecy
        if clock is not None:
            context.now = clock
        context.zone = zone or _local_zone(clock)
        context.language = form.default_language
        self._engine = Engine(form, context, form.initial if instance is None else instance)
        surroundings.texts = Texts(self._engine, surroundings)
        self._texts = veiled(surroundings.texts, sees)
        if language is not None:
            self._speak(language)
        self._actions = Actions(self._engine, properties or {})
        self._checks = Checks(self._engine, self._texts, self._formats, counts or {})
        self._engine.run_all()
        self._actions.load(first=instance is None)
        self._engine.touched = Touched()

    # Answers

    def answer(self, ref: str, value: str | None) -> Changes:
        """Gives an answer; None or "" makes it blank. An answer that breaks a rule is kept, and reported by `state`.

        Raises RefusedAnswer, and changes nothing, for a place that takes no answer, a choice that is not offered, or
        text that cannot be kept.
        """
        item = self._answerable(ref)
        cleaned = self._cleaned(item, value)
        if cleaned and self._checks.unoffered(item, cleaned):
            raise RefusedAnswer("xforms.refused_choice", ref=ref)
        if cleaned == item.stored:
            return Changes(())
        self._overwritten |= item.spec.bind.calculate is not None
        self._engine.set_stored(item, cleaned)
        self._engine.settle()
        self._actions.new_repeats()
        self._actions.value_changed(item)
        self._actions.recalculated()
        return self._changes()

    def _answerable(self, ref: str) -> Item:
        item = self._item(ref)
        if not item.is_leaf or item.kind == "attribute" or item.spec.ref == self.form.root.ref:
            raise RefusedAnswer("xforms.refused_unknown", ref=ref)
        if not item.relevant:
            raise RefusedAnswer("xforms.refused_hidden", ref=ref)
        if item.readonly:
            raise RefusedAnswer("xforms.refused_readonly", ref=ref)
        if item.spec.bind.preload or item.spec.ref not in self.form.control_of:
            raise RefusedAnswer("xforms.refused_calculated", ref=ref)
        return item

    def _cleaned(self, item: Item, value: str | None) -> str:
        if value is None or value == "":
            return ""
        limit = max_length(item)
        if not isinstance(value, str) or len(value) > 4 * limit + 100:
            raise RefusedAnswer("text.long", length=len(str(value)), limit=limit)
        control = self.form.control_of[item.spec.ref]
        value = self._checks.in_order(item, value) if control.kind in SELECTS else value
        try:
            return clean(value, max_length=limit)
        except BadInput as error:
            raise RefusedAnswer(error.key, **error.facts) from None

    def add_repeat(self, ref: str, position: int | None = None) -> Changes:
        """Adds an instance of the repeat `ref` (`/data/contact`), before `position` or at the end."""
        parent, step, numbered = self._parent(ref)
        spec = parent.spec.by_name.get(step)
        if spec is None or not spec.repeat or numbered is not None:
            raise RefusedAnswer("xforms.refused_unknown", ref=ref)
        self._changeable_repeat(spec.ref, parent, ref)
        if not parent.takes_rounds(spec):
            raise RefusedAnswer("xforms.refused_hidden", ref=ref)
        present = len(parent.instances(spec))
        if present >= MAX_INSTANCES or not (position is None or 1 <= position <= present + 1):
            raise RefusedAnswer("xforms.refused_position", ref=ref)
        self._engine.add_instance(parent, spec, position)
        self._engine.settle()
        self._actions.new_repeats()
        self._actions.recalculated()
        return self._changes()

    def remove_repeat(self, ref: str) -> Changes:
        """Removes one instance, `/data/contact[2]`."""
        item = self._item(ref)
        if not item.spec.repeat or item.parent is None:
            raise RefusedAnswer("xforms.refused_unknown", ref=ref)
        self._changeable_repeat(item.spec.ref, item.parent, ref)
        gone = tuple(i.ref for i in item.inside())
        self._engine.take_away(item)
        self._engine.settle()
        self._actions.new_repeats()
        self._actions.recalculated()
        return self._changes(gone)

    def _changeable_repeat(self, repeat: str, parent: Item, ref: str) -> None:
        control = self.form.control_of.get(repeat)
        if not parent.relevant:
            raise RefusedAnswer("xforms.refused_hidden", ref=ref)
        if control is None or control.fixed or parent.readonly:
            raise RefusedAnswer("xforms.refused_repeat", ref=ref)

    def set_language(self, language: str) -> Changes:
        """Speaks another of the form's languages, by code or name."""
        self._speak(language)
        for rule in self.form.rules.ordered:
            if "jr:" in rule.expression.text:
                self._engine.schedule(rule, self._engine.all_at(rule.home))
        self._engine.settle()
        self._actions.recalculated()
        for item in self._engine.root.inside():
            self._engine.touched.items[item] = None
        return self._changes()

    def _speak(self, language: str) -> None:
        if not self.form.translations:
            return
        try:
            self._texts.speak(self.form.language_name(language))
        except KeyError:
            raise RefusedAnswer("xforms.unknown_language", name=language) from None

    # What stands there

    @property
    def language(self) -> str:
        """The code of the active language."""
        return self._texts.language

    @property
    def instance(self) -> dict[str, object]:
        """The draft: every answer, those not relevant included, as plain values."""
        values = draft(self._engine.root)
        assert isinstance(values, dict)
        return values

    @property
    def values(self) -> dict[str, object]:
        """The relevant answers as a record would hold them, whether or not it could be finished."""
        values = record(self._engine.root)
        assert isinstance(values, dict)
        return values

    def state(self, ref: str) -> NodeState:
        """One question as it stands now. Raises RefusedAnswer for a ref that the form does not have."""
        return self._state(self._item(ref))

    def nodes(self) -> Iterator[NodeState]:
        """Every place, in document order."""
        for item in self._engine.root.inside():
            if item.parent is not None and item.parent.kind != "root":
                yield self._state(item)

    def _state(self, item: Item) -> NodeState:
        control = self.form.control_of.get(item.spec.ref)
        return NodeState(
            item.ref, self._checks.given(item), item.relevant, item.required, item.readonly,
            item.spec.bind.calculate is not None, self._checks.violation(item), self._checks.soft(item),
            self._texts.show(control.label if control else None, item),
            self._texts.show(control.hint if control else None, item),
            self._texts.choices(item),
        )  # fmt: skip

    def standing(self, ref: str) -> Standing:
        """How one question stands, without its texts and choices: for figures over many questions."""
        item = self._item(ref)
        given = self._checks.given(item)
        wrong = self._checks.violation(item) if given.strip() else None
        return Standing(given, item.relevant, item.required, item.readonly, wrong)

    def media(self, ref: str) -> tuple[Media, Mapping[str, Media]]:
        """Names of the files that belong to a question's label, by kind, and those of its choices, by value."""
        item = self._item(ref)
        control = self.form.control_of.get(item.spec.ref)
        return self._texts.media(control.label if control else None, item), self._texts.choice_media(item)

    def layout(self) -> tuple[Drawn, ...]:
        """What is to be drawn now, in the active language."""
        return drawing.layout(self._engine, self._texts)

    def condition(self, ref: str) -> str:
        """When a place is asked at all, in words of the active language; blank for one that always is."""
        return explaining.condition(self._engine, self._texts, self._item(ref))

    def explain(self, ref: str) -> tuple[Reason, ...]:
        """Why a question is hidden, required, read-only or wrong: the rules that say so, and what they read."""
        return explaining.explain(self._engine, self._texts, self._checks, self._item(ref))

    def problems(self) -> list[Problem]:
        """All that stands in the way of finishing, in document order."""
        found = (self._checks.violation(item) for item in self._engine.root.inside())
        return [p for p in found if p is not None]

    def warnings(self) -> list[Problem]:
        """All soft checks that do not hold, in document order."""
        found = (self._checks.soft(item) for item in self._engine.root.inside())
        return [p for p in found if p is not None]

    def finish(self) -> Record:
        """The finished record. Raises Unfinished with every problem.

        Where a person has overwritten a calculation, the rules have to hold for the calculated value too: it comes back
        when the record is opened again.
        """
        problems = self.problems()
        if not problems and self._actions.finish():
            problems = self.problems()
        record = None if problems else make_record(self._engine)
        if record is not None and self._overwritten:
            problems = self._again(record.values).problems()
        if record is None or problems:
            raise Unfinished(problems)
        return record

    # Refs

    def _item(self, ref: str) -> Item:
        if isinstance(ref, str) and ref in self.form.rules.single:
            return self._engine.all_at(ref)[0]
        parent, step, position = self._parent(ref)
        spec = parent.spec.by_name.get(step)
        if spec is None or (position is not None) != spec.repeat:
            raise RefusedAnswer("xforms.refused_unknown", ref=ref)
        items = parent.instances(spec)
        if (position or 1) > len(items):
            raise RefusedAnswer("xforms.refused_unknown", ref=ref)
        return items[(position or 1) - 1]

    def _parent(self, ref: str) -> tuple[Item, str, int | None]:
        """The item above the last step, and that step."""
        above, _, last = ref.rpartition("/") if isinstance(ref, str) and len(ref) < 2000 else ("", "", "")
        match = _STEP.match(last)
        if match is None or not ref.startswith("/"):
            raise RefusedAnswer("xforms.refused_unknown", ref=str(ref)[:200])
        parent = self._item(above) if above else self._engine.top
        return parent, match[1], int(match[2]) if match[2] else None

    def _changes(self, removed: tuple[str, ...] = ()) -> Changes:
        touched, self._engine.touched = self._engine.touched, Touched()
        items = list(touched.items)
        if touched.structure:
            items = [item for item in items if item.root() is self._engine.top]
        if len(items) > 1:
            places = self.form.rules.place
            items.sort(key=lambda item: item.order_key(places))
        return Changes(tuple(item.ref for item in items), removed, touched.structure)


def _local_zone(clock: Callable[[], datetime] | None) -> tzinfo:
    """The zone of the clock; without a clock, or for one that names none, that of this machine."""
    now = datetime.now(UTC).astimezone() if clock is None else clock()
    zone = now.tzinfo or now.astimezone().tzinfo
    assert zone is not None
    return zone
