"""Who is a key customer is found out in three steps, whose result is the strategic mark (R101)."""

from datetime import date
from functools import cache

import pytest

from custinfo.actions import forms
from custinfo.actions.formats import FORMATS
from custinfo.classification import key_customers
from custinfo.xforms import Session
from tests.price_records import shipped

RULE = key_customers.rule(date(2026, 11, 1))
NAMES = [item.name for item in RULE.item]


@cache
def form():
    return forms.read("importance_mark.md", shipped("importance_mark"))


def asked(mark="key_account", language=None, **answers):
    """A mark that is asked for; the checklist is answered with `clear` but for `answers`."""
    session = Session(form(), formats=FORMATS, language=language)
    for name, value in {"customer_number": "C000001", "strategic_mark": mark, "reason": "年采购额居首"}.items():
        session.answer(f"/data/mark/{name}", value)
    if mark == "key_account":
        for item in RULE.item:
            session.answer(f"/data/{item.step}/{item.name}", answers.get(item.name, "clear"))
            session.answer(f"/data/{item.step}/{item.name}_found", "营业执照原件，2026-11-01 核对")
        session.answer("/data/result/identified", "yes")
    return session


def wrong(session):
    return {problem.ref.rpartition("/")[2]: problem.rule for problem in session.problems()}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_form_asks_the_questions_of_the_rule_in_its_steps_and_words(language):
    session = asked(language=language)
    told = [
        (drawn.ref.rpartition("/")[2], one.ref.rpartition("/")[2], one.label)
        for drawn in session.layout() for one in drawn.walk()
        if drawn.ref.rpartition("/")[2] in key_customers.STEPS and session.state(one.ref).choices
    ]  # fmt: skip
    assert told == [(step, name, question) for name, step, question in key_customers.checklist(RULE, language)]


def test_all_three_steps_clear_make_a_key_account():
    session = asked()
    assert wrong(session) == {}
    assert session.finish().values["mark"]["strategic_mark"] == "key_account"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("said", ["unclear", "none"])
def test_one_question_that_is_not_clear_is_enough_to_keep_the_mark_back(name, said):
    session = asked(**{name: said})
    assert wrong(session) == {"identified": "constraint"}
    [problem] = session.problems()
    assert "1 questions are not clear" in problem.message("en")


def test_each_question_wants_an_answer_and_what_was_found():
    session = asked()
    session.answer("/data/points/timely", "")
    session.answer("/data/points/reliable_found", "")
    assert wrong(session) == {"timely": "required", "reliable_found": "required", "identified": "constraint"}


def test_other_marks_are_asked_for_without_the_checklist():
    assert wrong(asked("partner")) == {}
    assert "files" not in asked("partner").finish().values
