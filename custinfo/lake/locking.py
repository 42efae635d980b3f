"""One writer at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.store import private_files

STAGED = ".erasing"
"""The folder within the lake's of an erasure that was committed and is not yet put in place."""


@contextmanager
def sole_writer(lake: Path) -> Iterator[None]:
    """Nobody else publishes or erases meanwhile. Raises WrongState while somebody does; readers do not wait."""
    lake.mkdir(parents=True, exist_ok=True)
    with private_files.lock(lake / ".lock", busy="lake.busy"):
        yield
