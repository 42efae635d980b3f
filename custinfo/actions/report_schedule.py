"""The calendar of regular reports: which periods of which report are awaited, by when, and how far each of them is.

What is awaited follows from the definition that was approved, from the day of its approval on; nothing is stored that
could be forgotten. A report is done when it is released inside: whoever waits for it can read it then.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions
from custinfo.actions import people, report_runs, statisticians
from custinfo.actions.report_definitions import KIND
from custinfo.actions.report_runs import Attempt
from custinfo.domain import report_definitions, working_days
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.domain.periods import Period
from custinfo.domain.report_calendar import Calendar
from custinfo.domain.report_definitions import Definition
from custinfo.store import Store
from custinfo.store.database import Row

PLANNED, DUE, FAILED, UNDER_WAY, DONE = "planned", "due", "failed", "under_way", "done"
STATES = (PLANNED, DUE, FAILED, UNDER_WAY, DONE)
"""A period that runs; one that ended and has no issue; the same after its last attempt failed; an issue that is not
released; one that is."""


@dataclass(frozen=True)
class Scheduled:
    """A report with the calendar that was approved. It is awaited for every period that ends on `since` or later;
    `proposed_by` is the id of who proposed the definition in force.
    """

    definition: Definition
    calendar: Calendar
    since: date
    proposed_by: str


@dataclass(frozen=True)
class Entry:
    """A report for a period. `exact` is False when `due_on` was counted without a holiday table; `released_on` is the
    day of its first release inside.
    """

    scheduled: Scheduled
    period: Period
    due_on: date
    exact: bool
    ended: bool
    issue_id: str
    issue_state: str
    released_on: date | None
    attempts: tuple[Attempt, ...]
    today: date

    @property
    def name(self) -> str:
        """The report's."""
        return self.scheduled.definition.name

    @property
    def late(self) -> bool:
        """Whether it was not released by its day: the day itself is in time."""
        return (self.released_on or self.today) > self.due_on

    @property
    def withdrawn(self) -> bool:
        """Whether its issue was given up: people begin another."""
        return self.issue_state == "withdrawn"

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.released_on is not None:
            return DONE
        if self.issue_id and not self.withdrawn:
            return UNDER_WAY
        if not self.ended:
            return PLANNED
        return FAILED if self.attempts and self.attempts[-1].state == report_runs.FAILED else DUE

    @property
    def to_build(self) -> bool:
        """Whether the schedule has to begin it: each period is begun once, and one that was given up is not."""
        return self.ended and not self.issue_id


def in_force(store: Store) -> list[Scheduled]:
    """The reports whose approved definition has a calendar, in the order of `data/reports.toml`."""
    found = (_scheduled(store, definition) for definition in report_definitions.load().values())
    return [one for one in found if one is not None]


def entries(
    store: Store, today: date, scheduled: Iterable[Scheduled] | None = None, *, until: date | None = None
) -> list[Entry]:  # fmt: skip
    """Every awaited period that has begun by `today`, or by the day `until`; by due day, report and period."""
    asked = in_force(store) if scheduled is None else scheduled
    found = [entry for one in asked for entry in _of_report(store, one, today, until or today)]
    return sorted(found, key=lambda one: (one.due_on, one.name, one.period.last))


def read(store: Store, actor: Person, today: date, until: date) -> list[Entry]:
    """As `entries`, for a person. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return entries(store, today, until=until)


def on_behalf_of(store: Store, scheduled: Scheduled) -> Person:
    """In whose name the issue is begun: a statistician who was appointed for the report, else the person who answers
    for it, else whoever proposed the definition. Raises NotFound when none of them may prepare reports by now.
    """
    name = scheduled.definition.name
    appointed = [one.person_id for one in statisticians.answerable(store, name, statisticians.today(store))]
    named = people.by_login_name(store, scheduled.calendar.person) if scheduled.calendar.person else None
    ids = [*appointed, *([named.person_id] if named else []), scheduled.proposed_by]
    rows = (store.row("SELECT * FROM person WHERE person_id = ?", [one]) for one in ids)
    for one in (people.from_row(store, row) for row in rows if row):
        if permissions.may(one, "report.prepare"):
            return one
    raise NotFound("report_schedule.nobody", name=name)


def _scheduled(store: Store, definition: Definition) -> Scheduled | None:
    """By the newest version that was approved; since the first of those that have had its kind of period ever since."""
    rows = store.rows(
        "SELECT report_definition.*, ended_at FROM report_definition JOIN approval_case ON object_kind = ? "
        "AND object_id = name || '-' || version AND approval_case.state = 'approved' "
        "WHERE name = ? ORDER BY version DESC",
        [KIND, definition.name],
    )
    calendars = [(row, _calendar(definition.name, row["content"])) for row in rows]
    newest = calendars[0][1] if calendars else None
    if newest is None:
        return None
    since = rows[0]
    for row, calendar in calendars:
        if calendar is None or calendar.period != newest.period:
            break
        since = row
    day = parse(since["ended_at"]).astimezone(store.site.zone).date()
    return Scheduled(definition, newest, day, rows[0]["recorded_by"])


def _calendar(name: str, content: str) -> Calendar | None:
    return report_definitions.calendar_of(name, json.loads(content)["definition"])


def _of_report(store: Store, one: Scheduled, today: date, until: date) -> Iterator[Entry]:
    calendar = working_days.load()
    issues = _issues(store, one.definition.name)
    attempts = report_runs.of_report(store, one.definition.name)
    for period in one.calendar.periods(one.since, until):
        due_on = one.calendar.due_on(period, calendar)
        issue = issues.get(str(period), {})
        released = issue.get("released")
        yield Entry(
            one, period, due_on, not calendar.count(period.last, due_on).weekdays_only, period.last < today,
            issue.get("issue_id", ""), issue.get("state", ""),
            parse(released).astimezone(store.site.zone).date() if released else None,
            tuple(attempts.get(str(period), ())), today,
        )  # fmt: skip


def _issues(store: Store, name: str) -> Mapping[str, Row]:
    """The issue of each period: the newest that was not withdrawn, else one that was; when any was first released."""
    rows = store.rows(
        "SELECT period, issue_id, state, min(released_inside_at) OVER (PARTITION BY period) AS released "
        "FROM report_issue WHERE name = ? ORDER BY period, state <> 'withdrawn', revision, drafted_at, issue_id",
        [name],
    )
    return {row["period"]: row for row in rows}


def retry_moments(entries: Iterable[Entry]) -> list[datetime]:
    """When what failed and may be tried again is tried again."""
    found = (report_runs.next_at(one.attempts) for one in entries if one.to_build and one.attempts)
    return [moment for moment in found if moment is not None]
