"""What was known of the same figures at two moments, row by row."""

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.statistics.vintages import difference

COLUMNS = {"grade": "string", "product": "string", "sales_fen": "int64"}


def table(rows):
    return ibis.memtable([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=COLUMNS)


def found(before, after):
    rows = difference(table(before), table(after), ["grade", "product"], ["sales_fen"]).to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def test_worked_by_hand():
    before = [("A", "茶", 100), ("A", "酒", 50), ("B", "茶", 7), ("C", "茶", None)]
    after = [("A", "茶", 100), ("A", "酒", 55), ("B", "酒", 0), ("C", "茶", None)]
    assert found(before, after) == [
        ("A", "酒", "changed", 50, 55), ("B", "茶", "removed", 7, None), ("B", "酒", "added", None, 0),
    ]  # fmt: skip


def test_from_a_figure_to_none_is_a_change():
    assert found([("A", "茶", 0)], [("A", "茶", None)]) == [("A", "茶", "changed", 0, None)]


ROWS = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.sampled_from("茶酒")), st.none() | st.integers(-3, 3), max_size=4
)


@settings(max_examples=15, deadline=None)
@given(ROWS, ROWS)
def test_nothing_else_differs_and_the_other_way_round_is_the_reverse(before, after):
    rows = [[(*key, value) for key, value in one.items()] for one in (before, after)]
    changed = found(*rows)
    expected = {key for key in before.keys() | after.keys() if before.get(key, "none") != after.get(key, "none")}
    assert {(grade, product) for grade, product, *_ in changed} == expected
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert found(*reversed(rows)) == sorted((g, p, turned[state], new, old) for g, p, state, old, new in changed)
