"""Reports of one province: its customers alone, graded among all, worked by hand from `sites`."""

import json

import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.cli import main
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month
from custinfo.reports import batch, build, document, parameters, regional
from custinfo.reports.kinds import monthly
from tests.factories import empty_site
from tests.reports import sites

OCTOBER = Month(2026, 10)
GUANGDONG, BEIJING, JIANGSU, TIBET = "440000", "110000", "320000", "540000"


@pytest.fixture(scope="module")
def of_region(small_site):
    """The figures of October of a province."""
    tables = lake.open(small_site)
    return lambda code: regional.marked(
        monthly.figures(regional.of(tables, code), OCTOBER, small_site.zone), code
    )  # fmt: skip


def column(figures, table_id, name):
    table = figures.table(table_id)
    return {row.id: table.cell(row.id, name) for row in table.rows}


@pytest.mark.parametrize(
    ("code", "customers", "net", "last", "grades"),
    [
        # c1 700,000 and c2 200,000 are A among all, for c1 alone is 66 % of 1,060,000; c6 last bought before the year
        (GUANGDONG, 3, 900_000_00, 0, {"A": 2, "B": 0, "C": 0, "N": 1}),
        # c3 100,000 reaches 94 %, c4 50,000 is the rest: among themselves c3 would be an A
        (BEIJING, 2, 100_000_00, 50_000_00, {"A": 0, "B": 1, "C": 1, "N": 0}),
        (JIANGSU, 1, 0, 0, {"A": 0, "B": 0, "C": 1, "N": 0}),
        (TIBET, 0, 0, 0, {"A": 0, "B": 0, "C": 0, "N": 0}),
    ],
)
def test_customers_sales_and_grades_of_a_province(of_region, code, customers, net, last, grades):
    figures = of_region(code)
    found = column(figures, "t4", "customers")
    assert found.pop("total") == customers == column(figures, "t2", "customers")["total"]
    assert found == grades
    assert (figures.table("t5").cell("net", "this_month"), figures.table("t5").cell("net", "last_month")) == (net, last)


def test_the_provinces_and_those_of_no_province_are_the_whole(of_region, figures):
    parts = [of_region(code) for code in (GUANGDONG, BEIJING, JIANGSU)]
    for place in (("t5", "net", "this_month"), ("t5", "payments", "this_month"), ("t5", "net", "year_ago")):
        assert sum(part.table(place[0]).cell(*place[1:]) for part in parts) == figures.table(place[0]).cell(*place[1:])
    everywhere = sum(column(part, "t2", "customers")["total"] for part in parts)
    nowhere = column(figures, "t2", "customers")
    assert everywhere + nowhere["not_listed"] + nowhere["not_stated"] == nowhere["total"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_title_says_which(small_site, of_region, figures, language):
    def title(of):
        edition = document.Edition(small_site.name, small_site.zone, True, language)
        return document.compose(monthly.KIND, of, edition).title

    assert title(of_region(TIBET)) == f"{title(figures)} · {'西藏自治区' if language == 'zh-CN' else 'Tibet (Xizang)'}"
    assert of_region(TIBET).sha256 != of_region("650000").sha256, "without a customer they still differ"


@pytest.mark.parametrize("given", ["440106", "44", "999999", "../440000", "{period}", "440000'; import os"])
def test_what_is_no_province_is_refused(small_site, given):
    with pytest.raises(BadInput, match="440000"):
        build.ordered(small_site, "monthly", {"period": "2026-10", "as_of": None, "language": "en", "region": given})


def test_the_orders_of_all_provinces_are_of_one_moment_and_go_to_folders_of_their_own(small_site):
    orders = batch.of_regions(small_site, "monthly", {"period": "2026-10", "as_of": None, "language": "en"})
    assert [order.region for order in orders] == list(parameters.provinces())
    assert len(orders) == len({order.folder for order in orders}) == len({order.stem for order in orders}) == 34
    assert {(order.as_of, order.lake_version) for order in orders} == {(sites.PUBLISHED, 1)}


def test_a_report_that_is_not_made_of_provinces_says_so(small_site):
    with pytest.raises(BadInput, match="no parameter"):
        batch.of_regions(small_site, "credit_report", {"customer": "C000001"})


def test_by_command_one_and_all(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    monkeypatch.setattr(parameters, "provinces", lambda: (BEIJING, TIBET))
    monkeypatch.setattr(batch, "WORKERS", 1)  # two at once are for `test_batch`
    with empty_site(tmp_path / "site") as store:
        sites.publish(store.site)
        home = store.site.home

    def ran(*words):
        command = ["report", "build", "monthly", "--home", str(home), "--period", "2026-10", "--language", "en", *words]
        return CliRunner().invoke(main, command)

    done = ran("--all-regions", "--json")
    assert done.exit_code == 0, done.output
    built = [json.loads(line) for line in done.output.splitlines()]
    names = {one["html"].rpartition("/")[2] for one in built}
    assert names == {f"monthly-2026-10-{code}.html" for code in (BEIJING, TIBET)}
    figures = json.loads((home / built[0]["html"]).with_name("figures.json").read_text("utf-8"))
    assert figures["head"]["region"][0] in built[0]["html"]
    for words, said in ((("--region", "1"), "no province"), (("--region", BEIJING, "--all-regions"), "Leave out")):
        refused = ran(*words)
        assert (refused.exit_code, said in refused.output, "Traceback" in refused.output) == (1, True, False)
