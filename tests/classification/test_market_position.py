"""Positions: worked by hand, more sales never lower one, rule files out of order."""

from datetime import date
from pathlib import Path
from random import Random

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import market_position
from custinfo.classification.market_position import POSITIONS, MarketPositionRule
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = market_position.rule(ON)
GRADED = {"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"}
SALES = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}

Sale = tuple[str, str, date, int]


def positions(
    grades: dict[str, str], sales: list[Sale], standings: dict[str, str | None]
) -> dict[str, dict[str, object]]:
    graded = ibis.memtable([(key, 0, grade, 4) for key, grade in grades.items()], schema=GRADED)
    standing = ibis.memtable(list(standings.items()), schema={"customer_key": "string", "market_position": "string"})
    found = market_position.position(graded, ibis.memtable(sales, schema=SALES), standing, ON, RULE)
    rows = found.to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(grades), "positions partition the customers"
    assert all(row["position"] in POSITIONS for row in rows)
    return {row["customer_key"]: row for row in rows}


def monthly(key: str, months: int, kind: str = "sale", fen: int = 100) -> list[Sale]:
    """So many months with sales, the latest October 2026."""
    return [(key, kind, date(2026, 11 - back, 9), fen) for back in range(1, months + 1)]


def test_worked_by_hand() -> None:
    grades = dict.fromkeys(["key", "main", "unsaid", "seldom", "at_once"], "A")
    grades |= {"steady": "B", "often": "C", "scattered": "C", "thrice": "C", "none": "N", "other": "B"}
    sales = [
        *monthly("key", 6),
        *monthly("main", 6),
        *monthly("unsaid", 6),
        *monthly("seldom", 5),
        ("seldom", "sale", date(2025, 10, 31), 1),  # the day before the window
        ("seldom", "sale", date(2026, 5, 1), 0),
        *monthly("seldom", 9, kind="payment"),
        *monthly("at_once", 1, fen=10**9),
        *monthly("steady", 10),
        *monthly("often", 10),
        *monthly("scattered", 2),
        *monthly("scattered", 2),
        *monthly("scattered", 9, kind="return"),
        *monthly("thrice", 2),
        ("thrice", "sale", date(2025, 11, 1), 1),  # the first day of the window
        *monthly("none", 9),
    ]
    standings: dict[str, str | None] = dict.fromkeys(grades, "leader") | {"main": "follower", "unsaid": None}
    del standings["other"]
    found = positions(grades, sales, standings)
    assert {key: row["position"] for key, row in found.items()} == {
        "key": "key_main",
        "main": "main",
        "unsaid": "main",
        "seldom": "ordinary",
        "at_once": "ordinary",
        "steady": "ordinary",
        "often": "ordinary",
        "scattered": "scattered",
        "thrice": "ordinary",
        "none": "none",
        "other": "scattered",
    }
    assert (found["seldom"]["months_bought"], found["other"]["months_bought"]) == (5, 0)
    assert (found["key"]["rule_version"], found["key"]["value_rule_version"]) == (1, 4)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_more_sales_or_a_higher_grade_never_lower_a_position(seed: int) -> None:
    random = Random(seed)
    # Each customer twice: as it is, and with more sales and perhaps a higher grade
    grades, sales, standings = {}, [], {}
    for number in range(80):
        grade = random.randrange(4)
        bought = [
            date(2025 + month // 12, month % 12 + 1, 9) for month in random.sample(range(8, 22), random.randrange(12))
        ]
        for key, better in ((f"{number}", 0), (f"{number}+", random.randrange(grade + 1))):
            grades[key] = "ABCN"[grade - better]
            standings[key] = ["leader", "follower", None][number % 3]
            more = [ON] if key.endswith("+") else []
            sales += [(key, "sale", day, 5) for day in [*bought, *more]]
    random.shuffle(sales)
    found = positions(grades, sales, standings)
    for number in range(80):
        here, more_here = (POSITIONS.index(str(found[key]["position"])) for key in (f"{number}", f"{number}+"))
        assert more_here <= here


def test_every_position_has_a_name() -> None:
    for language in LANGUAGES:
        assert len({text(f"vertical.position.{name}", language) for name in POSITIONS}) == len(POSITIONS)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('main_grades = ["A"]', 'main_grades = ["B"]', "vertical.position.grades"),
        ('main_grades = ["A"]', 'main_grades = ["A", "B", "C"]', "vertical.position.grades"),
        ("scattered_below_months = 3", "scattered_below_months = 7", "vertical.position.months"),
        ("main_months = 6", "main_months = 13", "vertical.position.months"),
        ('"challenger"', '"champion"', "vertical.position.standing"),
        ("\nmonths = 12", "\nmonths = 0", "classification.limit"),
        ("\nmonths = 12", "", "classification.missing_entry"),
    ],
)
def test_a_rule_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, market_position.FILE, MarketPositionRule, (old, new)) == key
