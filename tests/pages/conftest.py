"""A site as a user finds it: served by the command, opened in a real Chromium."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from custinfo.domain.people import Role
from tests import browser as browsers
from tests.factories import account, site_with_forms
from tests.pages.user import PATIENCE
from tests.processes import free_port

expect.set_options(timeout=PATIENCE)  # where a test says nothing else: five seconds are few beside other work
CUSTINFO = Path(sys.executable).with_name("custinfo")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
SALES = """customer,line_no,kind,date,product,quantity,amount
C000001,0001,sale,2026-10-05,螺栓,10,1234.50
C000001,0002,return,2026-10-06,螺栓,1,123.45
C000001,0003,sale,2026-09-05,螺栓,8,987.60
C000001,0004,payment,2026-10-20,,,1000.00
"""


class Server:
    """`custinfo serve` on a site, which can be killed and started again on the same port."""

    def __init__(self, home):
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [CUSTINFO, "serve", "--home", self.home, "--port", str(self.port)]
        with (self.home / "serve.log").open("a") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env=os.environ | {"PYTHONWARNINGS": "default"}
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz") as answer:
                    return answer.status
            except OSError:
                assert self.process.poll() is None, (self.home / "serve.log").read_text()
                time.sleep(0.2)
        raise TimeoutError((self.home / "serve.log").read_text())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(timeout=60)

    def run(self, *arguments):
        """A command on the same site; gives what it printed."""
        done = subprocess.run([CUSTINFO, *arguments, "--home", self.home], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages") / "site"
    with site_with_forms(home, demo=True) as store:
        account(store, login_name="lin")
        account(store, Role.MANAGER, login_name="chen")
    running = Server(home)
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="package")
def playwright():
    """It ends with this folder: Playwright keeps an event loop running, which other tests could not start then."""
    browsers.with_windows()  # which asks a Playwright of its own, and remembers: two at once do not run
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium(playwright):
    """A browser."""
    opened = playwright.chromium.launch(executable_path=browsers.executable(), args=FLAGS)
    yield opened
    opened.close()


@pytest.fixture
def chromium_with_windows(playwright):
    """A browser in which a tab can be closed and be asked back."""
    opened = playwright.chromium.launch(executable_path=browsers.with_windows(), args=FLAGS)
    yield opened
    opened.close()
