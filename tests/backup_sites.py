"""Sites with backups, for the tests of backup and restore."""

import os
import signal
from contextlib import contextmanager

from custinfo.actions import backup_settings, backups
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests.factories import empty_site

CHUNKS = 3
"""A site of `large_site` makes a backup of more chunks than this."""


def fill(store, count, *, start=0):
    """So many acts, each with a row and an audit entry."""
    for number in range(start, start + count):
        with store.act("P-1", "test.write", "test", str(number)) as tx:
            tx.insert("number_series", {"series": f"series-{number}", "last": number})


@contextmanager
def large_site(home):
    """A site with a report of three chunks, so that its backup has several."""
    with empty_site(home) as store:
        fill(store, 5)
        report = store.site.reports / "monthly" / "2026-10" / "月报.pdf"
        report.parent.mkdir(parents=True)
        report.write_bytes(os.urandom(CHUNKS * 1024 * 1024))
        yield store


def back_up(store, folder):
    """A backup of the site in the folder; gives its file."""
    folder.mkdir(exist_ok=True)
    return folder / backups.make(store, SERVICE, [folder]).name


def master(store):
    """The site's master key."""
    ring = store.site.keyring
    return ring.place.find(ring.master_id)


def backups_in(folder):
    """The names of whatever looks like a backup there, whole or not."""
    return sorted(path.name for path in folder.iterdir() if backup_settings.SUFFIX in path.name)


def killed_at(point, action, files):
    """Run `action` in a process of its own that is killed at its `point`-th call in one of these files.

    Gives whether it was killed: it is not when there are fewer calls.
    """
    child = os.fork()
    if child == 0:
        try:
            _kill_later(point, files)
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _kill_later(point, files):
    import sys

    left = [point]

    def count(frame, event, _):
        if event in ("call", "c_call") and frame.f_code.co_filename.rpartition("/")[2] in files:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    sys.setprofile(count)


def opened(home):
    """The store of a site, opened anew."""
    return Store.open(Site.load(home))
