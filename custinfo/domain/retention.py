"""Rules of retention: versioned data with the day from which each is in force, the reason, and who approved it."""

import calendar
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Month

FILE = Path(__file__).parents[2] / "data" / "rules" / "retention.toml"
CATEGORIES = (
    "customer", "record", "draft", "answer_event", "file", "login_session", "mail", "failed_report", "report",
    "annual_report", "lake_batch", "audit", "backup",
)  # fmt: skip
ACTIONS = ("delete", "anonymise", "hold")
EVENTS = ("last_dealing", "recorded", "closed", "ended", "received", "sent", "built", "made")
LONGEST_STOP = 90
_ENTRIES = {"id": str, "category": str, "purpose": str, "event": str, "action": str, "basis": str}
_VERSION = {"version": int, "effective_from": date, "reason": str, "approved_by": str, "stop_days": int, "rule": list}


@dataclass(frozen=True)
class Rule:
    """How long one category is kept, from which event on, and what happens then. `purpose` is a form's id or `*`."""

    rule_id: str
    category: str
    purpose: str
    event: str
    months: int
    days: int
    action: str
    basis: str

    def due_on(self, since: date) -> date:
        """The day on which what happened on `since` is due. A month that lacks the day gives its last."""
        if not self.months:
            return since + timedelta(days=self.days)
        month = Month.of(since).plus(self.months)
        last = calendar.monthrange(month.year, month.month)[1]
        return date(month.year, month.month, min(since.day, last))

    def newest_due(self, today: date) -> date:
        """Whatever happened after this day is not due on `today`: a bound for a query, to be checked by `due_on`."""
        if not self.months:
            return today - timedelta(days=self.days)
        return Month.of(today).plus(-self.months).last


@dataclass(frozen=True)
class Rules:
    """One version of all rules. For `stop_days` after it was marked, a job can still be stopped."""

    version: int
    effective_from: date
    reason: str
    approved_by: str
    stop_days: int
    rules: tuple[Rule, ...]

    def named(self, rule_id: str) -> Rule | None:
        """The rule of that id, or None."""
        return next((rule for rule in self.rules if rule.rule_id == rule_id), None)


def on(day: date, file: Path | None = None) -> Rules:
    """The version in force on `day`. Raises BadInput when there was none yet, or the file is not in order."""
    versions = load(file or FILE)
    in_force = [one for one in versions if one.effective_from <= day]
    if not in_force:
        raise BadInput("retention.rules.none_yet", day=day, first=versions[0].effective_from)
    return in_force[-1]


@cache
def load(file: Path) -> tuple[Rules, ...]:
    """Every version, oldest first. Raises BadInput, naming the place, for a file that is not in order."""
    try:
        tables = tomllib.loads(file.read_text("utf-8"))["version"]
        versions = tuple(_version(table) for table in tables)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput("retention.rules.unreadable", file=file.name) from None
    for place, one in enumerate(versions, start=1):
        if one.version != place:
            raise BadInput("retention.rules.numbers", file=file.name, place=place, found=one.version)
    for before, after in pairwise(versions):
        if after.effective_from <= before.effective_from:
            raise BadInput("retention.rules.days", file=file.name, version=after.version, day=after.effective_from)
    return versions


def _version(table: Mapping[str, Any]) -> Rules:
    place = str(table.get("version", "?"))
    _check_entries(place, table, _VERSION)
    rules = tuple(_rule(place, one) for one in table["rule"])
    if len({rule.rule_id for rule in rules}) != len(rules) or not 0 <= table["stop_days"] <= LONGEST_STOP:
        raise BadInput("retention.rules.wrong", place=place, name="rule, stop_days")
    return Rules(
        table["version"], table["effective_from"], table["reason"], table["approved_by"], table["stop_days"], rules
    )


def _rule(version: str, table: Mapping[str, Any]) -> Rule:
    place = f"{version} · {table.get('id', '?')}"
    periods = {name: value for name, value in table.items() if name in ("months", "days")}
    _check_entries(place, {name: value for name, value in table.items() if name not in periods}, _ENTRIES)
    right = (
        len(periods) == 1
        and all(type(value) is int and value > 0 for value in periods.values())
        and table["category"] in CATEGORIES
        and table["action"] in ACTIONS
        and table["event"] in EVENTS
        and (table["action"] != "anonymise" or table["category"] == "customer")
    )
    if not right:
        raise BadInput("retention.rules.wrong", place=place, name="category, event, action, months / days")
    return Rule(
        table["id"], table["category"], table["purpose"], table["event"], periods.get("months", 0),
        periods.get("days", 0), table["action"], table["basis"],
    )  # fmt: skip


def _check_entries(place: str, table: Mapping[str, Any], wanted: Mapping[str, type]) -> None:
    for name in wanted.keys() ^ table.keys():
        raise BadInput("retention.rules.entry", place=place, name=name)
    for name, kind in wanted.items():
        if type(table[name]) is not kind or table[name] == "":
            raise BadInput("retention.rules.wrong", place=place, name=name)
