"""Figures from small tables, with the expected value beside the input."""

from datetime import date
from decimal import Decimal

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custinfo.domain.periods import Month
from custinfo.statistics import customers, rounding, sales, segments

PARTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (1, 8, "12.5"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),
        (-1, 2000, "-0.1"),
        (1, 2001, "0.0"),
        (0, 5, "0.0"),
        (5, 5, "100.0"),
        (-3, 2, "-150.0"),
    ],
)
def test_a_share_is_rounded_half_away_from_zero(part, whole, percent):
    assert str(rounding.share(part, whole)) == percent


def test_a_share_of_nothing_is_refused_and_a_change_from_nothing_is_none():
    with pytest.raises(ValueError):
        rounding.share(1, 0)
    assert rounding.change(5, 0) is None
    assert rounding.change(5, -1) is None
    assert rounding.change(80, 100) == Decimal("-20.0")


def test_the_largest_remainder_gets_the_missing_tenth():
    assert [str(share) for share in rounding.column([1, 1, 1])] == ["33.4", "33.3", "33.3"]
    assert [str(share) for share in rounding.column([0, 7])] == ["0.0", "100.0"]
    assert rounding.column([0, 0]) == [None, None]
    with pytest.raises(ValueError):
        rounding.column([1, -1])


@given(PARTS)
def test_shares_of_a_column_add_up_to_a_hundred(parts):
    shares = rounding.column(parts)
    if sum(parts):
        assert sum(shares) == Decimal("100.0")
        assert all(
            abs(share - Decimal(part) * 100 / sum(parts)) < Decimal("0.1")
            for share, part in zip(shares, parts, strict=True)
        )


def test_every_customer_is_counted_once_whatever_the_code():
    known = ibis.memtable(
        [("a", "X1"), ("b", "X2"), ("c", None), ("d", ""), ("e", "??"), ("f", "X9")], columns=["customer_key", "code"]
    )
    groups = ibis.memtable([("X1", "X"), ("X2", "X"), ("X9", None)], schema={"code": "string", "group": "string"})
    found = {
        row["group"]: row["customers"] for row in customers.composition(known, "code", groups).to_pyarrow().to_pylist()
    }
    assert found == {"X": 2, customers.NOT_STATED: 2, customers.NOT_LISTED: 2}


def test_months_add_up_each_kind_by_itself():
    rows = [
        ("sale", date(2026, 10, 1), 100), ("sale", date(2026, 10, 31), 50), ("return", date(2026, 10, 5), 30),
        ("payment", date(2026, 10, 5), 7), ("sale", date(2026, 9, 30), 9), ("sale", date(2026, 11, 1), 9), ("sale", date(2025, 9, 30), 9),
    ]  # fmt: skip
    movements = ibis.memtable(rows, columns=["kind", "occurred_on", "amount_fen"])
    found = sales.series(movements, Month(2026, 10)).to_pyarrow().to_pylist()
    assert [(row["year"], row["month"]) for row in found] == [(2026, 9), (2026, 10)]
    assert found[1] | {"year": 0, "month": 0} == {
        "year": 0,
        "month": 0,
        "sales_fen": 150,
        "returns_fen": 30,
        "net_fen": 120,
        "payments_fen": 7,
    }


def described():
    known = ibis.memtable(
        [("a", "state", "110101", "0111"), ("b", None, None, None), ("c", "state", "110105", "3911")],
        columns=["customer_key", "ownership", "region", "industry"],
    )
    grades = ibis.memtable(
        [("a", "A", 100_000_00), ("b", "N", -5), ("c", "B", 99)], columns=["customer_key", "grade", "sales_12m_fen"]
    )
    region = ibis.memtable([("110101", "110000"), ("110105", "110000")], columns=["code", "province"])
    industry = ibis.memtable([("0111", "A"), ("3911", "C")], columns=["code", "section"])
    return segments.described(known, grades, region, industry)


def test_a_customer_is_described_once_and_sales_below_a_yuan_have_no_class():
    rows = {row.pop("customer_key"): row for row in described().to_pyarrow().to_pylist()}
    assert rows["a"] == {
        "ownership": "state",
        "province": "110000",
        "section": "A",
        "grade": "A",
        "net_fen": 100_000_00,
        "magnitude": 5.0,
    }
    assert rows["b"] == {"ownership": "", "province": "", "section": "", "grade": "N", "net_fen": -5, "magnitude": None}
    assert rows["c"]["magnitude"] is None


@pytest.mark.parametrize("step", range(40))
def test_a_class_of_net_sales_begins_exactly_at_its_bound(step):
    """A quarter of a power of ten: no logarithm of any engine may put a fen into another class."""
    least = next(fen for fen in range(int(10 ** (2 + step / 4) * (1 - 1e-12)), 2**63) if fen**4 >= 10 ** (8 + step))
    assert segments._LEAST[step] == least


def test_an_empty_choice_leaves_a_dimension_free():
    table = described()
    assert segments.picked(table, {"ownership": [], "grade": []}).count().to_pyarrow().as_py() == 3
    assert segments.picked(table, {"ownership": ["state"], "grade": ["B"]}).customer_key.to_pyarrow().to_pylist() == [
        "c"
    ]
    assert segments.between(table, 4.9, 5.1).customer_key.to_pyarrow().to_pylist() == ["a"]
    assert segments.by(table, "province").to_pyarrow().to_pylist()[0] == {
        "code": "110000",
        "customers": 2,
        "net_fen": 100_000_99,
    }
