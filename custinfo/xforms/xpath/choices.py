# ruff: noqa: ARG005 - closures have one shape
"""The index that makes choice filters quick: `item[field = value]` looks rows up instead of walking the list.

What is found may be too much, never too little: the predicate itself still decides for each row.
"""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import TypeAlias

from custinfo.xforms.xpath.ast import Call, Chain, Expr, Literal, Number, Path, Step, walk
from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.nodes import Node
from custinfo.xforms.xpath.values import Focus, Value, text_number, to_boolean, to_string

Evaluate: TypeAlias = Callable[[Focus], Value]
Compile: TypeAlias = Callable[[Expr], Evaluate]
Find: TypeAlias = Callable[[Focus, Node], list[int] | None]
"""Positions of the rows that may fit, in order; None when any may."""

_STEADY = frozenset(
    [
        "boolean", "coalesce", "concat", "count", "count-non-empty", "count-selected", "current", "date", "date-time",
        "ends-with", "false", "if", "instance", "int", "join", "not", "number", "round", "selected", "selected-at",
        "starts-with", "string", "string-length", "substr", "substring", "sum", "today", "translate", "true",
    ]
)  # fmt: skip
"""Functions whose value depends on their arguments alone, whichever row they are called for."""
_DIGITS, _TRIFLE = 6, 1e-9
_OF_THE_ROW = frozenset({"number", "string", "string-length"})  # without an argument


def candidates(step: Step, compile_: Compile) -> Callable[[Focus, Node], list[Node] | None] | None:
    """The rows that may fit the first predicate of a step, by an index; None when it has nothing to look up."""
    first = step.predicates[0]
    calls = {e.name for e in walk(first) if isinstance(e, Call)}
    if not step.is_name or calls & {"position", "last"}:
        return None
    find = _find(first, step.test, compile_)
    if find is None:
        return None

    def rows(focus: Focus, node: Node) -> list[Node] | None:
        try:
            places = find(focus, node)
        except XPathError:  # the predicate may never come to the part that cannot be computed
            return None
        if places is None:
            return None
        all_rows = node.named(step.test)
        return [all_rows[place] for place in places]

    return rows


def _find(tree: Expr, row: str, compile_: Compile) -> Find | None:
    match tree:
        case Chain(first, rest) if rest[0][0] in ("and", "or"):
            parts = [_find(one, row, compile_) or _steady(one, compile_) for one in (first, *(e for _, e in rest))]
            return _all_of(parts) if rest[0][0] == "and" else _any_of(parts)
        case Chain(first, (("=", second),)):
            return _equal(first, second, row, compile_) or _equal(second, first, row, compile_)
        case Call("selected", (first, second)):
            return _selected(first, second, row, compile_) or _selected(second, first, row, compile_)
    return None


def _steady(tree: Expr, compile_: Compile) -> Find | None:
    """A condition that is the same for all rows lets all in, or none."""
    if not _is_steady(tree):
        return None
    value_of = compile_(tree)
    return lambda focus, node: None if to_boolean(value_of(focus)) else []


def _all_of(parts: list[Find | None]) -> Find | None:
    known = [part for part in parts if part is not None]

    def find(focus: Focus, node: Node) -> list[int] | None:
        best: list[int] | None = None
        for part in known:
            found = part(focus, node)
            if found is not None and (best is None or len(found) < len(best)):
                best = found
        return best

    return find if known else None


def _any_of(parts: list[Find | None]) -> Find | None:
    known = [part for part in parts if part is not None]

    def find(focus: Focus, node: Node) -> list[int] | None:
        every: list[list[int]] = []
        for part in known:
            found = part(focus, node)
            if found is None:
                return None
            every.append(found)
        return _merged(every)

    return find if len(known) == len(parts) else None


def _merged(every: list[list[int]]) -> list[int]:
    some = [places for places in every if places]
    return some[0] if len(some) == 1 else sorted({place for places in some for place in places})


def _equal(field: Expr, value: Expr, row: str, compile_: Compile) -> Find | None:
    name = _field(field)
    if name is None or not _is_steady(value):
        return None
    value_of = compile_(value)

    def find(focus: Focus, node: Node) -> list[int] | None:
        found = value_of(focus)
        if isinstance(found, str):
            return node.lookup(row, name, "text", list).get(found, [])
        if isinstance(found, list):
            index = node.lookup(row, name, "text", list)
            return _merged([index.get(one.string(), []) for one in found])
        if isinstance(found, float):
            zone = focus.context.zone
            index = node.lookup(row, name, ("number", zone), lambda texts: _numbers(texts, zone))
            return index.get(round(found, _DIGITS), [])
        return None

    return find


def _selected(field: Expr, value: Expr, row: str, compile_: Compile) -> Find | None:
    """`selected(${answer}, field)` and `selected(field, ${answer})`: some word of one is the other."""
    name = _field(field)
    if name is None or not _is_steady(value):
        return None
    value_of = compile_(value)

    def find(focus: Focus, node: Node) -> list[int]:
        index = node.lookup(row, name, "words", _words)
        return _merged([index.get(word, []) for word in _words([to_string(value_of(focus))])])

    return find


def _words(texts: list[str]) -> list[str]:
    """What is selected; nothing selected is a word too."""
    return list(dict.fromkeys(texts[0].split())) or [""] if texts else [""]


def _numbers(texts: list[str], zone: tzinfo) -> Iterable[float]:
    """Equal numbers may differ by a trifle: each row stands under the numbers next to it."""
    for number in (text_number(text, zone) for text in texts):
        yield round(number - _TRIFLE, _DIGITS)
        yield round(number + _TRIFLE, _DIGITS)


def _field(tree: Expr) -> str | None:
    """The column that the expression is, if it is one."""
    if not (isinstance(tree, Path) and not tree.absolute and tree.start is None and len(tree.steps) == 1):
        return None
    only = tree.steps[0]
    return only.test if only.is_name and not only.predicates else None


def _is_steady(tree: Expr) -> bool:
    """Whether the value is the same for every row."""
    match tree:
        case Literal() | Number():
            return True
        case Path(absolute, start, _):
            return absolute or (start is not None and _is_steady(start))
        case Call(name, args):
            return name in _STEADY and (bool(args) or name not in _OF_THE_ROW) and all(map(_is_steady, args))
        case Chain(first, rest):
            return _is_steady(first) and all(_is_steady(operand) for _, operand in rest)
    return False
