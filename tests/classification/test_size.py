"""Sizes: the limits of every category at their edges, missing figures, and rule files that contradict themselves."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules, size
from custinfo.classification.size import SizeRule
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = size.rule(ON)
INDUSTRIES = codelists.load("industry")
W = 1_000_000  # 万元 in fen

Firm = tuple[str | None, int | None, int | None, int | None]
Sized = tuple[str, str | None]


def sized(firms: Sequence[Firm]) -> list[Sized]:
    rows = [(f"k{place}", *firm) for place, firm in enumerate(firms)]
    schema = {
        "customer_key": "string",
        "industry": "string",
        "staff": "int64",
        "revenue_fen": "int64",
        "assets_fen": "int64",
    }
    result = size.classify(ibis.memtable(rows, schema=schema), INDUSTRIES, RULE).to_pyarrow().to_pylist()
    by_key = {row["customer_key"]: row for row in result}
    assert len(result) == len(by_key) == len(firms), "exactly one size each"
    assert {row["rule_version"] for row in result} <= {RULE.version}
    return [(by_key[f"k{place}"]["size"], by_key[f"k{place}"]["reason"]) for place in range(len(firms))]


# Code, staff, revenue and assets (万元) at the lower limits of large, medium, small
TABLE: list[tuple[str, list[int] | None, list[int] | None, list[int] | None]] = [
    ("0111", None, [20000, 500, 50], None),
    ("06", [1000, 300, 20], [40000, 2000, 300], None),
    ("2928", [1000, 300, 20], [40000, 2000, 300], None),
    ("4411", [1000, 300, 20], [40000, 2000, 300], None),
    ("47", None, [80000, 6000, 300], [80000, 5000, 300]),
    ("5111", [200, 20, 5], [40000, 5000, 1000], None),
    ("5211", [300, 50, 10], [20000, 500, 100], None),
    ("54", [1000, 300, 20], [30000, 3000, 200], None),
    ("591", [1000, 300, 20], [30000, 3000, 200], None),
    ("592", [200, 100, 20], [30000, 1000, 100], None),
    ("60", [1000, 300, 20], [30000, 2000, 100], None),
    ("6110", [300, 100, 10], [10000, 2000, 100], None),
    ("6210", [300, 100, 10], [10000, 2000, 100], None),
    ("63", [2000, 100, 10], [100000, 1000, 100], None),
    ("64", [2000, 100, 10], [100000, 1000, 100], None),
    ("6513", [300, 100, 10], [10000, 1000, 50], None),
    ("7010", None, [200000, 1000, 100], [10000, 5000, 2000]),
    ("702", [1000, 300, 100], [5000, 1000, 500], None),
    ("71", [300, 100, 10], None, [120000, 8000, 100]),
    ("L", [300, 100, 10], None, [120000, 8000, 100]),
    ("M", [300, 100, 10], None, None),
    ("703", [300, 100, 10], None, None),
    ("85", [300, 100, 10], None, None),
]


@pytest.mark.parametrize(("code", "staff", "revenue", "assets"), TABLE)
def test_every_category_at_its_limits(
    code: str, staff: list[int] | None, revenue: list[int] | None, assets: list[int] | None
) -> None:
    figures = [(limits, unit) for limits, unit in ((staff, 1), (revenue, W), (assets, W))]
    at: list[Firm] = []
    expected: list[Sized] = []
    names = ["large", "medium", "small", "micro"]
    for place in range(3):
        reached = [limits[place] * unit if limits else None for limits, unit in figures]
        at.append((code, reached[0], reached[1], reached[2]))
        expected.append((names[place], None))
        for index, one in enumerate(reached):
            if one is not None:  # One less in this figure alone: one size down
                less = [
                    value - 1 if value is not None and other == index else value for other, value in enumerate(reached)
                ]
                at.append((code, less[0], less[1], less[2]))
                expected.append((names[place + 1], None))
    assert sized(at) == expected


def test_more_than_one_size_down() -> None:
    assert sized([("C", 5000, 2000 * W - 1, None), ("C", 5000, 1, None), ("C", 19, 10**9 * W, None)]) == [
        ("small", None),
        ("micro", None),
        ("micro", None),
    ]


def test_missing_is_not_micro_unless_another_figure_says_so() -> None:
    assert sized(
        [
            ("C", None, None, None),
            ("C", 1000, None, None),
            ("C", None, 300 * W, None),
            ("C", None, 300 * W - 1, None),
            ("C", 0, None, None),
            ("C", -1, 40000 * W, None),
            ("C", 1000, -1, None),
            ("C", 1000, 40000 * W, None),  # assets do not count for it
            ("E", 5, 80000 * W, None),
            ("E", None, 80000 * W, 80000 * W),
        ]
    ) == [
        ("unknown", "missing_figures"),
        ("unknown", "missing_figures"),
        ("unknown", "missing_figures"),
        ("micro", None),
        ("micro", None),
        ("unknown", "missing_figures"),
        ("unknown", "missing_figures"),
        ("large", None),
        ("unknown", "missing_figures"),
        ("large", None),
    ]


def test_industries_outside_too_coarse_and_unknown() -> None:
    enough = (10**6, 10**6 * W, 10**6 * W)
    codes: list[str | None] = [
        "J",
        "6621",
        "53",
        "7040",
        "8336",
        "84",
        "S",
        "T",
        "G",
        "59",
        "F",
        "K",
        "70",
        "Q",
        "I",
        "9999",
        "",
        None,
    ]
    found = dict(zip(codes, sized([(code, *enough) for code in codes]), strict=True))
    assert {code for code, one in found.items() if one == ("not_covered", None)} == {
        "J",
        "6621",
        "53",
        "7040",
        "8336",
        "84",
        "S",
        "T",
    }
    assert {code for code, one in found.items() if one == ("unknown", "too_coarse")} == {
        "G",
        "59",
        "F",
        "K",
        "70",
        "Q",
        "I",
    }
    assert found["9999"] == ("unknown", "unknown_code")
    assert found[""] == found[None] == ("unknown", "missing")


def reference(code: str, figures: dict[str, int | None]) -> str:
    """The rule's words, a firm at a time: the lowest of the sizes that the figures have each."""
    name = size.category_of(RULE, INDUSTRIES)[code]
    if name == "not_covered":
        return "not_covered"
    limits = next((one.limits() for one in RULE.category if one.name == name), None)
    if limits is None:
        return "unknown"
    unit = {"staff": 1, "revenue": W, "assets": W}
    ranks: list[int | None] = []
    for figure, steps in limits.items():
        value = figures[figure]
        known = value is not None and value >= 0
        ranks.append(sum(value >= step * unit[figure] for step in steps) if known and value is not None else None)
    if 0 in ranks:
        return "micro"
    lowest = [rank for rank in ranks if rank is not None]
    return "unknown" if None in ranks else ["micro", "small", "medium", "large"][min(lowest)]


amounts = st.none() | st.integers(-5, 3000) | st.integers(0, 250_000).map(lambda value: value * W)


@settings(max_examples=10, deadline=None)
@given(
    firms=st.lists(
        st.tuples(st.sampled_from([row.code for row in INDUSTRIES.rows]), amounts, amounts, amounts),
        min_size=1,
        max_size=30,
    )
)
def test_like_plain_python(firms: list[tuple[str, int | None, int | None, int | None]]) -> None:
    expected = [
        reference(code, {"staff": staff, "revenue": revenue, "assets": assets})
        for code, staff, revenue, assets in firms
    ]
    assert [one for one, _ in sized(firms)] == expected


def test_growth_never_makes_a_firm_smaller() -> None:
    order = ["micro", "small", "medium", "large"]
    steps = [
        ("52", staff, revenue * W, None)
        for staff, revenue in ((1, 1), (10, 100), (50, 100), (50, 500), (299, 30000), (300, 20000))
    ]
    places = [order.index(one) for one, _ in sized(steps)]
    assert places == sorted(places) == [0, 1, 1, 2, 2, 3]


def test_every_industry_is_in_one_place() -> None:
    categories = size.category_of(RULE, INDUSTRIES)
    assert set(categories) == {row.code for row in INDUSTRIES.rows}
    assert {code for code, name in categories.items() if name is None} == {"F", "G", "59", "H", "I", "K", "70", "Q"}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("revenue = [20000, 500, 50]", "", "no_limits"),
        ("revenue = [20000, 500, 50]", "revenue = [500, 20000, 50]", "limits"),
        ("revenue = [20000, 500, 50]", "revenue = [20000, 500]", "limits"),
        ("revenue = [20000, 500, 50]", "revenue = [20000, 20000, 50]", "limits"),
        ("revenue = [20000, 500, 50]", "revenue = [20000, 500, 0]", "limits"),
        ('name = "retail"', 'name = "wholesale"', "category_twice"),
        ('name = "retail"', 'name = "not_covered"', "category_twice"),
        ('codes = ["52"]', 'codes = ["5a"]', "unknown_code"),
        ('codes = ["52"]', 'codes = ["52", "51"]', "code_twice"),
        ('codes = ["52"]', 'codes = ["52", "5111"]', "code_within"),
        ('codes = ["52"]', 'codes = ["521"]', "hole"),
        ('"53", ', "", "hole"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, size.FILE, SizeRule, (old, new)) == f"horizontal.size.{key}"


def test_limits_are_whole_numbers(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, size.FILE, SizeRule, ("[20000, 500, 50]", "[20000, 500.5, 50]"))
        == "classification.wrong_entry"
    )


def test_the_rule_is_for_days_from_its_first() -> None:
    with pytest.raises(BadInput):
        size.rule(date(2019, 12, 31))
    assert rules.load(rules.FOLDER / size.FILE, SizeRule)[-1] == RULE


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    """What a file says is kept; a program that runs for weeks takes the version that is put there all the same."""
    file = tmp_path / size.FILE
    shipped = (rules.FOLDER / size.FILE).read_text("utf-8")
    file.write_text(shipped, "utf-8")
    assert rules.load(file, SizeRule)[-1] == RULE
    file.write_text(shipped.replace(RULE.approved_by, "另一人"), "utf-8")
    assert rules.load(file, SizeRule)[-1].approved_by == "另一人"
    file.write_text("version = 1", "utf-8")
    with pytest.raises(BadInput):
        rules.load(file, SizeRule)


def test_every_size_has_a_name() -> None:
    for language in LANGUAGES:
        assert len({text(f"horizontal.size.class.{one}", language) for one in size.SIZES}) == len(size.SIZES)
