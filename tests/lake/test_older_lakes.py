"""A lake that was written before columns were added: read, published into, compacted and erased from like any other."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from custinfo import lake
from custinfo.classification import profit
from custinfo.domain.periods import Month
from custinfo.lake import compaction, engines, erasing, files, manifest, schema
from custinfo.store.site import Site
from tests.engines import spark
from tests.test_lake import at, batch, customer, moment, rows

OLDER = Path(__file__).parents[1] / "data" / "lake_of_november_2026"
ADDED = {
    "customer_versions": {"revenue_fen", "assets_fen", "figures_year", "location_type", "market_position", "income_fen",
                          "income_year", "birth_year", "enterprise_type"},
    "sales": {"cost_fen", "product_line", "area", "channel"},
}  # fmt: skip


@pytest.fixture(
    params=[
        engines.DUCKDB,
        pytest.param("spark", marks=pytest.mark.skipif(not find_spec("pyspark"), reason="no pyspark")),
    ]
)
def engine(request):
    return request.param if request.param == engines.DUCKDB else spark()


@pytest.fixture
def site(tmp_path):
    place = Site.create(tmp_path / "site", name="海风")
    shutil.copytree(OLDER, place.lake, ignore=shutil.ignore_patterns("*.md"))
    return place


def columns(rows_of, names):
    return {tuple(row[name] for name in sorted(names)) for row in rows_of}


def test_its_rows_have_null_in_the_added_columns(site, engine):
    opened = lake.open(site, engine=engine)
    for table, added in ADDED.items():
        found = rows(opened.found[table])
        assert set(found[0]) == set(schema.TABLES[table].names)
        assert columns(found, added) == {(None,) * len(added)}
    assert sorted(row["amount_fen"] for row in rows(opened.sales)) == [200, 300, 400, 500, 600, 999]
    assert len(rows(opened.customers)) == 3


def test_older_and_newer_files_are_read_together(site, engine):
    before = {path: files.sha256(path) for path in site.lake.rglob("*.parquet")}
    card = customer(5, "c9", hours=100, revenue="12.50", figures_year="2025", location_type="transport_hub", income="9876.54",
                    income_year="2024", birth_year_about="1987")  # fmt: skip
    assert lake.publish(site, [card], [batch(site, "B9", hours=100, count=1)], at(101)) is not None
    found = rows(lake.open(site, engine=engine).customers)
    (new,) = [row for row in found if row["revenue_fen"]]
    assert (new["revenue_fen"], new["figures_year"], new["location_type"]) == (1250, 2025, "transport_hub")
    assert (new["income_fen"], new["income_year"], new["birth_year"], new["assets_fen"]) == (900_000, 2024, 1987, None)
    assert len(found) == 4
    assert len(rows(lake.open(site, version=2, engine=engine).customers)) == 3
    assert {path: files.sha256(path) for path in before} == before
    assert lake.verify(site) > 0


def test_profit_counts_its_sales_as_not_costed(site):
    month = Month(2026, 10)
    found = profit.contribution(lake.open(site).sales, "product_line", month.first, month.last).to_pyarrow().to_pylist()
    assert [(row["code"], row["turnover_fen"], row["uncosted_fen"]) for row in found] == [
        ("", 0, 999 + 400 - 200 - 500)
    ]


def test_it_is_compacted_and_people_are_erased_from_it(site, monkeypatch):
    monkeypatch.setattr(compaction, "WORTH_IT", 2)
    before = [rows(lake.open(site).found[table]) for table in schema.TABLES]
    assert lake.compact(site, at(100)) is not None
    assert [rows(lake.open(site).found[table]) for table in schema.TABLES] == before
    key = before[0][0]["customer_key"]
    assert erasing.erase(site, {key: False}, smallest_group=5, now=moment(101)).customers == 1
    for version in manifest.versions(site.lake):
        opened = lake.open(site, version=version)
        for table in schema.TABLES:
            assert key not in {row["customer_key"] for row in rows(opened.found[table])}
    assert lake.verify(site) > 0
    assert [entry.rows["customer_versions"] for entry in lake.log(site.lake)] == [2, 4, 4]
