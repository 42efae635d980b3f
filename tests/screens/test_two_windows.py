"""One draft that is open in two windows: no acknowledged answer is lost, and both come to show all of them."""

import pytest

from custinfo.actions import drafts
from custinfo.screens import form
from tests.factories import CARD, CREDIT_CODE, NAME, PHONE, code_for, draft_of

SHORT_NAME = "/data/basic/short_name"
MANAGER, MANAGER_PHONE = "/data/people/purchasing_manager", "/data/people/purchasing_manager_phone"


@pytest.fixture
def windows(store, researcher, visit):
    """Two windows on one draft that lacks nothing, and the draft's id."""
    number = 40_000 + len(store.rows("SELECT 1 FROM draft"))
    draft_id = draft_of(store, researcher, "enterprise_card", CARD | {CREDIT_CODE: code_for(number)})
    opened = [visit(form.build, "/form/enterprise_card", {"draft": draft_id}) for _ in range(2)]
    for window in opened:
        window.send(kind="hello")
    return *opened, draft_id


def told_by(window, **message):
    """All that came back for one message."""
    before = len(window.heard)
    window.send(**message)
    return window.heard[before:]


def test_the_answers_of_both_are_kept_and_the_second_is_sent_the_page_anew(windows, store, login):
    here, there, draft_id = windows
    here.answer(SHORT_NAME, "甲")
    told = told_by(there, kind="answer", id=1, ref=PHONE, value="0755-08880009")
    assert [message["kind"] for message in told] == ["ack", "page"]
    assert (told[1]["questions"][SHORT_NAME]["value"], told[1]["questions"][PHONE]["value"]) == ("甲", "0755-08880009")
    instance = drafts.open_(store, login.person, draft_id).instance
    assert (instance["basic"]["short_name"], instance["people"]["phone"]) == ("甲", "0755-08880009")
    assert told_by(there, kind="answer", id=2, ref=NAME, value="乙")[-1]["kind"] == "ack"


def test_neither_window_ever_has_to_give_up(windows, store, login):
    here, there, draft_id = windows
    for turn in range(3):
        here.answer(SHORT_NAME, f"甲{turn}")
        there.answer(NAME, f"乙{turn}")
    basic = drafts.open_(store, login.person, draft_id).instance["basic"]
    assert (basic["short_name"], basic["name"]) == ("甲2", "乙2")


def test_an_answer_to_a_question_that_the_other_window_took_away_is_not_acknowledged(windows):
    here, there, _ = windows
    here.answer(MANAGER, "王五")
    there.answer(SHORT_NAME, "甲")
    here.answer(MANAGER, "")
    told = told_by(there, kind="answer", id=9, ref=MANAGER_PHONE, value="13800138000")
    assert [(message["kind"], message.get("kept")) for message in told] == [("refused", False), ("page", None)]
    assert MANAGER_PHONE not in told[1]["questions"]
    assert there.send(kind="submit")["kind"] == "receipt"


def test_what_is_submitted_is_what_was_seen(windows, store):
    here, there, _ = windows
    here.answer(SHORT_NAME, "甲")
    records = store.row("SELECT count(*) AS n FROM record")["n"]
    told = told_by(there, kind="submit")
    assert [message["kind"] for message in told] == ["conflict", "page"]
    assert "再次提交" in told[0]["text"]
    assert told[1]["questions"][SHORT_NAME]["value"] == "甲"
    assert store.row("SELECT count(*) AS n FROM record")["n"] == records
    assert there.send(kind="submit")["kind"] == "receipt"


def test_a_draft_that_changes_without_end_is_said_and_nothing_is_acknowledged(windows, store, login, monkeypatch):
    _, there, draft_id = windows
    save = drafts.save

    def overtaken(*given, saves, **more):
        now = drafts.open_(store, login.person, draft_id)
        save(store, login.person, draft_id, now.instance, NAME, saves=now.saves)
        return save(*given, saves=saves, **more)

    monkeypatch.setattr(drafts, "save", overtaken)
    told = told_by(there, kind="answer", id=1, ref=SHORT_NAME, value="乙")
    assert [message["kind"] for message in told] == ["failed", "page"]
