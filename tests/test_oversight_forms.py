"""The registers of oversight are forms: what they insist on, what they make due, and who knows of their records."""

from datetime import date, timedelta

import pytest

from custinfo.access import visibility
from custinfo.actions import drafts, due, forms, record_views, reviews
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import Audience, Role
from custinfo.xforms import Unfinished
from tests.factories import account, card, draft_of, site_with_forms, submit

TODAY = date.today()  # noqa: DTZ011  # a day in a form's answer
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
NEXT_WEEK = (TODAY + timedelta(days=7)).isoformat()
MET = {
    f"/data/{group}/{name}": "met"
    for group, names in {
        "level_1": ("room", "vetted", "encrypted", "checked"),
        "level_2": ("area", "trained", "channel"),
        "level_3": ("network", "cleaned", "awareness"),
        "system": ("rights", "backup", "audit_log", "media", "copies"),
    }.items()
    for name in names
}
INSPECTION = {
    "/data/inspection/inspected_on": YESTERDAY, "/data/inspection/department": "营业部",
    "/data/inspection/inspectors": "甲、乙", "/data/inspection/kind": "regular", **MET,
}  # fmt: skip
FOUND = INSPECTION | {
    "/data/system/backup": "not_met", "/data/conclusion/finding": "上月没有演练", "/data/conclusion/measure": "补做演练",
    "/data/conclusion/responsible": "丙", "/data/conclusion/correct_by": NEXT_WEEK, "/data/conclusion/stage": "ordered",
}  # fmt: skip
MEDIUM = {
    "/data/medium/number": "HD-01", "/data/medium/kind": "disk", "/data/medium/standard": "GB/T 26225",
    "/data/medium/level": "1", "/data/medium/encrypted": "yes", "/data/medium/keeper": "甲",
    "/data/medium/place": "机房", "/data/medium/in_use_since": "2026-01-05", "/data/care/every_days": "180",
    "/data/care/state": "in_use",
}  # fmt: skip
BORROWING = {
    "/data/request/borrower": "丁", "/data/request/department": "营业部", "/data/request/what": "C000001",
    "/data/request/level": "2", "/data/request/purpose": "核对合同", "/data/request/form_of": "take",
    "/data/request/from_on": YESTERDAY, "/data/request/return_by": NEXT_WEEK, "/data/custody/stage": "requested",
}  # fmt: skip
POLICY = {
    "/data/policy/title": "客户信息管理制度", "/data/policy/edition": "第三版", "/data/policy/drafted_by": "客服部",
    "/data/policy/content": "全文", "/data/policy/in_force_on": "2026-01-01", "/data/policy/review_months": "12",
    "/data/policy/repealed": "no",
}  # fmt: skip
ASSESSMENT = {
    "/data/who/department": "营业部", "/data/who/period": "2026-Q3",
    **{f"/data/scores/{n}": "18" for n in ("completeness", "truth", "secrecy", "privacy", "improvement")},
    "/data/scores/comment": "良好",
}  # fmt: skip
FILLED = {
    "security_inspection": INSPECTION, "media_ledger": MEDIUM, "archive_borrowing": BORROWING,
    "policy_document": POLICY, "staff_assessment": ASSESSMENT,
}  # fmt: skip
OVERSIGHT = ("security_inspection", "security_training", "media_ledger", "staff_assessment")


@pytest.fixture
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    roles = {"clerk": Role.RESEARCHER, "auditor": Role.AUDITOR, "other": Role.AUDITOR, "security": Role.SECURITY_ADMINISTRATOR,
             "head": Role.DEPARTMENT_HEAD, "analyst": Role.ANALYST, "machine": Role.SYSTEM_ADMINISTRATOR}  # fmt: skip
    return {name: account(store, role, login_name=name) for name, role in roles.items()}


def finished(store, form_id, answers):
    form = forms.load(store, form_id)
    session = forms.session(store, form, {})
    for ref, value in answers.items():
        session.answer(ref, value)
    return session


def value_of(session, ref):
    return session.state(ref).value


@pytest.mark.parametrize("form_id", FILLED)
def test_a_register_that_is_filled_in_has_nothing_wrong(store, form_id):
    assert finished(store, form_id, FILLED[form_id]).finish().values


@pytest.mark.parametrize(
    ("form_id", "changed"),
    [
        ("security_inspection", {"/data/system/backup": "partly"}),
        ("security_inspection", {"/data/inspection/inspected_on": NEXT_WEEK}),
        ("security_inspection", FOUND | {"/data/conclusion/stage": "accepted", "/data/conclusion/done": "已补做",
                                         "/data/conclusion/accepted_by": "丙", "/data/conclusion/accepted_on": YESTERDAY}),
        ("media_ledger", {"/data/medium/encrypted": "no"}),
        ("media_ledger", {"/data/care/state": "disposed", "/data/care/disposal": "shredded", "/data/care/witness": "甲",
                          "/data/care/disposed_on": YESTERDAY}),
        ("archive_borrowing", {"/data/request/level": "1"}),
        ("archive_borrowing", {"/data/request/return_by": (TODAY + timedelta(days=60)).isoformat()}),
        ("staff_assessment", {"/data/scores/truth": "21"}),
        ("staff_assessment", {"/data/who/period": "上季度"}),
    ],
)  # fmt: skip
def test_what_the_rules_forbid_is_refused(store, form_id, changed):
    with pytest.raises((Unfinished, ValueError)):
        finished(store, form_id, FILLED[form_id] | changed).finish()


@pytest.mark.parametrize(
    ("form_id", "answers", "ref", "due_on"),
    [
        ("security_inspection", INSPECTION, "/data/conclusion/due_on", ""),
        ("security_inspection", FOUND, "/data/conclusion/due_on", NEXT_WEEK),
        ("media_ledger", MEDIUM, "/data/care/due_on", "2026-07-04"),
        ("media_ledger", MEDIUM | {"/data/care/state": "repair"}, "/data/care/due_on", ""),
        ("archive_borrowing", BORROWING, "/data/custody/due_on", NEXT_WEEK),
        ("policy_document", POLICY | {"/data/policy/repealed": "yes"}, "/data/policy/due_on", ""),
    ],
)
def test_what_is_due_follows_from_the_answers(store, form_id, answers, ref, due_on):
    assert value_of(finished(store, form_id, answers), ref) == due_on


def test_a_training_that_was_passed_is_good_for_a_year(store):
    one = "/data/participant[1]"
    session = finished(store, "security_training", {
        "/data/course/held_on": "2026-03-01", "/data/course/subject": "保密制度", "/data/course/topics": "secrecy",
        "/data/course/trainer": "甲", "/data/course/hours": "4", f"{one}/login_name": "lin", f"{one}/person": "林",
        f"{one}/exam": "passed", f"{one}/score": "90",
    })  # fmt: skip
    assert value_of(session, f"{one}/trained_until") == "2027-03-01"
    session.answer(f"{one}/exam", "failed")
    assert value_of(session, f"{one}/trained_until") == ""


@pytest.mark.guarantee("audience")
def test_whoever_a_form_is_not_for_neither_finds_nor_fills_it(store, people):
    for who in ("clerk", "analyst", "machine"):
        offered = {one.form_id for one in forms.fillable(store, people[who])}
        assert not offered & set(OVERSIGHT)
        for form_id in OVERSIGHT:
            with pytest.raises(NotAllowed):
                drafts.blank(store, people[who], form_id)
    with pytest.raises(NotAllowed):
        drafts.blank(store, people["security"], "security_inspection")  # who gives rights inspects nobody
    for who in ("auditor", "other"):
        offered = {one.form_id for one in forms.fillable(store, people[who])}
        assert set(OVERSIGHT) <= offered and "enterprise_card" not in offered
        with pytest.raises(NotAllowed):
            drafts.blank(store, people[who], "enterprise_card")


@pytest.mark.guarantee("audience")
def test_records_of_oversight_and_of_field_work_are_strangers_to_each_other(store, people):
    auditor, clerk = people["auditor"], people["clerk"]
    inspection = submit(store, auditor, draft_of(store, auditor, "security_inspection", FOUND), "inspection").record_id
    customer = card(store, clerk)
    assert record_views.read(store, people["security"], inspection).record_id == inspection
    with pytest.raises(NotFound):
        record_views.read(store, clerk, inspection)
    for who in ("auditor", "security"):
        with pytest.raises(NotFound):
            record_views.read(store, people[who], customer.record_id)
        assert {row.form_id for row in record_views.listed(store, people[who]).rows} <= set(OVERSIGHT)
    assert [one.record_id for one in record_views.listed(store, clerk).rows] == [customer.record_id]
    waits = due.listed(store, auditor, TODAY + timedelta(days=8), limit=100).rows
    assert any(one.link == f"/record/{inspection}" for one in waits)
    with pytest.raises(NotAllowed):
        reviews.decide(store, auditor, inspection, 1, "approve")
    reviews.decide(store, people["other"], inspection, 1, "approve")


def test_every_role_that_works_with_records_has_an_audience():
    assert set(visibility.AUDIENCES) == set(Audience)
    shared = visibility.AUDIENCES[Audience.FIELD] & visibility.AUDIENCES[Audience.OVERSIGHT]
    assert shared == {Role.DEPARTMENT_HEAD, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER}
