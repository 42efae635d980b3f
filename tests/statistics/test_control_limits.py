"""Limits of a process and its signals: a published example, each rule on its edge, properties."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain.messages import LANGUAGES
from custinfo.statistics.control_limits import LEAST, Limits, limits, signals


def test_worked_by_hand():
    found = limits([10, 12, 11, 13, 12, 14])
    assert (found.points, found.mean, found.mean_range) == (6, 12, Fraction(8, 5))
    assert (found.lower, found.upper) == (12 - Fraction("4.256"), 12 + Fraction("4.256"))
    assert found.upper_range == Fraction("5.2288")
    assert signals([10, 12, 11, 13, 12, 14], found) == ()


WITHIN = Limits(20, Fraction(100), Fraction(10))


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([Fraction("126.6")], []),
        ([Fraction("126.61")], [(0, "beyond")]),
        ([Fraction("73.4")], []),
        ([Fraction("73.39")], [(0, "beyond")]),
        ([90, Fraction("122.68")], []),
        ([90, 123], [(1, "range")]),
        ([101] * 7, []),
        ([101] * 9, [(7, "run"), (8, "run")]),
        ([101] * 7 + [100] + [101] * 7, []),
        ([101] * 4 + [99] * 8, [(11, "run")]),
        ([80, 130], [(1, "beyond"), (1, "range")]),
    ],
)
def test_each_rule_on_its_edge(points, found):
    assert [(signal.place, signal.rule) for signal in signals(points, WITHIN)] == found


def test_too_few_points_are_a_sentence():
    found = limits([1] * (LEAST - 1))
    assert found.reason == "few_points"
    for language in LANGUAGES:
        assert str(LEAST) in found.text(language)


def test_a_series_that_never_moves():
    found = limits([5] * LEAST)
    assert found.lower == found.upper == 5
    assert signals([5] * 20, found) == ()
    assert [(one.place, one.rule) for one in signals([5, 6], found)] == [(1, "beyond"), (1, "range")]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=LEAST, max_size=30),
    st.integers(-(10**9), 10**9),
    st.integers(1, 9),
)
def test_signals_do_not_depend_on_where_zero_is_nor_on_the_unit(points, shift, times):
    moved = [times * point + shift for point in points]
    assert signals(moved, limits(moved)) == signals(points, limits(points))
    assert limits(points).lower <= limits(points).mean <= limits(points).upper
