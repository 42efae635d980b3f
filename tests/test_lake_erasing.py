"""Erasing people from the lake: every version loses them, the chain still holds, and figures come out the same."""

import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import Conflict, SiteFault
from custinfo.domain.periods import Month
from custinfo.lake import erasing, manifest
from custinfo.reports import build
from custinfo.reports.kinds import monthly
from tests.reports import sites

PERIOD = Month(2026, 10)
SHARED = {"customer_type": "enterprise", "ownership": "joint_stock", "industry": "3911", "staff": "12"}
REGIONS = ("440106", "440305", "440100", "440307", "440304", "440103")
ALONE = {"customer_type": "enterprise", "ownership": "state", "region": "650100", "industry": "0111", "staff": "77"}
CUSTOMERS = (*(SHARED | {"region": region} for region in REGIONS), ALONE)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def site(tmp_path):
    """Seven customers in two versions: c1 … c6 share what reports count by, c7 is alone with it."""
    place = sites.site(tmp_path / "site")
    sites.publish(place, CUSTOMERS)
    sites.publish(place, CUSTOMERS, (("c1", "sale", "2026-10-09", 5_000), ("c7", "sale", "2026-10-10", 7_000)),
                  now=sites.later(3), batch="b2")  # fmt: skip
    return place


def key(site, customer):
    return lake.pseudonym(site.secret("pseudonym"), customer)


def figures(site, version):
    opened = lake.open(site, version=version)
    return monthly.figures(opened, PERIOD, site.zone).tables


def erase(site, *customers, keep=True):
    return erasing.erase(site, {key(site, one): keep for one in customers}, smallest_group=5, now=NOW)


def everything(site):
    return [row for path in sorted(data_files(site)) for row in pq.read_table(path).to_pylist()]


def data_files(site):
    """Every file that holds rows of customers."""
    return {path for path in site.lake.rglob("*.parquet") if path.parent.name != "codelists"}


@pytest.mark.guarantee("erasure-figures")
def test_figures_of_every_version_are_the_same_where_enough_others_share_what_the_row_says(site):
    before = {version: figures(site, version) for version in (1, 2)}
    assert erase(site, "c1") == erasing.Erased(1, 0)
    assert {version: figures(site, version) for version in (1, 2)} == before
    rows = everything(site)
    assert not any(row["customer_key"] == key(site, "c1") for row in rows)
    assert lake.verify(site) > 0
    assert erasing.rows_of(site, 1) == erasing.rows_of(site, 2) == (1, 0)


@pytest.mark.guarantee("erasure-k")
@pytest.mark.parametrize("keep", [True, False])
def test_a_row_that_alone_could_point_to_the_person_loses_its_attributes(site, keep):
    customer = "c7" if keep else "c1"
    assert erase(site, customer, keep=keep) == erasing.Erased(1, 1)
    for version in (1, 2):
        rows = lake.open(site, version=version).customers.to_pyarrow().to_pylist()
        assert len(rows) == len(CUSTOMERS), "the row stays, and with it every total"
        (bare,) = [row for row in rows if row["ownership"] is None]
        assert not {name for name in ("region", "industry", "staff", "kind", "customer_type") if bare[name]}
        assert erasing.rows_of(site, version) == (1, 1)


def test_what_is_left_is_coarse_and_says_nothing_of_when_or_where_it_stood(site):
    published = manifest.read(site.lake, 1).published_at.replace(tzinfo=None)
    recorded = {row["recorded_at"] for row in everything(site) if "region" in row}
    erase(site, "c2")
    for path in manifest.read(site.lake, 1).paths("customer_versions"):
        (row,) = pq.read_table(site.lake / path).to_pylist()[-1:]
        assert (row["region"], row["industry"], row["staff"]) == ("440000", "C", None)
        assert row["recorded_at"] == published
        assert published not in recorded
    lines = [row for row in everything(site) if "line_no" in row]
    known = {key(site, f"c{n}") for n in range(1, 12)}
    theirs = [row for row in lines if row["customer_key"] not in known]
    assert theirs
    assert all(row["line_no"].startswith("erased-") for row in theirs)


@pytest.mark.guarantee("erasure-old-files")
def test_no_file_of_before_is_left(site):
    old = data_files(site)
    erase(site, "c1", "c7")
    listed = {site.lake / file.path for version in lake.read_all(site.lake) for file in version.files}
    assert data_files(site) == listed
    assert not old & listed, "each of them held one of the two"
    assert not (site.lake / erasing.STAGED).exists()


def test_again_and_for_unknown_keys_nothing_changes(site):
    erase(site, "c1")
    before = {path: path.read_bytes() for path in site.lake.rglob("*") if path.is_file()}
    assert erase(site, "c1", "c99") == erasing.Erased(0, 0)
    assert {path: path.read_bytes() for path in site.lake.rglob("*") if path.is_file()} == before


def test_two_erasures_one_after_the_other_and_a_version_after_them(site):
    erase(site, "c1")
    erase(site, "c7")
    sites.publish(site, CUSTOMERS, (("c2", "sale", "2026-10-11", 900),), now=sites.later(9), batch="b3")
    assert lake.verify(site) > 0
    assert [one["customers"] for one in erasing.record(site)] == [1, 1]
    assert erasing.rows_of(site, 1) == (2, 1)
    assert erasing.rows_of(site, 3) == (0, 0), "published since"


@pytest.mark.guarantee("erasure-lake-signed")
@pytest.mark.parametrize("attack", ["count", "chain", "manifest", "removed"])
def test_whoever_rewrites_the_lake_and_calls_it_an_erasure_is_found_out(site, attack):
    erase(site, "c1")
    record = site.lake / erasing.RECORD
    if attack == "count":
        record.write_text(record.read_text().replace('"customers": 1', '"customers": 2'))
    elif attack == "chain":
        content = json.loads(record.read_text())
        content["erasures"].append(content["erasures"][0])
        record.write_text(json.dumps(content))
    elif attack == "manifest":
        path = manifest.path(site.lake, 2)
        path.write_text(path.read_text() + " ")
    else:
        path = manifest.path(site.lake, 2)
        path.unlink()
    with pytest.raises(SiteFault):
        lake.verify(site)


@pytest.mark.guarantee("erasure-figures")
def test_an_issued_report_comes_out_the_same_or_says_how_many_were_erased_since(site):
    as_of = "2026-11-01T01:02:03.456789Z"
    issued = build.build(site, "monthly", "2026-10", as_of, "en")
    erase(site, "c1")
    assert build.build(site, "monthly", "2026-10", as_of, "en").figures_sha256 == issued.figures_sha256
    erase(site, "c7")
    with pytest.raises(Conflict, match="2 customers were erased"):
        build.build(site, "monthly", "2026-10", as_of, "en")
