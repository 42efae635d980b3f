"""The daily job: what is done once a day, each thing with a row that says so; run again, it does nothing twice.

Killed in between, the next run goes on with the first job that has not ended; every job is harmless when repeated.
"""

import importlib
import json
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from custinfo.actions import approval_cases, approval_waiting
from custinfo.actions.delegations import today as today_of
from custinfo.domain.errors import CustinfoError, WrongState
from custinfo.domain.people import SERVICE
from custinfo.store import Store, private_files
from custinfo.store.database import Row

log = logging.getLogger("custinfo.daily")

JOBS: dict[str, str] = {
    "delegations": "custinfo.actions.delegations:expire",
    "escalations": "custinfo.actions.daily:escalate",
    "retention": "custinfo.actions.retention_daily:run",
    "gradings": "custinfo.actions.gradings:daily",
    "duplicates": "custinfo.actions.dedupe:daily",
    "credit": "custinfo.actions.credit_watch:run",
    "prepared": "custinfo.actions.prepared_tables:daily",
    "late_reports": "custinfo.actions.report_lateness:daily",
    "ledger_copies": "custinfo.actions.backups:copy_ledger",
    "reminders": "custinfo.actions.mail:queue_reminders",
}
"""Name → `module:function`, in this order, each once a day. A function of (store, today) that gives counts."""
EVERY_TIME: dict[str, str] = {"mail": "custinfo.actions.mail:send"}
"""The same for what each run does, however often it is run on a day."""
RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass(frozen=True)
class Result:
    """What came of one job: its counts, or the problem. `skipped`: it was done today already."""

    job: str
    counts: Mapping[str, int]
    problem: CustinfoError | None = None
    skipped: bool = False


def run(store: Store, today: date | None = None) -> list[Result]:
    """Do what is to be done today. Raises WrongState while another run is going on."""
    day = today or today_of(store)
    with private_files.lock(store.site.home / "daily.lock", busy="daily.busy"):
        once = [_once(store, day, name) for name in JOBS]
        return [*once, *(_do(store, day, name, place) for name, place in EVERY_TIME.items())]


def escalate(store: Store, today: date) -> dict[str, int]:
    """Put each case that goes up on the audit log, once: whoever is told sees it on their list."""
    count = 0
    for case in approval_cases.open_ones(store):
        if not approval_waiting.escalated(case, today):
            continue
        with store.act(SERVICE.person_id, "approval.escalate", "approval_case", case.case_id) as tx:
            key: Row = {"case_id": case.case_id, "round": case.round, "step": case.step}
            known = "SELECT 1 FROM approval_escalation WHERE case_id = ? AND round = ? AND step = ?"
            if store.row(known, [case.case_id, case.round, case.step]) is None:
                tx.insert("approval_escalation", key | {"at": tx.at})
                count += 1
    return {"escalated": count}


def _once(store: Store, day: date, name: str) -> Result:
    row = store.row("SELECT state, result FROM daily_run WHERE job = ? AND day = ?", [name, day.isoformat()])
    if row is not None and row["state"] == DONE:
        return Result(name, json.loads(row["result"]), skipped=True)
    with store.act(SERVICE.person_id, "daily.start", "job", name, day=day.isoformat()) as tx:
        tx.delete("daily_run", (name, day.isoformat()))
        new = {"job": name, "day": day.isoformat(), "started_at": tx.at, "state": RUNNING, "result": "{}"}
        tx.insert("daily_run", new)
    made = _do(store, day, name, JOBS[name])
    state = FAILED if made.problem else DONE
    with store.act(SERVICE.person_id, "daily.end", "job", name, day=day.isoformat(), state=state, **made.counts) as tx:
        result = json.dumps(dict(made.counts), sort_keys=True)
        tx.update("daily_run", (name, day.isoformat()), {"state": state, "ended_at": tx.at, "result": result})
    return made


def _do(store: Store, day: date, name: str, place: str) -> Result:
    """One job; what goes wrong in it keeps no other from its turn."""
    module, _, function = place.partition(":")
    try:
        return Result(name, getattr(importlib.import_module(module), function)(store, day))
    except CustinfoError as problem:
        return Result(name, {}, problem)
    except Exception as fault:
        # The text of an exception may quote data: what kind it was, and where, is enough to find a defect
        where = "; ".join(f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(fault.__traceback__))
        log.error("%s: %s at %s", name, type(fault).__qualname__, where)
        return Result(name, {}, WrongState("daily.defect"))
