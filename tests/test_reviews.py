"""Reviews of records: decisions on the newest version, queries with threads, never on one's own work."""

import json

import pytest

from custinfo.actions import drafts, forms, reviews
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from tests.factories import account, empty_site, submit
from tests.questionnaires import AGE, COLOUR, NAME, PHONE, published, record

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
def reviewer(store):
    return account(store, Role.SUPERVISOR)


@pytest.fixture
def kept(store, lin):
    return record(store, lin, {NAME: "甲", AGE: "30", PHONE: "12345"}, key="1", children=["宝", "贝"])


def state(store, record_id):
    return store.row("SELECT state FROM record_current WHERE record_id = ?", [record_id])["state"]


def edit(store, actor, record_id, ref, value, *, key):
    draft = drafts.start(store, actor, "poll", record_id=record_id)
    session = forms.session(store, forms.load(store, "poll", draft.form_version), draft.instance)
    session.answer(ref, value)
    drafts.save(store, actor, draft.draft_id, session.instance, ref, saves=draft.saves)
    return submit(store, actor, draft.draft_id, key)


def test_a_record_goes_through_the_states_of_odk_central(store, lin, reviewer, kept):
    assert state(store, kept) == "received"
    assert reviews.decide(store, reviewer, kept, 1, "has_issues", "年龄不对") == state(store, kept) == "has_issues"
    edit(store, lin, kept, AGE, "31", key="2")
    assert state(store, kept) == "edited"
    assert reviews.decide(store, reviewer, kept, 2, "approve") == state(store, kept) == "approved"
    with pytest.raises(WrongState):
        reviews.decide(store, reviewer, kept, 2, "approve")
    edit(store, lin, kept, AGE, "32", key="3")
    assert state(store, kept) == "edited", "an edit voids the approval"
    assert reviews.decide(store, reviewer, kept, 3, "reject", "重复") == state(store, kept) == "rejected"
    told = [(one.version, one.state, one.note) for one in reviews.decisions(store, lin, kept)]
    assert told == [(1, "has_issues", "年龄不对"), (2, "approved", ""), (3, "rejected", "重复")]
    assert reviews.decisions(store, lin, kept)[0].reviewed_by == reviewer.display_name


def test_a_decision_on_an_older_version_is_a_conflict(store, lin, reviewer, kept):
    edit(store, lin, kept, AGE, "31", key="2")
    with pytest.raises(Conflict) as conflict:
        reviews.decide(store, reviewer, kept, 1, "approve")
    assert "version 2" in conflict.value.text("en")
    with pytest.raises(Conflict):
        reviews.ask(store, reviewer, kept, 1, AGE, "?")
    assert state(store, kept) == "edited"


def test_nobody_reviews_a_record_that_they_had_a_part_in(store, lin, reviewer, kept):
    own = record(store, reviewer, {NAME: "乙"}, key="2")
    edit(store, reviewer, kept, AGE, "31", key="3")
    query = reviews.ask(store, account(store, Role.DEPARTMENT_HEAD), own, 1, NAME, "?")
    for record_id, version in ((own, 1), (kept, 2)):
        with pytest.raises(NotAllowed):
            reviews.decide(store, reviewer, record_id, version, "approve")
        with pytest.raises(NotAllowed):
            reviews.ask(store, reviewer, record_id, version, NAME, "?")
    with pytest.raises(NotAllowed):
        reviews.resolve(store, reviewer, query)
    reviews.say(store, reviewer, query, "我来说明")
    assert store.rows("SELECT 1 FROM record_review") == []


@pytest.mark.parametrize("action", ["reject", "has_issues"])
def test_a_refusal_says_why(store, reviewer, kept, action):
    with pytest.raises(BadInput):
        reviews.decide(store, reviewer, kept, 1, action, "   ")
    with pytest.raises(BadInput):
        reviews.decide(store, reviewer, kept, 1, "delete", "x")


@pytest.mark.parametrize("action", ["approve", "has_issues"])
def test_a_rejected_record_does_not_come_back_into_a_full_quota(store, lin, reviewer, action):
    first = record(store, lin, {NAME: "甲", COLOUR: "red", WHY: "暖"}, key="1")
    reviews.decide(store, reviewer, first, 1, "reject", "重复")
    others = [record(store, lin, {NAME: "乙", COLOUR: "red", WHY: "暖"}, key=f"more {number}") for number in range(2)]
    with pytest.raises(WrongState) as full:
        reviews.decide(store, reviewer, first, 1, action, "算了")
    assert "red" in full.value.text("en") and "2" in full.value.text("zh-CN")
    assert state(store, first) == "rejected"
    assert reviews.decide(store, reviewer, others[0], 1, "approve") == "approved", "it is counted already"
    reviews.decide(store, reviewer, others[1], 1, "reject", "重复")
    reviews.decide(store, reviewer, first, 1, action, "算了")
    assert state(store, first) != "rejected"


def test_a_query_is_a_thread_until_it_is_resolved(store, lin, reviewer, kept):
    query = reviews.ask(store, reviewer, kept, 1, "/data/child[2]/nick", "是小名吗？")
    reviews.say(store, lin, query, "是的")
    with pytest.raises(WrongState) as still:
        reviews.decide(store, reviewer, kept, 1, "approve")
    assert "1" in still.value.text("en")
    edit(store, lin, kept, AGE, "31", key="2")
    [shown] = reviews.queries(store, lin, kept)
    assert (shown.state, shown.ref, shown.version, shown.label["en"]) == ("open", "/data/child[2]/nick", 1, "Pet name")
    assert [(one.text, one.said_by) for one in shown.messages] == [
        ("是小名吗？", reviewer.display_name),
        ("是的", lin.display_name),
    ]
    with pytest.raises(NotAllowed):
        reviews.resolve(store, lin, query)
    reviews.resolve(store, reviewer, query)
    [shown] = reviews.queries(store, lin, kept)
    assert (shown.state, shown.resolved_by) == ("resolved", reviewer.display_name)
    for attempt in (reviews.resolve, lambda *given: reviews.say(*given, "noch")):
        with pytest.raises(WrongState):
            attempt(store, reviewer, query)
    assert reviews.decide(store, reviewer, kept, 2, "approve") == "approved"


def test_a_missing_answer_can_be_asked_for(store, reviewer, kept):
    reviews.ask(store, reviewer, kept, 1, "/data/colour", "颜色？")
    assert [one.ref for one in reviews.queries(store, reviewer, kept)] == ["/data/colour"]


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "/data",
        "/data/nobody",
        "/data/child/nick",
        "/data/child[3]/nick",
        "/data/child[1]",
        "/data/meta/instanceID",
        "/data/adult",
    ],
)
def test_a_query_is_about_a_question_that_the_record_has(store, reviewer, kept, ref):
    with pytest.raises(NotFound):
        reviews.ask(store, reviewer, kept, 1, ref, "?")
    assert store.rows("SELECT 1 FROM query") == []


def test_a_question_above_ones_clearance_has_no_queries(store, reviewer, kept):
    open_ = reviews.ask(store, reviewer, kept, 1, AGE, "年龄？")
    secret = reviews.ask(store, reviewer, kept, 1, PHONE, "电话 12345 对吗？")
    manager = account(store, Role.MANAGER)
    assert [one.query_id for one in reviews.queries(store, manager, kept)] == [open_]
    with pytest.raises(NotFound):
        reviews.say(store, manager, secret, "?")
    reviews.say(store, manager, open_, "请核对")


def test_someone_elses_record_and_its_queries_are_not_there_for_a_researcher(store, reviewer, kept):
    query = reviews.ask(store, reviewer, kept, 1, AGE, "?")
    other = account(store)
    for attempt in (
        lambda: reviews.queries(store, other, kept),
        lambda: reviews.decisions(store, other, kept),
        lambda: reviews.say(store, other, query, "x"),
    ):
        with pytest.raises(NotFound):
            attempt()
    for attempt in (
        lambda: reviews.decide(store, other, kept, 1, "approve"),
        lambda: reviews.ask(store, other, kept, 1, AGE, "x"),
        lambda: reviews.resolve(store, other, query),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(NotFound):
        reviews.decide(store, reviewer, "R-none", 1, "approve")
    with pytest.raises(NotFound):
        reviews.say(store, reviewer, "Q-none", "x")


def test_nothing_is_said_with_an_empty_message(store, reviewer, kept):
    with pytest.raises(BadInput):
        reviews.ask(store, reviewer, kept, 1, AGE, " \n ")


def test_the_audit_log_holds_who_did_what_and_no_words(store, lin, reviewer, kept):
    query = reviews.ask(store, reviewer, kept, 1, AGE, "绝密问题")
    reviews.say(store, lin, query, "绝密回答")
    reviews.resolve(store, reviewer, query)
    reviews.decide(store, reviewer, kept, 1, "reject", "绝密理由")
    rows = store.rows("SELECT * FROM audit WHERE action LIKE 'query.%' OR action = 'record.review'")
    assert [row["action"] for row in rows] == ["query.ask", "query.say", "query.resolve", "record.review"]
    assert "绝密" not in json.dumps(rows, ensure_ascii=False)
    assert store.verify_audit() == []
