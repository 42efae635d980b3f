"""kill -9 at every step of each rotation, of the sealing of an older store and of the move into the ring; then resume."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from custinfo.actions import sealing_older
from custinfo.domain.errors import CustinfoError
from custinfo.store import Site, Store, rotation
from custinfo.store.keyring import ACTIVE, RAW
from tests import sealed_sites
from tests.backup_sites import killed_at
from tests.factories import empty_site
from tests.older_sites import with_raw_keys

OURS = frozenset({"rotation.py", "keyring.py", "master_key.py", "private_files.py", "sealing.py", "database.py"})
OLDER = OURS | {"sealing_older.py"}
MOST = 1_000_000
ACTOR = "service"


def rotate(which: str, home: Path) -> None:
    """One rotation, in a store that is opened for it."""
    if which == "store":
        rotation.store_key(Site.load(home), ACTOR)
        return
    with Store.open(Site.load(home)) as store:
        {"level1": rotation.level1, "master": rotation.master}[which](store, ACTOR)


def seal_older(home: Path) -> None:
    """What opening an older store does."""
    with Store.open(Site.load(home)) as store:
        sealing_older.finish(store)


def killed(
    folder: Path, action: Callable[[Path], None], points: int, *, prepare: Callable[[Path], None], files: frozenset[str]
) -> tuple[int, int]:
    """Kill `action` at `points` steps of a fresh copy of one site: everything reads at once, and again after a second
    run, which leaves one key for each purpose and no value of level 1 in plain.
    """
    origin = folder / "origin"
    with empty_site(origin) as store:
        filled = sealed_sites.filled(store)
        wanted = sealed_sites.seen(store, filled)
    prepare(origin)
    lost, home = 0, folder / "site"
    spread = _spread(action, origin, home, files, points)
    for point in spread:
        _copy(origin, home)
        killed_at(point, partial(action, home), files)
        try:
            good = _reads(home, filled, wanted)
            action(home)
            good = good and _reads(home, filled, wanted) and _tidy(home)
        except CustinfoError:
            good = False
        lost += not good
    return len(spread), lost


def convert(folder: Path, points: int) -> tuple[int, int]:
    """Kill the move of keys from files of their own into the ring: each key is the same as before, and in one place."""
    origin, home = folder / "origin", folder / "site"
    site = Site.create(origin, name="older")
    wanted = {purpose: site.secret(purpose) for purpose in RAW}
    with_raw_keys(site)
    lost = 0
    spread = _spread(_load, origin, home, OURS, points)
    for point in spread:
        _copy(origin, home)
        killed_at(point, partial(_load, home), OURS)
        _load(home)
        site = Site.load(home)
        lost += {purpose: site.secret(purpose) for purpose in RAW} != wanted or not _one_of_each(home)
    return len(spread), lost


def _load(home: Path) -> None:
    Site.load(home).secret("store")


def _reads(home: Path, filled: sealed_sites.Filled, wanted: dict[str, object]) -> bool:
    with Store.open(Site.load(home)) as store:
        return sealed_sites.seen(store, filled) == wanted and store.verify_audit() == [] and store.damage() == []


def _tidy(home: Path) -> bool:
    """One key for each purpose, and no level 1 in plain."""
    with Store.open(Site.load(home)) as store:
        sealed = sealed_sites.found_in_plain(store) == [] and not store.rows("SELECT 1 FROM lifted")
    return sealed and _one_of_each(home)


def _one_of_each(home: Path) -> bool:
    """One key for each purpose in the ring, one master key, no key or half file beside them."""
    ring = Site.load(home).keyring
    ring.check()
    purposes = [one.purpose for one in ring.entries]
    one_each = len(purposes) == len(set(purposes)) and {one.state for one in ring.entries} == {ACTIVE}
    keys = sorted(path.name for path in (home / "keys").iterdir() if not path.name.startswith(".lock"))
    return one_each and keys == [f"master-{ring.master_id}.key", "ring.json"]


def _copy(origin: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(origin, home)


def _spread(
    action: Callable[[Path], None], origin: Path, home: Path, files: frozenset[str], points: int
) -> list[int]:  # fmt: skip
    """Every call that the action makes in these files, or so many of them, the first and the last among them."""
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        _copy(origin, home)
        low, high = (middle + 1, high) if killed_at(middle, partial(action, home), files) else (low, middle)
    return list(range(1, low + 1)) if low <= points else [1 + (low - 1) * n // (points - 1) for n in range(points)]


def as_before_sealing(home: Path) -> None:
    """The site as an older version left it: level 1 in plain, still to be sealed."""
    with Store.open(Site.load(home)) as store:
        sealed_sites.unseal(store)


def _as_it_is(home: Path) -> None:
    """The site of today."""


def sweep(name: str, folder: Path, points: int = MOST) -> tuple[int, int]:
    """One of the sweeps, at no more than so many points."""
    if name == "older":
        return killed(folder, seal_older, points, prepare=as_before_sealing, files=OLDER)
    if name == "convert":
        return convert(folder, points)
    return killed(folder, partial(rotate, name), points, prepare=_as_it_is, files=OURS)


POINTS = 150
SWEEPS = {
    f"{name}.kill": partial(sweep, name, points=POINTS) for name in ("level1", "store", "master", "older", "convert")
}
