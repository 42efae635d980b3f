"""Scorecards as data: what the shipped ones hold, and rule files that are refused."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from custinfo.classification import rules
from custinfo.classification.credit import grades, scorecards, weights
from custinfo.classification.credit.grades import GradesRule
from custinfo.classification.credit.scorecards import CardRule, IndicatorsRule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from tests.classification.credit_cards import CARD, GRADES, INDICATORS, ON, files

ROOT = Path(__file__).parents[2]
SHIPPED = {scheme: scorecards.scorecard(scheme, ON) for scheme in scorecards.SCHEMES}
DESCRIBED = rules.on(ON, scorecards.INDICATORS, IndicatorsRule)


def answers(form: str) -> tuple[set[str], set[str]]:
    """The questions and the choices of a form, by name."""
    lines = (ROOT / "forms" / f"{form}.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:]] for line in lines]
    choices = next(place for place, line in enumerate(lines) if line.startswith("| choices") or "| settings" in line)
    questions = {row[1] for row in rows[2:choices] if len(row) > 1}
    return questions, {row[1] for row in rows[choices:] if len(row) > 1}


@pytest.mark.parametrize(
    ("scheme", "criteria"),
    [
        ("5c", ["品格", "能力", "资本", "担保品", "环境状况"]),
        ("5p", ["人的因素", "目的因素", "还款因素", "保障因素", "展望因素"]),
        ("6a", ["经济因素", "技术因素", "管理因素", "组织因素", "财务因素", "商业因素"]),
    ],
)
def test_the_schemes_have_the_criteria_of_their_sources(scheme: str, criteria: list[str]) -> None:
    card = SHIPPED[scheme]
    assert [criterion.title.zh for criterion in card.card.criterion] == criteria
    assert sum(card.card.shares().values()) == 1
    judged = {(one.more, one.less): one.times for one in card.card.judgement}
    names = [criterion.code for criterion in card.card.criterion]
    found = weights.accept(names, weights.matrix(names, judged))
    assert [criterion.weight for criterion in card.card.criterion] == list(weights.whole(found.weights, 10000).values())
    assert found.consistency_ratio < 0.01


def test_5c_answers_to_5p_as_the_source_says() -> None:
    pairs = scorecards.counterparts(SHIPPED["5c"].card, SHIPPED["5p"].card)
    assert [(pair.first.code, pair.second.code, text(f"credit_scorecards.aspect.{pair.aspect}", "zh-CN")) for pair in pairs] == [
        ("character", "people", "还款意愿"),
        ("capacity", "payment", "还款能力"),
        ("capital", "purpose", "用途与举债"),
        ("collateral", "protection", "抵押担保"),
        ("conditions", "perspective", "行业、法律与发展环境"),
    ]  # fmt: skip


def test_every_indicator_is_used_and_anchored_in_both_languages() -> None:
    assert {one.code for one in DESCRIBED.indicator} == {code for card in SHIPPED.values() for code in card.indicators}
    said: list[str] = []
    for one in DESCRIBED.indicator:
        said += [words for anchor in one.anchors for words in (anchor.zh, anchor.en)]
        assert one.title.text("zh-CN") == one.title.zh and one.title.text("en") == one.title.en
    assert len(set(said)) == len(said) == 2 * 5 * len(DESCRIBED.indicator)
    han = re.compile(r"[\u4e00-\u9fff]")
    assert all(han.search(anchor.zh) for one in DESCRIBED.indicator for anchor in one.anchors)
    assert not any(han.search(anchor.en) for one in DESCRIBED.indicator for anchor in one.anchors)


def test_the_answers_that_feed_indicators_and_findings_exist() -> None:
    forms = {form: answers(form) for form in ("credit_report", "enterprise_card")}
    named = [field for one in DESCRIBED.indicator for field in one.fields]
    named += [field for finding in SHIPPED["5c"].grades.finding for field in finding.fields]
    assert len(named) > 50
    for field in named:
        form, _, rest = field.partition(":")
        question, _, choice = rest.partition("=")
        assert question in forms[form][0], field
        assert not choice or choice in forms[form][1], field


def test_what_is_asked_of_a_legal_person_is_rated() -> None:
    organisational = next(one for one in SHIPPED["6a"].card.criterion if one.code == "organisational")
    assert [weighed.indicator for weighed in organisational.indicators] == [
        "legal_standing", "ownership_clarity", "organisation", "years_in_business"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        # Just below and at each cut: paid in time 80, 90, 95, 99 %
        ("paid_in_time", {0: 1, 7999: 1, 8000: 2, 9000: 3, 9499: 3, 9500: 4, 9899: 4, 9900: 5, 10000: 5}),
        ("debt_ratio", {12000: 1, 9001: 1, 9000: 2, 7001: 2, 7000: 3, 5500: 4, 4001: 4, 4000: 5, 0: 5}),
        ("liquidity", {79: 1, 80: 2, 100: 3, 130: 4, 179: 4, 180: 5}),
        ("dealing_frequency", {0: 1, 2: 1, 3: 2, 5: 2, 6: 3, 9: 4, 11: 4, 12: 5}),
        ("years_in_business", {0: 1, 1: 2, 3: 3, 5: 4, 9: 4, 10: 5}),
    ],
)
def test_figures_become_ratings_as_the_anchors_say(code: str, figures: dict[int, int]) -> None:
    measure = next(one.measure for one in DESCRIBED.indicator if one.code == code)
    assert measure is not None
    assert {figure: measure.rating(figure) for figure in figures} == figures


def test_the_shipped_grades() -> None:
    rule = grades.rule(ON)
    assert rule.order == ("A", "B", "C", "D", "E")
    with (ROOT / "data" / "codelists" / "credit_standing.csv").open(encoding="utf-8") as file:
        standings = {row["code"] for row in csv.DictReader(file)}
    assert {grade.standing for grade in rule.grade} <= standings
    # The form's five Cs: excellent from 21 of 25, good from 16, fair from 11
    assert [grade.from_points * 25 for grade in rule.grade[:3]] == [21 * 10000, 16 * 10000, 11 * 10000]
    assert next(finding.at_most for finding in rule.finding if finding.code == "dishonest") == "D"


def test_a_day_before_the_first_rule_and_an_unknown_scheme() -> None:
    with pytest.raises(BadInput) as raised:
        scorecards.scorecard("5c", date(2019, 12, 31))
    assert raised.value.key == "classification.no_rule"
    with pytest.raises(BadInput) as raised:
        scorecards.scorecard("7s", ON)
    assert raised.value.key == "credit_scorecards.card.no_scheme"


JUDGED = 'judgement = [{ more = "x", less = "y", times = 3 }]'


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (CARD.replace("weight = 2500", "weight = 2400"), "sum"),
        (CARD.replace("percent = 40", "percent = 41"), "sum"),
        (CARD.replace("weight = 7500", "weight = 7400").replace("weight = 2500", "weight = 2600"), "not_as_judged"),
        (CARD.replace('code = "y"', 'code = "x"'), "twice"),
        (CARD.replace('indicator = "q"', 'indicator = "p"'), "twice"),
        (CARD.replace('code = "no_r"', 'code = "weak_x"'), "twice"),
        (CARD.replace("weight = 2500", 'weight = 2500\naspect = "willingness"'), "twice"),
        (CARD.replace('\nindicator = "r"\n', '\nindicator = "s"\n'), "cap"),
        (CARD.replace('\ncriterion = "x"\n', '\ncriterion = "z"\n'), "cap"),
        (CARD.replace('\ncriterion = "x"\n', "\n"), "cap"),
        (CARD.replace('\ncriterion = "x"\n', '\ncriterion = "x"\nindicator = "p"\n'), "cap"),
        (CARD.replace(JUDGED, "judgement = []"), "pair_missing"),
        (CARD.replace('less = "y"', 'less = "z"'), "unknown_pair"),
        (CARD.replace(JUDGED, JUDGED[:-1] + ', { more = "y", less = "x", times = 1 }]'), "pair_twice"),
        (CARD.replace(JUDGED, JUDGED[:-1] + ', { more = "x", less = "y", times = 2 }]'), "pair_twice"),
    ],
)
def test_a_card_out_of_order_is_refused(tmp_path: Path, content: str, key: str) -> None:
    file = tmp_path / "credit_5c.toml"
    assert content != CARD
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, CardRule)
    assert raised.value.key == f"credit_scorecards.card.{key}"
    for language in ("zh-CN", "en"):
        assert "credit_5c.toml" in raised.value.text(language)


def test_judgements_of_a_card_that_contradict_one_another(tmp_path: Path) -> None:
    third = CARD[CARD.index('[[version.criterion]]\ncode = "y"') : CARD.index("[[version.cap]]")]
    circle = 'judgement = [{ more = "x", less = "y", times = 5 }, { more = "y", less = "z", times = 5 }, { more = "z", less = "x", times = 5 }]'
    content = (
        CARD.replace(JUDGED, circle)
        .replace("weight = 7500", "weight = 5000")
        .replace(third, third + third.replace('"y"', '"z"').replace('"r"', '"s"'))
    )
    (tmp_path / "credit_5c.toml").write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(tmp_path / "credit_5c.toml", CardRule)
    assert raised.value.key == "credit_scorecards.card.inconsistent"
    assert "x : y = 5" in raised.value.text("en") and "credit_5c.toml" in raised.value.text("zh-CN")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (INDICATORS.replace('code = "q"', 'code = "p"'), "credit_scorecards.card.twice"),
        (INDICATORS.replace("[10, 20, 30, 40]", "[10, 20, 20, 40]"), "credit_scorecards.card.cuts"),
        (INDICATORS.replace("[10, 20, 30, 40]", "[40, 30, 20, 10]"), "credit_scorecards.card.cuts"),
        (INDICATORS.replace("[10, 20, 30, 40]", "[10, 20, 30]"), "classification.missing_entry"),
        (INDICATORS.replace(', { zh = "r 5", en = "r 5" }', ""), "classification.wrong_entry"),
        (INDICATORS.replace("months = 6", "months = 0"), "classification.limit"),
        (INDICATORS.replace('en = "r 5"', 'en = ""'), "classification.wrong_entry"),
    ],
)
def test_indicators_out_of_order_are_refused(tmp_path: Path, content: str, key: str) -> None:
    assert content != INDICATORS
    with pytest.raises(BadInput) as raised:
        scorecards.scorecard("5c", ON, files(tmp_path, indicators=content))
    assert raised.value.key == key
    assert "credit_indicators.toml" in raised.value.text("en")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (GRADES.replace("from_points = 6400", "from_points = 8400"), "overlap"),
        (GRADES.replace("from_points = 6400", "from_points = 9000"), "overlap"),
        (GRADES.replace("from_points = 0", "from_points = 1"), "hole"),
        (GRADES.replace('code = "B"', 'code = "A"'), "twice"),
        (GRADES.replace('code = "dishonest"', 'code = "A"'), "twice"),
        (GRADES.replace('at_most = "D"', 'at_most = "F"'), "no_such_grade"),
        (GRADES.replace('at_most = "D"', 'at_most = "A"'), "no_cap"),
        (GRADES.replace('standing = "good"', 'standing = "superb"'), "standing"),
    ],
)
def test_grades_out_of_order_are_refused(tmp_path: Path, content: str, key: str) -> None:
    assert content != GRADES
    file = tmp_path / grades.FILE
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, GradesRule)
    assert raised.value.key == f"credit_scorecards.grades.{key}"
    for language in ("zh-CN", "en"):
        assert grades.FILE in raised.value.text(language)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"card": CARD.replace('"q"', '"s"')}, "no_indicator"),
        ({"card": CARD.replace('at_most = "D"', 'at_most = "F"')}, "no_grade"),
        ({"card": CARD.replace('at_most = "D"', 'at_most = "A"')}, "no_cap"),
    ],
)
def test_files_that_do_not_fit_one_another_are_refused(tmp_path: Path, changed: dict[str, str], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        scorecards.scorecard("5c", ON, files(tmp_path, **changed))
    assert raised.value.key == f"credit_scorecards.card.{key}"
    assert "credit_5c.toml" in raised.value.text("zh-CN")
