"""Indicators of a real lake: the same figures as in the monthly report, by what is known of customers."""

import pytest

from custinfo import lake
from custinfo.domain.periods import Month
from custinfo.reports import indicator_sources
from custinfo.statistics import indicators
from custinfo.statistics.no_figure import NoFigure

OCTOBER = Month(2026, 10)


@pytest.fixture(scope="module")
def opened(small_site):
    return lake.open(small_site)


@pytest.fixture(scope="module")
def given(opened, small_site):
    return indicator_sources.given(opened, small_site.zone)


def one(indicator_id, given, period=OCTOBER):
    (value,) = indicators.compute(indicator_id, period, given)
    return value.figure


def test_the_figures_of_the_monthly_report(given, figures):
    for measure, indicator_id in (
        ("sales", "sales"),
        ("returns", "returns"),
        ("net", "net_sales"),
        ("payments", "payments"),
    ):
        assert one(indicator_id, given) == figures.table("t5").cell(measure, "this_month")
        assert one(indicator_id, given, Month(2025, 10)) == figures.table("t5").cell(measure, "year_ago")
    # All cards were recorded as the lake was published, on 1 November
    assert one("customers", given, Month(2026, 11)) == figures.table("t1").cell("total", "customers")
    assert one("customers", given) == 0


def test_by_province_the_whole_is_kept(given, opened, figures):
    found = indicators.compute("customers", Month(2026, 11), given, indicator_sources.by(opened, "province"))
    provinces = {value.code: value.figure for value in found}
    table = figures.table("t2")
    assert provinces.pop("") == table.cell("not_stated", "customers") + table.cell("not_listed", "customers")
    assert provinces == {row.id: row.cells[0] for row in table.rows if row.id.isdigit()}


def test_every_indicator_has_a_figure_or_a_sentence(given, opened, small_site):
    found = {indicator_id: one(indicator_id, given, Month(2026, 11)) for indicator_id in indicators.load()}
    said = {name: figure.reason for name, figure in found.items() if isinstance(figure, NoFigure)}
    assert {said[name] for name in ("customers_a", "customers_b", "customers_c")} == {"not_graded"}
    assert {said[name] for name in ("exposure", "overdue", "paid_in_time")} == {"no_source"}
    assert said["satisfaction"] == said["days_to_answer"] == "nothing"
    assert 0 < found["completeness"] < 1
    assert found["timeliness"] == 1
    more = indicator_sources.given(
        opened, small_site.zone, {"exposure": lambda _: opened.customers.mutate(exposure_fen=5)}
    )
    assert one("exposure", more) == 40
