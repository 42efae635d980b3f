"""The monthly list: each reason worked by hand and against plain Python, its order, the checklist, rule files."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import key_customers
from custinfo.classification.key_customers import REASONS, STEPS, KeyCustomersRule
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.periods import Month
from tests.classification.spoiling import refused

MONTH = Month(2026, 11)
ON = date(2026, 10, 31)
RULE = key_customers.rule(ON)
GRADED = {"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"}
SALES = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}
OVERDUE = {"customer_key": "string", "overdue_fen": "int64"}
OCCASIONS = {"customer_key": "string", "what": "string", "on": "date"}

Grades = dict[str, tuple[int, str]]
Sale = tuple[str, str, date, int]


def graded(grades: Grades) -> ibis.Table:
    return ibis.memtable([(key, fen, grade, 1) for key, (fen, grade) in grades.items()], schema=GRADED)


def watched(before: Grades, now: Grades, sales: list[Sale], **facts: ibis.Table) -> list[dict[str, object]]:
    table = key_customers.watched(MONTH, graded(before), graded(now), ibis.memtable(sales, schema=SALES), RULE, **facts)
    found: list[dict[str, object]] = key_customers.ordered(table).to_pyarrow().to_pylist()
    return found


def test_worked_by_hand() -> None:
    before: Grades = {
        "steady": (1000, "A"),
        "fell": (1000, "A"),
        "nearly": (1000, "B"),
        "lower": (1000, "A"),
        "small": (1000, "C"),
        "gone": (500, "B"),
        "quiet": (900, "B"),
    }
    now: Grades = {
        "steady": (1000, "A"),
        "fell": (700, "A"),
        "nearly": (701, "B"),
        "lower": (1001, "B"),
        "small": (1, "C"),
        "quiet": (900, "B"),
        "new": (50, "C"),
    }
    sales: list[Sale] = [(key, "sale", date(2026, 9, 2), 5) for key in now]
    sales += [
        ("quiet", "sale", date(2026, 9, 1), 5),
        ("small", "sale", date(2020, 1, 1), 5),
        ("quiet", "payment", ON, 5),
        ("quiet", "sale", ON, 0),
        ("quiet", "sale", date(2026, 11, 1), 5),  # after the list was made
    ]
    sales.remove(("quiet", "sale", date(2026, 9, 2), 5))
    overdue = ibis.memtable(
        [("small", 100_000), ("steady", 99_999), ("stranger", 10**9), ("new", 200_000)], schema=OVERDUE
    )
    complaints = ibis.memtable([("steady",), ("new",), ("new",), ("stranger",)], schema={"customer_key": "string"})
    occasions = ibis.memtable(
        [
            ("steady", "birthday", date(2026, 11, 1)),
            ("steady", "birthday", date(2026, 11, 1)),
            ("fell", "contract", date(2026, 11, 30)),
            ("fell", "contract", date(2026, 12, 1)),
            ("fell", "birthday", date(2026, 10, 31)),
            ("small", "birthday", date(2026, 11, 5)),
            ("gone", "birthday", date(2026, 11, 5)),
        ],
        schema=OCCASIONS,
    )
    found = watched(before, now, sales, overdue=overdue, complaints=complaints, occasions=occasions)
    columns = ("reason", "customer_key", "grade", "amount_fen", "number", "day", "what")
    assert [tuple(row[name] for name in columns) for row in found] == [
        ("overdue", "new", "C", 200_000, None, None, None),
        ("overdue", "small", "C", 100_000, None, None, None),
        ("complaint", "new", "C", None, 2, None, None),
        ("complaint", "steady", "A", None, 1, None, None),
        ("falling", "gone", None, 500, None, None, None),
        ("falling", "fell", "A", 300, None, None, None),
        ("lower_grade", "lower", "B", None, None, None, None),
        ("lapsing", "quiet", "B", None, 60, date(2026, 9, 1), None),
        ("occasion", "steady", "A", None, None, date(2026, 11, 1), "birthday"),
        ("occasion", "fell", "A", None, None, date(2026, 11, 30), "contract"),
    ]
    assert {row["rule_version"] for row in found} == {1}


def test_types_and_nothing_to_watch() -> None:
    table = key_customers.watched(MONTH, graded({}), graded({}), ibis.memtable([], schema=SALES), RULE)
    assert table.to_pyarrow().num_rows == 0
    assert dict(table.schema()) == dict(
        ibis.schema(
            {
                "customer_key": "string",
                "grade": "string",
                "reason": "string",
                "amount_fen": "int64",
                "number": "int64",
                "day": "date",
                "what": "string",
                "rule_version": "int32",
            }
        )
    )


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_like_plain_python_in_any_order(seed: int) -> None:
    random = Random(seed)
    everybody = [f"{number:02d}" for number in range(60)]
    before, now = (
        {key: (random.choice([1, 69, 70, 71, 100]), random.choice("ABC")) for key in random.sample(everybody, 50)}
        for _ in range(2)
    )
    sales = [(key, "sale", ON - timedelta(days=random.randrange(50, 70)), 1) for key in everybody[:55]]
    expected = set()
    for key in everybody:
        if key in before and before[key][1] in RULE.grades:
            fen, grade = now.get(key, (0, "N"))
            lower = grade > before[key][1]
            if fen * 100 <= before[key][0] * (100 - RULE.falling_percent) or (lower and fen < before[key][0]):
                expected.add((key, "falling"))
            elif lower:
                expected.add((key, "lower_grade"))
        last = max((day for k, _, day, _ in sales if k == key), default=ON)
        if key in now and now[key][1] in RULE.grades and (ON - last).days >= RULE.lapsing_days:
            expected.add((key, "lapsing"))
    random.shuffle(sales)
    found = watched(before, now, sales)
    assert {(row["customer_key"], row["reason"]) for row in found} == expected
    assert len(found) == len(expected)


def test_the_checklist_goes_through_the_three_steps_in_both_languages() -> None:
    for language in LANGUAGES:
        items = list(key_customers.checklist(RULE, language))
        assert list(dict.fromkeys(step for _, step, _ in items)) == list(STEPS)
        assert len({question for *_, question in items}) == len(items) == 9
        names = [text(f"vertical.step.{step}", language) for step in STEPS]
        names += [text(f"vertical.watch.{reason}", language) for reason in REASONS]
        assert len(set(names)) == len(STEPS) + len(REASONS)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('grades = ["A", "B"]\nfall', 'grades = ["B", "A"]\nfall', "vertical.watch.grades"),
        ('grades = ["A", "B"]\nfall', 'grades = ["A", "B", "C", "N"]\nfall', "vertical.watch.grades"),
        ('name = "timely"', 'name = "reliable"', "vertical.watch.twice"),
        ('name = "group"\nstep = "meaning"', 'name = "group"\nstep = "points"', "vertical.watch.steps"),
        ('name = "group"\nstep = "meaning"', 'name = "group"\nstep = "more"', "classification.wrong_entry"),
        ("falling_percent = 30", "falling_percent = 101", "classification.limit"),
        ("overdue_from_fen = 100_000", "overdue_from_fen = 0", "classification.limit"),
    ],
)
def test_a_rule_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, key_customers.FILE, KeyCustomersRule, (old, new)) == key
