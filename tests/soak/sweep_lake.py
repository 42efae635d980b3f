"""Publishing to the lake: killed at every step; any bit of any file flipped; each older state put back."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from custinfo import lake as lakes
from custinfo.actions import lake, lake_witness
from custinfo.domain.errors import CustinfoError
from custinfo.domain.people import SERVICE
from custinfo.lake import files, manifest
from custinfo.store import Store
from tests.backup_sites import killed_at, opened
from tests.factories import CARD, CREDIT_CODE, account, card, code_for, site_with_forms
from tests.soak.sweep_approvals import steps

STEPS = frozenset({
    "lake.py", "lake_witness.py", "publishing.py", "appending.py", "manifest.py", "files.py", "code_tables.py",
    "schema.py", "database.py", "anchor.py",
})  # fmt: skip
SEED = 7


def kill_publish(folder: Path, points: int = 80) -> tuple[int, int]:
    """Publishing killed at `points` steps: every version that is there is whole and on the audit log, and the next
    publication goes through.
    """
    home = folder / "site"
    cards = _site(home, points + 2)

    def publish() -> None:
        with opened(home) as store:
            lake.publish(store, SERVICE)

    next(cards)
    last = steps(publish, STEPS)
    lost = 0
    for n in range(points):
        next(cards)
        killed_at(1 + (last - 1) * n // points, publish, STEPS)
        with opened(home) as store:
            lost += not _there(store).items() <= _noted(store).items() or bool(store.verify_audit())
            lost += bool(_there(store)) and not lakes.verify(store.site)
        publish()
        with opened(home) as store:
            lost += _faulty(store) or _noted(store) != _there(store)
    return points, lost


def flip_bits(folder: Path, points: int = 300) -> tuple[int, int]:
    """One bit flipped in a file of the lake, in manifests and data alike: it is named."""
    home, chance = folder / "site", random.Random(SEED)
    _published(home, 6)
    lost = 0
    with opened(home) as store:
        kept = [path for path in sorted(store.site.lake.rglob("*")) if path.suffix in (".parquet", ".json")]
        for _ in range(points):
            path = chance.choice(kept)
            whole = path.read_bytes()
            hurt = bytearray(whole)
            hurt[chance.randrange(len(hurt))] ^= 1 << chance.randrange(8)
            path.write_bytes(hurt)
            lost += not _faulty(store)
            path.write_bytes(whole)
        lost += _faulty(store)
    return points, lost


def put_back(folder: Path, versions: int = 12) -> tuple[int, int]:
    """The whole lake put back to each of its older states, which is whole in itself: it is named."""
    home = folder / "site"
    states = _published(home, versions, keep=folder / "kept")
    lost = 0
    with opened(home) as store:
        for state in states[:-1]:
            shutil.rmtree(store.site.lake)
            shutil.copytree(state, store.site.lake)
            lost += not lakes.verify(store.site)  # nothing is wrong with it, as far as it says itself
            lost += not _faulty(store)
        shutil.rmtree(store.site.lake)
        shutil.copytree(states[-1], store.site.lake)
        lost += _faulty(store)
    return len(states) - 1, lost


def _site(home: Path, cards: int) -> Iterator[int]:
    """A site, and for each step of the iterator one customer more."""
    with site_with_forms(home) as store:
        clerk = account(store, login_name="lin")
    for number in range(1, cards + 1):
        with opened(home) as store:
            card(store, clerk, CARD | {CREDIT_CODE: code_for(number)}, key=f"card-{number}")
        yield number


def _published(home: Path, versions: int, keep: Path | None = None) -> list[Path]:
    states = []
    for number in _site(home, versions):
        with opened(home) as store:
            lake.publish(store, SERVICE)
            if keep is not None:
                states.append(shutil.copytree(store.site.lake, keep / str(number)))
    return states


def _faulty(store: Store) -> bool:
    try:
        lakes.verify(store.site)
        lake_witness.check(store)
    except CustinfoError:
        return True
    return False


def _noted(store: Store) -> dict[int, str]:
    rows = store.rows(
        "SELECT json_extract(detail, '$.version') AS version, json_extract(detail, '$.manifest') AS sha256 FROM audit "
        "WHERE action = 'lake.publish' ORDER BY seq"
    )
    return {row["version"]: row["sha256"] for row in rows}


def _there(store: Store) -> dict[int, str]:
    folder = store.site.lake
    return {version: files.sha256(manifest.path(folder, version)) for version in manifest.versions(folder)}


SWEEPS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "kill_publish": kill_publish,
    "flip_bits": flip_bits,
    "put_back": put_back,
}
