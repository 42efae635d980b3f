"""The page of retention: what each role sees and can do there."""

import json
from datetime import date

import pytest

from custinfo.actions import holds, retention, sessions
from custinfo.domain.people import SERVICE, Role
from custinfo.screens import retention as page_of
from tests import erasing, factories

FAR = date(2035, 1, 2)


@pytest.fixture
def staff(store):
    return erasing.Staff(store)


@pytest.fixture
def customer(store, staff):
    return factories.card(store, staff.researcher, erasing.CARD, key="retention-page")


@pytest.fixture
def open_as(store, visit, staff, customer, monkeypatch):
    """Open the page years later as one of the staff."""
    monkeypatch.setattr(retention, "today", lambda store: FAR)

    def opened(person, path="/retention", language="zh-CN"):
        session = sessions.log_in(store, person.login_name, factories.PASSWORD)
        return visit(page_of.build, path, session=session, language=language)

    return opened


def event(page, name, value=None):
    return page.send(kind="event", name=name, value=value)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_due_stands_with_its_rule_and_no_name(open_as, staff, customer, language):
    told = json.dumps(open_as(staff.administrator, language=language).send(kind="hello"), ensure_ascii=False)
    assert customer.customer_number in told
    assert "customers" in told
    assert erasing.PLANTED not in told


def test_a_researcher_gets_a_sentence_and_a_forged_event_does_nothing(store, open_as, staff):
    page = open_as(staff.researcher)
    assert "blocks" not in (page.send(kind="hello") or {})
    for name, value in (("plan", None), ("hold", {"kind": "customer", "object": "C000001", "reason": "x"})):
        event(page, name, value)
    assert store.rows("SELECT 1 FROM retention_plan") == []


def test_the_manager_reads_and_stops_and_makes_no_plan(store, open_as, staff):
    page = open_as(staff.manager)
    told = json.dumps(page.send(kind="hello"))
    assert '"event": "plan"' not in told
    event(page, "plan")
    assert store.rows("SELECT 1 FROM retention_plan") == []


def test_hold_and_release(store, open_as, staff, customer):
    page = open_as(staff.administrator)
    told = event(page, "hold", {"kind": "customer", "object": customer.customer_number, "reason": "诉讼"})
    assert "诉讼" in json.dumps(told, ensure_ascii=False)
    (hold,) = holds.listed(store, staff.administrator)
    event(page, "release", {"about": hold.hold_id, "reason": "撤诉"})
    assert holds.listed(store, staff.administrator) == ()


def test_from_plan_to_stop_on_the_page(store, open_as, staff):
    told = event(open_as(staff.administrator), "plan")
    plan_id = told["href"].rpartition("/")[2]
    page = open_as(staff.manager, f"/retention/{plan_id}")
    shown = json.dumps(page.send(kind="hello"))
    assert plan_id in shown
    assert '"event": "mark"' not in shown, "nobody has agreed yet"
    event(open_as(staff.administrator, f"/retention/{plan_id}"), "mark")
    assert store.row("SELECT state FROM retention_plan")["state"] == "planned"
    told = event(page, "stop", {"reason": "不到期"})
    assert "不到期" in json.dumps(told, ensure_ascii=False)
    assert retention.due_plans(store) == []


def test_the_certificate_comes_as_a_file(store, open_as, staff):
    plan_id = retention.plan(store, SERVICE)
    other = factories.account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu2")
    erasing.agree(store, staff, plan_id)
    page = open_as(other, f"/retention/{plan_id}")
    event(page, "mark")
    store.row("SELECT 1")
    with store.act("x", "test.hurry", "test", "") as tx:
        tx.update("retention_plan", plan_id, {"erase_on": str(FAR)})
    event(page, "run")
    assert store.row("SELECT state FROM retention_plan WHERE plan_id = ?", [plan_id])["state"] == "certified"
    told = event(page, "certificate")
    assert told["kind"] == "download"
    assert told["type"] == "application/pdf"
