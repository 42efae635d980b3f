"""Levels of service: points worked by hand, in plain Python, and rule files out of order."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import service
from custinfo.classification.service import ServiceRule
from custinfo.classification.value_grade import window_start
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = service.rule(ON)
YUAN = 100
FIRST = window_start(ON, RULE.months)

Sale = tuple[str, str, date, str | None, int]
Demand = tuple[str, date]
Found = dict[str, tuple[int, int | None, int, int, int, str]]


def levels(customers: str, sales: list[Sale], demands: list[Demand]) -> Found:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    schema = {
        "customer_key": "string",
        "kind": "string",
        "occurred_on": "date",
        "product": "string",
        "amount_fen": "int64",
    }
    asked = ibis.memtable(demands, schema={"customer_key": "string", "occurred_on": "date"})
    rows = service.classify(known, ibis.memtable(sales, schema=schema), asked, ON, RULE).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers)
    assert {row["rule_version"] for row in rows} <= {RULE.version}
    names = ("net_fen", "tenure_days", "demands", "products", "points", "service_level")
    return {row["customer_key"]: tuple(row[name] for name in names) for row in rows}


def test_worked_by_hand() -> None:
    sales: list[Sale] = [
        # a: 2 × 3 points of spending, 2 of tenure, 2 of demands, 2 of products: everything
        ("a", "sale", ON - timedelta(days=1095), "old", 1),
        *(("a", "sale", ON, f"p{place}", 200_000 * YUAN) for place in range(5)),
        # b: exactly 10,000 yuan after a return; its payment and its product without a name do not count
        ("b", "sale", ON, "p1", 15_000 * YUAN),
        ("b", "return", ON, "p2", 5_000 * YUAN),
        ("b", "payment", ON, None, 10**12),
        ("b", "sale", ON, None, 0),
        ("b", "sale", ON, "", 0),
        # c: a fen less; bought 365 days ago
        ("c", "sale", FIRST, "p1", 10_000 * YUAN - 1),
        ("c", "sale", ON - timedelta(days=365), "p2", 10**12),  # the day before the window
        # d: returned more than it bought
        ("d", "return", ON, "p1", 7),
        # e: all before the window but the demand, tenure counts
        ("e", "sale", date(2020, 1, 1), "p1", 10**12),
        ("e", "sale", ON + timedelta(days=1), "p1", 10**12),
    ]
    demands = [
        *(("a", ON) for _ in range(4)),
        ("b", FIRST - timedelta(days=1)),
        ("c", FIRST),
        ("e", ON),
        ("stranger", ON),
    ]
    assert levels("abcdef", sales, demands) == {
        "a": (1_000_000 * YUAN, 1095, 4, 5, 12, "dedicated"),
        "b": (10_000 * YUAN, 0, 0, 1, 2, "standard"),
        "c": (10_000 * YUAN - 1, 365, 1, 1, 2, "standard"),
        "d": (-7, None, 0, 0, 0, "standard"),
        "e": (0, 2495, 1, 0, 3, "standard"),
        "f": (0, None, 0, 0, 0, "standard"),
    }


def reference(key: str, sales: list[Sale], demands: list[Demand]) -> tuple[int, str]:
    mine = [(kind, day, product, amount) for who, kind, day, product, amount in sales if who == key]
    window = [one for one in mine if FIRST <= one[1] <= ON]
    net = sum(amount if kind == "sale" else -amount if kind == "return" else 0 for kind, _, _, amount in window)
    firsts = [day for kind, day, _, _ in mine if kind == "sale" and day <= ON]
    figures = [
        (net // YUAN if net > 0 else 0, RULE.spending_yuan),
        ((ON - min(firsts)).days if firsts else 0, RULE.tenure_days),
        (sum(who == key and FIRST <= day <= ON for who, day in demands), RULE.demands),
        (len({product for kind, _, product, _ in window if kind == "sale" and product}), RULE.products),
    ]
    points = sum(sum(value >= step for step in one.thresholds) * one.weight for value, one in figures)
    return points, [one.name for one in RULE.level if one.from_points <= points][-1]


movements = st.tuples(
    st.sampled_from("abcde"),
    st.sampled_from(["sale", "sale", "return", "payment"]),
    st.integers(-3, 1300).map(lambda days: ON - timedelta(days=days)),
    st.sampled_from([None, "", "p1", "p2", "p3", "p4", "p5"]),
    st.integers(0, 10**6) | st.integers(0, 10**8) | st.integers(0, 10**15),
)
asks = st.tuples(st.sampled_from("abcde"), st.integers(-3, 400).map(lambda days: ON - timedelta(days=days)))


@settings(max_examples=8, deadline=None)
@given(sales=st.lists(movements, max_size=30), demands=st.lists(asks, max_size=15))
def test_like_plain_python(sales: list[Sale], demands: list[Demand]) -> None:
    found = {key: row[-2:] for key, row in levels("abcd", sales, demands).items()}
    assert found == {key: reference(key, sales, demands) for key in "abcd"}


def test_more_of_anything_never_lowers_the_level() -> None:
    order = [one.name for one in RULE.level]
    sales: list[Sale] = []
    before = 0
    for day, product, amount in [
        (ON, "p1", 10_000),
        (FIRST, "p2", 90_000),
        (date(2023, 1, 1), "p3", 1),
        (ON, "p4", 10**6),
    ]:
        sales = [*sales, ("a", "sale", day, product, amount * YUAN)]
        after = order.index(levels("a", sales, [("a", ON)])["a"][-1])
        assert after >= before
        before = after
    assert before == 2


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[10000, 100000, 1000000]", "[10000, 10000]", "horizontal.service.thresholds"),
        ("[10000, 100000, 1000000]", "[0, 10000]", "horizontal.service.thresholds"),
        ("from_points = 0", "from_points = 1", "horizontal.service.levels"),
        ("from_points = 8", "from_points = 4", "horizontal.service.levels"),
        ("from_points = 8", "from_points = 13", "horizontal.service.out_of_reach"),
        ('name = "dedicated"', 'name = "standard"', "horizontal.service.names"),
        ("weight = 2", "weight = 0", "classification.limit"),
        ("months = 12", "months = 0", "classification.limit"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, service.FILE, ServiceRule, (old, new)) == key


def test_one_level_for_everybody() -> None:
    only = RULE.model_copy(update={"level": RULE.level[:1]})
    known = ibis.memtable([("a",)], schema={"customer_key": "string"})
    none = ibis.memtable(
        [],
        schema={
            "customer_key": "string",
            "kind": "string",
            "occurred_on": "date",
            "product": "string",
            "amount_fen": "int64",
        },
    )
    asked = ibis.memtable([], schema={"customer_key": "string", "occurred_on": "date"})
    (row,) = service.classify(known, none, asked, ON, only).to_pyarrow().to_pylist()
    assert (row["points"], row["service_level"]) == (0, "standard")
