"""Many reports by two warm workers: each is out whole or not at all, whatever ends in between."""

import errno
import os
import select
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from custinfo.actions import leftovers
from custinfo.domain.errors import SiteFault
from custinfo.domain.periods import Month
from custinfo.reports import batch, build, places
from custinfo.reports.build import Order
from tests.reports import sites
from tests.reports.notebooks import reviewed
from tests.reports.test_worker import is_gone

guarantee = pytest.mark.guarantee
WRITE = """
import os
from pathlib import Path
out = Path(os.environ["CUSTINFO_REPORT_FOLDER"])
(out / "figures.json").write_text(period)
(out / "pid").write_text(str(os.getpid()))
"""
KEPT = {"figures.json", "pid"}


@pytest.fixture
def site(tmp_path):
    return sites.site(tmp_path / "甲 {x}")


def orders_of(site, months):
    """One order for each month of 2026."""
    return [
        Order("monthly", Month(2026, month), sites.PUBLISHED, "en", 1, site.reports / "monthly" / f"2026-{month:02}")
        for month in months
    ]


def as_if_run(_site, order, folder, _worker):
    """What a worker would have left, without one."""
    for name in KEPT:
        (folder / name).write_text(str(order.period))


def there(site):
    """The folders of reports with what is in them, but for the executed notebooks."""
    return {
        folder.name: {file.name for file in folder.iterdir() if file.suffix != ".ipynb"}
        for folder in sorted((site.reports / "monthly").iterdir())
    }


MEET = """
import time
(out.parent / f"met{period}").touch()
while period < "2026-03" and not (out.parent / f"met2026-0{3 - int(period[-1])}").exists():
    time.sleep(0.01)
"""
"""The first two wait for each other, so that none of two workers does all of it."""


@guarantee("report-batch-whole")
def test_two_processes_build_all_and_what_fails_or_dies_takes_no_other_along(site, tmp_path, monkeypatch):
    end = "assert period != '2026-03', 'no data'\nif period == '2026-04': os.kill(os.getpid(), 9)"
    reviewed(monkeypatch, tmp_path / "reports", (WRITE, MEET, end))
    found = {str(one.order.period): one for one in batch.make(site, orders_of(site, range(1, 7)))}
    faults = {period: one.fault.text("en") for period, one in found.items() if one.fault}
    assert faults.keys() == {"2026-03", "2026-04"}
    assert "stopped at cell 5: AssertionError: no data" in faults["2026-03"]
    assert "stopped at cell 5: the process that ran it ended" in faults["2026-04"]
    for met in (site.reports / "monthly").glob("met*"):
        met.unlink()
    assert there(site) == {f"2026-0{month}": KEPT for month in (1, 2, 5, 6)}
    pids = {(one.built.html.parent / "pid").read_text() for one in found.values() if one.built}
    assert len(pids) >= 2
    assert all(is_gone(int(pid)) for pid in pids)


def test_who_stops_asking_ends_what_runs(site, tmp_path, monkeypatch):
    reviewed(monkeypatch, tmp_path / "reports", (WRITE, "while period != '2026-01': pass"))
    running = batch.make(site, orders_of(site, range(1, 5)))
    assert next(running).built
    running.close()
    assert there(site) == {"2026-01": KEPT}
    assert not [path for path in (site.home / "run").iterdir() if path.name.startswith(".report-")]


def test_no_orders_are_no_reports(site):
    assert list(batch.make(site, [])) == []


BATCH = """
import sys
from pathlib import Path
from custinfo.reports import batch, places
from custinfo.store.site import Site
from tests.reports.test_batch import orders_of

places.NOTEBOOKS = Path(sys.argv[2])
site = Site.load(Path(sys.argv[1]))
for one in batch.make(site, orders_of(site, range(1, 5))):
    print(one.order.period, flush=True)
"""


@guarantee("report-batch-whole")
def test_a_batch_that_is_killed_leaves_whole_reports_and_is_carried_on(site, tmp_path, monkeypatch):
    wait = "(out.parent.parent / f'running-{os.getpid()}').touch()\nwhile period > '2026-02': pass"
    reviewed(monkeypatch, tmp_path / "reports", (WRITE, wait))
    command = [sys.executable, "-c", BATCH, str(site.home), str(tmp_path / "reports")]
    environment = os.environ | {"PYTHONPATH": str(places.PROJECT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as parent:
        assert {parent.stdout.readline(), parent.stdout.readline()} == {b"2026-01\n", b"2026-02\n"}
        while len(list((site.reports / "monthly").glob(".building-*/pid"))) < 2:
            select.select([], [], [], 0.05)
        parent.kill()
    pids = [int(path.name.partition("-")[2]) for path in site.reports.glob("running-*")]
    assert pids
    assert all(is_gone(pid) for pid in pids)
    whole = {name: files for name, files in there(site).items() if not name.startswith(".")}
    assert whole == {"2026-01": KEPT, "2026-02": KEPT}
    for half in (site.reports / "monthly").glob(".building-*"):
        os.utime(half, (0, 0))
    leftovers.sweep(site)
    assert there(site) == whole
    assert not leftovers.found(site)
    monkeypatch.setattr(build, "run", as_if_run)
    orders = orders_of(site, range(1, 5))
    again = {str(one.order.period): one.fault and one.fault.key for one in batch.make(site, orders)}
    # Those that were there are compared; the others come out
    assert again == {"2026-01": "reports.differs", "2026-02": "reports.differs", "2026-03": None, "2026-04": None}


def test_two_builds_of_the_same_report_at_once_are_one_report(site, monkeypatch):
    (order,) = orders_of(site, [1])
    both = threading.Barrier(2)
    publish = build._publish

    def together(*given):
        both.wait(60)
        publish(*given)

    monkeypatch.setattr(build, "run", as_if_run)
    monkeypatch.setattr(build, "_publish", together)
    found = list(batch.make(site, [order, replace(order)]))
    assert [one.fault for one in found] == [None, None]
    assert found[0].built == found[1].built
    assert there(site) == {"2026-01": KEPT}


@guarantee("report-batch-whole")
@pytest.mark.parametrize("where", ["begin", "sync", "rename"])
def test_a_disk_that_is_full_while_publishing_is_said_and_nothing_is_out(site, monkeypatch, where):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(build, "run", as_if_run)
    place, name = {
        "begin": (build.tempfile, "mkdtemp"), "sync": (build.files, "sync"), "rename": (build.Path, "rename"),
    }[where]  # fmt: skip
    monkeypatch.setattr(place, name, full)
    (order,) = orders_of(site, [1])
    with pytest.raises(SiteFault) as fault:
        build.make(site, order)
    assert "disk is full" in fault.value.text("en")
    assert "Errno" not in fault.value.text("zh-CN")
    monkeypatch.undo()
    assert there(site) == {}
