"""The process in which report notebooks run, one after the other: it stays warm, and what goes wrong in it stays there.

`python -P -m custinfo.reports.worker` is that process; `Worker` starts it, hands it notebooks, and ends it when a cell
takes too long. Both talk in lines of JSON. It knows nothing of the service but where the site is; it may have so much
memory and no more; and it goes when whoever started it goes, however that ended.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from custinfo.domain.errors import SiteFault
from custinfo.reports import known, places
from custinfo.store import scratch
from custinfo.store.site import Site

CELL_SECONDS = 600
"""How long a cell may run. A year of a large site takes seconds; an endless cell must end."""
START_SECONDS = 120
"""How long the process may take until it is ready: it imports a lot, and a machine may be busy."""
MEMORY_GIB = 6
"""How much memory a notebook may ask for, where `[reports] memory_gib` of site.toml does not say otherwise. Counted is
what is private and may be written; of this some 2 GiB are what the drawing libraries only reserve."""
RUNS = 200
"""So many notebooks, then another process: what libraries keep of each run for ever ends with theirs."""

GIB = 2**30
RUN, SCRATCH = "run", "report"
INHERITED = ("PATH", "TMPDIR", "CREDENTIALS_DIRECTORY", "JAVA_HOME", "SPARK_HOME")
"""What it is told of the environment: where programs, scratch files, the site's key and an engine are, and no more."""
NO_MEMORY = ("MemoryError", "OutOfMemoryException", "ArrowMemoryError")
"""What Python, DuckDB and Arrow call it."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Run:
    """A notebook to run: the report's `name`, its parameters, where the executed notebook goes, and which variables the
    notebook finds in its environment.
    """

    name: str
    given: Mapping[str, str]
    notebook: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Stopped(SiteFault):
    """A notebook did not run to its end: `cell` is where, as Jupyter counts them (0: before the first)."""

    def __init__(self, key: str, cell: int, **facts: object) -> None:
        self.cell = cell
        super().__init__(key, **facts)

    @property
    def kind(self) -> object:
        """The cause without the error's own text, which may quote data."""
        return self.facts["ename"] if self.key == "report_runs.raised" else self


class Worker:
    """A process for the notebooks of one site. It is started by the first run, anew by one after it was ended or has
    run RUNS of them, and is gone at the end of the `with`. It belongs to one thread.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self._runs = 0
        self._stopped = False
        self._kept = ExitStack()
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _traceback: TracebackType | None
    ) -> None:  # fmt: skip
        self._end()
        self._kept.close()

    def run(self, order: Run) -> None:
        """Run a reviewed notebook. Raises SiteFault for one that was not reviewed, Stopped when it did not run to its
        end; the executed notebook, as far as it came, is there then too, unless nothing was executed at all.
        """
        plain = {
            "source": known.read(order.name), "given": dict(order.given), "notebook": str(order.notebook),
            "environment": dict(order.environment),
        }  # fmt: skip
        cell = 0
        try:
            process = self._started()
            self._runs += 1
            self._say(process, plain)
            while "ended" not in (news := self._news(process, CELL_SECONDS)):
                cell = int(news["cell"])
        except TimeoutError:
            self._end()
            raise Stopped("report_runs.endless", cell, seconds=CELL_SECONDS) from None
        except (EOFError, BrokenPipeError):
            raise Stopped("report_runs.died", cell, status=self._end(patience=5)) from None
        except BaseException:
            self._end()  # what it answers later would be taken for the answer to the next order
            raise
        if news["ended"]:
            raise _stopped(cell, *news["ended"], gib=_memory(self._site))

    def stop(self) -> None:
        """End what runs, from another thread, for good: `run` says that the process died."""
        self._stopped = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._runs < RUNS and not _has_ended(self._process.pid):
            return self._process
        self._end()
        self._runs = 0
        if self._folder is None:
            self._folder = self._kept.enter_context(scratch.folder(self._site.home / RUN, SCRATCH))
        process = subprocess.Popen(  # noqa: S603  # our own module, our own interpreter
            [sys.executable, "-P", "-m", __name__, str(os.getpid()), str(_memory(self._site)), str(self._folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env=_environment(self._site, self._folder), cwd=self._folder, start_new_session=True,
        )  # fmt: skip
        self._process = process
        if self._stopped:
            raise EOFError
        try:
            self._news(process, START_SECONDS)
        except TimeoutError:
            self._end()
            raise Stopped("report_runs.endless", 0, seconds=START_SECONDS) from None
        return process

    @staticmethod
    def _say(process: "subprocess.Popen[bytes]", plain: Mapping[str, Any]) -> None:
        if process.stdin is not None:
            rest = memoryview(json.dumps(plain).encode() + b"\n")
            while rest:  # a pipe takes less than all of a long line
                rest = rest[process.stdin.write(rest) :]

    def _news(self, process: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any]:
        """The next line. Raises TimeoutError, EOFError when there will be none."""
        if process.stdout is None:
            raise EOFError
        until = time.monotonic() + seconds
        told = select.poll()
        told.register(process.stdout, select.POLLIN)
        while b"\n" not in self._heard:
            if not told.poll(max(0, until - time.monotonic()) * 1000):
                raise TimeoutError
            more = process.stdout.read(2**16)
            if not more:
                raise EOFError
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _end(self, patience: float = 0) -> int | None:
        """Kill the process, unless it ends by itself in so many seconds, and what it started; gives how it ended, None
        when there was none.
        """
        process, self._process, self._heard = self._process, None, b""
        if process is None:
            return None
        _has_ended(process.pid, patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return process.returncode


def _has_ended(pid: int, seconds: float = 0) -> bool:
    """Whether a child has ended, or does within so many seconds. It is not reaped: its number stays its own."""
    end = os.pidfd_open(pid)
    try:
        told = select.poll()
        told.register(end, select.POLLIN)
        return bool(told.poll(seconds * 1000))
    finally:
        os.close(end)


def _stopped(cell: int, ename: str, evalue: str, *, gib: float) -> Stopped:
    if ename in NO_MEMORY:
        return Stopped("report_runs.memory", cell, gib=gib)
    return Stopped("report_runs.raised", cell, ename=ename, evalue=evalue)


def _memory(site: Site) -> float:
    """GiB that a notebook may ask for. Raises SiteFault for a setting that is no such number."""
    stated = site.section("reports").get("memory_gib", MEMORY_GIB)
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not 1 <= stated <= 1024:
        raise SiteFault("site.settings", file=site.home / "site.toml", fault="[reports] memory_gib: 1–1024")
    return stated


def _environment(site: Site, folder: Path) -> dict[str, str]:
    # The package as it is imported here, and no start-up files of whoever runs this
    path = os.pathsep.join(filter(None, (str(places.PROJECT), os.environ.get("PYTHONPATH"))))
    own = {places.HOME: str(site.home), "PYTHONPATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | own


def main(parent: str, memory_gib: str, folder: str) -> None:
    """Run what comes in, line by line, until nothing comes any more."""
    _go_with(int(parent))
    limit = int(float(memory_gib) * GIB)
    # Not RLIMIT_AS: what draws the charts reserves tens of GiB of addresses, and uses hardly any of them
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    orders, answers = _pipes()
    from custinfo.reports import engine  # after the limit was set, and never in the process that orders

    def say(**news: object) -> None:
        answers.write(json.dumps(news).encode() + b"\n")

    say(ready=True)
    source = Path(folder) / "source.ipynb"
    for line in orders:
        order = json.loads(line)
        source.write_text(order["source"], "utf-8")
        os.environ.update(order["environment"])
        try:
            ended = engine.execute(
                source, order["given"], Path(order["notebook"]), Path(folder), lambda cell: say(cell=cell)
            )
        except Exception as fault:  # such as a full disk: said like the error of a cell
            ended = type(fault).__name__, str(fault)
        for name in order["environment"]:
            os.environ.pop(name, None)
        say(ended=ended)


def _go_with(parent: int) -> None:
    """End together with the process that started this one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Where orders come from and answers go, out of the reach of notebooks: they read and print into nothing."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return orders, answers


if __name__ == "__main__":
    main(*sys.argv[1:])
