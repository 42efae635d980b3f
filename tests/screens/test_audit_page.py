"""The auditor's page: what it shows, to whom, and what it says to events that no page of ours would send."""

import json

import pytest

from custinfo.actions import audit_log, drafts, record_views, sessions
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.reports.papers import Papers
from custinfo.screens import audit, customers, home, record
from tests.factories import CARD, PASSWORD, account, card


@pytest.fixture
def receipt(store, researcher):
    return card(store, researcher, key="audited")


@pytest.fixture
def auditor(store):
    return account(store, Role.AUDITOR, login_name="shen")


@pytest.fixture
def shen(store, auditor, receipt):
    return sessions.log_in(store, auditor.login_name, PASSWORD)


def last(store, action):
    return store.row("SELECT * FROM audit WHERE action = ? ORDER BY seq DESC LIMIT 1", [action])


def said(page):
    return json.dumps(page.heard, ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.guarantee("audit-no-customer-data")
def test_it_shows_who_did_what_in_words_and_nothing_of_customers(visit, shen, language):
    page = visit(audit.build, "/audit", session=shen, language=language)
    page.send(kind="hello")
    words = said(page)
    assert page.heard[-1]["kind"] == "sheet"
    assert ("提交了答卷" if language == "zh-CN" else "submitted a record") in words
    secrets = [value for value in CARD.values() if len(value) > 5 and not value.isascii()] + [
        CARD["/data/people/phone"]
    ]
    assert [value for value in secrets if value in words] == []


def test_what_the_address_asks_for_is_what_is_shown(visit, shen, researcher, receipt):
    page = visit(audit.build, "/audit", {"who": researcher.person_id, "action": "record.submit"}, session=shen)
    page.send(kind="hello")
    table = next(one for one in page.heard[-1]["blocks"] if one.get("id") == "found")["blocks"][0]
    assert len(table["rows"]) == 1 and receipt.record_id in str(table["rows"])


def test_verify_says_what_it_found_and_is_remembered(visit, store, shen):
    page = visit(audit.build, "/audit", session=shen)
    reply = page.send(kind="event", name="verify", value="")
    assert "日志完整" in json.dumps(reply, ensure_ascii=False)
    assert audit_log.last_verification(store).faults == 0
    front = visit(home.build, "/", session=shen)
    front.send(kind="hello")
    assert "核验：完整" in said(front)


def test_export_is_a_download(visit, shen, store):
    page = visit(audit.build, "/audit", {"action": "record.submit"}, session=shen)
    reply = page.send(kind="event", name="export", value={"format": "jsonl"})
    assert reply["kind"] == "download" and reply["name"].endswith(".zip")
    assert json.loads(last(store, "audit.export")["detail"])["rows"] == 1


def test_filtering_leads_to_an_address_that_can_be_kept(visit, shen):
    page = visit(audit.build, "/audit", session=shen)
    value = {"who": "P-1", "action": "record.read", "object": " R-1 ", "from": "2026-11-01", "to": ""}
    reply = page.send(kind="event", name="filter", value=value)
    assert reply == {"kind": "go", "href": "/audit?who=P-1&action=record.read&object=R-1&from=2026-11-01"}


@pytest.mark.parametrize("query", [{"from": "yesterday"}, {"to": "2026-13-01"}])
def test_a_day_that_is_none_is_said(visit, shen, query):
    page = visit(audit.build, "/audit", query, session=shen)
    assert "2026-11-22" in page.send(kind="hello")["text"]


@pytest.mark.parametrize(
    "query",
    [
        {"first": "x", "last": "9" * 50},
        {"action": "';--,%,_"},
        {"who": "\u202e"},
        {"days": "-1"},
        {"object": "a" * 9999},
    ],
)
def test_an_address_that_somebody_made_up_shows_a_page(visit, shen, query):
    page = visit(audit.build, "/audit", query, session=shen)
    assert page.send(kind="hello")["kind"] == "sheet"


@pytest.mark.parametrize("name", ["filter", "verify", "export", "page", "nothing"])
@pytest.mark.parametrize("value", [None, True, -1, 10**12, "x", [], {}, {"format": "exe"}, {"who": ["x"]}, {"from": 3}])
def test_forged_events_are_answered_with_a_sentence(visit, store, shen, name, value):
    page = visit(audit.build, "/audit", session=shen)
    reply = page.send(kind="event", name=name, value=value)
    assert reply["kind"] in ("blocks", "go", "failed", "download")
    assert not (store.site.home / "log" / "incidents.log").exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.SECURITY_ADMINISTRATOR}))
@pytest.mark.guarantee("audit-read-by-few")
def test_everybody_else_is_refused_which_is_on_the_log(visit, store, role):
    person = account(store, role)
    session = sessions.log_in(store, person.login_name, PASSWORD)
    page = visit(audit.build, "/audit", session=session)
    for message in (
        {"kind": "hello"},
        *({"kind": "event", "name": name, "value": ""} for name in ("verify", "export", "page")),
    ):
        reply = page.send(**message)
        assert reply["kind"] == "failed" and "shen" not in json.dumps(reply)
    assert (refusal := last(store, "access.refuse"))["actor"] == person.person_id and refusal["object_id"] == "/audit"


@pytest.mark.guarantee("audit-refusals")
def test_a_refused_page_is_on_the_log(visit, store, receipt):
    stranger = account(store, login_name="wang")
    session = sessions.log_in(store, "wang", PASSWORD)
    page = visit(record.build, f"/record/{receipt.record_id}", session=session)
    page.send(kind="hello")
    refusal = last(store, "access.refuse")
    assert (refusal["actor"], refusal["object_id"]) == (stranger.person_id, f"/record/{receipt.record_id}")


@pytest.mark.guarantee("audit-reads")
def test_reads_searches_and_prints_are_on_the_log(visit, store, researcher, receipt):
    customers_page = visit(customers.build, "/customers")
    customers_page.send(kind="event", name="search", value="宏远")
    first = json.loads(last(store, "customer.search")["detail"])
    customers_page.send(kind="event", name="search", value="宏远 ")
    assert first["searched"] == json.loads(last(store, "customer.search")["detail"])["searched"]
    assert "宏远" not in str(last(store, "customer.search"))
    record_views.read(store, researcher, receipt.record_id)
    assert last(store, "record.read")["object_id"] == receipt.record_id
    Papers(store, researcher, "zh-CN").record(receipt.record_id)
    assert last(store, "record.print")["object_id"] == receipt.record_id
    drafts.blank(store, researcher, "enterprise_card", record_id=receipt.record_id)
    secret = last(store, "record.read_secret")
    assert secret["object_id"] == receipt.record_id and json.loads(secret["detail"])["fields"] >= 1
    assert last(store, "session.log_in") is not None
