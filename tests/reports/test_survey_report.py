"""The customer survey report on a study reckoned by hand: ten times the pattern of `survey_lake`, 120 of 160 answered."""

from decimal import Decimal

import pytest

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month, Quarter, Year
from custinfo.reports import text
from custinfo.reports.kinds import survey
from tests.survey import survey_lake

OCTOBER, THIRD = Month(2026, 10), Quarter(2026, 3)
STUDY = "ST000002"
ONE_QUESTION = {STUDY: (survey_lake.STUDIES[STUDY][0], {"overall": survey_lake.SAID["overall"]})}
"""The study alone, with the question whose choices are few enough to be protected quickly."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return survey_lake.site(tmp_path_factory.mktemp("survey_report") / "site", 10)


@pytest.fixture(scope="module")
def october(place):
    return survey.figures(lake.open(place), OCTOBER, place.zone)


def row(figures, table, name):
    return figures.table(table).row(f"{STUDY}-{name}").cells


def said(figures, language="en"):
    return " ".join(one.text for one in text.sentences(survey.facts(figures), figures, language))


def test_response_and_weights_by_hand(october):
    """Of 160 drawn 10 were never asked and 10 are not eligible: 120 of 150 that may belong to the survey answered."""
    assert october.table("t1").row(STUDY).cells == (
        640, 100, 160, 150, 120, 120, Decimal("80.0"), Decimal("100.0"), Decimal("80.0"),
    )  # fmt: skip
    assert row(october, "t2", "phone") == (80, 60, Decimal("75.0"))
    assert row(october, "t2", "web") == (70, 60, Decimal("85.7"))
    squares = 60 * 3.5**2 + 60 * (20 / 3) ** 2
    effective = Decimal(str(round(610**2 / squares, 1)))
    assert october.table("t3").row(STUDY).cells[:5] == (120, 2, 0, effective, Decimal("109.7"))


def test_results_by_hand_with_their_intervals(october):
    """(40 · 4/6 + 21 · 2/6) / 61 of the weights said 4 or 5; the mean is not shown beside the top box."""
    count, top, low, high = row(october, "t4", "overall-top")
    assert (count, top) == (120, Decimal("55.2")) and low < top < high
    assert row(october, "t4", "recommend-score")[:2] == (120, Decimal("-0.5"))
    assert row(october, "t5", "overall-5")[:2] == (20, Decimal("21.9"))
    assert row(october, "t5", "improve-price")[:2] == (50, Decimal("63.7")), "of 90 who were asked and answered"
    assert october.table("t6").row(f"{STUDY}-base").cells[:3] == (120, 60, 60)
    assert row(october, "t6", "overall-top")[:3] == (Decimal("55.2"), Decimal("66.7"), Decimal("33.3"))
    areas = dict(zip(october.table("t7").columns[1:], row(october, "t7", "overall-top"), strict=True))
    by_area = {column.id: cell for column, cell in areas.items() if cell is not None}
    assert by_area == {"total": Decimal("55.2"), "area_3": Decimal("33.3"), "area_4": Decimal("66.7")}


def test_change_against_the_study_before(october):
    """(40 · 3/6 + 21 · 1/6) / 61 before: 16.7 points more, which is more than chance."""
    now, before, change, low, high = row(october, "t8", "overall-top")
    assert (now, before, change) == (Decimal("55.2"), Decimal("38.5"), Decimal("16.7"))
    assert 0 < low < change < high
    assert row(october, "t8", "recommend-score")[2] == 0
    assert "Satisfaction on the whole · Top-2 box has risen since ST000001, from 38.5% to 55.2%" in said(october)


def test_the_text_says_how_it_was_made_and_what_it_cannot_say(october):
    told = said(october)
    assert (
        "A stratified sample of 160 units was drawn from a frame of 640. The precision wanted 100 answers; 120" in told
    )
    assert "at 95 % confidence" in told
    assert "with a response rate of 80.0% those who did not answer may think otherwise" in told
    assert "nan" not in told.lower()
    assert "了解满意程度" in said(october, "zh-CN")


def test_a_study_is_reported_in_the_period_in_which_it_was_processed(place):
    third = survey.figures(lake.open(place), THIRD, place.zone)
    assert third.head["studies"] == ("ST000001",)
    assert third.table("t8").rows == (), "the first study has none before it"
    nothing = survey.figures(lake.open(place), Month(2026, 8), place.zone)
    assert said(nothing) == "In August 2026 the answers of no study were processed: there are no results to report."


def test_rows_of_several_studies_say_which_they_are_of(place):
    both = survey.figures(lake.open(place), Year(2026), place.zone)
    assert both.head["studies"] == ("ST000001", STUDY)
    labels = {one.label.names["en"] for one in both.table("t4").rows}
    assert "ST000001 · Satisfaction on the whole · Top-2 box" in labels
    assert {one.label.value for one in both.table("t8").rows} == {STUDY}


def test_of_few_respondents_no_result_is_given(tmp_path):
    """Twelve answered: every group is below five, and most choices are."""
    small = survey_lake.site(tmp_path / "small", 1, studies=ONE_QUESTION)
    found = survey.figures(lake.open(small), OCTOBER, small.zone)
    shown = {one.id: one.cells[1] for one in found.table("t5").rows}
    assert shown[f"{STUDY}-overall-5"] is None, "two said so"
    assert "cells are not shown" in said(found)
    assert "The base of 12 is small" in said(found)


def test_a_quota_sample_has_neither_weights_nor_intervals(tmp_path):
    quota = survey_lake.site(
        tmp_path / "quota", 3, studies=ONE_QUESTION, method="quota", weights={"company": None, "consumer": None}
    )
    found = survey.figures(lake.open(quota), OCTOBER, quota.zone)
    assert row(found, "t4", "overall-top") == (36, Decimal("50.0"), None, None)
    for language in LANGUAGES:
        assert said(found, language)
    assert "neither weighted nor given intervals" in said(found)


def test_weights_that_are_none_are_refused(tmp_path):
    wrong = survey_lake.site(tmp_path / "wrong", 1, weights={"company": 0, "consumer": 3_000_000})
    with pytest.raises(BadInput) as refused:
        survey.figures(lake.open(wrong), OCTOBER, wrong.zone)
    assert "(8)" in refused.value.text("en")
