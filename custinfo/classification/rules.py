"""Rules of classification: versioned data with the day from which each is in force, the reason, and who approved it."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise
from pathlib import Path

from custinfo.domain.errors import BadInput

FOLDER = Path(__file__).parents[2] / "data" / "rules"
VALUE_GRADE = "value_grade.toml"

MAX_MONTHS = 120


@dataclass(frozen=True)
class ValueGradeRule:
    """One version of the cut-offs: `a_percent` and `b_percent` are cumulative shares, `months` the window's length."""

    version: int
    effective_from: date
    reason: str
    approved_by: str
    a_percent: int
    b_percent: int
    months: int


def rule_on(day: date, folder: Path = FOLDER) -> ValueGradeRule:
    """The rule in force on `day`. Raises BadInput when there was none yet, or the file is not in order."""
    rules = load(folder / VALUE_GRADE)
    in_force = [rule for rule in rules if rule.effective_from <= day]
    if not in_force:
        raise BadInput("classification.no_rule", file=VALUE_GRADE, day=day, first=rules[0].effective_from)
    return in_force[-1]


def load(file: Path) -> tuple[ValueGradeRule, ...]:
    """Every version, oldest first.

    Raises BadInput for a file that cannot be read, a version with a missing, unknown or impossible entry, numbers that
    are not 1, 2, 3 … and days that do not grow from one version to the next.
    """
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        raise BadInput("classification.unreadable", file=file.name) from None
    tables = content.get("version")
    only_tables = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if not only_tables or not tables or len(content) > 1:
        raise BadInput("classification.no_versions", file=file.name)
    rules = tuple(_rule(file, place, table) for place, table in enumerate(tables, start=1))
    _check_order(file, rules)
    return rules


def _rule(file: Path, place: int, table: Mapping[str, object]) -> ValueGradeRule:
    expected = {field.name: field.type for field in fields(ValueGradeRule)}
    for name in expected.keys() ^ table.keys():
        key = "classification.unknown_entry" if name in table else "classification.missing_entry"
        raise BadInput(key, file=file.name, place=place, name=name)
    for name, value in table.items():
        if type(value) is not expected[name] or value == "":
            raise BadInput("classification.wrong_entry", file=file.name, place=place, name=name)
    rule = ValueGradeRule(**table)  # type: ignore[arg-type]
    if not 0 < rule.a_percent < rule.b_percent <= 100:
        raise BadInput("classification.cut_offs", file=file.name, place=place, a=rule.a_percent, b=rule.b_percent)
    if not 0 < rule.months <= MAX_MONTHS:
        raise BadInput("classification.months", file=file.name, place=place, months=rule.months, limit=MAX_MONTHS)
    return rule


def _check_order(file: Path, rules: Sequence[ValueGradeRule]) -> None:
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
