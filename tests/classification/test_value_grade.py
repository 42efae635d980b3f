"""Value grades: the rule worked by hand, its properties, and the rule file's refusals."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules, value_grade
from custinfo.classification.value_grade import ValueGradeRule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = ValueGradeRule(
    version=3, effective_from=date(2020, 1, 1), reason="test", approved_by="test", a_percent=70, b_percent=90, months=12
)
SALES = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"})

Movement = tuple[str, str, date, int]


def table(customers: Sequence[str], sales: Sequence[Movement], rule: ValueGradeRule = RULE) -> ibis.Table:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    return value_grade.grade(known, ibis.memtable(list(sales), schema=SALES), ON, rule)


def graded(
    customers: Sequence[str], sales: Sequence[Movement], rule: ValueGradeRule = RULE
) -> dict[str, tuple[int, str]]:
    rows = table(customers, sales, rule).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "grades partition the customers"
    return {row["customer_key"]: (row["sales_12m_fen"], row["grade"]) for row in rows}


def sold(amounts: Mapping[str, int]) -> list[Movement]:
    return [(key, "sale", ON, amount) for key, amount in amounts.items()]


def reference(customers: Sequence[str], sales: Sequence[Movement], rule: ValueGradeRule) -> dict[str, tuple[int, str]]:
    """The docstring's rule in plain Python, a customer at a time."""
    net = dict.fromkeys(customers, 0)
    first = value_grade.window_start(ON, rule.months)
    for key, kind, day, amount in sales:
        if key in net and first <= day <= ON and kind != "payment":
            net[key] += amount if kind == "sale" else -amount
    total = sum(value for value in net.values() if value > 0)

    def letter(value: int) -> str:
        before = sum(other for other in net.values() if other > value)
        if value <= 0:
            return "N"
        if before * 100 < rule.a_percent * total:
            return "A"
        return "B" if before * 100 < rule.b_percent * total else "C"

    return {key: (value, letter(value)) for key, value in net.items()}


def test_worked_by_hand() -> None:
    # total 1000: before a 0, b 500, c 690 (< 700: still A), d 800, e and f 900 (not < 900: C)
    amounts = {"a": 500, "b": 190, "c": 110, "d": 100, "e": 50, "f": 50}
    sales = [
        *sold(amounts),
        ("a", "payment", ON, 10**9),
        ("d", "sale", date(2025, 10, 31), 10**9),  # the day before the window
        ("d", "sale", date(2025, 11, 1), 30),  # its first day
        ("d", "return", ON, 30),
        ("e", "sale", date(2026, 11, 1), 10**9),  # the day after it
        ("g", "sale", ON, 70),
        ("g", "return", ON, 90),
        ("h", "sale", ON, 5),
        ("h", "return", ON, 5),
        ("stranger", "sale", ON, 10**9),
    ]
    assert graded([*amounts, "g", "h", "i"], sales) == {
        "a": (500, "A"),
        "b": (190, "A"),
        "c": (110, "A"),
        "d": (100, "B"),
        "e": (50, "C"),
        "f": (50, "C"),
        "g": (-20, "N"),
        "h": (0, "N"),
        "i": (0, "N"),
    }


def test_exactly_on_a_cut_off_is_the_lower_grade() -> None:
    assert graded("abc", sold({"a": 700, "b": 200, "c": 100})) == {"a": (700, "A"), "b": (200, "B"), "c": (100, "C")}
    assert graded("abc", sold({"a": 699, "b": 201, "c": 100}))["b"] == (201, "A")


def test_ties_share_a_grade() -> None:
    assert {grade for _, grade in graded("abcde", sold(dict.fromkeys("abcde", 20))).values()} == {"A"}
    tied = graded("abcd", sold({"a": 80, "b": 10, "c": 10, "d": 10}))
    assert [tied[key][1] for key in "abcd"] == ["A", "B", "B", "B"]


def test_nothing_sold_and_nobody_known() -> None:
    assert graded("ab", []) == {"a": (0, "N"), "b": (0, "N")}
    assert graded([], sold({"a": 1})) == {}


def test_every_fen_counts() -> None:
    # As floats both sides of the comparison would be equal
    big = 7 * 10**15
    assert graded("ab", sold({"a": big, "b": 3 * 10**15}))["b"][1] == "B"
    assert graded("ab", sold({"a": big, "b": 3 * 10**15 + 1}))["b"][1] == "A"


def test_types(tmp_path: Path) -> None:
    result = table("a", sold({"a": 1}))
    assert dict(result.schema()) == dict(
        ibis.schema({"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"})
    )
    result.to_parquet(tmp_path / "grades.parquet")
    written = pq.read_schema(tmp_path / "grades.parquet")
    assert [str(field.type) for field in written] == ["string", "int64", "string", "int32"]
    assert pq.read_table(tmp_path / "grades.parquet")["rule_version"].to_pylist() == [3]


movements = st.tuples(
    st.sampled_from("abcdefgh"),
    st.sampled_from(["sale", "sale", "payment", "return"]),
    st.integers(0, 400).map(lambda days: ON + timedelta(days=5 - days)),
    st.one_of(st.integers(0, 5), st.integers(0, 10**13)),
)
cut_offs = st.integers(1, 99).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, 100)))


@settings(max_examples=40, deadline=None)
@given(sales=st.lists(movements, max_size=40), cut=cut_offs, months=st.integers(1, 24), data=st.data())
def test_like_plain_python_in_any_order(
    sales: list[Movement], cut: tuple[int, int], months: int, data: st.DataObject
) -> None:
    rule = RULE.model_copy(update={"a_percent": cut[0], "b_percent": cut[1], "months": months})
    expected = reference("abcdef", sales, rule)
    assert graded("abcdef", sales, rule) == expected
    shuffled = data.draw(st.permutations(sales))
    assert graded("fedcba", shuffled, rule) == expected


@settings(max_examples=40, deadline=None)
@given(amounts=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 50), min_size=1), more=st.integers(1, 50))
def test_more_sales_never_lower_a_grade(amounts: dict[str, int], more: int) -> None:
    order = value_grade.GRADES
    key = min(amounts)
    before = graded(list(amounts), sold(amounts))[key][1]
    after = graded(list(amounts), sold(amounts | {key: amounts[key] + more}))[key][1]
    assert order.index(after) <= order.index(before)


@pytest.mark.parametrize(
    ("on", "months", "first"),
    [
        ("2026-10-31", 12, "2025-11-01"),
        ("2026-11-21", 12, "2025-11-22"),
        ("2024-02-29", 12, "2023-03-01"),
        ("2025-02-28", 12, "2024-03-01"),  # a month's end answers to a month's end
        ("2024-02-28", 12, "2023-03-01"),
        ("2026-11-30", 1, "2026-11-01"),
        ("2026-03-30", 1, "2026-03-01"),
        ("2026-01-15", 1, "2025-12-16"),
    ],
)
def test_window(on: str, months: int, first: str) -> None:
    assert value_grade.window_start(date.fromisoformat(on), months) == date.fromisoformat(first)


def test_the_shipped_rule() -> None:
    rule = value_grade.rule(ON)
    assert (rule.version, rule.a_percent, rule.b_percent, rule.months) == (1, 70, 90, 12)
    with pytest.raises(BadInput) as raised:
        value_grade.rule(date(2019, 12, 31))
    assert raised.value.key == "classification.no_rule"
    assert "2020-01-01" in raised.value.text("zh-CN")


def test_every_grade_has_a_name() -> None:
    for language in ("zh-CN", "en"):
        assert len({text(f"classification.value_grade.{grade}", language) for grade in value_grade.GRADES}) == 4


ENTRY = """
[[version]]
version = 1
effective_from = 2024-01-01
reason = "r"
approved_by = "p"
a_percent = 70
b_percent = 90
months = 12
"""
SECOND = ENTRY.replace("version = 1", "version = 2").replace("2024-01-01", "2025-07-01").replace("= 70", "= 60")


def test_the_rule_in_force_changes_on_its_day(tmp_path: Path) -> None:
    (tmp_path / value_grade.FILE).write_text(ENTRY + SECOND, "utf-8")
    assert value_grade.rule(date(2025, 6, 30), tmp_path).a_percent == 70
    assert value_grade.rule(date(2025, 7, 1), tmp_path).a_percent == 60


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("", "no_versions"),
        ("version = 3", "no_versions"),
        ("version = [1]", "no_versions"),
        (ENTRY + SECOND.replace("[[version]]", "[[verison]]"), "no_versions"),
        ("x =", "unreadable"),
        (ENTRY.replace('reason = "r"', ""), "missing_entry"),
        (ENTRY + "c_percent = 95", "unknown_entry"),
        (ENTRY.replace('"r"', '""'), "wrong_entry"),
        (ENTRY.replace("= 70", "= 70.0"), "wrong_entry"),
        (ENTRY.replace("= 70", "= true"), "wrong_entry"),
        (ENTRY.replace("2024-01-01", '"2024-01-01"'), "wrong_entry"),
        (ENTRY.replace("= 70", "= 90"), "cut_offs"),
        (ENTRY.replace("= 70", "= 0"), "limit"),
        (ENTRY.replace("= 90", "= 101"), "limit"),
        (ENTRY.replace("= 12", "= 0"), "limit"),
        (ENTRY.replace("= 12", "= 121"), "limit"),
        (ENTRY + SECOND.replace("version = 2", "version = 3"), "numbers"),
        (ENTRY + SECOND.replace("version = 2", "version = 1"), "numbers"),
        (SECOND + ENTRY, "numbers"),
        (ENTRY + SECOND.replace("2025-07-01", "2024-01-01"), "days"),
        (ENTRY + SECOND.replace("2025-07-01", "2023-01-01"), "days"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, content: str, key: str) -> None:
    file = tmp_path / value_grade.FILE
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, ValueGradeRule)
    assert raised.value.key == f"classification.{key}"
    for language in ("zh-CN", "en"):
        assert value_grade.FILE in raised.value.text(language)
