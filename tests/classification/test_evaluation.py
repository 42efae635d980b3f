"""What ratings of a customer come to, by hand; how evaluations spread; who is satisfied."""

from datetime import UTC, date, datetime

import ibis
import pytest

from custinfo.classification import evaluation, evaluations, satisfaction
from custinfo.classification.credit import weights
from custinfo.domain.errors import BadInput

DAY = date(2026, 11, 20)
CARD = evaluation.card(DAY)


def all_rated(rating, **changed):
    return dict.fromkeys(CARD.items, rating) | changed


def test_the_card_asks_what_the_source_evaluates_by():
    assert list(CARD.items) == [
        "initiative_shown", "flexibility", "distribution", "funds", "brands", "storage", "trust", "family", "standing",
        "management", "network", "promotion", "after_sales", "relation_with_us",
    ]  # fmt: skip
    assert sum(CARD.rule.shares().values()) == 1
    names = [one.code for one in CARD.rule.criterion]
    judged = {(one.more, one.less): one.times for one in CARD.rule.judgement}
    assert weights.accept(names, weights.matrix(names, judged)).consistency_ratio < 0.01
    assert all(len({anchor.zh for anchor in one.anchors}) == 5 for one in CARD.items.values())


def test_points_are_the_mean_by_weight_of_what_is_known():
    assert evaluation.evaluate(CARD, [all_rated(4)]).points == 400
    # trust weighs 0.2738 of all: (4 × 0.7262 + 2 × 0.2738) = 3.4524
    found = evaluation.evaluate(CARD, [all_rated(4, trust=2)])
    assert (found.points, found.items["trust"], found.coverage, found.raters) == (345, 200, 10_000, 1)
    # without trust, the rest of the weight is 0.7262, and all of it says 4: no information is no 3
    without = evaluation.evaluate(CARD, [all_rated(4, trust=None)])
    assert (without.points, without.items["trust"], without.coverage) == (400, None, 7_262)


def test_below_the_coverage_of_the_rule_there_are_no_points():
    known = {"trust": 5, "initiative_shown": 5, "relation_with_us": 5}
    found = evaluation.evaluate(CARD, [known])
    assert found.coverage == 2738 + 1536 + 890
    assert (found.points, found.items["trust"]) == (None, 500)
    nothing = evaluation.evaluate(CARD, [{}])
    assert (nothing.points, nothing.coverage) == (None, 0)


def test_two_people_count_as_their_mean_and_talk_over_what_is_far_apart():
    found = evaluation.evaluate(CARD, [all_rated(4, funds=None), all_rated(3)])
    assert (found.items["trust"], found.items["funds"], found.raters) == (350, 300, 2)
    with pytest.raises(BadInput, match="trust"):
        evaluation.evaluate(CARD, [all_rated(4, trust=5), all_rated(4, trust=3)])


@pytest.mark.parametrize("rated", [[], [{}, {}, {}], [{"trust": 6}], [{"trust": "4"}], [{"nothing": 3}]])
def test_what_is_no_evaluation_is_refused(rated):
    with pytest.raises(BadInput):
        evaluation.evaluate(CARD, rated)


def row(customer, item, rating, on, hour=1, department="销售部"):
    return {"customer_key": customer, "item": item, "rating": rating, "evaluated_on": on, "department": department,
            "evaluation": f"E{hour}", "version": 1, "recorded_at": datetime(2026, 11, 1, hour, tzinfo=UTC)}  # fmt: skip


def test_what_counts_on_a_day_and_how_it_spreads():
    rows = ibis.memtable([
        row("a", "trust", 500, "2025-01-01"), row("a", "trust", 350, "2026-03-01"), row("a", "trust", 100, "2026-12-01"),
        row("b", "trust", 149, "2026-03-01", 1), row("b", "trust", 150, "2026-03-01", 2),
        row("c", "trust", None, "2026-03-01"), row("a", "all", 340, "2026-03-01"),
        row("b", "all", 260, "2026-03-01", department="客户服务部"), row("c", "all", None, "2026-03-01"),
    ])  # fmt: skip
    found = evaluations.in_force(rows, DAY)
    (trust,) = evaluations.spread(found).filter(ibis._["item"] == "trust").to_pyarrow().to_pylist()
    assert trust == {"item": "trust", "customers": 2, "sum_rating": 500, "r1": 0, "r2": 1, "r3": 0, "r4": 1, "r5": 0}
    departments = evaluations.by_department(found).order_by("sum_rating").to_pyarrow().to_pylist()
    assert [(one["department"], one["customers"], one["sum_rating"]) for one in departments] == [
        ("客户服务部", 1, 260), ("销售部", 1, 340),
    ]  # fmt: skip


def test_what_a_correction_says_counts_alone_whatever_day_the_mistake_was_of():
    rows = [row("a", "trust", 500, "2026-10-28", 1), row("a", "trust", 200, "2026-10-08", 1) | {"version": 2},
            row("a", "trust", 300, "2026-09-01", 2)]  # fmt: skip
    found = [evaluations.in_force(ibis.memtable(rows), date(2026, month, day)) for month, day in ((9, 30), (10, 31))]
    assert [one.to_pyarrow().to_pylist()[0]["rating"] for one in found] == [300, 200]


def said(customer, respondent, version, value, day, *, form="satisfaction_survey", variable="overall"):
    return {"customer_key": customer, "respondent": respondent, "version": version, "form_id": form,
            "variable": variable, "value": value, "recorded_at": datetime(2026, 10, day, tzinfo=UTC)}  # fmt: skip


def test_the_newest_answer_of_a_customer_counts_unless_it_was_rejected():
    answers = ibis.memtable([
        said("a", "R1", 1, "2", 1), said("a", "R1", 2, "4", 2), said("a", "R1", 2, "1", 2, variable="price"),
        said("b", "R2", 1, "5", 3), said("b", "R3", 1, "1", 4), said("c", "R4", 1, "3", 5),
        said(None, "R5", 1, "5", 6), said("d", "R6", 1, "5", 7, form="complaint"), said("e", "R7", 1, "", 8),
    ])  # fmt: skip
    reviews = ibis.memtable(
        [
            {"respondent": "R3", "version": 1, "event_number": 1, "state": "approved"},
            {"respondent": "R3", "version": 1, "event_number": 2, "state": "rejected"},
            {"respondent": "R4", "version": 1, "event_number": 3, "state": "rejected"},
            {"respondent": "R4", "version": 1, "event_number": 4, "state": "approved"},
        ]
    )
    found = satisfaction.latest(answers, reviews).order_by("customer_key").to_pyarrow().to_pylist()
    assert [(one["customer_key"], one["code"]) for one in found] == [("a", "4"), ("b", "5"), ("c", "3")]
