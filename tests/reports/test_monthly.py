"""The figures of the small site, each checked by hand."""

import json
from datetime import UTC, datetime

import pytest

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Month
from custinfo.reports import showing
from custinfo.reports.kinds import monthly
from tests.reports import sites


def rows(table):
    return {row.id: tuple(str(cell) if cell is not None else None for cell in row.cells) for row in table.rows}


def test_customers_by_ownership_in_the_lists_order(figures):
    assert list(rows(figures.table("t1")).items()) == [
        ("state", ("2", "25.0")), ("collective", ("1", "12.5")), ("joint_stock", ("3", "37.5")), ("not_stated", ("2", "25.0")), ("total", ("8", "100.0")),
    ]  # fmt: skip


def test_codes_are_called_what_the_version_of_the_lake_calls_them(figures, monkeypatch):
    def changed_since(name):
        raise AssertionError(name)

    monkeypatch.setattr(showing.codelists, "load", changed_since)
    first = figures.table("t1").rows[0]
    assert (showing.label(first.label, "zh-CN"), showing.label(first.label, "en")) == ("全民所有制", "State-owned")
    assert showing.label(figures.table("t2").rows[0].label, "zh-CN") == "广东省"


def test_customers_by_province_largest_first_and_unlisted_codes_by_themselves(figures):
    assert list(rows(figures.table("t2")).items()) == [
        ("440000", ("3", "37.5")), ("110000", ("2", "25.0")), ("320000", ("1", "12.5")),
        ("not_listed", ("1", "12.5")), ("not_stated", ("1", "12.5")), ("total", ("8", "100.0")),
    ]  # fmt: skip


def test_customers_by_section(figures):
    assert rows(figures.table("t3")) == {
        "A": ("2", "25.0"),
        "C": ("3", "37.5"),
        "H": ("1", "12.5"),
        "not_stated": ("2", "25.0"),
        "total": ("8", "100.0"),
    }


def test_customers_by_grade_on_the_periods_last_day(figures):
    # Of 1,060,000.00: c1 stands first (A); before c2 are 66 % (A); before c3 85 % (B); before c4 94 %, before c5 99 % (C)
    assert rows(figures.table("t4")) == {
        "A": ("2", "25.0", "90000000"), "B": ("1", "12.5", "10000000"), "C": ("2", "25.0", "6000000"),
        "N": ("3", "37.5", "0"), "total": ("8", "100.0", "106000000"),
    }  # fmt: skip


def test_sales_beside_last_month_and_a_year_ago(figures):
    assert rows(figures.table("t5")) == {
        "sales": ("100000005", "5000000", "95000005", "1900.0", "80000000", "20000005", "25.0"),
        "returns": ("5", "0", "5", None, "0", "5", None),
        "net": ("100000000", "5000000", "95000000", "1900.0", "80000000", "20000000", "25.0"),
        "payments": ("3000000", "0", "3000000", None, "0", "3000000", None),
    }


def test_thirteen_months_with_those_without_sales(figures):
    series = figures.table("t6")
    assert [row.id for row in series.rows][::6] == ["2025-10", "2026-04", "2026-10"]
    assert series.cell("2025-11", "net") == 1_000_000
    assert series.cell("2026-03", "returns") == 100_00
    assert series.cell("2026-04", "net") == 0


def test_equal_figures_give_equal_bytes_and_the_hash_is_of_them(small_site, figures):
    again = monthly.figures(lake.open(small_site), Month(2026, 10), small_site.zone)
    assert again.canonical() == figures.canonical()
    assert again.sha256 == figures.sha256
    plain = json.loads(figures.canonical())
    assert plain["as_of"] == "2026-11-01T01:02:03.456789Z"
    assert plain["tables"][0]["rows"][0] == {"id": "state", "label": ["ownership", "state"], "cells": [2, "25.0"]}


def test_one_more_customer_is_one_more_in_the_table_and_the_old_moment_stays(tmp_path):
    place = sites.site(tmp_path / "site")
    sites.publish(place)
    before = monthly.figures(lake.open(place), Month(2026, 10), place.zone)
    sites.publish(
        place,
        [*sites.CUSTOMERS, {"customer_type": "enterprise", "ownership": "state"}],
        [],
        now=sites.later(1),
        batch="b2",
    )
    after = monthly.figures(lake.open(place), Month(2026, 10), place.zone)
    assert after.table("t1").cell("total", "customers") == 9
    assert monthly.figures(lake.open(place, as_of=sites.PUBLISHED), Month(2026, 10), place.zone).sha256 == before.sha256


def test_an_empty_lake_has_totals_of_zero_and_no_shares(tmp_path):
    place = sites.site(tmp_path / "site")
    sites.publish(place, [], [])
    found = monthly.figures(lake.open(place), Month(2026, 10), place.zone)
    assert rows(found.table("t1")) == {"not_stated": ("0", None), "total": ("0", None)}
    assert rows(found.table("t4"))["total"] == ("0", None, "0")


def test_a_period_is_complete_only_after_its_last_day_in_the_sites_zone(small_site):
    tables = lake.open(small_site, as_of=sites.PUBLISHED)
    assert monthly.figures(tables, Month(2026, 10), small_site.zone).complete
    assert not monthly.figures(tables, Month(2026, 11), small_site.zone).complete
    assert not monthly.figures(tables, Month(2026, 11), UTC).complete
    with pytest.raises(BadInput, match="had not begun"):
        monthly.figures(tables, Month(2026, 12), small_site.zone)


def test_a_notebook_opens_the_report_of_the_site_in_its_environment(small_site, monkeypatch):
    monkeypatch.setenv("CUSTINFO_HOME", str(small_site.home))
    report = monthly.open("2026-10", "2026-11-01T09:02:03.456789+08:00", "en")
    assert report.figures.as_of == datetime(2026, 11, 1, 1, 2, 3, 456789, tzinfo=UTC)
    assert "report build monthly --period 2026-10" in report.save()._repr_html_()
    assert "<script" not in report.text()._repr_html_()
