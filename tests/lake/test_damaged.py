"""A file of the lake that is not what was published: nobody computes with it, and it is named in words."""

import json
import os

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.lake import compaction, interactive, manifest, superseding
from custinfo.store.site import Site
from tests.test_lake import at, batch, customer, flip, moment, refused, rows

SOLD = "sales/B1.parquet"


@pytest.fixture
def site(tmp_path):
    place = Site.create(tmp_path / "site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in range(1, 4)], [batch(place, "B1", count=500)], at(1))
    return place


def other_amounts(file):
    table = pq.read_table(file)
    place = table.column_names.index("amount_fen")
    changed = pc.multiply(table["amount_fen"], pa.scalar(7, pa.int64()))
    pq.write_table(table.set_column(place, table.schema.field(place), changed), file)


def cut(file):
    os.truncate(file, file.stat().st_size - 100)


def not_parquet(file):
    file.write_bytes(b"customer,amount\n")


def of_before_sizes(site):
    """The manifest as releases wrote it that kept no sizes."""
    file = manifest.path(site.lake, 1)
    fields = json.loads(file.read_text("utf-8"))
    for listed in (*fields["files"], *fields["codelist_files"]):
        listed.pop("bytes", None)
    file.write_text(json.dumps(fields), "utf-8")


@pytest.mark.guarantee("lake-unchanged")
@pytest.mark.parametrize("damage", [other_amounts, cut, not_parquet])
def test_a_file_that_was_changed_by_hand_is_not_computed_with(site, damage):
    opened = lake.open(site)
    damage(site.lake / SOLD)
    for look in (lake.open, lambda site: lake.open_folder(site.lake, as_of=moment(1))):
        with refused(SiteFault, "lake.damaged", file=SOLD):
            look(site)
    with refused(SiteFault, "lake.damaged", file=SOLD):
        lake.is_still(opened, site)


def test_every_way_of_writing_says_how_large_a_file_is(site, monkeypatch):
    monkeypatch.setattr(compaction, "WORTH_IT", 2)
    lake.publish(site, [], [batch(site, "B2", 1)], at(2))
    assert lake.compact(site, at(3)) is not None
    key = rows(lake.open(site).customers)[0]["customer_key"]
    lake.erasing.erase(site, {key: False}, smallest_group=5, now=moment(4))
    listed = {file for version in lake.read_all(site.lake) for file in version.files}
    assert all(file.bytes == (site.lake / file.path).stat().st_size for file in listed)
    assert {file.table for file in listed} == {"customer_versions", "sales"}


@pytest.mark.guarantee("lake-unchanged")
def test_what_is_issued_or_kept_is_of_files_that_are_the_same_in_every_byte(site):
    file = site.lake / SOLD
    lake.open(site, checked=True)
    flip(file, file.stat().st_size // 2)
    assert lake.open(site).version == 1, "its size is as it was, and no opening reads ten gigabytes"
    for asked in ({}, {"as_of": moment(1)}, {"version": 1}):
        with refused(SiteFault, "lake.damaged", file=SOLD):
            lake.open(site, checked=True, **asked)


def test_a_derived_file_that_was_changed_is_not_used_for_what_is_issued(site, monkeypatch):
    monkeypatch.setattr(interactive, "WORTH_IT", 1)
    lake.refresh_interactive(site)
    (quick,) = (site.lake / interactive.FOLDER).glob("sales-*.duckdb")
    flip(quick, quick.stat().st_size // 2)
    assert len(rows(lake.open(site, checked=True).sales)) == 500
    assert not quick.exists()


@pytest.mark.parametrize("damage", [cut, not_parquet])
def test_of_a_lake_without_sizes_a_broken_file_is_said_in_words(site, damage):
    of_before_sizes(site)
    assert len(rows(lake.open(site).sales)) == 500
    damage(site.lake / SOLD)
    with refused(SiteFault, "lake.unread", file=SOLD):
        rows(lake.open(site).sales)


def test_a_file_that_breaks_or_goes_while_it_is_read_is_said_in_words(site):
    file = site.lake / SOLD
    size = file.stat().st_size
    opened = lake.open(site).sales
    whole = file.read_bytes()
    said = set()
    for place in range(4, size, size // 8):
        damaged = bytearray(whole)
        damaged[place : place + 30] = bytes(30)
        file.write_bytes(damaged)
        try:
            rows(opened)
        except SiteFault as fault:
            said.add(fault.key)
    assert said == {"lake.unread"}
    file.unlink()
    with refused(SiteFault, "lake.unread", file=SOLD):
        rows(opened)


def test_a_list_of_what_is_out_of_force_that_is_broken_is_said_in_words(site):
    path = "superseded/B2.parquet"
    (site.lake / path).parent.mkdir()
    (site.lake / path).write_bytes(b"half")
    with refused(SiteFault, "lake.unread", file=path):
        superseding.touched(site.lake, [path])
