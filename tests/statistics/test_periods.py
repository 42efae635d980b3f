"""Periods of every kind: their days, neighbours, how they are read and shown."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain import fiscal, periods
from custinfo.domain.errors import BadInput
from custinfo.domain.fiscal import FiscalCalendar, FiscalYear
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Day, HalfYear, Month, Quarter, Week, Year

KINDS = (Day, Week, Month, Quarter, HalfYear, Year)
APRIL = FiscalCalendar(((2000, 4),))
CHANGED = FiscalCalendar(((2000, 1), (2027, 4)))
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(day=st.dates(date(1990, 1, 1), date(2060, 12, 31)), many=st.integers(-60, 60))
def test_a_period_holds_its_days_borders_on_the_next_and_is_read_as_it_is_written(kind, day, many):
    period = kind.of(day)
    assert period.first <= day <= period.last
    assert periods.find(str(period)) == kind.parse(str(period)) == period
    assert period.plus(1).first == period.last + timedelta(days=1)
    assert period.plus(many).plus(-many) == period
    assert (period.plus(many) > period) == (many > 0)
    assert all(str(day.year)[:2] in period.show(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (Day(date(2024, 2, 29)), Day(date(2023, 2, 28))),
        (Day(date(2025, 2, 28)), Day(date(2024, 2, 28))),
        (Week(2026, 45), Week(2025, 45)),
        (Week(2026, 53), Week(2025, 52)),
        (Month(2024, 2), Month(2023, 2)),
        (Quarter(2026, 1), Quarter(2025, 1)),
        (HalfYear(2026, 2), HalfYear(2025, 2)),
        (Year(2026), Year(2025)),
    ],
)
def test_the_same_of_the_year_before(period, before):
    assert period.year_before() == before


def test_a_week_belongs_to_the_year_of_its_thursday():
    assert Week.of(date(2027, 1, 1)) == Week(2026, 53)
    assert (Week(2026, 45).first, Week(2026, 45).last) == (date(2026, 11, 2), date(2026, 11, 8))


@pytest.mark.parametrize(
    ("given", "period"),
    [("2026Q3", Quarter(2026, 3)), (" 2026h1", HalfYear(2026, 1)), ("2026w45", Week(2026, 45)), ("2026", Year(2026))],
)
def test_as_people_write_them(given, period):
    assert periods.find(given) == period


@pytest.mark.parametrize(
    "given",
    [
        "",
        "2026-13",
        "2025-W53",
        "2026-W00",
        "2026-02-30",
        "0000",
        "2026Q5",
        "２０２６",
        "26-10",
        "x; import os",
        "9999",
        "9999-12",
        "9999-12-31",
        "9999-W52",
        "9999Q4",
        "0001-01",
        "0001-W01",
    ],
)
def test_what_is_no_period_is_told_with_an_example(given):
    with pytest.raises(BadInput) as raised:
        periods.find(given)
    for language in LANGUAGES:
        assert "2026" in raised.value.text(language)


def test_a_period_begins_and_ends_by_the_clocks_of_the_zone():
    first, after = periods.bounds(Month(2026, 10), SHANGHAI)
    assert (first, after) == (datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 9, 30), 12, date(2025, 9, 30)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2026, 2, 28), 1, date(2026, 1, 31)),
        (date(2026, 3, 30), 1, date(2026, 2, 28)),
    ],
)
def test_months_before(day, months, found):
    assert periods.months_before(day, months) == found


def test_a_fiscal_year_from_april():
    year = fiscal.find("FY2026", APRIL)
    assert (year.first, year.last) == (date(2026, 4, 1), date(2027, 3, 31))
    assert FiscalYear.of(date(2027, 3, 31), APRIL) == year
    assert FiscalYear.of(date(2027, 4, 1), APRIL) == year.plus(1)
    assert [str(one) for one in year.quarters] == ["FY2026-Q1", "FY2026-Q2", "FY2026-Q3", "FY2026-Q4"]
    fourth = fiscal.find("fy2026q4", APRIL)
    assert (fourth.first, fourth.last) == (date(2027, 1, 1), date(2027, 3, 31))
    assert fourth.plus(1) == year.plus(1).quarters[0]
    assert fourth.plus(1).plus(-5) == year.year_before().quarters[3] == fourth.year_before()
    assert "2027-03-31" in year.show("en")
    assert "2027-01-01" in fourth.show("zh-CN")


def test_when_the_first_month_changes_no_day_is_lost_or_counted_twice():
    year = fiscal.find("FY2026", CHANGED)
    assert (year.first, year.last, len(year.quarters)) == (date(2026, 1, 1), date(2027, 3, 31), 5)
    assert FiscalYear.of(date(2027, 2, 1), CHANGED) == year
    assert year.plus(1).first == date(2027, 4, 1)
    # Sixteen months: the sixth quarter is a month long, and the next follows it
    longer = fiscal.find("FY2026", FiscalCalendar(((2000, 1), (2027, 5))))
    assert (longer.quarters[-1].first, longer.quarters[-1].last) == (date(2027, 4, 1), date(2027, 4, 30))
    for one in (*year.quarters, *longer.quarters):
        assert one.plus(1).first == one.last + timedelta(days=1)
        assert one.plus(1).plus(-1) == one


@pytest.mark.parametrize("given", ["2026", "FY26", "FY2026-Q5", "FY2026-Q0", "FY1999", "FY9999", "FY9999-Q1"])
def test_no_fiscal_period(given):
    with pytest.raises(BadInput) as raised:
        fiscal.find(given, APRIL)
    assert all(raised.value.text(language) for language in LANGUAGES)


def test_the_shipped_fiscal_year_is_the_calendar_year():
    assert fiscal.load().first_day(2026) == date(2026, 1, 1)


GOOD = 'version = 1\nfrom_year = 2000\nstart_month = 4\nreason = "r"\napproved_by = "a"\n'


@pytest.mark.parametrize(
    "content",
    [
        "", "[[version]]\n", "version = 3", "[[version]]\n" + GOOD.replace("4", "13"),
        "[[version]]\n" + GOOD.replace("version = 1", "version = 2"), "[[version]]\n" + GOOD + 'more = "x"',
        "[[version]]\n" + GOOD + "[[version]]\n" + GOOD.replace("version = 1", "version = 2").replace("2000", "1990"),
    ],
)  # fmt: skip
def test_a_fiscal_file_out_of_order_is_refused_with_its_place(tmp_path, content):
    file = tmp_path / "fiscal.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        fiscal.load(file)
    assert "fiscal.toml" in raised.value.text("en")
