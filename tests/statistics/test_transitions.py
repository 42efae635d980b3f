"""Figures for the meetings on grades, each worked by hand."""

from datetime import date

import ibis

from custinfo.domain.periods import Quarter
from custinfo.statistics import transitions


def rows(table):
    return table.to_pyarrow().to_pylist()


def sales(*days):
    return ibis.memtable([(day,) for day in days], schema={"occurred_on": "date"})


def changed():
    found = [
        ("a", "B", "A", "up", "sales", 500),
        ("b", "A", "B", "down", "sales", -700),
        ("c", "B", "A", "up", "sales", 200),
        ("d", "A", "B", "down", "others", 0),
        ("e", "-", "C", None, "new", 500),
    ]
    columns = ("customer_key", "from_grade", "to_grade", "direction", "reason", "change_fen")
    return ibis.memtable(found, schema=dict.fromkeys(columns[:-1], "string") | {"change_fen": "int64"})


def test_only_quarters_that_have_ended_and_had_sales_are_closed():
    found = sales(date(2026, 2, 3), date(2026, 9, 1), date(2027, 1, 1))
    on = date(2026, 11, 1)
    assert [str(one) for one in transitions.closed(found, on, 8)] == ["2026-Q3", "2026-Q2", "2026-Q1"]
    assert [str(one) for one in transitions.closed(found, on, 2)] == ["2026-Q3", "2026-Q2"]
    assert transitions.closed(found, date(2026, 9, 30), 1) == [Quarter(2026, 3)], "on its last day a quarter has ended"


def test_without_sales_or_before_the_first_quarter_ended_none_is_closed():
    assert transitions.closed(sales(), date(2026, 11, 1), 8) == []
    assert transitions.closed(sales(date(2026, 11, 1)), date(2026, 11, 20), 8) == []
    assert transitions.closed(sales(date(2026, 12, 1)), date(2026, 11, 20), 8) == [], "what is sold later"


def test_sizes_of_each_quarter_worked_by_hand():
    schema = {"grade": "string", "sales_12m_fen": "int64"}
    first = ibis.memtable([("A", 900), ("A", 100), ("N", 0)], schema=schema)
    second = ibis.memtable([("A", 900), ("C", 10**15), ("N", -5)], schema=schema)
    found = rows(transitions.sizes({Quarter(2026, 1): first, Quarter(2026, 2): second}))
    assert [(row["quarter"], row["grade"], row["customers"], row["net_fen"]) for row in found] == [
        ("2026-Q1", "A", 2, 1000),
        ("2026-Q1", "N", 1, 0),
        ("2026-Q2", "A", 1, 900),
        ("2026-Q2", "C", 1, 10**15),
        ("2026-Q2", "N", 1, -5),
    ]


def test_reasons_are_counted_by_direction_and_ties_have_one_order():
    found = rows(transitions.by_reason(changed()))
    assert [(row["direction"], row["reason"], row["customers"], row["change_fen"]) for row in found] == [
        ("up", "sales", 2, 700),
        (None, "new", 1, 500),
        ("down", "others", 1, 0),
        ("down", "sales", 1, -700),
    ]


def test_the_list_is_narrowed_by_way_and_reason_and_stands_by_the_size_of_the_change():
    def keys(table):
        return [row["customer_key"] for row in rows(transitions.listed(table))]

    assert keys(changed()) == ["b", "a", "e", "c", "d"], "equal changes by customer"
    assert keys(transitions.went(changed(), "A", "B")) == ["b", "d"]
    assert keys(transitions.went(changed(), "A", "B", ["others"])) == ["d"]
    assert keys(transitions.went(changed(), to_grade="A")) == ["a", "c"]
    assert keys(transitions.went(changed(), from_grade="-")) == ["e"]
