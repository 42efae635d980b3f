# ruff: noqa: ARG001, ARG005, PLR0124, PLR0911 - closures have one shape; one return for each kind of tree; `x != x` tells NaN
"""Syntax tree → Python closure. An expression reaches nodes, the functions listed, and nothing else."""

import math
import operator as op
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import TypeAlias

from custinfo.xforms.xpath import paths
from custinfo.xforms.xpath.ast import Call, Chain, Expr, Filter, Literal, Negation, Number, Path, Variable
from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.nodes import Node, in_document_order
from custinfo.xforms.xpath.parser import parse
from custinfo.xforms.xpath.registry import FUNCTIONS, JAVAROSA, Function
from custinfo.xforms.xpath.values import (
    Focus,
    Value,
    compares,
    differs,
    equals,
    text_number,
    to_boolean,
    to_nodes,
    to_number,
    to_string,
)

Evaluate: TypeAlias = Callable[[Focus], Value]

NAMESPACES = {"jr": JAVAROSA, "": ""}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: its text, its tree, and `evaluate(focus)`."""

    text: str
    tree: Expr
    run: Evaluate

    def evaluate(self, focus: Focus) -> Value:
        """The value seen from `focus`."""
        focus.context.steps = 0
        return self.run(focus)

    def string(self, focus: Focus) -> str:
        """The value as a string."""
        return to_string(self.evaluate(focus))


def compile_expression(text: str, namespaces: Mapping[str, str] | None = None) -> Expression:
    """Raises XPathError when the text is no expression. Unknown functions raise when they are called."""
    tree = parse(text)
    return Expression(text, tree, Compiler(namespaces or {}).compile(tree))


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns trees into closures; `namespaces` says what the prefixes mean."""

    namespaces: Mapping[str, str]

    def compile(self, tree: Expr) -> Evaluate:
        """The closure of a tree."""
        match tree:
            case Number(value):
                return lambda f: value
            case Literal(value=text):
                return lambda f: text
            case Variable(name):
                return partial(_unknown_variable, name)
            case Negation(operand):
                inner = self.compile(operand)
                return lambda f: -to_number(inner(f), f.context.zone)
            case Chain():
                return self._chain(tree)
            case Call():
                return self._call(tree)
            case Filter(base, predicates):
                return paths.filtered(self.compile(base), [self._predicate(p) for p in predicates])
            case Path():
                return self._path(tree)

    def _call(self, tree: Call) -> Evaluate:
        function = self._function(tree.name)
        if function is None:
            return partial(_unknown_function, tree.name)
        if not function.accepts(len(tree.args)):
            return partial(_wrong_arguments, tree.name, len(tree.args))
        run = function.run
        args = [self.compile(a) for a in tree.args]
        if function.lazy:
            return lambda f: run(f, *args)
        if not args:
            return run
        if len(args) == 1:
            only = args[0]
            return lambda f: run(f, only(f))
        if len(args) == 2:
            first, second = args
            return lambda f: run(f, first(f), second(f))
        return lambda f: run(f, *[a(f) for a in args])

    def _function(self, name: str) -> Function | None:
        prefix, _, local = name.rpartition(":")
        if prefix and prefix in self.namespaces:
            known = {JAVAROSA: "jr:" + local}.get(self.namespaces[prefix])
            return FUNCTIONS.get(known) if known else None
        return FUNCTIONS.get(name)

    def _path(self, tree: Path) -> Evaluate:
        start = None if tree.start is None else self.compile(tree.start)
        steps = [
            paths.step(s, [self._predicate(p) for p in s.predicates], self.namespaces, self.compile) for s in tree.steps
        ]
        return paths.path(tree.absolute, start, steps, tree)

    def _predicate(self, tree: Expr) -> "paths.Predicate":
        return paths.Predicate(self.compile(tree), _is_test(tree))

    def _test(self, tree: Expr) -> Callable[[Focus], bool]:
        """The closure of a tree as true or false."""
        run = self.compile(tree)
        return run if _is_test(tree) else lambda f: to_boolean(run(f))  # type: ignore[return-value]

    def _chain(self, tree: Chain) -> Evaluate:
        names = [name for name, _ in tree.rest]
        if names[0] in ("and", "or"):
            return _logical(names[0], [self._test(e) for e in (tree.first, *(operand for _, operand in tree.rest))])
        first = self.compile(tree.first)
        others = [self.compile(operand) for _, operand in tree.rest]
        if names[0] == "|":
            parts = [first, *others]
            return lambda f: in_document_order([n for p in parts for n in to_nodes(p(f))])
        if len(others) == 1:
            quick = _against(first, names[0], tree.rest[0][1])
            if quick is not None:
                return quick
            other, apply = others[0], OPERATORS[names[0]]
            return lambda f: apply(first(f), other(f), f.context.zone)
        links = [(OPERATORS[name], other) for name, other in zip(names, others, strict=True)]
        return partial(_fold, first, links)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
_TESTS = frozenset(
    ["boolean", "contains", "ends-with", "false", "not", "regex", "selected", "starts-with", "true"]
)  # functions that give true or false


def _is_test(tree: Expr) -> bool:
    """Whether the value is always true or false."""
    if isinstance(tree, Chain):
        return tree.rest[-1][0] in ("and", "or", "=", "!=", *_COMPARISONS)
    return isinstance(tree, Call) and tree.name in _TESTS


def _logical(name: str, tests: list[Callable[[Focus], bool]]) -> Evaluate:
    if len(tests) == 2:
        first, second = tests
        if name == "and":
            return lambda f: first(f) and second(f)
        return lambda f: first(f) or second(f)
    decides = name == "or"

    def run(focus: Focus) -> Value:
        for test in tests:
            if test(focus) is decides:
                return decides
        return not decides

    return run


def _against(first: Evaluate, name: str, other: Expr) -> Evaluate | None:
    """`${a} > 5` and `${a} = 'x'`: nearly every comparison of a form has a constant on its right."""
    if name in ("=", "!=") and isinstance(other, Literal):
        text, equal, general = other.value, name == "=", OPERATORS[name]

        def same(focus: Focus) -> Value:
            found = first(focus)
            if isinstance(found, list) and len(found) == 1:
                return (found[0].string() == text) is equal
            return general(found, text, focus.context.zone)

        return same
    if name in _COMPARISONS and isinstance(other, Number):
        number, apply = other.value, _COMPARISONS[name]

        def ordered(focus: Focus) -> Value:
            found = first(focus)
            if isinstance(found, list) and len(found) == 1:
                return apply(text_number(found[0].string(), focus.context.zone), number)
            return compares(apply, found, number, focus.context.zone)

        return ordered
    return None


Operator: TypeAlias = Callable[[Value, Value, tzinfo], Value]


def _fold(first: Evaluate, links: list[tuple[Operator, Evaluate]], focus: Focus) -> Value:
    value = first(focus)
    for apply, other in links:
        value = apply(value, other(focus), focus.context.zone)
    return value


def _unknown_variable(name: str, focus: Focus) -> Value:
    raise XPathError("unknown_variable", name=name)


def _unknown_function(name: str, focus: Focus) -> Value:
    raise XPathError("unknown_function", name=name)


def _wrong_arguments(name: str, count: int, focus: Focus) -> Value:
    raise XPathError("wrong_arguments", name=name, count=count)


def _arithmetic(apply: Callable[[float, float], float]) -> Operator:
    return lambda a, b, zone: apply(to_number(a, zone), to_number(b, zone))


def _comparison(apply: Callable[[float, float], bool]) -> Operator:
    return lambda a, b, zone: compares(apply, a, b, zone)


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def _modulo(a: float, b: float) -> float:
    if b == 0 or math.isinf(a) or a != a or b != b:
        return math.nan
    return math.fmod(a, b)


OPERATORS: dict[str, Operator] = {
    "=": equals,
    "!=": differs,
    "<": _comparison(op.lt),
    "<=": _comparison(op.le),
    ">": _comparison(op.gt),
    ">=": _comparison(op.ge),
    "+": _arithmetic(op.add),
    "-": _arithmetic(op.sub),
    "*": _arithmetic(op.mul),
    "div": _arithmetic(_divide),
    "mod": _arithmetic(_modulo),
}

__all__ = ["NAMESPACES", "Compiler", "Expression", "Node", "compile_expression"]
