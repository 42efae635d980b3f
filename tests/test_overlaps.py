"""What a questionnaire asks twice (R72): the same property, the same words in either language, nearly the same words."""

import pytest
from click.testing import CliRunner

from custinfo.actions import forms, overlaps
from custinfo.classification import surveys
from custinfo.cli import main
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE
from custinfo.xforms import overlap
from custinfo.xforms.contradictions import contradictions
from custinfo.xforms.form_check import from_file
from tests.factories import site_with_forms
from tests.small_forms import NAMESPACE

HEAD = "| survey |\n| | type | name | label::中文 (zh-CN) | label::English (en) | calculation | save_to |\n"
TAIL = "| choices |\n| | list_name | name | label::中文 (zh-CN) | label::English (en) |\n| | yn | y | 是 | Yes |\n"


def made(*questions, form_id="proposed", dataset="customers"):
    rows = "".join(f"| | {' | '.join(one)} |\n" for one in questions)
    saves = any(len(one) > 5 and one[5] for one in questions)
    entity = f"| entities |\n| | list_name | label |\n| | {dataset} | 'x' |\n" if saves else ""
    settings = f"| settings |\n| | form_title | form_id | version | default_language | namespaces |\n| | T | {form_id} | 1 | 中文 (zh-CN) | {NAMESPACE} |\n"
    return from_file(f"{HEAD}{rows}{TAIL}{entity}{settings}".encode(), f"{form_id}.md")


def found(proposed, other):
    return [(one.question.ref, one.other.ref, one.likeness) for one in overlap.overlaps(proposed, other)]


def test_the_same_words_in_either_language_and_nearly_the_same():
    proposed = made(
        ("text", "a", "您对交货速度满意吗？", "How satisfied are you with delivery?"),
        ("text", "b", "Ｅ-mail 地址", "Your e-mail"),
        ("text", "c", "电话", "Telephone number"),
        ("integer", "d", "员工人数（人）", "Staff"),
        ("note", "n", "谢谢您的回答", "Thank you for your answers"),
        ("text", "e", "货", "Goods"),
    )  # fmt: skip
    other = made(
        ("text", "p", "您对交货的速度满意吗", "Anything else at all"),
        ("text", "q", "邮箱", "your E-Mail?"),
        ("text", "r", "电站", "Power station"),
        ("integer", "s", "员工人数", "Headcount"),
        ("note", "t", "谢谢您的回答", "Thank you for your answers"),
        ("text", "u", "货物", "Cargo"),
        form_id="other",
    )  # fmt: skip
    assert found(proposed, other) == [
        ("/data/a", "/data/p", "near"), ("/data/b", "/data/q", "words"), ("/data/d", "/data/s", "words"),
    ], "short labels that differ are other words, and a note asks nothing"  # fmt: skip


def test_a_property_that_is_at_hand_is_told_whatever_the_question_says():
    card = made(("text", "tel", "联系电话", "Reach us by", "", "phone"), form_id="card")
    assert found(made(("text", "phone", "怎样找到您", "How to find you")), card) == [
        ("/data/phone", "/data/tel", "property")
    ]
    same = made(("text", "x", "甲", "One", "", "phone"))
    assert found(same, card) == [("/data/x", "/data/tel", "property")]
    demand = made(("text", "tel", "联系", "Reach", "", "phone"), form_id="demand", dataset="demands")
    assert found(same, demand) == [], "a property of something else is other data"


def test_a_question_asked_twice_in_one_form():
    form = made(("text", "a", "您的建议", "Your advice"), ("text", "b", "您的建议", "Advice for us"))
    assert [(one.question.ref, one.other.ref) for one in overlap.repeated(form)] == [("/data/b", "/data/a")]


RULES = """
| survey |
| | type | name | label | relevant | constraint |
| | select_one dealt | dealt | Have you dealt with us? | | |
| | select_multiple ways | ways | How? | | |
| | integer | age | Age | | {constraint} |
| | begin_group | g | More | ${{dealt}} = 'yes' | |
| | text | asked | Something | {relevant} | |
| | end_group | | | | |
| choices |
| | list_name | name | label |
| | dealt | yes | Yes |
| | dealt | no | No |
| | ways | web | Web |
| | ways | shop | Shop |
| settings |
| | form_title | form_id | version |
| | T | rules | 1 |
"""


@pytest.mark.parametrize(
    ("relevant", "constraint", "expected"),
    [
        ("${age} > 5", ". >= 0 and . <= 120", []),
        ("${dealt} = 'no'", "", [("/data/g/asked", "relevant", "two_values")]),
        ("${age} > 5 and ${dealt} != 'yes'", "", [("/data/g/asked", "relevant", "two_values")]),
        ("${age} > 5 or ${dealt} = 'no'", "", []),
        ("selected(${ways}, 'web') and selected(${ways}, 'shop')", "", []),
        ("selected(${ways}, 'phone')", "", [("/data/g/asked", "relevant", "no_choice")]),
        ("'maybe' = ${dealt}", "", [("/data/g/asked", "relevant", "two_values")]),
        ("18 <= ${age} and ${age} < 18", "", [("/data/g/asked", "relevant", "no_number")]),
        ("18 <= ${age} and ${age} <= 18", "", []),
        ("${age} = 3 and ${age} = 4", "", [("/data/g/asked", "relevant", "no_number")]),
        ("", ". > 10 and . < -10", [("/data/age", "constraint", "no_number")]),
    ],
)
def test_rules_that_no_answer_meets(relevant, constraint, expected):
    form = from_file(RULES.format(relevant=relevant, constraint=constraint).encode(), "rules.md")
    assert [(one.ref, one.kind, one.why) for one in contradictions(form)] == expected


def test_no_form_of_ours_contradicts_itself(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        found = {form_id: contradictions(forms.load(store, form_id)) for form_id in forms.titles_of(store)}
    assert {form_id: one for form_id, one in found.items() if one} == {}


def test_the_report_on_a_form_of_the_site(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        form = forms.load(store, "satisfaction_survey")
        told = overlaps.report(store, form)
        asked = overlap.questions(form)
        assert told.questions == len(asked) and "/data/interview/customer_number" not in {one.ref for one in asked}
        assert told.compared == len(forms.titles_of(store)) - 1
        places = {(one.form_id, one.overlap.question.ref) for one in told.alike}
        assert ("visit_daily_report", "/data/future/suggestions") in places
        with store.act(SERVICE.person_id, "test.close", "form", "visit_daily_report") as tx:
            row = {"form_id": "visit_daily_report", "closed_at": tx.at, "closed_by": "service", "reason": "x"}
            tx.insert("form_closing", row)
        without = {one.form_id for one in overlaps.report(store, form).alike}
        assert "visit_daily_report" not in without, "a form that is not in use is not asked"
    run = CliRunner().invoke(main, ["study", "overlaps", "satisfaction_survey", "--home", str(tmp_path / "site")])
    assert run.exit_code == 0 and '"questions"' in run.output


def test_minutes_by_the_rule():
    from datetime import date

    rule = surveys.rule(date(2026, 11, 23))
    # 8 + 15 + 25 + 25 seconds
    assert rule.minutes(["select1", "select", "input", "range"]) == 1.2
    assert [(one.form, one.months) for one in rule.regular] == [("satisfaction_survey", 12)]
    with pytest.raises(BadInput):
        surveys.rule(date(2019, 12, 31))
