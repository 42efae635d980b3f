"""What is due is built and begun by itself: for each awaited period the report in every language, then its issue.

Nothing is put forward, signed or released here: people write the commentary and answer for it. The report is built
before its issue begins, and the issue is one transaction, so whatever stops a run leaves no issue without its report.
"""

import errno
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from custinfo import lake
from custinfo.actions import mail, report_definitions, report_lateness, report_runs, report_schedule, reports
from custinfo.actions.delegations import today as today_of
from custinfo.actions.report_schedule import Entry, Scheduled
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import CustinfoError, SiteFault, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE
from custinfo.reports import build, definitions, issuing
from custinfo.reports.worker import Worker
from custinfo.store import Store, private_files

log = logging.getLogger("custinfo.schedule")

BEGUN, FAILED, WAITS, HELD, BUSY = "begun", "failed", "waits", "held", "busy"
"""An issue was begun; an attempt failed; the lake has nothing newer than the period yet; the definition does not allow
it; another run is at this report."""
LOOK_AGAIN = timedelta(minutes=15)
"""How soon the scheduler looks whether the lake has what a period waits for."""


@dataclass(frozen=True)
class Outcome:
    """What became of a report for a period, blank where it is about the report as a whole."""

    name: str
    period: str
    what: str
    issue_id: str = ""
    problem: CustinfoError | None = None


def run(store: Store, go_on: Callable[[], bool] = lambda: True) -> list[Outcome]:
    """Build and begin all that is due, oldest first, until `go_on` says no; then register what is late.

    Another run at the same time leaves a report alone that this one works at. Run again, it does nothing twice.
    """
    found: list[Outcome] = []
    folder = store.site.home / "run"
    folder.mkdir(exist_ok=True)
    for one in report_schedule.in_force(store):
        name = one.definition.name
        try:
            with private_files.lock(folder / f"schedule-{name}.lock", busy="report_schedule.busy"):
                found += _report(store, one, go_on)
        except WrongState as problem:
            if problem.key != "report_schedule.busy":
                raise
            found.append(Outcome(name, "", BUSY, problem=problem))
    report_lateness.daily(store, today_of(store))
    return found


def remind(store: Store) -> None:
    """Mail whoever was not reminded today of what waits for them, where the site sends mail. Raises SiteFault."""
    today = today_of(store)
    mail.queue_reminders(store, today)
    mail.send(store, today)


def next_run(store: Store, found: list[Outcome], now: datetime) -> datetime:
    """When there is something to do after a run that gave `found`: the next day of the site begins, a failed attempt is
    tried again, or the lake may have what a period waits for.
    """
    tomorrow = now.astimezone(store.site.zone).date() + timedelta(days=1)
    moments = [datetime.combine(tomorrow, time.min, store.site.zone).astimezone(now.tzinfo)]
    moments += report_schedule.retry_moments(report_schedule.entries(store, today_of(store)))
    if any(one.what in (WAITS, BUSY, HELD) for one in found):
        moments.append(now + LOOK_AGAIN)
    return max(min(moments), now + timedelta(minutes=1))


def _report(store: Store, one: Scheduled, go_on: Callable[[], bool]) -> list[Outcome]:
    name, found = one.definition.name, list[Outcome]()
    waiting = [entry for entry in report_schedule.entries(store, today_of(store), [one]) if entry.to_build]
    if not waiting:
        return []
    try:
        report_definitions.check_in_force(store, name, definitions.content(name))
        newest = lake.open(store.site).as_of
    except CustinfoError as problem:
        return [Outcome(name, str(entry.period), HELD, problem=problem) for entry in waiting]
    known = newest.astimezone(store.site.zone).date()
    with Worker(store.site) as worker:
        for entry in waiting:
            if not go_on():
                break
            if not _is_known(entry, known):
                behind = WrongState("report_schedule.no_data", period=entry.period, day=known)
                found.append(Outcome(name, str(entry.period), WAITS, problem=behind))
            elif report_runs.may_begin(entry.attempts, utc_now()):
                found.append(_attempt(store, entry, newest, worker))
    return found


def _is_known(entry: Entry, day: date) -> bool:
    """Whether the lake goes beyond the period: one that is published on its last day may lack the rest of that day."""
    return entry.period.last < day


def _attempt(store: Store, entry: Entry, as_of: datetime, worker: Worker) -> Outcome:
    """One try, on record from its beginning to its end."""
    name, period = entry.name, str(entry.period)
    number = report_runs.begin(store, name, period)
    try:
        issue_id = _begin_issue(store, entry, stamp(as_of), worker)
    except Exception as fault:
        known = fault if isinstance(fault, CustinfoError) else _defect(name, period, fault)
        report_runs.failed(store, name, period, number, known)
        return Outcome(name, period, FAILED, problem=known)
    report_runs.done(store, name, period, number, issue_id)
    return Outcome(name, period, BEGUN, issue_id)


def _begin_issue(store: Store, entry: Entry, as_of: str, worker: Worker) -> str:
    name, period = entry.name, str(entry.period)
    author = report_schedule.on_behalf_of(store, entry.scheduled)
    made = [build.build(store.site, name, period, as_of, language, worker=worker) for language in LANGUAGES]
    version, figures = made[0].lake_version, made[0].figures_sha256
    reports.record_built(store, SERVICE, name, period, lake_version=version, figures_sha256=figures)
    return issuing.draft(store, SERVICE, name, period, as_of, on_behalf_of=author)


def _defect(name: str, period: str, fault: Exception) -> SiteFault:
    """What people read of any other fault. Its own text may quote data: what it was, and where, is logged."""
    where = "; ".join(f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(fault.__traceback__))
    log.error("%s %s: %s at %s", name, period, type(fault).__qualname__, where)
    full = isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT)
    key = "report_schedule.disk_full" if full else "report_schedule.defect"
    return SiteFault(key, name=name, period=period)
