"""Rules of classification: versioned data with the day from which each is in force, the reason, and who approved it.

A rule file is TOML and holds `[[version]]` tables, oldest first. What a version may say is a class derived from `Rule`:
the types and limits of its fields are checked by pydantic, what they mean together by its `check`.
"""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from custinfo.domain.errors import BadInput

FOLDER = Path(__file__).parents[2] / "data" / "rules"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False, min_length=1)]
"""A list that is not empty; TOML has lists where Python keeps tuples."""


class Part(BaseModel):
    """A table within a rule. It holds its fields and nothing else, of exactly their types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rule(Part):
    """One version of a rule."""

    version: int
    effective_from: date
    reason: Text
    approved_by: Text

    def check(self) -> None:
        """Raises Fault for fields that are right alone and wrong together. Overridden where there is such a thing."""


R = TypeVar("R", bound=Rule)


class Fault(Exception):
    """What is wrong within one version: a message key and its facts; the file and the place are added on reading."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(key)
        self.key, self.facts = key, facts


def on(day: date, file: str, kind: type[R], folder: Path = FOLDER) -> R:
    """The version in force on `day`. Raises BadInput when there was none yet, or the file is not in order."""
    rules = load(folder / file, kind)
    in_force = [rule for rule in rules if rule.effective_from <= day]
    if not in_force:
        raise BadInput("classification.no_rule", file=file, day=day, first=rules[0].effective_from)
    return in_force[-1]


def load(file: Path, kind: type[R]) -> tuple[R, ...]:
    """Every version, oldest first.

    Raises BadInput for a file that cannot be read, a version with a missing, unknown or impossible entry, numbers that
    are not 1, 2, 3 … and days that do not grow from one version to the next.
    """
    try:
        return cast(tuple[R, ...], _versions(file, file.read_text("utf-8"), kind))
    except (OSError, UnicodeDecodeError):
        raise BadInput("classification.unreadable", file=file.name) from None


@lru_cache(maxsize=128)  # the file is read each time, what it says is understood once: forms ask with every answer
def _versions(file: Path, text: str, kind: type[R]) -> tuple[R, ...]:
    try:
        content = tomllib.loads(text)
    except ValueError:
        raise BadInput("classification.unreadable", file=file.name) from None
    tables = content.get("version")
    only_tables = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if not only_tables or not tables or len(content) > 1:
        raise BadInput("classification.no_versions", file=file.name)
    rules = tuple(_rule(file, place, table, kind) for place, table in enumerate(tables, start=1))
    _check_order(file, rules)
    return rules


_KEYS = {"missing": "missing_entry", "extra_forbidden": "unknown_entry"}
_LIMITS = {"greater_than": "> {gt}", "greater_than_equal": "≥ {ge}", "less_than": "< {lt}", "less_than_equal": "≤ {le}"}


def _rule(file: Path, place: int, table: dict[str, Any], kind: type[R]) -> R:
    try:
        rule = kind.model_validate(table)
        rule.check()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        facts = {"file": file.name, "place": place, "name": ".".join(map(str, first["loc"]))}
        if first["type"] in _LIMITS:
            limit = _LIMITS[first["type"]].format(**first["ctx"])
            raise BadInput("classification.limit", **facts, found=first["input"], limit=limit) from None
        raise BadInput(f"classification.{_KEYS.get(first['type'], 'wrong_entry')}", **facts) from None
    except Fault as wrong:
        raise BadInput(wrong.key, file=file.name, place=place, **wrong.facts) from None
    return rule


def _check_order(file: Path, rules: Sequence[Rule]) -> None:
    for place, rule in enumerate(rules, start=1):
        if rule.version != place:
            raise BadInput("classification.numbers", file=file.name, place=place, found=rule.version)
    for before, after in pairwise(rules):
        if after.effective_from <= before.effective_from:
            raise BadInput(
                "classification.days",
                file=file.name,
                version=after.version,
                day=after.effective_from,
                before=before.effective_from,
            )
