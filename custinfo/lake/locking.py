"""One writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.domain.errors import WrongState


@contextmanager
def sole_writer(lake: Path) -> Iterator[None]:
    """Nobody else publishes or erases meanwhile. Raises WrongState while somebody does; readers do not wait."""
    lake.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lake / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrongState("lake.busy") from None
        yield
    finally:
        os.close(descriptor)
