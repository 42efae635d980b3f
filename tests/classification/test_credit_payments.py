"""Payment behaviour: first in, first out, worked by hand and fen by fen in plain Python."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import payments

ON = date(2026, 10, 31)
FIRST = date(2025, 11, 1)

Invoice = tuple[str, str, date, date | None, int]
Payment = tuple[str, str, date, int]

INVOICES = ibis.schema(
    {
        "customer_key": "string",
        "document": "string",
        "invoiced_on": "date",
        "due_on": "date",
        "amount_fen": "int64",
    }
)
PAYMENTS = ibis.schema({"customer_key": "string", "document": "string", "paid_on": "date", "amount_fen": "int64"})


def ago(days: int) -> date:
    return ON - timedelta(days=days)


def tables(invoices: Sequence[Invoice], paid: Sequence[Payment]) -> tuple[ibis.Table, ibis.Table]:
    return ibis.memtable(list(invoices), schema=INVOICES), ibis.memtable(list(paid), schema=PAYMENTS)


def behaviour(
    customers: Sequence[str], invoices: Sequence[Invoice], paid: Sequence[Payment]
) -> dict[str, dict[str, Any]]:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    rows = payments.behaviour(known, *tables(invoices, paid), FIRST, ON).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "one row for each customer"
    return {row.pop("customer_key"): row for row in rows}


HAND_INVOICES: list[Invoice] = [
    ("a", "I1", ago(60), ago(30), 100),
    ("a", "I2", ago(50), ago(20), 200),
    ("a", "I3", ago(40), ago(10), 300),
    ("a", "I4", ago(5), ON, 10**6),  # due today: not overdue yet, does not count
]
HAND_PAYMENTS: list[Payment] = [
    ("a", "P1", ago(30), 150),  # I1 in time, 50 of I2 in time
    ("a", "P2", ago(15), 100),  # 100 of I2, five days late
    ("a", "P3", ago(8), 150),  # 50 of I2 twelve days late, 100 of I3 two days late
]


def test_worked_by_hand() -> None:
    found = behaviour("ab", HAND_INVOICES, HAND_PAYMENTS)
    # fen days: 100 * 5 + 50 * 12 + 100 * 2, and 200 of I3 open for 10 days
    assert found["a"] == {
        "due_fen": 600,
        "in_time_fen": 150,
        "late_fen": 250,
        "open_fen": 200,
        "in_time_share": 0.25,
        "days_beyond_terms": 3300 / 600,
        "longest_overdue_days": 10,
    }
    assert found["b"] == {
        "due_fen": 0,
        "in_time_fen": 0,
        "late_fen": 0,
        "open_fen": 0,
        "in_time_share": None,
        "days_beyond_terms": None,
        "longest_overdue_days": 0,
    }


def test_which_payment_settled_which_invoice() -> None:
    rows = payments.settled(*tables(HAND_INVOICES, HAND_PAYMENTS), ON).to_pyarrow().to_pylist()
    found = sorted((row["invoice"], row["payment"], row["settled_fen"]) for row in rows)
    assert found == [("I1", "P1", 100), ("I2", "P1", 50), ("I2", "P2", 100), ("I2", "P3", 50), ("I3", "P3", 100)]


def test_what_is_due_first_is_settled_first() -> None:
    invoices: list[Invoice] = [("a", "I1", ago(30), ago(2), 10), ("a", "I2", ago(20), ago(9), 10)]
    rows = payments.settled(*tables(invoices, [("a", "P1", ago(5), 10)]), ON).to_pyarrow().to_pylist()
    assert [row["invoice"] for row in rows] == ["I2"]


def test_prepaid_ties_later_rows_and_the_window() -> None:
    invoices: list[Invoice] = [
        ("a", "I2", ago(9), ago(3), 10),
        ("a", "I1", ago(9), ago(3), 10),  # same days: by number
        ("b", "I3", ago(9), None, 10),  # due on its own day
        ("c", "I4", date(2025, 9, 1), date(2025, 10, 31), 10),  # before the window, and settled first
        ("c", "I5", ago(90), ago(60), 10),
        ("d", "I6", ago(9), ago(3), -10),
        ("d", "I7", ON + timedelta(days=1), ago(3), 10),
    ]
    paid: list[Payment] = [
        ("a", "P1", ago(100), 10),  # before there was an invoice
        ("a", "P2", ON + timedelta(days=1), 10),
        ("b", "P3", ago(9), 4),
        ("c", "P4", ago(70), 10),
        ("d", "P5", ago(70), -5),
    ]
    found = behaviour("abcd", invoices, paid)
    assert {key: (row["due_fen"], row["in_time_fen"], row["open_fen"]) for key, row in found.items()} == {
        "a": (20, 10, 10),
        "b": (10, 4, 6),
        "c": (10, 0, 10),
        "d": (0, 0, 0),
    }
    rows = payments.settled(*tables(invoices, paid), ON).to_pyarrow().to_pylist()
    assert {row["invoice"] for row in rows} == {"I1", "I3", "I4"}


def test_large_amounts_over_many_years() -> None:
    # 10^15 fen for 40 years are 1.46 · 10^19 fen days, and int64 ends at 9.2 · 10^18: open, paid late, and in sum
    large, long = 10**15, 14_610
    invoices: list[Invoice] = [("a", "I1", ago(long), None, large), ("b", "I2", ago(long), None, large)]
    invoices += [("c", f"C{n:02}", ago(365), None, large) for n in range(30)]
    known = ibis.memtable([("a",), ("b",), ("c",)], schema={"customer_key": "string"})
    given = tables(invoices, [("b", "P1", ON, large)])
    rows = payments.behaviour(known, *given, ago(long), ON).to_pyarrow().to_pylist()
    found = {row["customer_key"]: row for row in rows}
    assert {key: row["days_beyond_terms"] for key, row in found.items()} == {"a": long, "b": long, "c": 365}
    assert {key: row["open_fen"] for key, row in found.items()} == {"a": large, "b": 0, "c": 30 * large}
    assert found["b"]["late_fen"] == large


def by_the_fen(invoices: Sequence[Invoice], paid: Sequence[Payment]) -> tuple[int, int, int, int]:
    """Due, in time, late, fen days of one customer: every fen by itself."""
    owed = sorted((due or on, on, number, amount) for _, number, on, due, amount in invoices if on <= ON)
    coins = [on for on, _, amount in sorted((p[2], p[1], p[3]) for p in paid if p[2] <= ON) for _ in range(amount)]
    due_fen = in_time = late = fen_days = place = 0
    for due, _, _, amount in owed:
        for _ in range(amount):
            paid_on = coins[place] if place < len(coins) else None
            place += 1
            if not FIRST <= due < ON:
                continue
            due_fen += 1
            in_time += paid_on is not None and paid_on <= due
            late += paid_on is not None and paid_on > due
            fen_days += max(((paid_on or ON) - due).days, 0)
    return due_fen, in_time, late, fen_days


spans = st.integers(-5, 400)
bought = st.tuples(spans, st.one_of(st.none(), st.integers(0, 60)), st.integers(1, 30))


@settings(max_examples=4, deadline=None)
@given(
    given=st.lists(bought, min_size=1, max_size=20),
    paid=st.lists(st.tuples(spans, st.integers(1, 40)), max_size=20),
    data=st.data(),
)
def test_like_every_fen_by_itself_in_any_order(
    given: list[tuple[int, int | None, int]], paid: list[tuple[int, int]], data: st.DataObject
) -> None:
    invoices: list[Invoice] = [
        ("a", f"I{n}", ago(on), None if terms is None else ago(on - terms), amount)
        for n, (on, terms, amount) in enumerate(given)
    ]
    receipts: list[Payment] = [("a", f"P{n}", ago(on), amount) for n, (on, amount) in enumerate(paid)]
    due, in_time, late, fen_days = by_the_fen(invoices, receipts)
    found = behaviour("a", data.draw(st.permutations(invoices)), data.draw(st.permutations(receipts)))["a"]
    assert (found["due_fen"], found["in_time_fen"], found["late_fen"]) == (due, in_time, late)
    assert found["open_fen"] == due - in_time - late
    assert found["in_time_share"] == (in_time / due if due else None)
    assert found["days_beyond_terms"] == (pytest.approx(fen_days / due) if due else None)
