"""Figures of what customers are worth, each worked by hand."""

from random import Random

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.statistics import value


def rows(table):
    return table.to_pyarrow().to_pylist()


def amounts(fen):
    keys = [f"k{n:04d}" for n in range(len(fen))]
    return ibis.memtable(list(zip(keys, fen, strict=True)), schema={"customer_key": "string", "fen": "int64"})


def scores():
    found = [
        (5, 5, "champions", 900),
        (5, 5, "champions", -100),
        (1, 2, "lost", 7),
        (0, 0, "none", 0),
        (0, 0, "none", -3),
    ]
    return ibis.memtable(found, schema={"r": "int32", "f": "int32", "segment": "string", "monetary_fen": "int64"})


def test_the_grid_leaves_out_who_did_not_buy_and_the_segments_do_not():
    assert rows(value.grid(scores())) == [
        {"r": 1, "f": 2, "customers": 1, "monetary_fen": 7},
        {"r": 5, "f": 5, "customers": 2, "monetary_fen": 800},
    ]
    assert rows(value.segments(scores())) == [
        {"segment": "champions", "customers": 2, "monetary_fen": 800},
        {"segment": "none", "customers": 2, "monetary_fen": -3},
        {"segment": "lost", "customers": 1, "monetary_fen": 7},
    ]


@pytest.mark.parametrize(
    ("alive", "expected", "cell"),
    [
        (0.0, 0.0, (0, 0)),
        (0.0999, 0.4999, (0, 0)),
        (0.1, 0.5, (1, 1)),
        (0.85, 1.0, (8, 2)),
        (1.0, 7.9, (9, 4)),
        (0.9, 8.0, (9, 5)),
    ],
)
def test_a_customer_on_a_bound_is_in_the_class_above(alive, expected, cell):
    scored = ibis.memtable([(alive, expected)], schema={"alive": "float64", "expected": "float64"})
    (row,) = rows(value.alive_by_expected(scored))
    assert ((row["alive_tenth"], row["expected_class"]), row["customers"]) == (cell, 1)


def test_concentration_worked_by_hand_with_a_loss_a_tie_and_a_null():
    found = rows(value.concentration(amounts([30, 50, 30, None, -10])))
    assert [(row["rank"], row["sum_fen"]) for row in found] == [(1, 50), (2, 80), (3, 110), (4, 110), (5, 100)]
    assert {(row["customers"], row["total_fen"]) for row in found} == {(5, 100)}
    assert rows(value.concentration(amounts([]))) == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=350))
def test_the_curve_is_that_of_plain_python_whatever_the_order_of_rows(fen):
    found = rows(value.concentration(amounts(fen)))
    assert len(found) == min(len(fen), value.STEPS)
    largest_first = sorted(fen, reverse=True)
    for row in found:
        assert row["sum_fen"] == sum(largest_first[: row["rank"]])
    assert found[-1]["rank"] == len(fen), "the last point is everybody"
    mixed = list(fen)
    Random(1).shuffle(mixed)
    assert rows(value.concentration(amounts(mixed))) == found
