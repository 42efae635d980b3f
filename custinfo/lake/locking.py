"""One writer at a time, and readers who do not look while a version appears."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.store import group_read, private_files

STAGED = ".erasing"
"""The folder within the lake's of an erasure that was committed and is not yet put in place."""
_BECOMING = ".becoming"
_PATIENCE = 5.0  # seconds


@contextmanager
def becoming_visible(lake: Path) -> Iterator[None]:
    """From before the moment of a version is read until everybody can see it. Nobody is kept waiting but `settled`."""
    # As readable as the lake's other files
    descriptor = os.open(lake / _BECOMING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        group_read.share(lake / _BECOMING)
        _take(descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    """Readers hold it for an instant. One who will not let go keeps nobody from publishing."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            break


def settled(lake: Path) -> None:
    """Returns when every version whose moment has been read can be seen: what is asked as of a moment that was over
    before this call has the same answer for ever.
    """
    try:
        descriptor = os.open(lake / _BECOMING, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # nobody has published here, or by an earlier release
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def sole_writer(lake: Path) -> Iterator[None]:
    """Nobody else publishes or erases meanwhile. Raises WrongState while somebody does; readers do not wait."""
    lake.mkdir(parents=True, exist_ok=True)
    with private_files.lock(lake / ".lock", busy="lake.busy"):
        yield
