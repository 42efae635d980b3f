"""kill -9 at every step of a backup and of a restore; any bit of a backup flipped, any length cut off."""

import random
import shutil
from pathlib import Path

from custinfo.actions import backup_settings, backups, doctor, leftovers, restoring
from custinfo.domain.errors import CustinfoError
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests.backup_sites import back_up, backups_in, fill, killed_at, large_site, master, opened

OURS = frozenset(
    {"backups.py", "backup.py", "archive.py", "scratch.py", "ledger.py", "files.py", "restoring.py", "replay.py",
     "backup_checks.py", "anchor.py", "private_files.py", "keyring.py"}
)  # fmt: skip
FEWEST, MOST = 20, 100_000
SEED = 7


def kill_backup(folder: Path, points: int = 150) -> tuple[int, int]:
    """A backup killed at `points` steps: what has the name of a backup is one, and the next backup is made."""
    home, place = folder / "site", folder / "to"
    place.mkdir()
    with large_site(home) as store:
        key = master(store)

    def action() -> None:
        with opened(home) as store:
            backups.make(store, SERVICE, [place])

    lost = 0
    for point in _spread(action, points):
        killed_at(point, action, OURS)
        lost += not _only_backups(place, folder / "check", key)
        lost += not _goes_on(home, place)
    return points, lost


def kill_restore(folder: Path, points: int = 150) -> tuple[int, int]:
    """A restore killed at `points` steps: there is no site, or a whole one; and the next restore makes it."""
    home, place = folder / "site", folder / "to"
    with large_site(home) as store:
        key, file = master(store), back_up(store, place)
    new = folder / "new"

    def action() -> None:
        restoring.restore(file, new, master=key)

    lost = 0
    for point in _spread(action, points, lambda: shutil.rmtree(new)):
        killed_at(point, action, OURS)
        if not new.exists():
            action()
        lost += bool(doctor.faults(new)) or bool(list(folder.glob(".new.restoring-*")))
        shutil.rmtree(new)
    return points, lost


def flip_and_cut(folder: Path, points: int = 400) -> tuple[int, int]:
    """A bit flipped, or the end cut off, at `points` places: nothing is restored."""
    with large_site(folder / "site") as store:
        key, file = master(store), back_up(store, folder / "to")
    whole, chance = file.read_bytes(), random.Random(SEED)
    lost = 0
    for point in range(points):
        at = chance.randrange(len(whole)) if point % 3 else chance.randrange(6000)  # the head is short
        cut = point % 5 == 0
        file.write_bytes(whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1 << point % 8]) + whole[at + 1 :])
        try:
            restoring.restore(file, folder / "new", master=key)
            lost += 1
        except CustinfoError:
            lost += (folder / "new").exists() or bool(list(folder.glob(".new.*")))
        shutil.rmtree(folder / "new", ignore_errors=True)
    return points, lost


def _spread(action, points, after=lambda: None):
    """So many points, spread over all the calls that the action makes, the first and the last few among them."""
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        if killed_at(middle, action, OURS):
            low = middle + 1
        else:
            high = middle
            after()
    if low < FEWEST:
        raise AssertionError(f"only {low} steps")
    return [1 + (low - 2) * n // (points - 1) for n in range(points)]


def _only_backups(place: Path, scratch: Path, key: bytes) -> bool:
    for name in (one for one in backups_in(place) if not one.startswith(".")):
        try:
            restoring.restore(place / name, scratch, master=key, no_ledger=True)
        except CustinfoError:
            return False
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return True


def _goes_on(home: Path, place: Path) -> bool:
    """The next start sweeps, the next backup is made; then the place is emptied for the next point."""
    leftovers.sweep(Site.load(home))
    with Store.open(Site.load(home)) as store:
        fill(store, 1, start=len(store.rows("SELECT 1 FROM number_series")))
        made = backups.make(store, SERVICE, [place])
        good = made.delivered[0].fault is None and store.verify_audit() == []
    good = good and not leftovers.found(Site.load(home)) and not [one for one in backups_in(place) if ".part" in one]
    for path in place.iterdir():
        if path.name.endswith(backup_settings.SUFFIX):
            path.unlink()
    return good


SWEEPS = {"kill_backup": kill_backup, "kill_restore": kill_restore, "flip_and_cut": flip_and_cut}
