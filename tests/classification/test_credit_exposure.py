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

Document = tuple[str | None, str | None, str | None, str | None, date | None, int | None]
Security = tuple[str, int, date, date | None]

DOCUMENTS = ibis.schema(
    {
        "customer_key": "string",
        "document": "string",
        "reference": "string",
        "kind": "string",
        "occurred_on": "date",
        "amount_fen": "int64",
    }
)
SECURITIES = ibis.schema({"customer_key": "string", "amount_fen": "int64", "valid_from": "date", "valid_until": "date"})


def exposures(
    customers: Sequence[str], documents: Sequence[Document], securities: Sequence[Security] = ()
) -> dict[str, tuple[int, int, int, int, int]]:
    """By customer: balance, not invoiced, not delivered, secured, exposure."""
    table = exposure.exposure(
        ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"}),
        ibis.memtable(list(documents), schema=DOCUMENTS),
        ibis.memtable(list(securities), schema=SECURITIES),
        ON,
    )
    rows = table.to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "one row for each customer"
    return {row["customer_key"]: tuple(row.values())[1:] for row in rows}


def test_worked_by_hand() -> None:
    documents: list[Document] = [
        ("a", "O1", None, "order", ON, 1000),
        ("a", "D1", "O1", "delivery", ON, 700),
        ("a", "I1", "O1", "invoice", ON, 400),  # 300 delivered and not invoiced, 300 ordered and not delivered
        ("a", "P1", None, "payment", ON, 150),
        ("a", "N1", "I1", "credit_note", ON, 50),
        ("a", "O2", None, "order", LATER, 10**6),  # tomorrow's
        ("a", "P2", None, "payment", LATER, 400),
        ("b", "O3", None, "order", ON, 500),
        ("b", "X3", "O3", "cancellation", ON, 200),
        ("b", "I3", "O3", "invoice", ON, 100),  # invoiced ahead of delivery: in the balance, not open once more
        ("c", "D4", None, "delivery", ON, 80),  # without an order
        ("c", "R4", "D4", "delivery_reversal", ON, 30),
        ("c", "P4", None, "payment", ON, 90),
        ("c", "F4", None, "refund", ON, 10),
        ("e", "O5", None, "order", ON, 100),
        ("e", "D5", "O5", "delivery", ON, 130),  # delivered more than was ordered
        ("e", "I5", "O5", "invoice", ON, 140),
        ("stranger", "I9", None, "invoice", ON, 10**9),
    ]
    securities: list[Security] = [
        ("a", 200, ON, ON),
        ("a", 50, ON - timedelta(days=9), None),
        ("a", 1000, LATER, None),
        ("b", 1000, ON - timedelta(days=9), ON - timedelta(days=1)),
        ("c", 5, ON, None),
    ]
    assert exposures("abcde", documents, securities) == {
        "a": (200, 300, 300, 250, 550),
        "b": (100, 0, 200, 0, 300),
        "c": (-80, 50, 0, 5, -35),  # paid ahead: room beyond the limit
        "d": (0, 0, 0, 0, 0),
        "e": (140, 0, 0, 0, 140),
    }


@pytest.mark.parametrize(
    ("goods", "reversal", "expected"),
    [
        (200, "invoice_cancelled", (100, 100, 0, 0, 200)),
        (100, "invoice_cancelled", (100, 0, 0, 0, 100)),
        (200, "credit_note", (100, 0, 0, 0, 100)),  # 100 taken back, 100 left
    ],
)
def test_an_invoice_reversed_and_issued_again(
    goods: int, reversal: str, expected: tuple[int, int, int, int, int]
) -> None:
    documents: list[Document] = [
        ("a", "O1", None, "order", ON, goods),
        ("a", "D1", "O1", "delivery", ON, goods),
        ("a", "I1", "O1", "invoice", ON, 100),
        ("a", "R1", "O1", reversal, ON, 100),
        ("a", "I2", "O1", "invoice", ON, 100),
    ]
    assert exposures("a", documents) == {"a": expected}


def test_an_invoice_reversed_and_not_issued_again_leaves_the_goods_open() -> None:
    documents: list[Document] = [
        ("a", "O1", None, "order", ON, 100),
        ("a", "D1", "O1", "delivery", ON, 100),
        ("a", "I1", "O1", "invoice", ON, 100),
        ("a", "R1", "O1", "invoice_cancelled", ON, 100),
        ("b", "D2", None, "delivery", ON, 100),
        ("b", "I2", "D2", "invoice", ON, 100),
        ("b", "R2", None, "invoice_cancelled", ON, 100),  # without a reference: the sum is the same
    ]
    assert exposures("ab", documents) == {"a": (0, 100, 0, 0, 100), "b": (0, 100, 0, 0, 100)}


def reference(documents: Sequence[Document]) -> tuple[int, int, int]:
    """Balance, not invoiced, not delivered of one customer, in plain Python."""
    counted = [row for row in documents if row[4] is not None and row[4] <= ON]
    dealings: dict[str | None, dict[str | None, int]] = {}
    total: dict[str | None, int] = {}
    for _, document, refers_to, kind, _, amount in counted:
        sums = dealings.setdefault(refers_to or document, {})
        sums[kind] = sums.get(kind, 0) + (amount or 0)
        total[kind] = total.get(kind, 0) + (amount or 0)
    owed = total.get("invoice", 0) + total.get("refund", 0)
    balance = owed - sum(total.get(kind, 0) for kind in ("payment", "credit_note", "invoice_cancelled"))
    not_invoiced = not_delivered = 0
    for sums in dealings.values():
        delivered = sums.get("delivery", 0) - sums.get("delivery_reversal", 0)
        ordered = sums.get("order", 0) - sums.get("cancellation", 0)
        invoiced = sums.get("invoice", 0) - sums.get("invoice_cancelled", 0)
        not_invoiced += max(delivered - invoiced, 0)
        not_delivered += max(ordered - max(delivered, invoiced), 0)
    return balance, not_invoiced, not_delivered


papers = st.lists(
    st.tuples(
        st.sampled_from(["O1", "O2", None]),
        st.sampled_from(exposure.KINDS),
        st.sampled_from([ON, ON, LATER]),
        st.one_of(st.integers(1, 9), st.integers(1, 10**13)),
    ),
    min_size=10,
    max_size=40,
)


@settings(max_examples=4, deadline=None)
@given(given=papers, data=st.data())
def test_like_plain_python_in_any_order(given: list[tuple[str | None, str, date, int]], data: st.DataObject) -> None:
    documents: list[Document] = [("a", f"N{n}", *row) for n, row in enumerate(given)]
    balance, not_invoiced, not_delivered = reference(documents)
    expected = {"a": (balance, not_invoiced, not_delivered, 7, balance + not_invoiced + not_delivered - 7)}
    assert exposures("a", documents, [("a", 7, ON, None)]) == expected
    assert exposures("a", data.draw(st.permutations(documents)), [("a", 7, ON, None)]) == expected


def test_what_cannot_be_counted_is_named() -> None:
    documents: list[Document] = [
        ("a", "D1", None, "delivery", ON, 1),
        ("a", "D2", None, "delivery", ON, 1),
        ("b", "D2", None, "delivery", ON, 1),
        ("a", None, None, "order", ON, 1),
        (None, "D3", None, "order", ON, 1),
        ("a", "D4", None, "Order", ON, 1),
        ("a", "D5", None, None, ON, 1),
        ("a", "D6", None, "order", None, 1),
        ("a", "D7", None, "order", ON, 0),
        ("a", "D8", None, "order", ON, -5),
        ("a", "D9", None, "order", ON, None),
    ]
    rows = exposure.faulty(ibis.memtable(documents, schema=DOCUMENTS)).to_pyarrow().to_pylist()
    found = sorted((row["document"] or "", row["fault"]) for row in rows)
    assert found == [
        ("", "no_number"),
        ("D2", "number_twice"),
        ("D2", "number_twice"),
        ("D3", "no_customer"),
        ("D4", "unknown_kind"),
        ("D5", "unknown_kind"),
        ("D6", "no_day"),
        ("D7", "no_amount"),
        ("D8", "no_amount"),
        ("D9", "no_amount"),
    ]


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


def test_faults_outcomes_and_reasons_have_names() -> None:
    for language in ("zh-CN", "en"):
        for group, names in {
            "document_fault": exposure.FAULTS,
            "outcome": exposure.OUTCOMES,
            "reason": exposure.REASONS,
            "document_kind": exposure.KINDS,
        }.items():
            assert len({text(f"credit_use.{group}.{name}", language) for name in names}) == len(names)
