"""`regex()` with a guard: patterns that can run away are refused instead of tried."""

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from custinfo.xforms.xpath.errors import XPathError

_PARSER: Any = import_module("re._parser")  # the parser of the standard library
_OPEN: Any = import_module("re._constants").MAXREPEAT
MAX_PATTERN = 1000
MAX_SUBJECT = 10_000
_MAX_WORK = 50_000_000  # subject length to the power of the open repeats that follow each other
# `[\w-.]`: a hyphen for Java and JavaScript, a mistake for Python
_CLASS_HYPHEN = re.compile(r"(\\[wdsWDS])-(?=[^\]])")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")


def matches(pattern: str, subject: str) -> bool:
    """Whether `pattern` matches the whole of `subject`, as in ODK Collect."""
    compiled, repeats = compile_pattern(pattern)
    if len(subject) > MAX_SUBJECT or len(subject) ** max(1, repeats) > _MAX_WORK:
        raise XPathError("regex_subject_too_long", length=len(subject))
    return compiled.fullmatch(subject) is not None


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> tuple[re.Pattern[str], int]:
    """The pattern and how many open repeats it has. Raises XPathError for one that is wrong or may run away."""
    if len(pattern) > MAX_PATTERN:
        raise XPathError("regex_too_long", length=len(pattern), limit=MAX_PATTERN)
    plain = _CLASS_HYPHEN.sub(r"\1\\-", pattern)
    try:
        tree = _PARSER.parse(plain, re.ASCII)
        compiled = re.compile(plain, re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise XPathError("regex_wrong", pattern=pattern, reason=str(error)) from None
    if _runs_away(tree, inside=False):
        raise XPathError("regex_runs_away", pattern=pattern)
    return compiled, _open_repeats(tree)


def _parts(argument: Any) -> list[Any]:
    """The sub-patterns inside an argument of a parsed operation."""
    if isinstance(argument, _PARSER.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [p for a in argument for p in _parts(a)]
    return []


def _runs_away(tree: Any, inside: bool) -> bool:
    """A repeat inside an open repeat, unless a separator that the inner one cannot match ends each round."""
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS:
            _, most, body = argument
            wide = most is _OPEN or most > 1
            if inside and wide:
                return True
            opens = most is _OPEN or most > 20
            if opens and not _separated(body) and _runs_away(body, inside=True):
                return True
            if not opens and _runs_away(body, inside):
                return True
        elif (
            (name == "BRANCH" and inside)
            or name == "GROUPREF"
            or any(_runs_away(part, inside) for part in _parts(argument))
        ):
            return True
    return False


def _separated(body: Any) -> bool:
    """Whether it is like `([a-z-]+@)`: plain letters and sets, one of them open, then a letter that it cannot match."""
    items = _flat(body)
    if items is None:
        return False
    for (name, argument), (after_name, after) in zip(items, items[1:] + items[:1], strict=True):
        if name in _REPEATS:
            inner = _single(argument[2])
            if inner is None or after_name in _REPEATS or _overlap(inner, (after_name, after)):
                return False
    return True


def _flat(body: Any) -> list[tuple[str, Any]] | None:
    items: list[tuple[str, Any]] = []
    for operation, argument in body:
        name = str(operation)
        if name == "SUBPATTERN":
            inner = _flat(argument[-1])
            if inner is None:
                return None
            items += inner
        elif name in ("LITERAL", "IN", "NOT_LITERAL", "ANY", *_REPEATS):
            items.append((name, argument))
        else:
            return None
    return items


def _single(body: Any) -> tuple[str, Any] | None:
    items = _flat(body)
    return items[0] if items and len(items) == 1 and items[0][0] not in _REPEATS else None


def _overlap(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    sample = [chr(c) for c in range(128)] + list("éß中文、，。年　")
    return any(_fits(one, c) and _fits(other, c) for c in sample)


def _fits(item: tuple[str, Any], letter: str) -> bool:
    name, argument = item
    code = ord(letter)
    if name == "LITERAL":
        return bool(argument == code)
    if name == "NOT_LITERAL":
        return bool(argument != code)
    if name == "ANY":
        return letter != "\n"
    negate = any(str(op) == "NEGATE" for op, _ in argument)
    return negate != any(_in_set(str(op), a, letter) for op, a in argument)


_CATEGORIES = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s",
               "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_NOT_WORD": r"\W", "CATEGORY_NOT_SPACE": r"\S"}  # fmt: skip


def _in_set(name: str, argument: Any, letter: str) -> bool:
    if name == "LITERAL":
        return bool(argument == ord(letter))
    if name == "RANGE":
        return bool(argument[0] <= ord(letter) <= argument[1])
    if name == "CATEGORY":
        return re.match(_CATEGORIES[str(argument)], letter, re.ASCII) is not None
    return False


def _open_repeats(tree: Any) -> int:
    count = 0
    for operation, argument in tree:
        if str(operation) in _REPEATS and (argument[1] is _OPEN or argument[1] > 20):
            count += 1
        count += sum(_open_repeats(part) for part in _parts(argument))
    return count
