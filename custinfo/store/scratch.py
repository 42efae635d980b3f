"""Scratch folders of a site: each belongs to one running process, and what a killed one left behind is swept away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.store import private_files

LOCK = ".lock"


@contextmanager
def folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, named `.<prefix>-…`, for this account alone; removed at the end, whatever happens."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{prefix}-", dir=parent))
    with private_files.lock(made / LOCK):
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


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
        return private_files.is_locked(path / LOCK)
    except OSError:
        return False
