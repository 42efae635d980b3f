"""Exposure worked by hand and against plain Python; orders held against the limit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import exposure, grades, limits
from custinfo.classification.credit.exposure import Standing
from custinfo.classification.credit.limits import Limit
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
LATER = ON + timedelta(days=1)
RULE = limits.rule(ON, grades.rule(ON).order)

Order = tuple[str, date, int, int, int]
ORDERS = ibis.schema(
    {
        "customer_key": "string",
        "occurred_on": "date",
        "amount_fen": "int64",
        "delivered_fen": "int64",
        "invoiced_fen": "int64",
    }
)


def committed(orders: Sequence[Order]) -> dict[str, tuple[int, int]]:
    """By customer: not invoiced, not delivered."""
    rows = exposure.committed(ibis.memtable(list(orders), schema=ORDERS), ON).to_pyarrow().to_pylist()
    assert len({row["customer_key"] for row in rows}) == len(rows), "one row for each customer"
    return {row["customer_key"]: (row["not_invoiced_fen"], row["not_delivered_fen"]) for row in rows}


def test_worked_by_hand() -> None:
    orders: list[Order] = [
        ("a", ON, 1000, 700, 400),  # 300 delivered and not invoiced, 300 ordered and not delivered
        ("a", ON - timedelta(days=400), 50, 0, 0),  # an old order that is still open
        ("a", LATER, 10**6, 0, 0),  # tomorrow's
        ("b", ON, 300, 0, 100),  # invoiced ahead of delivery: in the balance, not open once more
        ("c", ON, 80, 80, 80),  # all of it in the balance
        ("e", ON, 100, 130, 140),  # more delivered and invoiced than was ordered
        ("e", ON, 10, 30, 0),  # what one order has too much makes no other smaller
        ("f", LATER, 5, 0, 0),
    ]
    assert committed(orders) == {"a": (300, 350), "b": (0, 200), "c": (0, 0), "e": (30, 0)}
    assert exposure.exposure_fen(200, 300, 350, 250) == 600
    assert exposure.exposure_fen(-80, 50, 0, 5) == -35, "paid ahead: room beyond the limit"


fen = st.one_of(st.integers(0, 9), st.integers(0, 10**13))
placed = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from([ON, LATER]), fen, fen, fen), min_size=5, max_size=30
)


@settings(max_examples=4, deadline=None)
@given(orders=placed, data=st.data())
def test_like_plain_python_in_any_order(orders: list[Order], data: st.DataObject) -> None:
    expected: dict[str, tuple[int, int]] = {}
    for key, day, ordered, delivered, invoiced in orders:
        if day <= ON:
            before = expected.get(key, (0, 0))
            open_ = max(delivered - invoiced, 0), max(ordered - max(delivered, invoiced), 0)
            expected[key] = before[0] + open_[0], before[1] + open_[1]
    assert committed(orders) == expected
    assert committed(data.draw(st.permutations(orders))) == expected


@settings(max_examples=4, deadline=None)
@given(ordered=fen, delivered=fen, invoiced=fen)
def test_what_is_delivered_and_invoiced_is_counted_once(ordered: int, delivered: int, invoiced: int) -> None:
    """An order on its way to the account binds the same sum at each step; once it is there, only the balance does."""
    delivered, invoiced = min(delivered, ordered), min(invoiced, delivered, ordered)
    (found,) = committed([("a", ON, ordered, delivered, invoiced)]).values()
    assert exposure.exposure_fen(invoiced, *found, 0) == ordered


GRANTED = Limit(100_000, "cap", None, "none", ("net_30", "prepaid"), RULE.version)
SOUND = Standing(exposure_fen=90_000, secured_fen=0, overdue_days=0, gate_open=True)


@pytest.mark.parametrize(
    ("order", "terms", "standing", "limit", "outcome", "reasons"),
    [
        (10_000, "net_30", SOUND, GRANTED, "allowed", ()),  # to the fen
        (10_001, "net_30", SOUND, GRANTED, "needs_approval", ("over_limit",)),
        (20_000, "net_30", SOUND, GRANTED, "needs_approval", ("over_limit",)),  # a tenth above the limit
        (20_001, "net_30", SOUND, GRANTED, "blocked", ("over_limit",)),
        (10**9, "prepaid", SOUND, GRANTED, "allowed", ()),
        (10**9, "prepaid", replace(SOUND, gate_open=False), GRANTED, "blocked", ("gate",)),
        (1, "net_60", SOUND, GRANTED, "needs_approval", ("terms",)),
        (1, "net_30", replace(SOUND, overdue_days=1), GRANTED, "needs_approval", ("overdue",)),
        (1, "net_30", replace(SOUND, overdue_days=29), GRANTED, "needs_approval", ("overdue",)),
        (1, "net_30", replace(SOUND, overdue_days=30), GRANTED, "blocked", ("overdue",)),
        (1, "net_30", SOUND, replace(GRANTED, security="guarantee"), "needs_approval", ("security",)),
        (1, "net_30", replace(SOUND, secured_fen=1), replace(GRANTED, security="guarantee"), "allowed", ()),
        (1, "net_30", replace(SOUND, exposure_fen=0), replace(GRANTED, limit_fen=0), "blocked", ("over_limit",)),
        (1, "net_30", replace(SOUND, exposure_fen=-1), replace(GRANTED, limit_fen=0), "allowed", ()),
    ],
)
def test_orders_held_against_the_limit(
    order: int, terms: str, standing: Standing, limit: Limit, outcome: str, reasons: tuple[str, ...]
) -> None:
    found = exposure.decide(order, terms, standing, limit, RULE)
    assert (found.outcome, found.reasons) == (outcome, reasons)
    assert found.rule_version == RULE.version


def test_the_figures_of_a_decision() -> None:
    found = exposure.decide(25_000, "net_30", replace(SOUND, overdue_days=3), GRANTED, RULE)
    assert (found.order_fen, found.after_fen, found.limit_fen, found.over_fen) == (25_000, 115_000, 100_000, 15_000)
    assert (found.outcome, found.reasons) == ("blocked", ("over_limit", "overdue"))


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_of_nothing_is_refused(order: int) -> None:
    with pytest.raises(BadInput) as raised:
        exposure.decide(order, "net_30", SOUND, GRANTED, RULE)
    assert raised.value.key == "credit_use.order"
    assert money.show(order) in raised.value.text("zh-CN")


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 60))
def test_a_larger_order_never_fares_better(order: int, more: int, overdue: int) -> None:
    standing = replace(SOUND, overdue_days=overdue)
    outcomes = [exposure.decide(size, "net_30", standing, GRANTED, RULE).outcome for size in (order, order + more)]
    assert exposure.OUTCOMES.index(outcomes[0]) <= exposure.OUTCOMES.index(outcomes[1])


def test_outcomes_and_reasons_have_names() -> None:
    for language in ("zh-CN", "en"):
        for group, names in {
            "outcome": exposure.OUTCOMES,
            "reason": exposure.REASONS,
        }.items():
            assert len({text(f"credit_use.{group}.{name}", language) for name in names}) == len(names)
