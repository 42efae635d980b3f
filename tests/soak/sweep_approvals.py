"""kill -9 at every step of a signed decision, and of the daily job."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from custinfo.actions import approval_cases, approvals, copies, daily, delegations, mail, signatures
from custinfo.store import Site, Store
from tests.approval_sites import CONTENT, SHA, SIGNED, asked, crowd_of, site_with_crowd
from tests.backup_sites import killed_at
from tests.factories import PASSWORD

DECIDING = frozenset({
    "approvals.py", "approval_cases.py", "approval_notices.py", "signatures.py", "copies.py", "database.py",
    "reauthentication.py", "anchor.py",
})  # fmt: skip
DAILY = frozenset({"daily.py", "delegations.py", "mail.py", "due.py", "database.py"})
MOST = 100_000


def kill_decide(folder: Path, points: int = 120) -> tuple[int, int]:
    """The last decision of a case, killed at `points` steps: all of it is there, or none; and then it can be made."""
    home = folder / "site"
    with site_with_crowd(home) as store:
        people = crowd_of(store)
        cases = []
        for n in range(points + 1):
            cases.append(asked(store, people.asker, SIGNED, object_id=f"X-{n}"))
            approvals.decide(store, people.head, cases[-1], "approve", SHA, password=PASSWORD)

    def decide(n: int) -> None:
        with Store.open(Site.load(home)) as store:
            approvals.decide(store, people.manager, cases[n], "approve", SHA, password=PASSWORD)

    # Where the steps end is found on the last case, so that each point has a case of its own
    last = steps(lambda: decide(points), DECIDING)
    lost = 0
    for n in range(points):
        killed_at(1 + (last - 1) * n // points, lambda n=n: decide(n), DECIDING)  # type: ignore[misc]
        with Store.open(Site.load(home)) as store:
            lost += not _whole_or_not_there(store, cases[n])
            state = approvals.decide(store, people.manager, cases[n], "approve", SHA, password=PASSWORD)
            approvals.check_approved(store, "thing", f"X-{n}", CONTENT)
            lost += state != "approved" or bool(store.verify_audit())
    return points, lost


def _whole_or_not_there(store: Store, case_id: str) -> bool:
    case = approval_cases.find(store, case_id)
    decided = len(case.decisions()) == 2
    parts = {
        case.state == "approved",
        len(signatures.of(store, case_id)) == 2,
        bool(copies.of(store, case)),
        bool(_accounted(store, case_id)),
    }
    return parts == {decided} and signatures.verify(store) == []


def _accounted(store: Store, case_id: str) -> bool:
    sql = "SELECT 1 FROM audit WHERE action = 'approval.decide' AND object_id = ?"
    return len(store.rows(sql, [case_id])) == 2


def kill_daily(folder: Path, points: int = 60) -> tuple[int, int]:
    """The daily job, killed at `points` steps: the next run ends it, and nothing is done twice."""
    home = folder / "site"
    with site_with_crowd(home) as store:
        people = crowd_of(store)
        mail.set_address(store, people.head, "head@example.com")
        asked(store, people.asker)
        today = delegations.today(store)
    with (home / "site.toml").open("a", encoding="utf-8") as file:
        file.write('[mail]\nhost = "127.0.0.1"\nport = 9\ntls = "none"\nfrom = "a@example.com"\nurl = "http://x"\n')

    def run(day: int) -> None:
        with Store.open(Site.load(home)) as store:
            daily.run(store, today + timedelta(days=day))

    last = steps(lambda: run(0), DAILY)
    lost = 0
    for n in range(1, points + 1):
        killed_at(1 + (last - 1) * (n - 1) // points, lambda n=n: run(n), DAILY)  # type: ignore[misc]
        run(n)
        with Store.open(Site.load(home)) as store:
            day = [(today + timedelta(days=n)).isoformat()]
            done = store.rows("SELECT 1 FROM daily_run WHERE day = ? AND state = 'done'", day)
            queued = store.rows("SELECT 1 FROM mail WHERE day = ?", day)
            lost += len(done) != len(daily.JOBS) or len(queued) != 1 or bool(store.verify_audit())
    return points, lost


def steps(action: Callable[[], None], files: frozenset[str]) -> int:
    """How many steps the action has, counted in a process of its own."""
    import os
    import sys

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        calls = [0]

        def count(frame: object, event: str, _: object) -> None:
            name = frame.f_code.co_filename.rpartition("/")[2]  # type: ignore[attr-defined]
            calls[0] += event in ("call", "c_call") and name in files

        sys.setprofile(count)
        try:
            action()
        finally:
            sys.setprofile(None)
            os.write(writing, str(calls[0]).encode())
            os._exit(0)
    os.close(writing)
    told = os.read(reading, 20)
    os.close(reading)
    os.waitpid(child, 0)
    return int(told)


SWEEPS = {"kill_decide": kill_decide, "kill_daily": kill_daily}
