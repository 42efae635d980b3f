"""Working days: the holiday table, years without one, stretches of as many working days, comparisons by working day."""

import csv
import hashlib
import shutil
import tomllib
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain import working_days
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month, Quarter, Year
from custinfo.domain.working_days import DayCount, WorkCalendar
from custinfo.statistics.no_figure import NoFigure, percent
from custinfo.statistics.periods import day_adjusted

CHINA = working_days.load()
REGISTER = tomllib.loads((working_days.FOLDER / working_days.REGISTER).read_text("utf-8"))["china"]


def test_the_table_is_the_one_that_was_checked_and_says_where_it_came_from():
    content = (working_days.FOLDER / "china.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == REGISTER["sha256"]
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert len(rows) == REGISTER["rows"]
    assert {int(row["day"][:4]) for row in rows} == set(REGISTER["years"])
    assert all(REGISTER[name] for name in ("title_zh", "title_en", "standard", "source", "licence"))
    weekend = {row["kind"]: date.fromisoformat(row["day"]).weekday() >= 5 for row in rows if row["kind"] == "working"}
    assert weekend == {"working": True}, "only a Saturday or Sunday is worked in exchange"


@pytest.mark.parametrize(
    ("period", "working"),
    [(Year(2024), 251), (Year(2025), 248), (Year(2026), 248), (Month(2026, 2), 16), (Month(2026, 10), 18),
     (Month(2026, 9), 22), (Quarter(2026, 3), 66)],
)  # fmt: skip
def test_known_numbers_of_working_days(period, working):
    assert CHINA.of(period).working == working
    assert CHINA.of(period).note("en") == ""


def test_the_spring_festival_and_the_days_worked_for_it():
    assert not any(CHINA.works(date(2026, 2, 15) + timedelta(days=n)) for n in range(9))
    assert CHINA.works(date(2026, 2, 14))
    assert CHINA.works(date(2026, 2, 28))


def test_a_year_without_a_table_counts_weekdays_and_says_so():
    count = CHINA.of(Month(2027, 10))
    assert (count.days, count.working, count.weekdays_only) == (31, 21, (2027,))
    for language in LANGUAGES:
        assert "2027" in count.note(language)
    across = CHINA.count(date(2026, 12, 1), date(2027, 1, 31))
    assert across.weekdays_only == (2027,)


def test_no_days():
    assert CHINA.count(date(2026, 1, 2), date(2026, 1, 1)) == DayCount(0, 0)


@settings(max_examples=25, deadline=None)
@given(st.dates(date(2023, 6, 1), date(2027, 6, 1)), st.integers(0, 400), st.integers(0, 400))
def test_stretches_add_up(first, one, two):
    middle = first + timedelta(days=one)
    whole = CHINA.count(first, middle + timedelta(days=two + 1))
    parts = CHINA.count(first, middle), CHINA.count(middle + timedelta(days=1), middle + timedelta(days=two + 1))
    assert whole.working == parts[0].working + parts[1].working
    assert whole.days == parts[0].days + parts[1].days


def test_a_month_to_date_is_held_against_as_many_working_days():
    october, september = Month(2026, 10), Month(2026, 9)
    # 8, 9 and 10 (worked in exchange) October are its first three working days; 1, 2 and 3 September those of September
    assert CHINA.as_far(october, date(2026, 10, 11), september) == date(2026, 9, 3)
    assert CHINA.as_far(october, date(2026, 10, 7), september) is None, "nobody had worked yet"
    assert CHINA.as_far(september, date(2026, 9, 30), october) == date(2026, 10, 31), "October has fewer"


@pytest.mark.parametrize("spoil", ["changed", "missing"])
def test_another_table_is_refused(tmp_path, spoil):
    folder = tmp_path / "calendars"
    shutil.copytree(working_days.FOLDER, folder)
    table = folder / "china.csv"
    table.unlink() if spoil == "missing" else table.write_bytes(table.read_bytes() + b"2026-12-24,holiday,x,x\n")
    with pytest.raises(SiteFault) as raised:
        working_days._load(folder)
    assert raised.value.key == f"periods.working.{spoil}"


def test_october_against_september_by_working_day():
    # 18 working days at 110 a day against 22 at 100: less in all, more by the day
    found = day_adjusted(1980, 2200, CHINA.of(Month(2026, 10)), CHINA.of(Month(2026, 9)))
    assert (found.plain.difference, percent(found.plain.growth)) == (-220, -10)
    assert (found.per_day.now, found.per_day.before, percent(found.per_day.growth)) == (110, 100, 10)
    assert (found.by_days, found.by_rate) == (-400, 180)
    assert found.notes("en") == ()


def test_comparisons_that_cannot_be_made_say_why():
    days, none = DayCount(30, 20), DayCount(2, 0, (2027,))
    assert day_adjusted(NoFigure("nothing"), 5, days, days).reason == "nothing"
    without = day_adjusted(5, 5, none, days)
    assert (without.plain.difference, without.per_day.reason, without.by_rate.reason) == (
        0,
        "no_working_day",
        "no_working_day",
    )
    assert "2027" in without.notes("zh-CN")[0]
    assert day_adjusted(5, 0, days, days).per_day.growth == NoFigure("zero_base")
    assert day_adjusted(5, -4, days, days).plain.growth == NoFigure("negative_base")


@settings(max_examples=25, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), st.integers(1, 31), st.integers(1, 31))
def test_days_and_rate_make_up_the_difference(now, before, now_days, before_days):
    found = day_adjusted(now, before, DayCount(31, now_days), DayCount(31, before_days))
    assert found.by_days + found.by_rate == Fraction(now - before)


def test_a_calendar_without_any_table():
    assert WorkCalendar({}, frozenset()).count(date(2026, 10, 1), date(2026, 10, 8)) == DayCount(8, 6, (2026,))
