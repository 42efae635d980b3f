"""The process from which kernels are forked: it has loaded what every page needs, so a page is there in half the time.

It has one thread, no event loop and no socket but the one to the server: a fork copies one thread, and every lock.
That socket is also its life-line: when the server is gone, however it went, the socket ends, and so do the kernels.
Lines of JSON go both ways. In: `{"start": <key>, "arguments", "environment", "folder"}`, `{"signal": <number>, "pid"}`.
Out: `{"started": <key>, "pid"}`, `{"ended": <pid>, "status"}`.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

KEPT_OUT = ("pandas", "numpy")
LOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "IPython.core.interactiveshell",
    "ipywidgets",
    "anywidget",
    "sqlite_utils",
    "custinfo.xforms",
    "custinfo.actions",
    "custinfo.screens",
    "custinfo.screens.home",
    "custinfo.screens.form",
    "custinfo.screens.customers",
    "custinfo.screens.customer",
    "custinfo.screens.records",
    "custinfo.screens.record",
    "custinfo.screens.form_desk",
    "custinfo.screens.proposal",
)
PR_SET_PDEATHSIG = 1
REAP_EVERY_MS = 100


class Nursery:
    """Forks, reports and, at the end, takes every kernel with it."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._children: set[int] = set()

    def run(self) -> None:
        """Serve until the server is gone."""
        waiting = select.poll()
        waiting.register(self._server, select.POLLIN)
        unread = b""
        while True:
            if waiting.poll(REAP_EVERY_MS if self._children else None):
                received = self._server.recv(65536)
                if not received:
                    return
                *lines, unread = (unread + received).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            self._reap()

    def _obey(self, order: dict[str, Any]) -> None:
        if "start" in order:
            pid = os.fork()
            if pid == 0:
                self._become_kernel(order)
            self._children.add(pid)
            self._tell({"started": order["start"], "pid": pid})
        elif order["pid"] in self._children:  # not reaped yet, so the number is still this kernel's
            os.kill(order["pid"], order["signal"])

    def _reap(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children.discard(pid)
                self._tell({"ended": pid, "status": os.waitstatus_to_exitcode(status)})

    def _tell(self, news: dict[str, Any]) -> None:
        self._server.sendall(json.dumps(news).encode() + b"\n")

    def end_all(self) -> None:
        """Kill every kernel that is left."""
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _become_kernel(self, order: dict[str, Any]) -> None:
        status = 1
        try:
            self._server.close()
            nursery = os.getppid()
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != nursery:  # it died between the fork and the line before
                os._exit(1)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.environ.clear()
            os.environ.update(order["environment"], JPY_PARENT_PID=str(nursery))
            time.tzset()
            os.chdir(order["folder"])
            _forget_shared_randomness()
            from custinfo.server import kernel

            # ipykernel read JPY_PARENT_PID when it was loaded, which was before there was a kernel
            kernel.run([*order["arguments"], f"--IPKernelApp.parent_handle={nursery}"])
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(status)  # not through the parent's frames


def _forget_shared_randomness() -> None:
    # Python's own generator reseeds itself after a fork; numpy's global one does not
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _load() -> None:
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    from custinfo.server import kernel

    kernel.prepare()
    # sqlite_utils and openpyxl take these along when they are there: 30 MB, and both start threads
    for name in KEPT_OUT:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in LOADED:
        # What cannot be loaded here will be missed, and reported, by the page that needs it
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    for name in KEPT_OUT:
        del sys.modules[name]  # a page that asks for it gets it


def _read_forms(home: Path) -> None:
    """Compile the site's forms once, for every page that will show one. The store is closed again before any fork."""
    # A site that cannot be read is reported by the page that needs it
    with contextlib.suppress(Exception):
        from custinfo.actions import forms
        from custinfo.store import Site, Store

        with Store.open(Site.load(home)) as store:
            forms.warm(store)


def main() -> None:
    """`nursery.py <descriptor of the socket to the server> <the site's folder>`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = socket.socket(fileno=int(sys.argv[1]))
    _load()
    _read_forms(Path(sys.argv[2]))
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        sys.exit("a library that was loaded has started a thread: kernels cannot be forked from here")
    gc.collect()
    gc.freeze()  # keeps the pages of memory that all kernels share from being written to
    nursery = Nursery(server)
    try:
        nursery.run()
    except OSError:
        pass  # the server went away while it was being told something
    finally:
        nursery.end_all()


if __name__ == "__main__":
    main()
