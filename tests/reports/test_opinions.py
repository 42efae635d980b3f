"""What customers say of us and how we evaluate them, in the report on customer information, worked by hand (R166, R167)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from custinfo import lake
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month
from custinfo.reports import text
from custinfo.reports.parts import evaluated, satisfied
from tests.reports import sites

AREA = "report_customer_information"
OCTOBER = Month(2026, 10)
NOW, LATE = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 1, 0, 45, tzinfo=UTC)
SAID = [
    # customer, satisfaction, recorded: c1 grade A, active; c8 never bought
    ("c1", "5", NOW),
    ("c3", "2", NOW),
    ("c4", "4", NOW),
    ("c8", "3", NOW),
    ("c2", "1", LATE),
]
"""October is over on 31 October 16:00 UTC: what c2 said came in November."""
RATED = [
    # customer, item, hundredths, on, department
    ("c1", "trust", 300, "2025-09-01", "销售部"), ("c1", "trust", 450, "2026-09-01", "销售部"),
    ("c2", "trust", 350, "2026-09-01", "销售部"), ("c3", "trust", None, "2026-09-01", "客户服务部"),
    ("c1", "all", 310, "2025-09-01", "销售部"), ("c1", "all", 400, "2026-09-01", "销售部"),
    ("c2", "all", 300, "2026-09-01", "销售部"), ("c3", "all", 200, "2026-09-01", "客户服务部"),
]  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    place = sites.site(tmp_path_factory.mktemp("opinions") / "site")
    sites.publish(place)

    def key(who):
        return lake.pseudonym(place.secret("pseudonym"), who)

    answers = [
        {"customer_key": key(who), "respondent": f"R{n}", "version": 1, "form_id": "satisfaction_survey",
         "form_version": "1", "variable": "overall", "value": value, "recorded_at": at}
        for n, (who, value, at) in enumerate(SAID)
    ]  # fmt: skip
    ratings = [
        {"customer_key": key(who), "evaluation": f"E{n}", "version": 1, "evaluated_on": on, "department": department,
         "item": item, "rating": rating, "raters": 1, "rule_version": 1, "recorded_at": NOW}
        for n, (who, item, rating, on, department) in enumerate(RATED)
    ]  # fmt: skip
    tables = {"survey_answers": answers, "evaluations": ratings}
    rows = {name: [lake.TableRow(n, one) for n, one in enumerate(found, 1)] for name, found in tables.items()}
    lake.publish(place, [], [], lambda: sites.later(1), tables=rows)
    return lake.open(place), place.zone


def cells(table, row, *columns):
    return [table.cell(row, column) for column in columns]


def test_satisfaction_by_stage_of_life_and_purchasing_power(opened):
    by_stage, by_grade = satisfied.tables(AREA, opened[0], OCTOBER, opened[1])
    names = ("surveyed", "satisfied", "neither", "dissatisfied", "satisfied_share", "mean")
    assert cells(by_grade, "total", *names) == [4, 2, 1, 1, Decimal("50.0"), Decimal("3.5")]
    assert cells(by_grade, "A", *names[:4]) == [1, 1, 0, 0], "c1 makes most of the sales"
    assert cells(by_grade, "N", *names) == [1, 0, 1, 0, Decimal("0.0"), Decimal("3.0")], "c8 bought nothing"
    assert cells(by_stage, "lapsed", *names) == [0, 0, 0, 0, None, None]
    assert sum(row.cells[0] for row in by_stage.rows[:-1]) == by_stage.cell("total", "surveyed") == 4
    (fact,) = satisfied.facts(AREA, by_stage)
    assert fact.template == f"{AREA}.text.satisfied"


def test_evaluation_by_item_and_department_beside_a_year_ago(opened):
    items, departments = evaluated.tables(AREA, opened[0], OCTOBER, opened[1])
    names = ("evaluated", "mean", "mean_ago", "mean_change", "r5", "r4", "r3", "r2", "r1")
    # trust: 4.5 and 3.5, of which a half counts for the higher rating; a year ago 3.0
    assert cells(items, "trust", *names) == [2, Decimal("4.0"), Decimal("3.0"), Decimal("1.0"), 1, 1, 0, 0, 0]
    assert cells(items, "all", *names[:4]) == [3, Decimal("3.0"), Decimal("3.1"), Decimal("-0.1")]
    assert cells(items, "family", *names) == [0, None, None, None, 0, 0, 0, 0, 0]
    told = {row.label.value: cells(departments, row.id, *names[:4]) for row in departments.rows}
    assert told == {
        "客户服务部": [1, Decimal("2.0"), None, None], "销售部": [2, Decimal("3.5"), Decimal("3.1"), Decimal("0.4")],
    }  # fmt: skip
    assert [fact.template.rpartition(".")[2] for fact in evaluated.facts(AREA, items)] == ["evaluated", "improved"]


def test_the_whole_report_says_it_in_both_languages(opened):
    from custinfo.domain.periods import Quarter
    from custinfo.reports.kinds import customer_information

    found = customer_information.figures(opened[0], Quarter(2026, 4), opened[1])
    for language in LANGUAGES:
        said = " ".join(one.text for one in text.sentences(customer_information.facts(found), found, language))
        assert ("信誉" if language == "zh-CN" else "Repute") in said
