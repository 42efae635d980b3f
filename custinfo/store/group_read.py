"""A folder that a group may read: what is put into it is for that group too, whatever the umask of whoever writes.

Everything of a site is its service account's alone, but for a lake whose folder was opened to the analysts' group:
`chgrp custinfo-lake lake && chmod 2750 lake`.
"""

import stat
from pathlib import Path

FOLDER, FILE = 0o2750, 0o640


def share(path: Path) -> None:
    """Give a file or folder that was just made what its parent gives its group: to read, never to write."""
    if path.parent.stat().st_mode & stat.S_IRGRP and path.parent.stat().st_mode & stat.S_ISGID:
        path.chmod(FOLDER if path.is_dir() else FILE)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, each as its parent is."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        share(path)
