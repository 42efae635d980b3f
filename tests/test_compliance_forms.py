"""Uses of customer data, substitute services, compliance reviews and what is handed out: registers that are forms."""

from datetime import date, timedelta

import pytest

from custinfo.actions import approvals, due, forms, record_approvals
from custinfo.domain.errors import NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.xforms import RefusedAnswer, Unfinished
from tests.factories import PASSWORD, account, draft_of, site_with_forms, submit
from tests.source_forms import fill

TODAY = date.today()  # noqa: DTZ011  # a day in a form's answer
YESTERDAY, NEXT_WEEK = str(TODAY - timedelta(days=1)), str(TODAY + timedelta(days=7))
USE = {
    "/data/request/title": "三季度回访", "/data/request/department": "调查部", "/data/request/responsible": "林",
    "/data/request/activities": "contact list", "/data/request/purpose": "survey",
    "/data/request/purpose_words": "满意度回访", "/data/request/registered": "no", "/data/scope/kinds": "identity contact",
    "/data/scope/fields": "名称、联系人、电话", "/data/scope/customers": "A 类客户", "/data/scope/people": "120",
    "/data/scope/level": "2", "/data/scope/users": "林、王", "/data/scope/leaves": "no",
    "/data/period/from_on": str(TODAY), "/data/period/until_on": NEXT_WEEK, "/data/period/after": "deleted",
}  # fmt: skip
CHOICE = {
    "/data/customer/asked_on": YESTERDAY, "/data/customer/service": "开立会员账户", "/data/customer/declined": "identity",
    "/data/customer/told": "yes", "/data/offer/needed": "no", "/data/offer/ways": "anonymous counter",
    "/data/offer/offer_words": "不记名会员卡", "/data/offer/worse": "no", "/data/outcome/choice": "undecided",
    "/data/outcome/answer_by": NEXT_WEEK,
}  # fmt: skip
ITEMS = ("basis", "notice", "consent", "least", "levels", "keeping", "rights", "third", "statistics")
REVIEW = {
    "/data/subject/title": "个人客户卡", "/data/subject/kind": "form", "/data/subject/subject_number": "individual_card",
    "/data/subject/occasion": "regular", "/data/subject/reviewed_on": YESTERDAY, "/data/subject/reviewer": "何",
    "/data/subject/laws": "pipl own", **{f"/data/items/{name}": "met" for name in ITEMS},
    "/data/conclusion/verdict": "complies", "/data/conclusion/review_on": NEXT_WEEK,
}  # fmt: skip
FOUND = {
    **REVIEW, "/data/items/keeping": "not_met", "/data/conclusion/findings": "没有保存期限",
    "/data/conclusion/verdict": "after_correction", "/data/conclusion/measure": "写明期限",
    "/data/conclusion/responsible": "李", "/data/conclusion/correct_by": str(TODAY + timedelta(days=3)),
    "/data/conclusion/corrected": "no",
}  # fmt: skip
ONE, TWO = "/data/recipients/recipient[1]", "/data/recipients/recipient[2]"
HANDED = {
    "/data/material/what": "三季度客户统计", "/data/material/kind": "report", "/data/material/level": "2",
    "/data/material/purpose": "例会", "/data/material/handed_on": YESTERDAY, "/data/material/handed_by": "林",
    "/data/material/copies": "3", f"{ONE}/recipient_name": "王", f"{ONE}/recipient_department": "营业部",
    f"{ONE}/recipient_copies": "2", f"{ONE}/way": "in_person", f"{ONE}/signed": "yes", f"{ONE}/signed_on": YESTERDAY,
    f"{TWO}/recipient_name": "赵", f"{TWO}/recipient_department": "企划部", f"{TWO}/recipient_copies": "1",
    f"{TWO}/way": "internal_mail", f"{TWO}/signed": "no",
}  # fmt: skip
SECRET = {
    **HANDED, "/data/material/level": "1", "/data/material/return_by": NEXT_WEEK, f"{ONE}/copy_numbers": "1、2",
    f"{TWO}/copy_numbers": "3", f"{TWO}/way": "in_person", f"{TWO}/signed": "yes", f"{TWO}/signed_on": YESTERDAY,
    f"{ONE}/returned": "no", f"{TWO}/returned": "no",
}  # fmt: skip
FILLED = [
    ("data_use", USE), ("substitute_service", CHOICE), ("compliance_review", REVIEW), ("compliance_review", FOUND),
    ("handing_out", HANDED), ("handing_out", SECRET),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("compliance") / "site") as opened:
        yield opened


def finished(store, form_id, answers):
    """A session with these answers, in the order of the form."""
    form = forms.load(store, form_id)
    order = list(form.nodes)
    named = sorted(answers, key=lambda ref: order.index(ref.replace("[1]", "").replace("[2]", "")))
    by_round = sorted(named, key=lambda ref: ("[" in ref, "[2]" in ref)) if form_id == "handing_out" else named
    return fill(forms.session(store, form, {}), {ref: answers[ref] for ref in by_round})


def due_on(session):
    return next(session.state(ref).value for ref in session.form.nodes if ref.endswith("/due_on"))


@pytest.mark.parametrize(("form_id", "answers"), FILLED)
def test_an_entry_as_it_should_be_has_nothing_wrong(store, form_id, answers):
    assert set(forms.load(store, form_id).languages) == set(LANGUAGES)
    assert finished(store, form_id, answers).finish().values


@pytest.mark.parametrize(
    ("form_id", "changed"),
    [
        ("data_use", USE | {"/data/period/until_on": str(TODAY + timedelta(days=400))}),
        ("data_use", USE | {"/data/period/until_on": YESTERDAY}),
        ("data_use", USE | {"/data/scope/people": "0"}),
        ("data_use", USE | {"/data/request/registered": "yes"}),
        ("substitute_service", CHOICE | {"/data/customer/told": "no"}),
        ("substitute_service", CHOICE | {"/data/offer/worse": "yes"}),
        ("substitute_service", CHOICE | {"/data/offer/ways": "none counter"}),
        ("substitute_service", CHOICE | {"/data/offer/needed": "yes"}),
        ("compliance_review", FOUND | {"/data/conclusion/verdict": "complies"}),
        ("compliance_review", REVIEW | {"/data/conclusion/verdict": "stop"}),
        ("compliance_review", FOUND | {"/data/conclusion/responsible": "何"}),
        ("compliance_review", FOUND | {"/data/conclusion/correct_by": str(TODAY + timedelta(days=200))}),
        ("handing_out", HANDED | {"/data/material/copies": "4"}),
        ("handing_out", SECRET | {f"{TWO}/way": "electronic"}),
        ("handing_out", SECRET | {"/data/material/return_by": str(TODAY + timedelta(days=60))}),
    ],
)
def test_what_the_rules_forbid_is_refused(store, form_id, changed):
    with pytest.raises((Unfinished, RefusedAnswer, ValueError)):
        finished(store, form_id, changed).finish()


@pytest.mark.parametrize(
    ("form_id", "answers", "day"),
    [
        ("data_use", USE, NEXT_WEEK),
        ("data_use", USE | {"/data/period/ended": "yes"}, ""),
        ("substitute_service", CHOICE, NEXT_WEEK),
        ("substitute_service", CHOICE | {"/data/outcome/choice": "accepted", "/data/outcome/answer_by": None}, ""),
        ("compliance_review", REVIEW, NEXT_WEEK),
        ("compliance_review", FOUND, str(TODAY + timedelta(days=3))),
        ("compliance_review", FOUND | {"/data/conclusion/corrected": "yes"}, NEXT_WEEK),
        ("handing_out", HANDED, str(TODAY + timedelta(days=2))),
        ("handing_out", HANDED | {f"{TWO}/signed": "yes"}, ""),
        ("handing_out", SECRET, NEXT_WEEK),
        ("handing_out", SECRET | {f"{ONE}/returned": "yes"}, NEXT_WEEK),
        ("handing_out", SECRET | {f"{ONE}/returned": "yes", f"{TWO}/returned": "yes"}, ""),
    ],
)
def test_what_is_due_follows_from_the_answers(store, form_id, answers, day):
    given = {ref: value for ref, value in answers.items() if value is not None}
    assert due_on(finished(store, form_id, given)) == day


def test_a_use_of_customer_data_takes_the_head_and_then_the_information_administrator(store):
    clerk = account(store, login_name="lin")
    head, other = (
        account(store, Role.DEPARTMENT_HEAD, login_name=name, department=at)
        for name, at in (("he", "调查部"), ("gao", "企划部"))
    )
    admin = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
    record_id = submit(store, clerk, draft_of(store, clerk, "data_use", USE), "use").record_id

    def decide(person):
        case = approvals.of(store, record_approvals.KIND, record_id)
        return approvals.decide(store, person, case.case_id, "approve", case.sha256, password=PASSWORD)

    for stranger in (clerk, other, admin):  # its author, another department's head, and who comes second
        with pytest.raises((NotAllowed, NotFound)):
            decide(stranger)
    assert decide(head) == "open"
    with pytest.raises(WrongState):
        record_approvals.check_approved(store, record_id)
    assert decide(admin) == "approved"
    record_approvals.check_approved(store, record_id)
    waits = due.listed(store, clerk, TODAY + timedelta(days=8), limit=100).rows
    assert any(one.link == f"/record/{record_id}" for one in waits), "its end is due"
