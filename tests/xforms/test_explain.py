"""Why a question is as it is, in the words of the form and of the reader."""

from custinfo import xforms

FORM = """
| survey |
| | type | name | label::中文 (zh-CN) | label::English (en) | relevant | constraint | required | calculation |
| | select_one yes_no | dealt | 有过交易吗？ | Did you deal with us? | | | | |
| | integer | age | 年龄 | Age | ${dealt} = 'yes' | . >= 18 and . < 120 | ${dealt} = 'yes' or ${dealt} = '' | |
| | text | other | 其他 | Other | selected(${dealt}, 'no') and not(${age} != '') | | | |
| | date | day | 日期 | Day | | . <= today() | | |
| | calculate | double | | | | | | ${age} * 2 |
| | begin_repeat | person | 人员 | Person | | | | |
| | text | name | 姓名 | Name | | | | |
| | text | nick | 昵称 | Nickname | ${name} != '' | | | |
| | end_repeat | | | | | | | |
| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| settings |
| | form_id | version | default_language |
| | why | 1 | 中文 (zh-CN) |
"""


def session(**answers):
    made = xforms.Session(xforms.from_xlsform(FORM.encode(), "why.md"))
    for name, value in answers.items():
        made.answer(f"/data/{name}", value)
    return made


def said(made, ref, language):
    return [reason.message(language) for reason in made.explain(ref)]


def test_why_a_question_is_hidden():
    made = session(dealt="no")
    assert said(made, "/data/age", "en") == [
        "“Age” is not shown, because this does not hold: “Did you deal with us?” is “Yes” "
        "(now: “Did you deal with us?” is “No”)"
    ]
    assert said(made, "/data/age", "zh-CN") == [
        "不显示“年龄”，因为条件不成立：“有过交易吗？”为“是”（现在：“有过交易吗？”为“否”）"
    ]


def test_functions_and_blanks_are_said_in_words():
    assert said(session(dealt="yes"), "/data/other", "en") == [
        "“Other” is not shown, because this does not hold: “Did you deal with us?” includes “No” and "
        "not (“Age” is answered) (now: “Did you deal with us?” is “Yes”; “Age” is blank)"
    ]


def test_why_it_is_required_and_what_should_hold():
    made = session(dealt="yes", age="7")
    required, wrong = said(made, "/data/age", "en")
    assert required.startswith("“Age” is required, because: “Did you deal with us?” is “Yes” or “Did")
    assert (
        wrong
        == "“Age” is wrong; what should hold: this answer is at least 18 and this answer is less than 120 (now: this answer is “7”)"
    )


def test_what_is_wrong_without_a_rule_of_the_form_is_told_too():
    made = session(dealt="yes", age="many")
    assert said(made, "/data/age", "en")[-1] == "Age: “many” is no whole number. Write a whole number, such as 12."
    assert said(session(day="2999-01-01"), "/data/day", "zh-CN") == [
        "“日期”不符合要求，条件是：本题答案不大于 今天（现在：本题答案为“2999-01-01”）"
    ]


def test_a_calculation_and_a_round_of_a_repeat():
    assert said(session(dealt="yes", age="20"), "/data/double", "en") == [
        "“/data/double” is computed: “Age” × 2 (now: “Age” is “20”)"
    ]
    made = session()
    assert said(made, "/data/person[1]/nick", "en") == [
        "“Nickname” is not shown, because this does not hold: “Name” is answered (now: “Name” is blank)"
    ]


def test_what_is_as_it_should_be_has_no_reason():
    assert session(dealt="yes", age="20").explain("/data/dealt") == ()
