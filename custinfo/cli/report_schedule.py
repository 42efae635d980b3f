"""Commands of the calendar of reports: `custinfo report due` for a timer, `custinfo scheduler` that waits by itself."""

import json
import logging
import signal
import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from custinfo.cli import AS_JSON, HOME, language, main, opened, say
from custinfo.cli.reports import report
from custinfo.domain.clock import show, utc_now
from custinfo.domain.errors import CustinfoError, WrongState

log = logging.getLogger("custinfo.scheduler")

SLICE = 1.0
"""Seconds: so often it looks at the clock, which may be set while it waits, and whether it is to end."""
AFTER_FAULT = timedelta(minutes=5)

if TYPE_CHECKING:
    from custinfo.reports.scheduling import Outcome


@report.command("due")
@HOME
@AS_JSON
def due(home: Path, as_json: bool) -> None:
    """Build what is due and begin its issues, register what is late, remind people. Status 1: something failed."""
    from custinfo.reports import scheduling

    with opened(home) as store:
        found = scheduling.run(store)
        if as_json:
            click.echo(json.dumps([_plain(one) for one in found]))
        else:
            _tell(found)
        scheduling.remind(store)
    failed = sum(one.what == scheduling.FAILED for one in found)
    if failed:
        raise WrongState("report_schedule.cli.some_failed", count=failed)


@main.command("scheduler")
@HOME
def scheduler(home: Path) -> None:
    """Do what `report due` does whenever something is due, until SIGTERM; a report under way is ended first."""
    over: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda which, _: over.append(which))
    while not over:
        until = _pass(home, over)
        while not over and is_ahead(until, utc_now()):
            time.sleep(SLICE)


def is_ahead(until: datetime, now: datetime) -> bool:
    """Whether `until` lies ahead. A clock that was set back makes nobody wait longer than a day."""
    return now < until <= now + timedelta(days=1, hours=2)


def _pass(home: Path, over: Sequence[int]) -> datetime:
    """One run; gives when the next is. Whatever goes wrong is said, and tried again."""
    from custinfo.reports import scheduling

    try:
        with opened(home) as store:
            found = scheduling.run(store, lambda: not over)
            _tell(found)
            until = scheduling.next_run(store, found, utc_now())
            say("report_schedule.cli.next", time=show(until, store.site.zone))
            scheduling.remind(store)
    except CustinfoError as problem:
        say("report_schedule.cli.pass_failed", problem=problem.text(language()))
    except Exception as fault:
        # The text of an exception may quote data: what kind it was, and where, is enough to find a defect
        where = "; ".join(f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(fault.__traceback__))
        log.error("%s at %s", type(fault).__qualname__, where)
        say("report_schedule.cli.pass_defect")
    else:
        return until
    return utc_now() + AFTER_FAULT


def _tell(found: "Sequence[Outcome]") -> None:
    for one in found:
        problem = one.problem.text(language()) if one.problem else ""
        say(
            f"report_schedule.cli.{one.what}", name=one.name, period=one.period, issue=one.issue_id, problem=problem
        )  # fmt: skip
    if not found:
        say("report_schedule.cli.nothing")


def _plain(one: "Outcome") -> dict[str, str]:
    problem = one.problem.text(language()) if one.problem else ""
    return {
        "report": one.name, "period": one.period, "what": one.what, "issue": one.issue_id, "problem": problem,
    }  # fmt: skip
