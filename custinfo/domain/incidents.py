"""Grades and clocks of security incidents, from `data/rules/incidents.toml`, which cites the law it follows."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from custinfo.domain.errors import BadInput

FILE = Path(__file__).parents[2] / "data" / "rules" / "incidents.toml"
KINDS = ("leak", "tampering", "loss", "intrusion", "malware", "misuse", "outage", "other")
NOTICES = ("authority", "people", "summary")
OPERATORS = ("ordinary", "critical_infrastructure", "central_organ")


@dataclass(frozen=True)
class Grade:
    """A grade is reached by either lower limit; `report` says whether the authority has to be told."""

    name: str
    persons: int
    loss_fen: int
    report: bool


@dataclass(frozen=True)
class Rule:
    """One edition of the rules: hours by kind of operator, days, grades from the gravest down, contents of notices."""

    version: int
    effective_from: date
    authority_hours: Mapping[str, int]
    summary_days: int
    people_hours: int
    grades: tuple[Grade, ...]
    content: Mapping[str, tuple[str, ...]]

    def grade(self, persons: int, loss_fen: int) -> Grade:
        """The gravest grade of which a lower limit is reached."""
        return next(one for one in self.grades if persons >= one.persons or loss_fen >= one.loss_fen)

    def named(self, name: str) -> Grade:
        """The grade of that name. Raises BadInput."""
        for one in self.grades:
            if one.name == name:
                return one
        raise BadInput("incidents.unknown_grade", grade=name[:40])

    def missing(self, notice: str, content: Mapping[str, str]) -> list[str]:
        """The parts that a notice of this kind must have and that are blank."""
        return [part for part in self.content[notice] if not content.get(part, "").strip()]


@dataclass(frozen=True)
class Clock:
    """A deadline that runs: `notice` is what has to be sent by `due_at`."""

    notice: str
    due_at: datetime


def clocks(
    rule: Rule,
    grade: Grade | None,
    *,
    operator: str,
    noticed_at: datetime,
    personal_data: bool,
    concluded_at: datetime | None,
) -> list[Clock]:
    """The clocks of an incident. Before it is graded the authority's runs already: nobody gains time by waiting."""
    running = []
    if grade is None or grade.report:
        running.append(Clock("authority", noticed_at + timedelta(hours=rule.authority_hours[operator])))
    if personal_data:
        running.append(Clock("people", noticed_at + timedelta(hours=rule.people_hours)))
    if grade is not None and grade.report and concluded_at is not None:
        running.append(Clock("summary", concluded_at + timedelta(days=rule.summary_days)))
    return running


@cache
def rules() -> tuple[Rule, ...]:
    """Every edition, the oldest first."""
    found = tuple(_rule(table) for table in tomllib.loads(FILE.read_text("utf-8"))["version"])
    days = [one.effective_from for one in found]
    if days != sorted(set(days)) or [one.version for one in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{FILE.name}: versions are numbered 1, 2 … and each begins later than the one before")
    return found


def rule_on(day: date) -> Rule:
    """The edition in force on `day`; the first one before that."""
    return next((one for one in reversed(rules()) if one.effective_from <= day), rules()[0])


def _rule(table: Mapping[str, Any]) -> Rule:
    rule = Rule(
        table["version"],
        table["effective_from"],
        table["authority_hours"],
        table["clock"]["summary_days"],
        table["clock"]["people_hours"],
        tuple(Grade(**one) for one in table["grade"]),
        {notice: tuple(table["content"][notice]) for notice in NOTICES},
    )
    if set(rule.authority_hours) != set(OPERATORS) or rule.grades[-1].persons or rule.grades[-1].loss_fen:
        raise ValueError(f"{FILE.name}: hours for {OPERATORS}; the last grade has no lower limit")
    return rule
