"""Filling in a form: answers, what changes, what is refused, what a finished record holds."""

import json

import pytest

from custinfo.xforms import FormError, RefusedAnswer, Session, Unfinished
from tests.xforms.forms import CUSTOMER, customer, form, session, survey


def filled(**options: object) -> Session:
    one = customer(**options)
    one.answer("/data/who/title", "深圳酒店")
    one.answer("/data/who/kind", "company")
    one.answer("/data/who/staff", "30")
    return one


def test_what_the_form_says() -> None:
    card = form(CUSTOMER)
    assert (card.form_id, card.version, card.title) == ("customer", "3", "客户卡")
    assert card.languages == ("zh-CN", "en")
    assert card.nodes["/data/who/title"].bind.extra == {"level": "2", "max_length": "20"}
    assert card.nodes["/data/contact"].repeat
    assert card.entities[0].dataset == "customers"
    assert card.entities[0].properties["title"] == "/data/who/title"


def test_an_answer_says_what_it_changed() -> None:
    one = customer()
    changes = one.answer("/data/who/kind", "company")
    assert {"/data/who/kind", "/data/who/staff"} <= set(changes.refs)
    assert one.state("/data/who/staff").relevant
    assert one.state("/data/who/staff").required


@pytest.mark.parametrize("rule", ["${x} != ''", ". != '' and ${x} != ''"])
def test_a_rule_that_does_not_name_its_answer_is_asked_when_the_answer_is_given(rule: str) -> None:
    one = session(survey("text | x | X | | | |", f"text | y | Y | | {rule} | |"))
    one.answer("/data/y", "1")
    assert one.state("/data/y").violation
    one.answer("/data/x", "a")
    assert not one.state("/data/y").violation
    one.answer("/data/x", "")
    assert one.state("/data/y").violation
    one.answer("/data/y", "")
    assert not one.state("/data/y").violation


def test_everything_wrong_at_once_in_document_order() -> None:
    one = customer()
    one.answer("/data/who/kind", "company")
    one.answer("/data/who/staff", "-1")
    one.answer("/data/contact[1]/phone", "12")
    one.answer("/data/contact[1]/share", "viel")
    with pytest.raises(Unfinished) as caught:
        one.finish()
    found = [(p.ref, p.rule) for p in caught.value.problems]
    assert found == [
        ("/data/who/title", "required"), ("/data/who/staff", "constraint"),
        ("/data/contact[1]/phone", "format"), ("/data/contact[1]/share", "type"),
    ]  # fmt: skip
    assert caught.value.problems[0].message("zh-CN") == "“名称”一题：请填写客户名称"
    assert caught.value.problems[0].message("en") == "Name: Name the customer"
    assert caught.value.problems[3].message("en").startswith("Share: “viel” is no number")


def test_a_finished_record() -> None:
    one = filled()
    one.answer("/data/province", "44")
    one.answer("/data/city", "4403")
    one.answer("/data/contact[1]/share", "12.5")
    one.add_repeat("/data/contact")
    one.answer("/data/contact[2]/share", "7.5")
    record = one.finish()
    assert record.values["who"] == {"title": "深圳酒店", "kind": "company", "staff": "30"}
    assert record.values["contact"] == [{"share": "12.5", "double": "25"}, {"share": "7.5", "double": "15"}]
    assert record.values["total"] == "20"
    (action,) = record.entities
    assert (action.dataset, action.action, action.label) == ("customers", "create", "深圳酒店")
    assert action.properties == {"title": "深圳酒店", "kind": "company", "staff": "30", "city": "4403"}
    assert len(action.id) == 36


def test_hidden_answers_are_kept_in_the_draft_and_left_out_of_the_record() -> None:
    one = filled()
    one.answer("/data/who/kind", "person")
    assert one.instance["who"] == {"title": "深圳酒店", "kind": "person", "staff": "30"}
    assert "staff" not in one.finish().values["who"]  # type: ignore[operator]
    one.answer("/data/who/kind", "company")
    assert one.state("/data/who/staff").value == "30"


def test_a_draft_goes_through_json_and_back() -> None:
    one = filled()
    one.add_repeat("/data/contact")
    one.answer("/data/contact[2]/phone", "0755888866")
    again = customer(json.loads(json.dumps(one.instance)))
    assert again.instance == one.instance
    assert again.finish().values == one.finish().values


@pytest.mark.parametrize(
    "ref",
    ["/data/nothing", "/data", "/data/who", "", "data/who/title", "/data/who/title[1]", "/data/contact/phone",
     "/data/contact[9]/phone", "/data/contact[0]/phone", "//title", "/data/who/title/..", "/" + "a/" * 3000, "/data/meta/entity/@id",
     "/data/contact[-1]/phone", "/data/contact[1.0]/phone", "/data/*"],
)  # fmt: skip
def test_unknown_questions_are_refused(ref: str) -> None:
    one = customer()
    before = one.instance
    with pytest.raises(RefusedAnswer):
        one.answer(ref, "x")
    assert one.instance == before


@pytest.mark.parametrize(
    ("ref", "value"),
    [("/data/who/staff", "3"), ("/data/total", "3"), ("/data/contact[1]/double", "3"), ("/data/who/kind", "fish"),
     ("/data/also", "company fish"), ("/data/city", "4403"), ("/data/done", "x"), ("/data/meta/instanceID", "x")],
)  # fmt: skip
def test_hidden_calculated_readonly_and_unoffered_are_refused(ref: str, value: str) -> None:
    one = customer()
    before = one.instance
    with pytest.raises(RefusedAnswer) as caught:
        one.answer(ref, value)
    assert one.instance == before
    assert ref in caught.value.text("zh-CN")


@pytest.mark.parametrize("value", ["a\0b", "\u202eevil", "\ud800", "x" * 21, "x" * 50_000, "x" * 10_000_000])
def test_text_that_cannot_be_kept_leaves_the_old_answer(value: str) -> None:
    one = filled()
    with pytest.raises(RefusedAnswer):
        one.answer("/data/who/title", value)
    assert one.state("/data/who/title").value == "深圳酒店"


def test_what_was_imported_is_checked_like_what_was_typed() -> None:
    one = customer({"who": {"title": "x" * 30, "kind": "fish"}, "also": "company person"})
    rules = {p.ref: p.rule for p in one.problems()}
    assert rules == {"/data/who/title": "text", "/data/who/kind": "choice"}


@pytest.mark.parametrize(
    "instance",
    [
        {"nothing": "x"},
        {"who": "x"},
        {"who": {"title": 3}},
        {"contact": {"phone": "1"}},
        {"contact": "x"},
        {"who": [1]},
    ],
)
def test_a_draft_of_another_shape_is_refused(instance: dict[str, object]) -> None:
    from custinfo.domain.errors import BadInput

    with pytest.raises(BadInput):
        customer(instance)


def test_choices_follow_the_answers_and_the_language() -> None:
    one = customer()
    assert one.state("/data/city").choices == ()
    one.answer("/data/province", "44")
    assert one.state("/data/city").choices == (("4403", "深圳"), ("4401", "广州"))
    one.set_language("en")
    assert one.state("/data/city").choices == (("4403", "Shenzhen"), ("4401", "Guangzhou"))
    one.answer("/data/city", "4403")
    one.answer("/data/province", "45")
    violation = one.state("/data/city").violation
    assert violation is not None
    assert violation.rule == "choice"
    one.answer("/data/province", "44")
    assert one.state("/data/city").violation is None


def test_labels_and_messages_hold_answers() -> None:
    one = filled(language="en")
    assert one.state("/data/contact[1]/phone").label == "Phone of 深圳酒店"
    assert "/data/done" in one.answer("/data/who/title", "新店")
    assert one.state("/data/done").label == "Thanks 新店"
    one.answer("/data/who/staff", "0")
    violation = one.state("/data/who/staff").violation
    assert violation is not None
    assert violation.message("en") == "Staff: Staff of 新店 is wrong"
    assert violation.message("zh-CN") == "“员工人数”一题：新店的人数不对"


def test_a_soft_check_warns_and_lets_pass() -> None:
    one = filled()
    one.answer("/data/who/staff", "20000")
    soft = one.state("/data/who/staff").soft
    assert soft is not None
    assert soft.message("zh-CN") == "“员工人数”一题：人数很多"
    assert one.finish()
    assert [p.ref for p in one.warnings()] == ["/data/who/staff"]


def test_repeats_are_added_and_removed_anywhere() -> None:
    one = customer()
    one.answer("/data/contact[1]/share", "1")
    one.add_repeat("/data/contact")
    one.answer("/data/contact[2]/share", "2")
    changes = one.add_repeat("/data/contact", 1)
    assert changes.structure
    assert [c["share"] for c in one.instance["contact"]] == ["", "1", "2"]  # type: ignore[index, attr-defined]
    assert "/data/contact[2]/double" in one.remove_repeat("/data/contact[2]").removed
    assert [c["share"] for c in one.instance["contact"]] == ["", "2"]  # type: ignore[index, attr-defined]
    one.remove_repeat("/data/contact[1]")
    assert one.state("/data/total").value == "2"
    one.remove_repeat("/data/contact[1]")
    assert one.state("/data/total").value == "0"
    with pytest.raises(RefusedAnswer):
        one.remove_repeat("/data/contact[1]")
    for ref in ("/data/who", "/data/nothing", "/data/contact[1]", "contact"):
        with pytest.raises(RefusedAnswer):
            one.add_repeat(ref)


def test_a_counted_repeat_keeps_what_it_loses() -> None:
    one = session(survey(
        "integer | n | N | | | | |", "begin_repeat | r | R | | | | | ${n}", "text | t | T | | | | |", "end_repeat | | | | | | |",
        columns="type | name | label | relevant | constraint | calculation | required | repeat_count",
    ))  # fmt: skip
    one.answer("/data/n", "2")
    one.answer("/data/r[2]/t", "kept")
    with pytest.raises(RefusedAnswer):
        one.add_repeat("/data/r")
    one.answer("/data/n", "1")
    with pytest.raises(RefusedAnswer):
        one.state("/data/r[2]/t")
    one.answer("/data/n", "3")
    assert one.state("/data/r[2]/t").value == "kept"


def test_layout_shows_what_is_relevant() -> None:
    one = filled(language="en")
    group, province, city, contact, also, done = one.layout()
    assert (group.kind, group.label, group.appearance) == ("group", "Customer", "field-list")
    assert [c.ref for c in group.children] == ["/data/who/title", "/data/who/kind", "/data/who/staff"]
    assert (contact.kind, contact.ref, contact.fixed) == ("repeat", "/data/contact", False)
    assert [c.ref for c in contact.children] == ["/data/contact[1]"]
    assert contact.children[0].children[0].extra == {"format": "phone", "level": "1"}
    assert (province.kind, city.type, also.kind, done.kind) == ("select1", "string", "select", "input")
    one.answer("/data/also", "shop")
    assert [d.ref for d in one.layout()][-2:] == ["/data/why", "/data/done"]


def test_explain_names_rule_and_answers() -> None:
    one = customer()
    one.answer("/data/who/kind", "person")
    (reason,) = one.explain("/data/who/staff")
    assert (reason.what, reason.ref, dict(reason.reads)) == ("hidden", "/data/who/staff", {"/data/who/kind": "person"})
    assert "/data/who/kind" in reason.expression
    assert "is not shown" in reason.message("en")
    one.answer("/data/who/kind", "company")
    one.answer("/data/who/staff", "0")
    assert [r.what for r in one.explain("/data/who/staff")] == ["required", "wrong"]


def test_unknown_format_and_language() -> None:
    with pytest.raises(FormError) as caught:
        Session(form(CUSTOMER))
    assert "phone" in caught.value.text("en")
    with pytest.raises(RefusedAnswer):
        customer(language="fr")


def test_defaults_triggers_and_dynamic_defaults() -> None:
    one = session(survey(
        "text | a | A | | | | | x |", "date | day | Day | | | | | today() |", "text | b | B | | | | | | ",
        "text | copy | Copy | | | concat(${b}, '!') | | | ${b}",
        columns="type | name | label | relevant | constraint | calculation | required | default | trigger",
    ))  # fmt: skip
    assert one.state("/data/a").value == "x"
    assert one.state("/data/day").value == "2026-11-20"
    one.answer("/data/b", "new")
    assert one.state("/data/copy").value == "new!"


def test_entity_updates() -> None:
    markdown = CUSTOMER.replace(
        "| | list_name | label |\n| | customers | ${title} |",
        "| | list_name | entity_id | label |\n| | customers | ${why} | ${title} |",
    )
    one = session(markdown)
    one.answer("/data/who/title", "A")
    one.answer("/data/who/kind", "person")
    one.answer("/data/also", "shop")
    one.answer("/data/why", "0000-id")
    (action,) = one.finish().entities
    assert (action.action, action.id) == ("update", "0000-id")


def test_blanks_are_no_answer() -> None:
    one = filled()
    one.answer("/data/who/title", "   ")
    assert [p.rule for p in one.problems()] == ["required"]
    one.answer("/data/also", "  shop   person ")
    assert one.state("/data/also").value == "person shop"  # in the order of the list
