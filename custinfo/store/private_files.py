"""Small files that only the service's account may read, written so that a power cut leaves the old or the new one."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.domain.errors import WrongState


def write(path: Path, content: str) -> None:
    """Put the file there, or in the place of the one that is there, in one step; it is safe on disk afterwards.

    One writer at a time: what an earlier one was killed over goes first, for it may hold a key that is no more.
    """
    sweep(path.parent, path.name)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sweep(folder: Path, pattern: str) -> None:
    """Take away what writers of files of that name were killed over."""
    for litter in folder.glob(f".{pattern}.*"):
        litter.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Take the file away for good; nothing happens when there is none."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in the folder safe on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def lock(path: Path, busy: str | None = None) -> Iterator[None]:
    """One process at a time; the system lets go of the lock when a process dies.

    Others wait; with `busy` they are refused at once, by WrongState of that message.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            raise WrongState(busy or "") from None
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock. Raises OSError when there is no such file."""
    probe = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(probe)
