"""The impact report: what a proposed version would mean for every stored record, without changing one."""

import json
from datetime import UTC, datetime

import pytest

from custinfo.actions import drafts, forms, impact
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.factories import account, empty_site, submit
from tests.questionnaires import AGE, COLOUR, NAME, PHONE, published, record, table

WHY = "/data/why"


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        published(opened)
        yield opened


@pytest.fixture
def lin(store):
    return account(store)


@pytest.fixture
def kept(store, lin):
    """Three records: ids by name."""
    return {
        "甲": record(
            store, lin, {NAME: "甲", AGE: "30", COLOUR: "red", WHY: "暖", PHONE: "12345"}, key="1", children=["宝"]
        ),
        "乙": record(store, lin, {NAME: "乙", AGE: "12", COLOUR: "blue"}, key="2"),
        "丙": record(store, lin, {NAME: "丙"}, key="3"),
    }


def asked(store, rows=None, choices=None, actor=SERVICE):
    return impact.report(store, actor, forms.read("poll.md", table("2", rows, choices)))


def only(found, kind):
    [line] = found.of_kind(kind)
    return line


def test_the_same_questions_have_no_impact(store, kept):
    found = asked(store)
    assert (found.base_version, found.version, found.revalidated) == ("1", "2", 3)
    assert found.lines == () and found.now_invalid == () and not found.harms


def test_a_forms_first_version_concerns_no_record(store, kept):
    found = impact.report(store, SERVICE, forms.read("poll.md", table("1", form_id="other")))
    assert (found.base_version, found.lines, found.revalidated) == (None, (), 0)


def test_a_lost_question_is_named_with_the_records_that_answered_it(store, kept):
    found = asked(store, {"phone": None, "begin": None, "nick": None, "end": None})
    by_ref = {line.difference.ref: line for line in found.of_kind("lost", "hidden")}
    assert set(by_ref) == {PHONE, "/data/child/nick"}
    assert str(by_ref[PHONE].answered) == "1" and by_ref[PHONE].concerned == (kept["甲"],)
    assert "Telephone" in by_ref[PHONE].text("en") and "--version" in by_ref[PHONE].advice("en")
    assert found.now_invalid == ()


def test_a_new_question_is_told_and_breaks_records_only_when_it_is_required(store, kept):
    row = "| | text | town | 城市 | Town | {} | | | | | | | |"
    optional = asked(store, {"town": row.format("")})
    assert only(optional, "gained").difference.new_ref == "/data/town" and optional.now_invalid == ()
    required = asked(store, {"town": row.format("yes")})
    assert {one.record_id for one in required.now_invalid} == set(kept.values())
    assert {problem.rule for one in required.now_invalid for problem in one.problems} == {"required"}


@pytest.mark.parametrize(
    ("row", "new_ref"),
    [
        ("| | text | mobile | 电话 | Mobile | | | | | | 1 | | |", "/data/mobile"),  # the same label in one language
        ("| | text | fax | 传真 | Fax | | | | | | 1 | | |", "/data/fax"),  # the same place and type
    ],
)
def test_a_question_that_looks_renamed_is_told(store, kept, row, new_ref):
    found = asked(store, {"phone": row})
    line = only(found, "renamed")
    assert (line.difference.ref, line.difference.new_ref, str(line.answered)) == (PHONE, new_ref, "1")
    assert found.of_kind("lost", "hidden") == () and found.of_kind("gained") == ()


def test_another_type_in_the_same_place_is_no_rename(store, kept):
    found = asked(store, {"phone": "| | integer | floor | 楼层 | Floor | | | | | | | | |"})
    assert [line.difference.ref for line in found.of_kind("lost", "hidden")] == [PHONE]
    assert [line.difference.new_ref for line in found.of_kind("gained")] == ["/data/floor"]


def test_answers_that_do_not_fit_another_type_are_counted(store, kept, lin):
    wordy = record(store, lin, {NAME: "丁", PHONE: "none"}, key="4")
    found = asked(store, {"phone": "| | integer | phone | 电话 | Telephone | | | | | | 1 | | |"})
    line = only(found, "type")
    assert (line.difference.old, line.difference.new) == ("string", "int")
    assert (str(line.answered), line.concerned) == ("2", (wordy,))
    [broken] = found.now_invalid
    assert broken.record_id == wordy and broken.problems[0].rule == "type"


def test_a_question_that_moves_into_a_repeat_leaves_its_answers_behind(store, kept):
    inside = {"end": "| | text | phone2 | 电话 | Telephone | | | | | | | | |\n| | end_repeat | | | | | | | | | | | |"}
    found = asked(store, {"phone": None, **inside})
    assert [line.difference.ref for line in found.of_kind("lost", "hidden")] == [PHONE], (
        "an answer of the record is none of a child"
    )


def test_removed_choices_are_counted_where_they_were_chosen(store, kept):
    found = asked(store, choices={"red": None, "green": None})
    line = only(found, "choices")
    assert (line.difference.removed, str(line.answered), line.concerned) == (("green", "red"), "2", (kept["甲"],))
    assert [one.record_id for one in found.now_invalid] == [kept["甲"]]
    assert "red" in line.text("zh-CN")
    assert [line.difference.ref for line in found.of_kind("lost", "hidden")] == [WHY], (
        "the choice is wrong; what hung on it is hidden"
    )


def test_tightened_rules_name_the_records_that_break(store, kept):
    found = asked(store, {"age": "| | integer | age | 年龄 | Age | yes | | . >= 18 | | | | |"})
    assert only(found, "constraint").concerned == (kept["乙"],)
    assert only(found, "required").concerned == (kept["丙"],)
    assert {one.record_id for one in found.now_invalid} == {kept["乙"], kept["丙"]}
    assert only(found, "constraint").difference.old == ". >= 0"


def test_a_rule_that_is_dropped_breaks_nothing(store, kept):
    free = {
        "age": "| | integer | age | 年龄 | Age | | | | | | | | |",
        "name": "| | text | name | 姓名 | Name | | | | | | | | |",
    }
    found = asked(store, free)
    assert found.lines == ()


def test_hidden_answers_and_recomputed_values_are_told(store, kept):
    found = asked(
        store,
        {
            "why": "| | text | why | 为何 | Why | | ${colour} = 'blue' | | | | | | |",
            "adult": "| | calculate | adult | | | | | | ${age} >= 40 | | | | |",
        },
    )
    assert only(found, "relevant").concerned == (kept["甲"],)
    assert only(found, "calculate").concerned == (kept["甲"],)
    assert found.now_invalid == () and found.harms


def test_what_hides_an_answer_elsewhere_is_told_too(store, kept):
    """The rule of `why` reads the colour; a filter that empties the colour would hide why."""
    rows = {
        "adult": "| | calculate | adult | | | | | | ${age} >= 18 | | | | |\n"
        "| | calculate | warm | | | | | | if(${colour} = 'red', 'yes', 'no') | | | | |",
        "why": "| | text | why | 为何 | Why | | ${warm} = 'yes' | | | | | | |",
    }
    forms.publish(store, SERVICE, "poll-2.md", table("2", rows))
    rows["adult"] = rows["adult"].replace("= 'red'", "= 'blue'")
    found = impact.report(store, SERVICE, forms.read("poll.md", table("3", rows)))
    assert [line.difference.ref for line in found.of_kind("hidden")] == [WHY]
    assert only(found, "hidden").concerned == (kept["甲"],)


def test_a_record_is_judged_as_of_the_moment_it_was_recorded(store, lin, monkeypatch):
    """A visit that was to come when it was planned is no mistake a year later."""
    with monkeypatch.context() as then:
        then.setattr("custinfo.store.database.utc_now", lambda: datetime(2025, 11, 20, 12, tzinfo=UTC))
        old = record(store, lin, {NAME: "甲"}, key="1")
    new = record(store, lin, {NAME: "乙"}, key="2")
    row = "| | text | name | 姓名 | Name | yes | | today() {} date('2026-01-01') | | | | | |"
    assert [one.record_id for one in asked(store, {"name": row.format("<")}).now_invalid] == [new]
    assert [one.record_id for one in asked(store, {"name": row.format(">")}).now_invalid] == [old]


def test_no_record_is_changed(store, kept):
    before = [dict(row) for row in store.rows("SELECT * FROM record_version ORDER BY seq")]
    asked(store, {"phone": None, "age": "| | integer | age | 年龄 | Age | yes | | . >= 18 | | | | |"})
    assert [dict(row) for row in store.rows("SELECT * FROM record_version ORDER BY seq")] == before
    [event] = store.rows("SELECT * FROM audit WHERE action = 'form.impact'")
    assert json.loads(event["detail"]) == {"records": 3, "version": "2"}


LEAK = {
    "phone": "| | integer | phone | 电话 | Telephone | | | | | | | | |",  # its level 1 is gone, too
    "age": "| | integer | age | ${phone} 的年龄 | Age of ${phone} | yes | | | | | | | |",
}


def told(found):
    """Everything that a page or `--json` could show of a report."""
    lines = [line.text("en") + line.advice("en") + " ".join(line.concerned) for line in found.lines]
    return lines + [one.record_id + problem.message("en") for one in found.now_invalid for problem in one.problems]


def test_records_that_one_may_not_read_are_counted_and_never_named(store, lin):
    ids = [record(store, lin, {NAME: "甲", PHONE: "secret-4711"}, key=str(n)) for n in range(3)]
    for reader in (account(store), account(store, Role.INFORMATION_ADMINISTRATOR, clearance=Level.INTERNAL)):
        found = asked(store, LEAK, actor=reader)
        assert found.now_invalid == () and found.revalidated == 3 and found.harms
        assert not any(secret in one for one in told(found) for secret in ("4711", *ids))
        assert str(found.invalid) == str(only(found, "type").harmed) == "0–4"
    whole = told(asked(store, LEAK))
    assert all(any(secret in one for one in whole) for secret in ("4711", *ids))
    assert not any("4711" in one for one in whole if "Age of" in one), "no answer stands in another question's text"


def test_ones_own_records_are_named_beside_what_others_have(store, lin):
    own = record(store, lin, {NAME: "甲"}, key="own")
    other = account(store)
    for number in range(6):
        record(store, other, {NAME: "乙"}, key=str(number))
    row = {"age": "| | integer | age | 年龄 | Age | yes | | . >= 0 | | | | |"}
    found, whole = asked(store, row, actor=lin), asked(store, row)
    assert [one.record_id for one in found.now_invalid] == [own] and only(found, "required").concerned == (own,)
    assert (str(found.invalid), str(whole.invalid)) == ("6–10", "7")
    assert "6–10 records have none" in only(found, "required").text("en")
    assert found.digest == whole.digest, "what is confirmed is the same, whoever looks"


def test_a_rule_written_for_the_purpose_tells_nothing_of_a_single_record(store, lin):
    """Whether somebody else's secret answer meets a condition looks the same as that it does not."""
    row = "| | text | name | 姓名 | Name | yes | | not(. = '甲' and ${{phone}} = '{}') | | | | | |"
    record(store, lin, {NAME: "甲", PHONE: "4711"}, key="1")
    curious = account(store)
    right, wrong = (asked(store, {"name": row.format(guess)}, actor=curious) for guess in ("4711", "4712"))
    assert [told(one)[0].replace("4712", "4711") for one in (right, wrong)] == [told(right)[0]] * 2
    assert (right.invalid, right.harms, right.now_invalid) == (wrong.invalid, wrong.harms, wrong.now_invalid)
    hiding = {"why": "| | text | why | 为何 | Why | | ${colour} = 'red' | | | | | | |",
              "colour": "| | select_one colours | colour | 颜色 | Colour | | ${phone} != '4711' | | | | | red=2 |"}  # fmt: skip
    record(store, lin, {NAME: "丁", PHONE: "4711", COLOUR: "red", WHY: "暖"}, key="2")
    assert [line.kind for line in asked(store, hiding, actor=curious).lines] == ["relevant"]
    assert {line.kind for line in asked(store, hiding).lines} == {"relevant", "hidden"}


def test_who_is_not_cleared_for_every_answer_is_told_of_no_record(store, lin):
    """They may ask and may read records, and are not cleared for telephones."""
    kept = record(store, lin, {NAME: "甲", PHONE: "x"}, key="1")
    reader = account(store, Role.SUPERVISOR, clearance=Level.INTERNAL)
    row = {"age": "| | integer | age | 年龄 | Age | yes | | | | | | |"}
    assert asked(store, row, actor=reader).now_invalid == ()
    lowered = {**row, "phone": "| | text | phone | 电话 | Telephone | | | | | | 3 | | |"}
    assert asked(store, lowered, actor=reader).now_invalid == (), "the level that the record was recorded under counts"
    assert [one.record_id for one in asked(store, lowered).now_invalid] == [kept]


def test_a_record_is_judged_as_of_its_interview(store, lin):
    """It was written down later than it was asked: today() is that of the interview, as on import."""
    draft = drafts.start(store, lin, "poll")
    drafts.remark(store, lin, draft.draft_id, interviewed_at=datetime(2025, 11, 20, 12, tzinfo=UTC))
    session = forms.session(store, forms.load(store, "poll"), {**draft.instance, "child": []})
    session.answer(NAME, "甲")
    drafts.save(store, lin, draft.draft_id, session.instance, NAME, saves=draft.saves)
    submit(store, lin, draft.draft_id, "1")
    row = "| | text | name | 姓名 | Name | yes | | today() {} date('2026-01-01') | | | | | |"
    assert asked(store, {"name": row.format("<")}).now_invalid == ()
    assert len(asked(store, {"name": row.format(">")}).now_invalid) == 1


def test_who_neither_designs_nor_reviews_forms_gets_no_report(store, kept):
    with pytest.raises(NotAllowed):
        asked(store, actor=account(store, Role.ANALYST))
