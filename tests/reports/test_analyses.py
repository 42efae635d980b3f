"""Analyses of a month, a quarter and a year, and the short reports, on figures that are worked by hand."""

import dataclasses
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.actions import report_definitions, report_issues
from custinfo.domain import report_definitions as report_definitions_of
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.periods import Day, Month, Quarter, Week, Year
from custinfo.lake import files, schema
from custinfo.reports import definitions, document, figures, text
from custinfo.reports.kinds import annual, business, daily, quarterly, weekly
from custinfo.reports.parts import analysis, trend
from tests.factories import account, empty_site
from tests.reports import sites

MOMENT = datetime(2026, 1, 4, 1, tzinfo=UTC)
RECORDED = datetime(2026, 1, 1, 1, tzinfo=UTC)

CUSTOMERS = (
    {"customer_type": "enterprise", "ownership": "state", "region": "440106", "industry": "3911"},
    {"customer_type": "enterprise", "ownership": "state", "region": "110101", "industry": "6110"},
    {"customer_type": "enterprise", "ownership": "state", "region": "440305", "industry": "3911"},
)
LINES = [
    # customer, kind, day, product, pieces, fen, area. Pizzaplace 2015, ten years later: net sales of a kind of pizza in two months
    ("c1", "sale", "2025-11-05", "chicken", 1002, 16_635_75, "华南"),
    ("c2", "sale", "2025-11-06", "classic", 1262, 18_933_20, "华北"),
    ("c1", "sale", "2025-11-10", "supreme", 1040, 17_933_75, "华南"),
    ("c2", "sale", "2025-11-30", "veggie", 962, 16_892_65, "华北"),
    ("c1", "sale", "2025-12-02", "chicken", 936, 15_572_00, "华南"),
    ("c3", "sale", "2025-12-05", "classic", 1169, 17_484_50, "华北"),
    ("c1", "sale", "2025-12-10", "supreme", 906, 15_819_45, "华南"),
    ("c1", "return", "2025-12-11", "supreme", 0, 0, "华南"),
    ("c2", "sale", "2025-12-20", "veggie", 926, 15_825_20, "华北"),
    # A year before
    ("c2", "sale", "2024-11-15", "veggie", 100, 50_000_00, "华北"),
    ("c2", "return", "2024-12-15", "veggie", 20, 10_000_00, "华北"),
]
"""November 2025 70,395.35, December 64,701.15: the change is −5,694.20, of which supreme makes −2,114.30."""

PLANS = [
    # indicator, period, dimension, code, amount, version, approved on
    ("net_sales", "2025-10", "", "", 10_000_00, 1, "2024-12-20"),
    ("net_sales", "2025-11", "", "", 60_000_00, 1, "2024-12-20"),
    ("net_sales", "2025-12", "", "", 90_000_00, 1, "2024-12-20"),
    ("net_sales", "2025-12", "", "", 70_000_00, 2, "2025-06-30"),
    ("net_sales", "2025-12", "area", "华南", 30_000_00, 1, "2024-12-20"),
    ("net_sales", "2025-12", "province", "110000", 20_000_00, 1, "2024-12-20"),
    ("returns", "2025-Q4", "", "", 1_000_00, 1, "2024-12-20"),
    ("active_customers", "2025-Q4", "", "", 400_000_000, 3, "2026-01-03"),
]


def made(home, lines=LINES, plans=PLANS):
    """A site whose lake has these customers, lines and plans."""
    place = sites.site(home)
    key = place.secret("pseudonym")
    rows = [lake.EntityVersionRow(n, f"c{n}", 1, RECORDED, values) for n, values in enumerate(CUSTOMERS, start=1)]
    sold = [
        {
            "customer_key": lake.pseudonym(key, customer), "line_no": str(number), "kind": kind,
            "occurred_on": date.fromisoformat(day), "product": product, "quantity": pieces, "amount_fen": fen,
            "area": area, "batch_id": "b1", "recorded_at": RECORDED.replace(tzinfo=None),
        }
        for number, (customer, kind, day, product, pieces, fen, area) in enumerate(lines, start=1)
    ]  # fmt: skip
    names = ("indicator", "period", "dimension", "code", "amount", "version", "approved_on")
    planned = [
        lake.TableRow(n, dict(zip(names, row, strict=True)) | {"recorded_at": RECORDED})
        for n, row in enumerate(plans, start=1)
    ]
    (place.lake / "sales").mkdir(parents=True)
    path = "sales/b1.parquet"
    count = schema.write(place.lake / path, schema.SALES, [pa.RecordBatch.from_pylist(sold, schema=schema.SALES)])
    file = lake.LakeFile("sales", path, files.sha256(place.lake / path), count)
    lake.publish(place, rows, [lake.BatchRow("b1", RECORDED, file)], lambda: MOMENT, tables={"plans": planned})
    return place


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return made(tmp_path_factory.mktemp("analyses") / "site")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return made(tmp_path_factory.mktemp("empty") / "site", [], [])


FEW = ("sales", "returns", "net_sales")
"""Each further indicator is a query more, and says nothing new of these tables."""


def counted(place, kind, period):
    tables = lake.open(place)
    if kind in (daily, weekly):
        return kind.KIND.figures(tables, period, place.zone)
    return analysis.figures(dataclasses.replace(kind.OF, indicators=FEW), tables, period, place.zone)


def said(found, kind, language="en"):
    return [one.text for one in text.sentences(kind.KIND.facts(found), found, language)]


def rows(found, table_id):
    return {
        row.id: tuple(str(one) if one is not None else None for one in row.cells) for row in found.table(table_id).rows
    }


@pytest.fixture(scope="module")
def december(site):
    return counted(site, business, Month(2025, 12))


@pytest.fixture(scope="module")
def quarter(site):
    return counted(site, quarterly, Quarter(2025, 4))


def test_december_against_november_and_what_made_the_change(december):
    english = said(december, business)
    assert "Net sales fell by ¥5,694.20 (8.1%) against November 2025." in english
    (supreme,) = [one for one in english if "supreme" in one]
    assert "lost most" in supreme
    assert "¥2,114.30" in supreme
    chinese = said(december, business, "zh-CN")
    assert "净销售额比2025年11月下降 ¥5,694.20（8.1%）。" in chinese
    assert any("supreme" in one and "¥2,114.30" in one for one in chinese)
    products = rows(december, "t8")
    assert products["s-supreme"] == ("1793375", "1581945", "-211430", "-3.0")
    assert products["total"] == ("7039535", "6470115", "-569420", "-8.1")
    for name in ("t7", "t8", "t9", "t10", "t11"):
        table = december.table(name)
        cells = [row.cells[-1 if name in ("t7", "t11") else 2] for row in table.rows]
        assert sum(cells[:-1]) == cells[-1] == -569_420, name
    assert rows(december, "t7") == {
        "new": ("1", "0", "1748450", "1748450"), "back": ("0", "0", "0", "0"),
        "kept": ("2", "7039535", "4721665", "-2317870"), "lost": ("0", "0", "0", "0"),
        "total": ("3", "7039535", "6470115", "-569420"),
    }  # fmt: skip


def test_volume_mix_and_price_leave_nothing_over(december):
    effects = {row.id: row.cells[0] for row in december.table("t11").rows}
    assert sum(effects[name] for name in ("volume", "mix", "price", "other")) == effects["total"] == -569_420
    assert effects["other"] == 0


def test_the_plan_that_had_been_approved_counts_and_the_parts_have_theirs(december):
    # 64,701.15 of 70,000.00 is 92.4 %; the earlier version of 90,000.00 counts no more
    assert rows(december, "t3") == {"net_sales": ("7000000", "6470115", "-529885", "92.4")}
    assert rows(december, "t4") == {"planned": ("1",), "met": ("0",), "missed": ("1",)}
    parts = {row.label.value: tuple(map(str, row.cells)) for row in december.table("t5").rows}
    assert parts == {
        "华南": ("3000000", "3139145", "139145", "104.6"), "110000": ("2000000", "1582520", "-417480", "79.1"),
    }  # fmt: skip
    english = " ".join(said(december, business))
    assert "planned ¥70,000.00, actual ¥64,701.15, which is 92.4% of the plan, gap -¥5,298.85; the plan was missed" in (
        english
    )
    assert "missed their plan" in english, "and the reasons follow"
    # Nothing accumulates: January has no plan
    so_far = rows(december, "t6")
    assert so_far["2025-12"] == ("7000000", "6470115", "-529885", "92.4", None, None, None, None)
    assert so_far["2025-01"][:2] == (None, "0")


def test_a_quarter_is_planned_by_its_months_and_held_against_last_year(quarter):
    # 10,000 + 60,000 + 70,000 planned; 70,395.35 + 64,701.15 made; a year ago 50,000.00 − 10,000.00
    plans = rows(quarter, "t3")
    assert list(plans) == ["active_customers", "net_sales", "returns"], "missed first"
    assert plans["net_sales"] == ("14000000", "13509650", "-490350", "96.5")
    assert plans["returns"] == ("100000", "0", "-100000", "0.0")
    assert plans["active_customers"] == ("4", "3", "-1", "75.0")
    assert rows(quarter, "t4") == {"planned": ("3",), "met": ("1",), "missed": ("2",)}
    assert rows(quarter, "t2")["net_sales"] == ("13509650", "0", "13509650", None, "4000000", "9509650", "237.7")
    english = said(quarter, quarterly)
    assert "Net sales grew by ¥95,096.50 (237.7%) against fourth quarter of 2024." in english
    assert "Of 3 planned indicators 1 were met and 2 were missed." in english
    assert any("approved only after the period had ended" in one for one in english), "the plan of active customers"
    assert any(one.startswith("Returns") and one.endswith("the plan was met.") for one in english), "less is better"


def test_by_working_day(december):
    # December 2025 had 23 working days, November 20, December 2024 22
    assert [row.cells[0] for row in december.table("t1").rows] == [22, 20, 23]
    assert december.table("t1").cell("before", "per_day") == 351_977
    assert str(december.table("t1").cell("before", "per_day_growth")) == "-20.1"
    english = " ".join(said(december, business))
    assert "by working day net sales fell by 20.1%" in english


def test_a_year_before_the_definitions_or_the_holiday_tables_is_told_in_words(site):
    found = counted(site, business, Month(2019, 12))
    assert found.table("t1").cell("now", "net") is None
    english = " ".join(said(found, business))
    assert "net_sales" not in english
    assert "was not defined" in english
    assert "—" not in english


def test_the_year_and_its_outlook(site):
    found = counted(site, annual, Year(2025))
    assert rows(found, "t2")["net_sales"] == ("13509650", "4000000", "9509650", "237.7")
    assert [row.id for row in found.table("t6").rows] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    outlook = found.table("t13").rows
    assert [row.id for row in outlook][::11] == ["2026-01", "2026-12"]
    assert all(row.cells[0] <= row.cells[1] <= row.cells[2] for row in outlook)
    assert any("January 2026" in one and "confidence of 80%" in one for one in said(found, annual))
    assert len(found.table("t12").rows) == 14, "from the first month with sales on"


def test_months_beyond_their_limits_are_named_and_a_step_and_a_run_where_they_are_that_alone(december):
    ordinary = {Month(2025, n): 100_00 + n % 2 for n in range(1, 12)}

    def told(months, period):
        found = dataclasses.replace(
            december, tables=(trend.series_table("t12", months), december.table("t13")), period=period
        )
        facts = trend.facts(found, "t12", "t13", period)
        return [
            (one.template.rpartition(".")[2], one.sources["month"].address) for one in facts if "net" in one.sources
        ]

    beyond = ordinary | {Month(2025, 12): 900_00}
    assert told(beyond, Month(2025, 12)) == [("signal_beyond", "t12.2025-12.label")]
    assert told(beyond, Month(2025, 11)) == [("signal_run", "t12.2025-11.label")]
    run = {Month(2025, n): fen for n, fen in enumerate([10, 20] * 3 + [31, 30] * 3, start=1)}
    assert told(run, Year(2025)) == []
    long = {Month(2024, 12).plus(n): fen for n, fen in enumerate([10, 20] * 4 + [31, 30] * 4, start=1)}
    assert told(long, Year(2026)) == [("signal_run", "t12.2026-04.label")], "said once, of its last month"
    assert told({Month(2025, 1): 5}, Month(2025, 1)) == []


@pytest.mark.parametrize(
    ("kind", "period"),
    [
        (annual, Year(2025)),
        (daily, Day(date(2025, 12, 31))),
    ],
)
def test_an_empty_period_has_sentences_and_no_number_that_is_none(empty, kind, period):
    found = counted(empty, kind, period)
    for language in LANGUAGES:
        told = " ".join(said(found, kind, language))
        assert not {"None", "nan", "—", "inf "} & set(told.split())
    assert "no approved plan" in " ".join(said(found, kind))
    assert "same as in" in " ".join(said(found, kind))


def test_a_base_below_zero_has_no_percentage(tmp_path):
    place = made(
        tmp_path / "site",
        [("c1", "return", "2025-11-02", "a", 1, 50_00, "华南"), ("c1", "sale", "2025-12-02", "a", 2, 70_00, "华南")],
        [("net_sales", "2025-12", "", "", 0, 1, "2025-01-01")],
    )
    found = counted(place, business, Month(2025, 12))
    assert rows(found, "t2")["net_sales"][1:4] == ("-5000", "12000", None)
    assert rows(found, "t3")["net_sales"] == ("0", "7000", "7000", None)
    english = " ".join(said(found, business))
    assert "rose by ¥120.00 against November 2025, which had -¥50.00: there is no percentage" in english
    assert "planned ¥0.00, actual ¥70.00, gap ¥70.00; the plan was met" in english


def test_a_day_and_a_week_with_the_month_to_date(site):
    day = counted(site, daily, Day(date(2025, 12, 10)))
    assert [str(one.label.value) for one in day.table("t1").rows] == ["2024-12-11", "2025-12-09", "2025-12-10"]
    # 8 of 23 working days are over; 15,572.00 + 17,484.50 + 15,819.45 of 70,000.00
    assert {name: one[0] for name, one in rows(day, "t3").items()} == {
        "net_to_date": "4887595", "month_plan": "7000000", "degree": "69.8", "days_elapsed": "8", "days_whole": "23",
        "expected": "14051836", "needed": "140827",
    }  # fmt: skip
    assert any("each working day that is left must bring ¥1,408.27" in one for one in said(day, daily))
    week = counted(site, weekly, Week(2025, 49))
    assert rows(week, "t2")["net_sales"][:3] == ("3305650", "1689265", "1616385")
    assert week.table("t4").rows[-1].id == "2025-W49"


def test_every_number_is_bound_and_both_languages_say_the_same(december, quarter):
    for kind, found in ((business, december), (quarterly, quarter)):
        chinese, english = (
            text.sentences(kind.KIND.facts(found), found, language) for language in LANGUAGES
        )  # fmt: skip
        for one, other in zip(chinese, english, strict=True):
            assert sorted(b.address for b in one.bindings) == sorted(b.address for b in other.bindings)


def test_what_was_told_is_read_again_and_both_languages_are_composed(site, quarter):
    assert figures.read(quarter.canonical()).canonical() == quarter.canonical()
    assert any(one == "net_sales 1" for one in quarter.head["definitions"]), "which definitions it rests on"
    for language in LANGUAGES:
        shown = document.compose(quarterly.KIND, quarter, document.Edition(site.name, site.zone, True, language))
        assert [table.id for table in shown.tables] == [f"t{n}" for n in range(1, 14)]
        assert len(shown.charts) == 3


def test_a_period_that_has_not_ended_or_begun(site):
    partial = counted(site, business, Month(2026, 1))
    assert not partial.complete
    assert "partial" in said(partial, business)[-1]
    assert partial.table("t12").rows[-1].id == "2025-12", "January is not over"
    with pytest.raises(BadInput, match="had not begun"):
        counted(site, annual, Year(2027))


@pytest.fixture(scope="module")
def defined(tmp_path_factory):
    """A site on which the analyses are defined, and the analyst."""
    with empty_site(tmp_path_factory.mktemp("defined") / "site") as store:
        analyst = account(store, Role.ANALYST)
        for name in ("quarterly", "annual"):
            report_definitions.propose(store, analyst, name, definitions.content(name), "New")
        yield store, analyst


@pytest.mark.parametrize(("name", "period"), [("quarterly", "2025-Q4"), ("annual", "2025")])
def test_without_its_analysis_it_is_not_put_forward(defined, name, period):
    store, analyst = defined
    issue_id = report_issues.draft(store, analyst, name, period, MOMENT, 1, 1)
    words = {"zh-CN": "说明", "en": "Words"}
    for kind in ("cause", "effect", "measure"):
        report_issues.comment(store, analyst, issue_id, kind, words)
    with pytest.raises(WrongState, match="Analysis") as lacking:
        report_issues.put_forward(store, analyst, issue_id, b"{}")
    assert "分析" in lacking.value.text("zh-CN")
    assert report_definitions_of.named(name).needs == ("analysis", "cause", "effect", "measure")
