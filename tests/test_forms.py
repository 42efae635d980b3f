"""The shipped forms: every field that the sources ask for, in both languages, frozen by version."""

import re

import pytest

from custinfo.actions import forms
from custinfo.domain.errors import BadInput, Conflict, NotAllowed
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import FormError
from tests.factories import account, site_with_forms

R3 = {
    "企业地址": "address",
    "企业名称": "name",
    "电话号码": "phone",
    "所属行业": "industry",
    "经营范畴": "business_field",
    "员工人数": "staff",
    "企业法人": "legal_representative",
    "注册资本": "registered_capital",
    "业界资信": "credit_standing",
    "市场地位": "market_position",
    "采购主管": "purchasing_manager",
    "开户银行": "bank",
    "付款方式": "payment_method",
    "付款日期": "payment_day",
    "付款条件": "payment_terms",
    "交易实绩": "dealings_summary",
}
R4 = {
    "法人代表": "legal_representative",
    "邮编": "postcode",
    "传真": "fax",
    "经营范围": "business_scope",
    "联系人": "contact_name",
    "联系人电话": "contact_phone",
    "注册地址": "registered_address",
    "负责人": "principal",
    "企业性质": "ownership",
    "注册资质": "registration_qualification",
    "统一编号": "credit_code",
    "税务登记": "tax_registration_no",
}
SHIPPED = ("enterprise_card", "individual_card", "satisfaction_survey")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("forms") / "site") as opened:
        yield opened


@pytest.mark.parametrize(("asked", "name"), [*R3.items(), *R4.items()])
def test_the_enterprise_card_asks_for(store, asked, name):
    form = forms.load(store, "enterprise_card")
    assert name in {node.name for ref, node in form.nodes.items() if ref in form.control_of}, asked


@pytest.mark.parametrize("form_id", SHIPPED)
def test_every_text_of_a_form_is_there_in_both_languages(store, form_id):
    form = forms.load(store, form_id)
    assert form.languages == ("zh-CN", "en")
    shown = {language: forms.session(store, form, {}, language=language) for language in form.languages}
    for ref in form.control_of:
        chinese, english = shown["zh-CN"].state(ref), shown["en"].state(ref)
        assert re.search(r"[\u4e00-\u9fff]", chinese.label), ref
        assert english.label and not re.search(r"[\u4e00-\u9fff]", english.label), ref
        assert bool(chinese.hint) == bool(english.hint), ref
    assert set(forms.titles(form)) == {"zh-CN", "en"} and len(set(forms.titles(form).values())) == 2


def choose(session, ref, value):
    session.answer(ref, value)
    return {value for value, _ in session.state(ref).choices}


def test_regions_and_industries_are_chosen_step_by_step_from_the_standards(store):
    session = forms.session(store, forms.load(store, "enterprise_card"), {})
    assert len(choose(session, "/data/place/province", "440000")) == 34
    assert "440300" in choose(session, "/data/place/prefecture", "440300")
    districts = choose(session, "/data/place/county", "440304")
    assert all(code.startswith("4403") for code in districts)
    assert session.state("/data/place/region").value == "440304"
    session.answer("/data/business/industry_section", "I")
    session.answer("/data/business/industry_division", "65")
    classes = choose(session, "/data/business/industry", "6513")
    assert all(code.startswith("65") and len(code) == 4 for code in classes)


def test_a_question_that_depends_on_another_comes_and_goes(store):
    session = forms.session(store, forms.load(store, "enterprise_card"), {})
    payment_day = "/data/finance/payment_day"
    assert not session.state(payment_day).relevant
    session.answer("/data/finance/payment_terms", "net_30")
    assert session.state(payment_day).relevant
    session.answer("/data/finance/payment_terms", "prepaid")
    assert not session.state(payment_day).relevant


def test_the_survey_calculates_a_mean_and_asks_the_dissatisfied_why(store):
    session = forms.session(store, forms.load(store, "satisfaction_survey"), {}, language="en")
    session.answer("/data/interview/dealt", "yes")
    for name, score in (("quality", "5"), ("price", "4"), ("delivery", "4"), ("service", "4")):
        session.answer(f"/data/ratings/{name}", score)
    assert session.state("/data/ratings/mean_score_note").label == "Mean of the four: 4.25"
    session.answer("/data/ratings/overall", "1")
    assert session.state("/data/ratings/why_dissatisfied").required
    session.answer("/data/interview/dealt", "no")
    assert not session.state("/data/ratings/quality").relevant


def test_how_to_reach_a_person_is_of_level_1(store):
    form = forms.load(store, "enterprise_card")
    levels = {node.name: node.bind.extra.get("level") for node in form.nodes.values()}
    for name in ("contact_phone", "purchasing_manager_phone"):
        assert levels[name] == "1"
    person = {node.name: node.bind.extra.get("level") for node in forms.load(store, "individual_card").nodes.values()}
    for name in ("phone", "address", "email", "birth_year"):
        assert person[name] == "1"


TABLE = "| survey |\n| | type | name | label |\n| | text | who | {} |\n| settings |\n| | form_id | version |\n| | visit | {} |\n"


def test_a_published_version_never_changes(store):
    assert forms.publish(store, SERVICE, "visit.md", TABLE.format("Who", 1).encode()).version == "1"
    assert forms.publish(store, SERVICE, "visit.md", TABLE.format("Who", 1).encode()) is None
    with pytest.raises(Conflict):
        forms.publish(store, SERVICE, "visit.md", TABLE.format("Whom", 1).encode())
    assert forms.publish(store, SERVICE, "visit.md", TABLE.format("Whom", 2).encode()).version == "2"
    assert forms.load(store, "visit").version == "2"
    assert forms.load(store, "visit", "1").version == "1"
    listed = [form for form in forms.fillable(store, account(store)) if form.form_id == "visit"]
    assert [form.version for form in listed] == ["2"]


def test_a_form_with_a_mistake_is_not_published(store):
    before = store.rows("SELECT count(*) AS n FROM form")
    broken = TABLE.format("Who", 9).replace("| text | who", "| text | who who")
    with pytest.raises(FormError):
        forms.publish(store, SERVICE, "bad.md", broken.encode())
    assert store.rows("SELECT count(*) AS n FROM form") == before


ENTITIES = "| entities |\n| | list_name | label |{}\n| | {} | ${{who}} |{}\n"


def test_a_dataset_whose_name_cannot_begin_a_number_is_not_published(store):
    table = TABLE.format("Who", 1).replace("visit", "meeting") + ENTITIES.format("", "a.b", "")
    with pytest.raises(BadInput) as refused:
        forms.publish(store, SERVICE, "meeting.md", table.encode())
    assert "a.b" in refused.value.text("en")


def test_researchers_fill_in_forms_and_do_not_publish_them(store):
    assert {form.form_id for form in forms.fillable(store, account(store))} >= set(SHIPPED)
    assert forms.fillable(store, account(store, Role.MANAGER)) == []
    with pytest.raises(NotAllowed):
        forms.publish(store, account(store), "visit.md", TABLE.format("Who", 3).encode())
