"""《客户信息调查表》 (R78): filled in by people of service and sales, gathered by the information administrator, counted."""

from datetime import date

import pytest

from custinfo import lake
from custinfo.actions import approvals, due, forms
from custinfo.actions import lake as publishing
from custinfo.domain import codelists
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import SERVICE, Role
from custinfo.statistics import surveys
from custinfo.xforms import Unfinished, form_check
from tests.factories import account, card, draft_of, site_with_forms, submit

FORM = "customer_survey"
TODAY = date.today()  # noqa: DTZ011  # a day in a form's answer
COMMON = {
    "/data/survey/customer_number": "C000001",
    "/data/survey/customer_type": "enterprise",
    "/data/survey/surveyed_on": str(TODAY),
    "/data/survey/method": "visit",
    "/data/survey/team": "service",
}
ENTERPRISE = COMMON | {
    "/data/enterprise/business_scope": "电子元件",
    "/data/enterprise/staff_band": "3",
    "/data/enterprise/legal_representative": "欧阳海",
    "/data/enterprise/standing": "4",
    "/data/dealings/dealt": "no",
    "/data/update/changed": "phone",
    "/data/update/change_words": "总机已换",
}
PERSON = COMMON | {
    "/data/survey/customer_type": "individual",
    "/data/individual/age_band": "3",
    "/data/individual/occupation": "trader",
    "/data/individual/interests": "sport travel",
    "/data/individual/household": "2",
    "/data/individual/own_standing": "-99",
    "/data/dealings/dealt": "yes",
    "/data/dealings/yearly_dealings": "2",
    "/data/dealings/payment_method": "cash",
    "/data/dealings/payment_terms": "cash_on_delivery",
}
ASKED = (
    "行业=business_scope 员工人数=staff_band 企业法人=legal_representative 采购主管=purchasing_head 开户银行=bank 市场地位=market_position "
    "业界资信=standing 年龄=age_band 职业=occupation 兴趣=interests 家庭情况=household 资信状况=own_standing 交易的日期=first_dealt_on "
    "交易实绩=yearly_dealings 付款方式=payment_method 付款条件=payment_terms 付款日期=payment_day"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("customer_survey") / "site") as opened:
        yield opened


def test_it_asks_for_what_the_source_names_and_has_no_faults(store):
    """Names, addresses and telephones stand on the customer's card, to which the number leads."""
    names = {ref.rpartition("/")[2] for ref in forms.load(store, FORM).nodes}
    assert {pair.partition("=")[2] for pair in ASKED.split()} <= names
    lists = {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()}
    checked = form_check.check((forms.FORMS / f"{FORM}.md").read_bytes(), f"{FORM}.md", lists)
    assert [found.text("en") for found in (*checked.errors, *checked.warnings)] == []


@pytest.mark.parametrize(
    ("answers", "without"),
    [(ENTERPRISE, "/data/enterprise/standing"), (PERSON, "/data/individual/occupation"),
     (PERSON, "/data/survey/customer_number"), (ENTERPRISE, "/data/update/change_words")],
)  # fmt: skip
def test_what_is_missing_is_asked_for(store, answers, without):
    session = forms.session(store, forms.load(store, FORM), {})
    for ref, value in answers.items():
        if ref != without:
            session.answer(ref, value)
    with pytest.raises(Unfinished):
        session.finish()


def test_it_is_gathered_by_the_information_administrator_and_counted(store):
    sales = account(store, department="销售部")
    boss = account(store, Role.INFORMATION_ADMINISTRATOR, department="客户服务部")
    head = account(store, Role.DEPARTMENT_HEAD, department="销售部")
    customer = card(store, sales)
    said = {"/data/survey/customer_number": customer.customer_number}
    records = [
        submit(store, sales, draft_of(store, sales, FORM, answers | said), f"survey-{n}").record_id
        for n, answers in enumerate((ENTERPRISE, PERSON))
    ]
    waiting = [approvals.of(store, "record", one) for one in records]
    assert {one.case.case_id for one in approvals.waiting(store, boss)} == {one.case_id for one in waiting}
    assert len(due.listed(store, boss, TODAY).rows) >= 2, "they are on the list of what waits, with their day"
    assert approvals.waiting(store, head) == []
    with pytest.raises(NotAllowed):
        approvals.decide(store, sales, waiting[0].case_id, "approve", waiting[0].sha256)
    for case in waiting:
        approvals.decide(store, boss, case.case_id, "approve", case.sha256)
    assert approvals.waiting(store, boss) == []
    publishing.publish(store, SERVICE)
    found = surveys.returned(lake.open(store.site).found, FORM)
    assert len(found.respondents) == 2
    standing = found.answers["own_standing"]
    assert [one.missing for one in standing.question.categories].count(True) == 1, "who does not know has no opinion"
    assert {"business_scope", "legal_representative", "bank", "remarks"}.isdisjoint(found.answers)
