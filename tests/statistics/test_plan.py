"""Plan and actual: completion, accumulation, the outlook by working days, and plans that are read from a file."""

from datetime import date
from fractions import Fraction

import pytest

from custinfo.domain import working_days
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import HalfYear, Month, Quarter, Year
from custinfo.statistics import plan
from custinfo.statistics.no_figure import NoFigure

CHINA = working_days.load()
OCTOBER = Month(2026, 10)
UNITS = {"net_sales": "fen", "return_rate": "percent", "complaints": "count"}
ROW = {"indicator": "net_sales", "period": "2026-10", "dimension": "", "code": "", "amount": "1,200.50"}


def approved(amount, version=1, on=date(2026, 9, 20), period=OCTOBER, indicator="net_sales"):
    return plan.PlanFigure(indicator, period, "", "", amount, version, on)


def test_more_is_better_or_less_is():
    found = plan.completion(90, 100)
    assert (found.gap, found.degree, found.met) == (-10, Fraction(9, 10), False)
    assert plan.completion(100, 100).met
    assert plan.completion(90, 100, more_is_better=False).met
    assert not plan.completion(101, 100, more_is_better=False).met


@pytest.mark.parametrize("planned", [0, -50])
def test_a_plan_of_zero_or_below_has_a_gap_and_no_degree(planned):
    found = plan.completion(-20, planned)
    assert (found.gap, found.degree.reason) == (-20 - planned, "plan_not_positive")
    assert found.met == (planned < 0)


def test_what_is_missing_is_a_sentence_and_never_a_zero():
    missing = plan.planned({}, "net_sales", OCTOBER)
    assert plan.completion(5, missing) == NoFigure("no_plan", {"period": OCTOBER})
    assert plan.completion(NoFigure("nothing"), 5).reason == "nothing"
    assert all("2026-10" in missing.text(language) for language in LANGUAGES)


def test_accumulated_until_the_first_gap():
    none = NoFigure("no_plan", {"period": "2026-03"})
    found = plan.accumulated([("2026-01", 8, 10), ("2026-02", 14, 10), ("2026-03", 5, none), ("2026-04", 9, 10)])
    assert [one.so_far.degree for one in found[:2]] == [Fraction(8, 10), Fraction(22, 20)]
    assert [one.so_far.facts["period"] for one in found[2:]] == ["2026-03", "2026-03"]
    assert found[2].own.reason == "no_plan"
    assert found[3].own.degree == Fraction(9, 10)


def test_the_outlook_by_working_days():
    # 9 of 18 working days of October 2026 are over on the 19th
    found = plan.outlook(900, 2000, OCTOBER, date(2026, 10, 19), CHINA)
    assert (found.elapsed.working, found.whole.working) == (9, 18)
    assert (found.expected, found.needed) == (1800, Fraction(1100, 9))


def test_the_outlook_before_within_holidays_and_after():
    assert plan.outlook(0, 5, OCTOBER, date(2026, 9, 30), CHINA).reason == "not_begun"
    holidays = plan.outlook(70, 500, OCTOBER, date(2026, 10, 7), CHINA)
    assert (holidays.expected.reason, holidays.needed) == ("no_working_day", Fraction(430, 18))
    over = plan.outlook(70, 500, OCTOBER, date(2026, 11, 3), CHINA)
    assert (over.expected, over.needed.reason) == (70, "no_working_day")
    unplanned = plan.outlook(70, NoFigure("no_plan", {"period": "2026-10"}), OCTOBER, date(2026, 10, 19), CHINA)
    assert (unplanned.expected, unplanned.needed.reason) == (140, "no_plan")
    assert plan.outlook(NoFigure("nothing"), 5, OCTOBER, date(2026, 10, 20), CHINA).reason == "nothing"


def test_read_in_the_unit_of_the_indicator():
    rate = ROW | {
        "indicator": "return_rate",
        "period": "2026",
        "amount": "2.5",
        "dimension": "province",
        "code": "350000",
    }
    (money, share), faults = plan.checked([(2, ROW), (3, rate)], UNITS)
    assert faults == ()
    assert (money.amount, money.period) == (120_050, OCTOBER)
    assert (share.amount, share.period, share.code) == (Fraction(1, 40), Year(2026), "350000")


def test_the_version_that_had_been_approved_by_the_day_counts():
    figures = [approved(900, 2, date(2026, 10, 15)), approved(1200)]
    for day, amount in ((date(2026, 9, 20), 1200), (date(2026, 10, 14), 1200), (date(2026, 10, 15), 900)):
        assert plan.planned(plan.in_force(figures, day), "net_sales", OCTOBER) == amount
    assert plan.planned(plan.in_force(figures, date(2026, 9, 19)), "net_sales", OCTOBER).reason == "no_plan"


def test_a_period_without_its_own_plan_has_the_sum_of_its_parts_where_each_has_one():
    months = [approved(n, period=Month(2026, n)) for n in range(1, 13)]
    year = plan.in_force(months, date(2026, 10, 1))
    assert plan.planned(year, "net_sales", Quarter(2026, 1), adds_up=True) == 6
    assert plan.planned(year, "net_sales", Year(2026), adds_up=True) == 78
    assert plan.planned(year, "net_sales", HalfYear(2026, 2), adds_up=True) == 57
    assert plan.planned(year, "net_sales", Year(2026)).reason == "no_plan"
    own = plan.in_force([*months[:2], approved(100, period=Quarter(2026, 1))], date(2026, 10, 1))
    assert plan.planned(own, "net_sales", Quarter(2026, 1), adds_up=True) == 100
    missing = plan.planned(own, "net_sales", Year(2026), adds_up=True)
    assert missing == NoFigure("no_plan", {"period": Year(2026)})
    assert plan.planned(own, "net_sales", Month(2026, 3), adds_up=True).reason == "no_plan"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"indicator": "nothing_known"}, "indicator"), ({"amount": "viel"}, "amount"), ({"amount": "nan"}, "amount"),
        ({"amount": ""}, "amount"), ({"dimension": "province"}, "entry"), ({"code": "350000"}, "entry"),
        ({"period": "October"}, "period"), ({"dimension": "area", "code": "9" * 5000}, "code_long"), ({}, "twice"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_named_and_the_others_are_read(change, key):
    found, (fault,) = plan.checked([(2, ROW), (3, ROW | change), (4, ROW | {"period": "2026-11"})], UNITS)
    assert [str(one.period) for one in found] == ["2026-10", "2026-11"]
    assert fault.key == f"statistics.plan.{key}"
    for language in LANGUAGES:
        assert "3" in fault.text(language), "the number of the row"


@pytest.mark.parametrize("amount", ["nan", "inf", "1e999999", "1/2"])
def test_no_number_is_no_plan(amount):
    with pytest.raises(BadInput, match="Row 2"):
        plan.planned_in(2, ROW | {"indicator": "complaints", "amount": amount}, UNITS)
