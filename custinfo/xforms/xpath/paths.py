# ruff: noqa: ARG005, PLR0911 - closures have one shape; one return for each kind of test
"""Location paths: axes, node tests, predicates, and the index that makes choice filters quick."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from custinfo.xforms.xpath.ast import Call, Chain, Expr, Literal, Path, Step, walk
from custinfo.xforms.xpath.nodes import Node, in_document_order
from custinfo.xforms.xpath.values import Focus, Value, to_boolean, to_nodes, to_string

Evaluate: TypeAlias = Callable[[Focus], Value]
Select: TypeAlias = Callable[[Focus, Node], list[Node]]
Test: TypeAlias = Callable[[Node], bool]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition in square brackets."""

    run: Evaluate
    tree: Expr

    def keep(self, focus: Focus, nodes: Sequence[Node]) -> list[Node]:
        """The nodes for which the predicate holds, `nodes` being in the order of their axis."""
        run, kept = self.run, []
        inner = Focus(focus.context, focus.node, 1, len(nodes), focus.current)
        focus.context.spend(len(nodes))
        for position, node in enumerate(nodes, 1):
            inner.node, inner.position = node, position
            value = run(inner)
            if (value == position) if isinstance(value, float) else to_boolean(value):
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


def path(absolute: bool, start: Evaluate | None, steps: list[Select], tree: Path) -> Evaluate:
    """Steps one after the other. Results that may be out of order or doubled are sorted."""
    sort = any(s.axis not in ("child", "self", "attribute") for s in tree.steps) or start is not None

    def run(focus: Focus) -> Value:
        if start is not None:
            nodes = to_nodes(start(focus))
        elif absolute:
            nodes = [focus.context.root or focus.node.root()]
        else:
            nodes = [focus.node]
        for select in steps:
            if len(nodes) == 1:
                nodes = select(focus, nodes[0])
            elif nodes:
                nodes = [found for node in nodes for found in select(focus, node)]
                if sort:
                    nodes = in_document_order(nodes)
        return nodes

    return run


def step(
    tree: Step, predicates: list[Predicate], namespaces: Mapping[str, str], compile_: Callable[[Expr], Evaluate]
) -> Select:
    """The nodes that one step finds from one node, in document order."""
    base, reverse = _base(tree, namespaces)
    if not predicates:
        return base
    index = _index(tree, compile_)

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
    if tree.axis == "child" and ":" not in name and "(" not in name and name != "*":
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


def _index(tree: Step, compile_: Callable[[Expr], Evaluate]) -> Callable[[Focus, Node], list[Node] | None] | None:
    """For `item[field = value and …]`: look the candidates up by `field` instead of walking the list."""
    first = tree.predicates[0]
    calls = {e.name for e in walk(first) if isinstance(e, Call)}
    if tree.axis != "child" or ":" in tree.test or "(" in tree.test or calls & {"position", "last"}:
        return None
    terms = [first]
    if isinstance(first, Chain) and first.rest[0][0] == "and":
        terms = [first.first, *(operand for _, operand in first.rest)]
    keys = [(field, compile_(value)) for term in terms for field, value in [_equality(term)] if value is not None]
    if not keys:
        return None

    def candidates(focus: Focus, node: Node) -> list[Node] | None:
        best: list[Node] | None = None
        for field, value_of in keys:
            value = value_of(focus)
            if (isinstance(value, list) and len(value) != 1) or isinstance(value, (float, bool)):
                continue
            if not isinstance(value, (str, list)):
                continue
            found = node.equal(tree.test, field).get(to_string(value), [])
            if best is None or len(found) < len(best):
                best = found
        return best

    return candidates


def _equality(term: Expr) -> tuple[str, Expr | None]:
    """(field, value) of `field = value` where the value does not depend on the item."""
    if not (isinstance(term, Chain) and len(term.rest) == 1 and term.rest[0][0] == "="):
        return "", None
    for field, value in ((term.first, term.rest[0][1]), (term.rest[0][1], term.first)):
        plain = isinstance(field, Path) and not field.absolute and field.start is None and len(field.steps) == 1
        if plain and isinstance(field, Path) and _is_field(field.steps[0]) and _independent(value):
            return field.steps[0].test, value
    return "", None


def _is_field(one: Step) -> bool:
    return (
        one.axis == "child" and not one.predicates and ":" not in one.test and "(" not in one.test and one.test != "*"
    )


def _independent(value: Expr) -> bool:
    match value:
        case Literal():
            return True
        case Path(absolute, start, _):
            return absolute or start == Call("current", ())
        case _:
            return False
