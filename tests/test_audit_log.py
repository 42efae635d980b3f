"""The audit log under attack: whatever is done to the store or to its anchor is named, with the first bad entry.

The attacker here has more than any person at a page: the store's key, and often the audit log's key too.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custinfo.domain.errors import SiteFault
from custinfo.store import Site, Store, anchor, audit, checkpoints
from custinfo.store.schema.base import protect
from tests.factories import another_site, empty_site

COLUMNS = ("at", "actor", "action", "object_kind", "object_id", "detail", "chain")
LENGTH = 12


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


def write(store, count=1, actor="P-1"):
    for number in range(count):
        with store.act(actor, "series.take", "series", f"S-{number}", why="test"):
            pass


@pytest.fixture
def log(store):
    write(store, LENGTH)
    assert store.verify_audit() == []
    return store


def attack(store, *statements):
    """Statements on the file itself, with the triggers dropped and put back, as somebody with the store's key can."""
    db = store._db.conn
    for name in ("audit_no_update", "audit_no_delete"):
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        sql, given_ = statement if isinstance(statement, tuple) else (statement, ())
        db.execute(sql, given_)
    protect(store._db, ("audit",))


def recompute(store, start):
    """Write the chain anew from an entry on, as somebody with the audit log's key can."""
    key = store.site.secret("audit")
    before = store.row("SELECT chain FROM audit WHERE seq = ?", [start - 1])
    chain = before["chain"] if before else audit.GENESIS
    for row in store.rows("SELECT * FROM audit WHERE seq >= ? ORDER BY seq", [start]):
        seq = row.pop("seq")
        del row["chain"]
        chain = audit.chained(key, chain, row)
        attack(store, ("UPDATE audit SET chain = ? WHERE seq = ?", (chain, seq)))


def found(store, *copies):
    """(message, first bad entry) of every fault."""
    return [(one.key, one.facts.get("seq")) for one in store.audit_verified(copies).faults]


def refuses_to_write(store, key):
    before = len(store.rows("SELECT 1 FROM audit"))
    with pytest.raises(SiteFault) as refused, store.act("P-1", "series.take", "series", "S") as tx:
        tx.next_number("never")
    assert refused.value.key == key
    assert len(store.rows("SELECT 1 FROM audit")) == before
    assert store.row("SELECT 1 FROM number_series WHERE series = 'never'") is None
    return True


SWAP = ("UPDATE audit SET seq = -1 WHERE seq = 4", "UPDATE audit SET seq = 4 WHERE seq = 7")
SWAP += ("UPDATE audit SET seq = 7 WHERE seq = -1",)


@pytest.mark.guarantee("audit-edited")
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 5, LENGTH])
def test_an_edited_entry_is_named(log, column, seq):
    attack(log, f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = {seq}")
    assert found(log)[0] == ("audit.edited", seq)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, LENGTH), column=st.sampled_from(COLUMNS), place=st.integers(0, 200), byte=st.integers(1, 255))
@pytest.mark.guarantee("audit-edited")
def test_any_byte_of_any_column_of_any_entry_that_changes_is_named(log, seq, column, place, byte):
    value = log.row(f"SELECT CAST({column} AS BLOB) AS value FROM audit WHERE seq = ?", [seq])["value"]
    changed = bytearray(value)
    changed[place % len(changed)] ^= byte
    change = f"UPDATE audit SET {column} = CAST(? AS TEXT) WHERE seq = ?"
    attack(log, (change, (bytes(changed), seq)))
    assert found(log)[0] == ("audit.edited", seq)
    attack(log, (change, (value, seq)))
    assert found(log) == []


@pytest.mark.guarantee("audit-edited")
@pytest.mark.parametrize("name", ["audit_no_update", "audit_no_delete"])
def test_a_log_that_was_opened_to_changes_is_noticed_before_any_is_made(log, name):
    log._db.execute(f"DROP TRIGGER {name}")
    assert found(log) == [("audit.unprotected", None)]
    assert name in log.verify_audit()[0].text("en")


@pytest.mark.guarantee("audit-deleted")
@pytest.mark.parametrize("seq", [1, 6, LENGTH - 1])
def test_a_deleted_entry_is_named(log, seq):
    attack(log, f"DELETE FROM audit WHERE seq = {seq}")
    assert found(log)[0] == ("audit.deleted", seq)


@pytest.mark.guarantee("audit-reordered")
def test_swapped_entries_are_named(log):
    attack(log, *SWAP)
    assert found(log)[0] == ("audit.reordered", 4)


@pytest.mark.guarantee("audit-reordered")
@pytest.mark.parametrize("seq", [-3, LENGTH + 7])
def test_a_moved_entry_is_named(log, seq):
    attack(log, f"UPDATE audit SET seq = {seq} WHERE seq = 5")
    assert found(log)[0][1] == (1 if seq < 0 else 5)


@pytest.mark.guarantee("audit-cut-tail")
@pytest.mark.parametrize("kept", [0, 1, LENGTH - 1])
def test_a_cut_tail_is_noticed_and_nothing_is_written_after_it(log, kept):
    attack(log, f"DELETE FROM audit WHERE seq > {kept}")
    assert found(log) == [("audit.cut", kept + 1)]
    assert refuses_to_write(log, "store.anchor_ahead")


@pytest.mark.guarantee("audit-recomputed")
@pytest.mark.parametrize("seq", [1, 5, LENGTH])
def test_a_chain_recomputed_with_the_key_is_noticed_and_the_first_entry_named(log, seq):
    attack(log, f"UPDATE audit SET actor = 'P-9' WHERE seq = {seq}")
    recompute(log, seq)
    assert found(log) == [("audit.recomputed", seq)]
    assert refuses_to_write(log, "store.anchor_differs")


@pytest.mark.guarantee("audit-recomputed")
def test_without_the_single_witnesses_the_checkpoints_say_between_which_entries(log, monkeypatch):
    """`chain` was removed, and the log is long: signed checkpoints remain."""
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 5)
    write(log, 20)
    attack(log, "UPDATE audit SET actor = 'P-9' WHERE seq = 20")
    recompute(log, 20)
    (log.site.anchor / "chain").write_bytes(b"")
    known = [line.entry.seq for line in anchor.Anchor(log.site).lines() if line.entry.seq < 20]
    assert found(log)[0] == ("audit.recomputed", known[-1] + 1) and known[-1] > 1


@pytest.mark.guarantee("audit-rolled-back")
def test_an_older_copy_of_the_database_is_noticed_and_not_written_to(log):
    home, site = log.site.home, log.site
    log.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(site.database, home / "older.db")
    write(log, 5)
    log.close()
    for name in ("store.db-wal", "store.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(home / "older.db", site.database)
    with Store.open(site) as older:
        assert found(older) == [("audit.rolled_back", LENGTH + 1)]
        assert refuses_to_write(older, "store.anchor_ahead")


@pytest.mark.guarantee("audit-rolled-back")
def test_a_database_and_an_anchor_rolled_back_together_are_noticed_by_a_copy_of_the_checkpoints(log, monkeypatch):
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 4)
    home, site = log.site.home, log.site
    log.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(site.database, home / "older.db")
    shutil.copytree(site.anchor, home / "older-anchor")
    write(log, 9)
    elsewhere = (site.anchor / checkpoints.FILE).read_bytes()
    log.close()
    for name in ("store.db-wal", "store.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(home / "older.db", site.database)
    shutil.rmtree(site.anchor)
    shutil.copytree(home / "older-anchor", site.anchor)
    with Store.open(site) as older:
        assert found(older) == [], "here, nothing shows it"
        keys = [key for key, _ in found(older, elsewhere)]
        assert keys[0] == "audit.rolled_back" and "audit.checkpoints_lost" in keys


@pytest.mark.guarantee("audit-rolled-back")
def test_checkpoints_on_a_medium_that_only_grows_notice_it_even_when_the_head_is_put_back(log, monkeypatch):
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 4)
    head = (log.site.anchor / "head").read_bytes()
    write(log, 9)
    (log.site.anchor / "head").write_bytes(head)
    attack(log, f"DELETE FROM audit WHERE seq > {LENGTH}")
    assert found(log)[0] == ("audit.cut", LENGTH + 1)


@pytest.mark.guarantee("audit-anchor-forged")
@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "unsigned", "other site"])
def test_a_missing_or_forged_anchor_is_noticed_and_locks_the_store(log, damage, tmp_path):
    head = log.site.anchor / "head"
    lies = json.dumps({"seq": LENGTH, "at": "", "chain": "0" * 64, "checkpoint": [1, ""], "signature": "eA=="})
    if damage == "missing":
        head.unlink()
    elif damage == "other site":
        with another_site(tmp_path / "other") as other:
            write(other, 3)
            head.write_bytes((other.site.anchor / "head").read_bytes())
    else:
        head.write_bytes({"empty": b"", "garbage": os.urandom(1024), "unsigned": lies.encode().ljust(1024)}[damage])
    key = "store.anchor_missing" if damage == "missing" else "store.anchor_forged"
    assert found(log) == [(key, None)]
    assert refuses_to_write(log, key)


@pytest.mark.guarantee("audit-anchor-forged")
def test_a_head_signed_by_the_attacker_after_a_cut_is_no_head(log):
    """They have the keys of store and audit log; the anchor is signed by another one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    attack(log, "DELETE FROM audit WHERE seq > 8")
    row = log.row("SELECT seq, at, chain FROM audit WHERE seq = 8")
    facts = {**row, "checkpoint": [1, row["at"]]}
    forged = checkpoints.signed(Ed25519PrivateKey.generate(), anchor.PURPOSE, facts).ljust(anchor.SLOT)
    (log.site.anchor / "head").write_bytes(forged * 2)
    assert [key for key, _ in found(log)] == ["store.anchor_forged"]
    assert refuses_to_write(log, "store.anchor_forged")


@pytest.mark.guarantee("audit-anchor-forged")
def test_cut_checkpoints_are_noticed(log, monkeypatch):
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 4)
    write(log, 9)
    file = log.site.anchor / checkpoints.FILE
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert found(log) == [("audit.checkpoints_cut", None)]


@pytest.mark.guarantee("audit-anchor-older")
def test_an_older_anchor_put_back_is_noticed_and_not_moved_on_in_silence(log, monkeypatch):
    folder, older = log.site.anchor, log.site.home / "older-anchor"
    shutil.copytree(folder, older)
    monkeypatch.setattr("custinfo.store.database.stamp", lambda _: "2099-01-01T00:00:00.000000Z")
    write(log)
    monkeypatch.setattr("custinfo.store.database.stamp", lambda _: "2099-01-01T00:10:00.000000Z")
    write(log)
    shutil.rmtree(folder)
    shutil.copytree(older, folder)
    assert found(log) == [("audit.anchor_older", LENGTH + 1)]
    assert refuses_to_write(log, "store.anchor_older")


@pytest.mark.guarantee("audit-restart")
def test_a_restart_of_the_anchor_is_the_recorded_way_out(log):
    attack(log, "DELETE FROM audit WHERE seq > 8")
    assert refuses_to_write(log, "store.anchor_ahead")
    log.restart_anchor(checkpoints.RESTARTED, "disk of the anchor lost; looked into by 吴")
    write(log, 3)
    verified = log.audit_verified()
    assert verified.faults == () and verified.entries == verified.anchored == 11
    (restart,) = verified.restarts
    assert (restart.kind, restart.seq, restart.note[-1]) == ("restarted", 8, "吴")
    assert len(list(log.site.anchor.glob("head.before-*"))) == 1, "the evidence stays"


@pytest.mark.guarantee("audit-anchor-full")
@pytest.mark.parametrize("name", ["chain", "head", checkpoints.FILE])
def test_when_the_anchor_cannot_be_written_the_next_act_refuses_before_it_writes(log, name, monkeypatch):
    """A disk that takes nothing more: what was committed stays acknowledged, and nothing follows it unwitnessed."""
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 1)
    opened = os.open

    def full(path, flags, *rest, **more):
        if os.fspath(path).endswith(f"anchor/{name}") and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(28, "No space left on device")
        return opened(path, flags, *rest, **more)

    with monkeypatch.context() as disk:
        disk.setattr(os, "open", full)
        write(log)
        assert refuses_to_write(log, "store.anchor_failed")
        assert found(log) == []
    write(log)
    assert found(log) == [] and log.audit_verified().anchored == LENGTH + 2


def child(code, *arguments):
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


FULL = """
    import resource, signal, sys
    from pathlib import Path
    from custinfo.domain.errors import SiteFault
    from custinfo.store import Site, Store
    site = Site.load(Path(sys.argv[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    with Store.open(site) as store:
        store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        size = (site.anchor / "chain").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096) if sys.argv[2] == "all" else (size, size))
        try:
            while written < 5:
                with store.act("P-1", "series.take", "series", "S"):
                    pass
                written += 1
        except SiteFault as fault:
            print(written, fault.key)
"""


@pytest.mark.guarantee("audit-anchor-full")
def test_a_real_limit_of_file_size_is_a_refusal_and_nothing_torn(log):
    said = child(FULL, log.site.home, "all")
    assert said.stdout.split()[1] in ("store.not_written", "store.anchor_failed"), said.stderr
    assert found(log) == []
    write(log, 3)
    assert found(log) == []


@pytest.mark.guarantee("audit-anchor-full")
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_of_the_anchor_refuses_and_goes_on_when_there_is_room(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        site = Site.create(tmp_path / "site", name="测试")
        settings_ = site.home / "site.toml"
        settings_.write_text(f'anchor = "{disk}"\n' + settings_.read_text("utf-8"), "utf-8")
        with Store.create(Site.load(site.home)) as store:
            write(store, 3)
            (disk / "ballast").write_bytes(b"x" * 44_000)
            with pytest.raises(SiteFault) as refused:
                for _ in range(2000):
                    write(store)
            assert refused.value.key == "store.anchor_failed" and str(disk) in refused.value.text("en")
            assert found(store) == []
            (disk / "ballast").unlink()
            write(store, 3)
            assert found(store) == [] and store.audit_verified().anchored == store.audit_verified().entries
    finally:
        subprocess.run(["umount", disk], check=True)


WRITER = """
    import os, signal, sys
    from pathlib import Path
    from custinfo.store import Site, Store, anchor, checkpoints
    anchor.CHECKPOINT_ENTRIES = 3
    site, point, count = Site.load(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    with Store.open(site) as store:
        for number in range(count + 1):
            if number == count:
                if point == "before anchor": anchor.Anchor._advance = kill
                if point == "before chain": anchor.Anchor._witness = kill
                if point == "before checkpoint": checkpoints.append = kill
                if point == "before head": anchor.Anchor._write_head = kill
                if point == "in head": os.pwrite = lambda file, data, at: (os.lseek(file, at, 0), os.write(file, data[:99]), kill())
                if point == "in chain":
                    write = os.write
                    os.write = lambda file, data: (write(file, data[: len(data) // 2]), kill())
            with store.act("P-1", "series.take", "series", str(number)):
                pass
            print(number, flush=True)
"""
POINTS = ["before anchor", "before chain", "in chain", "before checkpoint", "before head", "in head"]


@pytest.mark.guarantee("audit-crash")
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("count", [1, 4])
def test_kill_9_between_commit_and_anchor_leaves_a_log_that_verifies_and_goes_on(store, point, count):
    """The entry was committed; its witness is brought up to date by the next action."""
    write(store, 2)
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WRITER), store.site.home, point, str(count)], check=False
    )
    assert killed.returncode in (-signal.SIGKILL, 0)
    verified = store.audit_verified()
    assert verified.faults == () and verified.entries == 2 + count + 1
    write(store)
    assert store.audit_verified().anchored == 2 + count + 2 and found(store) == []


@pytest.mark.guarantee("audit-crash")
def test_writers_side_by_side_leave_one_whole_log(store):
    code = textwrap.dedent("""
        import sys
        from pathlib import Path
        from custinfo.store import Site, Store
        with Store.open(Site.load(Path(sys.argv[1]))) as store:
            for _ in range(40):
                with store.act("P-1", "series.take", "series", "S"):
                    pass
    """)
    running = [subprocess.Popen([sys.executable, "-c", code, str(store.site.home)]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    verified = store.audit_verified()
    assert verified.faults == () and verified.entries == verified.anchored == 120


def test_the_files_of_the_anchor_are_the_services_alone(log):
    for path in (log.site.anchor, *log.site.anchor.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_store_from_before_there_was_an_anchor_gets_one_when_it_is_opened(log):
    """As a site of the first version has it: entries, and no anchor."""
    site = log.site
    log._db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm011_audit'")
    for name in ("audit_at", "audit_actor", "audit_object"):
        log._db.execute(f"DROP INDEX {name}")
    log.close()
    shutil.rmtree(site.anchor)
    with Store.open(site) as store:
        write(store)
        assert found(store) == [] and store.audit_verified().anchored == LENGTH + 1


@pytest.mark.guarantee("audit-rolled-back")
def test_an_old_store_put_back_gets_no_new_anchor(log):
    """Its migration is pending, as it is for a store that never had an anchor."""
    attack(log, "DELETE FROM audit WHERE seq > 3", "DELETE FROM _sqlite_migrations WHERE name = 'm011_audit'")
    for name in ("audit_at", "audit_actor", "audit_object"):
        log._db.execute(f"DROP INDEX {name}")
    site = log.site
    log.close()
    with Store.open(site) as store:
        assert refuses_to_write(store, "store.anchor_ahead")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_fault_says_what_to_do(log, language):
    attack(log, "DELETE FROM audit WHERE seq > 8")
    (fault,) = log.verify_audit()
    assert "9" in fault.text(language) and "12" in fault.text(language)
    with pytest.raises(SiteFault) as refused:
        write(log)
    assert "audit verify" in refused.value.text(language)


def test_resources_of_this_process_are_as_they_were():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] in (-1, resource.RLIM_INFINITY)


@pytest.mark.guarantee("audit-rolled-back")
@pytest.mark.skipif(os.geteuid() != 0, reason="chattr +a takes root")
def test_the_anchor_works_with_files_that_can_only_grow_and_these_cannot_be_put_back(log, monkeypatch):
    """As the how-to says: the service's account adds to them, and nobody changes them without the system's owner."""
    monkeypatch.setattr(anchor, "CHECKPOINT_ENTRIES", 4)
    files = [log.site.anchor / "chain", log.site.anchor / checkpoints.FILE]
    if subprocess.run(["chattr", "+a", *files], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no append-only files")
    try:
        write(log, 9)
        assert found(log) == [] and log.audit_verified().anchored == LENGTH + 9
        for file in files:
            with pytest.raises(PermissionError):
                file.write_bytes(b"")
            with pytest.raises(PermissionError):
                file.unlink()
    finally:
        subprocess.run(["chattr", "-a", *files], check=True)
