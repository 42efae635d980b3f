"""Analysts' pages: processor time until one is drawn, and until one choice is followed, over what was kept beside the lake.

Run: `python -m tests.bench.bench_pages [customers]`, 20,000 when left out, ten sales each; BENCH_FOLDER is where the
lake is made. Each page is opened in a process of its own, libraries loaded before. The peer is the page's own
statements, handed to DuckDB as SQL once more: what is above it are expressions, charts, widgets, and of clusters the
fit and its judgement, which a kernel works out while the page is there already. `first` is what it takes to compute
and keep what the pages share, once for each version of the lake.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGES = ("segments", "value", "abc", "quality", "clusters", "credit_analysis", "demands", "matches")
OPEN_BAR, CHOICE_BAR = 5.0, 2.0
"""Seconds of the processor, at a million customers."""


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def _inside(widget: Any) -> Any:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _inside(child)


def _choose(shown: Any) -> None:
    """The first filter's first code, or the second of a list that has one chosen."""
    import ipywidgets as widgets

    found = list(_inside(shown))
    several = [one for one in found if isinstance(one, widgets.SelectMultiple) and one.options]
    if several:
        several[0].value = (several[0].options[0][1],)
    else:
        next(one for one in found if isinstance(one, widgets.Dropdown) and len(one.options) > 1).index = 1


def one_page(name: str, home: Path) -> None:
    """In this process; prints one line."""
    from ibis.backends.duckdb import Backend

    from custinfo.screens import explorer, live

    # As on a page: the script of charts comes from the server
    os.environ[live.SERVED] = "served"
    screen = importlib.import_module(f"custinfo.screens.{name}").SCREEN
    statements: list[str] = []
    asked = Backend._to_duckdb_relation

    def noted(self: Any, expr: Any, **options: Any) -> Any:
        statement = self.compile(expr.as_table())
        if "memtable" not in statement:  # rows of the program's memory, gone by then
            statements.append(statement)
        return asked(self, expr, **options)

    opening, shown = _timed(lambda: explorer.Explorer(screen, *explorer._opened(home, None), "en"))
    choice, _ = _timed(lambda: _choose(shown.widget))
    Backend._to_duckdb_relation = noted
    shown.draw()
    engine = shown.view().opened.source.engine._backend.con
    alone, _ = _timed(lambda: [engine.execute(one).fetchall() for one in statements])
    line = {"name": f"/{name}", "open": round(opening, 2), "choice": round(choice, 2), "peer": round(alone, 2),
            "statements": len(statements), "unit": "s of CPU", "ratio": round(opening / alone, 1),
            "bar": [OPEN_BAR, CHOICE_BAR], "holds": opening <= OPEN_BAR and choice <= CHOICE_BAR}  # fmt: skip
    print(json.dumps(line), flush=True)


def prepare(home: Path, customers: int) -> None:
    """A lake, and what the pages share."""
    from custinfo.actions import prepared_tables
    from custinfo.lake import prepared
    from tests.bench import page_data

    prepared.WORTH_IT = min(prepared.WORTH_IT, customers)
    site = page_data.make(home, customers)
    seconds, names = _timed(lambda: prepared_tables.refresh(site))
    size = sum(path.stat().st_size for path in (site.lake / prepared.FOLDER).iterdir())
    line = {"name": f"first, {customers:,} customers", "ours": round(seconds, 1), "unit": "s of CPU", "made": names,
            "mb": size >> 20}  # fmt: skip
    print(json.dumps(line), flush=True)


def main(customers: int = 20_000) -> None:
    """One after the other."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        home = Path(folder) / "site"
        prepare(home, customers)
        for name in PAGES:
            command = [sys.executable, "-m", "tests.bench.bench_pages", "open", name, str(home)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["open"]:
        one_page(sys.argv[2], Path(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
