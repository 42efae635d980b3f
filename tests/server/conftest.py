"""Servers for tests. `running_site` is for every test that needs one: base_url, home, log_in(), stop()."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import nbformat
import pytest

from tests.server.site_server import TRIAL_PAGES, RunningSite, make_site, served


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
    running = ExitStack()

    def begin(*trial: Path | int, settings: str = "", prepare: Callable[[Path], None] = lambda _: None) -> RunningSite:
        home = tmp_path_factory.mktemp("site")
        make_site(home)
        with (home / "site.toml").open("a", encoding="utf-8") as file:
            file.write(settings)
        prepare(home)
        return running.enter_context(served(home, *trial))

    with running:
        yield begin


@pytest.fixture(scope="session")
def running_site(serve: Callable[..., RunningSite]) -> RunningSite:
    """One server with the real pages, for the whole run."""
    return serve()


@pytest.fixture(scope="session")
def trial_site(serve: Callable[..., RunningSite], trial_pages: Path) -> RunningSite:
    """One server with trial pages that misbehave in known ways, for the whole run."""
    return serve(trial_pages)
