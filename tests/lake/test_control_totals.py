"""Control totals: half a file, a file twice in one, another sum: refused with both figures."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.lake import control_totals
from custinfo.lake.control_totals import Total, Totals
from custinfo.lake.row_rules import Cancelled

SALES = lake.BATCH_KINDS["sales"]
FOUND = Totals(Total(3, 600), {"sale": Total(2, 500), "return": Total(1, 100)})


def refused(expected: Totals, found: Totals = FOUND, kind: str = "sales") -> BadInput:
    with pytest.raises(BadInput) as raised:
        control_totals.check("sales.csv", lake.BATCH_KINDS[kind], found, expected)
    assert raised.value.text("zh-CN")
    assert raised.value.text("en")
    return raised.value


@given(st.lists(st.tuples(st.sampled_from(["sale", "return"]), st.integers(0, 10**15), st.booleans()), max_size=20))
@settings(max_examples=30, deadline=None)
def test_totals_count_every_row_of_the_file(rows: list[tuple[str, int, bool]]) -> None:
    lines = pa.table(
        {
            "kind": pa.array([kind for kind, _, gone in rows if not gone], pa.string()),
            "amount_fen": pa.array([amount for _, amount, gone in rows if not gone], pa.int64()),
        }
    )
    cancelled = [Cancelled("L", kind, amount) for kind, amount, gone in rows if gone]
    found = control_totals.of(lines, cancelled)
    assert (found.rows, found.sum_fen) == (len(rows), sum(amount for _, amount, _ in rows))
    for kind in {kind for kind, _, _ in rows}:
        theirs = [amount for one, amount, _ in rows if one == kind]
        assert found.kinds[kind] == Total(len(theirs), sum(theirs))


def test_what_agrees_is_taken() -> None:
    for expected in (
        None,
        FOUND,
        Totals(Total(3, None)),
        Totals(Total(None, 600)),
        Totals(Total(None, None), {"退货": Total(1, 100), "payment": Total(0, 0)}),
    ):
        control_totals.check("sales.csv", SALES, FOUND, expected)


@pytest.mark.parametrize(
    ("expected", "key", "figures"),
    [
        (Totals(Total(6, 600)), "lake.control_rows", {"found": 3, "expected": 6}),
        (Totals(Total(3, 601)), "lake.control_sum", {"found": "¥6.00", "expected": "¥6.01"}),
        (Totals(Total(3, 0)), "lake.control_sum", {"found": "¥6.00", "expected": "¥0.00"}),
        (Totals(Total(None, None), {"销售": Total(3, None)}), "lake.control_rows_of_kind", {"found": 2, "expected": 3}),
        (Totals(Total(3, 600), {"payment": Total(1, 5)}), "lake.control_rows_of_kind", {"found": 0, "expected": 1}),
        (Totals(Total(3, 600), {"sale": Total(2, 499)}), "lake.control_sum_of_kind", {"expected": "¥4.99"}),
        (Totals(Total(3, 600), {"gift": Total(0, 0)}), "lake.control_kind", {"kind": "gift"}),
    ],
)
def test_a_difference_is_refused_with_both_figures(expected: Totals, key: str, figures: dict[str, object]) -> None:
    error = refused(expected)
    assert error.key == key
    assert figures.items() <= error.facts.items()


def test_a_batch_of_one_kind_knows_only_that() -> None:
    paid = Totals(Total(1, 5), {"payment": Total(1, 5)})
    control_totals.check("p.csv", lake.BATCH_KINDS["payments"], paid, paid)
    assert refused(Totals(Total(1, 5), {"sale": Total(0, 0)}), paid, "payments").key == "lake.control_kind"


@pytest.mark.parametrize(
    ("kind", "english", "chinese"), [("payments", "payment", "收款"), ("returns", "return", "退货")]
)
def test_the_only_kind_may_be_named_in_chinese(kind: str, english: str, chinese: str) -> None:
    found = Totals(Total(1, 5), {english: Total(1, 5)})
    for name in (english, english.upper(), chinese):
        control_totals.check("p.csv", lake.BATCH_KINDS[kind], found, Totals(Total(1, 5), {name: Total(1, 5)}))
    wrong = Totals(Total(1, 5), {chinese: Total(2, 5)})
    assert refused(wrong, found, kind).key == "lake.control_rows_of_kind"
    assert refused(Totals(Total(1, 5), {"销售": Total(0, 0)}), found, kind).key == "lake.control_kind"


def test_a_sum_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(BadInput) as raised:
        control_totals.check("sales.csv", SALES, Totals(Total(2000, 10**18)), None)
    assert raised.value.key == "lake.sum_large"
    assert "¥10,000,000,000,000,000.00" in str(raised.value)


def control_file(folder: Path, content: str, suffix: str) -> Path:
    file = folder / f"sales.control.{suffix}"
    file.write_text(content, "utf-8-sig")
    return file


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("json", json.dumps({"rows": 3, "sum_fen": 600, "kinds": {"sale": {"rows": 2, "sum_fen": 500}}})),
        ("csv", "kind,rows,sum_fen\nsale,2,500\ntotal,3,600\n"),
        ("csv", "类型,行数,金额（分）\n合计,3,600\nsale,2,500"),
        ("csv", "kind,rows,sum_fen\nsale,2,500\nTotal,3,600\n,,\n"),
        ("csv", "kind;rows;sum_fen\nsale;2;500\nTOTAL;3;600\n"),
    ],
)
def test_a_control_file_is_found_beside_its_batch_and_read(tmp_path: Path, suffix: str, content: str) -> None:
    file = control_file(tmp_path, content, suffix)
    assert control_totals.beside(tmp_path / "sales.xlsx") == file
    assert control_totals.beside(tmp_path / "other.csv") is None
    assert control_totals.read(file) == Totals(Total(3, 600), {"sale": Total(2, 500)})


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8"])
def test_a_control_csv_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "sales.control.csv"
    file.write_text("类型,行数,金额（分）\n合计,3,600\n退货,1,100\n", encoding)
    assert control_totals.read(file) == Totals(Total(3, 600), {"退货": Total(1, 100)})


def test_of_two_control_files_none_is_chosen(tmp_path: Path) -> None:
    control_file(tmp_path, "{}", "json")
    control_file(tmp_path, "", "csv")
    with pytest.raises(BadInput) as raised:
        control_totals.beside(tmp_path / "sales.csv")
    assert raised.value.key == "lake.control_twice"


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("json", ""), ("json", "[]"), ("json", "3"), ("json", "{}"), ("json", '{"rows": "3"}'), ("json", '{"rows": 3.0}'),
        ("json", '{"rows": true}'), ("json", '{"lines": 3}'), ("json", '{"rows": 3, "kinds": [1]}'), ("json", "[" * 50_000),
        ("json", '{"rows": 1' + " " * 70_000 + "}"), ("csv", ""), ("csv", "rows\nthree"), ("csv", "lines\n3"),
        ("csv", "rows\n3,4"), ("csv", "kind,rows,sum_fen"),
    ],
)  # fmt: skip
def test_a_control_file_that_says_nothing_clear_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    with pytest.raises(BadInput) as raised:
        control_totals.read(control_file(tmp_path, content, suffix))
    assert raised.value.key == "lake.control_unreadable"
    assert "sum_fen" in raised.value.text("en")
    assert raised.value.text("zh-CN")


@pytest.mark.parametrize(
    ("content", "kind", "lines"),
    [
        ("kind,rows\nsale,2\nsale,3", "sale", "2, 3"), ("kind,rows\nsale,2\nreturn,1\nSALE,2", "sale", "2, 4"),
        ("kind,rows\nsale,2\n销售,3", "sale", "2, 3"), ("kind,rows\ntotal,2\n\ntotal,3", "total", "2, 4"),
        ("kind,rows\nTotal,2\n合计,2", "total", "2, 3"), ("kind,rows\n,2\ntotal,2", "total", "2, 3"),
        ("rows\n2\n3", "total", "2, 3"),
    ],
)  # fmt: skip
def test_of_two_lines_about_the_same_both_are_named(tmp_path: Path, content: str, kind: str, lines: str) -> None:
    with pytest.raises(BadInput) as raised:
        control_totals.read(control_file(tmp_path, content, "csv"))
    assert (raised.value.key, raised.value.facts["lines"]) == ("lake.control_repeated", lines)
    for language in ("zh-CN", "en"):
        assert lines in raised.value.text(language) and kind in raised.value.text(language)


@pytest.mark.parametrize(
    ("suffix", "content", "name"),
    [
        ("csv", "rows,行数\n2,3", "rows"), ("json", '{"rows": 2, "rows": 3}', "rows"),
        ("json", '{"kinds": {"sale": {"rows": 2}, "sale": {"rows": 3}}}', "sale"),
        ("json", '{"kinds": {"sale": {"rows": 2}, "销售": {"rows": 3}}}', "sale"),
    ],
)  # fmt: skip
def test_of_two_figures_under_one_name_neither_is_chosen(tmp_path: Path, suffix: str, content: str, name: str) -> None:
    with pytest.raises(BadInput) as raised:
        control_totals.read(control_file(tmp_path, content, suffix))
    assert (raised.value.key, raised.value.facts["name"]) == ("lake.control_named_twice", name)
    assert raised.value.text("zh-CN") != raised.value.text("en")
