"""Labels: worked out once where they cannot change, and anew where an answer stands in them."""

import pytest

from custinfo.xforms import Session, from_xlsform
from custinfo.xforms.texts import Texts

FORM = """
| survey | | | | | |
| | type | name | label::中文 (zh-CN) | label::English (en) | choice_filter |
| | text | who | 谁 | Who | |
| | select_one town | first | 第一 | First | |
| | select_one town | second | 第二 | Second | |
| | select_one helper | helper | 帮手 | Helper | |
| | begin_repeat | trip | 行程 | Trip | |
| | text | to | 去向 | To | |
| | end_repeat | | | | |
| | text | why | 原因 | Why ${who}? | |
| | select_one ${to} | chosen | 选中 | Chosen | |
| choices | | | | |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | town | a | 甲 | A-town |
| | town | b | 乙 | B-town |
| | helper | x | ${who}的帮手 | Helper of ${who} |
| | helper | y | 没有 | Nobody |
| settings | | | |
| | form_id | version | default_language |
| | labels | 1 | 中文 (zh-CN) |
""".encode()


@pytest.fixture
def session():
    return Session(from_xlsform(FORM, "labels.md"))


@pytest.fixture
def worked_out(monkeypatch):
    """The rows whose label is worked out from now on."""
    rows, original = [], Texts.row_label
    monkeypatch.setattr(Texts, "row_label", lambda self, itemset, row: rows.append(row) or original(self, itemset, row))
    return rows


def labels(session, ref):
    return [label for _, label in session.state(ref).choices]


def test_a_list_that_never_changes_is_labelled_once(session, worked_out):
    assert labels(session, "/data/first") == ["甲", "乙"]
    assert len(worked_out) == 2
    session.answer("/data/first", "b")
    assert labels(session, "/data/first") == ["甲", "乙"]
    assert labels(session, "/data/second") == ["甲", "乙"]
    assert len(worked_out) == 2


def test_in_each_language(session):
    labels(session, "/data/first")
    session.set_language("en")
    assert labels(session, "/data/first") == ["A-town", "B-town"]
    session.set_language("zh-CN")
    assert labels(session, "/data/first") == ["甲", "乙"]


def test_a_label_follows_the_answer_that_stands_in_it(session):
    assert labels(session, "/data/helper") == ["的帮手", "没有"]
    session.answer("/data/who", "李")
    assert labels(session, "/data/helper") == ["李的帮手", "没有"]


def test_choices_that_are_answers_of_a_repeat_follow_them(session):
    session.answer("/data/trip[1]/to", "甲")
    session.add_repeat("/data/trip")
    session.answer("/data/trip[2]/to", "乙")
    assert labels(session, "/data/chosen") == ["甲", "乙"]
    session.answer("/data/trip[1]/to", "丙")
    assert labels(session, "/data/chosen") == ["丙", "乙"]


def test_what_a_label_reads_changes_its_question(session):
    assert "/data/helper" in session.answer("/data/who", "李")
    assert "/data/first" not in session.answer("/data/who", "王")


def drawn(session, ref):
    return next(one.label for top in session.layout() for one in top.walk() if one.ref == ref)


def test_words_on_the_page_follow_language_and_answers(session):
    session.answer("/data/who", "Li")
    assert (drawn(session, "/data/first"), drawn(session, "/data/why")) == ("第一", "原因")
    session.set_language("en")
    assert (drawn(session, "/data/first"), drawn(session, "/data/why")) == ("First", "Why Li?")
    session.answer("/data/who", "Wu")
    assert drawn(session, "/data/why") == "Why Wu?"
    session.set_language("zh-CN")
    assert (drawn(session, "/data/first"), drawn(session, "/data/why")) == ("第一", "原因")
