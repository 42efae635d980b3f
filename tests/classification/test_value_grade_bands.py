"""Value grades by bands of spending, and the grades of a quarter with hysteresis."""

from collections.abc import Mapping
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import value_grade
from custinfo.classification.bands import Band
from custinfo.classification.value_grade import ValueGradeRule
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Quarter
from tests.classification.test_value_grade import ENTRY, ON, RULE, SALES, graded, sold

ABSOLUTE = """
[[version]]
version = 1
effective_from = 2024-01-01
reason = "r"
approved_by = "p"
method = "absolute"
months = 12
hysteresis_percent = 10

[[version.band]]
name = "A"
at_least = 1000

[[version.band]]
name = "B"
at_least = 200
below = 1000

[[version.band]]
name = "C"
at_least = 1
below = 200
"""


def absolute(tmp_path: Path, content: str = ABSOLUTE) -> ValueGradeRule:
    (tmp_path / value_grade.FILE).write_text(content, "utf-8")
    return value_grade.rule(ON, tmp_path)


def test_bands_of_a_years_spending_worked_by_hand(tmp_path: Path) -> None:
    amounts = {"a": 1000, "b": 999, "c": 200, "d": 199, "e": 1, "f": 0}
    found = graded([*amounts, "g"], [*sold(amounts), ("g", "return", ON, 5)], absolute(tmp_path))
    assert "".join(found[key][1] for key in "abcdefg") == "ABBCCNN"


def test_only_the_products_that_the_rule_names_count(tmp_path: Path) -> None:
    rule = absolute(tmp_path, ABSOLUTE.replace("months = 12", 'months = 12\nproducts = ["dining", "餐饮"]'))
    known = ibis.memtable([("a",), ("b",)], schema={"customer_key": "string"})
    rows = [
        ("a", "sale", ON, 900, "dining"),
        ("a", "sale", ON, 150, "餐饮"),
        ("a", "return", ON, 50, "dining"),
        ("b", "sale", ON, 5000, "rooms"),
        ("b", "sale", ON, 5000, None),
    ]
    sales = ibis.memtable(rows, schema=ibis.schema({**SALES, "product": "string"}))
    found = {row["customer_key"]: row for row in value_grade.grade(known, sales, ON, rule).to_pyarrow().to_pylist()}
    assert (found["a"]["sales_12m_fen"], found["a"]["grade"], found["b"]["grade"]) == (1000, "A", "N")


QUARTER = Quarter(2026, 3)
Earlier = Mapping[str, tuple[str, int]]


def of_quarter(
    amounts: Mapping[str, int], rule: ValueGradeRule, earlier: Earlier | None
) -> dict[str, tuple[str, bool]]:
    """Grade and held, by customer; `earlier` is grade and version of the rule in the quarter before."""
    known = ibis.memtable([(key,) for key in amounts], schema={"customer_key": "string"})
    sales = ibis.memtable([(key, "sale", QUARTER.last, fen) for key, fen in amounts.items()], schema=SALES)
    previous = None
    if earlier is not None:
        schema = {"customer_key": "string", "grade": "string", "rule_version": "int32"}
        previous = ibis.memtable([(key, *was) for key, was in earlier.items()], schema=schema)
    rows = value_grade.grade_quarter(known, sales, QUARTER, rule, previous).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(amounts)
    return {row["customer_key"]: (row["grade"], row["held"]) for row in rows}


def test_hysteresis_of_bands_worked_by_hand(tmp_path: Path) -> None:
    # up from 1100 and 220 on, down below 900 and 180
    rule = absolute(tmp_path)
    amounts = {"a": 1099, "b": 1100, "c": 900, "d": 899, "e": 180, "f": 179, "g": 2000, "h": 950, "i": 0, "j": 950}
    amounts |= {"k": 950, "l": 210}
    was = dict.fromkeys("ab", ("B", 1)) | dict.fromkeys("cd", ("A", 1)) | dict.fromkeys("ef", ("B", 1))
    was |= {"g": ("C", 1), "h": ("A", 2), "i": ("A", 1), "j": ("N", 1), "stranger": ("A", 1)}
    was |= {"k": ("C", 1), "l": ("A", 1)}
    assert of_quarter(amounts, rule, was) == {
        "a": ("B", True),
        "b": ("A", False),
        "c": ("A", True),
        "d": ("B", False),
        "e": ("B", True),
        "f": ("C", False),
        "g": ("A", False),
        "h": ("B", False),  # graded by another version: nothing is held
        "i": ("N", False),
        "j": ("B", False),  # had no sales: nothing to hold
        "k": ("B", False),  # beyond the cut-off of B, not beyond that of A
        "l": ("B", False),  # beyond the cut-off of A downwards, not beyond that of B
    }
    assert set(of_quarter({"a": 1000, "b": 999}, rule, None).values()) == {("A", False), ("B", False)}


def test_hysteresis_of_shares_worked_by_hand() -> None:
    # 10 % of 70 % and of 90 %: A is kept up to 77 % and reached below 63 %; B up to 99 %, below 81 %
    rule = RULE.model_copy(update={"hysteresis_percent": 10})
    amounts = {"a": 760, "b": 140, "c": 90, "d": 10}  # before: 0, 760, 900, 990 of 1000
    assert of_quarter(amounts, rule, {"b": ("A", 3), "c": ("B", 3), "d": ("B", 3), "a": ("C", 3)}) == {
        "a": ("A", False),
        "b": ("A", True),
        "c": ("B", True),
        "d": ("C", False),
    }
    assert of_quarter({"a": 62, "b": 38}, rule, {"b": ("B", 3)})["b"] == ("A", False)
    assert of_quarter({"a": 63, "b": 37}, rule, {"b": ("B", 3)})["b"] == ("B", True)


def test_sums_beyond_int64_with_hysteresis() -> None:
    rule = RULE.model_copy(update={"hysteresis_percent": 10})
    amounts = {f"k{number}": 10**15 for number in range(10_000)} | {"small": 1}
    found = of_quarter(amounts, rule, {"k0": ("B", 3), "small": ("A", 3)})
    assert found.pop("small") == ("C", False)
    assert found.pop("k0") == ("A", False)
    assert set(found.values()) == {("A", False)}, "ten thousand of 10^15 fen are equal, and together above int64"


@settings(max_examples=12, deadline=None)
@given(
    amounts=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2500), min_size=1),
    was=st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.sampled_from("ABCN"), st.integers(2, 3))),
    more=st.integers(1, 500),
    bands=st.booleans(),
)
def test_more_sales_never_lower_a_held_grade(amounts: dict[str, int], was: Earlier, more: int, bands: bool) -> None:
    rule = RULE.model_copy(update={"hysteresis_percent": 10})
    if bands:
        found = tuple(Band(name=n, at_least=low, below=top) for n, low, top in BANDS)
        rule = rule.model_copy(update={"method": "absolute", "a_percent": None, "b_percent": None, "band": found})
    key = min(amounts)
    before = of_quarter(amounts, rule, was)[key][0]
    after = of_quarter(amounts | {key: amounts[key] + more}, rule, was)[key][0]
    assert value_grade.GRADES.index(after) <= value_grade.GRADES.index(before)


BANDS = (("A", 1000, None), ("B", 200, 1000), ("C", 1, 200))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("below = 1000", "below = 1001", "vertical.band_overlap"),
        ("below = 1000", "", "vertical.band_overlap"),
        ("below = 1000", "below = 999", "vertical.band_hole"),
        ("at_least = 1\n", "at_least = 0\n", "vertical.band_bottom"),
        ("at_least = 1\n", "at_least = 2\n", "vertical.band_bottom"),
        ("at_least = 1\n", "at_least = 200\n", "vertical.band_empty"),
        ("at_least = 1000", "at_least = 1000\nbelow = 2000", "vertical.band_top"),
        ('"B"', '"A"', "vertical.band_twice"),
        ('"B"', '"D"', "vertical.band_names"),
        ("at_least = 200\nbelow = 1000", "at_least = 900\nbelow = 1000", "vertical.band_hole"),
        ("= 10\n", "= 67\n", "vertical.hysteresis_wide"),
        ("= 10\n", "= 100\n", "classification.limit"),
        ("months = 12", "months = 12\na_percent = 70", "classification.unknown_entry"),
        ("absolute", "pareto", "classification.missing_entry"),
        ("absolute", "share", "classification.wrong_entry"),
        ("months = 12", "months = 12\nproducts = []", "classification.wrong_entry"),
    ],
)
def test_bands_out_of_order_are_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in ABSOLUTE
    with pytest.raises(BadInput) as raised:
        absolute(tmp_path, ABSOLUTE.replace(old, new))
    assert raised.value.key == key
    for language in ("zh-CN", "en"):
        assert value_grade.FILE in raised.value.text(language)


@pytest.mark.parametrize(("percent", "fits"), [(11, True), (12, False)])
def test_margins_of_shares_do_not_meet(tmp_path: Path, percent: int, fits: bool) -> None:
    # 90 % and 11 % of it are 99.9 %; with 12 % no customer of B would ever become C
    content = ENTRY + f"hysteresis_percent = {percent}\n"
    if fits:
        assert absolute(tmp_path, content).hysteresis_percent == percent
    else:
        with pytest.raises(BadInput, match="hysteresis of 12 %"):
            absolute(tmp_path, content)
