# ruff: noqa: ARG002, PLR0124 - `x != x` tells NaN, at the speed that hot paths need
"""The values of an expression and how one kind becomes another (XPath 1.0, with OpenRosa's dates)."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from random import Random
from typing import Protocol, TypeAlias

from custinfo.xforms.xpath.dates import Moment, moment_of_text
from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.nodes import Node

Value: TypeAlias = list[Node] | str | float | bool | Moment

STEP_LIMIT = 5_000_000
_NUMBER = re.compile(r"\s*-?(?:\d+(?:\.\d*)?|\.\d+)\s*\Z", re.ASCII)
# how other engines write what is too small or too large to be written out; a person's `1.1e6` is no number in XPath
_WRITTEN = re.compile(r"\s*-?\d(?:\.\d+)?[eE](?:-0*(?:[7-9]|\d{2,3})|\+?0*(?:2[1-9]|[3-9]\d|\d{3}))\s*\Z", re.ASCII)
_NEAR = 1e-12  # numbers nearer to each other than this are equal, as in ODK Collect: 6.1 - 7.8 = -1.7


class Surroundings(Protocol):
    """What a form offers its expressions beside the instance: choice lists, translations, labels of choices."""

    def instance(self, name: str) -> Node | None:
        """A choice list by its id."""

    def itext(self, text_id: str) -> "Node | str":
        """A translated text."""

    def choice_name(self, value: str, path: str, node: Node) -> str:
        """The label of a choice."""


class NoSurroundings:
    """A bare document."""

    def instance(self, name: str) -> Node | None:
        """There is none."""
        return None

    def itext(self, text_id: str) -> "Node | str":
        """There is none."""
        return ""

    def choice_name(self, value: str, path: str, node: Node) -> str:
        """There is none."""
        return ""


class Days(float):
    """What `number()` makes of a date: days since 1970 with their fraction in arithmetic, `whole` days as a text."""

    whole: int

    def __new__(cls, days: float, whole: int) -> "Days":
        """Both counts; where a day begins, a date's midnight decides, in UTC for a moment."""
        made = super().__new__(cls, days)
        made.whole = whole
        return made


@dataclass(slots=True)
class Context:
    """Everything an evaluation takes from outside, so that it can be repeated: clock, zone, chance, language."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    zone: tzinfo = UTC
    random: Random = field(default_factory=Random)
    language: str = ""
    root: Node | None = None
    surroundings: Surroundings = field(default_factory=NoSurroundings)
    step_limit: int = STEP_LIMIT
    steps: int = 0

    def local_now(self) -> datetime:
        """The time of day where the form is filled in."""
        return self.now().astimezone(self.zone)

    def spend(self, steps: int) -> None:
        """Counts work; an expression that walks too much is stopped."""
        self.steps += steps
        if self.steps > self.step_limit:
            raise XPathError("too_many_steps", limit=self.step_limit)


class Focus:
    """Where an expression is being evaluated: node, position, size, and the node it started from."""

    __slots__ = ("context", "current", "node", "position", "size")

    def __init__(
        self, context: Context, node: Node, position: int = 1, size: int = 1, current: Node | None = None
    ) -> None:
        self.context = context
        self.node = node
        self.position = position
        self.size = size
        self.current = node if current is None else current


def to_string(value: Value) -> str:
    """Any value as a string: of a node-set, its first node."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return value[0].string() if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    return value.text()


def number_text(value: float) -> str:
    """A number as XPath writes it: no exponent, no trailing zero."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value):
        return str(int(value))
    if isinstance(value, Days):
        return str(value.whole)
    text = repr(value)
    return text if "e" not in text else f"{Decimal(text):f}"


def to_number(value: Value, zone: tzinfo) -> float:
    """Any value as a number; NaN when it is none."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, Moment):
        return value.days()
    return text_number(to_string(value), zone)


def text_number(text: str, zone: tzinfo) -> float:
    """A number, a date as days since 1970, or NaN."""
    if _NUMBER.match(text):
        return float(text)
    moment = moment_of_text(text.strip(), zone) if "-" in text else None
    if moment is not None:
        return moment.days()
    return float(text) if _WRITTEN.match(text) else math.nan


def to_boolean(value: Value) -> bool:
    """Any value as true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value == value and value != 0
    if isinstance(value, Moment):
        return value.valid
    return bool(value)


def to_nodes(value: Value) -> list[Node]:
    """A node-set; anything else is an error."""
    if isinstance(value, list):
        return value
    raise XPathError("not_a_nodeset", value=to_string(value))


def to_moment(value: Value, zone: tzinfo) -> Moment | None:
    """A date or moment; None when the value is none. Numbers are days since 1970 (UTC)."""
    if isinstance(value, Moment):
        return value if value.valid else None
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return Moment.of_days(value, zone)
    text = to_string(value).strip()
    if _NUMBER.match(text):
        return Moment.of_days(float(text), zone)
    return moment_of_text(text, zone)


def equals(left: Value, right: Value, zone: tzinfo) -> bool:
    """`=`: for node-sets, whether some pair is equal."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, list):
        return _some_equal(left, right, zone)
    if isinstance(right, list):
        return _some_equal(right, left, zone)
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) == to_boolean(right)
    return same_number(to_number(left, zone), to_number(right, zone))


def same_number(one: float, other: float) -> bool:
    """Whether two numbers are equal but for what binary fractions lose."""
    return one == other or abs(one - other) < _NEAR


def _some_equal(nodes: list[Node], other: Value, zone: tzinfo) -> bool:
    if isinstance(other, str):
        return any(n.string() == other for n in nodes)
    if isinstance(other, list):
        texts = {n.string() for n in other}
        return any(n.string() in texts for n in nodes)
    if isinstance(other, bool):
        return bool(nodes) == other
    number = to_number(other, zone)
    return any(same_number(text_number(n.string(), zone), number) for n in nodes)


def differs(left: Value, right: Value, zone: tzinfo) -> bool:
    """`!=`: for node-sets, whether some pair differs."""
    if isinstance(right, list) and not isinstance(left, list):
        left, right = right, left
    if not isinstance(left, list):
        return not equals(left, right, zone)
    if isinstance(right, list):
        texts = {n.string() for n in right}
        return bool(left) and (len(texts) > 1 or any(texts != {n.string()} for n in left if texts))
    if isinstance(right, str):
        return any(n.string() != right for n in left)
    if isinstance(right, bool):
        return bool(left) != right
    number = to_number(right, zone)
    return any(not same_number(text_number(n.string(), zone), number) for n in left)


def compares(operator: Callable[[float, float], bool], left: Value, right: Value, zone: tzinfo) -> bool:
    """`< <= > >=`: always by number, for node-sets some pair."""
    if not isinstance(left, list) and not isinstance(right, list):
        return operator(to_number(left, zone), to_number(right, zone))
    ones = [text_number(n.string(), zone) for n in left] if isinstance(left, list) else [to_number(left, zone)]
    others = [text_number(n.string(), zone) for n in right] if isinstance(right, list) else [to_number(right, zone)]
    ones, others = [a for a in ones if a == a], [b for b in others if b == b]
    if not ones or not others:
        return False
    if operator(0.0, 1.0):  # < or <=: if some pair holds, so does the smallest with the largest
        return operator(min(ones), max(others))
    return operator(max(ones), min(others))
