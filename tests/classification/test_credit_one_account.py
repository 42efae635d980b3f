"""One account in plain Python, worked by hand and against the tables of `payments` and `account_watch`."""

from datetime import date, timedelta
from random import Random
from typing import Any

import ibis
import pyarrow as pa

from custinfo.classification.credit import account_watch, one_account, payments, terms
from custinfo.classification.credit.one_account import DaySum

ON = date(2026, 10, 31)
DUE, WATCH = terms.rule(ON), account_watch.rule(ON)


def test_first_in_first_out_by_hand() -> None:
    sums = [
        DaySum("sale", date(2026, 7, 3), 10_000),  # net_30: due on 30 August
        DaySum("payment", date(2026, 8, 1), 4_000),
        DaySum("sale", date(2026, 8, 5), 5_000),  # due on 30 September
        DaySum("return", date(2026, 9, 9), 8_000),  # settles what is left of the first, and 2,000 of the second
        DaySum("sale", date(2026, 10, 30), 1),
        DaySum("payment", date(2026, 11, 2), 9_000),  # not yet
    ]
    found = one_account.items(sums, "net_30", ON, DUE)
    assert [(one.due_on, one.open_fen) for one in found] == [
        (date(2026, 8, 30), 0), (date(2026, 9, 30), 3_000), (date(2026, 11, 30), 1),
    ]  # fmt: skip
    assert found[0].paid == ((date(2026, 8, 1), 4_000), (date(2026, 9, 9), 6_000))
    paid = one_account.behaviour(found, date(2025, 10, 31), ON)
    assert (paid.due_fen, paid.in_time_fen, paid.late_fen, paid.open_fen) == (15_000, 6_000, 6_000, 3_000)
    assert paid.fen_days == 6_000 * 10 + 3_000 * 31
    assert paid.longest_overdue_days == 31


def test_nothing_is_nothing() -> None:
    assert one_account.items([], None, ON, DUE) == ()
    assert one_account.behaviour([], ON, ON) == one_account.Behaviour(0, 0, 0, 0, 0)
    assert one_account.signs([], None, ON, WATCH, DUE) == []


def test_signs_by_hand() -> None:
    usual = [DaySum("sale", ON - timedelta(days=days), 1_000_000) for days in (40, 70, 100, 130, 160, 190)]
    much = [*usual, DaySum("sale", ON, 3_000_000), DaySum("return", ON, 1_500_000)]
    found = one_account.signs(much, "cash_on_delivery", ON, WATCH, DUE)
    assert ("buys_more", 3_000_000, 6_000_000) in found
    assert ("returns", 1_500_000, 3_000_000) in found


def _accounts() -> dict[str, tuple[str | None, list[DaySum]]]:
    """Invented accounts, many of them; on one day a customer has at most one line of a kind."""
    chance, found = Random(20261031), {}
    for number in range(80):
        days = chance.sample(range(260), chance.randint(1, 14))
        kinds = ("sale", "sale", "sale", "payment", "return")
        lines = [DaySum(chance.choice(kinds), ON - timedelta(days=ago), chance.randint(1, 4_000_000)) for ago in days]
        found[f"k{number:03d}"] = chance.choice([None, "net_30", "net_60"]), lines
    return found


def test_the_same_as_of_many_at_once() -> None:
    accounts = _accounts()
    rows = [(key, code, one.kind, one.on, one.fen) for key, (code, sums) in accounts.items() for one in sums]
    names = ("customer_key", "terms", "kind", "occurred_on", "amount_fen")
    sales = ibis.memtable(pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)}))
    number = sales.customer_key + "|" + sales.kind + "|" + sales.occurred_on.cast("string")
    named = sales.mutate(document=number, delivered_on=sales.occurred_on, agreed_due_on=ibis.null("date"))
    invoices = terms.dated(named.filter(named.kind == "sale"), ON, DUE).select(
        "customer_key", "document", "due_on", "amount_fen", invoiced_on="delivered_on"
    )
    paid = named.filter(named.kind != "sale").select("customer_key", "document", "amount_fen", paid_on="occurred_on")
    first, people = ON - timedelta(days=200), ibis.memtable({"customer_key": list(accounts)})
    theirs = {row["customer_key"]: row for row in _rows(payments.behaviour(people, invoices, paid, first, ON))}
    signs = _rows(account_watch.signs(people, sales, invoices, paid, ON, WATCH))
    assert len(signs) > 10
    compared = ("due_fen", "in_time_fen", "late_fen", "open_fen", "longest_overdue_days")
    for key, (code, sums) in accounts.items():
        mine = one_account.behaviour(one_account.items(sums, code, ON, DUE), first, ON)
        assert {name: getattr(mine, name) for name in compared} == {name: theirs[key][name] for name in compared}
        assert (mine.fen_days / mine.due_fen if mine.due_fen else None) == theirs[key]["days_beyond_terms"]
        found = [(one["sign"], one["amount_fen"], one["compared_fen"]) for one in signs if one["customer_key"] == key]
        assert sorted(one_account.signs(sums, code, ON, WATCH, DUE)) == sorted(found)


def _rows(table: ibis.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows
