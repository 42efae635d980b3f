import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from custinfo.domain.errors import SiteFault
from custinfo.server import launcher
from tests.processes import descendants, free_port
from tests.server.site_server import RunningSite, make_site, start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_server_is_the_end_of_its_kernels(
    serve: Callable[..., RunningSite], trial_pages: Path, number: int
) -> None:
    site = serve(trial_pages)
    browser = site.log_in()
    site.open_page(browser)
    site.open_page(browser)
    processes = site.kernel_processes()
    assert len(processes) >= 3
    status = site.stop(number)
    assert status == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    gone(processes)


def test_pages_go_on_without_the_nursery(trial_site: RunningSite) -> None:
    site = trial_site
    browser = site.log_in()
    site.open_page(browser)
    nursery = [pid for pid in site.kernel_processes() if parent(pid) == site.process.pid]
    kernels = [pid for pid in site.kernel_processes() if pid not in nursery]
    assert len(nursery) == 1
    os.kill(nursery[0], signal.SIGKILL)
    gone(kernels)
    page, _ = site.open_page(browser)
    assert "cell-output" in page


def test_a_killed_kernel_stays_dead_and_is_noticed(trial_site: RunningSite) -> None:
    site = trial_site
    browser = site.log_in()
    site.open_page(browser)  # the nursery is there from now on
    before = set(site.kernel_processes())
    _, kernel_id = site.open_page(browser)
    (kernel,) = set(site.kernel_processes()) - before
    os.kill(kernel, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while browser.get(f"{site.base_url}/api/kernels/{kernel_id}").status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert set(site.kernel_processes()) == before


def test_a_taken_port_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    make_site(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(tmp_path, port)
        assert process.wait(timeout=60) == 1
    said = (tmp_path / "server.log").read_text()
    assert str(port) in said
    assert "--port" in said
    assert "Traceback" not in said


def test_the_address_is_said_only_once_it_is_ours(tmp_path: Path) -> None:
    make_site(tmp_path)
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SiteFault):
            launcher.serve(tmp_path, port=taken.getsockname()[1], ready=lambda: said.append("ready"))
    assert said == []


def test_too_few_open_files_is_an_error(tmp_path: Path) -> None:
    make_site(tmp_path)
    command = f"ulimit -n 1024; exec {sys.executable} {Path(__file__).parent}/serve_site.py"
    result = subprocess.run(
        ["bash", "-c", f"{command} {tmp_path} {free_port()}"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        timeout=60,
    )
    assert result.returncode == 1
    assert re.search("1024.*4096", result.stderr)


def test_nothing_in_the_working_folder_or_environment_is_believed(tmp_path: Path, trial_pages: Path) -> None:
    make_site(tmp_path)
    for name in ("anywidget", "ipykernel", "sqlite_utils"):
        (tmp_path / "run" / "empty").mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / "empty" / f"{name}.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "jupyter_config.py").write_text("raise SystemExit('configured')")
    (tmp_path / "voila.json").write_text('{"VoilaConfiguration": {"show_tracebacks": true}}')
    port = free_port()
    process = start(tmp_path, port, trial_pages, env={"JUPYTER_CONFIG_DIR": str(tmp_path)})
    site = RunningSite(tmp_path, f"http://127.0.0.1:{port}", process, tmp_path / "server.log")
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{site.base_url}/healthz")
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline, site.log.read_text()
                time.sleep(0.1)
        page, _ = site.open_page(site.log_in())
        assert "cell-output" in page
    finally:
        site.stop()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(processes: list[int]) -> None:
    """Wait until none of them is alive."""
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in processes):
        assert time.monotonic() < deadline, [pid for pid in processes if alive(pid)]
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_descendants_are_found() -> None:
    with subprocess.Popen(["sleep", "30"]) as process:
        assert process.pid in descendants(os.getpid())
        process.kill()
