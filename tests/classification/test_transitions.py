"""Transitions: the matrix and every reason worked by hand, and against plain Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import transitions, value_grade
from custinfo.classification.bands import Band
from custinfo.classification.transitions import ABSENT, REASONS
from custinfo.classification.value_grade import GRADES, ValueGradeRule, window_start

FIRST, SECOND = date(2026, 6, 30), date(2026, 9, 30)
SHARES = ValueGradeRule(
    version=1, effective_from=date(2020, 1, 1), reason="r", approved_by="p", a_percent=70, b_percent=90, months=12
)
BANDS = ValueGradeRule(
    version=1,
    effective_from=date(2020, 1, 1),
    reason="r",
    approved_by="p",
    method="absolute",
    months=12,
    band=(
        Band(name="A", at_least=1000),
        Band(name="B", at_least=200, below=1000),
        Band(name="C", at_least=1, below=200),
    ),
)
STRICTER = BANDS.model_copy(
    update={
        "version": 2,
        "band": (
            Band(name="A", at_least=3000),
            Band(name="B", at_least=200, below=3000),
            Band(name="C", at_least=1, below=200),
        ),
    }
)
SCHEMA = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"})
STAYS, LEAVES, COMES = date(2026, 1, 1), date(2025, 8, 1), date(2026, 8, 1)

Sale = tuple[str, str, date, int]


def rows(table: ibis.Table) -> list[dict[str, object]]:
    found: list[dict[str, object]] = table.to_pyarrow().to_pylist()
    return found


def graded(keys: Sequence[str], sales: Sequence[Sale], on: date, rule: ValueGradeRule) -> ibis.Table:
    known = ibis.memtable([(key,) for key in keys], schema={"customer_key": "string"})
    table = value_grade.grade(known, ibis.memtable(list(sales), schema=SCHEMA), on, rule)
    return ibis.memtable(table.to_pyarrow())  # as published: computed once


def changes(
    first_keys: Sequence[str],
    second_keys: Sequence[str],
    sales: Sequence[Sale],
    rule: ValueGradeRule = BANDS,
    new_rule: ValueGradeRule | None = None,
    known_at_first: Sequence[Sale] | None = None,
) -> dict[str, dict[str, object]]:
    before = graded(first_keys, sales if known_at_first is None else known_at_first, FIRST, rule)
    same_rule = graded(second_keys, sales, SECOND, rule)
    after = same_rule if new_rule is None else graded(second_keys, sales, SECOND, new_rule)
    moved = transitions.movements(ibis.memtable(list(sales), schema=SCHEMA), FIRST, SECOND, rule)
    found = rows(transitions.changes(before, after, same_rule, moved))
    assert len({row["customer_key"] for row in found}) == len(found), "each change is there once"
    for row in found:
        assert row["reason"] in REASONS
        parts = ("sales_change_fen", "returns_change_fen", "corrected_fen")
        assert row["reason"] in ("new", "gone") or row["change_fen"] == sum(row[part] for part in parts)  # type: ignore[misc]
    return {str(row["customer_key"]): row for row in found}


def way(row: Mapping[str, object]) -> str:
    return f"{row['from_grade']}{row['to_grade']} {row['direction']} {row['reason']}"


def test_reasons_worked_by_hand() -> None:
    sales = [
        ("steady", "sale", STAYS, 500),
        ("rose", "sale", STAYS, 500),
        ("rose", "sale", COMES, 500),
        ("fell", "sale", STAYS, 500),
        *[("fell", "sale", LEAVES + timedelta(days=n), 100) for n in range(5)],
        ("large", "sale", STAYS, 900),
        ("large", "sale", LEAVES, 600),
        ("large", "sale", COMES, 50),
        ("returned", "sale", STAYS, 1100),
        ("returned", "return", COMES, 200),
        ("returned_before", "sale", STAYS, 1100),
        ("returned_before", "return", LEAVES, 200),
        ("stopped", "sale", LEAVES, 10),
        ("stopped", "sale", LEAVES, 5),
        ("arrived", "sale", COMES, 5),
        ("left", "sale", STAYS, 5),
    ]
    early = ["steady", "rose", "fell", "large", "returned", "returned_before", "stopped"]
    found = changes([*early, "left"], [*early, "arrived"], sales)
    assert {key: way(row) for key, row in found.items()} == {
        "rose": "BA up sales",
        "fell": "AB down sales",
        "large": "AB down order_left",
        "returned": "AB down returns",
        "returned_before": "BA up returns",
        "stopped": "CN down sales",
        "arrived": "-C None new",
        "left": "C- None gone",
    }
    assert (found["large"]["change_fen"], found["large"]["largest_left_fen"]) == (-550, 600)
    assert (found["returned"]["change_fen"], found["returned"]["returns_change_fen"]) == (-200, -200)
    said = transitions.sentence(found["large"], "en")
    assert said == "A large sale of ¥6.00 left the window; net sales fell by ¥5.50."


def test_a_small_order_that_left_is_not_named() -> None:
    sales = [("a", "sale", STAYS, 980), ("a", "sale", LEAVES, 21)]
    assert way(changes("a", "a", sales)["a"]) == "AB down sales"


def test_others_move_a_grade_while_own_sales_stand() -> None:
    sales = [("a", "sale", STAYS, 700), ("b", "sale", STAYS, 600), ("c", "sale", STAYS, 300), ("b", "sale", COMES, 900)]
    found = changes("abc", "abc", sales, SHARES)
    # 700, 600, 300 of 1600: a A, b A, c B · 1500, 700, 300 of 2500: b A, a A, c B; then more of b
    assert found == {}
    sales.append(("b", "sale", COMES, 500))
    found = changes("abc", "abc", sales, SHARES)
    # 2000, 700, 300 of 3000: before c stands exactly 90 %; before a 66.7 %
    assert {key: way(row) for key, row in found.items()} == {"c": "BC down others"}
    assert (found["c"]["change_fen"], found["c"]["others_change_fen"]) == (0, 1400)


def test_the_rule_is_the_reason_only_where_it_is() -> None:
    sales = [
        ("a", "sale", STAYS, 1500),  # A by the old rule, B by the new
        ("b", "sale", STAYS, 1500),
        ("b", "return", COMES, 800),  # B by both rules: it fell by itself
        ("c", "sale", STAYS, 100),
        ("c", "sale", COMES, 1500),  # C, by the old rule A, by the new B: sales
        ("d", "sale", STAYS, 1100),
        ("d", "sale", COMES, 900),  # rose, and still A by the old rule; B by the new
    ]
    found = changes("abcd", "abcd", sales, BANDS, STRICTER)
    assert {key: way(row) for key, row in found.items()} == {
        "a": "AB down rule",
        "b": "AB down returns",
        "c": "CB up sales",
        "d": "AB down rule",
    }
    assert (found["a"]["from_rule"], found["a"]["to_rule"], found["c"]["old_rule_grade"]) == (1, 2, "A")
    assert "第 1 版" in transitions.sentence(found["a"], "zh-CN")
    assert "“A”" in transitions.sentence(found["a"], "en")


def test_records_that_came_late_are_named() -> None:
    sales = [("a", "sale", STAYS, 500), ("a", "sale", STAYS, 700), ("b", "sale", STAYS, 900)]
    found = changes("ab", "ab", sales, known_at_first=[sales[0], ("b", "sale", STAYS, 1900)])
    assert {key: way(row) for key, row in found.items()} == {"a": "BA up corrected", "b": "AB down corrected"}
    assert found["a"]["corrected_fen"] == 700


def test_a_grade_that_was_held_is_said_to_have_been() -> None:
    schema = {
        "customer_key": "string",
        "sales_12m_fen": "int64",
        "grade": "string",
        "rule_version": "int32",
        "held": "boolean",
    }
    before = ibis.memtable([("a", 950, "A", 1, True), ("b", 950, "A", 1, False)], schema=schema)
    after = ibis.memtable([("a", 960, "B", 1, False), ("b", 960, "B", 1, False)], schema=schema)
    moved = transitions.movements(ibis.memtable([("a", "sale", COMES, 10)], schema=SCHEMA), FIRST, SECOND, BANDS)
    found = {str(row["customer_key"]): row for row in rows(transitions.changes(before, after, after, moved))}
    assert {key: row["reason"] for key, row in found.items()} == {"a": "held", "b": "others"}


def test_the_matrix_worked_by_hand() -> None:
    schema = {"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"}
    before = ibis.memtable([("a", 9, "A", 1), ("b", 8, "A", 1), ("c", 7, "A", 1), ("d", 0, "N", 1)], schema=schema)
    after = ibis.memtable([("a", 10, "A", 1), ("b", 2, "B", 1), ("d", 0, "N", 1), ("e", 0, "N", 1)], schema=schema)
    columns = ("from_grade", "to_grade", "customers", "before_fen", "after_fen", "from_customers")
    assert sorted(tuple(row[name] for name in columns) for row in rows(transitions.matrix(before, after))) == [
        (ABSENT, "N", 1, 0, 0, 1),
        ("A", ABSENT, 1, 7, 0, 3),
        ("A", "A", 1, 9, 10, 3),
        ("A", "B", 1, 8, 2, 3),
        ("N", "N", 1, 0, 0, 1),
    ]
    assert {str(kind) for name, kind in transitions.matrix(before, after).schema().items() if name in columns[2:]} == {
        "int64"
    }


def test_days_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="not after"):
        transitions.movements(ibis.memtable([], schema=SCHEMA), SECOND, SECOND, BANDS)


def test_the_days_at_the_ends_of_the_windows() -> None:
    sales = [
        ("a", "sale", window_start(FIRST, 12), 1),
        ("a", "sale", window_start(SECOND, 12) - timedelta(days=1), 2),
        ("a", "sale", window_start(SECOND, 12), 4),  # in both
        ("a", "sale", FIRST, 8),  # in both
        ("a", "sale", FIRST + timedelta(days=1), 16),
        ("a", "sale", SECOND, 32),
        ("a", "sale", SECOND + timedelta(days=1), 64),
    ]
    [found] = rows(transitions.movements(ibis.memtable(sales, schema=SCHEMA), FIRST, SECOND, BANDS))
    assert (found["entered_fen"], found["left_fen"], found["largest_left_fen"]) == (48, 3, 2)


def test_windows_that_do_not_meet() -> None:
    later = date(2028, 6, 30)
    sales = [
        ("a", "sale", window_start(FIRST, 12), 1),
        ("a", "sale", FIRST, 2),
        ("a", "sale", date(2027, 1, 1), 4),
        ("a", "return", later, 8),
        ("a", "sale", window_start(later, 12), 16),
    ]
    [found] = rows(transitions.movements(ibis.memtable(sales, schema=SCHEMA), FIRST, later, BANDS))
    assert found == {
        "customer_key": "a",
        "entered_fen": 16,
        "left_fen": 3,
        "entered_returns_fen": 8,
        "left_returns_fen": 0,
        "largest_left_fen": 2,
    }


def test_every_reason_has_its_sentence() -> None:
    facts = dict.fromkeys(("change", "returns_change", "corrected", "largest_left", "others_change"), -5)
    change = {f"{name}_fen": fen for name, fen in facts.items()} | {"from_rule": 1, "to_rule": 2}
    change |= {"old_rule_grade": ABSENT}
    for language in ("zh-CN", "en"):
        said = [
            transitions.sentence(change | {"reason": reason, "direction": direction}, language)
            for reason in REASONS
            for direction in ("up", "down")
            if (reason, direction) != ("order_left", "up")
        ]
        assert len(set(said)) == 2 * len(REASONS) - 3  # new and gone have one each; no order leaves upwards


def reference(
    first: set[str], second: set[str], sales: Sequence[Sale], rule: ValueGradeRule
) -> dict[str, tuple[str, str, str]]:
    """The docstring's reasons in plain Python for one rule and complete records."""

    def net(key: str, on: date) -> int:
        start = window_start(on, rule.months)
        return sum(fen if kind == "sale" else -fen for k, kind, day, fen in sales if k == key and start <= day <= on)

    def returned(key: str, on: date) -> int:
        start = window_start(on, rule.months)
        return sum(fen for k, kind, day, fen in sales if k == key and kind == "return" and start <= day <= on)

    def letters(keys: set[str], on: date) -> dict[str, str]:
        amounts = {key: net(key, on) for key in keys}
        total = sum(fen for fen in amounts.values() if fen > 0)
        found = {}
        for key, fen in amounts.items():
            before = sum(other for other in amounts.values() if other > fen)
            a, b = rule.shares
            within = [before * 100 < a * total, before * 100 < b * total]
            if rule.band is not None:
                within = [fen >= rule.band[0].at_least, fen >= rule.band[1].at_least]
            found[key] = "N" if fen <= 0 else "A" if within[0] else "B" if within[1] else "C"
        return found

    def reason(key: str, up: bool) -> str:
        sign = 1 if up else -1
        change = net(key, SECOND) - net(key, FIRST)
        if sign * change <= 0:
            return "others"
        if sign * (change + returned(key, SECOND) - returned(key, FIRST)) <= 0:
            return "returns"
        start, later = window_start(FIRST, rule.months), window_start(SECOND, rule.months)
        left = max(
            (fen for k, kind, day, fen in sales if k == key and kind == "sale" and start <= day < later), default=0
        )
        return "order_left" if not up and left >= -change and left * 100 >= 25 * net(key, FIRST) else "sales"

    before, after = letters(first, FIRST), letters(second, SECOND)
    found = {}
    for key in first | second:
        was, now = before.get(key, ABSENT), after.get(key, ABSENT)
        if was != now:
            both = "new" if was == ABSENT else "gone" if now == ABSENT else ""
            found[key] = (was, now, both or reason(key, GRADES.index(now) < GRADES.index(was)))
    return found


def company(random: Random) -> tuple[set[str], set[str], list[Sale]]:
    """Customers of the first date, of the second, and their sales: few amounts, so that there are ties."""
    everybody = [f"{number:03d}" for number in range(120)]
    first, second = (set(random.sample(everybody, 110)) for _ in range(2))
    sales = []
    for key in everybody:
        for _ in range(random.randrange(6)):
            kind = random.choice(["sale", "sale", "return"])
            day = random.choice([STAYS, LEAVES, COMES, date(2025, 6, 1) + timedelta(days=random.randrange(490))])
            sales.append((key, kind, day, random.choice([0, 1, 50, 200, 800, 1000, random.randrange(1500)])))
    return first, second, sales


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32), bands=st.booleans())
def test_like_plain_python_in_any_order(seed: int, bands: bool) -> None:
    random = Random(seed)
    rule = BANDS if bands else SHARES
    first, second, sales = company(random)
    expected = reference(first, second, sales, rule)
    assert len(expected) > 10
    random.shuffle(sales)
    found = changes(sorted(first), sorted(second), sales, rule)
    assert {k: (r["from_grade"], r["to_grade"], r["reason"]) for k, r in found.items()} == expected


def test_the_matrix_counts_everybody_once() -> None:
    first, second, sales = company(Random(7))
    expected = reference(first, second, sales, SHARES)
    before, after = (graded(sorted(keys), sales, on, SHARES) for keys, on in ((first, FIRST), (second, SECOND)))
    cells = {(row["from_grade"], row["to_grade"]): row["customers"] for row in rows(transitions.matrix(before, after))}
    moved = Counter((was, now) for was, now, _ in expected.values())
    assert {way: number for way, number in cells.items() if way[0] != way[1]} == moved
    assert sum(int(str(number)) for number in cells.values()) == len(first | second)
