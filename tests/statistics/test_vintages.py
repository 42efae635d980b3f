"""What was known of the same figures at two moments, row by row."""

from datetime import datetime

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.statistics.vintages import difference, difference_of_sums

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


EARLIER, LATER = datetime(2026, 9, 1), datetime(2026, 11, 1)  # noqa: DTZ001
RECORDED = st.sampled_from([datetime(2026, month, 1) for month in (8, 9, 10, 11, 12)])  # noqa: DTZ001


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), RECORDED, st.integers(-3, 3)), max_size=8))
def test_sums_read_once_differ_as_the_sums_of_both_moments_do(rows):
    names = {"grade": "string", "recorded_at": "timestamp", "fen": "int64"}
    lines = ibis.memtable([dict(zip(names, row, strict=True)) for row in rows], schema=names)

    def known(by):
        return lines.filter(lines.recorded_at <= by).group_by("grade").agg(fen=lines.fen.sum())

    at_once = difference_of_sums(lines, ["grade"], {"fen": lines.fen}, EARLIER, LATER)
    one_by_one = difference(known(EARLIER), known(LATER), ["grade"], ["fen"])
    assert at_once.columns == one_by_one.columns
    assert at_once.order_by("grade").to_pyarrow().to_pylist() == one_by_one.order_by("grade").to_pyarrow().to_pylist()


def test_the_first_moment_comes_first():
    with pytest.raises(ValueError, match="before the second"):
        difference_of_sums(table([]), [], {}, LATER, EARLIER)
