"""Who has an account at a moment, and for how many of them there are a second factor, a valid training, a clearance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from custinfo.actions import clearances
from custinfo.domain.periods import Day
from custinfo.reports.parts.registers import Case, Event, Span, by_entry

TRAINED, PASSED = "trained_people", "passed"


@dataclass(frozen=True)
class Coverage:
    """How things stood at the end of a period: `accounts` by their department, and how many of all of them had what;
    `cleared` by level; `run_out` are the clearances that ended within the period by themselves; `holds` that stand.
    """

    accounts: Mapping[str, int]
    factor: int
    trained: int
    cleared: Mapping[str, int]
    run_out: int
    holds: int

    @property
    def people(self) -> int:
        """How many accounts there were."""
        return sum(self.accounts.values())


def at(rows: Sequence[Event], forms: Sequence[Event], span: Span) -> Coverage:
    """How things stood at the end of `span`, by what had been recorded by then."""
    rows = [one for one in rows if one["recorded_at"] < span.end]
    accounts = _accounts(rows)
    grants = [(entry, one) for entry, held in _grants(rows).items() for one in held if entry in accounts]
    counting = [(entry, one) for entry, one in grants if one["due_at"] is None or one["due_at"] >= span.end]
    cleared = {(entry, one["kind"]) for entry, one in counting}
    trained = {entry for entry, one in counting if one["also_due_at"] is not None and one["also_due_at"] >= span.end}
    newest = {one["entry"]: one for one in forms if one["register"] == TRAINED and one["recorded_at"] < span.end}
    trained |= {one["account"] for one in newest.values() if _is_trained(one, span)}
    return Coverage(
        Counter(department for department, _ in accounts.values()),
        sum(factor for _, factor in accounts.values()),
        len(trained & accounts.keys()),
        Counter(level for _, level in cleared),
        sum(span.holds(one["due_at"]) for _, one in grants),
        sum((1 if one["event"] == "set" else -1) * one["amount"] for one in rows if one["register"] == "hold"),
    )


def _accounts(rows: Sequence[Event]) -> dict[str, tuple[str, bool]]:
    """The accounts that nobody ended: their department, and whether they have a second factor."""
    found: dict[str, tuple[str, bool]] = {}
    for entry, steps in by_entry(rows, "account").items():
        events = [one["event"] for one in steps]
        factors = [event for event in events if event.startswith("factor")]
        if "left" not in events:
            department = next((one["department"] for one in reversed(steps) if one["department"]), "")
            found[entry] = department, bool(factors) and factors[-1] == "factor_on"
    return found


def _grants(rows: Sequence[Event]) -> dict[str, list[Event]]:
    """The clearances that were given to each account and not revoked."""
    found: dict[str, list[Event]] = {}
    for entry, steps in by_entry(rows, "clearance").items():
        held: list[Event] = []
        for one in steps:
            if one["event"] == "granted":
                held.append(one)
            else:
                which = one["kind"], one["since_at"]
                gone = next((had for had in held if (had["kind"], had["since_at"]) == which), None)
                held = [had for had in held if had is not gone]
        found[entry] = held
    return found


def _is_trained(entry: Event, span: Span) -> bool:
    return bool(entry["state"] == PASSED and entry["due_on"] >= span.last.isoformat())


def reviews(rows: Sequence[Event], accounts: Mapping[str, int], span: Span, zone: tzinfo) -> list[Case]:
    """How each department with accounts went through its rights: each review in the period against the day it was due
    on, and the one that is due next. Before the first it is due so many months after the department's first account.
    """
    found = []
    for department in sorted(accounts):
        due = _first_due(rows, department, zone)
        done = [one for one in rows if one["register"] == "access_review" and one["department"] == department]
        for one in done:
            found.append(Case(department, due, one["recorded_at"], one["recorded_at"]))
            due = one["due_at"]
        found.append(Case(department, due, None, None))
    return [one for one in found if one.over_at is None or span.holds(one.over_at)]


def _first_due(rows: Sequence[Event], department: str, zone: tzinfo) -> datetime | None:
    first = next((o for o in rows if o["register"] == "account" and o["department"] == department), None)
    if first is None:
        return None
    day = clearances.review_due(first["recorded_at"].replace(tzinfo=UTC), zone)
    # The last moment of the day, as the lake has it of later reviews: on the day itself is in time
    return Span.of(Day(day), zone).end - timedelta(microseconds=1)


def in_groups(accounts: Mapping[str, int], least: int) -> Mapping[str, str]:
    """Under which name each department stands in a table: its own, or blank together with others where it has fewer
    than `least` accounts: what few people did is not said of them alone.
    """
    ascending = sorted(accounts, key=lambda name: (accounts[name], name))
    small = [name for name in ascending if accounts[name] < least]
    while small and sum(accounts[name] for name in small) < least and len(small) < len(ascending):
        small.append(ascending[len(small)])
    return {name: "" if name in small else name for name in accounts}
