"""Second entry, quotas, reasons, files: what the store keeps beside the answers, and what it refuses."""

from datetime import UTC, datetime, timedelta

import pytest

from custinfo.actions import drafts, files, forms, record_views, records, reviews, verifications
from custinfo.actions.drafts import AnswerEvent
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from custinfo.xforms import Unfinished
from tests.factories import account, empty_site
from tests.small_forms import CALL, PHOTO, PNG, QUOTA, fill, publish, send

FIRST = {"/data/shop": "南山店", "/data/code": "A1", "/data/size": "small"}


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        for name, table in (("call.md", CALL), ("street.md", QUOTA), ("photo.md", PHOTO)):
            publish(opened, table, name)
        yield opened


@pytest.fixture
def lin(store):
    return account(store, login_name="lin")


@pytest.fixture
def zhou(store):
    return account(store, Role.SUPERVISOR, login_name="zhou")


# ---- second entry


def test_a_second_entry_starts_blank_and_what_differs_becomes_a_query(store, lin, zhou):
    first = send(store, lin, fill(store, lin, "call", FIRST))
    draft_id = fill(store, zhou, "call", {**FIRST, "/data/shop": "南山点"}, verifies=first.record_id)
    receipt = send(store, zhou, draft_id)
    assert (receipt.record_id, receipt.version, receipt.differences) == (first.record_id, 1, 1)
    assert store.rows("SELECT ref FROM query") == [{"ref": "/data/shop"}]
    assert [reviews.waiting(store, person) for person in (lin, zhou)] == [1, 0]
    assert store.row("SELECT state FROM record_current WHERE record_id = ?", [first.record_id])["state"] == "has_issues"
    assert store.rows("SELECT count(*) AS n FROM entity") == [{"n": 2}]  # the first entry's shop and person, no more
    assert send(store, zhou, draft_id) == receipt  # a double click


def test_the_page_of_a_record_says_what_was_decided(store, lin, zhou):
    record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
    reviews.decide(store, zhou, record_id, 1, "approve")
    record = record_views.read(store, lin, record_id)
    assert (record.state, [line.state for line in record.versions]) == ("approved", ["approved"])
    send(store, lin, fill(store, lin, "call", {"/data/shop": "新名"}, record_id=record_id))
    edited = record_views.read(store, lin, record_id)
    assert (edited.state, [line.state for line in edited.versions]) == ("edited", ["edited", "approved"])
    assert [line.changed for line in edited.versions] == [("/data/shop",), ()]


def test_a_second_entry_that_agrees_leaves_the_record_alone(store, lin, zhou):
    first = send(store, lin, fill(store, lin, "call", FIRST))
    assert drafts.blank(store, zhou, "call", verifies=first.record_id).instance == {}
    assert send(store, zhou, fill(store, zhou, "call", FIRST, verifies=first.record_id)).differences == 0
    assert store.rows("SELECT * FROM query") == []
    report = verifications.agreement(store, zhou, "call")
    assert (report.records, [one.percent for one in report.operators]) == (1, [100.0])


def test_nobody_verifies_their_own_entry_nor_a_form_that_does_not_ask_for_it(store, lin, zhou):
    own = send(store, zhou, fill(store, zhou, "call", FIRST))
    with pytest.raises(NotAllowed):
        drafts.start(store, zhou, "call", verifies=own.record_id)
    street = send(store, lin, fill(store, lin, "street", {"/data/sex": "f", "/data/age": "old"}))
    with pytest.raises(WrongState):
        drafts.start(store, zhou, "street", verifies=street.record_id)
    with pytest.raises(NotFound):
        drafts.start(store, zhou, "call", verifies="R-none")


def test_agreement_by_question_and_operator_and_kappa(store, lin, zhou):
    for size, again in (("small", "small"), ("small", "large"), ("large", "large"), ("large", "large")):
        answers = {"/data/shop": "店", "/data/size": size}
        first = send(store, lin, fill(store, lin, "call", answers))
        send(store, zhou, fill(store, zhou, "call", {**answers, "/data/size": again}, verifies=first.record_id))
    report = verifications.agreement(store, zhou, "call")
    by_name = {one.name: one for one in report.questions}
    assert (by_name["/data/size"].compared, by_name["/data/size"].equal) == (4, 3)
    assert by_name["/data/size"].kappa == pytest.approx(0.5)
    assert by_name["/data/shop"].percent == 100.0
    assert by_name["/data/shop"].kappa is None
    [operators] = report.operators
    assert (operators.name, operators.compared, operators.equal) == ("lin 某 / zhou 某", 8, 7)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10, 0.4),  # Cohen's textbook table
        ([("y", "y")], None),
        ([], None),
        ([("y", "n"), ("n", "y")], -1.0),
    ],
)
def test_kappa(pairs, kappa):
    assert verifications.cohens_kappa(pairs) == (None if kappa is None else pytest.approx(kappa))


def test_all_authors_are_kept_from_verifying_and_nobody_does_it_twice(store, lin, zhou):
    first = send(store, lin, fill(store, lin, "call", FIRST))
    send(store, zhou, fill(store, zhou, "call", {"/data/shop": "北店"}, record_id=first.record_id))
    for author in (lin, zhou):
        with pytest.raises(NotAllowed):
            drafts.start(store, author, "call", verifies=first.record_id)
    wang = account(store, login_name="wang")
    early = fill(store, wang, "call", FIRST, verifies=first.record_id)
    again = fill(store, wang, "call", FIRST, verifies=first.record_id)
    assert send(store, wang, early).differences == 1
    with pytest.raises(WrongState):
        send(store, wang, again)
    with pytest.raises(WrongState):
        drafts.start(store, wang, "call", verifies=first.record_id)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_second_entry_does_not_undo_a_decision(store, lin, zhou, decision):
    first = send(store, lin, fill(store, lin, "call", FIRST))
    wang = account(store, login_name="wang")
    begun = fill(store, wang, "call", {**FIRST, "/data/shop": "别店"}, verifies=first.record_id)
    reviews.decide(store, zhou, first.record_id, 1, decision, "核对过")
    with pytest.raises(WrongState):
        send(store, wang, begun)
    assert record_views.read(store, zhou, first.record_id).state in ("approved", "rejected")


def test_an_open_second_entry_is_for_those_who_may_read_the_record(store, lin, zhou):
    publish(store, CALL.replace("| blind |", "| open |").replace("| call | 1 |", "| call | 2 |"), "open.md")
    first = send(store, lin, fill(store, lin, "call", FIRST))
    with pytest.raises(NotFound):
        drafts.start(store, account(store, login_name="wang"), "call", verifies=first.record_id)
    assert drafts.start(store, zhou, "call", verifies=first.record_id).instance["shop"] == "南山店"


def test_notes_reasons_and_time_of_a_second_entry_are_kept(store, lin, zhou):
    first = send(store, lin, fill(store, lin, "call", FIRST))
    draft_id = fill(store, zhou, "call", {**FIRST, "/data/staff": "500"}, verifies=first.record_id)
    drafts.remark(store, zhou, draft_id, notes={"/data/shop": "字迹不清"}, reasons={"/data/staff": "原件如此"})
    receipt = send(store, zhou, draft_id)
    [row] = store.rows("SELECT notes, reasons FROM verification")
    assert ("字迹不清" in row["notes"], "原件如此" in row["reasons"]) == (True, True)
    again = records.receipt_of(store, zhou, draft_id)
    assert again == receipt
    assert (again.entities, again.customer_id) == ((), None)


# ---- quotas


def test_a_full_cell_is_told_before_the_interview_goes_on_and_refused_at_the_end(store, lin):
    young = {"/data/sex": "m", "/data/age": "young"}
    early = fill(store, lin, "street", young)
    send(store, lin, fill(store, lin, "street", young))
    session = forms.session(store, forms.load(store, "street"), {}, actor=lin)
    for ref, value in young.items():
        session.answer(ref, value)
    [problem] = session.problems()
    assert (problem.ref, problem.rule) == ("/data/cell", "quota")
    assert "m/young" in problem.message("en")
    assert "1" in problem.message("zh-CN")
    with pytest.raises(Unfinished) as refused:
        send(store, lin, early)  # it was not full when this interview began
    assert refused.value.problems[0].rule == "quota"
    for sex, age in (("f", "young"), ("f", "young"), ("m", "old"), ("m", "old")):
        send(store, lin, fill(store, lin, "street", {"/data/sex": sex, "/data/age": age}))


def test_an_edit_does_not_compete_with_itself_and_a_rejected_record_frees_its_place(store, lin, zhou):
    young = {"/data/sex": "m", "/data/age": "young"}
    first = send(store, lin, fill(store, lin, "street", young))
    assert send(store, lin, fill(store, lin, "street", young, record_id=first.record_id)).version == 2
    with store.act(zhou.person_id, "record.review", "record", first.record_id) as tx:
        review = {"record_id": first.record_id, "version": 2, "state": "rejected", "note": "", "reviewed_at": tx.at}
        tx.insert("record_review", {**review, "reviewed_by": zhou.person_id})
    send(store, lin, fill(store, lin, "street", young))


def test_a_cell_that_fills_during_the_interview_is_told_at_once(store, lin):
    session = forms.session(store, forms.load(store, "street"), {}, actor=lin)
    session.answer("/data/sex", "m")
    session.answer("/data/age", "young")
    assert session.problems() == []
    send(store, lin, fill(store, lin, "street", {"/data/sex": "m", "/data/age": "young"}))
    assert [problem.rule for problem in session.problems()] == ["quota"]


# ---- reasons, notes, times


def test_an_unusual_answer_passes_with_a_reason_only(store, lin):
    draft_id = fill(store, lin, "call", {"/data/shop": "大店", "/data/staff": "500"})
    with pytest.raises(Unfinished) as refused:
        send(store, lin, draft_id)
    assert [(p.ref, p.rule) for p in refused.value.problems] == [("/data/staff", "reason")]
    drafts.remark(store, lin, draft_id, reasons={"/data/staff": "总部"}, notes={"/data/shop": "招牌已换"})
    record = record_views.read(store, lin, send(store, lin, draft_id).record_id)
    assert (record.reasons, record.notes) == ({"/data/staff": "总部"}, {"/data/shop": "招牌已换"})


def test_the_time_of_the_interview_is_kept_beside_that_of_the_entry(store, lin):
    draft_id = fill(store, lin, "call", FIRST)
    with pytest.raises(BadInput):
        drafts.remark(store, lin, draft_id, interviewed_at=datetime.now(UTC) + timedelta(hours=1))
    drafts.remark(store, lin, draft_id, interviewed_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    record = record_views.read(store, lin, send(store, lin, draft_id).record_id)
    assert record.interviewed_at == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert record.recorded_at > record.interviewed_at


def test_remarks_belong_to_questions_of_the_form_and_to_ones_own_draft(store, lin, zhou):
    draft_id = fill(store, lin, "call", FIRST)
    for notes in ({"/data/none": "x"}, {"/data/shop": "x" * 2001}, {"/data/shop": "a\x00"}):
        with pytest.raises(BadInput):
            drafts.remark(store, lin, draft_id, notes=notes)
    with pytest.raises(NotFound):
        drafts.remark(store, zhou, draft_id, notes={"/data/shop": "x"})
    assert drafts.open_(store, lin, draft_id).notes == {}


def test_the_log_of_answers_goes_with_the_save_and_is_wiped_with_the_draft(store, lin):
    draft = drafts.start(store, lin, "call")
    now = datetime.now(UTC)
    event = AnswerEvent("question", "/data/shop", now, now + timedelta(seconds=3), "", "南山店")
    drafts.save(store, lin, draft.draft_id, {"shop": "南山店"}, "/data/shop", saves=0, events=[event])
    [row] = store.rows("SELECT * FROM answer_event")
    assert (row["event"], row["ref"], row["old_value"], row["new_value"]) == ("question", "/data/shop", "", "南山店")
    with pytest.raises(Conflict):
        drafts.save(store, lin, draft.draft_id, {}, "/data/shop", saves=0, events=[event])
    assert len(store.rows("SELECT * FROM answer_event")) == 1
    drafts.discard(store, lin, draft.draft_id)
    assert store.rows("SELECT * FROM answer_event") == []


def test_a_link_brings_answers_and_what_the_form_refuses_is_left_out(store, lin):
    given = {"/data/shop": "南山店", "/data/size": "huge", "/data/none": "x"}
    draft = drafts.blank(store, lin, "call", given=given)
    assert draft.instance["shop"] == "南山店"
    assert draft.instance["size"] == ""


# ---- who reads which record


def test_a_researcher_reads_own_records_a_supervisor_all_and_others_none(store, lin, zhou):
    other = account(store, login_name="chen")
    record_id = send(store, lin, fill(store, lin, "call", {**FIRST, "/data/secret": "十万"})).record_id
    assert record_views.read(store, lin, record_id).answers["/data/secret"] == "十****"
    assert record_views.read(store, zhou, record_id).answers["/data/shop"] == "南山店"
    manager = account(store, Role.MANAGER)
    assert "/data/secret" not in record_views.read(store, manager, record_id).answers
    for actor, error in ((other, NotFound), (account(store, Role.ANALYST), NotAllowed)):
        with pytest.raises(error):
            record_views.read(store, actor, record_id)
    assert record_views.listed(store, other).total == 0
    assert [line.record_id for line in record_views.listed(store, zhou, form_id="call").rows] == [record_id]
    with pytest.raises(NotFound):
        drafts.start(store, other, "call", record_id=record_id)


def test_whoever_recorded_a_version_goes_on_reading_the_record(store, lin, zhou):
    record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
    send(store, zhou, fill(store, zhou, "call", {"/data/shop": "北店"}, record_id=record_id))
    assert record_views.read(store, lin, record_id).version == 2
    assert record_views.listed(store, lin).total == 1


def test_two_edits_of_one_record_the_second_is_told_and_keeps_its_draft(store, lin, zhou):
    record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
    mine = fill(store, lin, "call", {"/data/shop": "甲"}, record_id=record_id)
    send(store, zhou, fill(store, zhou, "call", {"/data/shop": "乙"}, record_id=record_id))
    with pytest.raises(Conflict):
        send(store, lin, mine)
    assert drafts.open_(store, lin, mine).instance["shop"] == "甲"
    assert record_views.read(store, zhou, record_id).answers["/data/shop"] == "乙"


# ---- files


def photographed(store, actor, name="店面.png", data=PNG, ref="/data/front"):
    draft = drafts.start(store, actor, "photo")
    return draft, files.put(store, actor, draft.draft_id, ref, name, data)


def test_a_file_is_kept_with_its_draft_and_read_by_who_may_read_the_answer(store, lin, zhou):
    draft, stored = photographed(store, lin)
    assert stored.name.endswith("-店面.png")
    assert stored.media_type == "image/png"
    drafts.save(store, lin, draft.draft_id, {"front": stored.name}, "/data/front", saves=0)
    with pytest.raises(NotFound):
        files.get(store, zhou, stored.name)  # a draft is its owner's alone
    receipt = send(store, lin, draft.draft_id)
    assert files.get(store, zhou, stored.name)[1] == PNG
    assert list(record_views.read(store, zhou, receipt.record_id).files) == [stored.name]
    with pytest.raises(NotFound):
        files.get(store, account(store, login_name="chen"), stored.name)


def test_a_file_of_a_secret_question_is_not_for_those_who_may_not_see_the_question(store, lin):
    draft, stored = photographed(store, lin, "合同.pdf", b"%PDF-1.4 x", "/data/contract")
    drafts.save(store, lin, draft.draft_id, {"contract": stored.name}, "/data/contract", saves=0)
    send(store, lin, draft.draft_id)
    with pytest.raises(NotFound):
        files.get(store, account(store, Role.MANAGER), stored.name)


@pytest.mark.parametrize(
    ("ref", "data"),
    [
        ("/data/front", b"#!/bin/sh\nrm -rf /"),
        ("/data/front", b"<svg xmlns='x'><script>alert(1)</script></svg>"),
        ("/data/front", b"%PDF-1.4"),
        ("/data/front", b""),
        ("/data/front", PNG + b"\x00" * files.MAX_SIZE),
        ("/data/none", PNG),
    ],
)
def test_what_the_question_does_not_take_is_not_kept(store, lin, ref, data):
    with pytest.raises(BadInput):
        photographed(store, lin, "a.png", data, ref)
    assert store.rows("SELECT * FROM file") == []


def test_an_answer_cannot_name_a_file_of_another_draft(store, lin, zhou):
    _, stored = photographed(store, lin)
    theirs = drafts.start(store, zhou, "photo")
    drafts.save(store, zhou, theirs.draft_id, {"front": stored.name}, "/data/front", saves=0)
    with pytest.raises(Unfinished):
        send(store, zhou, theirs.draft_id)


def test_a_draft_holds_files_up_to_a_limit(store, lin, monkeypatch):
    monkeypatch.setattr(files, "MOST_OF_DRAFT", 2 * len(PNG))
    draft, _ = photographed(store, lin)
    files.put(store, lin, draft.draft_id, "/data/front", "b.png", PNG)
    with pytest.raises(BadInput):
        files.put(store, lin, draft.draft_id, "/data/front", "c.png", PNG)


def test_discarding_a_draft_wipes_its_files(store, lin):
    draft, _ = photographed(store, lin)
    drafts.discard(store, lin, draft.draft_id)
    assert store.rows("SELECT * FROM file") == []


def test_a_closed_form_takes_nothing_new(store, lin):
    open_draft = fill(store, lin, "call", FIRST)
    with store.act(lin.person_id, "form.close", "form", "call") as tx:
        row = {"form_id": "call", "closed_at": tx.at, "closed_by": lin.person_id, "reason": "完成"}
        tx.insert("form_closing", row)
    with pytest.raises(WrongState):
        drafts.start(store, lin, "call")
    assert "call" not in [form.form_id for form in forms.fillable(store, lin)]
    send(store, lin, open_draft)  # what was begun is not lost


def test_the_receipt_can_be_shown_again(store, lin, zhou):
    draft_id = fill(store, lin, "call", FIRST)
    assert records.receipt_of(store, lin, draft_id) is None
    receipt = send(store, lin, draft_id)
    assert records.receipt_of(store, lin, draft_id) == receipt
    assert records.receipt_of(store, zhou, draft_id) is None
