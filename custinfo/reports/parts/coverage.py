"""Who has an account at a moment, and for how many of them there are a second factor, a valid training, a clearance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo.actions import clearances
from custinfo.domain.periods import months_before
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
    counting = [(entry, one) for entry, one in grants if (ends := _ends(one)) is None or ends >= span.end]
    cleared = {(entry, one["kind"]) for entry, one in counting}
    trained = {entry for entry, one in counting if one["also_due_at"] is not None}
    trained |= {one["account"] for one in forms if one["recorded_at"] < span.end and _is_trained(one, span)}
    return Coverage(
        Counter(department for department, _ in accounts.values()),
        sum(factor for _, factor in accounts.values()),
        len(trained & accounts.keys()),
        Counter(level for _, level in cleared),
        sum(span.holds(_ends(one)) for _, one in grants),
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
                # Which of several of one level was taken back does not say; the one that was given first
                gone = next((had for had in held if had["kind"] == one["kind"]), None)
                held = [had for had in held if had is not gone]
        found[entry] = held
    return found


def _ends(grant: Event) -> datetime | None:
    """Until when a clearance counts: its own end, and that of the training it rests on."""
    ends = [one for one in (grant["due_at"], grant["also_due_at"]) if one is not None]
    return min(ends) if ends else None


def _is_trained(entry: Event, span: Span) -> bool:
    return bool(entry["register"] == TRAINED and entry["state"] == PASSED and entry["due_on"] >= span.last.isoformat())


def reviews(rows: Sequence[Event], accounts: Mapping[str, int], span: Span) -> list[Case]:
    """How each department with accounts went through its rights: each review in the period against the day it was due
    on, and the one that is due next. Before the first it is due so many months after the department's first account.
    """
    found = []
    for department in sorted(accounts):
        due = _first_due(rows, department)
        done = [one for one in rows if one["register"] == "access_review" and one["department"] == department]
        for one in done:
            found.append(Case(department, due, one["recorded_at"], one["recorded_at"]))
            due = one["due_at"]
        found.append(Case(department, due, None, None))
    return [one for one in found if one.over_at is None or span.holds(one.over_at)]


def _first_due(rows: Sequence[Event], department: str) -> datetime | None:
    first = next((o for o in rows if o["register"] == "account" and o["department"] == department), None)
    if first is None:
        return None
    begun: datetime = first["recorded_at"]
    return begun.combine(months_before(begun.date(), -clearances.review_months()), begun.time())


def in_groups(accounts: Mapping[str, int], least: int) -> Mapping[str, str]:
    """Under which name each department stands in a table: its own, or blank together with others where it has fewer
    than `least` accounts: what few people did is not said of them alone.
    """
    ascending = sorted(accounts, key=lambda name: (accounts[name], name))
    small = [name for name in ascending if accounts[name] < least]
    while small and sum(accounts[name] for name in small) < least and len(small) < len(ascending):
        small.append(ascending[len(small)])
    return {name: "" if name in small else name for name in accounts}
