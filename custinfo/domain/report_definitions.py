"""Definitions of regular reports (`data/reports.toml`): what each is, for whom, how far it may go, what it must say,
when it is due.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from custinfo.domain import commentary
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.report_calendar import Calendar

FILE = Path(__file__).resolve().parents[2] / "data" / "reports.toml"
Release = Literal["inside", "named", "outside"]
RELEASES: tuple[Release, ...] = ("inside", "named", "outside")
"""Inside the company alone; to recipients by name besides, each by an approved disclosure; to everybody outside."""


@dataclass(frozen=True)
class Definition:
    """A regular report. `audience` reads it once it is released inside; `release` is as far as it may go; `needs` are
    the kinds of commentary without which it is not put forward (R158). `calendar` is None for one that nobody awaits on
    a day.
    """

    name: str
    titles: Mapping[str, str]
    audience: frozenset[Role]
    release: Release
    needs: tuple[str, ...]
    calendar: Calendar | None
    table: Mapping[str, Any]


def named(name: str) -> Definition:
    """The definition of that name. Raises NotFound, naming those that there are."""
    found = load()
    if name not in found:
        raise NotFound("reports.unknown", name=name[:40], known=", ".join(found))
    return found[name]


@cache
def load() -> Mapping[str, Definition]:
    """All of them, in the file's order. Raises ValueError for a table that is not as this module wants it."""
    return {name: _definition(name, table) for name, table in tomllib.loads(FILE.read_text("utf-8")).items()}


def _definition(name: str, table: Mapping[str, Any]) -> Definition:
    if set(table) - {"calendar"} != {*LANGUAGES, "audience", "release", "needs"} or table["release"] not in RELEASES:
        raise ValueError(f"{FILE.name}: {name}")
    if not set(table["needs"]) <= set(commentary.KINDS):
        raise ValueError(f"{FILE.name}: {name}.needs")
    titles = {language: table[language] for language in LANGUAGES}
    audience = frozenset(Role(one) for one in table["audience"])
    return Definition(
        name, titles, audience, table["release"], tuple(table["needs"]), calendar_of(name, table), table
    )  # fmt: skip


def calendar_of(name: str, table: Mapping[str, Any]) -> Calendar | None:
    """The calendar of a definition's table. Raises ValueError, naming the report, for one that is not in order."""
    try:
        return Calendar.read(table["calendar"]) if "calendar" in table else None
    except ValueError:
        raise ValueError(f"{FILE.name}: {name}.calendar") from None
