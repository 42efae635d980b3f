"""The pages of due lists and of cases: what they offer to whom, and what they say to events that no page would send."""

import importlib
import json

import pytest

from custinfo.actions import approval_cases, approvals, copies, delegations, due, forms, mail, sessions
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE, Role
from custinfo.screens import case, home, record, showing, waiting
from custinfo.screens.context import Page
from tests.approval_sites import PLAIN, SHA, SIGNED, asked, crowd_of, site_with_crowd
from tests.factories import PASSWORD, account, empty_site
from tests.price_records import price, shipped
from tests.screens.conftest import Browser

WRONG = [
    None, True, 3, -1, 1.5, "", "x", "A-1 " + SHA, "1" * 5000, ["x"], {}, {"about": "x"}, {"about": ["1"]},
    {"about": "A-1 x", "note": "话"}, {"note": 3, "about": 3}, {"address": "a\nBcc: b@c.d"}, {"address": ["x"]},
    {"to": "P-0", "starts": "x", "ends": "2026-99-99", "reason": "x"}, {"kind": "x" * 500, "late": 3},
    {"person": "P-0", "about": "A-0"}, "K-0", "DG-0", "\u202e",
]  # fmt: skip
EVENTS = ("approve", "receive", "seen", "delegate", "end_delegation", "address", "filter", "page", "nothing")
CASE_EVENTS = (
    "case_approve", "case_return", "case_reject", "case_withdraw", "case_resubmit", "case_copy", "case_receive", "nothing",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with site_with_crowd(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    return crowd_of(store)


@pytest.fixture
def opened(store, visit):
    def at(build, path, who, query=None, language="zh-CN"):
        return visit(build, path, query, session=sessions.log_in(store, who.login_name, PASSWORD), language=language)

    return at


@pytest.fixture
def login():
    """`visit` wants one by default; here everybody logs in for themselves."""
    return


def drawn(page):
    page.send(kind="hello")
    return json.dumps(page.heard[-1], ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_is_looked_at_signed_and_receipted_on_its_page(store, people, opened, language):
    case_id = asked(store, people.asker, SIGNED)
    head = opened(waiting.build, "/waiting", people.head, language=language)
    assert f"/case/{case_id}" in drawn(head)
    assert '"event": "approve"' not in drawn(head), "what is signed is not decided on the list"
    desk = opened(case.build, f"/case/{case_id}", people.head, language=language)
    assert '"password"' in drawn(desk) and SHA in drawn(desk)
    value = {"about": f"{case_id} {SHA}", "note": "好", "password": "wrong one"}
    assert desk.send(kind="event", name="case_approve", value=value)["kind"] == "failed"
    assert desk.send(kind="event", name="case_approve", value=value | {"password": PASSWORD})["kind"] == "sheet"
    boss = opened(case.build, f"/case/{case_id}", people.manager, language=language)
    drawn(boss)
    boss.send(kind="event", name="case_approve", value=value | {"password": PASSWORD})
    assert approval_cases.find(store, case_id).state == "approved"
    asker = opened(waiting.build, "/waiting", people.asker, language=language)
    [copy] = copies.of(store, approval_cases.find(store, case_id))
    assert copy.copy_id in drawn(asker)
    asker.send(kind="event", name="receive", value=copy.copy_id)
    assert copy.copy_id not in drawn(asker)
    assert PASSWORD not in json.dumps([*desk.heard, *boss.heard, *asker.heard])


def test_what_takes_no_password_is_agreed_to_on_the_list(store, people, opened):
    case_id = asked(store, people.asker, PLAIN)
    head = opened(waiting.build, "/waiting", people.head)
    assert f"{case_id} {SHA}" in drawn(head)
    head.send(kind="event", name="approve", value=f"{case_id} {SHA}")
    assert len(approvals.of(store, "thing", "X-1").decisions()) == 1
    assert f"{case_id} {SHA}" not in drawn(head)


def test_the_department_is_for_who_leads_it(store, people, opened):
    case_id = asked(store, people.asker, PLAIN)
    supervisor = opened(waiting.build, "/waiting", people.supervisor, {"tab": "department"})
    assert case_id in drawn(supervisor)
    assert case_id not in drawn(opened(waiting.build, "/waiting", people.supervisor))
    far = opened(waiting.build, "/waiting", people.far_head, {"tab": "department"})
    assert case_id not in drawn(far)
    other = opened(waiting.build, "/waiting", people.other, {"tab": "department"})
    assert '"failed"' in drawn(other)


def test_long_lists_are_paged_and_narrowed(store, people, opened):
    for n in range(45):
        asked(store, people.asker, PLAIN, object_id=f"X-{n}")
    head = opened(waiting.build, "/waiting", people.head)
    seen = set()
    for offset in ("0", "20", "40"):
        told = head.send(kind="event", name="page", value=offset)
        seen |= {item["href"] for item in told["blocks"][0]["blocks"][0]["items"]}
    assert len(seen) == 45
    assert head.send(kind="event", name="filter", value={"kind": "reviews", "late": "yes"})["href"] == (
        "/waiting?kind=reviews&late=1"
    )
    for query in ({"kind": "own"}, {"kind": "reviews"}, {"late": "1"}):
        assert "/case/" not in drawn(opened(waiting.build, "/waiting", people.head, query))
    assert "/case/" in drawn(opened(waiting.build, "/waiting", people.head, {"kind": "approvals"}))
    assert "/waiting" in drawn(opened(home.build, "/", people.head))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_thing_that_waits_has_a_name_and_its_module(language):
    for name, module in due.SOURCES.items():
        assert text(f"waiting.kind.{name}", language)
        assert callable(importlib.import_module(module).due_rows)


def test_delegations_and_the_address_are_set_on_the_page(store, people, opened):
    head = opened(waiting.build, "/waiting", people.head)
    assert people.supervisor.person_id in drawn(head) and people.other.person_id not in drawn(head)
    day = delegations.today(store).isoformat()
    value = {"to": people.supervisor.person_id, "starts": day, "ends": day, "reason": "出差", "procedure": ""}
    head.send(kind="event", name="delegate", value=value)
    [made] = delegations.listed(store, people.head)
    assert made.delegation_id in drawn(opened(waiting.build, "/waiting", people.supervisor))
    head.send(kind="event", name="end_delegation", value=made.delegation_id)
    assert delegations.listed(store, people.head) == []
    head.send(kind="event", name="address", value={"address": "head@example.com"})
    assert mail.address_of(store, people.head.person_id) == "head@example.com"
    head.send(kind="event", name="address", value={"address": ""})
    assert mail.address_of(store, people.head.person_id) == ""


@pytest.mark.guarantee("approval-unknown")
def test_the_page_of_a_case_of_others_says_what_it_says_of_none(store, people, opened):
    case_id = asked(store, people.asker, PLAIN)
    told = {drawn(opened(case.build, f"/case/{one}", people.other)) for one in (case_id, "A-0", "..", "<b>")}
    assert len(told) == 1 and "failed" in told.pop()


def test_a_case_that_nobody_may_decide_says_so(store, people, opened):
    case_id = asked(store, people.asker, PLAIN, authors=[people.head.person_id])
    page = drawn(opened(case.build, f"/case/{case_id}", people.asker))
    assert "目前没有人能决定这一步" in page


@pytest.mark.guarantee("approval-unknown")
@pytest.mark.parametrize("who", ["asker", "head", "other", "auditor"])
def test_forged_events_change_nothing_and_are_answered_with_a_sentence(store, people, opened, who):
    case_id = asked(store, people.asker, SIGNED)
    before = approval_cases.find(store, case_id)
    desks = [opened(waiting.build, "/waiting", getattr(people, who))]
    desks.append(opened(case.build, f"/case/{case_id}", getattr(people, who)))
    for desk, names in zip(desks, (EVENTS, CASE_EVENTS), strict=True):
        for name in names:
            for value in WRONG:
                told = desk.send(kind="event", name=name, value=value)
                assert told["kind"] in ("failed", "sheet", "blocks", "go"), (name, value)
                assert "Traceback" not in json.dumps(told)
        for name in (None, 3, ["approve"]):
            assert desk.send(kind="event", name=name, value="x") is None
    assert approval_cases.find(store, case_id) == before
    assert not (store.site.home / "log" / "incidents.log").exists()
    assert delegations.listed(store, people.head) == [] and store.rows("SELECT 1 FROM mail_address") == []


def test_the_page_of_a_record_shows_its_case_to_who_decides(tmp_path):
    with empty_site(tmp_path / "price") as store:
        forms.publish(store, SERVICE, "price_approval.md", shipped("price_approval"))
        li, head = account(store, login_name="li"), account(store, Role.DEPARTMENT_HEAD, login_name="head")
        record_id = price(store, li)

        def at(who):
            session = sessions.log_in(store, who.login_name, PASSWORD)
            opened = Page(store, store.site, session, "zh-CN", f"/record/{record_id}", {})
            return Browser(showing.screen(opened, record.build))

        page = at(head)
        assert "case_approve" in drawn(page) and "case_approve" not in drawn(at(li))
        about = approvals.of(store, "record", record_id)
        value = {"about": f"{about.case_id} {about.sha256}", "note": "", "password": PASSWORD}
        assert page.send(kind="event", name="case_approve", value=value)["kind"] == "sheet"
        assert approvals.of(store, "record", record_id).state == "approved"
