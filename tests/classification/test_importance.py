"""Importance: the shipped decision table case by case, and tables that it must refuse."""

from datetime import date
from itertools import product
from pathlib import Path
from random import Random

import ibis
import pytest

from custinfo.classification import importance, rules
from custinfo.classification.credit import grades
from custinfo.classification.importance import NOT_ASSESSED, ImportanceRule
from custinfo.classification.value_grade import GRADES
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from tests.classification.spoiling import refused

RULE = importance.rule(date(2026, 10, 31))
GRADED = {"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"}
CREDIT = {"customer_key": "string", "grade": "string", "rule_version": "int32"}
MARKS = {"customer_key": "string", "mark": "string"}

Customer = tuple[str, str | None, list[str]]
"""Value grade, credit grade, marks."""


def levels(customers: dict[str, Customer], rule: ImportanceRule = RULE) -> dict[str, dict[str, object]]:
    keys = list(customers)
    Random(len(keys)).shuffle(keys)
    graded = ibis.memtable([(key, 0, customers[key][0], 4) for key in keys], schema=GRADED)
    credit = ibis.memtable([(key, customers[key][1], 9) for key in keys if customers[key][1]], schema=CREDIT)
    marks = ibis.memtable([(key, mark) for key in keys for mark in customers[key][2]], schema=MARKS)
    rows = importance.level(graded, credit, marks, rule).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "levels partition the customers"
    return {row["customer_key"]: row for row in rows}


def test_worked_by_hand() -> None:
    customers: dict[str, Customer] = {
        "large": ("A", "C", []),
        "large_poor": ("A", "E", ["partner"]),
        "medium": ("B", "A", []),
        "medium_marked": ("B", "B", ["growth", "partner"]),
        "medium_not_assessed": ("B", None, []),
        "medium_poor": ("B", "D", []),
        "small": ("C", "A", ["no such mark"]),
        "small_marked": ("C", None, ["government"]),
        "small_poor": ("C", "E", []),
        "nothing": ("N", "A", []),
        "to_win": ("N", None, ["key_account"]),
    }
    found = levels(customers)
    assert {key: row["level"] for key, row in found.items()} == {
        "large": "vital",
        "large_poor": "important",
        "medium": "important",
        "medium_marked": "vital",
        "medium_not_assessed": "important",
        "medium_poor": "ordinary",
        "small": "ordinary",
        "small_marked": "important",
        "small_poor": "minor",
        "nothing": "minor",
        "to_win": "ordinary",
    }
    assert found["to_win"]["credit_grade"] == NOT_ASSESSED
    assert (found["large"]["rule_version"], found["large"]["value_rule_version"]) == (1, 4)
    assert (found["large"]["credit_rule_version"], found["small_marked"]["credit_rule_version"]) == (9, None)
    assert importance.reason(RULE, str(found["small_marked"]["decided_by"]), "en") == "Small sales, but strategic."
    assert "战略" in importance.reason(RULE, str(found["small_marked"]["decided_by"]), "zh-CN")


def test_a_credit_grade_that_the_rule_does_not_know_is_refused_not_taken_for_none() -> None:
    known = [("a", "A", 9), ("b", None, 9)]
    importance.check_credit(ibis.memtable(known, schema=CREDIT), RULE)
    with pytest.raises(BadInput) as raised:
        importance.check_credit(ibis.memtable([*known, ("c", "X", 9), ("d", "X", 9)], schema=CREDIT), RULE)
    assert raised.value.key == "vertical.importance.unknown_grade"
    assert all("2" in raised.value.text(language) and "X" in raised.value.text(language) for language in LANGUAGES)


@pytest.mark.parametrize(("old", "new"), [('"A", "B", "C", "D", "E"', '"A", "B", "C", "D"'), ('"A", "B"', '"B", "A"')])
def test_the_credit_grades_are_those_of_their_own_rule_in_its_order(tmp_path: Path, old: str, new: str) -> None:
    for name in (importance.FILE, grades.FILE):
        content = (rules.FOLDER / name).read_text("utf-8")
        if name == importance.FILE:
            content = content.replace(f"credit_grades = [{old}", f"credit_grades = [{new}")
            if '"E"' in old:
                content = content.replace('credit = ["D", "E"]', 'credit = ["D"]')
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        importance.rule(date(2026, 10, 31), tmp_path)
    assert raised.value.key == "vertical.importance.other_grades"
    assert all("importance.toml" in raised.value.text(language) for language in LANGUAGES)


def test_every_case_is_decided_by_its_row_and_better_is_never_less_important() -> None:
    credits = (*RULE.credit_grades, NOT_ASSESSED)
    customers: dict[str, Customer] = {
        f"{value}{credit}{mark}": (value, None if credit == NOT_ASSESSED else credit, ["partner"] if mark else [])
        for value, credit, mark in product(GRADES, credits, (True, False))
    }
    found = levels(customers)
    names = [level.name for level in RULE.level]
    rows = {row.name: row for row in RULE.row}
    for row in found.values():
        case = (row["value_grade"], row["credit_grade"], row["strategic"])
        assert case in set(rows[str(row["decided_by"])].cases())
        assert row["level"] == rows[str(row["decided_by"])].level
    rank = {key: names.index(str(row["level"])) for key, row in found.items()}
    for value, credit, mark in product(GRADES, credits, (True, False)):
        here = rank[f"{value}{credit}{mark}"]
        assert rank[f"{value}{credit}True"] <= here
        assert all(rank[f"{higher}{credit}{mark}"] <= here for higher in GRADES[: GRADES.index(value)])
        better = credits[: credits.index(credit)] if credit != NOT_ASSESSED else ()
        assert all(rank[f"{value}{higher}{mark}"] <= here for higher in better)


A_POOR = 'value = ["A"]\ncredit = ["D", "E"]\nstrategic = [true, false]\nlevel = "important"'


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (A_POOR, A_POOR.replace('["D", "E"]', '["D"]'), "hole"),
        (A_POOR, A_POOR.replace('["D", "E"]', '["C", "D", "E"]'), "contradiction"),
        (A_POOR, A_POOR.replace('["D", "E"]', '["D", "E", "F"]'), "unknown"),
        (A_POOR, A_POOR.replace('["A"]', '["S"]'), "unknown"),
        (A_POOR, A_POOR.replace('"important"', '"urgent"'), "unknown"),
        (A_POOR, A_POOR.replace('"important"', '"minor"'), "order"),
        ('name = "a_poor_credit"', 'name = "a_sound"', "twice"),
        ('credit_grades = ["A", "B", "C", "D", "E"]', 'credit_grades = ["A", "B", "C", "D", "E", "none"]', "twice"),
        ('credit_grades = ["A", "B", "C", "D", "E"]', 'credit_grades = ["A", "B", "C", "D", "E", "F"]', "hole"),
    ],
)
def test_a_table_that_is_not_complete_or_contradicts_itself(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, importance.FILE, ImportanceRule, (old, new)) == f"vertical.importance.{key}"
