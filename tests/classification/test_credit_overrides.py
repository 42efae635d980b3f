"""Overrides of a credit grade and the order of grades: the truth table of what is in order, and the grade on a day."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import grades, overrides
from custinfo.classification.credit.grades import GradesRule
from custinfo.classification.credit.overrides import Assessment, Override
from custinfo.domain.errors import BadInput, NotAllowed
from tests.classification.credit_cards import GRADES

RULE = grades.rule(date(2026, 11, 1))
DAY = date(2026, 11, 1)
BASE = Assessment("K1", "C", None, frozenset({"P1", "P2"}))
GOOD = Override("K1", "B", "新增银行保函", "P3", DAY, DAY + timedelta(days=90), "P4", DAY)


def keys(override: Override, base: Assessment = BASE) -> list[str]:
    return [fault.key.removeprefix("credit_scorecards.") for fault in overrides.faults(override, base, RULE)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"approved_by": None, "approved_on": None}, []),
        ({"grade": "A"}, ["override.notches"]),
        ({"grade": "D"}, []),
        ({"grade": "E"}, []),
        ({"grade": "C"}, ["override.same"]),
        ({"grade": "AAA"}, ["grades.unknown"]),
        ({"reason": " "}, ["override.no_reason"]),
        ({"approved_by": "P3"}, ["override.second_person"]),
        ({"approved_by": "P1"}, ["override.second_person"]),
        ({"approved_by": " p3 "}, ["override.second_person"]),
        ({"approved_by": "p1\t"}, ["override.second_person"]),
        ({"proposed_by": "p4 "}, ["override.second_person"]),
        ({"proposed_by": "P1"}, []),
        ({"proposed_by": ""}, ["override.no_proposer"]),
        ({"proposed_by": " \u3000"}, ["override.no_proposer"]),
        ({"approved_by": ""}, ["override.no_approver"]),
        ({"approved_by": " \u3000"}, ["override.no_approver"]),
        ({"proposed_by": " ", "approved_by": ""}, ["override.no_proposer", "override.no_approver"]),
        ({"approved_by": None}, ["override.half_approved"]),
        ({"approved_on": None}, ["override.half_approved"]),
        ({"approved_on": DAY - timedelta(days=1)}, ["override.approved_before"]),
        ({"last_day": DAY + timedelta(days=180)}, []),
        ({"last_day": DAY + timedelta(days=181)}, ["override.last_day"]),
        ({"last_day": DAY}, []),
        ({"last_day": DAY - timedelta(days=1)}, ["override.last_day"]),
        ({"assessment_id": "K2"}, ["override.other_assessment"]),
        ({"grade": "A", "reason": "", "approved_by": "P2"}, ["override.notches", "override.no_reason", "override.second_person"]),
    ],
)  # fmt: skip
def test_what_is_in_order(changes: dict[str, object], expected: list[str]) -> None:
    override = replace(GOOD, **changes)  # type: ignore[arg-type]
    assert keys(override) == expected
    for fault in overrides.faults(override, BASE, RULE):
        assert fault.text("zh-CN") != fault.text("en")


def test_the_first_fault_is_raised() -> None:
    overrides.check(GOOD, BASE, RULE)
    with pytest.raises(NotAllowed):
        overrides.check(replace(GOOD, approved_by="P2"), BASE, RULE)
    with pytest.raises(BadInput):
        overrides.check(replace(GOOD, grade="A", approved_by="P2"), BASE, RULE)


def test_a_ceiling_is_not_passed_and_down_is_always_allowed() -> None:
    capped = replace(BASE, grade="D", ceiling="D")
    assert keys(replace(GOOD, grade="C"), capped) == ["override.ceiling"]
    assert keys(replace(GOOD, grade="E"), capped) == []
    # Points below the ceiling: up to it, and no further
    assert keys(replace(GOOD, grade="C"), replace(BASE, grade="D", ceiling="C")) == []


def test_nothing_to_move_without_a_grade() -> None:
    without = replace(BASE, grade=None)
    assert keys(GOOD, without) == ["override.no_grade"]
    assert overrides.grade_on(DAY, without, [GOOD], RULE).grade is None


@pytest.mark.parametrize(
    ("day", "grade"),
    [
        (DAY - timedelta(days=1), "C"),
        (DAY, "B"),
        (DAY + timedelta(days=90), "B"),
        (DAY + timedelta(days=91), "C"),
    ],
)
def test_the_grade_on_a_day(day: date, grade: str) -> None:
    found = overrides.grade_on(day, BASE, [GOOD], RULE)
    assert (found.grade, found.override is GOOD, found.rule_version) == (grade, grade == "B", 1)


def test_what_does_not_count() -> None:
    proposal = replace(GOOD, approved_by=None, approved_on=None)
    own = replace(GOOD, approved_by="P3")
    other = replace(GOOD, assessment_id="K2")
    assert overrides.grade_on(DAY, BASE, [proposal, own, other], RULE).grade == "C"


def test_raters_are_compared_like_the_others() -> None:
    assert keys(GOOD, replace(BASE, raters=frozenset({" p4"}))) == ["override.second_person"]


def test_the_last_approved_counts_and_of_the_same_day_the_worst() -> None:
    later = replace(GOOD, grade="E", approved_on=DAY + timedelta(days=5))
    same_day = replace(GOOD, grade="D")
    for several in ([GOOD, later, same_day], [same_day, later, GOOD]):
        assert overrides.grade_on(DAY, BASE, several, RULE).grade == "D"
        assert overrides.grade_on(DAY + timedelta(days=5), BASE, several, RULE).grade == "E"
    short = replace(later, last_day=DAY + timedelta(days=6))
    assert overrides.grade_on(DAY + timedelta(days=7), BASE, [GOOD, short], RULE).grade == "B"


days = st.integers(0, 200).map(lambda number: DAY + timedelta(days=number))
several = st.lists(
    st.builds(
        Override,
        st.sampled_from(["K1", "K2"]), st.sampled_from("ABCDE"), st.sampled_from(["r", ""]), st.sampled_from(["P1", "P3"]),
        days, days, st.sampled_from(["P1", "P4", None]), st.one_of(st.none(), days),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    given_=several,
    day=days,
    grade=st.sampled_from("ABCDE"),
    ceiling=st.sampled_from(["A", "C", "D", None]),
    data=st.data(),
)
def test_never_higher_than_the_rule_lets_and_in_any_order_the_same(
    given_: list[Override], day: date, grade: str, ceiling: str | None, data: st.DataObject
) -> None:
    base = replace(BASE, grade=grade, ceiling=ceiling)
    found = overrides.grade_on(day, base, given_, RULE)
    assert found == overrides.grade_on(day, base, data.draw(st.permutations(given_)), RULE)
    assert found.grade is not None
    assert RULE.rank(found.grade) >= RULE.rank(grade) - RULE.override.notches
    if ceiling is not None:
        assert RULE.rank(found.grade) >= min(RULE.rank(ceiling), RULE.rank(grade))
    if found.override is not None:
        overrides.check(found.override, base, RULE)


@settings(max_examples=100, deadline=None)
@given(points=st.fractions(0, 10000))
def test_every_number_of_points_has_one_grade(points: Fraction) -> None:
    bounds = [grade.from_points for grade in RULE.grade]
    above = [10001, *bounds[:-1]]
    holding = [code for code, low, high in zip(RULE.order, bounds, above, strict=True) if low <= points < high]
    assert [RULE.of(points)] == holding


@pytest.mark.parametrize("points", [Fraction(-1, 10**9), Fraction(10**13 + 1, 10**9)])
def test_points_that_cannot_be(points: Fraction) -> None:
    with pytest.raises(BadInput) as raised:
        RULE.of(points)
    assert raised.value.key == "credit_scorecards.grades.points"


def test_order_and_unknown_grades(tmp_path: Path) -> None:
    assert RULE.worst("B", "D", "A") == "D"
    assert [RULE.rank(code) for code in "ABCDE"] == [0, 1, 2, 3, 4]
    with pytest.raises(BadInput) as raised:
        RULE.rank("F")
    assert "A, B, C, D, E" in raised.value.text("zh-CN")
    # The order is the file's, not the alphabet's
    (tmp_path / "g.toml").write_text(GRADES.replace('code = "A"', 'code = "Z"'), "utf-8")
    assert rules.load(tmp_path / "g.toml", GradesRule)[0].order == ("Z", "B", "C", "D", "E")
