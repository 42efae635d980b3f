"""What the versions of a lake say of themselves, and the code lists that they were published with."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.cli import main
from custinfo.domain import codelists
from custinfo.domain.errors import NotFound, SiteFault
from custinfo.lake import code_tables, manifest
from custinfo.store import Store
from custinfo.store.site import Site
from tests.test_lake import at, batch, customer, flip, moment, refused, rows


@pytest.fixture
def site(tmp_path):
    return Site.create(tmp_path / "site", name="海风")


def test_each_version_says_what_came_with_it(site):
    lake.publish(site, [customer(1, "c1"), customer(2, "c2")], [batch(site, "B1", count=2)], at(1))
    lake.publish(site, [], [batch(site, "B2", count=5), batch(site, "A9", count=1)], at(2))
    first, second = lake.log(site.lake)
    assert (first.version, first.published_at, first.batches) == (1, moment(1), ("B1",))
    assert (first.rows["customer_versions"], first.rows["sales"], first.files, first.new_files) == (2, 2, 2, 2)
    assert (second.rows["customer_versions"], second.rows["sales"], second.files, second.new_files) == (2, 8, 4, 2)
    assert second.batches == ("A9", "B2")
    new = [site.lake / "sales/B2.parquet", site.lake / "sales/A9.parquet"]
    assert second.new_bytes == sum(path.stat().st_size for path in new) == second.bytes - first.bytes
    assert second.codelists["region"] == codelists.load("region").edition
    assert not first.compacted
    assert not second.compacted


def test_compaction_is_told(site):
    for n in range(1, 9):
        lake.publish(site, [customer(n, f"c{n}")], [], at(n))
    lake.compact(site, at(20))
    last = lake.log(site.lake)[-1]
    assert (last.compacted, last.files, last.new_files, last.rows["customer_versions"]) == (True, 1, 1, 8)


def test_no_version_and_a_missing_file(site):
    assert lake.log(site.lake) == []
    lake.publish(site, [customer(1, "c1")], [], at(1))
    (site.lake / "customers/000001-000.parquet").unlink()
    with refused(SiteFault, "lake.missing", file="customers/000001-000.parquet"):
        lake.log(site.lake)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_commands(site, language):
    Store.create(site).close()

    def told(*words):
        done = CliRunner(env={"CUSTINFO_LANGUAGE": language}).invoke(main, ["lake", *words, "--home", str(site.home)])
        assert done.exit_code == 0, done.output
        return done.output

    assert told("log").strip()
    assert json.loads(told("log", "--json")) == []
    for n in range(1, 9):
        lake.publish(site, [customer(n, f"c{n}")], [batch(site, f"B{n}", count=n)], at(n))
    assert json.loads(told("compact", "--json")) == {"version": 9, "before": 16, "after": 2}
    assert json.loads(told("compact", "--json")) == {"version": None}
    assert told("compact").strip()
    lines = told("log").splitlines()
    assert len(lines) == 9
    assert "B8" in lines[7]
    assert "sales 36" in lines[8]
    entry = json.loads(told("log", "--json"))[-1]
    assert (entry["version"], entry["compacted"], entry["rows"]["sales"]) == (9, True, 36)


# ---- code lists ----------------------------------------------------------------------------------------------------


def with_a_new_edition(monkeypatch, name="ownership", label="改了名的"):
    """A later edition of the list: its first code has another name."""
    old = codelists.load(name)
    changed = replace(old, edition="9999", sha256="f" * 64, rows=(replace(old.rows[0], name=label), *old.rows[1:]))
    unchanged = codelists.load
    monkeypatch.setattr(codelists, "load", lambda asked: changed if asked == name else unchanged(asked))
    return old, changed


def names(opened):
    return {row["code"]: row["name"] for row in rows(opened.ownership)}


def test_a_version_keeps_the_labels_that_it_was_published_with(site, monkeypatch):
    lake.publish(site, [customer(1, "c1")], [], at(1))
    before = names(lake.open(site))
    old, _ = with_a_new_edition(monkeypatch)
    assert names(lake.open(site)) == before
    published = lake.publish(site, [], [], at(2))
    assert published is not None, "a new edition is something new"
    assert published.codelists["ownership"] == "9999"
    assert names(lake.open(site))[old.rows[0].code] == "改了名的"
    assert names(lake.open(site, version=1)) == before
    assert lake.publish(site, [], [], at(3)) is None


def test_a_list_is_written_once_for_each_edition(site, monkeypatch):
    lake.publish(site, [customer(1, "c1")], [], at(1))
    written = {path: path.stat().st_mtime_ns for path in (site.lake / "codelists").iterdir()}
    assert len(written) == len(code_tables.LISTS)
    lake.publish(site, [customer(2, "c2")], [], at(2))
    with monkeypatch.context() as later:
        with_a_new_edition(later)
        lake.publish(site, [], [], at(3))
    lake.publish(site, [], [], at(4))  # back to the first edition
    kept = {path: path.stat().st_mtime_ns for path in (site.lake / "codelists").iterdir()}
    assert written.items() <= kept.items(), "what was published once is never written again"
    assert len(kept) == len(written) + 1
    assert lake.read_all(site.lake)[3].codelist_files == lake.read_all(site.lake)[0].codelist_files
    assert lake.verify(site) > 0


def test_versions_of_before_there_were_files_have_the_lists_that_are_shipped(site):
    lake.publish(site, [customer(1, "c1")], [], at(1))
    path = manifest.path(site.lake, 1)
    fields = json.loads(path.read_text())
    del fields["codelist_files"], fields["smallest_group"]
    path.write_text(json.dumps(fields))
    assert manifest.read(site.lake, 1).codelist_files == ()
    assert len(names(lake.open(site))) == len(codelists.load("ownership").rows)
    assert lake.open(site).smallest_group == 5


def test_a_list_that_was_changed_by_hand_is_not_used(site):
    lake.publish(site, [customer(1, "c1")], [], at(1))
    (file,) = (site.lake / "codelists").glob("ownership-*")
    flip(file, file.stat().st_size // 2)
    with refused(SiteFault, "lake.damaged", file=f"codelists/{file.name}"):
        lake.verify(site)
    with refused(SiteFault, "lake.damaged", file=f"codelists/{file.name}"):
        rows(lake.open(site).ownership)
    file.unlink()
    with refused(SiteFault, "lake.missing", file=f"codelists/{file.name}"):
        rows(lake.open(site).ownership)


def test_a_list_says_all_that_it_said(site):
    lake.publish(site, [customer(1, "c1")], [], at(1))
    opened = lake.open(site)
    region = opened.codes("region")
    (county,) = rows(region.filter(region.code == "110101"))
    assert (county["prefecture"], county["county_name"], county["valid_to"]) == ("110100", "东城区", None)
    (file,) = (site.lake / "codelists").glob("region-*")
    assert pq.read_table(file).num_rows == len(codelists.load("region").rows)
    assert rows(opened.codes("payment_terms")), "a list that no column of the lake needs is the one that is shipped"
    with pytest.raises(NotFound):
        opened.codes("no_such_list")
