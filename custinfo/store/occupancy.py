"""Who has the store open: many at once, or one alone who puts another file in its place.

A lock of the system on `store.lock`; it goes with the process that holds it, whatever ends that.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from custinfo.domain.errors import SiteFault, WrongState

FILE = "store.lock"


def enter(home: Path) -> IO[bytes]:
    """Be one of those who have the store open, until the file is closed. Raises SiteFault while one is alone."""
    file = _opened(home)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise SiteFault("store.being_replaced", file=home / FILE) from None
    return file


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the only one: nobody has the store open, or can open it. Raises WrongState while somebody has."""
    with _opened(home) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongState("store.in_use", file=home / FILE) from None
        yield


def _opened(home: Path) -> IO[bytes]:
    return os.fdopen(os.open(home / FILE, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
