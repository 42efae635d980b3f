"""The folder of the kernels' sockets: one for each run of the server, and those of killed servers swept away."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from custinfo.store.private_files import is_locked

PREFIX = "custinfo-run-"
LONGEST_PARENT = 32
"""A socket's path has at most 107 bytes, of which a kernel's own name takes 50: no deep TMPDIR."""
ALIVE = "alive"


class SocketFolder:
    """A folder of our own, taken as long as this process lives: its lock goes with the process, however that ends."""

    def __init__(self) -> None:
        parent = _parent()
        sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = os.open(self.path / ALIVE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Take it away."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep(parent: Path) -> int:
    """Take away the folders of this account's servers that are gone; gives how many."""
    swept = 0
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            # Somebody else's folder, or a link that somebody made, is none of ours
            about = folder.lstat()
            own = about.st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink()
            if own and not is_locked(folder / ALIVE):
                shutil.rmtree(folder)
                swept += 1
    return swept


def _parent() -> Path:
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= LONGEST_PARENT else "/tmp")  # noqa: S108
