"""The desk of incidents: everybody may report; who handles them goes all the way; the register opens for few."""

import json

import pytest

from custinfo.actions import incidents, sessions
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.screens import incidents_desk
from tests.factories import PASSWORD, account, empty_site

GIVEN = {"kind": "leak", "what": "名单发错了人", "noticed_at": "2026-11-21T09:00", "systems": "邮件"}
ROLES = {"clerk": Role.RESEARCHER, "auditor": Role.AUDITOR, "head": Role.DEPARTMENT_HEAD, "manager": Role.MANAGER}


@pytest.fixture
def store(tmp_path_factory):
    with empty_site(tmp_path_factory.mktemp("site") / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    return {name: account(store, role, login_name=name) for name, role in ROLES.items()}


@pytest.fixture
def desk(store, people, visit):
    def opened(who, number="", language="zh-CN"):
        login = sessions.log_in(store, people[who].login_name, PASSWORD)
        path = f"/incidents/{number}" if number else "/incidents"
        return visit(incidents_desk.build, path, session=login, language=language)

    return opened


@pytest.fixture
def number(store, people):
    return incidents.report(store, people["clerk"], **GIVEN)


def said(page, name, **value):
    told = page.send(kind="event", name=name, value=value)
    assert told["kind"] != "failed", told
    return json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ROLES)
def test_the_desk_opens_for_everybody_in_both_languages(desk, people, number, who, language):
    told = desk(who, language=language).send(kind="hello")
    assert told["kind"] == "sheet"
    drawn = json.dumps(told, ensure_ascii=False)
    assert number in drawn and "incidents." not in drawn and "oversight." not in drawn
    assert desk(who, number, language).send(kind="hello")["kind"] == "sheet"


def test_a_report_leads_to_its_page_and_a_nameless_one_does_not(desk, store, people):
    assert desk("clerk").send(kind="event", name="report", value=GIVEN)["kind"] == "go"
    told = desk("clerk").send(kind="event", name="report", value=GIVEN | {"anonymous": True})
    assert told["kind"] == "sheet"
    assert sum(one.reported_by == "" for one in incidents.listed(store, people["auditor"])) == 1


def test_from_the_report_to_the_notice(desk, store, people, number):
    page = desk("auditor", number)
    said(page, "assess", persons="1,200,000", loss="20.50", personal_data=True, text="已核实")
    assert incidents.find(store, people["auditor"], number).grade == "larger"
    said(page, "freeze", hours="24", customers="")
    incident = incidents.find(store, people["auditor"], number)
    parts = dict.fromkeys(incident.rule.content["authority"], "写明")
    told = page.send(kind="event", name="write_notice", value={"about": "authority", "recipient": "省网信办"} | parts)
    assert told["kind"] == "failed"
    drawn = said(page, "write_notice", about="authority", recipient="省网信办", channel="12387", **parts)
    assert "审批中" in drawn
    said(page, "order", text="改流程", login_name="head", due_on="2026-12-01")
    assert "改流程" in said(desk("head", number), "note", text="收到")


def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_stored(desk, store, people, number):
    page = desk("auditor", number)
    for name, value in (
        ("assess", {"persons": "很多", "loss": "1", "text": "x"}),
        ("assess", {"persons": "1", "loss": "1,5", "text": "x"}),
        ("assess", {"persons": "9" * 40, "loss": "1", "text": "x"}),
        ("freeze", {"hours": "-1"}),
        ("freeze", {"hours": "99999"}),
        ("order", {"text": "改", "login_name": "nobody", "due_on": "2026-12-01"}),
        ("order", {"text": "改", "login_name": "head", "due_on": "明天"}),
        ("contain", {"text": "未定级不能控制"}),
        ("sent", {"about": "NN-none", "text": "1"}),
        ("note", {"text": "  "}),
    ):
        told = page.send(kind="event", name=name, value=value)
        assert told["kind"] == "failed", (name, value)
        assert told["text"]
    assert incidents.find(store, people["auditor"], number).state == "reported"


def test_the_register_is_offered_to_its_readers_alone_and_opens_when_asked(desk):
    for who in ("clerk", "head"):
        assert "处罚登记" not in json.dumps(desk(who).send(kind="hello"), ensure_ascii=False)
    page = desk("manager")
    assert "打开登记簿" in json.dumps(page.send(kind="hello"), ensure_ascii=False)
    assert "没有处罚记录" in said(page, "open_penalties")
    drawn = said(page, "impose", login_name="clerk", kind="fine", amount="500", reason="外传名单", heard="承认")
    assert "¥500.00" in drawn and "外传名单" in drawn
