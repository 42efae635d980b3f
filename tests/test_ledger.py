"""The ledger: what must survive a restore is on the disk before it is committed, and nobody can change it."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from custinfo.domain.errors import SiteFault
from custinfo.store import Site, Store, ledger


@pytest.fixture
def store(tmp_path):
    site = Site.create(tmp_path / "site", name="测试")
    with Store.create(site) as opened:
        yield opened


def erased(store, object_id, *, fail=False):
    with store.act("P-1", "test.erase", "customer", object_id) as tx:
        tx.remember("person.erased", object_id, case="C-1")
        if fail:
            raise RuntimeError


def standing(store):
    return [line.object_id for line in ledger.standing(store.ledger.lines())]


def kept(store):
    return [row["line"] for row in store.rows("SELECT line FROM ledger_line ORDER BY number")]


def test_a_remembered_fact_is_in_the_file_the_store_and_the_audit_log(store):
    erased(store, "C-1")
    erased(store, "C-2")
    lines = store.ledger.lines()
    assert [(line.number, line.kind, line.object_id, line.facts, line.seq) for line in lines] == [
        (1, "person.erased", "C-1", {"case": "C-1"}, 1),
        (2, "person.erased", "C-2", {"case": "C-1"}, 2),
    ]
    assert kept(store) == [line.text for line in lines]
    assert json.loads(store.row("SELECT detail FROM audit WHERE seq = 2")["detail"]) == {"ledger": 2}
    assert store.ledger.path.stat().st_mode & 0o077 == 0


def test_several_facts_of_one_transaction(store):
    with store.act("P-1", "test.leave", "person", "P-2") as tx:
        tx.remember("access.revoked", "P-2", role="analyst")
        tx.remember("access.revoked", "P-2", role="manager")
    assert [line.facts["role"] for line in store.ledger.lines()] == ["analyst", "manager"]
    assert len(kept(store)) == 2


def test_an_unknown_kind_is_a_defect(store):
    with pytest.raises(ValueError, match="no kind"), store.act("P-1", "test.erase", "customer", "C") as tx:
        tx.remember("person.forgotten", "C")


def test_a_fact_that_was_rolled_back_does_not_stand(store):
    erased(store, "C-1")
    with pytest.raises(RuntimeError):
        erased(store, "C-2", fail=True)
    assert standing(store) == ["C-1"]
    erased(store, "C-3")
    assert standing(store) == ["C-1", "C-3"]
    assert kept(store) == [line.text for line in store.ledger.lines()]


KILLED = """
import os, signal, sys
from pathlib import Path
from custinfo.store import Site, Store
with Store.open(Site.load(Path(sys.argv[1]))) as store, store.act("P-1", "test.erase", "customer", "C-2") as tx:
    tx.remember("person.erased", "C-2")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.guarantee("ledger-first")
def test_a_process_killed_between_line_and_commit_is_settled_by_the_next(store):
    erased(store, "C-1")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), store.site.home], check=False)
    assert done.returncode == -signal.SIGKILL
    assert standing(store) == ["C-1", "C-2"]  # on the disk before the commit: better too much than lost
    erased(store, "C-3")
    assert standing(store) == ["C-1", "C-3"]
    assert kept(store) == [line.text for line in store.ledger.lines()]


@pytest.mark.guarantee("ledger-first")
def test_when_the_line_cannot_be_written_nothing_is(store):
    erased(store, "C-1")
    before = store.ledger.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # The store's own files are larger than the ledger: what fails is the ledger's line, half of it written
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(SiteFault) as refused:
            erased(store, "C-2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.key == "ledger.not_written"
    assert store.ledger.path.read_bytes() == before
    assert len(store.rows("SELECT 1 FROM audit")) == 1
    erased(store, "C-3")
    assert standing(store) == ["C-1", "C-3"]


@pytest.mark.guarantee("ledger-first")
def test_the_line_is_synced_to_the_disk_before_the_fact_is_committed(store, monkeypatch):
    synced, sync = [], os.fsync

    def watched(file):
        with Store.open(store.site) as other:
            committed = len(other.rows("SELECT 1 FROM ledger_line"))
        synced.append((Path(f"/proc/self/fd/{file}").readlink() == store.ledger.path, committed))
        sync(file)

    monkeypatch.setattr(ledger.os, "fsync", watched)
    erased(store, "C-1")
    assert (True, 0) in synced


def test_a_torn_line_is_cut_off(store):
    erased(store, "C-1")
    with store.ledger.path.open("a") as file:
        file.write('{"number": 2, "at"')
    assert standing(store) == ["C-1"]
    erased(store, "C-2")
    assert standing(store) == ["C-1", "C-2"]


@pytest.mark.parametrize("left", [0, 1])
def test_what_the_file_lost_is_written_again_from_the_store(store, left):
    for number in range(3):
        erased(store, f"C-{number}")
    lines = store.ledger.path.read_text().splitlines(keepends=True)
    store.ledger.path.write_text("".join(lines[:left])) if left else store.ledger.path.unlink()
    erased(store, "C-3")
    assert standing(store) == [f"C-{number}" for number in range(4)]


def changed(lines, change):
    if change == "edited":
        lines[1] = lines[1].replace("C-1", "C-9")
    elif change == "removed":
        del lines[1]
    elif change == "swapped":
        lines[0], lines[1] = lines[1], lines[0]
    elif change == "code":
        lines[1] = lines[1].replace('"code": "', '"code": "0', 1)
    elif change == "repeated":
        lines.insert(1, lines[0])
    elif change == "no json":
        lines[1] = "{\n"
    elif change == "not a line":
        lines[1] = "[]\n"
    return lines


@pytest.mark.guarantee("ledger-forged")
@pytest.mark.parametrize("change", ["edited", "removed", "swapped", "code", "repeated", "no json", "not a line"])
def test_a_changed_ledger_is_noticed_and_nothing_is_done(store, change):
    for number in range(3):
        erased(store, f"C-{number}")
    lines = changed(store.ledger.path.read_text().splitlines(keepends=True), change)
    store.ledger.path.write_text("".join(lines))
    for attempt in (store.ledger.lines, lambda: erased(store, "C-4")):
        with pytest.raises(SiteFault) as noticed:
            attempt()
        assert noticed.value.key == "ledger.forged"
        assert noticed.value.facts["line"] in (1, 2)
    assert len(kept(store)) == 3


@pytest.mark.guarantee("ledger-forged")
def test_any_changed_byte_is_noticed(store):
    for number in range(2):
        erased(store, f"C-{number}")
    content = store.ledger.path.read_bytes()
    for place in range(0, len(content) - 1, 7):
        store.ledger.path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(SiteFault, match="line"):
            store.ledger.lines()


@pytest.mark.guarantee("ledger-forged")
def test_an_old_store_put_back_by_hand_does_not_void_what_was_done_since(store):
    erased(store, "C-1")
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = store.site.database.read_bytes()
    for number in range(2, 5):
        erased(store, f"C-{number}")
    store.close()
    for file in store.site.home.glob("store.db*"):
        file.unlink()
    store.site.database.write_bytes(old)
    with Store.open(store.site) as rolled_back:
        with pytest.raises(SiteFault) as refused:
            erased(rolled_back, "C-5")
        assert refused.value.key == "store.anchor_ahead"
        rolled_back.restart_anchor("restarted", "somebody thought that this mends it")
        with pytest.raises(SiteFault) as refused:
            erased(rolled_back, "C-5")
        assert refused.value.key == "ledger.ahead"
        assert standing(rolled_back) == ["C-1", "C-2", "C-3", "C-4"]


WRITER = """
import sys
from pathlib import Path
from custinfo.store import Site, Store
with Store.open(Site.load(Path(sys.argv[1]))) as store:
    for number in range(20):
        try:
            with store.act("P-1", "test.erase", "customer", "C") as tx:
                tx.remember("person.erased", f"{sys.argv[2]}-{number}")
                if number % 3 == 0:
                    raise RuntimeError
        except RuntimeError:
            pass
"""


def test_several_writers_at_once_keep_one_chain(store):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(store.site.home)]
    writers = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    done = [f"{name}-{number}" for name in "abc" for number in range(20) if number % 3]
    assert sorted(standing(store)) == sorted(done)
    erased(store, "last")
    assert kept(store) == [line.text for line in store.ledger.lines()]


def test_a_folder_that_is_not_there_is_said(store):
    store.ledger.path.parent.mkdir(exist_ok=True)
    (store.ledger.path).mkdir()
    with pytest.raises(SiteFault) as refused:
        store.ledger.check_writable()
    assert refused.value.key == "ledger.not_written"
    assert os.strerror(21) in refused.value.text("en")
