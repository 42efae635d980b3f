"""The privacy desk's pages: who sees what, what they do, and what they say to events that no page of ours would send."""

import json

import pytest

from custinfo.actions import consents, export_register, form_exports, sessions, subject_requests
from custinfo.actions.subject_requests import Received
from custinfo.domain.clock import utc_now
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.screens import customer, privacy
from tests.factories import PASSWORD, account, card
from tests.screens.test_desks import contents, defects, events_of

VIEWS = tuple(privacy.VIEWS)
EVENTS = {
    "requests": ["receive"], "consents": ["told"], "notices": ["publish"], "registers": ["nothing"],
    "disclosures": ["ask"], "exports": ["mailing", "page", "trace"],
}  # fmt: skip
WRONG = [
    None, True, 3, -1, 1.5, "", "x", "\ud800", ["x"], {}, {"about": "x"}, {"kind": "see"}, {"kind": ["see"]},
    {"kind": "see", "applicant": "a", "received_on": "2026-13-45", "channel": "paper"},
    {"kind": "see", "applicant": "a" * 5000, "received_on": "2026-11-01", "channel": "paper"},
    {"purpose": "'; DROP TABLE consent_event; --"}, {"numbers": "C' OR 1=1", "due_on": "2026-11-22"},
    {"letter": ["f" * 16], "due_on": "2026-11-22"}, {"about": "customers", "reason": {"a": 1}},
    {"note": "\u202ex"}, {"method": "document", "note": "x", "number": "C999999"},
]  # fmt: skip


@pytest.fixture
def people(store):
    return {
        "admin": account(store, Role.INFORMATION_ADMINISTRATOR, login_name="p-xu"),
        "second": account(store, Role.INFORMATION_ADMINISTRATOR, login_name="p-qin"),
        "head": account(store, Role.DEPARTMENT_HEAD, login_name="p-he"),
        "auditor": account(store, Role.AUDITOR, login_name="p-shen"),
        "manager": account(store, Role.MANAGER, login_name="p-ma"),
        "supervisor": account(store, Role.SUPERVISOR, login_name="p-li"),
    }


@pytest.fixture
def logins(store, people):
    return {name: sessions.log_in(store, one.login_name, PASSWORD) for name, one in people.items()}


@pytest.fixture
def customer_made(store, people):
    return card(store, people["supervisor"], key="privacy-card")


@pytest.fixture
def request_id(store, people, customer_made):
    today = utc_now().astimezone(store.site.zone).date()
    given = Received("see", "申请人乙", "信箱", "看看", "paper", today, customer_made.customer_number)
    return subject_requests.receive(store, people["supervisor"], given)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("who", ["admin", "head", "auditor", "manager"])
def test_each_part_is_shown_to_who_may_read_it(visit, logins, language, view, who):
    page = visit(privacy.build, "/privacy", {"view": view}, session=logins[who], language=language)
    told = page.send(kind="hello")
    assert told["kind"] == "sheet", told
    assert len(told["blocks"]) > 1


@pytest.mark.parametrize("view", VIEWS)
def test_nobody_else_sees_any_of_it(visit, logins, view):
    for session in (logins["supervisor"],):
        page = visit(privacy.build, "/privacy", {"view": view}, session=session)
        assert page.send(kind="hello")["kind"] == "failed"


@pytest.mark.parametrize("who", ["auditor", "manager"])
def test_who_only_reads_is_offered_nothing_to_do(visit, logins, who, request_id):
    for path, query in [("/privacy", {"view": view}) for view in VIEWS] + [(f"/privacy/{request_id}", {})]:
        page = visit(privacy.build, path, query, session=logins[who])
        assert events_of(page.send(kind="hello")) <= {"page"}, path


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("who", ["auditor", "admin"])
def test_forged_events_change_nothing(visit, logins, store, request_id, view, who):
    before, known = contents(store), defects(store)
    page = visit(privacy.build, "/privacy", {"view": view}, session=logins[who])
    for name in EVENTS[view]:
        for value in WRONG:
            told = page.send(kind="event", name=name, value=value)
            assert told["kind"] in ("failed", "sheet", "blocks", "go"), (name, value)
            assert "Traceback" not in json.dumps(told, ensure_ascii=False)
    one = visit(privacy.build, f"/privacy/{request_id}", session=logins[who])
    for name in ("verify", "package", "answer", "extend", "ask_erasure"):
        for value in WRONG:
            told = one.send(kind="event", name=name, value=value)
            assert told["kind"] in ("failed", "sheet"), (name, value)
    assert contents(store) == before
    assert defects(store) == known


def test_a_request_goes_its_way_on_the_page(visit, logins, store, people, customer_made):
    page = visit(privacy.build, "/privacy", session=logins["admin"])
    given = {
        "kind": "see", "applicant": "申请人丙", "contact": "x", "wish": "", "channel": "phone",
        "received_on": "2026-11-01", "number": customer_made.customer_number, "purpose": "",
    }  # fmt: skip
    told = page.send(kind="event", name="receive", value=given)
    assert told["kind"] == "go"
    one_id = told["href"].rpartition("/")[2]
    one = visit(privacy.build, told["href"], session=logins["admin"])
    assert "申请人丙" in json.dumps(one.send(kind="hello"), ensure_ascii=False)
    told = one.send(kind="event", name="verify", value={"method": "document", "note": "看过证件"})
    assert "package" not in events_of(told), "who verified the identity does not give the answer too"
    assert one.send(kind="event", name="package", value={"note": "已交"})["kind"] == "failed"
    one = visit(privacy.build, f"/privacy/{one_id}", session=logins["second"])
    assert "package" in events_of(one.send(kind="hello"))
    told = one.send(kind="event", name="package", value={"note": "已交"})
    assert told["kind"] == "download"
    assert told["name"].endswith(".zip")


def test_the_desk_says_where_a_file_comes_from(visit, logins, store, people, customer_made):
    made = form_exports.export(store, people["supervisor"], "enterprise_card", "jsonl", language="en")
    number = export_register.listed(store, people["admin"], limit=1).rows[0].export_id
    page = visit(privacy.build, "/privacy", {"view": "exports"}, session=logins["admin"])
    page.send(kind="hello")
    piece = {"kind": "file", "id": 1, "ref": "file", "name": "found.jsonl", "size": len(made.data), "chunk": 0}
    message = {"method": "custom", "content": piece | {"last": True}}
    page.widget._handle_msg({"content": {"data": message}, "buffers": [memoryview(made.data)]})
    given = page.heard[-1]
    by_bytes = page.send(kind="event", name="trace", value={"file": [given["value"]], "number": ""})
    by_number = page.send(kind="event", name="trace", value={"file": [], "number": number})
    for told in (by_bytes, by_number):
        assert number in json.dumps(told, ensure_ascii=False)
    nothing = page.send(kind="event", name="trace", value={"file": [], "number": "X-0"})
    assert number not in json.dumps(nothing, ensure_ascii=False)


def test_consents_stand_on_the_customers_page(visit, logins, store, people, customer_made):
    page = visit(customer.build, f"/customer/{customer_made.customer_id}", session=logins["supervisor"])
    assert {"consent_give", "consent_withdraw"} <= events_of(page.send(kind="hello"))
    given = {"purpose": "marketing", "channel": "paper", "day": "2026-11-01", "evidence": "表 9"}
    assert page.send(kind="event", name="consent_give", value=given)["kind"] == "sheet"
    assert consents.allowed(store, customer_made.customer_id, "marketing")
    stop = {"purpose": "marketing", "channel": "phone", "day": "2026-11-02", "evidence": ""}
    assert page.send(kind="event", name="consent_withdraw", value=stop)["kind"] == "sheet"
    assert not consents.allowed(store, customer_made.customer_id, "marketing")
    told = page.send(kind="event", name="consent_give", value={**given, "evidence": ""})
    assert told["kind"] == "failed"
