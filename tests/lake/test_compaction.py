"""Compaction: few files of many, the same rows in every version, and nobody who was erased in any of them."""

import os
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import SiteFault, WrongState
from custinfo.lake import compaction, erasing, locking, manifest, schema
from custinfo.store.site import Site
from tests.lake.killing import killed_at
from tests.test_lake import START, at, batch, customer, everything, flip, moment, refused, rows

VERSIONS = 9


@pytest.fixture
def site(tmp_path):
    """Nine versions, each with a new customer, a newer version of the first, and a batch of two lines."""
    place = Site.create(tmp_path / "site", name="海风")
    for n in range(1, VERSIONS + 1):
        cards = [customer(2 * n - 1, f"c{n}"), customer(2 * n, "c0", n, hours=n, staff=str(n))]
        lake.publish(place, cards, [batch(place, f"B{n}", hours=n, count=2)], at(n + 0.5))
    return place


def everything_of_all(site):
    return {number: everything(lake.open(site, version=number)) for number in manifest.versions(site.lake)}


def everything_by(site, hours):
    return everything(lake.open(site, as_of=moment(hours)))


def test_one_file_of_each_table_and_the_same_rows(site):
    before, sources = everything_of_all(site), {path: path.read_bytes() for path in site.lake.rglob("*.*")}
    done = lake.compact(site, at(20))
    assert (done.version, done.before, done.after) == (VERSIONS + 1, 2 * VERSIONS, 2)
    newest = lake.newest(site.lake)
    assert [(file.table, file.rows) for file in newest.files] == [("customer_versions", 18), ("sales", 18)]
    after = everything_of_all(site)
    assert after.pop(VERSIONS + 1) == before[VERSIONS]
    assert after == before
    assert sources.items() <= {path: path.read_bytes() for path in site.lake.rglob("*.*")}.items(), (
        "nothing was touched"
    )
    assert lake.verify(site) > 0
    assert newest.batches == manifest.read(site.lake, VERSIONS).batches
    assert newest.codelist_files == manifest.read(site.lake, VERSIONS).codelist_files


def test_as_of_any_moment_nothing_changes(site):
    hours = [1.5, 2, 2.75, 5, 9.5, 11]
    before = [everything_by(site, hour) for hour in hours]
    newest = everything(lake.open(site, version=VERSIONS, as_of=moment(4)))
    lake.compact(site, at(20))
    assert [everything_by(site, hour) for hour in hours] == before
    assert everything(lake.open(site, version=VERSIONS + 1, as_of=moment(4))) == newest


def test_publishing_goes_on_after_it(site):
    lake.compact(site, at(20))
    before = everything(lake.open(site))
    assert lake.publish(site, [customer(99, "c99")], [batch(site, "B99", count=2)], at(21)) is not None
    opened = lake.open(site)
    assert len(rows(opened.customer_versions)) == 19
    assert len(rows(opened.sales)) == 20
    assert everything(lake.open(site, version=VERSIONS + 1)) == before
    with refused(WrongState, "lake.batch_published", batch="B1"):
        batch(site, "B1")


def test_too_few_small_files_are_left_as_they_are(site, monkeypatch):
    lake.compact(site, at(20))
    assert lake.compact(site, at(21)) is None
    monkeypatch.setattr(compaction, "SMALL", 2)
    monkeypatch.setattr(compaction, "WORTH_IT", 1)
    assert lake.compact(site, at(22)) is None, "full files are not compacted again"
    assert lake.newest(site.lake).version == VERSIONS + 1


def test_an_empty_lake_is_left_alone(tmp_path):
    assert lake.compact(Site.create(tmp_path / "site", name="海风"), at(1)) is None


def test_files_are_filled_up_to_their_limit(site, monkeypatch):
    monkeypatch.setattr(compaction, "ROWS_PER_FILE", 5)
    before = everything(lake.open(site))
    lake.compact(site, at(20))
    sizes = [file.rows for file in lake.newest(site.lake).files if file.table == "sales"]
    assert sizes == [4, 4, 4, 4, 2]
    assert everything(lake.open(site)) == before


def test_a_column_that_older_files_lack_is_null(site):
    newest = manifest.newest(site.lake)
    first = newest.paths("sales")[0]
    pq.write_table(pq.read_table(site.lake / first).drop_columns(["product"]), site.lake / first)
    found = compaction._rows("sales", [site.lake / path for path in newest.paths("sales")])
    assert found.schema == schema.SALES
    assert [row["product"] for row in found.to_pylist()[:3]] == [None, None, "Tea"]


@pytest.mark.parametrize("what", ["changed", "missing", "clock", "busy"])
def test_what_is_not_right_stops_it_in_words(site, what):
    victim = site.lake / manifest.newest(site.lake).files[3].path
    moment_of_it = at(1) if what == "clock" else at(20)
    if what == "changed":
        flip(victim, victim.stat().st_size // 2)
    if what == "missing":
        victim.unlink()
    keys = {"changed": "lake.damaged", "missing": "lake.missing", "clock": "lake.clock", "busy": "lake.busy"}
    if what == "busy":
        with locking.sole_writer(site.lake), refused(WrongState, keys[what]):
            lake.compact(site, moment_of_it)
    else:
        with refused(SiteFault, keys[what]):
            lake.compact(site, moment_of_it)
    assert manifest.newest(site.lake).version == VERSIONS


def compacted_until(site, step):
    """Compact, and be killed at that step; whether it reached its end before."""
    return killed_at(
        step, lambda: lake.compact(site, at(20)), (os, "fsync"), (os, "replace"), (os, "rename"),
        (type(site.lake), "replace"), (pq.ParquetWriter, "write_batch"), (pq.ParquetWriter, "close"),
    )  # fmt: skip


def test_killed_at_any_step_the_lake_is_as_before_or_compacted(site):
    before = everything(lake.open(site))
    killed = 0
    while not compacted_until(site, killed + 1):
        killed += 1
        assert everything(lake.open(site)) == before
        lake.verify(site)
        if lake.newest(site.lake).version > VERSIONS:  # only the folder was still to be synced
            break
    assert killed >= 10
    assert lake.newest(site.lake).version == VERSIONS + 1
    assert len(lake.newest(site.lake).files) == 2


def test_what_a_killed_compaction_left_is_swept_before_anybody_is_erased(site):
    for step in (3, 5, 7):
        assert not compacted_until(site, step)
    assert lake.newest(site.lake).version == VERSIONS
    key = lake.pseudonym(site.secret("pseudonym"), "c0")
    erasing.erase(site, {key: False}, smallest_group=5, now=datetime(2026, 11, 20, tzinfo=UTC))
    assert holders(site, key) == []
    assert lake.verify(site) > 0


def holders(site, key):
    """The files of whole lake, listed or not, that hold the key."""
    paths = [path for path in site.lake.rglob("*.parquet*") if path.parent.name != "codelists"]
    return [
        path.name for path in paths if key in pq.ParquetFile(path).read(["customer_key"])["customer_key"].to_pylist()
    ]


@pytest.mark.guarantee("erasure-old-files")
def test_whoever_is_erased_after_a_compaction_is_in_no_file_of_any_version(site):
    lake.compact(site, at(20))
    lake.publish(site, [customer(99, "c0", 99, hours=21)], [], at(22))
    gone = {lake.pseudonym(site.secret("pseudonym"), "c0"), lake.pseudonym(site.secret("pseudonym"), "c3"), "k"}
    counts = {number: [len(one) for one in everything(lake.open(site, version=number))] for number in range(1, 12)}
    done = erasing.erase(site, dict.fromkeys(gone, False), smallest_group=5, now=datetime(2026, 11, 20, tzinfo=UTC))
    assert done.customers == 3
    assert [name for key in gone for name in holders(site, key)] == []
    assert lake.verify(site) > 0
    for number, lengths in counts.items():
        found = everything(lake.open(site, version=number))
        assert [len(one) for one in found] == lengths, "totals stay"
        assert not any(str(row["customer_key"]) in gone for table in found for row in table)
    # The version before and the compacted one still say the same, to the last row
    assert everything(lake.open(site, version=VERSIONS)) == everything(lake.open(site, version=VERSIONS + 1))
    assert everything(lake.open(site, version=VERSIONS + 1, as_of=moment(4.5))) == everything(
        lake.open(site, version=VERSIONS, as_of=moment(4.5))
    )
    erasing.go_on(site)
    assert lake.verify(site) > 0


def test_compaction_after_an_erasure(site):
    key = lake.pseudonym(site.secret("pseudonym"), "c0")
    erasing.erase(site, {key: False}, smallest_group=5, now=START)
    before = everything(lake.open(site))
    assert lake.compact(site, at(20)).after == 2
    assert everything(lake.open(site)) == before
    assert lake.verify(site) > 0
    assert erasing.rows_of(site, VERSIONS) == (1, 1)
