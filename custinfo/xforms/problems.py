# ruff: noqa: ARG001, ARG005 - checks have one shape
"""What is wrong with an answer, and the errors that a session raises."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Literal, TypeAlias

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import ours, spoken, text
from custinfo.xforms.xpath.dates import parse_date, parse_moment, parse_time

RuleName = Literal["required", "constraint", "type", "format", "choice", "text", "unique", "about", "quota", "reason"]
Format: TypeAlias = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that one answer breaks. `label` and `own` are by language: the question, and the form's own message."""

    ref: str
    rule: RuleName
    key: str
    facts: Mapping[str, object] = field(default_factory=dict)
    label: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    def message(self, language: str = "zh-CN") -> str:
        """Place, fact and remedy. The form's own message, if it has one, stands for fact and remedy."""
        place = spoken(self.label, language) or self.ref
        fact = spoken(self.own, language) or text(self.key, ours(language), **self.facts)
        return text("xforms.problem", ours(language), place=place, fact=fact)


class Unfinished(BadInput):
    """The record cannot be finished yet: `problems` holds every reason, in the order of the form."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("xforms.unfinished", count=len(problems))

    def text(self, language: str = "zh-CN") -> str:
        """All problems, one on a line."""
        return "\n".join([super().text(language), *(p.message(language) for p in self.problems)])


class RefusedAnswer(BadInput):
    """An answer that may not be given: nothing changed."""


_INT = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_LOOSE_ZONE = re.compile(r"[+-]\d{4}\Z", re.ASCII)
_MAX_DIGITS = 60


def type_problem(kind: str, value: str, zone: tzinfo = UTC) -> str | None:
    """A message key when `value` is no value of the type; None when it is one."""
    check = _TYPES.get(kind)
    return None if check is None or check(value, zone) else f"xforms.type_{_MESSAGE.get(kind, kind)}"


def _geopoint(value: str, zone: tzinfo) -> bool:
    parts = value.split()
    if not 2 <= len(parts) <= 4 or not all(_decimal(p, zone) for p in parts):
        return False
    return -90 <= float(parts[0]) <= 90 and -180 <= float(parts[1]) <= 180


def _line(least: int) -> Callable[[str, tzinfo], bool]:
    def check(value: str, zone: tzinfo) -> bool:
        points = [p.strip() for p in value.strip().rstrip(";").split(";")]
        closed = least < 3 or points[0].split()[:2] == points[-1].split()[:2]
        return len(points) >= least and closed and all(_geopoint(p, zone) for p in points)

    return check


def _decimal(value: str, zone: tzinfo) -> bool:
    return len(value) <= _MAX_DIGITS and _DECIMAL.match(value) is not None


def _date(value: str, zone: tzinfo) -> bool:
    return len(value) == 10 and parse_date(value) is not None


_TYPES: dict[str, Callable[[str, tzinfo], bool]] = {
    "int": lambda v, z: _INT.match(v) is not None,
    "integer": lambda v, z: _INT.match(v) is not None,
    "decimal": _decimal,
    "date": _date,
    "time": lambda v, z: parse_time(v, z) is not None,
    "dateTime": lambda v, z: v[10:11] == "T" and _LOOSE_ZONE.search(v) is None and parse_moment(v, z) is not None,
    "boolean": lambda v, z: v in ("true", "false", "1", "0"),
    "geopoint": _geopoint,
    "geotrace": _line(2),
    "geoshape": _line(3),
}
_MESSAGE = {"integer": "int"}
