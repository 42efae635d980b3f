"""Processes and ports of the machine that the tests run on."""

import socket
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The ids of all living processes below one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            if status.rpartition(")")[2].split()[0] != "Z":
                parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    found, look = [], [pid]
    while look:
        above = look.pop()
        below = [child for child, parent in parents.items() if parent == above]
        found += below
        look += below
    return found


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
