"""What the benchmarks of pages share: servers of their own, a browser, and a person who logs in."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests import browser as browsers
from tests.factories import PASSWORD

# Names that are not this machine's are not found, at once: a page that links a CDN must not wait for an answer
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
Server = subprocess.Popen[bytes]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium that ends with the block."""
    executable = browsers.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, port: int) -> None:
    """Log in as `lin`."""
    page.goto(f"http://127.0.0.1:{port}/login")
    page.locator("input[autocomplete=username]").fill("lin")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://127.0.0.1:{port}/")


@contextmanager
def custinfo(home: Path, port: int) -> Iterator[Server]:
    """`custinfo serve` on the site in `home`, until the block ends."""
    command = [Path(sys.executable).with_name("custinfo"), "serve", "--home", home, "--port", str(port)]
    with started(command, f"http://127.0.0.1:{port}/healthz") as server:
        yield server


@contextmanager
def started(command: Sequence[str | Path], health: str, **environment: str) -> Iterator[Server]:
    """A server that has answered at `health`, until the block ends. Raises TimeoutError when it never does."""
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )
    try:
        _wait(server, health)
        yield server
    finally:
        server.terminate()
        server.wait()


def _wait(server: Server, health: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(health):
                return
        except OSError:
            assert server.poll() is None, f"{server.args} ended"
            time.sleep(0.1)
    raise TimeoutError(str(server.args))
