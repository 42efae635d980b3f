"""By when a report is due: so many working days after its period, over holidays, the end of a year and leap days."""

from datetime import date

import pytest

from custinfo.classification import late_reports
from custinfo.classification.late_reports import LateReportsRule, repeated
from custinfo.domain import report_definitions, working_days
from custinfo.domain.errors import BadInput
from custinfo.domain.report_calendar import LATEST, PERIODS, Calendar

RULE = LateReportsRule(version=1, effective_from=date(2020, 1, 1), reason="r", approved_by="a", times=3, months=12)


def due(kind, day, working):
    calendar = Calendar(kind, working, department="D")
    return str(calendar.due_on(calendar.kind.of(date.fromisoformat(day)), working_days.load()))


@pytest.mark.parametrize(
    ("kind", "day", "working", "expected"),
    [
        # 2026-10-01 to 07 are holidays, Saturday the 10th is worked in exchange
        ("month", "2026-09-15", 1, "2026-10-08"),
        ("month", "2026-09-15", 3, "2026-10-10"),
        ("month", "2026-09-15", 4, "2026-10-12"),
        ("day", "2026-09-30", 1, "2026-10-08"),
        ("day", "2026-10-09", 1, "2026-10-10"),
        # over the year's end: New Year's Day 2026 and the 2nd are off, the 4th, a Sunday, is worked
        ("year", "2025-06-01", 1, "2026-01-04"),
        ("quarter", "2025-12-31", 2, "2026-01-05"),
        ("half_year", "2025-07-01", 2, "2026-01-05"),
        ("week", "2025-12-31", 1, "2026-01-05"),
        # a leap day is a day: 29 February 2024 was a Thursday
        ("month", "2024-02-10", 1, "2024-03-01"),
        ("day", "2024-02-28", 1, "2024-02-29"),
        ("month", "2024-01-31", 20, "2024-03-04"),
        # no holiday table for 2027: weekdays alone; 1 January 2027 is a Friday
        ("year", "2026-01-01", 1, "2027-01-01"),
    ],
)
def test_due_days_worked_by_hand(kind, day, working, expected):
    assert due(kind, day, working) == expected


@pytest.mark.parametrize(
    ("kind", "since", "until", "expected"),
    [
        ("month", "2026-11-30", "2027-01-01", ["2026-11", "2026-12", "2027-01"]),
        ("quarter", "2026-12-31", "2027-01-01", ["2026-Q4", "2027-Q1"]),
        ("half_year", "2026-06-30", "2026-07-01", ["2026-H1", "2026-H2"]),
        ("year", "2026-11-22", "2027-12-31", ["2026", "2027"]),
        ("week", "2026-12-31", "2027-01-04", ["2026-W53", "2027-W01"]),
        ("day", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("month", "2026-11-22", "2026-10-31", []),
    ],
)
def test_periods_that_are_awaited(kind, since, until, expected):
    calendar = Calendar(kind, 1, department="D")
    found = calendar.periods(date.fromisoformat(since), date.fromisoformat(until))
    assert [str(one) for one in found] == expected


def test_every_shipped_calendar_is_read_and_kinds_are_all_there():
    assert report_definitions.named("monthly").calendar == Calendar("month", 5, department="数据分析部")
    assert set(PERIODS) == {"day", "week", "month", "quarter", "half_year", "year"}


@pytest.mark.parametrize(
    "table",
    [
        {}, {"period": "month"}, {"period": "moon", "working_days": 5, "department": "D"},
        {"period": "month", "working_days": 0, "department": "D"},
        {"period": "month", "working_days": LATEST + 1, "department": "D"},
        {"period": "month", "working_days": True, "department": "D"},
        {"period": "month", "working_days": "5", "department": "D"}, {"period": "month", "working_days": 5},
        {"period": "month", "working_days": 5, "department": " "},
        {"period": "month", "working_days": 5, "department": "D", "person": "wu"},
        {"period": "month", "working_days": 5, "department": "D", "more": 1},
    ],
)  # fmt: skip
def test_a_calendar_that_is_not_in_order_stops_the_file(table):
    with pytest.raises(ValueError, match=r"reports\.toml: monthly\.calendar"):
        report_definitions.calendar_of("monthly", {"calendar": table})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], ()),
        (["2026-01-09", "2026-02-09"], ()),
        (["2026-01-09", "2026-02-09", "2026-03-09"], (0, 1, 2)),
        (["2026-03-09"] * 3, (0, 1, 2)),
        (["2025-03-09", "2026-02-09", "2026-03-09"], ()),
        (["2025-03-10", "2026-02-09", "2026-03-09"], (0, 1, 2)),
        (["2020-01-09", "2026-01-09", "2026-02-09", "2026-03-09"], (1, 2, 3)),
        # twelve months before 29 February is 28 February, the last of its month
        (["2023-02-28", "2024-01-09", "2024-02-29"], ()),
    ],
)
def test_what_is_repeated_lateness(days, expected):
    assert repeated([date.fromisoformat(day) for day in days], RULE) == expected


def test_the_shipped_rule_and_one_that_cannot_be():
    assert late_reports.rule(date(2026, 11, 22)).times == 3
    with pytest.raises(BadInput):
        late_reports.rule(date(2019, 1, 1))
