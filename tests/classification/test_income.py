"""Bands of income and of age: their edges, what is not stated, and rules that contradict themselves."""

from datetime import date
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import income
from custinfo.classification.income import AgeRule, IncomeRule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
INCOME = income.income_rule(2026)
AGE = income.age_rule(ON)
YUAN = 100


def by_income(customers: str, incomes: list[tuple[str, int, int | None]], year: int = 2026) -> dict[str, str]:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    stated = ibis.memtable(incomes, schema={"customer_key": "string", "year": "int64", "income_fen": "int64"})
    rows = income.by_income(known, stated, year, INCOME).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers)
    assert {row["rule_version"] for row in rows} <= {INCOME.version}
    return {row["customer_key"]: row["income_band"] for row in rows}


def by_age(years: list[int | None]) -> list[str]:
    rows = [(f"k{place:03}", year) for place, year in enumerate(years)]
    people = ibis.memtable(rows, schema={"customer_key": "string", "birth_year": "int64"})
    result = income.by_age(people, ON, AGE).to_pyarrow().sort_by("customer_key").to_pylist()
    assert [row["customer_key"] for row in result] == [key for key, _ in rows]
    return [row["age_band"] for row in result]


def test_income_at_the_edges() -> None:
    incomes = [
        ("a", 2026, 100_000 * YUAN - 1),
        ("b", 2026, 100_000 * YUAN),
        ("c", 2026, 500_000 * YUAN - 1),
        ("d", 2026, 500_000 * YUAN),
        ("e", 2026, 0),
        ("f", 2026, -5),
        ("g", 2026, None),
        ("h", 2025, 900_000 * YUAN),  # of another year
        ("z", 2026, 10**15),  # of nobody whom we know
    ]
    low, middle, high, unknown = "low", "middle", "high", "unknown"
    assert by_income("abcdefghi", incomes) == dict(
        zip("abcdefghi", [low, middle, middle, high, low, low, unknown, unknown, unknown], strict=True)
    )
    assert by_income("h", incomes, 2025) == {"h": high}


def test_two_figures_for_a_year_are_still_one_customer() -> None:
    assert by_income("a", [("a", 2026, 10), ("a", 2026, 10**8), ("a", 2026, None)]) == {"a": "high"}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 10**8), min_size=2, max_size=20))
def test_more_income_is_never_a_lower_band(amounts: list[int]) -> None:
    keys = [chr(0x4E00 + place) for place in range(len(amounts))]
    found = by_income("".join(keys), [(key, 2026, amount) for key, amount in zip(keys, amounts, strict=True)])
    order = ["low", "middle", "high"]
    ranked = [order.index(found[key]) for _, key in sorted(zip(amounts, keys, strict=True))]
    assert ranked == sorted(ranked)


def test_age_at_the_edges() -> None:
    ages = [0, 17, 18, 29, 30, 44, 45, 59, 60, 129]
    assert by_age([2026 - age for age in ages]) == [
        "0-17", "0-17", "18-29", "18-29", "30-44", "30-44", "45-59", "45-59", "60+", "60+",
    ]  # fmt: skip
    assert by_age([None, 2027, 1896, 0]) == ["unknown"] * 4


def test_the_bands_of_age_are_named_without_a_hole() -> None:
    assert AGE.bands() == ("0-17", "18-29", "30-44", "45-59", "60+")
    assert AGE.model_copy(update={"from_ages": (60,)}).bands() == ("0-59", "60+")


def test_the_rule_of_a_year() -> None:
    assert income.income_rule(2020).version == 1
    with pytest.raises(BadInput):
        income.income_rule(2019)


@pytest.mark.parametrize("new", ["high_from_yuan = 100000", "high_from_yuan = 99000"])
def test_high_begins_above_middle(tmp_path: Path, new: str) -> None:
    change = ("high_from_yuan = 500000", new)
    assert refused(tmp_path, income.INCOME_FILE, IncomeRule, change) == "horizontal.income.order"


@pytest.mark.parametrize("ages", ["[18, 18]", "[30, 18]", "[0, 18]", "[18, 130]"])
def test_ages_rise(tmp_path: Path, ages: str) -> None:
    assert refused(tmp_path, income.AGE_FILE, AgeRule, ("[18, 30, 45, 60]", ages)) == "horizontal.income.ages"


def test_every_band_has_a_name() -> None:
    for language in LANGUAGES:
        assert len({text(f"horizontal.income.class.{band}", language) for band in income.BANDS}) == len(income.BANDS)
