"""Scratch folders of a site: each belongs to one running process, and what a killed one left behind is swept away."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, named `.<prefix>-…`, for this account alone; removed at the end, whatever happens."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{prefix}-", dir=parent))
    held = os.open(made / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def stale(parent: Path, prefix: str) -> list[Path]:
    """The folders that processes left behind which are no more."""
    return [path for path in sorted(parent.glob(f".{prefix}-*")) if path.is_dir() and not _in_use(path)]


def sweep(parent: Path, prefix: str) -> int:
    """Remove what `stale` finds; gives how many."""
    left = stale(parent, prefix)
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _in_use(path: Path) -> bool:
    try:
        probe = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(probe)
