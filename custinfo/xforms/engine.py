# ruff: noqa: PLR0124 - `x != x` tells NaN
"""Evaluates the rules of a form over a tree of items: all of them at the start, then only what a change concerns."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from custinfo.xforms.computed import as_answer
from custinfo.xforms.model import Form, ModelNode
from custinfo.xforms.rules import Kind, Rule, Rules
from custinfo.xforms.tree import MAX_INSTANCES, Item, document, nobody, template
from custinfo.xforms.xpath import (
    Context,
    Expression,
    Focus,
    Node,
    Value,
    XPathError,
    to_boolean,
    to_number,
    to_string,
)

SETTLE_LIMIT = 20_000_000  # steps of all rules that one change sets off
_ROUNDS = 20  # how often one rule may be evaluated for one item after one change: rules that wait for each other


@dataclass(slots=True)
class Touched:
    """What one change touched."""

    items: dict[Item, None] = field(default_factory=dict)
    structure: bool = False


class Engine:
    """The tree of one session and its rules. Knows nothing of languages, messages or people."""

    def __init__(self, form: Form, context: Context, values: object) -> None:
        self.form, self.context = form, context
        self.rules: Rules = form.rules
        self.top = document(form.root, values)  # type: ignore[arg-type]
        self.context.root = self.top
        self.faults: dict[tuple[Item, str], XPathError] = {}
        self.touched = Touched()
        self._singles: dict[str, list[Item]] = {}
        self.created: list[Item] = []  # repeat instances whose actions have not run yet
        self.listened: frozenset[str] = frozenset()  # calculations whose change sets off actions
        self.recalculated: dict[Item, None] = {}  # those of them whose actions have not run yet
        self._heap: list[int] = []
        self._pending: dict[int, dict[Item, None]] = {}

    @property
    def root(self) -> Item:
        """The item of the whole record."""
        return self.top.children[0]

    # What to evaluate

    def schedule(self, rule: Rule, items: Sequence[Item]) -> None:
        """Marks a rule for evaluation at these items."""
        waiting = self._pending.get(rule.order)
        if waiting is None:
            waiting = self._pending[rule.order] = {}
            heapq.heappush(self._heap, rule.order)
        if len(items) == 1:
            waiting[items[0]] = None
        else:
            waiting.update(dict.fromkeys(items))

    def schedule_below(self, items: Iterable[Item]) -> None:
        """Every rule of these items."""
        for item in items:
            own = [(item.spec.ref, kind) for kind in KINDS]
            repeats = [child.ref for child in item.spec.children if child.repeat]
            for name in (*own, *((ref, kind) for ref in repeats for kind in WHOLE)):
                rule = self.rules.by_name.get(name)
                if rule is not None:
                    self.schedule(rule, [item])

    def value_changed(self, item: Item) -> None:
        """Schedules the rules that read this item."""
        self.touched.items[item] = None
        for rule, anchor in self.rules.readers.get(item.spec.ref, ()):
            self.schedule(rule, self._readers(rule, anchor, item))
        for label, anchor in self.rules.outputs.get(item.spec.ref, ()):
            self._says_another(label, self._readers(label, anchor, item))

    def structure_changed(self, parent: Item, spec: ModelNode) -> None:
        """Repeat instances were added or removed: schedules all that reads them or anything inside them.

        Rules that never leave their own instance are not concerned: no instance has other answers than before.
        """
        self.touched.structure = True
        for place in spec.walk():
            for rule, anchor in self.rules.readers.get(place.ref, ()):
                if len(anchor) < len(spec.ref):
                    self.schedule(rule, self._down(self._up_to(parent, anchor), anchor, rule.home))
            for label, anchor in self.rules.outputs.get(place.ref, ()):
                if len(anchor) < len(spec.ref):
                    near = self._up_to(parent, anchor)
                    self._says_another(label, self._down(near, anchor, label.home))

    def _says_another(self, label: Rule, items: Sequence[Item]) -> None:
        """A label is another one now. Over a whole repeat the first round tells; where there is none, the structure."""
        if label.kind != "heading":
            self.touched.items.update(dict.fromkeys(items))
            return
        for parent in items:
            rounds = parent.instances(self.form.nodes[label.ref])
            self.touched.items.update(dict.fromkeys(rounds[:1]))
            self.touched.structure |= not rounds

    def all_at(self, ref: str) -> list[Item]:
        """Every item at a place of the form."""
        if ref in self.rules.single:
            return self._single(ref)
        return self._down(self.top, "", ref)

    def below(self, item: Item, ref: str) -> list[Item]:
        """The items at `ref` inside `item`."""
        return self._single(ref) if ref in self.rules.single else self._down(item, item.spec.ref, ref)

    def _readers(self, rule: Rule, anchor: str, item: Item) -> list[Item]:
        single = self._singles.get(rule.home)
        if single is not None:
            return single
        if rule.home in self.rules.single:
            return self._single(rule.home)
        items = [self._up_to(item, anchor)]
        for name in rule.down[anchor]:
            items = [c for i in items for c in _children(i, name)]
        return items

    def _single(self, ref: str) -> list[Item]:
        """The item at a place outside all repeats: always the same one."""
        if ref not in self._singles:
            self._singles[ref] = self._down(self.top, "", ref)
        return self._singles[ref]

    def _up_to(self, item: Item, ref: str) -> Item:
        while item.spec.ref != ref and item.parent is not None:
            item = item.parent
        return item

    def _down(self, start: Item, ref: str, target: str) -> list[Item]:
        items = [start]
        if target != ref:
            for name in target[len(ref) :].strip("/").split("/"):
                items = [c for i in items for c in _children(i, name)]
        return items

    # Evaluating

    def run_all(self) -> None:
        """Everything from scratch."""
        for rule in self.rules.ordered:
            self.schedule(rule, self.all_at(rule.home))
        self.settle()

    def settle(self) -> None:
        """Evaluates what is scheduled, and what that concerns, until nothing changes."""
        rounds: dict[tuple[int, Item], int] = {}
        spent = 0
        while self._heap:
            order = heapq.heappop(self._heap)
            rule, items = self.rules.ordered[order], self._pending.pop(order)
            for item in items:
                if item.parent is None:
                    continue
                key = (order, item)
                rounds[key] = rounds.get(key, 0) + 1
                if spent > SETTLE_LIMIT:  # what is left is not evaluated, and `finish()` refuses
                    self.faults[item, rule.kind] = XPathError("too_many_steps", limit=SETTLE_LIMIT)
                elif rounds[key] <= _ROUNDS:
                    self.context.steps = 0
                    APPLY[rule.kind](self, rule, item)
                    spent += self.context.steps

    def evaluate(self, expression: Expression, node: Node) -> Value:
        """The value of an expression seen from a node."""
        return expression.evaluate(Focus(self.context, node))

    def _value(self, rule: Rule, item: Item, otherwise: Value) -> Value:
        """The rule's value; one that cannot be computed is noted, and `finish()` refuses it."""
        try:
            value = self.evaluate(rule.expression, item)
        except XPathError as error:
            self.faults[item, rule.kind] = error
            return otherwise
        self.faults.pop((item, rule.kind), None)
        return value

    def set_stored(self, item: Item, value: str) -> None:
        """Gives an item an answer and schedules what reads it."""
        item.stored = value
        self.refresh(item)
        self.touched.items[item] = None

    def refresh(self, item: Item) -> None:
        """Brings what expressions see in line with the answer."""
        text = item.effective()
        if text != item.text:
            item.text = text
            self.value_changed(item)

    def calculate(self, rule: Rule, item: Item) -> None:
        """A calculation: the answer is its value."""
        value = as_answer(self._value(rule, item, ""), item.spec.bind.type)
        if value != item.stored:
            self.set_stored(item, value)
            if item.spec.ref in self.listened:
                self.recalculated[item] = None

    def relevant(self, rule: Rule, item: Item) -> None:
        """Whether the place is asked at all."""
        own = to_boolean(self._value(rule, item, True))
        if own != item.own_relevant:
            item.own_relevant = own
            self._inherit(item)

    def readonly(self, rule: Rule, item: Item) -> None:
        """Whether the place may be changed by hand."""
        own = to_boolean(self._value(rule, item, False))
        if own != item.own_readonly:
            item.own_readonly = own
            self._inherit(item)

    def _inherit(self, item: Item) -> None:
        """Relevance and read-only pass down to everything inside."""
        stack = [item]
        while stack:
            one = stack.pop()
            above = one.parent
            relevant = one.own_relevant and (above is None or above.relevant)
            readonly = one.own_readonly or (above is not None and above.readonly)
            if relevant == one.relevant and readonly == one.readonly:
                continue
            one.relevant, one.readonly = relevant, readonly
            self.touched.items[one] = None
            if not one.spec.is_group:
                self.refresh(one)
            stack.extend(reversed(one.children))
            stack.extend(reversed(one.attributes))

    def required(self, rule: Rule, item: Item) -> None:
        """Whether a blank answer is a problem."""
        self._flag(item, "required", to_boolean(self._value(rule, item, False)))

    def constraint(self, rule: Rule, item: Item) -> None:
        """Whether the answer is one that the form takes; a blank one always is."""
        self._flag(item, "holds", self._passes(rule, item))

    def soft(self, rule: Rule, item: Item) -> None:
        """Whether the answer is usual."""
        self._flag(item, "soft_holds", self._passes(rule, item))

    def _passes(self, rule: Rule, item: Item) -> bool:
        if not item.text:
            self.faults.pop((item, rule.kind), None)
            return True
        return to_boolean(self._value(rule, item, True))

    def _flag(self, item: Item, name: str, value: bool) -> None:
        if getattr(item, name) != value:
            setattr(item, name, value)
            self.touched.items[item] = None

    def choices(self, rule: Rule, item: Item) -> None:
        """Which values are offered. What was worked out for the same answers before is looked up."""
        key = self._list_key(rule)
        offered = self.rules.lists.get(key) if key else None
        if offered is None:
            offered = frozenset(self.offered_values(rule, item))
            if key and (item, rule.kind) not in self.faults:
                self.rules.lists.put(key, offered)
        if item.offered != offered:
            if item.stored and item.offered is not None and self.form.control_of[rule.ref].kind == "rank":
                self._rank_all(rule, item)
            item.offered = offered
            self.touched.items[item] = None
            self.refresh(item)

    def _rank_all(self, rule: Rule, item: Item) -> None:
        """An order that was given holds all choices for ever: those that come to be offered stand at its end."""
        ranked = item.stored.split()
        item.stored = " ".join([*ranked, *(v for v in self.offered_values(rule, item) if v not in ranked)])

    def _list_key(self, rule: Rule) -> tuple[str, ...] | None:
        reads = self.rules.lists.reads(rule.ref)
        return None if reads is None else (rule.ref, *(self.all_at(ref)[0].text for ref in reads))

    def rows(self, rule: Rule, item: Item) -> list[Node]:
        """The rows of the list that are offered now."""
        rows = self._value(rule, item, [])
        return rows if isinstance(rows, list) else []

    def offered_values(self, rule: Rule, item: Item) -> Iterator[str]:
        """The values of the rows that are offered."""
        itemset = self.form.control_of[rule.ref].itemset
        assert itemset is not None
        expression = self.rules.compiled[itemset.value]
        simple = itemset.value.isidentifier()
        for row in self.rows(rule, item):
            if simple:
                found = row.named(itemset.value)
                yield found[0].string() if found else ""
            else:
                yield to_string(self.evaluate(expression, row))

    def count(self, rule: Rule, parent: Item) -> None:
        """As many instances as `jr:count` says. Those taken away wait, with their answers, until the count grows."""
        spec = self.form.nodes[rule.ref]
        number = to_number(self._value(rule, nobody(parent, spec), 0.0), self.context.zone)
        if number != number:
            return
        wanted = int(max(0, min(number, MAX_INSTANCES)))
        present = parent.instances(spec)
        for item in present[wanted:][::-1]:
            self.take_away(item)
            parent.spare.append(item)
        for _ in range(wanted - len(present)):
            spare = next((s for s in reversed(parent.spare) if s.spec is spec), None)
            if spare is not None:
                parent.spare.remove(spare)
            self.add_instance(parent, spec, None, spare)

    def rounds(self, rule: Rule, parent: Item) -> None:
        """Whether a repeat without instances is asked for at all."""
        spec = self.form.nodes[rule.ref]
        closed = not to_boolean(self._value(rule, nobody(parent, spec), True))
        if closed != (spec.name in parent.closed):
            parent.closed ^= {spec.name}
            self.touched.structure |= not parent.instances(spec)

    # Repeats

    def add_instance(self, parent: Item, spec: ModelNode, position: int | None, item: Item | None = None) -> Item:
        """Puts an instance of a repeat before `position`, or at the end."""
        if item is None:
            item = template(spec)
            self.created.append(item)
        present = parent.instances(spec)
        if position is None or position > len(present):
            index = parent.children.index(present[-1]) + 1 if present else self._start(parent, spec)
        else:
            index = parent.children.index(present[position - 1])
        parent.insert(index, item)
        for one in item.inside():
            one.relevant = one.own_relevant and (one.parent is None or one.parent.relevant)
            one.readonly = one.own_readonly or (one.parent is not None and one.parent.readonly)
            one.text = one.effective()
            self.touched.items[one] = None
        self.schedule_below(item.inside())
        self.structure_changed(parent, spec)
        return item

    def _start(self, parent: Item, spec: ModelNode) -> int:
        before = parent.spec.children[: parent.spec.children.index(spec)]
        return sum(1 for c in parent.children if c.spec in before)

    def take_away(self, item: Item) -> None:
        """Takes an instance of a repeat out of the record."""
        parent = item.parent
        assert parent is not None
        parent.remove(item)
        self.structure_changed(parent, item.spec)


def _children(item: Item, name: str) -> list[Item]:
    if name.startswith("@"):
        return [a for a in item.attributes if a.spec.name == name]
    if ":" in name:
        return [c for c in item.children if c.spec.name == name]
    return item.named(name)  # type: ignore[return-value]


WHOLE: tuple[Kind, ...] = ("count", "rounds")
KINDS: tuple[Kind, ...] = ("calculate", "relevant", "choices", "readonly", "required", "constraint", "soft")
APPLY: dict[Kind, Callable[[Engine, Rule, Item], None]] = {
    "calculate": Engine.calculate,
    "relevant": Engine.relevant,
    "choices": Engine.choices,
    "count": Engine.count,
    "rounds": Engine.rounds,
    "readonly": Engine.readonly,
    "required": Engine.required,
    "constraint": Engine.constraint,
    "soft": Engine.soft,
}
