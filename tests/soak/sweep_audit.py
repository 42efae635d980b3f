"""Sweeps of the audit log: a kill at every step between commit and anchor, and every kind of attack on every entry."""

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.store import Site, Store, audit

KILLED_AT = """
    import os, signal, sys
    from pathlib import Path
    from custinfo.store import Site, Store, anchor
    anchor.CHECKPOINT_ENTRIES = 3
    site, steps = Site.load(Path(sys.argv[1])), int(sys.argv[2])
    done = 0

    def counted(call):
        def step(*arguments, **more):
            global done
            if done == steps:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return call(*arguments, **more)
        return step

    with Store.open(site) as store:
        for name in ("open", "write", "pwrite", "pread", "fsync", "close", "fstat"):
            setattr(os, name, counted(getattr(os, name)))
        for number in range(4):
            with store.act("P-1", "series.take", "series", str(number)):
                pass
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
    print("end")
"""


def _site(folder: Path, entries: int = 0) -> Store:
    store = Store.create(Site.create(folder, name="soak"))
    for number in range(entries):
        with store.act("P-1", "series.take", "series", f"S-{number}", why="soak"):
            pass
    return store


def kill_at_every_step(folder: Path) -> tuple[int, int]:
    """A process is killed at its nth call of the system from the first act on, for every n until it ends by itself."""
    tried = lost = 0
    with _site(folder / "site") as store:
        ended = False
        while not ended:
            before = store.audit_verified().entries
            command = [sys.executable, "-c", textwrap.dedent(KILLED_AT), str(store.site.home), str(tried)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            ended = done.stdout.endswith("end\n")
            acknowledged = len(done.stdout.split()) - ended
            after = store.audit_verified()
            kept = acknowledged <= after.entries - before <= acknowledged + 1
            tried, lost = tried + 1, lost + (bool(after.faults) or not kept or _refuses(store))
    return tried, lost


def _refuses(store: Store) -> bool:
    """Whether the store takes no more entries: after a crash it must."""
    try:
        with store.act("P-1", "series.take", "series", "again"):
            pass
    except SiteFault:
        return True
    return bool(store.audit_verified().faults)


Attack = Callable[[Store, int, random.Random], int]
"""Does its worst at an entry; gives the first entry that must be named."""


def _open_to_change(store: Store) -> None:
    for name in ("audit_no_update", "audit_no_delete"):
        store._db.execute(f"DROP TRIGGER IF EXISTS {name}")


def _edit(store: Store, seq: int, chance: random.Random) -> int:
    column = chance.choice(["at", "actor", "action", "object_kind", "object_id", "detail", "chain"])
    store._db.execute(f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = ?", [seq])
    return seq


def _delete(store: Store, seq: int, _: random.Random) -> int:
    store._db.execute("DELETE FROM audit WHERE seq = ?", [seq])
    return seq


def _cut(store: Store, seq: int, _: random.Random) -> int:
    store._db.execute("DELETE FROM audit WHERE seq >= ?", [seq])
    return seq


def _swap(store: Store, seq: int, _: random.Random) -> int:
    other = seq + 1 if seq < ENTRIES else seq - 1
    for statement in (f"-1 WHERE seq = {seq}", f"{seq} WHERE seq = {other}", f"{other} WHERE seq = -1"):
        store._db.execute(f"UPDATE audit SET seq = {statement}")
    return min(seq, other)


def _recompute(store: Store, seq: int, _: random.Random) -> int:
    store._db.execute("UPDATE audit SET actor = 'P-9' WHERE seq = ?", [seq])
    before = store.row("SELECT chain FROM audit WHERE seq = ?", [seq - 1])
    chain = before["chain"] if before else audit.GENESIS
    for row in store.rows("SELECT * FROM audit WHERE seq >= ? ORDER BY seq", [seq]):
        number = row.pop("seq")
        del row["chain"]
        chain = audit.chained(store.site.secret("audit"), chain, row)
        store._db.execute("UPDATE audit SET chain = ? WHERE seq = ?", [chain, number])
    return seq


ENTRIES = 30
ATTACKS: tuple[Attack, ...] = (_edit, _delete, _cut, _swap, _recompute)


def every_attack_on_every_entry(folder: Path, entries: int = ENTRIES) -> tuple[int, int]:
    """Each attack at each entry of a log: it must be noticed, at the right entry."""
    _site(folder / "clean", entries).close()
    tried = lost = 0
    for attack in ATTACKS:
        for seq in range(1, entries + 1):
            home = folder / "hurt"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(folder / "clean", home)
            with Store.open(Site.load(home)) as store:
                _open_to_change(store)
                named = attack(store, seq, random.Random(seq))
                lost += store.audit_verified().first_bad != named
            tried += 1
    return tried, lost


def anchor_damaged_anywhere(folder: Path) -> tuple[int, int]:
    """A bit of the anchor's head is flipped, at every byte of the newer slot: the older one holds, or the store refuses;
    never does it go on as if nothing had been witnessed.
    """
    tried = lost = 0
    with _site(folder / "site", 5) as store:
        head = store.site.anchor / "head"
        whole = head.read_bytes()
        for place in range(0, len(whole), 3):
            head.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            faults = store.verify_audit()
            lost += any(one.key != "store.anchor_forged" for one in faults)
            tried += 1
        head.write_bytes(bytes(byte ^ 1 for byte in whole))
        lost += not _refuses(store)
    return tried + 1, lost


def kills_at_random(folder: Path, rounds: int = 25) -> tuple[int, int]:
    """Three writers, killed at random moments: what they acknowledged is there, and the log is whole."""
    chance = random.Random(7)
    lost = acknowledged = 0
    with _site(folder / "site") as store:
        for _ in range(rounds):
            writers = [
                subprocess.Popen(
                    [sys.executable, "-c", textwrap.dedent(WRITER), store.site.home], stdout=subprocess.PIPE
                )
                for _ in range(3)
            ]
            for _ in range(chance.randrange(1, 40)):
                acknowledged += bool(writers[0].stdout.readline())
            for writer in writers:
                os.kill(writer.pid, signal.SIGKILL)
            for writer in writers:
                acknowledged += len(writer.stdout.read().splitlines())
                writer.wait()
            verified = store.audit_verified()
            lost += bool(verified.faults) + (verified.entries < acknowledged)
    return rounds, lost


WRITER = """
    import sys
    from pathlib import Path
    from custinfo.store import Site, Store
    with Store.open(Site.load(Path(sys.argv[1]))) as store:
        while True:
            with store.act("P-1", "series.take", "series", "S"):
                pass
            print("done", flush=True)
"""

SWEEPS = {
    "kill_at_every_step": kill_at_every_step,
    "every_attack_on_every_entry": every_attack_on_every_entry,
    "anchor_damaged_anywhere": anchor_damaged_anywhere,
    "kills_at_random": kills_at_random,
}
