"""Signs that a customer on account buys or pays out of the ordinary, at their bounds and around them."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import account_watch
from custinfo.classification.credit.account_watch import AccountWatchRule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = account_watch.rule(ON).model_copy(update={"from_fen": 10})
SHIPPED = (rules.FOLDER / account_watch.FILE).read_text("utf-8")
SALES = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"})
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

Sale = tuple[str, str, date, int]


def ago(days: int) -> date:
    return ON - timedelta(days=days)


def signs(
    sales: Sequence[Sale],
    invoices: Sequence[tuple[str, str, date, date, int]] = (),
    paid: Sequence[tuple[str, str, date, int]] = (),
) -> list[tuple[str, str, int, int]]:
    table = account_watch.signs(
        ibis.memtable([(key,) for key in "abcdef"], schema={"customer_key": "string"}),
        ibis.memtable(list(sales), schema=SALES),
        ibis.memtable(list(invoices), schema=INVOICES),
        ibis.memtable(list(paid), schema=PAYMENTS),
        ON,
        RULE,
    )
    rows = table.to_pyarrow().to_pylist()
    assert {row["rule_version"] for row in rows} <= {RULE.version}
    return sorted((row["customer_key"], row["sign"], row["amount_fen"], row["compared_fen"]) for row in rows)


def test_buying_out_of_the_ordinary() -> None:
    sales: list[Sale] = [
        ("a", "sale", ON, 20),  # with the next one three times the average of 60 / 6
        ("a", "sale", ago(29), 10),  # the first day of the stretch
        ("a", "sale", ago(30), 59),  # the last day before the stretch
        ("a", "sale", ago(209), 1),  # the first day that is looked at
        ("a", "sale", ago(210), 10**6),
        ("a", "sale", ON + timedelta(days=1), 10**6),
        ("b", "sale", ago(29), 29),
        ("b", "sale", ago(40), 60),
        ("c", "sale", ON, 10),  # nothing before
        ("d", "sale", ON, 9),  # too little
        ("e", "sale", ON, 20),
        ("e", "sale", ago(40), 40),
        ("e", "return", ON, 10),  # half of it
        ("e", "payment", ON, 10**6),
        ("f", "return", ON, 10),  # returned what was bought before
        ("stranger", "sale", ON, 10**6),
    ]
    assert signs(sales) == [
        ("a", "buys_more", 30, 60),
        ("c", "buys_more", 10, 0),
        ("e", "buys_more", 20, 40),
        ("e", "returns", 10, 20),
        ("f", "returns", 10, 0),
    ]


def test_paying_late_who_did_not_before() -> None:
    invoices = [
        *((key, f"{key}1", ago(90), ago(60), 100) for key in "abcd"),
        *((key, f"{key}2", ago(50), ago(20), 100) for key in "abcd"),
        ("e", "e2", ago(50), ago(20), 100),  # nothing due before
    ]
    paid = [
        ("a", "pa1", ago(60), 100),
        ("a", "pa2", ago(20), 70),  # 30 of 100 open
        ("b", "pb1", ago(60), 100),
        ("b", "pb2", ago(20), 71),
        ("c", "pc1", ago(40), 100),  # was late before as well
        ("d", "pd1", ago(60), 100),
        ("d", "pd2", ago(10), 100),  # late, and paid
    ]
    assert signs([], invoices, paid) == [
        ("a", "pays_late", 30, 100),
        ("d", "pays_late", 100, 100),
        ("e", "pays_late", 100, 100),
    ]


def test_nothing_gives_no_signs() -> None:
    assert signs([]) == []


bought = st.lists(st.tuples(st.integers(-1, 230), st.sampled_from(["sale", "return"]), st.integers(1, 60)), min_size=5)


@settings(max_examples=2, deadline=None)
@given(bought, st.data())
def test_like_plain_python_in_any_order(given: list[tuple[int, str, int]], data: st.DataObject) -> None:
    sales: list[Sale] = [("a", kind, ago(days), amount) for days, kind, amount in given]
    now = sum(amount for days, kind, amount in given if 0 <= days < 30 and kind == "sale")
    back = sum(amount for days, kind, amount in given if 0 <= days < 30 and kind == "return")
    before = sum(amount for days, kind, amount in given if 30 <= days < 210 and kind == "sale")
    expected = []
    if now >= 10 and now * 600 >= before * 300:
        expected.append(("a", "buys_more", now, before))
    if back >= 10 and back * 100 >= now * 50:
        expected.append(("a", "returns", back, now))
    assert signs(data.draw(st.permutations(sales))) == expected


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("more_percent = 300", "more_percent = 100", "limit"),
        ("late_percent = 30", "late_percent = 101", "limit"),
        ("days = 30\n", "days = 0\n", "limit"),
        ("stretches_before = 6\n", "", "missing_entry"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / account_watch.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, AccountWatchRule)
    assert raised.value.key == f"classification.{key}"


def test_signs_have_names() -> None:
    for language in ("zh-CN", "en"):
        assert len({text(f"credit_use.sign.{name}", language) for name in account_watch.SIGNS}) == 3
