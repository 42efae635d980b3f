"""`regex()` in bounded time. A pattern that the standard library can try in few ways only is left to it; any other is
run as an automaton, whose time grows with text and pattern alone. What fits neither is refused.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from custinfo.xforms.xpath.automaton import Automaton, TooComplex
from custinfo.xforms.xpath.errors import XPathError

_PARSER: Any = import_module("re._parser")  # the parser of the standard library
MAX_PATTERN = 1000
MAX_SUBJECT = 10_000
_MAX_WAYS = 200_000  # letters that the standard library may look at, all ways to match counted
_MAX_STEPS = 5_000_000  # of an automaton: letters times states
# `[\w-.]`: a hyphen for Java and JavaScript, a mistake for Python
_CLASS_HYPHEN = re.compile(r"(\\[wdsWDS])-(?=[^\]])")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


@dataclass(slots=True)
class Pattern:
    """A pattern that was read. `ranges` says how many ways each of its choices has; None when choices are repeated."""

    text: str
    tree: Any
    compiled: re.Pattern[str]
    ranges: list[int] | None
    _automaton: Automaton | None = None

    def few_ways(self, length: int) -> bool:
        """Whether trying all ways to match a text of that length is little work."""
        if self.ranges is None:
            return False
        ways = length + 1
        for choices in self.ranges:
            ways *= min(choices, length + 1)
            if ways > _MAX_WAYS:
                return False
        return True

    def automaton(self) -> Automaton:
        """The pattern as states. Raises XPathError when that cannot be."""
        if self._automaton is None:
            try:
                self._automaton = Automaton(self.tree)
            except (TooComplex, RecursionError):
                raise XPathError("regex_runs_away", pattern=self.text) from None
        return self._automaton


def matches(pattern: str, subject: str) -> bool:
    """Whether `pattern` matches the whole of `subject`, as in ODK Collect."""
    read = read_pattern(pattern)
    if len(subject) > MAX_SUBJECT:
        raise XPathError("regex_subject_too_long", length=len(subject))
    if read.few_ways(len(subject)):
        return read.compiled.fullmatch(subject) is not None
    automaton = read.automaton()
    if len(subject) * automaton.size > _MAX_STEPS:
        raise XPathError("regex_subject_too_long", length=len(subject))
    return automaton.matches(subject)


def check_pattern(pattern: str) -> None:
    """Raises XPathError for a pattern that is wrong or cannot be run in bounded time."""
    read = read_pattern(pattern)
    if read.ranges is None:
        read.automaton()


@lru_cache(maxsize=512)
def read_pattern(pattern: str) -> Pattern:
    """Raises XPathError for a pattern that is wrong or too long."""
    if len(pattern) > MAX_PATTERN:
        raise XPathError("regex_too_long", length=len(pattern), limit=MAX_PATTERN)
    plain = _CLASS_HYPHEN.sub(r"\1\\-", pattern)
    try:
        tree = _PARSER.parse(plain, re.ASCII)
        compiled = re.compile(plain, re.ASCII)
    except re.error as error:
        raise XPathError("regex_wrong", pattern=pattern, position=(error.pos or 0) + 1) from None
    except (RecursionError, OverflowError):
        raise XPathError("regex_runs_away", pattern=pattern) from None
    return Pattern(pattern, tree, compiled, _ranges(tree))


def _ranges(tree: Any) -> list[int] | None:
    """How many ways each choice of a pattern has, None when a choice stands inside a repeat: then they multiply."""
    found: list[int] = []
    for operation, argument in tree:
        name = str(operation)
        inside: list[int] = []
        for part in _parts(argument):
            of_part = _ranges(part)
            if of_part is None:
                return None
            inside += of_part
        if name in _REPEATS:
            least, most, _ = argument
            if inside and most > 1:
                return None
            found.append(most - least + 1)
        elif name == "BRANCH":
            found.append(len(argument[1]))
        elif name == "GROUPREF":
            found.append(MAX_SUBJECT)
        found += inside
    return [choices for choices in found if choices > 1]


def _parts(argument: Any) -> list[Any]:
    """The sub-patterns inside an argument of a parsed operation."""
    if isinstance(argument, _PARSER.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [p for a in argument for p in _parts(a)]
    return []
