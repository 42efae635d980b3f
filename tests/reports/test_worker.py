"""The process that runs notebooks: warm, bare, bounded in time and memory, and gone when it has to be."""

import json
import os
import select
import signal
import subprocess
import sys

import pytest

from custinfo.actions import leftovers
from custinfo.domain.errors import CustinfoError, SiteFault
from custinfo.reports import places, worker
from custinfo.reports.worker import Run, Stopped, Worker
from custinfo.store.site import Site
from tests.reports import sites
from tests.reports.notebooks import reviewed

guarantee = pytest.mark.guarantee
SAY = "import os, sys, json; from pathlib import Path; out = Path(os.environ['CUSTINFO_REPORT_FOLDER'])"
PID = "(out / 'pid').write_text(str(os.getpid()))"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Without a lake: the notebooks here read none. Its path has what paths may have."""
    place = sites.site(tmp_path_factory.mktemp("worker") / "甲 {x} [y]")
    (place.home / "site.toml").write_text((place.home / "site.toml").read_text("utf-8") + "[reports]\nmemory_gib = 1\n")
    return Site.load(place.home)


@pytest.fixture(scope="module")
def shared(site):
    """A worker for all tests, of a service that has secrets: whoever ends it finds it started anew."""
    with pytest.MonkeyPatch.context() as environment, Worker(site) as kept:
        for name in ("CUSTINFO_SESSION", "HTTP_COOKIE"):
            environment.setenv(name, "secret")
        yield kept


@pytest.fixture
def ran(shared, tmp_path, monkeypatch):
    """Runs cells in the shared worker, after those that import; gives the folder that they find."""

    def run(*sources):
        reviewed(monkeypatch, tmp_path / "reports", (SAY, PID, *sources))
        given = {"period": "2026-10", "as_of": "", "language": "en"}
        shared.run(Run("monthly", given, tmp_path / "ran.ipynb", {places.OUTPUT: str(tmp_path)}))
        return tmp_path

    return run


def pid_of(folder):
    return int((folder / "pid").read_text())


def is_gone(pid, seconds=20):
    """Whether the process ends within so many seconds."""
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    told = select.poll()
    told.register(end, select.POLLIN)
    try:
        return bool(told.poll(seconds * 1000))
    finally:
        os.close(end)


def test_one_process_runs_them_all_and_no_run_sees_another(ran):
    first = pid_of(ran("left = 1; os.environ['LEFT'] = 'x'; os.chdir('/')"))
    with pytest.raises(Stopped, match="NameError"):
        ran("os.environ.get('LEFT'), Path.cwd()", "left")
    assert pid_of(ran("(out / 'said').write_text(f\"{os.environ.get('LEFT')} {Path.cwd().parent.name}\")")) == first
    assert (ran().parent / ran().name / "said").read_text() == "None run"


def test_after_so_many_runs_another_process_takes_over(ran, monkeypatch):
    monkeypatch.setattr(worker, "RUNS", 2)
    assert len({pid_of(ran()) for _ in range(3)}) == 2


@guarantee("report-worker-bare")
def test_it_knows_nothing_of_who_started_it(ran):
    found = json.loads((ran("(out / 'known').write_text(json.dumps(dict(os.environ)))") / "known").read_text())
    # What Python, a shell or a C library adds by itself aside
    assert set(found) - {"LC_CTYPE", "PWD", "SHLVL", "_", *worker.INHERITED} == {
        "CUSTINFO_HOME", "CUSTINFO_REPORT_FOLDER", "PYTHONPATH", "HOME", "LANG",
    }  # fmt: skip


def test_a_notebook_cannot_speak_in_the_workers_place(ran):
    ran("os.write(1, b'{\"ended\": null}\\n'); print('{\"ended\": null}')", "sys.stdin.read(), os.read(0, 9)")
    with pytest.raises(Stopped, match="ValueError: x") as stopped:
        ran("raise ValueError('x')")
    assert stopped.value.cell == 5


@guarantee("report-worker-bounded")
def test_an_endless_cell_is_ended_with_all_that_it_started(ran, monkeypatch, tmp_path):
    monkeypatch.setattr(worker, "CELL_SECONDS", 2)
    child = "import subprocess; (out / 'child').write_text(str(subprocess.Popen(['sleep', '600']).pid))"
    with pytest.raises(Stopped, match="still running after 2 seconds") as stopped:
        ran(child, "'it came to here'", "while True: pass")
    assert stopped.value.cell == 7
    assert is_gone(pid_of(tmp_path))
    assert is_gone(int((tmp_path / "child").read_text()))
    assert "it came to here" in (tmp_path / "ran.ipynb").read_text("utf-8")
    monkeypatch.undo()
    assert pid_of(ran()) != int((tmp_path / "child").read_text()), "the next one is started anew"


@guarantee("report-worker-bounded")
def test_too_much_memory_is_refused_in_words_and_the_worker_stays(ran):
    before = pid_of(ran())
    with pytest.raises(Stopped, match="more memory than the 1 GiB") as stopped:
        ran("much = bytearray(20 * 2**30)")
    assert (stopped.value.cell, stopped.value.text("zh-CN")[:4]) == (5, "所需内存")
    assert pid_of(ran()) == before


@pytest.mark.parametrize("stated", ["0", "true", '"much"', "1e9"])
def test_a_setting_that_is_no_amount_of_memory_is_named(tmp_path, stated):
    place = sites.site(tmp_path / "site")
    (place.home / "site.toml").write_text(f'name = "x"\n[reports]\nmemory_gib = {stated}\n')
    with pytest.raises(SiteFault, match="memory_gib"), Worker(Site.load(place.home)) as own:
        own.run(Run("monthly", {}, tmp_path / "ran.ipynb"))


def test_one_that_was_killed_is_said_and_replaced(ran):
    before = pid_of(ran())
    with pytest.raises(Stopped, match=r"ended on its own \(status -9\)") as stopped:
        ran("os.kill(os.getpid(), 9)")
    assert stopped.value.cell == 5
    after = pid_of(ran())
    assert after != before
    # Between two runs nothing is lost: the next has another process, and nobody is told
    os.kill(after, signal.SIGKILL)
    assert is_gone(after)
    assert pid_of(ran()) != after


def test_one_that_does_not_start_is_said(site, tmp_path, monkeypatch):
    reviewed(monkeypatch, tmp_path / "reports", (SAY,))
    monkeypatch.setattr(worker.sys, "executable", "/bin/false")
    with pytest.raises(Stopped, match=r"status 1\)") as stopped, Worker(site) as own:
        own.run(Run("monthly", {}, tmp_path / "ran.ipynb"))
    assert stopped.value.cell == 0


def test_a_full_disk_is_the_cells_error_or_the_runs(ran, shared, tmp_path, monkeypatch):
    with pytest.raises(Stopped, match="No space left") as stopped:
        ran("print('x' * 99999, file=open('/dev/full', 'w'), flush=True)")
    assert stopped.value.cell == 5
    reviewed(monkeypatch, tmp_path / "reports", (SAY,))
    with pytest.raises(Stopped):
        shared.run(Run("monthly", {"language": "en"}, tmp_path / "no folder" / "ran.ipynb"))


ENDLESS = """
import sys
from pathlib import Path
from custinfo.reports import places
from custinfo.reports.worker import Run, Worker
from custinfo.store.site import Site

places.NOTEBOOKS = Path(sys.argv[2])
with Worker(Site.load(Path(sys.argv[1]))) as own:
    own.run(Run("monthly", {}, Path(sys.argv[3]) / "ran.ipynb", {places.OUTPUT: sys.argv[3]}))
"""


@guarantee("report-worker-bounded")
def test_it_goes_with_whoever_started_it_and_its_folder_is_swept(site, tmp_path, monkeypatch):
    """A cell that never lets go of the interpreter, and a parent that has no time to say so."""
    hold = "import re; os.mkfifo(out / 'here'); open(out / 'here', 'w').close(); re.match('(a*)*b', 'a' * 60)"
    reviewed(monkeypatch, tmp_path / "reports", (SAY, PID, hold))
    command = [sys.executable, "-c", ENDLESS, str(site.home), str(tmp_path / "reports"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(places.PROJECT)}
    with subprocess.Popen(command, env=environment) as parent:
        while not (tmp_path / "here").exists():
            assert parent.poll() is None
            select.select([], [], [], 0.05)
        (tmp_path / "here").read_text()
        left = {path for path in (site.home / "run").iterdir() if path.name.startswith(".report-")}
        parent.kill()
    assert is_gone(pid_of(tmp_path))
    assert set(leftovers.found(site)) & left
    leftovers.sweep(site)
    assert not set(leftovers.found(site))


def test_what_was_said_about_a_run_is_said_in_the_readers_language():
    reason = Stopped("report_runs.endless", 1, seconds=7)
    fault = CustinfoError("reports.failed", name="a", period="b", cell=1, notebook="c", reason=reason)
    assert "超过 7 秒" in fault.text("zh-CN")
    assert "after 7 seconds" in fault.text("en")
