"""Disclosure control: what an attacker can compute, seen by linear programming and, in small tables, by going through
every table that could be the true one.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.disclosure_rules import CLASSES, release_class
from custinfo.domain.errors import BadInput
from custinfo.statistics import disclosure, disclosure_rounding
from custinfo.statistics.disclosure import audit, protect, too_narrow, unsafe
from custinfo.statistics.disclosure_table import AdditiveTable, Contribution, Key, TableCell, table


@dataclass(frozen=True)
class Rule:
    threshold: int = 3
    dominance_n: int | None = None
    dominance_percent: int | None = None
    p_percent: int | None = None
    protection_percent: int = 10


P_RULE = Rule(2, 1, 80, 10, 10)


def counted(counts: dict[str, list[int]], names: str = "xyz") -> AdditiveTable:
    """A table of counts: a row of numbers for each category."""
    rows = [
        Contribution(f"{row}{name}{i}", (row, name))
        for row, numbers in counts.items()
        for name, number in zip(names, numbers, strict=True)
        for i in range(number)
    ]
    return table(rows, (list(counts), list(names)))


def summed(cells: dict[Key, list[int]]) -> AdditiveTable:
    """A table of amounts: the contributions to each cell."""
    dimensions = [list(dict.fromkeys(key[i] for key in cells)) for i in range(len(next(iter(cells))))]
    rows = [Contribution(f"{key}{i}", key, value) for key, values in cells.items() for i, value in enumerate(values)]
    return table(rows, dimensions)


def test_a_table_has_its_totals_and_subtotals() -> None:
    made = table(
        [Contribution("a", ("e/sd", "x"), 5), Contribution("b", ("e/zj", "x"), 7), Contribution("a", ("w", "y"), 2)],
        (["e/sd", "e/zj", "w"], ["x", "y"]),
    )
    assert made.cells["e", "x"].value == 12
    assert made.cells["", ""].value == 14
    assert made.cells["", ""].count == 2
    assert made.cells["", ""].contributors == (("a", 7), ("b", 7))
    assert (("e", "y"), (("e/sd", "y"), ("e/zj", "y"))) in made.relations
    for rows, dimensions in (
        ([Contribution("a", ("q",))], (["x"],)),
        ([Contribution("a", ("x",), -1)], (["x"],)),
        ([], (["e", "e/sd"],)),
        ([], ([],)),
    ):
        with pytest.raises(BadInput):
            table(rows, dimensions)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        AdditiveTable({**made.cells, ("", ""): replace(made.cells["", ""], value=15)}, made.relations)


def test_the_three_rules() -> None:
    made = summed({
        ("few",): [10, 10], ("dominated",): [900, 50, 50], ("reckoned",): [500, 400, 40], ("safe",): [40, 40, 40, 40],
        ("zero",): [],
    })  # fmt: skip
    found = unsafe(made, Rule(3, 1, 85, 10))
    assert found == {("few",): "threshold", ("dominated",): "dominance", ("reckoned",): "p_percent"}
    # Exactly on a limit is safe: 90 of 100 with k = 90, and others who hold exactly p per cent of the largest
    assert not unsafe(summed({("a",): [90, 5, 5]}), Rule(3, 1, 90))
    assert not unsafe(summed({("a",): [100, 50, 10]}), Rule(3, p_percent=10))
    assert unsafe(summed({("a",): [100, 50, 9]}), Rule(3, p_percent=10))


def test_who_adds_nothing_hides_nobody() -> None:
    made = summed({("a",): [700, 0, 0, 0], ("b",): [40, 40, 40, 0]})
    assert (made.cells["a",].count, made.cells["b",].count) == (1, 3)
    assert unsafe(made, Rule(3)) == {("a",): "threshold"}


def amount(**held: int) -> TableCell:
    ordered = sorted(held.items(), key=lambda one: (-abs(one[1]), one[0]))
    return TableCell(sum(held.values()), tuple(ordered))


def test_a_zero_of_opposite_figures_is_not_nobodys() -> None:
    # What one bought another took back; whoever is one of the two reads the other's figure
    nought, rest = amount(a=500, b=-500), amount(c=300, d=300, e=300)
    cells = {
        ("x",): nought,
        ("y",): rest,
        ("z",): TableCell(0, ()),
        ("",): TableCell(900, nought.contributors + rest.contributors),
    }
    made = AdditiveTable(cells, ((("",), (("x",), ("y",), ("z",))),))
    assert unsafe(made, Rule()) == {("x",): "threshold"}
    found = protect(made, Rule())
    assert found.secondary == {("y",)}
    assert not found.exposed and not too_narrow(found, Rule())
    assert audit(found)["x",] == disclosure.Interval(0, pytest.approx(900))  # type: ignore[arg-type]
    assert too_narrow(disclosure.Protected(made, found.unsafe, frozenset(), ()), Rule()) == (("x",),)


def test_what_changed_is_a_cell_of_those_who_changed() -> None:
    changed = amount(a=10, b=5, d=7).less(amount(a=40, b=5, c=1))
    assert (changed.value, changed.contributors) == (24, (("a", 30), ("d", -7), ("c", 1)))
    many = TableCell(500, (("a1", 90),), 40, 410, (("a1", 21, 300), ("b2", 20, 200)))
    assert many.less(replace(many, value=450, buckets=(("a1", 21, 300), ("b2", 20, 150)))).contributors == (("b2", 50),)
    assert many.less(many) == TableCell(0, ())


def test_a_wider_circle_sees_nothing_that_is_hidden_from_a_narrower_one() -> None:
    # One holds 80 of 100, the next far less: the largest two stay below 85
    made = summed({("a",): [960, *[20] * 12], ("b",): [30] * 40})
    hidden = [unsafe(made, release_class(code, date(2026, 11, 22))[0]) for code in CLASSES]
    assert hidden == [{}, {("a",): "dominance"}, {("a",): "dominance"}]


def test_one_small_cell_takes_three_others_with_it() -> None:
    found = protect(counted({"a": [1, 90, 30], "b": [80, 80, 80], "c": [30, 50, 9]}), Rule())
    assert set(found.unsafe) == {("a", "x")}
    assert found.secondary == {("a", "z"), ("c", "x"), ("c", "z")}
    assert found.shown["", ""] == 450
    assert not too_narrow(found, Rule())
    interval = audit(found)["a", "x"]
    assert interval.low == pytest.approx(0)
    assert interval.high == pytest.approx(31)


def test_nothing_is_hidden_when_all_cells_are_large() -> None:
    found = protect(counted({"a": [9, 20, 30], "b": [20, 20, 0]}), Rule())
    assert not found.suppressed
    assert found.shown["b", "z"] == 0


def test_hiding_the_unsafe_cell_alone_is_seen_by_the_audit() -> None:
    made = counted({"a": [1, 20, 30], "b": [20, 20, 40]})
    naive = disclosure.Protected(made, {("a", "x"): "threshold"}, frozenset(), ())
    assert audit(naive)["a", "x"] == disclosure.Interval(1, pytest.approx(1))  # type: ignore[arg-type]
    assert too_narrow(naive, Rule()) == (("a", "x"),)


def test_who_is_alone_in_a_hidden_cell_cannot_compute_the_other() -> None:
    # Two cells of one person each in one row: hiding both would do against strangers
    made = counted({"a": [1, 1, 30], "b": [20, 20, 40], "c": [20, 20, 40]})
    found = protect(made, Rule(2))
    assert not too_narrow(found, Rule(2))
    assert ("a", "z") in found.suppressed or ("a", "") in found.suppressed
    naive = disclosure.Protected(
        made, {("a", "x"): "threshold", ("a", "y"): "threshold"}, frozenset({("b", "x"), ("b", "y")}), ()
    )
    assert too_narrow(naive, Rule(2)) == (("a", "x"), ("a", "y"))


small = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=3)


@settings(max_examples=10, deadline=None)
@given(small)
def test_no_hidden_count_can_be_computed_back(counts: list[list[int]]) -> None:
    """Every table of whole numbers that fits what is shown is gone through, where there are few enough."""
    made = counted({"abc"[i]: row for i, row in enumerate(counts)})
    rule = Rule(3, protection_percent=10)
    found = protect(made, rule)
    assert not found.exposed
    assert not too_narrow(found, rule)
    shown = found.shown
    if any(shown[row, ""] is None for row in "abc"[: len(counts)]) or any(shown["", name] is None for name in "xyz"):
        return  # totals may be anything: the linear programs alone judge that
    possible: dict[Key, set[int]] = defaultdict(set)
    for rows in product(*(_rows(shown, row) for row in "abc"[: len(counts)])):
        if all(sum(row[i] for row in rows) == shown["", name] for i, name in enumerate("xyz")):
            for letter, row in zip("abc", rows, strict=False):
                for name, value in zip("xyz", row, strict=True):
                    possible[letter, name].add(value)
    for key in found.unsafe:
        assert len(possible[key]) > 1
        assert max(possible[key]) >= rule.threshold


def _rows(shown: dict[Key, int | None], row: str) -> list[tuple[int, ...]]:
    total = shown[row, ""]
    assert total is not None
    known = [shown[row, name] for name in "xyz"]
    ranges = [range(total + 1) if one is None else (one,) for one in known]
    return [one for one in product(*ranges) if sum(one) == total]


amounts = st.dictionaries(
    st.tuples(st.sampled_from(["e/1", "e/2", "w"]), st.sampled_from("xy")),
    st.lists(st.integers(1, 10**9), min_size=1, max_size=4), min_size=3, max_size=6,
)  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(amounts)
def test_amounts_in_a_hierarchy_withstand_too(cells: dict[Key, list[int]]) -> None:
    rows = [Contribution(f"{key}{i}", key, v) for key, values in cells.items() for i, v in enumerate(values)]
    made = table(rows, (["e/1", "e/2", "w"], ["x", "y"]))
    found = protect(made, P_RULE)
    assert set(too_narrow(found, P_RULE)) <= set(found.exposed)
    assert not found.exposed
    if not found.unsafe:
        assert not found.secondary
    intervals = audit(found)
    for key in found.unsafe:
        high = intervals[key].high
        assert high is None or high - intervals[key].low > 0.09 * made.cells[key].value
    assert protect(made, P_RULE).suppressed == found.suppressed


def test_three_dimensions_are_one_more_relation() -> None:
    rows = [Contribution(f"{a}{b}{c}{i}", (a, b, c)) for a, b, c in product("ab", "xy", "12") for i in range(9)]
    made = table(rows[1:], ("ab", "xy", "12"))
    found = protect(made, Rule(9))
    assert set(found.unsafe) == {("a", "x", "1")}
    assert len(found.secondary) == 7
    assert not too_narrow(found, Rule(9))


def test_what_was_shown_before_protects_nothing_and_is_named() -> None:
    before = counted({"a": [2, 20], "b": [20, 30]}, "xy")
    assert not protect(before, Rule()).exposed
    assert protect(before, Rule(), known=before.cells).exposed == (("a", "x"),)


def test_controlled_rounding_keeps_every_sum() -> None:
    made = counted({"a": [1, 12, 8], "b": [5, 0, 3], "c": [7, 7, 2]})
    rounded = disclosure_rounding.controlled(made, 5)
    for total, parts in made.relations:
        assert rounded[total] == sum(rounded[part] for part in parts)
    for key, figure in rounded.items():
        assert abs(figure - made.cells[key].value) < 5
        assert figure % 5 == 0
    assert (rounded["b", "y"], rounded["b", "x"]) == (0, 5)
    assert disclosure_rounding.plain(made, 5)["a", "z"] == 10
    assert disclosure_rounding.plain(made, 2)["a", "x"] == 2
    with pytest.raises(BadInput):
        disclosure_rounding.controlled(made, 1)


@settings(max_examples=10, deadline=None)
@given(small, st.integers(2, 10))
def test_any_two_way_table_can_be_rounded(counts: list[list[int]], base: int) -> None:
    made = counted({"abc"[i]: row for i, row in enumerate(counts)})
    rounded = disclosure_rounding.controlled(made, base)
    assert all(rounded[total] == sum(rounded[part] for part in parts) for total, parts in made.relations)
    assert all(abs(figure - made.cells[key].value) < base for key, figure in rounded.items())


def test_what_is_given_out_by_release_class() -> None:
    made = counted({"a": [4, 40, 33], "b": [31, 52, 41], "c": [61, 27, 12]})
    hidden = {}
    for code in CLASSES:
        rule, version = release_class(code, date(2026, 11, 22))
        assert version == 1
        found = protect(made, rule)
        hidden[code] = set(found.unsafe)
        given_out = disclosure_rounding.released(found, rule.rounding_base)
        assert all(figure is None or figure % rule.rounding_base == 0 for figure in given_out.values())
        assert {key for key, figure in given_out.items() if figure is None} == found.suppressed
    assert hidden["inside"] == set()
    assert hidden["group"] == hidden["outside"] == {("a", "x")}
    with pytest.raises(BadInput):
        release_class("press", date(2026, 11, 22))
