"""What was found wrong in credit and mended: each test is a fault that was there."""

import json
from datetime import timedelta

import pytest

from custinfo.actions import (
    credit,
    credit_accounts,
    credit_records,
    credit_standing,
    pseudonyms,
    record_levels,
    sessions,
)
from custinfo.actions.delegations import today
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.reports import credit_report, credit_report_layouts
from custinfo.screens import credit as credit_page
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests.credit_sites import approve, customer, decided, file, sell, staff
from tests.factories import PASSWORD, account, card, site_with_forms
from tests.screens.conftest import Browser


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("credit") / "site") as store:
        yield store, staff(store)


def page_of(store, who, customer_id):
    login = sessions.log_in(store, who.login_name, PASSWORD)
    page = Page(store, store.site, login, "zh-CN", f"/credit/{customer_id}", {})
    return Browser(showing.screen(page, credit_page.build))


def papers(store, who, new, number=""):
    day = str(today(store))
    paper = {"paper_kind": "licence", "seen_on": day, "checked_by": "林晓文", "checked_where": "公示系统与档案室"}
    paper |= {"paper_number": number} if number else {}
    said = {"dossier": {"customer_number": new.customer_number}, "papers": {"paper": [paper]}}
    return file(store, who, credit_records.PAPERS_FORM, said).record_id


def test_the_words_of_a_record_that_was_raised_to_level_1_are_masked_at_level_2(world):
    store, people = world
    new = customer(store, people["one"], 94001)
    decided(store, people, new)
    last = str(today(store) + timedelta(days=30))
    said = {"customer_number": new.customer_number, "grade": "B", "reason": "其实际控制人另有担保", "last_day": last}
    override = file(store, people["boss"], credit_records.OVERRIDE, {"override": said}).record_id
    approve(store, people["manager"], kind="record", object_id=override)
    seen = papers(store, people["one"], new)
    internal = account(store, Role.SUPERVISOR, login_name="internal", clearance=Level.INTERNAL)
    open_ = credit.standing(store, internal, new.customer_id)
    assert open_.override.reason == "其实际控制人另有担保"
    for record in (override, seen):
        record_levels.set(store, people["boss"], record, Level.SECRET, "商业秘密")
    found = credit.standing(store, internal, new.customer_id)
    for secret in ("其实际控制人另有担保", "公示系统与档案室", "林晓文"):
        assert secret not in repr(found)
    assert (found.grade, found.override.grade) == ("B", "B"), "what it comes to stays"
    assert credit.standing(store, people["boss"], new.customer_id).override.reason == "其实际控制人另有担保"


def test_the_terms_are_those_that_the_card_had_then(world):
    store, people = world
    new = customer(store, people["one"], 94002)
    before = utc_now()
    card(store, people["one"], {"/data/finance/payment_terms": "net_90"}, key="net-90", customer_id=new.customer_id)
    known = credit_standing.card_terms(store, [new.customer_id])
    then = credit_standing.card_terms(store, [new.customer_id], before)
    assert (known, then) == ({new.customer_id: "net_90"}, {new.customer_id: "net_30"})


def test_a_report_is_registered_with_the_hash_of_what_it_says(world, monkeypatch):
    store, people = world
    new = customer(store, people["one"], 94003)
    made = credit_report.make(store, people["boss"], new.customer_id, utc_now(), "zh-CN")
    monkeypatch.setattr(credit_report, "make", lambda *_, **__: made)
    page = page_of(store, people["boss"], new.customer_id)
    for kind in ("html", "xlsx"):
        assert page.send(kind="event", name="report", value=kind)["kind"] == "download"
        entry = store.row("SELECT * FROM export_event ORDER BY seq DESC LIMIT 1")
        assert (entry["format"], entry["sha256"]) == ("json", credit_report_layouts.digest(made.document))


def test_a_paper_without_a_number_says_nothing_of_one(world):
    store, people = world
    new = customer(store, people["one"], 94004)
    papers(store, people["one"], new)
    shown = json.dumps(page_of(store, people["boss"], new.customer_id).send(kind="hello"), ensure_ascii=False)
    assert "公示系统与档案室 查验，有效期" in shown
    papers(store, people["one"], new, "4403001")
    shown = json.dumps(page_of(store, people["boss"], new.customer_id).send(kind="hello"), ensure_ascii=False)
    assert "编号 4****1，有效期" in shown


def test_few_accounts_and_many_are_worked_out_alike(world, tmp_path, monkeypatch):
    store, people = world
    new, day = customer(store, people["one"], 94005), today(store)
    lines = [(new.customer_number, "sale", day - timedelta(days=n), "100.00") for n in (1, 2, 40, 400)]
    sell(store, tmp_path, [*lines, (new.customer_number, "payment", day, "120.00")])
    key = pseudonyms.key_of(store, new.customer_id)
    few = credit_accounts.read(store, {key: "net_30"}, day, sales_months=12)
    monkeypatch.setattr(credit_accounts, "FEW", 0)
    many = credit_accounts.read(store, {key: "net_30"}, day, sales_months=12)
    assert few == many
    owed = few.of(key)
    months = {(one.year, one.month) for one in (day - timedelta(days=n) for n in (1, 2, 40))}
    assert (owed.purchases, owed.months_bought) == (3, len(months))
