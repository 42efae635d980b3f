"""Records of forms that name a procedure: put forward when they are submitted, voided when they are edited."""

from datetime import date

import pytest

from custinfo.actions import approval_cases, approvals, due, forms, record_approvals, signatures
from custinfo.domain.errors import Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import FormError
from tests.factories import PASSWORD, account, empty_site, submit
from tests.price_records import edit, price, shipped
from tests.test_signatures import behind_our_back


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        forms.publish(opened, SERVICE, "price_approval.md", shipped("price_approval"))
        yield opened


@pytest.fixture
def li(store):
    return account(store, login_name="li")


@pytest.fixture
def head(store):
    return account(store, Role.DEPARTMENT_HEAD, login_name="head")


def case_of(store, record_id):
    return approvals.of(store, "record", record_id)


def approve(store, who, record_id):
    case = case_of(store, record_id)
    return approvals.decide(store, who, case.case_id, "approve", case.sha256, password=PASSWORD)


def test_a_submitted_price_waits_for_the_deputy_branch_manager_who_signs(store, li, head):
    record_id = price(store, li)
    case = case_of(store, record_id)
    assert (case.procedure.name, case.state, case.opened_by) == ("price_approval", "open", li.person_id)
    assert case.titles == {"zh-CN": "价格核定表 P000001", "en": "Price approval P000001"}
    [row] = due.listed(store, head, date.today()).rows  # noqa: DTZ011
    assert row.link == f"/case/{case.case_id}"
    assert all("P000001" in row.text(language) for language in LANGUAGES)
    with pytest.raises(WrongState):
        record_approvals.check_approved(store, record_id)
    with pytest.raises(NotAllowed):
        approve(store, li, record_id)
    assert approve(store, head, record_id) == "approved"
    record_approvals.check_approved(store, record_id)
    assert signatures.verify(store) == []


@pytest.mark.guarantee("approval-void-on-change")
def test_an_edit_voids_the_approval_and_the_editor_cannot_give_it_again(store, li, head):
    record_id = price(store, li)
    seen = case_of(store, record_id).sha256
    edit(store, head, record_id, {"/data/grounds/reason": "因为客户要货量大，另有竞争"})
    case = case_of(store, record_id)
    assert (case.round, case.state) == (2, "open") and case.sha256 != seen
    with pytest.raises(NotAllowed):
        approve(store, head, record_id)
    second = account(store, Role.DEPARTMENT_HEAD, login_name="second")
    with pytest.raises(Conflict):
        approvals.decide(store, second, case.case_id, "approve", seen, password=PASSWORD)
    assert approve(store, second, record_id) == "approved"
    edit(store, li, record_id, {"/data/grounds/reason": "又改了理由，请再核签一次"})
    with pytest.raises(WrongState):
        record_approvals.check_approved(store, record_id)
    assert case_of(store, record_id).state == "open"


def test_a_rejected_record_is_put_forward_anew_when_it_is_edited(store, li, head):
    record_id = price(store, li)
    case = case_of(store, record_id)
    approvals.decide(store, head, case.case_id, "reject", case.sha256, note="太低", password=PASSWORD)
    edit(store, li, record_id, {"/data/grounds/reason": "价格调高以后再次申请核签"})
    again = case_of(store, record_id)
    assert again.case_id != case.case_id and again.state == "open"


@pytest.mark.guarantee("approval-unknown")
def test_the_case_of_a_record_that_one_may_not_read_does_not_exist(store, li, head):
    record_id = price(store, li)
    case = case_of(store, record_id)
    far = account(store, Role.DEPARTMENT_HEAD, login_name="far", department="远方")
    other = account(store, login_name="other")
    for who in (far, other):
        with pytest.raises(NotFound):
            approval_cases.read(store, who, case.case_id)
        assert approvals.waiting(store, who) == []
    with store.act("service", "person.read", "person", "x") as tx:
        level = {"record_id": record_id, "level": 1, "reason": "x", "set_at": tx.at, "set_by": "service"}
        tx.insert("record_level", level)
    cleared_less = account(store, Role.DEPARTMENT_HEAD, login_name="less", clearance=2)
    with pytest.raises(NotFound):
        approvals.decide(store, cleared_less, case.case_id, "approve", case.sha256, password=PASSWORD)
    assert approvals.waiting(store, cleared_less) == []
    assert len(approvals.waiting(store, head)) == 1


@pytest.mark.guarantee("approval-all-steps")
def test_an_answer_that_was_changed_in_the_file_is_approved_no_more(store, li, head):
    record_id = price(store, li)
    approve(store, head, record_id)
    behind_our_back(store, "UPDATE record_version SET content = json_set(content, '$.planted', '1')")
    assert not record_approvals.is_current(store, case_of(store, record_id))
    with pytest.raises(WrongState):
        record_approvals.check_approved(store, record_id)


def test_the_same_answers_have_another_digest_in_another_record(store, li):
    one, other = price(store, li), price(store, li, key="k2")
    nonces = {case_of(store, record_id).nonce for record_id in (one, other)}
    assert len(nonces) == 2 and all(len(nonce) == 32 for nonce in nonces)


def test_a_form_names_a_procedure_that_there_is(store):
    wrong = shipped("price_approval").replace(b'xforms" | price_approval |', b'xforms" | price_aproval |')
    with pytest.raises(FormError) as refused:
        forms.publish(store, SERVICE, "price_approval.md", wrong)
    assert "price_approval" in refused.value.text("en") and "price_aproval" in refused.value.text("zh-CN")


def test_both_forms_of_the_sources_name_theirs():
    for form_id in ("price_approval", "survey_proposal"):
        assert f"| {form_id} |".encode() in shipped(form_id).rpartition(b"custinfo:procedure |")[2]


def test_a_submission_repeated_puts_nothing_forward_twice(store, li):
    record_id = price(store, li)
    draft = store.row("SELECT draft_id FROM draft")["draft_id"]
    assert submit(store, li, draft, "k1").record_id == record_id
    assert len(store.rows("SELECT 1 FROM approval_case")) == 1
