"""The process behind a page: an IPython kernel without a notebook's extras (history, start-up files, debugger)."""

import sys
from pathlib import Path

PROJECT = str(Path(__file__).resolve().parents[2])

OPTIONS = [
    "--HistoryManager.enabled=False",
    "--InteractiveShellApp.ignore_cwd=True",
    "--IPKernelApp.capture_fd_output=False",
    "--InteractiveShell.colors=nocolor",
    "--Application.log_level=ERROR",
]


def prepare() -> None:
    """Make the project importable from a checkout that is not installed, and leave the debugger out."""
    if PROJECT not in sys.path:
        sys.path.append(PROJECT)
    sys.modules["debugpy"] = None  # type: ignore[assignment]


def run(arguments: list[str]) -> None:
    """Be the kernel that the arguments name (`-f <connection file>`) until it is ended."""
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize([*OPTIONS, *arguments])  # type: ignore[no-untyped-call]
    if "ipywidgets" in sys.modules:  # loaded before there was a kernel, it could not make itself known
        sys.modules["ipywidgets"].register_comm_target()
    app.start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    prepare()
    run(sys.argv[1:])
