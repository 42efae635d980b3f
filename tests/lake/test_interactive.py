"""Interactive files: the same rows as Parquet, never the truth, and gone with whoever is erased."""

import json
import os
import stat
import subprocess
import sys
from contextlib import suppress

import duckdb
import ibis
import pytest

from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.lake import engines, erasing, files, interactive, locking
from custinfo.store import withheld
from custinfo.store.site import Site
from tests.lake.killing import killed_at
from tests.test_lake import at, batch, customer, everything, flip, moment, refused, rows

TABLES = ("customer_versions", "sales")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Every table with rows is worth a file, and one row more makes it too far behind."""
    monkeypatch.setattr(interactive, "WORTH_IT", 1)
    monkeypatch.setattr(interactive, "BEHIND", 1_000)


@pytest.fixture
def site(tmp_path):
    """Two versions: five customers, c1 with two versions of its card, and two batches of three lines."""
    place = Site.create(tmp_path / "海风's site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in range(1, 6)], [batch(place, "B1")], at(1))
    lake.publish(place, [customer(6, "c1", 2, 1.5, staff="99")], [batch(place, "B2", 1.5, amount=700)], at(2))
    return place


def made(site):
    return sorted(path.name.partition("-")[0] for path in (site.lake / interactive.FOLDER).glob("*.duckdb"))


def file_of(site, table="sales"):
    (found,) = (site.lake / interactive.FOLDER).glob(f"{table}-*.duckdb")
    return found


def native(opened, table="sales"):
    """Whether the rows are read from an interactive file."""
    return any("read_parquet" not in part and "lake_" in part and ".main." in part.replace('"', "")
               for part in ibis.to_sql(opened.found[table], dialect="duckdb").splitlines())  # fmt: skip


def test_every_version_and_moment_gives_the_rows_that_parquet_gives(site):
    asked = [{}, {"version": 1}, {"as_of": moment(1.2), "version": 2}]
    before = [everything(lake.open(site, **one)) for one in asked]
    assert lake.refresh_interactive(site) == TABLES
    assert made(site) == sorted(TABLES)
    assert native(lake.open(site))
    assert not native(lake.open(site, version=1)), "its files are not all of those that the file was made of"
    assert [everything(lake.open(site, **one)) for one in asked] == before
    assert lake.open(site).sales.schema() == lake.open(site, version=1).sales.schema()
    assert lake.verify(site) > 0


def test_what_came_since_is_read_beside_it_until_it_is_a_part_worth_making_it_for(site, monkeypatch):
    monkeypatch.setattr(interactive, "BEHIND", 2)
    lake.refresh_interactive(site)
    first = file_of(site)
    lake.publish(site, [], [batch(site, "B3", 3, count=2, amount=5)], at(4))
    assert lake.refresh_interactive(site) == ()
    assert native(lake.open(site))
    assert sorted(row["amount_fen"] for row in rows(lake.open(site).sales)) == [5, 5, 100, 100, 100, 700, 700, 700]
    monkeypatch.setattr(interactive, "BEHIND", 1_000)
    assert lake.refresh_interactive(site) == ("sales",)
    assert file_of(site) != first
    assert len(rows(lake.open(site).sales)) == 8


def test_purposes_are_applied_when_it_is_opened(site):
    lake.refresh_interactive(site)
    key = lake.pseudonym(site.secret("pseudonym"), "c1")
    withheld.write(site.lake, [withheld.Withheld(key, "analysis", "2026-11-01T00:00:00.000000Z")])
    opened = lake.open(site)
    assert native(opened, "customer_versions")
    assert len(rows(opened.customers)) == 4
    assert key not in {row["customer_key"] for row in rows(opened.customer_versions)}
    assert len(rows(lake.open(site, purpose="contract").customers)) == 5


@pytest.mark.guarantee("erasure-old-files")
def test_whoever_is_erased_goes_from_it_too(site):
    lake.refresh_interactive(site)
    key = lake.pseudonym(site.secret("pseudonym"), "c2")
    assert key in {row["customer_key"] for row in rows(lake.open(site).customers)}
    erasing.erase(site, {key: False}, smallest_group=1, now=moment(9))
    left = [path for path in site.lake.rglob("*") if path.is_file() and path.suffix in (".duckdb", ".json")]
    assert not [path for path in left if interactive.FOLDER in path.parts]
    assert lake.refresh_interactive(site) == TABLES
    opened = lake.open(site)
    assert native(opened, "customer_versions")
    assert key not in {row["customer_key"] for row in rows(opened.customer_versions)}
    assert all(key.encode() not in path.read_bytes() for path in site.lake.rglob("*") if path.is_file())


def test_compaction_makes_it_anew_and_one_that_is_deleted_comes_back(site):
    lake.refresh_interactive(site)
    file_of(site).unlink()
    assert not native(lake.open(site))
    assert lake.refresh_interactive(site) == ("sales",)
    for n in range(3, 12):
        lake.publish(site, [], [batch(site, f"B{n}", n, count=1)], at(n + 0.5))
    assert lake.compact(site, at(20)) is not None
    assert not native(lake.open(site)), "made of files that the newest version does not list"
    before = everything(lake.open(site))
    assert lake.refresh_interactive(site) == ("sales",)
    assert native(lake.open(site))
    assert everything(lake.open(site)) == before


def foreign(path):
    """Another lake's file of the same size, under this name."""
    size = path.stat().st_size
    path.unlink()
    with duckdb.connect(str(path)) as other:
        other.execute("CREATE TABLE sales AS SELECT 1 AS one")
        other.execute(f"CREATE TABLE {engines._MADE_OF} AS SELECT 'other' AS made_of")
    with path.open("ab") as content:
        content.truncate(size)


def truncated(path):
    os.truncate(path, path.stat().st_size - 4096)


def other_format(path):
    path.write_bytes(b"SQLite format 3\0".ljust(path.stat().st_size, b"\0"))


def without_note(path):
    path.with_suffix(".json").unlink()


def broken_note(path):
    path.with_suffix(".json").write_text('{"table": "sales"}', "utf-8")


def note_of_lists(path):
    note = path.with_suffix(".json")
    note.write_text(json.dumps(json.loads(note.read_text("utf-8")) | {"covers": {"sales/B1.parquet": []}}), "utf-8")


def unreadable_note(path):
    path.with_suffix(".json").write_bytes(b"\xff\x00[")


def test_a_damaged_or_foreign_one_is_not_used(site):
    before = rows(lake.open(site).sales)
    for spoil in (foreign, truncated, other_format, without_note, broken_note, note_of_lists, unreadable_note):
        lake.refresh_interactive(site)
        spoil(file_of(site))
        opened = lake.open(site)
        assert not native(opened), spoil
        assert rows(opened.sales) == before
        lake.verify(site)
        assert lake.refresh_interactive(site) == ("sales",), spoil
        assert native(lake.open(site))


def test_one_that_turns_out_to_be_damaged_while_it_is_read_is_said_and_verifying_removes_it(site):
    lake.refresh_interactive(site)
    path = file_of(site)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(one ^ 0xFF for one in content[len(content) // 2 :])
    path.write_bytes(content)
    with suppress(SiteFault):  # or it was noticed when it was opened, and Parquet was read
        assert len(rows(lake.open(site).sales)) == 6
    assert lake.verify(site) > 0
    assert "sales" not in made(site)
    assert len(rows(lake.open(site).sales)) == 6


def test_a_block_that_is_damaged_is_said_in_words(site, monkeypatch):
    lake.refresh_interactive(site)
    opened = lake.open(site)
    backend = opened.sales.get_backend()
    assert "to_pyarrow" in vars(backend), "reading is guarded"

    def broken(*_args, **_options):
        raise duckdb.IOException("Corrupt database file: computed checksum 1 does not match stored checksum 2 in block")

    with refused(SiteFault, "interactive.damaged"):
        engines._in_words(broken)()


def test_a_parquet_file_that_was_changed_is_never_made_into_one(site):
    path = site.lake / lake.newest(site.lake).paths("sales")[0]
    flip(path, 100)
    with refused(SiteFault, "lake.damaged"):
        lake.refresh_interactive(site)
    assert "sales" not in made(site)


def test_it_can_be_switched_off_and_then_none_is_left(site):
    lake.refresh_interactive(site)
    with (site.home / "site.toml").open("a") as settings:
        settings.write("\n[lake]\ninteractive = false\n")
    off = Site.load(site.home)
    assert lake.refresh_interactive(off) == ()
    assert not (site.lake / interactive.FOLDER).exists()
    assert len(rows(lake.open(off).sales)) == 6


def test_nothing_is_made_beside_another_writer_nor_for_a_small_table(site, monkeypatch):
    with locking.sole_writer(site.lake):
        assert lake.refresh_interactive(site) == ()
    monkeypatch.setattr(interactive, "WORTH_IT", 7)
    assert lake.refresh_interactive(site) == ()
    monkeypatch.setattr(interactive, "WORTH_IT", 6)
    assert lake.refresh_interactive(site) == TABLES
    monkeypatch.setattr(interactive, "WORTH_IT", 7)
    lake.refresh_interactive(site)
    assert made(site) == []


def test_its_rights_are_those_of_the_lake(site):
    site.lake.chmod(0o2750)
    lake.refresh_interactive(site)
    folder = site.lake / interactive.FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o750
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


READER = """
import sys
from pathlib import Path
from custinfo import lake
opened = lake.open_folder(Path(sys.argv[1]))
print(opened.sales.amount_fen.sum().to_pyarrow().as_py(), flush=True)
sys.stdin.readline()
print(opened.sales.count().to_pyarrow().as_py(), flush=True)
"""


def test_several_processes_read_it_at_once_while_it_is_made_anew(site):
    lake.refresh_interactive(site)
    readers = [
        subprocess.Popen([sys.executable, "-c", READER, str(site.lake)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         text=True)
        for _ in range(2)
    ]  # fmt: skip
    assert [int(reader.stdout.readline()) for reader in readers] == [2400, 2400]
    lake.publish(site, [], [batch(site, "B3", 3)], at(4))
    assert lake.refresh_interactive(site) == ("sales",)
    for reader in readers:
        said, _ = reader.communicate("go on\n", timeout=60)
        assert int(said) == 6, "what was opened stays what it was"
    assert len(rows(lake.open(site).sales)) == 9


def test_killed_at_any_step_what_is_there_is_whole_and_the_next_run_makes_the_rest(site):
    before, step = everything(lake.open(site)), -2
    steps = (engines._DuckDB, "run"), (files, "sync"), (files, "sha256")
    while True:
        interactive.drop(site.lake)
        step += 3
        if killed_at(step, lambda: interactive.refresh(site), *steps):
            break
        there = [one for table in TABLES for one in interactive._derived(site.lake, table)]
        assert all(interactive._is_whole(*one) for one in there)
        if step % 9 == 0:
            assert everything(lake.open(site)) == before
            interactive.refresh(site)
            assert made(site) == sorted(TABLES)
            assert not list((site.lake / interactive.FOLDER).glob(".*")), "nothing half made is left"
    assert everything(lake.open(site)) == before
    assert step > 16
