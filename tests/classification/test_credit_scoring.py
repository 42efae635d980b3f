"""Credit scoring: a small card worked by hand, properties on the shipped cards, what is refused, and what is explained."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import explanation, scorecards
from custinfo.classification.credit.scorecards import Scorecard
from custinfo.classification.credit.scoring import Evidence, Finding, Rating, score
from custinfo.domain.errors import BadInput
from tests.classification.credit_cards import CARD, ON, SEEN, files, rated

SHIPPED = {scheme: scorecards.scorecard(scheme, ON) for scheme in scorecards.SCHEMES}
DISHONEST = Finding("dishonest", Evidence("court", ON))


@pytest.fixture
def card(tmp_path: Path) -> Scorecard:
    return scorecards.scorecard("5c", ON, files(tmp_path))


def test_worked_by_hand(card: Scorecard) -> None:
    scored = score(card, rated(p=5, q=4, r=3), ON)
    # .45 * 5 + .30 * 4 + .25 * 3 = 4.2
    assert (scored.points, scored.grade, scored.coverage) == (8400, "A", 1)
    assert [(one.code, one.mean, one.coverage) for one in scored.criteria] == [
        ("x", Fraction(23, 5), 1),
        ("y", 3, 1),
    ]
    assert (scored.card_version, scored.indicators_version, scored.grades_version) == (1, 1, 1)
    assert (scored.caps, scored.ceiling, scored.raters, scored.stale) == ((), None, ("P1",), 0)


def test_no_information_is_no_3(card: Scorecard) -> None:
    without = score(card, rated(p=5, q=5, r=None), ON)
    assert (without.points, without.coverage, without.grade) == (10000, Fraction(3, 4), "A")
    assert score(card, rated(p=5, q=5, r=3), ON).points == 9000
    # Nobody rated r at all: the same but for who looked
    looked = replace(without.indicators[2], rater=None)
    assert score(card, rated(p=5, q=5), ON) == replace(without, indicators=(*without.indicators[:2], looked))
    assert without.criteria[1].mean is None and without.criteria[1].coverage == 0


def test_below_the_coverage_there_is_no_grade(card: Scorecard) -> None:
    on_the_line = score(card, rated(p=5, r=5), ON)
    assert (on_the_line.coverage, on_the_line.grade) == (Fraction(70, 100), "A")
    below = score(card, rated(q=5, r=1), ON, [DISHONEST])
    assert (below.coverage, below.grade, below.grade_of_points) == (Fraction(55, 100), None, None)
    # .30 * 5 + .25 * 1 = 1.75 of .55
    assert below.points == Fraction(175, 55) * 2000
    assert below.ceiling == "D"
    assert not any(cap.lowered for cap in below.caps)
    nothing = score(card, [], ON)
    assert (nothing.points, nothing.coverage, nothing.grade, nothing.stale) == (None, 0, None, 0)


def test_caps(card: Scorecard) -> None:
    # p 2 and q 2: the mean of x is exactly 2. .45 * 2 + .30 * 2 + .25 * 5 = 2.75: C already
    weak = score(card, rated(p=2, q=2, r=5), ON)
    assert [(cap.code, cap.subject, cap.rating, cap.at_most, cap.lowered) for cap in weak.caps] == [
        ("weak_x", "x", 2, "C", False)
    ]
    # .45 * 5 + .30 * 5 + .25 * 1 = 4.0: B, and D by the cap
    no_r = score(card, rated(p=5, q=5, r=1), ON)
    assert (no_r.grade_of_points, no_r.grade, no_r.ceiling) == ("B", "D", "D")
    assert no_r.caps[0].lowered
    listed = score(card, rated(p=5, q=5, r=5), ON, [DISHONEST, DISHONEST])
    assert (listed.grade_of_points, listed.grade, len(listed.caps)) == ("A", "D", 1)
    assert (listed.caps[0].subject, listed.caps[0].rating) == ("dishonest", None)
    # A criterion of which nothing is known sets off no cap, and a mean just above does not
    assert score(card, rated(p=2, q=3, r=5), ON).caps == ()
    assert score(card, rated(r=5), ON).caps == ()
    # A cap never lifts a grade
    assert score(card, rated(p=1, q=1, r=1), ON).grade == "E"


def test_a_point_at_the_edge_is_not_rounded(card: Scorecard) -> None:
    # .45 * 4 + .30 * 5 + .25 * 3 = 4.05: 8100, B; 4.2 is A exactly (worked by hand above)
    assert score(card, rated(p=4, q=5, r=3), ON).grade == "B"
    almost = SHIPPED["5c"].grades.of(Fraction(8399999999999999, 10**12))
    assert (almost, SHIPPED["5c"].grades.of(Fraction(8400))) == ("B", "A")


def test_stale_evidence_counts_and_is_pointed_out(card: Scorecard) -> None:
    def at(day: date, on: date) -> Fraction:
        old = [replace(rating, evidence=(Evidence("s", day),)) for rating in rated(p=4, q=4, r=4)]
        fresh = [*old[:2], replace(old[2], evidence=(Evidence("s", day), Evidence("s", on)))]
        scored = score(card, fresh, on)
        assert scored.points == 8000
        return scored.stale

    assert at(date(2026, 4, 30), date(2026, 10, 30)) == 0
    assert at(date(2026, 4, 30), date(2026, 10, 31)) == Fraction(3, 4)
    # Half a year after the 31st of August is the last of February
    assert at(date(2026, 8, 31), date(2027, 2, 28)) == 0
    assert at(date(2026, 8, 31), date(2027, 3, 1)) == Fraction(3, 4)


@pytest.mark.parametrize(
    ("ratings", "key"),
    [
        (rated(p=3, z=3), "no_indicator"),
        ([*rated(p=3), *rated(p=4)], "rated_twice"),
        (rated(p=0), "not_a_rating"),
        (rated(p=6), "not_a_rating"),
        ([Rating("p", True, "P1", SEEN)], "not_a_rating"),
        ([Rating("p", 2.5, "P1", SEEN)], "not_a_rating"),  # type: ignore[arg-type]
        ([Rating("p", 3, "P1")], "no_evidence"),
        ([Rating("p", 3, "P1", (Evidence(" ", ON),))], "no_evidence"),
        ([Rating("p", 3, " ", SEEN)], "no_rater"),
        ([Rating("p", 3, "P1", (Evidence("s", date(2026, 11, 1)),))], "future"),
    ],
)
def test_ratings_out_of_order_are_refused(card: Scorecard, ratings: list[Rating], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        score(card, ratings, ON)
    assert raised.value.key == f"credit_scorecards.score.{key}"
    assert raised.value.text("zh-CN") != raised.value.text("en")


@pytest.mark.parametrize(
    ("finding", "key"),
    [
        (Finding("rumour", Evidence("s", ON)), "no_finding"),
        (Finding("dishonest", Evidence("", ON)), "no_evidence"),
        (Finding("dishonest", Evidence("s", date(2026, 11, 1))), "future"),
    ],
)
def test_findings_out_of_order_are_refused(card: Scorecard, finding: Finding, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        score(card, rated(p=3), ON, [finding])
    assert raised.value.key == f"credit_scorecards.score.{key}"


def test_what_moved_the_grade(card: Scorecard) -> None:
    told = explanation.explain(card, rated(p=4, q=5, r=3), ON)
    # 8100 points: B, 300 below A, 1700 above C. p loses .45 * 1, r .25 * 2 steps
    assert (told.scored.grade, told.lacking, told.margin) == ("B", 300, 1700)
    assert [(lost.indicator, lost.points) for lost in told.lost] == [("r", 1000), ("p", 900)]
    # A step more of p is 900 points, of r 500, each enough for A; a step less never costs a grade here
    assert [(lever.indicator, lever.instead, lever.grade) for lever in told.levers] == [("p", 5, "A"), ("r", 4, "A")]
    assert (told.unknown, told.lowest, told.highest) == ((), 8100, 8100)


def test_explaining_what_is_not_known_and_what_a_cap_did(card: Scorecard) -> None:
    told = explanation.explain(card, rated(p=5, q=5), ON)
    # Unknown r as 1: .75 * 5 + .25 = 4.0
    assert (told.unknown, told.lowest, told.highest) == (("r",), 8000, 10000)
    assert told.lacking is None
    capped = explanation.explain(card, rated(p=5, q=5, r=1), ON)
    assert [(lever.indicator, lever.instead, lever.grade) for lever in capped.levers] == [("r", 2, "A")]
    nothing = explanation.explain(card, [], ON)
    assert (nothing.lacking, nothing.margin, nothing.levers, nothing.lost) == (None, None, (), ())
    assert (nothing.unknown, nothing.lowest, nothing.highest) == (("p", "q", "r"), 2000, 10000)


def test_5c_beside_5p() -> None:
    five_c, five_p = SHIPPED["5c"], SHIPPED["5p"]
    one = score(five_c, rated(paid_in_time=5, contracts_kept=3, debt_ratio=2), ON)
    other = score(five_p, rated(paid_in_time=5, contracts_kept=3, debt_ratio=2), ON)
    rows = {row.aspect: row for row in explanation.side_by_side(five_c, one, five_p, other)}
    # Character: (.40 * 5 + .25 * 3) / .65; people: contracts alone
    assert rows["willingness"].first_mean == Fraction(275, 65)
    assert rows["willingness"].second_mean == 3
    assert rows["willingness"].difference == 3 - Fraction(275, 65)
    assert (rows["ability"].first_mean, rows["ability"].difference) == (None, None)
    assert rows["purpose_and_debt"].difference == 0


def cases() -> st.SearchStrategy[tuple[Scorecard, list[Rating], list[Finding]]]:
    def of(card: Scorecard) -> st.SearchStrategy[tuple[Scorecard, list[Rating], list[Finding]]]:
        values = st.fixed_dictionaries({code: st.one_of(st.none(), st.integers(1, 5)) for code in card.indicators})
        finding = st.sampled_from([rule.code for rule in card.grades.finding])
        found = st.lists(finding.map(lambda code: Finding(code, Evidence("s", ON))), max_size=2)
        return st.tuples(st.just(card), values.map(lambda given_: rated(**given_)), found)

    return st.sampled_from(list(SHIPPED.values())).flatmap(of)


@settings(max_examples=40, deadline=None)
@given(case=cases(), data=st.data())
def test_a_better_rating_never_lowers_a_grade_and_order_does_not_matter(
    case: tuple[Scorecard, list[Rating], list[Finding]], data: st.DataObject
) -> None:
    card, ratings, findings = case
    scored = score(card, ratings, ON, findings)
    assert score(card, data.draw(st.permutations(ratings)), ON, findings[::-1]) == scored
    place = data.draw(st.integers(0, len(ratings) - 1))
    value = ratings[place].value
    if value is None or value == 5 or scored.grade is None:
        return
    better = score(
        card, [*ratings[:place], replace(ratings[place], value=value + 1), *ratings[place + 1 :]], ON, findings
    )
    assert better.points is not None and scored.points is not None and better.points > scored.points
    assert better.grade is not None and card.grades.rank(better.grade) <= card.grades.rank(scored.grade)


@settings(max_examples=15, deadline=None)
@given(case=cases())
def test_an_explanation_adds_up(case: tuple[Scorecard, list[Rating], list[Finding]]) -> None:
    card, ratings, findings = case
    told = explanation.explain(card, ratings, ON, findings)
    points = told.scored.points
    if points is not None:
        assert points + sum(lost.points for lost in told.lost) == 10000
        assert told.lowest <= points <= told.highest
    for lever in told.levers:
        place = next(place for place, rating in enumerate(ratings) if rating.indicator == lever.indicator)
        other = [*ratings[:place], replace(ratings[place], value=lever.instead), *ratings[place + 1 :]]
        assert score(card, other, ON, findings).grade == lever.grade != told.scored.grade


UNKNOWN_CAPS = """
[[version.cap]]
code = "p_unknown"
title = { zh = "p", en = "p" }
indicator = "p"
unknown = true
at_most = "B"

[[version.cap]]
code = "old"
title = { zh = "old", en = "old" }
stale_percent = 30
at_most = "C"
"""


def test_not_knowing_and_old_evidence_cap_the_grade(tmp_path: Path) -> None:
    card = scorecards.scorecard("5c", ON, files(tmp_path, card=CARD + UNKNOWN_CAPS))
    assert score(card, rated(p=5, q=5, r=5), ON).grade == "A"
    unknown = score(card, rated(p=None, q=5, r=5), ON)
    # Known weight of 55 % gives no grade to lower; the ceiling is there all the same
    assert [(cap.code, cap.rating, cap.lowered) for cap in unknown.caps] == [("p_unknown", None, False)]
    assert (unknown.grade, unknown.ceiling) == (None, "B")
    old = (Evidence("s", date(2026, 3, 31)),)  # six months end with September
    stale = [Rating("p", 5, "P1", old), *rated(q=5, r=5)]
    found = score(card, stale, ON)
    assert [(cap.code, cap.subject, cap.rating, cap.lowered) for cap in found.caps] == [
        ("p_unknown", "p", 5, True), ("old", "old", None, True),
    ]  # fmt: skip
    assert found.grade == "C"
    little = score(card, [*rated(p=5, q=5), Rating("r", 5, "P1", old)], ON)  # a quarter of the weight is old
    assert (little.caps, little.grade) == ((), "A")
