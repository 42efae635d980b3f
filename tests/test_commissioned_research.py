"""The register of research that an agency is commissioned with: the agency, the scope, and what it delivered (R82)."""

from datetime import date, timedelta

import pytest

from custinfo.actions import due, forms
from custinfo.xforms import RefusedAnswer, Unfinished
from tests.factories import account, code_for, draft_of, site_with_forms, submit
from tests.source_forms import fill

TODAY = date.today()  # noqa: DTZ011  # a day in a form's answer
LAST_WEEK, YESTERDAY, NEXT_WEEK = (str(TODAY + timedelta(days=days)) for days in (-7, -1, 7))
ASKED = {
    "/data/agency/agency_name": "天元市场研究有限公司", "/data/agency/agency_code": code_for(70001),
    "/data/agency/agency_contact": "周，0755-08880009", "/data/agency/qualification": "做过同行三次满意度调查，报价最低。",
    "/data/commission/title": "华南区神秘顾客调查", "/data/commission/study_number": "ST000001",
    "/data/commission/department": "市场调查部", "/data/commission/commissioned_by": "林",
    "/data/commission/contract_number": "HT2026-015", "/data/commission/commissioned_on": LAST_WEEK,
    "/data/commission/ends_on": NEXT_WEEK, "/data/commission/scope": "华南三省门店 60 家，到店访问。",
    "/data/commission/fee": "18000.00", "/data/commission/confidential": "yes", "/data/commission/gets_data": "no",
    "/data/result/delivered": "no",
}  # fmt: skip
DELIVERED = {
    **ASKED, "/data/result/delivered": "yes", "/data/result/delivered_on": YESTERDAY,
    "/data/result/report_title": "神秘顾客调查报告", "/data/result/filed": "柜 3", "/data/result/findings": "等候时间最长。",
    "/data/result/accepted": "accepted",
}  # fmt: skip
WITH_DATA = {
    **DELIVERED, "/data/commission/gets_data": "yes", "/data/commission/disclosure_number": "TG2026-004",
    "/data/result/data_returned": "no",
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("commissions") / "site") as opened:
        yield opened


def finished(store, answers):
    """A session with these answers, in the order of the form."""
    form = forms.load(store, "commissioned_research")
    return fill(forms.session(store, form, {}), {ref: answers[ref] for ref in form.nodes if ref in answers})


@pytest.mark.parametrize(
    ("answers", "waits_until"),
    [
        (ASKED, NEXT_WEEK), (DELIVERED, ""), (WITH_DATA, str(TODAY + timedelta(days=6))),
        (WITH_DATA | {"/data/result/data_returned": "yes"}, ""),
        (DELIVERED | {"/data/result/accepted": "rework", "/data/result/acceptance_note": "样本不足"},
         str(TODAY + timedelta(days=6))),
        (DELIVERED | {"/data/result/accepted": "refused", "/data/result/acceptance_note": "数据不实"}, ""),
    ],
)  # fmt: skip
def test_it_waits_until_the_results_are_there_and_the_data_are_back(store, answers, waits_until):
    session = finished(store, answers)
    assert session.finish().values
    assert session.state("/data/result/due_on").value == waits_until


@pytest.mark.parametrize(
    "changed",
    [
        {"/data/commission/confidential": "no"}, {"/data/commission/ends_on": LAST_WEEK},
        {"/data/commission/commissioned_on": NEXT_WEEK}, {"/data/agency/agency_code": "91440300000000000X"},
        {"/data/commission/gets_data": "yes"}, {"/data/result/delivered": "yes"}, {"/data/commission/study_number": "7"},
        {"/data/commission/fee": "-1"}, {"/data/commission/scope": ""},
    ],
)  # fmt: skip
def test_what_is_missing_or_not_allowed_is_refused(store, changed):
    with pytest.raises((Unfinished, RefusedAnswer)):
        finished(store, ASKED | changed).finish()


def test_a_commission_is_on_the_register_and_on_the_due_list(store):
    li = account(store)
    made = submit(store, li, draft_of(store, li, "commissioned_research", ASKED), "k1")
    (entity,) = made.entities
    assert entity.number == "CO000001"
    row = store.row("SELECT properties FROM entity_current WHERE number = 'CO000001'")
    assert "天元市场研究有限公司" in row["properties"] and "华南三省" in row["properties"]
    waits = due.mine(store, li, TODAY + timedelta(days=7)).rows
    assert [one.link for one in waits] == [f"/record/{made.record_id}"]
