"""Submitting a card: killed at every step, on a disk that fills up at every size; bits flipped in database and WAL."""

import os
import random
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from custinfo.actions import people, records
from custinfo.domain.errors import CustinfoError
from custinfo.store import Site, Store
from tests.backup_sites import killed_at, opened
from tests.factories import CARD, CREDIT_CODE, account, code_for, draft_of, site_with_forms
from tests.soak.sweep_approvals import steps

STEPS = frozenset({
    "records.py", "entities.py", "entity_writing.py", "sealing.py", "database.py", "anchor.py", "consent_capture.py",
    "withholding.py", "approvals.py",
})  # fmt: skip
PARTS = ("record", "record_version", "entity", "entity_version", "entity_key", "draft WHERE outcome = 'submitted'")
PAGE = 4096
MOST_PAGES = 120
"""The WAL of one submission has fewer pages: beyond that there is room."""


def kill_submit(folder: Path, points: int = 200) -> tuple[int, int]:
    """A submission killed at so many steps: all of it is there or none, and the same submission goes through after."""
    home = folder / "site"
    drafts = _drafts(home, points + 1)
    extra = drafts.pop()
    last = steps(lambda: submit(home, extra), STEPS)
    lost = 0
    for n, draft in enumerate(drafts):
        killed_at(1 + (last - 1) * n // points, lambda draft=draft: submit(home, draft), STEPS)  # type: ignore[misc]
        lost += not _whole(home)
        submit(home, draft)
        lost += not _whole(home)
    return points, lost


def disk_full(folder: Path, points: int = 40) -> tuple[int, int]:
    """A submission on a disk without room for it: refused with a sentence, nothing half-way, and it goes on after."""
    home = folder / "site"
    drafts = _drafts(home, points)
    lost = tried = 0
    for n, draft in enumerate(drafts):
        refused = _with_room(PAGE * (1 + n * MOST_PAGES // points), home, draft)
        tried += refused is not None
        lost += refused is False or not _whole(home)
        submit(home, draft)
        lost += not _whole(home)
    return tried, lost


def bit_flips(folder: Path, points: int = 60) -> tuple[int, int]:
    """One bit flipped in the database or its WAL: noticed, or without effect on a single row."""
    home = folder / "site"
    (draft,) = _drafts(home, 1)
    submit(home, draft)
    # Copied while it is open: closing it would write the WAL back
    with opened(home) as store:
        person = people.by_login_name(store, "lin")
        assert person is not None
        records.receipt_of(store, person, draft)
        with store.act("P-1", "test.write", "test", "1") as tx:
            tx.insert("number_series", {"series": "in the WAL", "last": 1})
        kept = folder / "kept"
        shutil.copytree(home, kept)
    expected = _rows(kept, folder / "clean")
    chance, missed = random.Random(1), 0
    for _ in range(points):
        damaged = folder / "damaged"
        shutil.copytree(kept, damaged)
        file = damaged / chance.choice(["store.db", "store.db-wal"])
        content = bytearray(file.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        found = _rows(damaged, None)
        missed += found not in (None, expected)
        shutil.rmtree(damaged)
    return points, missed


def submit(home: Path, draft: str) -> None:
    """Submit a draft as it stands."""
    with opened(home) as store:
        person = people.by_login_name(store, "lin")
        assert person is not None
        row = store.row("SELECT saves FROM draft WHERE draft_id = ?", [draft])
        assert row is not None
        records.submit(store, person, draft, f"key-{draft}", saves=row["saves"])


def _drafts(home: Path, count: int) -> list[str]:
    with site_with_forms(home) as store:
        person = account(store, login_name="lin")
        return [
            draft_of(store, person, "enterprise_card", CARD | {CREDIT_CODE: code_for(n)}) for n in range(1, count + 1)
        ]


def _whole(home: Path) -> bool:
    with opened(home) as store:
        counts = {store.rows(f"SELECT count(*) AS n FROM {part}")[0]["n"] for part in PARTS}
        once = "action = 'record.submit' AND detail NOT LIKE '%\"repeated\"%'"
        events = store.rows(f"SELECT count(*) AS n FROM audit WHERE {once}")[0]["n"]
        return counts == {events} and store.verify_audit() == [] and store.damage() == []


def _with_room(size: int, home: Path, draft: str) -> bool | None:
    """Submit where no file grows beyond `size` bytes; None when there was room, else whether it was said in words."""
    child = os.fork()
    if child == 0:
        status = 3
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            submit(home, draft)
            status = 0
        except CustinfoError:
            status = 1
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return {0: None, 1: True}.get(os.waitstatus_to_exitcode(status), False)


def _rows(home: Path, copy: Path | None) -> list[int] | None:
    """How many rows each table has; None when the damage was noticed. `copy` leaves `home` as it is."""
    if copy is not None:
        shutil.copytree(home, copy)
        home = copy
    try:
        with Store.open(Site.load(home)) as store:
            if store.damage() or store.verify_audit():
                return None
            names = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [store.rows(f'SELECT count(*) AS n FROM "{name}"')[0]["n"] for name in sorted(names)]
    except CustinfoError:
        return None


SWEEPS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "kill_submit": kill_submit,
    "disk_full": disk_full,
    "bit_flips": bit_flips,
}
