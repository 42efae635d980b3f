"""Checkpoints of a month and counts of visits: by hand, short months, what is missing."""

from datetime import date
from fractions import Fraction

import ibis
import pytest

from custinfo.domain.periods import Month
from custinfo.statistics import checkpoints, visits
from custinfo.statistics.no_figure import NoFigure

SIX = ((5, 15), (10, 30), (15, 50), (20, 65), (25, 80), (31, 100))
NO_PLAN = NoFigure("no_plan", {"period": "2026-10"})


@pytest.mark.parametrize(
    ("month", "set_", "days"),
    [
        (Month(2026, 10), SIX, [(5, 15), (10, 30), (15, 50), (20, 65), (25, 80), (31, 100)]),
        (Month(2026, 2), SIX, [(5, 15), (10, 30), (15, 50), (20, 65), (25, 80), (28, 100)]),
        (Month(2028, 2), ((28, 90), (29, 95), (31, 100)), [(28, 90), (29, 100)]),
        (Month(2026, 2), ((28, 90), (30, 95), (31, 100)), [(28, 100)]),
        (Month(2026, 4), ((31, 100),), [(30, 100)]),
    ],
)
def test_a_day_that_the_month_has_not_is_its_last(month, set_, days):
    assert [(day.day, percent) for day, percent in checkpoints.days_of(month, set_)] == days


def checked(sold, target, until=date(2026, 10, 31), set_=((10, 30), (31, 100))):
    days = checkpoints.days_of(Month(2026, 10), set_)
    return [
        (one.wanted, one.actual, one.degree, one.met) for one in checkpoints.checked(days, sold, target, until)
    ]  # fmt: skip


def test_what_is_reached_accumulates_from_the_first():
    sold = {date(2026, 10, 1): 100, date(2026, 10, 10): 200, date(2026, 10, 11): -50}
    assert checked(sold, 1_000) == [
        (300, 300, Fraction(3, 10), True), (1_000, 250, Fraction(1, 4), False),
    ]  # fmt: skip
    assert checked(sold, 333)[0][0] == Fraction(999, 10), "no fen is lost before a reader sees it"


@pytest.mark.parametrize(
    ("target", "degree", "met"),
    [(0, "zero_base", True), (-100, "negative_base", True), (NO_PLAN, "no_plan", None)],
)
def test_without_a_target_above_zero_there_is_no_degree(target, degree, met):
    wanted, actual, found, reached = checked({date(2026, 10, 1): 5}, target)[0]
    assert (actual, found.reason, reached) == (5, degree, met)
    assert wanted == (NO_PLAN if met is None else Fraction(target) * 30 / 100)


def test_a_day_that_is_not_over_has_no_actual():
    first, second = checked({date(2026, 10, 1): 500}, 1_000, until=date(2026, 10, 10))
    assert first[1:] == (500, Fraction(1, 2), True)
    assert (second[1].reason, second[3]) == ("not_over", None)
    [early, _] = checked({date(2026, 10, 1): 500}, 1_000, until=date(2026, 10, 9))
    assert early[1].reason == "not_over"


COLUMNS = {"visit_number": "string", "version": "int32", "visited_on": "string", "customer_key": "string",
           "accompanied": "string", "staff_key": "string"}  # fmt: skip


def test_visits_are_counted_in_their_newest_version():
    rows = [
        ("V1", 1, "2026-10-01", "a", "yes", "s"), ("V1", 2, "2026-10-01", "a", "no", "s"),
        ("V2", 1, "2026-10-31", "a", "yes", "s"), ("V3", 1, "2026-10-02", None, None, "t"),
        ("V4", 1, "2026-09-30", "b", "yes", "t"), ("V5", 1, "2026-10-03", "b", "yes", "t"),
        ("V5", 2, "2026-11-01", "b", "yes", "t"), ("V6", 1, "", "b", "yes", "t"),
    ]  # fmt: skip
    made = visits.within(ibis.memtable(rows, schema=COLUMNS), date(2026, 10, 1), date(2026, 10, 31))
    found = visits.counted(made, ["staff_key"]).to_pyarrow().to_pylist()
    assert sorted(tuple(row.values()) for row in found) == [("s", 2, 1, 1, 1), ("t", 1, 0, 0, 1)]
    customers = ibis.memtable({"customer_key": ["a", "b"]})
    seen = visits.of_customers(customers, made).to_pyarrow().to_pylist()
    assert sorted((row["customer_key"], row["visits"]) for row in seen) == [("a", 2), ("b", 0)]
