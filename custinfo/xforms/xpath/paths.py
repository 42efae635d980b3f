# ruff: noqa: ARG005, PLR0911 - closures have one shape; one return for each kind of test
"""Location paths: axes, node tests, predicates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from custinfo.xforms.xpath.ast import Path, Step
from custinfo.xforms.xpath.choices import Compile, candidates
from custinfo.xforms.xpath.nodes import Node, in_document_order
from custinfo.xforms.xpath.values import Focus, Value, to_boolean, to_nodes

Evaluate: TypeAlias = Callable[[Focus], Value]
Select: TypeAlias = Callable[[Focus, Node], list[Node]]
Test: TypeAlias = Callable[[Node], bool]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition in square brackets."""

    run: Evaluate
    is_test: bool  # gives true or false, never a position

    def keep(self, focus: Focus, nodes: Sequence[Node]) -> list[Node]:
        """The nodes for which the predicate holds, `nodes` being in the order of their axis."""
        run, kept = self.run, []
        inner = Focus(focus.context, focus.node, 1, len(nodes), focus.current)
        focus.context.spend(len(nodes))
        for position, node in enumerate(nodes, 1):
            inner.node, inner.position = node, position
            value = run(inner)
            if value if self.is_test else value == position if isinstance(value, float) else to_boolean(value):
                kept.append(node)
        return kept


def filtered(base: Evaluate, predicates: list[Predicate]) -> Evaluate:
    """Predicates on any node-set."""

    def run(focus: Focus) -> Value:
        nodes = to_nodes(base(focus))
        for predicate in predicates:
            nodes = predicate.keep(focus, nodes)
        return nodes

    return run


_DOWN = frozenset({"child", "self", "attribute"})
_FLAT = _DOWN | {"parent", "following-sibling", "preceding-sibling"}
"""Axes that find from one node no node inside another."""


def path(absolute: bool, start: Evaluate | None, steps: list[Select], tree: Path) -> Evaluate:
    """Steps one after the other. Results that may be out of order or doubled are sorted."""
    plain = _plain(tree)
    if plain is not None:
        return plain
    if tree.steps == (_SELF,) and start is None and not absolute:
        return lambda f: [f.node]
    axes = [s.axis for s in tree.steps]

    def run(focus: Focus) -> Value:
        if start is not None:
            nodes = to_nodes(start(focus))
        elif absolute:
            nodes = [focus.context.root or focus.node.root()]
        else:
            nodes = [focus.node]
        flat = False  # whether the nodes are in order and none is inside another: then so is what is below them
        for select, axis in zip(steps, axes, strict=True):
            if len(nodes) == 1:
                nodes = select(focus, nodes[0])
                flat = axis in _FLAT
            elif nodes:
                nodes = [found for node in nodes for found in select(focus, node)]
                if not (flat and axis in _DOWN):
                    nodes, flat = in_document_order(nodes), False
        return nodes

    return run


def _plain(tree: Path) -> Evaluate | None:
    """`/a/b` and `../../a/b`, the paths of nearly every rule, without the machinery of steps."""
    ups = 0
    while ups < len(tree.steps) and tree.steps[ups] == _PARENT:
        ups += 1
    below = tree.steps[ups:]
    if tree.start is not None or (tree.absolute and ups) or not below:
        return None
    if not all(one.is_name and not one.predicates for one in below):
        return None
    way = "/".join(s.test for s in below)
    if tree.absolute:
        return lambda f: (f.context.root or f.node.root()).at(way)
    names = [s.test for s in below]
    if len(names) == 1 and ups < 2:
        return _child(names[0]) if ups == 0 else _sibling(names[0])

    def run(focus: Focus) -> Value:
        node = focus.node
        for _ in range(ups):
            if node.parent is None:
                return []
            node = node.parent
        found = node.named(names[0])
        for name in names[1:]:
            found = found[0].named(name) if len(found) == 1 else [c for n in found for c in n.named(name)]
        return found

    return run


def _child(name: str) -> Evaluate:
    return lambda f: f.node.named(name)


def _sibling(name: str) -> Evaluate:
    return lambda f: f.node.parent.named(name) if f.node.parent is not None else []


_PARENT, _SELF = Step("parent", "node()"), Step("self", "node()")


def step(tree: Step, predicates: list[Predicate], namespaces: Mapping[str, str], compile_: Compile) -> Select:
    """The nodes that one step finds from one node, in document order."""
    base, reverse = _base(tree, namespaces)
    if not predicates:
        return base
    index = candidates(tree, compile_)

    def select(focus: Focus, node: Node) -> list[Node]:
        nodes = index(focus, node) if index and node.static else None
        if nodes is None:
            nodes = base(focus, node)
        if reverse:
            nodes = nodes[::-1]
        for predicate in predicates:
            if not nodes:
                break
            nodes = predicate.keep(focus, nodes)
        return nodes[::-1] if reverse else nodes

    return select


def _base(tree: Step, namespaces: Mapping[str, str]) -> tuple[Select, bool]:
    name = tree.test
    if tree.is_name:
        return (lambda f, n: n.named(name)), False
    if tree.axis in ("self", "parent") and name == "node()":
        if tree.axis == "self":
            return (lambda f, n: [n]), False
        return (lambda f, n: [n.parent] if n.parent is not None else []), False
    axis, reverse = AXES[tree.axis]
    test = _test(name, tree.axis, namespaces)

    def select(focus: Focus, node: Node) -> list[Node]:
        found, seen = [], 0
        for one in axis(node):
            seen += 1
            if test(one):
                found.append(one)
            if seen % 1024 == 0:
                focus.context.spend(1024)
        focus.context.spend(seen % 1024)
        return found[::-1] if reverse else found

    return select, reverse


def _test(test: str, axis: str, namespaces: Mapping[str, str]) -> Test:
    principal = axis if axis in ("attribute", "namespace") else "element"
    if test == "node()":
        return lambda n: True
    if test == "text()":
        return lambda n: n.kind == "text"
    if test == "comment()":
        return lambda n: n.kind == "comment"
    if test.startswith("processing-instruction("):
        target = test[len("processing-instruction(") : -1]
        return lambda n: n.kind == "pi" and (not target or n.name == target)
    if test == "*":
        return lambda n: n.kind == principal
    prefix, _, local = test.rpartition(":")
    if not prefix:
        return lambda n: (n.plain or (n.name if n.kind != "element" else "")) == local and n.kind == principal
    ns = namespaces.get(prefix)
    if local == "*":
        return lambda n: n.kind == principal and (n.ns == ns if ns is not None else n.prefix == prefix)
    return lambda n: n.kind == principal and n.name == local and (n.ns == ns if ns is not None else n.prefix == prefix)


def _ancestors(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _self_and(axis: Callable[[Node], Iterable[Node]]) -> Callable[[Node], Iterator[Node]]:
    def run(node: Node) -> Iterator[Node]:
        yield node
        yield from axis(node)

    return run


def _siblings(node: Node) -> tuple[list[Node], int]:
    if node.parent is None or node.kind in ("attribute", "namespace"):
        return [], 0
    siblings = node.parent.content()
    return siblings, next(i for i, s in enumerate(siblings) if s is node)


def _following_siblings(node: Node) -> list[Node]:
    siblings, at = _siblings(node)
    return siblings[at + 1 :]


def _preceding_siblings(node: Node) -> list[Node]:
    siblings, at = _siblings(node)
    return siblings[:at][::-1]


def _following(node: Node) -> Iterator[Node]:
    if node.kind in ("attribute", "namespace") and node.parent is not None:
        node = node.parent
        yield from node.descend()
    for one in _self_and(_ancestors)(node):
        for sibling in _following_siblings(one):
            yield sibling
            yield from sibling.descend()


def _preceding(node: Node) -> Iterator[Node]:
    if node.kind in ("attribute", "namespace") and node.parent is not None:
        node = node.parent
    for one in _self_and(_ancestors)(node):
        for sibling in _preceding_siblings(one):
            yield from reversed([sibling, *sibling.descend()])


AXES: dict[str, tuple[Callable[[Node], Iterable[Node]], bool]] = {
    "self": (lambda n: [n], False),
    "child": (Node.content, False),
    "parent": (lambda n: [n.parent] if n.parent is not None else [], False),
    "attribute": (lambda n: [a for a in n.attributes if a.kind == "attribute"], False),
    "namespace": (lambda n: [a for a in n.attributes if a.kind == "namespace"], False),
    "descendant": (Node.descend, False),
    "descendant-or-self": (_self_and(Node.descend), False),
    "ancestor": (_ancestors, True),
    "ancestor-or-self": (_self_and(_ancestors), True),
    "following-sibling": (_following_siblings, False),
    "preceding-sibling": (_preceding_siblings, True),
    "following": (_following, False),
    "preceding": (_preceding, True),
}
