"""The store: nothing acknowledged is lost, nothing is written without its audit event, history cannot be changed."""

import inspect
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from custinfo.actions.doctor import faults
from custinfo.domain.errors import SiteFault
from custinfo.store import Site, Store, Tx, database
from tests.older_sites import with_raw_keys


@pytest.fixture
def store(tmp_path):
    site = Site.create(tmp_path / "site", name="测试")
    with Store.create(site) as opened:
        yield opened


def number_of(store, table):
    return store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]


def test_what_a_block_writes_and_its_audit_event_are_committed_together(store):
    with store.act("P-1", "series.take", "series", "customers", why="test") as tx:
        assert tx.next_number("customers") == 1
    event = store.row("SELECT * FROM audit")
    assert (event["actor"], event["action"], event["object_id"]) == ("P-1", "series.take", "customers")
    assert event["detail"] == '{"why": "test"}'


def test_an_error_in_the_block_leaves_neither_write_nor_event(store):
    with pytest.raises(RuntimeError), store.act("P-1", "series.take", "series", "customers") as tx:
        tx.next_number("customers")
        raise RuntimeError
    assert number_of(store, "number_series") == number_of(store, "audit") == 0


def test_numbers_are_never_given_out_twice(store):
    given = []
    for count in (1, 5, 1):
        with store.act("P-1", "series.take", "series", "customers") as tx:
            given.append(tx.next_number("customers", count))
    assert given == [1, 2, 7]


@pytest.mark.parametrize("action", ["", "save", "Draft.save", "draft.save.now", "draft.save; DROP"])
def test_an_action_is_named_noun_and_verb(store, action):
    with pytest.raises(ValueError, match="noun.verb"), store.act("P-1", action, "draft", "1"):
        pass


@pytest.mark.parametrize("table", ["audit", "record_version", "entity_version", "form"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_history_has_triggers_against_change(store, table, verb):
    triggers = {row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert f"{table}_no_{verb.lower()}" in triggers


def test_the_audit_log_cannot_be_changed_through_the_connection(store):
    with store.act("P-1", "series.take", "series", "customers"):
        pass
    for statement in ("UPDATE audit SET actor = 'P-2'", "DELETE FROM audit"):
        with pytest.raises(sqlcipher.IntegrityError, match="append-only"):
            store.rows(statement)


def test_only_the_transaction_can_write():
    """No method of Store takes rows to write; Tx is made in `act` alone, which appends the audit event."""
    writers = {name for name, _ in inspect.getmembers(Tx, inspect.isfunction) if not name.startswith("_")}
    assert writers == {
        "insert",
        "insert_all",
        "update",
        "delete",
        "next_number",
        "note",
        "part",
        "lifted",
        "execute",
        "remember",
    }
    source = inspect.getsource(database)
    assert source.count("Tx(self._db") == 1
    assert "self._append_audit(" in inspect.getsource(Store.act)
    readers = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert readers == {
        "act",
        "close",
        "audit_verified",
        "verify_audit",
        "restart_anchor",
        "lookup_digest",
        "row",
        "rows",
        "damage",
        "copy_to",
    }


def test_a_part_of_a_transaction_that_fails_leaves_the_rest(store):
    with store.act("P-1", "test.write", "test", "1") as tx:
        tx.insert("number_series", {"series": "before", "last": 1})
        with pytest.raises(ValueError), tx.part():
            tx.insert("number_series", {"series": "inside", "last": 1})
            raise ValueError
        with tx.part():
            tx.insert("number_series", {"series": "after", "last": 1})
    assert {row["series"] for row in store.rows("SELECT series FROM number_series")} == {"before", "after"}


def test_every_action_that_writes_goes_through_act():
    """Outside the store nobody opens a database of the site, and no layer above `actions` writes."""
    package = Path(database.__file__).parents[1]
    reads_others = package / "lake" / "sql_source.py"  # refuses the site's own: tests/lake/test_sql_source.py
    for file in package.rglob("*.py"):
        source, layer = file.read_text("utf-8"), file.relative_to(package).parts[0]
        if layer != "store" and file != reads_others:
            assert not re.search(r"^\s*(import|from) (sqlcipher3|sqlite3|sqlite_utils)", source, re.MULTILINE), file
        if layer not in ("store", "actions"):
            assert ".act(" not in source, file


def broken_copy(store, statement):
    """Run a statement on the file with the triggers dropped, as someone with the key could."""
    with store.act("P-1", "test.prepare", "test", "1"):
        for name in ("audit_no_update", "audit_no_delete"):
            store._db.execute(f"DROP TRIGGER {name}")
        store._db.execute(statement)


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit SET actor = 'P-9' WHERE seq = 2", 2),
        ('UPDATE audit SET detail = \'{"why": "other"}\' WHERE seq = 3', 3),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN -2 ELSE seq END", 1),
    ],
)
def test_verification_names_the_first_bad_entry(store, statement, first_bad):
    for _ in range(4):
        with store.act("P-1", "series.take", "series", "customers"):
            pass
    assert store.verify_audit() == []
    broken_copy(store, statement)
    assert store.audit_verified().first_bad == first_bad


def test_the_file_is_ciphertext_and_needs_its_key(store):
    with store.act("P-secret-name", "series.take", "series", "customers"):
        pass
    content = store.site.database.read_bytes()
    assert b"SQLite format 3" not in content
    assert b"P-secret-name" not in content
    wrong_key = with_raw_keys(store.site, store=bytes(32))
    with pytest.raises(SiteFault) as wrong:
        Store.open(wrong_key)
    assert "备份" in wrong.value.text("zh-CN")


@pytest.mark.parametrize("place", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_bit_is_noticed(store, place):
    with store.act("P-1", "series.take", "series", "customers"):
        pass
    assert store.damage() == []
    store.close()
    content = bytearray(store.site.database.read_bytes())
    content[int(len(content) * place)] ^= 1
    store.site.database.write_bytes(content)
    found = faults(store.site.home)
    assert found and str(store.site.database) in found[0].text("en")


def test_files_and_keys_are_private(store):
    for path in (store.site.home, store.site.home / "keys", store.site.database, *(store.site.home / "keys").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from custinfo.store import Site, Store
    with Store.open(Site.load(Path(sys.argv[1]))) as store:
        while True:
            with store.act("P-1", "series.take", "series", sys.argv[2]) as tx:
                number = tx.next_number("all")
                tx.insert("entity", {"entity_id": f"{number}", "dataset": "d", "number": f"{number}", "created_at": tx.at})
            print(number, flush=True)
""")


def acknowledged_until_killed(home, after):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(home), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    numbers = [int(writers[0].stdout.readline()) for _ in range(after)]
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
    for writer in writers:
        numbers += [int(line) for line in writer.stdout.read().split() if line]
        writer.wait()
    return numbers


def test_kill_9_loses_nothing_that_was_acknowledged_and_leaves_nothing_torn(tmp_path):
    site = Site.create(tmp_path / "site", name="测试")
    Store.create(site).close()
    acknowledged = []
    for after in (1, 3, 7, 20, 50):
        acknowledged += acknowledged_until_killed(site.home, after)
    with Store.open(site) as store:
        stored = {int(row["number"]) for row in store.rows("SELECT number FROM entity")}
        assert len(acknowledged) == len(set(acknowledged)) >= 81
        assert set(acknowledged) <= stored
        assert number_of(store, "audit") == len(stored) == store.row("SELECT last FROM number_series")["last"]
        assert store.verify_audit() == []
