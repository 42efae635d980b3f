"""What is corrected counts as corrected in the lake too, and no answer of one form stops it from being published."""

import json
from datetime import date, timedelta

import pytest

from custinfo import lake
from custinfo.actions import (
    cross_region_published,
    doctor_warnings,
    drafts,
    entities,
    forms,
    pseudonyms,
    record_levels,
    registers_published,
    staff_keys,
)
from custinfo.actions import lake as publishing
from custinfo.domain import lake_properties
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import receipts
from custinfo.screens.context import Page
from custinfo.statistics import visits
from custinfo.xforms import Unfinished
from tests.factories import CARD, account, card, code_for, site_with_forms, submit
from tests.source_forms import fill, filled
from tests.test_source_forms import draft_of_rounds, session, verdicts

TODAY = date.today()  # noqa: DTZ011
FORM, BOUND = "cross_region_sale", ". < 10000000000"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A site with a clerk and a department head."""
    with site_with_forms(tmp_path_factory.mktemp("corrections") / "site") as store:
        han = account(store, department="华东业务部", login_name="han")
        boss = account(store, Role.DEPARTMENT_HEAD, department="华东业务部", login_name="boss")
        yield store, han, boss


@pytest.fixture
def bare(tmp_path):
    """A site where a version of the form is in use that does not bound the total."""
    with site_with_forms(tmp_path / "site") as store:
        file = forms.FORMS / f"{FORM}.md"
        version = str(forms.load(store, FORM).version)
        table = file.read_text("utf-8").replace(BOUND, "").replace(f"| {version} |", f"| {int(version) + 1} |")
        forms.publish(store, SERVICE, file.name, table.encode())
        yield store, account(store, department="华东业务部", login_name="han")


def recorded(store, actor, form_id, key, **changed):
    answers = filled(form_id, TODAY) | changed
    return submit(store, actor, draft_of_rounds(store, actor, form_id, answers), key)


def edited(store, actor, receipt, form_id, key, *, without=(), **changed):
    """The record once more, with rounds taken out and answers changed."""
    draft = drafts.start(store, actor, form_id, record_id=receipt.record_id)
    opened = forms.session(store, forms.load(store, form_id), draft.instance)
    for ref in without:
        opened.remove_repeat(ref)
    fill(opened, changed)
    drafts.save(store, actor, draft.draft_id, opened.instance, "/data", saves=draft.saves)
    return submit(store, actor, draft.draft_id, key)


def other_card(store, actor, number):
    named = {"/data/basic/name": f"第{number}号有限公司", "/data/basic/credit_code": code_for(number)}
    return card(store, actor, CARD | named, key=f"card-{number}")


def published(store, table):
    publishing.publish(store, SERVICE)
    return lake.open(store.site).table(table)


def made_today(store, numbers):
    """The visits of today among these, as reports count them."""
    found = visits.within(published(store, "visits"), TODAY - timedelta(days=30), TODAY).to_pyarrow().to_pylist()
    return {row["visit_number"]: row["customer_key"] for row in found if row["visit_number"] in numbers}


HUGE = {"/data/sale/item[1]/quantity": "99999999999", "/data/sale/item[1]/unit_price": "99999"}


def test_a_total_that_no_column_takes_is_refused_by_the_form(office):
    store, _, _ = office
    assert verdicts(session(store, FORM, quantity="99999999999", unit_price="99999")) == {"amount": "constraint"}
    assert verdicts(session(store, FORM, quantity="9999999", unit_price="99")) == {}


def test_where_the_form_has_no_bound_the_store_refuses_and_publishing_goes_on(bare, monkeypatch):
    store, han = bare
    with pytest.raises(Unfinished) as refused:
        recorded(store, han, FORM, "huge-1", **HUGE)
    [problem] = refused.value.problems
    assert (problem.ref, problem.key) == ("/data/sale/amount", "records.unreadable")
    # What a site has stored before that check
    with monkeypatch.context() as before:
        before.setattr(lake_properties, "unreadable", lambda *_: [])
        huge = recorded(store, han, FORM, "huge-1", **HUGE)
    assert published(store, "cross_region_sales").count().to_pyarrow().as_py() == 0
    assert cross_region_published.left_out(store) == [huge.entities[0].number]
    named = [one for check in doctor_warnings.CHECKS for one in check(store) if "cross_region" in one.key]
    assert [one.facts["first"] for one in named] == [huge.entities[0].number]
    edited(store, han, huge, FORM, "huge-2", **{"/data/sale/item[1]/quantity": "1"})
    [row] = published(store, "cross_region_sales").to_pyarrow().to_pylist()
    assert (row["version"], row["amount_fen"]) == (2, 9_999_900 + 90_000)
    assert cross_region_published.left_out(store) == []


@pytest.mark.parametrize(
    ("dataset", "properties", "wrong"),
    [
        ("cross_region_sales", {"amount": "9999999999999.99", "delivered_on": "2026-11-30"}, []),
        ("cross_region_sales", {"amount": "19999799999800000", "delivered_on": "30.11."}, ["amount", "delivered_on"]),
        ("customers", {"staff": "2147483647", "revenue": ""}, []),
        ("customers", {"staff": "99999999999999999999"}, ["staff"]),
        ("customers", {"staff": "about 10", "revenue": "12,50"}, ["staff", "revenue"]),
        ("visits", {"amount": "x"}, []),
    ],
)
def test_what_a_column_takes(dataset, properties, wrong):
    assert lake_properties.unreadable(dataset, properties) == wrong


def test_a_number_in_a_round_that_nobody_has_is_a_mistake(office):
    store, han, _ = office
    with pytest.raises(Unfinished) as refused:
        recorded(store, han, "visit_daily_report", "visit-0", **{"/data/visit[2]/customer_number": "C999999"})
    [problem] = refused.value.problems
    assert (problem.ref, problem.rule) == ("/data/visit[2]/customer_number", "about")


def test_a_visit_that_is_taken_out_counts_no_more(office):
    store, han, _ = office
    customer = other_card(store, han, 90080)
    about = {"/data/visit[1]/customer_number": customer.customer_number}
    first = recorded(store, han, "visit_daily_report", "visit-1", **about)
    numbers = [one.number for one in first.entities]
    key = pseudonyms.key_of(store, customer.customer_id)
    assert made_today(store, numbers) == {numbers[0]: key, numbers[1]: None}
    again = edited(store, han, first, "visit_daily_report", "visit-2", without=["/data/visit[1]"])
    assert [(one.number, one.version, one.dropped) for one in again.entities] == [
        (numbers[1], 2, False), (numbers[0], 2, True),
    ]  # fmt: skip
    assert made_today(store, numbers) == {numbers[1]: None}
    shown = receipts.submitted(page(store, han), "", "visit_daily_report", "", again)["lines"]
    assert f"编号 {numbers[0]} 已从答卷中删去，不再计入任何统计" in shown
    noted = store.rows("SELECT detail FROM audit WHERE action = 'record.submit'")
    assert [one for one in noted if json.loads(one["detail"]).get("dropped") == numbers[0]]
    last = edited(store, han, first, "visit_daily_report", "visit-3", **{"/data/visit[1]/talk": "又谈了价格"})
    assert [one.number for one in last.entities] == [numbers[1]], "it goes once"


def page(store, actor):
    return Page(store, store.site, None, "zh-CN", "/form", {})


def test_a_visit_that_turns_to_a_customer_of_level_1_is_no_visit_to_the_first(office):
    store, han, boss = office
    one, secret = (other_card(store, han, n) for n in (90081, 90082))
    record_levels.set(store, boss, entities.current(store, secret.customer_id)["record_id"], Level.SECRET, "核心")
    place = "/data/visit[1]/customer_number"
    first = recorded(store, han, "visit_daily_report", "visit-a", **{place: one.customer_number})
    numbers = [first.entities[0].number]
    assert made_today(store, numbers) == {numbers[0]: pseudonyms.key_of(store, one.customer_id)}
    edited(store, han, first, "visit_daily_report", "visit-b", **{place: secret.customer_number})
    assert made_today(store, numbers) == {}
    rows = published(store, "visits").to_pyarrow().to_pylist()
    [told] = [row for row in rows if row["visit_number"] == numbers[0] and row["version"] == 2]
    assert (told["customer_key"], told["visited_on"], told["result"]) == (None, "", None)


def test_who_is_taken_out_of_a_training_or_was_somebody_else_is_not_trained(office):
    store, han, boss = office
    auditor = account(store, Role.AUDITOR, login_name="shen")
    course = {"held_on": str(TODAY), "subject": "保密", "topics": "secrecy", "trainer": "甲", "hours": "2"}
    answers = {f"/data/course/{name}": value for name, value in course.items()}
    for place, who in enumerate((han, boss), 1):
        person = {"login_name": who.login_name, "person": who.display_name, "exam": "passed", "score": "90"}
        answers |= {f"/data/participant[{place}]/{name}": value for name, value in person.items()}
    given = submit(store, auditor, draft_of_rounds(store, auditor, "security_training", answers), "training-1")
    edited(
        store, auditor, given, "security_training", "training-2",
        without=["/data/participant[1]"], **{"/data/participant[1]/login_name": "shen"},
    )  # fmt: skip
    rows = [row.values for row in registers_published.entries(store, 0) if row.values["register"] == "trained_people"]
    newest = {row["entry"]: (row["version"], row["state"], row["account"]) for row in rows}
    shen = staff_keys.account(store, auditor.person_id)
    assert sorted(newest.values(), key=str) == [(2, "passed", shen), (2, None, None)]
    assert {row["account"] for row in rows if row["version"] == 1} == {
        staff_keys.account(store, one.person_id) for one in (han, boss)
    }
