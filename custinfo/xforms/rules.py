"""The expressions of a form, compiled, with what each reads, in the order in which they depend on each other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from custinfo.xforms.model import Control, Form, ModelNode, Output, Parts, Text
from custinfo.xforms.reads import Read, Reads
from custinfo.xforms.xpath import Compiler, Expression, XPathError, ast
from custinfo.xforms.xpath.ast import Call, Path, walk
from custinfo.xforms.xpath.parser import parse
from custinfo.xforms.xpath.regex import check_pattern
from custinfo.xforms.xpath.registry import FUNCTIONS

MOST_LISTS = 4096
VARYING = frozenset({"random", "now", "today", "position", "current", "uuid", "once", "randomize", "indexed-repeat"})
"""Functions that give something else from another place, at another time or by chance."""
Kind = Literal[
    "calculate", "relevant", "choices", "count", "rounds", "readonly", "required", "constraint", "soft",
    "label", "heading",
]  # fmt: skip
ABOVE = frozenset({"count", "rounds", "heading"})
"""Kinds that concern a repeat as a whole: how many rounds, whether a first one is asked for, what stands over them."""
Problems = list[tuple[str, dict[str, object]]]


@dataclass(slots=True)
class Rule:
    """One expression of one place. `order` says when it is evaluated; `reads` whose values it uses."""

    ref: str
    kind: Kind
    expression: Expression
    reads: tuple[Read, ...]
    order: int = 0
    down: dict[str, tuple[str, ...]] = field(default_factory=dict)  # from an anchor down to the places of the rule
    home: str = field(init=False)
    """Where the rule is evaluated: what concerns a whole repeat at what holds it, everything else at its place."""

    def __post_init__(self) -> None:
        self.home = self.ref.rpartition("/")[0] if self.kind in ABOVE else self.ref

    @property
    def name(self) -> tuple[str, str]:
        """What tells rules apart."""
        return self.ref, self.kind


class Lists:
    """Choices that were worked out before, by the answers that they depend on: the same for all sessions of a form."""

    def __init__(self, rules: Iterator[Rule]) -> None:
        self._refs = {rule.ref: tuple(read.ref for read in rule.reads) for rule in rules}
        self._known: dict[tuple[str, ...], frozenset[str]] = {}

    def reads(self, ref: str) -> tuple[str, ...] | None:
        """What the choices at `ref` depend on; None when they have to be worked out each time."""
        return self._refs.get(ref)

    def get(self, key: tuple[str, ...]) -> frozenset[str] | None:
        """The choices for (ref, answers …), when they are known."""
        return self._known.get(key)

    def put(self, key: tuple[str, ...], offered: frozenset[str]) -> None:
        """Remember; when there is too much to remember, begin anew."""
        if len(self._known) >= MOST_LISTS:
            self._known.clear()
        self._known[key] = offered


class Rules:
    """Compiles a form. What is wrong gathers in `problems`; a session is only made of a form without any."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.problems: Problems = []
        self.compiled: dict[str, Expression] = {}
        self.compiler = Compiler(form.namespaces)
        self.by_name: dict[tuple[str, str], Rule] = {}
        self.readers: dict[str, list[tuple[Rule, str]]] = defaultdict(list)
        self.outputs: dict[str, list[tuple[Rule, str]]] = defaultdict(list)
        self.labels: list[Rule] = []
        for ref, kind, text in self._texts():
            self._add(ref, kind, text)
        self.ordered = _sorted(list(self.by_name.values()), form, self.problems)
        for order, rule in enumerate(self.ordered):
            rule.order = order
            _tell(self.readers, rule)
        for label in self.labels:
            _tell(self.outputs, label)
        self.place = {node.ref: place for place, node in enumerate(_in_order(form.root))}
        self._check_others()
        repeats = [ref + "/" for ref, node in form.nodes.items() if node.repeat]
        self.single = frozenset(r for r in form.nodes if not any((r + "/").startswith(one) for one in repeats))
        self.lists = Lists(rule for rule in self.ordered if rule.kind == "choices" and self._is_list(rule))

    def _is_list(self, rule: Rule) -> bool:
        """Whether equal answers at what the rule reads always give equal choices."""
        calls = {e.name for e in walk(rule.expression.tree) if isinstance(e, Call)}
        if self.form.live & {e.value for e in walk(rule.expression.tree) if isinstance(e, ast.Literal)}:
            return False  # rows that are another session's tomorrow
        if (
            not isinstance(rule.expression.tree, Path)
            or calls & VARYING
            or any(name.startswith("jr:") for name in calls)
        ):
            return False
        return all(read.ref in self.single and not self.form.nodes[read.ref].is_group for read in rule.reads)

    def _texts(self) -> Iterator[tuple[str, Kind, str]]:
        for ref, node in self.form.nodes.items():
            bind = node.bind
            kinds: tuple[tuple[Kind, str | None], ...] = (
                ("calculate", bind.calculate), ("relevant", bind.relevant), ("readonly", bind.readonly),
                ("required", bind.required), ("constraint", bind.constraint), ("soft", bind.extra.get("soft_check")),
            )  # fmt: skip
            for kind, text in kinds:
                if text is not None and text.strip():
                    yield ref, kind, text
            if node.repeat and bind.relevant is not None and bind.relevant.strip():
                yield ref, "rounds", bind.relevant
        for ref, control in self.form.control_of.items():
            if control.itemset is not None:
                yield ref, "choices", control.itemset.nodeset
            if control.count:
                yield ref, "count", control.count
            if ref in self.form.nodes:
                yield from ((ref, "label", text) for text in self._label_texts(control))
        for ref, control in self.form.heading_of.items():
            yield from ((ref, "heading", text) for text in self._label_texts(control))

    def _label_texts(self, control: Control) -> Iterator[str]:
        texts = [t for t in (control.label, control.hint) if t is not None]
        texts += [choice.label for choice in control.choices]
        texts += [Text(itext_id=text_id) for text_id in self._live_labels(control)]
        for text in texts:
            for parts in self.all_parts(text):
                yield from (p.expression for p in parts if isinstance(p, Output))
            if text.expression:
                yield text.expression

    def _live_labels(self, control: Control) -> list[str]:
        """The texts with answers inside that label the rows of a list, wherever in the row their ids stand."""
        if control.itemset is None or not self.form.live_texts:
            return []
        lists = (rows for name, rows in self.form.instances.items() if name in control.itemset.nodeset)
        return [node.text for rows in lists for node in rows.descend() if node.text in self.form.live_texts]

    def all_parts(self, text: Text) -> Iterator[Parts]:
        """The parts of a text in every language."""
        yield text.parts
        if text.itext_id is not None:
            for translation in self.form.translations.values():
                yield from translation.get(text.itext_id, {}).values()

    def _add(self, ref: str, kind: Kind, text: str) -> None:
        if ref not in self.form.nodes:
            self.problems.append(("xforms.control_unknown", {"ref": ref}))
            return
        expression = self.expression(text, ref)
        if expression is None:
            return
        reads = Reads(self.form, ref).of(expression.tree)
        if kind in ("constraint", "soft"):
            # A blank answer holds whatever the expression says, so it reads the answer even where it does not name it
            reads = tuple(dict.fromkeys((*reads, Read(ref, ref))))
        if kind in ("label", "heading"):
            self.labels.append(Rule(ref, kind, expression, reads))
            return
        self.by_name[ref, kind] = Rule(ref, kind, expression, reads)

    def expression(self, text: str, ref: str) -> Expression | None:
        """Compiled once for each text. A text that is no expression is a problem of the form."""
        if text in self.compiled:
            return self.compiled[text]
        try:
            tree = parse(text)
            for call in (e for e in walk(tree) if isinstance(e, Call)):
                self._check_call(call, ref, text)
            self.compiled[text] = Expression(text, tree, self.compiler.compile(tree))
        except XPathError as error:
            self.problems.append((error.key, {**error.facts, "ref": ref, "expression": _short(text)}))
            return None
        return self.compiled[text]

    def _check_call(self, call: Call, ref: str, text: str) -> None:
        known = FUNCTIONS.get(call.name)
        if known is None:
            facts: dict[str, object] = {"ref": ref, "name": call.name, "expression": _short(text)}
            self.problems.append(("xforms.unknown_function", facts))
        elif not known.accepts(len(call.args)):
            facts = {"ref": ref, "name": call.name, "count": len(call.args), "expression": _short(text)}
            self.problems.append(("xforms.wrong_arguments", facts))
        elif call.name == "regex" and isinstance(call.args[1], ast.Literal):
            check_pattern(call.args[1].value)

    def _check_others(self) -> None:
        """Expressions that are no rules: labels of choices, values of actions."""
        for ref, control in self.form.control_of.items():
            if control.itemset is not None:
                self.expression(control.itemset.value, ref)
                self.expression(control.itemset.label.expression or "", ref)
        actions = [*self.form.actions, *(a for c in self.form.control_of.values() for a in c.actions)]
        for action in actions:
            if action.target:
                self.expression(action.target, action.ref)
            if action.value:
                self.expression(action.value, action.ref)
        for node in self.form.nodes.values():
            for text in (node.bind.required_message, node.bind.constraint_message):
                for parts in self.all_parts(text) if text else ():
                    for part in parts:
                        if isinstance(part, Output):
                            self.expression(part.expression, node.ref)


def _short(text: str) -> str:
    return text.strip() if len(text) <= 200 else text.strip()[:197] + "…"


def _tell(readers: dict[str, list[tuple[Rule, str]]], rule: Rule) -> None:
    """Enters a rule under the places that it reads, each with the anchor down from which its readers are found."""
    for ref, anchor in dict.fromkeys((read.ref, min(read.anchor, rule.home, key=len)) for read in rule.reads):
        readers[ref].append((rule, anchor))
        rule.down[anchor] = _way(anchor, rule.home)


def _in_order(node: ModelNode) -> Iterator[ModelNode]:
    """Everything in document order: attributes before children."""
    yield node
    for child in sorted(node.children, key=lambda c: not c.name.startswith("@")):
        yield from _in_order(child)


def _way(anchor: str, ref: str) -> tuple[str, ...]:
    """The names of the steps from `anchor` down to `ref`."""
    return tuple(ref[len(anchor) :].strip("/").split("/")) if ref != anchor else ()


def _sorted(rules: list[Rule], form: Form, problems: Problems) -> list[Rule]:
    """Rules after those whose results they read. A circle of calculations is a problem, named as a path."""
    producers: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        for ref in _changed_by(rule, form):
            producers[ref].append(rule)
    place = {rule.name: i for i, rule in enumerate(rules)}
    read = {r.name: {p.name for one in r.reads for p in producers[one.ref]} for r in rules}
    needs = {name: sorted(names, key=place.__getitem__) for name, names in read.items()}
    by_name = {r.name: r for r in rules}
    done: dict[tuple[str, str], bool] = {}
    ordered: list[Rule] = []
    for rule in rules:
        _visit(rule.name, needs, done, ordered, by_name, problems)
    return ordered


def _visit(
    start: tuple[str, str], needs: dict[tuple[str, str], list[tuple[str, str]]], done: dict[tuple[str, str], bool],
    ordered: list[Rule], rules: dict[tuple[str, str], Rule], problems: Problems,
) -> None:  # fmt: skip
    """Depth first without recursion; `done` is False for those on the way down."""
    if start in done:
        return
    done[start] = False
    stack = [(start, iter(needs[start]))]
    while stack:
        name, rest = stack[-1]
        following = next(rest, None)
        if following is None:
            done[name] = True
            ordered.append(rules[name])
            stack.pop()
        elif following not in done:
            done[following] = False
            stack.append((following, iter(needs[following])))
        elif done[following] is False:
            circle = [n for n, _ in stack[[n for n, _ in stack].index(following) :]]
            if any(_real_circle(rules[n]) for n in circle):
                path = " → ".join(ref for ref, _ in [*circle, following])
                problems.append(("xforms.cycle", {"path": path}))


def _real_circle(rule: Rule) -> bool:
    """Relevance and choices may wait for each other; a calculation may not wait for itself."""
    if rule.kind != "calculate":
        return False
    calls = {e.name for e in walk(rule.expression.tree) if isinstance(e, Call)}
    return not calls & {"once", "indexed-repeat", "position"}


def _changed_by(rule: Rule, form: Form) -> list[str]:
    """The refs whose value may be another after the rule was evaluated."""
    if rule.kind in ("calculate", "choices"):
        return [rule.ref]
    if rule.kind in ("relevant", "count"):
        return [n.ref for n in form.nodes[rule.ref].walk()]
    return []
