"""Regular expressions in a time that grows with text and pattern alone: all ways through a pattern at once.

Built from the tree that the standard library's parser makes. It says whether a whole text matches, nothing else: then a
lazy repeat is the same as a greedy one. Back-references, look-around and atomic groups cannot be said this way.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MAX_STATES = 2000
Fits: TypeAlias = Callable[[str], bool]


class TooComplex(Exception):
    """The pattern cannot be turned into states, or into too many."""


@dataclass(slots=True)
class State:
    """Where a match can be: it goes on to `to` for free, or when `at` holds there, or over a letter that `fits`."""

    to: "list[State]" = field(default_factory=list)
    fits: Fits | None = None
    at: str = ""


class Automaton:
    """A pattern as states. `size` of them, so a text of n letters takes at most n times `size` steps."""

    def __init__(self, tree: Any) -> None:
        if tree.state.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.LOCALE):
            raise TooComplex
        self._states: list[State] = []
        self._end = self._state()
        self._start = self._sequence(list(tree), self._end)
        self.size = len(self._states)
        self._anchored = any(state.at for state in self._states)
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole text."""
        now = self._follow([self._start], text, 0)
        for position, letter in enumerate(text):
            now = self._next(now, letter, text, position)
            if not now:
                return False
        return id(self._end) in now

    def _next(self, now: frozenset[int], letter: str, text: str, position: int) -> frozenset[int]:
        if self._anchored:
            return self._step(now, letter, text, position)
        key = (now, letter)
        if key not in self._known:
            if len(self._known) >= MAX_STATES:
                self._known.clear()
            self._known[key] = self._step(now, letter, text, position)
        return self._known[key]

    def _step(self, now: frozenset[int], letter: str, text: str, position: int) -> frozenset[int]:
        reached = [s.to[0] for s in self._states if s.fits is not None and id(s) in now and s.fits(letter)]
        return self._follow(reached, text, position + 1)

    def _follow(self, states: list[State], text: str, position: int) -> frozenset[int]:
        """These states and all that are reached from them for free."""
        found: set[int] = set()
        while states:
            state = states.pop()
            if id(state) in found or (state.at and not _holds(state.at, text, position)):
                continue
            found.add(id(state))
            if state.fits is None:
                states.extend(state.to)
        return frozenset(found)

    # From the tree to states, from the end to the start

    def _state(self, *to: State, fits: Fits | None = None, at: str = "") -> State:
        if len(self._states) >= MAX_STATES:
            raise TooComplex
        state = State(list(to), fits, at)
        self._states.append(state)
        return state

    def _sequence(self, items: list[Any], after: State) -> State:
        for operation, argument in reversed(items):
            after = self._one(str(operation), argument, after)
        return after

    def _one(self, name: str, argument: Any, after: State) -> State:
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._state(after, fits=_fits(name, argument))
        if name == "SUBPATTERN":
            _, added, removed, inside = argument
            if added or removed:
                raise TooComplex
            return self._sequence(list(inside), after)
        if name == "BRANCH":
            return self._state(*[self._sequence(list(way), after) for way in argument[1]])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(argument, after)
        if name == "AT" and str(argument) in _PLACES:
            return self._state(after, at=str(argument))
        raise TooComplex

    def _repeat(self, argument: Any, after: State) -> State:
        least, most, body = argument
        items = list(body)
        if not isinstance(most, int) or most >= _ENDLESS:
            loop = self._state(after)
            loop.to.append(self._sequence(items, loop))
            after = loop
        else:
            out = after
            for _ in range(most - least):
                after = self._state(out, self._sequence(items, after))
        for _ in range(least):
            after = self._sequence(items, after)
        return after


_ENDLESS = 2**31
_PLACES = ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END", "AT_END_STRING", "AT_BOUNDARY", "AT_NON_BOUNDARY")
_WORD = re.compile(r"\w", re.ASCII)
_CATEGORIES: dict[str, str] = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_NOT_WORD": r"\W", "CATEGORY_NOT_SPACE": r"\S",
}  # fmt: skip


def _holds(place: str, text: str, position: int) -> bool:
    if place.startswith("AT_BEGINNING"):
        return position == 0
    if place == "AT_END":
        return position == len(text) or (position == len(text) - 1 and text[-1] == "\n")
    if place == "AT_END_STRING":
        return position == len(text)
    around = [bool(_WORD.match(text[i])) if 0 <= i < len(text) else False for i in (position - 1, position)]
    return (around[0] != around[1]) == (place == "AT_BOUNDARY")


def _fits(name: str, argument: Any) -> Fits:
    if name == "LITERAL":
        wanted = chr(argument)
        return lambda letter: letter == wanted
    if name == "NOT_LITERAL":
        unwanted = chr(argument)
        return lambda letter: letter != unwanted
    if name == "ANY":
        return lambda letter: letter != "\n"
    negate = any(str(operation) == "NEGATE" for operation, _ in argument)
    tests = list(_tests(argument))
    return lambda letter: negate != any(test(letter) for test in tests)


def _tests(parts: Any) -> Iterator[Fits]:
    for operation, argument in parts:
        name = str(operation)
        if name == "CATEGORY":
            category = re.compile(_CATEGORIES[str(argument)], re.ASCII)
            yield lambda letter, category=category: category.match(letter) is not None  # type: ignore[misc]
        elif name == "RANGE":
            low, high = argument
            yield lambda letter, low=low, high=high: low <= ord(letter) <= high  # type: ignore[misc]
        elif name == "LITERAL":
            yield lambda letter, code=argument: ord(letter) == code  # type: ignore[misc]
        elif name != "NEGATE":
            raise TooComplex
