"""Servers for tests. `running_site` is for every test that needs one: base_url, home, log_in(), stop()."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import requests

from tests.processes import free_port
from tests.server.site_server import TRIAL_PAGES, RunningSite, make_site, start

STARTS_WITHIN = 90


@pytest.fixture(scope="session")
def trial_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial-pages")
    for name, source in TRIAL_PAGES.items():
        cell = nbformat.v4.new_code_cell(source, id="trial")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningSite]]:
    """Starts a server on a new site, with the real pages or those of a folder, perhaps with limits; ends it at last.

    `settings` are lines for site.toml; `prepare` does something to the site before.
    """
    running: list[RunningSite] = []

    def begin(*trial: Path | int, settings: str = "", prepare: Callable[[Path], None] = lambda _: None) -> RunningSite:
        home = tmp_path_factory.mktemp("site")
        make_site(home)
        with (home / "site.toml").open("a", encoding="utf-8") as file:
            file.write(settings)
        prepare(home)
        port = free_port()
        site = RunningSite(home, f"http://127.0.0.1:{port}", start(home, port, *trial), home / "server.log")
        running.append(site)
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                if requests.get(f"{site.base_url}/healthz", timeout=5).text == "ok":
                    return site
            except requests.ConnectionError:
                assert site.process.poll() is None, site.log.read_text()
                assert time.monotonic() < deadline, site.log.read_text()
                time.sleep(0.1)

    yield begin
    for site in running:
        site.stop()


@pytest.fixture(scope="session")
def running_site(serve: Callable[..., RunningSite]) -> RunningSite:
    """One server with the real pages, for the whole run."""
    return serve()


@pytest.fixture(scope="session")
def trial_site(serve: Callable[..., RunningSite], trial_pages: Path) -> RunningSite:
    """One server with trial pages that misbehave in known ways, for the whole run."""
    return serve(trial_pages)
