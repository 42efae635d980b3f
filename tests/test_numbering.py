"""Customers by number: the same figures as by key, of the same customers in the same order."""

from datetime import date

import ibis

from custinfo.classification import rfm, spending
from custinfo.statistics import numbering

ON = date(2026, 10, 31)
COLUMNS = ("kind", "occurred_on", "amount_fen")


def tables():
    keys = [f"x/{n * 7919 % 1000:08d}" for n in range(12)]
    customers = ibis.memtable({"customer_key": keys})
    lines = [
        (
            keys[n % 10],
            "return" if n % 7 == 6 else "payment" if n % 7 == 5 else "sale",
            date(2026, 1 + n % 10, 1 + n % 28),
            n * 100,
        )
        for n in range(1, 90)
    ]
    lines.append(("somebody else", "sale", ON, 5))
    schema = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}
    return keys, customers, ibis.memtable(lines, schema=schema)


def rows(table):
    return sorted(map(str, table.to_pyarrow().to_pylist()))


def test_figures_by_number_are_those_by_key():
    _, customers, sales = tables()
    by_number = numbering.numbered(customers, sales, COLUMNS)
    rule = rfm.rule(ON)
    assert rows(by_number.named(rfm.scores(by_number.customers, by_number.sales, ON, rule))) == rows(
        rfm.scores(customers, sales, ON, rule)
    )
    known = sales.semi_join(customers, "customer_key")
    assert rows(by_number.named(spending.summary(by_number.sales, ON))) == rows(spending.summary(known, ON))


def test_numbers_are_in_the_order_of_the_ends_of_the_keys_and_payments_and_strangers_are_left_out():
    keys, customers, sales = tables()
    by_number = numbering.numbered(customers, sales, COLUMNS)
    named = {row["customer_key"]: row["key"] for row in by_number.keys.to_pyarrow().to_pylist()}
    assert [named[n] for n in range(len(keys))] == sorted(keys, key=lambda key: key[-8:])
    kept = by_number.sales.to_pyarrow().to_pydict()
    assert set(kept["kind"]) == {"sale", "return"} and set(kept["customer_key"]) <= set(named)
    assert 5 not in kept["amount_fen"]
