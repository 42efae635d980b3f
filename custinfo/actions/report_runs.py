"""Attempts of the schedule to build a report that is due: each is on record, with the cell at which it failed.

Only whoever holds the report's lock writes here, so an attempt that is `running` when another begins was killed.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import CustinfoError, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE
from custinfo.store import Store
from custinfo.store.database import Row

RUNNING, DONE, FAILED = "running", "done", "failed"
MOST_TRIES = 3
FIRST_PAUSE = timedelta(minutes=10)
"""Doubled after each failure. After the last try a person goes on, by hand."""
OBJECT = "report"


@dataclass(frozen=True)
class Attempt:
    """One attempt for a period; `problem` is what was wrong, by language, `cell` the notebook's cell that failed."""

    number: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    issue_id: str
    cell: str
    notebook: str
    problem: Mapping[str, str]


def of_report(store: Store, name: str) -> Mapping[str, Sequence[Attempt]]:
    """All attempts for a report, by period, oldest first."""
    found: dict[str, list[Attempt]] = defaultdict(list)
    for row in store.rows("SELECT * FROM report_run WHERE name = ? ORDER BY period, attempt", [name]):
        found[row["period"]].append(_attempt(row))
    return found


def next_at(attempts: Sequence[Attempt]) -> datetime | None:
    """When the next attempt may begin; None after the last one, or once it was done. At once when there was none, and
    after one that was killed.
    """
    if not attempts:
        return datetime.min.replace(tzinfo=utc_now().tzinfo)
    last = attempts[-1]
    if len(attempts) >= MOST_TRIES or last.state == DONE:
        return None
    if last.state == RUNNING:
        return last.started_at
    pause: timedelta = FIRST_PAUSE * 2 ** (len(attempts) - 1)
    return (last.ended_at or last.started_at) + pause


def may_begin(attempts: Sequence[Attempt], now: datetime) -> bool:
    """Whether an attempt may begin. A clock that was set back makes nobody wait for the moment that it showed."""
    moment = next_at(attempts)
    return moment is not None and (moment <= now or attempts[-1].started_at > now)


def begin(store: Store, name: str, period: str) -> int:
    """Put the beginning of an attempt on record; gives its number. One that was killed has failed."""
    with store.act(SERVICE.person_id, "report.try", OBJECT, f"{name} {period}") as tx:
        killed = WrongState("report_schedule.killed")
        known = store.rows("SELECT * FROM report_run WHERE name = ? AND period = ?", [name, period])
        for row in known:
            if row["state"] == RUNNING:
                tx.update("report_run", (name, period, row["attempt"]), _failure(killed) | {"ended_at": tx.at})
        new: Row = {"name": name, "period": period, "attempt": len(known) + 1, "state": RUNNING, "started_at": tx.at}
        tx.insert("report_run", new)
        tx.note(attempt=len(known) + 1)
    return len(known) + 1


def done(store: Store, name: str, period: str, attempt: int, issue_id: str) -> None:
    """The attempt ended with an issue to comment on and put forward."""
    with store.act(SERVICE.person_id, "report.tried", OBJECT, f"{name} {period}", attempt=attempt, state=DONE) as tx:
        tx.update("report_run", (name, period, attempt), {"state": DONE, "ended_at": tx.at, "issue_id": issue_id})


def failed(store: Store, name: str, period: str, attempt: int, problem: CustinfoError) -> None:
    """The attempt failed, and why. What to tell people is kept; which notebook and cell, too."""
    with store.act(SERVICE.person_id, "report.tried", OBJECT, f"{name} {period}", attempt=attempt, state=FAILED) as tx:
        tx.update("report_run", (name, period, attempt), _failure(problem) | {"ended_at": tx.at})


def _failure(problem: CustinfoError) -> Row:
    told = {language: problem.text(language) for language in LANGUAGES}
    cell, notebook = (str(problem.facts.get(name, "")) for name in ("cell", "notebook"))
    return {"state": FAILED, "problem": json.dumps(told, ensure_ascii=False), "cell": cell, "notebook": notebook}


def _attempt(row: Row) -> Attempt:
    return Attempt(
        row["attempt"], row["state"], parse(row["started_at"]), parse(row["ended_at"]) if row["ended_at"] else None,
        row["issue_id"] or "", row["cell"], row["notebook"], json.loads(row["problem"]),
    )  # fmt: skip
