"""Procedures of approval: who decides, in which order, by when. Data (`data/procedures.toml`), checked when loaded.

Days are calendar days: clocks of the law run on holidays too, and no table of holidays reaches far enough ahead.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level

FILE = Path(__file__).parents[2] / "data" / "procedures.toml"
DEPARTMENT, ANY = "department", "any"
OPENER, DECIDERS = "opener", "deciders"
MOST_DAYS = 365
PROCEDURE_ENTRIES = {*LANGUAGES, "level", "copies", "step"}
STEP_ENTRIES = {"name", *LANGUAGES, "roles", "scope", "days", "signs"}
OPTIONAL_ENTRIES = {"all", "stand_in", "escalate"}
ESCALATION_ENTRIES = {"days", "to"}


@dataclass(frozen=True)
class Step:
    """One decision, or with `all_of` one for each of `roles`. `days` count from the moment the step began.

    `stand_in` are roles that may decide for somebody who delegated it to them, besides `roles`. `escalate_to` are told
    `escalate_days` after the step became overdue; nobody when it is empty.
    """

    name: str
    titles: dict[str, str]
    roles: tuple[Role, ...]
    all_of: bool
    own_department: bool
    days: int
    signs: bool
    stand_in: frozenset[Role]
    escalate_days: int
    escalate_to: frozenset[Role]

    def still(self, done: frozenset[Role]) -> tuple[Role, ...]:
        """Which roles are still wanted after those in `done` decided; none when the step is over."""
        if self.all_of:
            return tuple(role for role in self.roles if role not in done)
        return () if done else self.roles


@dataclass(frozen=True)
class Procedure:
    """`level` is the least clearance that deciding takes. `copies` are `OPENER`, `DECIDERS` and roles."""

    name: str
    titles: dict[str, str]
    level: Level
    copies: tuple[str, ...]
    steps: tuple[Step, ...]


def load(file: Path) -> dict[str, Procedure]:
    """Every procedure of a file, by name. Raises BadInput with the place and what is wrong there."""
    return {name: parsed(name, table) for name, table in tables(file).items()}


def tables(file: Path) -> dict[str, Any]:
    """The tables of a file as they stand there: what a case keeps of its procedure. Raises BadInput."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        raise BadInput("procedures.unreadable", file=file.name) from None


def parsed(name: str, table: object) -> Procedure:
    """One procedure from its table. Raises BadInput for a missing, unknown or impossible entry."""
    if not isinstance(table, dict):
        raise BadInput("procedures.entries", place=name, names="step")
    _check_entries(name, table, PROCEDURE_ENTRIES, set())
    steps = table["step"]
    if not isinstance(steps, list) or not steps or not all(isinstance(one, dict) for one in steps):
        raise BadInput("procedures.wrong", place=name, name="step")
    made = tuple(_step(f"{name}.{place}", one) for place, one in enumerate(steps, start=1))
    if len({step.name for step in made}) < len(made):
        raise BadInput("procedures.wrong", place=name, name="name")
    if type(table["level"]) is not int or table["level"] not in set(Level):
        raise BadInput("procedures.wrong", place=name, name="level")
    copies = table["copies"]
    if not isinstance(copies, list) or any(one not in {OPENER, DECIDERS, *Role} for one in copies):
        raise BadInput("procedures.wrong", place=name, name="copies")
    return Procedure(name, _titles(name, table), Level(table["level"]), tuple(copies), made)


def _step(place: str, table: dict[str, Any]) -> Step:
    _check_entries(place, table, STEP_ENTRIES, OPTIONAL_ENTRIES)
    escalate = table.get("escalate", {"days": 0, "to": []})
    if not isinstance(escalate, dict):
        raise BadInput("procedures.wrong", place=place, name="escalate")
    _check_entries(f"{place}.escalate", escalate, ESCALATION_ENTRIES, set())
    roles = _roles(place, "roles", table["roles"])
    wrong = {
        "name": not isinstance(table["name"], str) or not table["name"],
        "roles": not roles,
        "scope": table["scope"] not in (DEPARTMENT, ANY),
        "signs": type(table["signs"]) is not bool,
        "all": type(table.get("all", False)) is not bool,
        "days": not _is_days(table["days"]),
        "escalate": not _is_days(escalate["days"]),
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise BadInput("procedures.wrong", place=place, name=name)
    return Step(
        table["name"], _titles(place, table), roles, table.get("all", False), table["scope"] == DEPARTMENT,
        table["days"], table["signs"], frozenset(_roles(place, "stand_in", table.get("stand_in", []))),
        escalate["days"], frozenset(_roles(place, "escalate", escalate["to"])),
    )  # fmt: skip


def _check_entries(place: str, table: Mapping[str, object], wanted: set[str], optional: set[str]) -> None:
    wrong = (wanted - table.keys()) | (table.keys() - wanted - optional)
    if wrong:
        raise BadInput("procedures.entries", place=place, names=", ".join(sorted(wrong)))


def _titles(place: str, table: Mapping[str, object]) -> dict[str, str]:
    titles = {language: str(table[language]).strip() for language in LANGUAGES}
    for language, title in titles.items():
        if not title:
            raise BadInput("procedures.wrong", place=place, name=language)
    return titles


def _roles(place: str, name: str, given: object) -> tuple[Role, ...]:
    known = set(Role)
    if not isinstance(given, list) or any(one not in known for one in given) or len(set(given)) < len(given):
        raise BadInput("procedures.wrong", place=place, name=name)
    return tuple(Role(one) for one in given)


def _is_days(given: object) -> bool:
    return type(given) is int and 0 <= given <= MOST_DAYS


TABLES: Mapping[str, Any] = tables(FILE)
PROCEDURES: Mapping[str, Procedure] = {name: parsed(name, table) for name, table in TABLES.items()}
"""The procedures of `data/procedures.toml`, by name."""
