"""A temporary site, served by a process of its own on a free port: what the fixtures of this folder are made of."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from custinfo.actions import people
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store
from tests.factories import in_a_year
from tests.processes import descendants, free_port

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
STARTS_WITHIN = 90

ECHO = """
import os, sys
import anywidget

class Echo(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        const button = document.createElement("button"); button.id = "press"; button.textContent = "press";
        const said = document.createElement("p"); said.id = "said"; said.textContent = "nothing";
        button.onclick = () => model.send({ press: 1 });
        model.on("msg:custom", (message) => { said.textContent = "heard " + message.n; });
        el.append(button, said);
    } };'''
    n = 0

def hear(widget, content, buffers):
    if content.get("fail"):
        raise RuntimeError("SECRET-IN-ERROR")
    if content.get("print"):
        print("SECRET-IN-PRINT")
    widget.n += 1
    widget.send({"n": widget.n, "environment": dict(os.environ), "folder": os.getcwd(), "path": sys.path})

print("SECRET-IN-CELL-OUTPUT")
echo = Echo()
echo.on_msg(hear)
display(echo)
"""
TRIAL_PAGES = {
    "home": ECHO,
    "form": "x = 'SECRET-IN-SOURCE'\nraise RuntimeError('SECRET-IN-ERROR')",
    "customers": "import os; os.kill(os.getpid(), 9)",
}


@dataclass
class RunningSite:
    """A server that runs. `stop()` ends it as the system would."""

    home: Path
    base_url: str
    process: subprocess.Popen[str]
    log: Path
    logged_in: dict[str, requests.Session] = field(default_factory=dict)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal, wait, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def log_in(self, name: str = "lin", password: str = PASSWORD, **fields: str) -> requests.Session:
        """A browser's cookies after a login."""
        browser = requests.Session()
        answer = post(browser, f"{self.base_url}/login", name=name, password=password, **fields)
        assert answer.status_code == 303, answer.text
        return browser

    def open_page(self, browser: requests.Session, path: str = "/") -> tuple[str, str]:
        """The page's HTML and its kernel's id."""
        page = browser.get(self.base_url + path)
        assert page.status_code == 200, page.text
        return page.text, re.search(r'"kernelId": "([0-9a-f-]+)"', page.text)[1]

    def open_files(self) -> int:
        """How many files and sockets the server holds open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def kernel_processes(self) -> list[int]:
        """The processes below the server: nursery and kernels."""
        return descendants(self.process.pid)


def post(browser: requests.Session, address: str, **fields: str) -> requests.Response:
    """Post a form as a browser does, with the token of a page of the same server."""
    login_page = browser.get(address.split("/", 3)[0] + "//" + address.split("/", 3)[2] + "/not-there")
    token = re.search(r'name="_xsrf" value="([^"]+)"', login_page.text)[1]
    return browser.post(address, data={"_xsrf": token, **fields}, allow_redirects=False)


def make_site(home: Path) -> Site:
    site = Site.create(home, name="云岭商贸", demo=True)
    with Store.create(site) as store:
        for name, shown in (("lin", "林晓雨"), ("zhao", "赵一鸣"), ("qian", "钱多多")):
            people.add(
                store,
                SERVICE,
                login_name=name,
                display_name=shown,
                roles=[Role.RESEARCHER],
                department="市场部",
                password=PASSWORD,
                clearance=Level.SECRET,
                trained_until=in_a_year(),
                vetted_until=in_a_year(),
            )
    return site


def start(home: Path, port: int, *trial: Path | int, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    with (home / "server.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "serve_site.py"), str(home), str(port), *map(str, trial)],
            stdout=log,
            stderr=log,
            text=True,
            cwd=home,
            env=os.environ | {"PYTHONPATH": str(PROJECT)} | (env or {}),
        )


@contextmanager
def served(home: Path, *trial: Path | int) -> Iterator[RunningSite]:
    """A server on the site, which has answered, until the block ends."""
    port = free_port()
    site = RunningSite(home, f"http://127.0.0.1:{port}", start(home, port, *trial), home / "server.log")
    deadline = time.monotonic() + STARTS_WITHIN
    try:
        while True:
            try:
                if requests.get(f"{site.base_url}/healthz", timeout=5).text == "ok":
                    break
            except requests.ConnectionError:
                assert site.process.poll() is None, site.log.read_text()
                assert time.monotonic() < deadline, site.log.read_text()
                time.sleep(0.1)
        yield site
    finally:
        site.stop()
