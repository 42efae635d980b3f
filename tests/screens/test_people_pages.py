"""`/people` and `/person/<id>`: what stands there for whom, and what forged events do."""

import json

import pytest

from custinfo.actions import access_requests, approvals, people, sessions, staff_keys
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import people as people_page
from custinfo.screens import person as person_page
from tests.factories import account, in_a_year


@pytest.fixture
def page(visit, store):
    def opened(actor, build=people_page.build, path="/people"):
        return visit(build, path, session=sessions.vouched(store, actor.login_name))

    return opened


def words(told):
    return json.dumps(told, ensure_ascii=False)


def test_a_request_goes_its_way_on_the_pages(page, store):
    asking, head = account(store, clearance=Level.INTERNAL), account(store, Role.DEPARTMENT_HEAD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    wish = {"person": asking.person_id, "what": "1", "reason": "接管大客户", "until": ""}
    assert page(asking).send(kind="event", name="ask", value=wish)["kind"] == "sheet"
    request = access_requests.listed(store, asking)[0].request_id
    assert f'"value": "{request}"' not in words(page(security).send(kind="hello")), "not before it is approved"
    for one in (head, security):
        case = approvals.of(store, access_requests.KIND, request)
        approvals.decide(store, one, case.case_id, "approve", case.sha256)
    assert f'"value": "{request}"' in words(page(security).send(kind="hello"))
    day = in_a_year().date().isoformat()
    given = {"about": request, "trained_until": day, "vetted_until": day}
    assert page(asking).send(kind="event", name="apply", value=given)["kind"] == "failed"
    assert page(security).send(kind="event", name="apply", value=given)["kind"] == "sheet"
    assert people.by_id(store, asking.person_id).clearance is Level.SECRET


FORGED = [
    ("ask", {"person": "P-nobody", "what": "auditor", "reason": "x"}),
    ("ask", {"what": "3", "reason": "x"}),
    ("ask", {"what": "1", "reason": "x", "until": "yesterday"}),
    ("ask", ["x"]),
    ("apply", {"about": "AR-000000000000"}),
    ("confirm", ""),
    ("add", {"login": "mole", "name": "m", "password": "a long password"}),
]


@pytest.mark.parametrize(("name", "value"), FORGED)
def test_a_forged_event_changes_nothing_and_is_answered_with_a_sentence(page, store, researcher, name, value):
    before = store.rows("SELECT count(*) AS n FROM person")[0]["n"], len(access_requests.listed(store, researcher))
    told = page(researcher).send(kind="event", name=name, value=value)
    assert told["kind"] == "failed" and "Error" not in told["text"] and "编号" not in told["text"]
    assert before == (
        store.rows("SELECT count(*) AS n FROM person")[0]["n"], len(access_requests.listed(store, researcher))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("revoke_role", "researcher"), ("revoke_clearance", "G-x"), ("place", {"department": "x", "regions": ""}),
        ("leave", {"to": "", "reason": "x"}), ("password", {"password": "another long password"}), ("second_factor", ""),
    ],
)  # fmt: skip
def test_what_a_supervisor_sees_of_a_person_gives_no_power_over_them(page, store, researcher, name, value):
    supervisor = account(store, Role.SUPERVISOR)
    sheet = page(supervisor, person_page.build, f"/person/{researcher.person_id}")
    told = words(sheet.send(kind="hello"))
    assert researcher.display_name in told and '"event"' not in told
    assert sheet.send(kind="event", name=name, value=value)["kind"] == "failed"
    assert people.by_id(store, researcher.person_id).roles == {Role.RESEARCHER}


def test_the_security_administrator_ends_an_account_on_its_page(page, store):
    gone, security = account(store), account(store, Role.SECURITY_ADMINISTRATOR)
    sheet = page(security, person_page.build, f"/person/{gone.person_id}")
    sheet.send(kind="hello")
    assert sheet.send(kind="event", name="leave", value={"to": "", "reason": "离职"})["kind"] == "sheet"
    assert people.by_id(store, gone.person_id).roles == frozenset()
    own = page(security, person_page.build, f"/person/{security.person_id}")
    assert '"event"' not in words(own.send(kind="hello"))


def test_whose_number_a_recorder_has_in_reports_stands_on_their_page(page, store, researcher):
    security, path = account(store, Role.SECURITY_ADMINISTRATOR), f"/person/{researcher.person_id}"
    number = staff_keys.recorder(store, researcher.person_id)
    told = page(security, person_page.build, path).send(kind="hello")
    assert number in words(told)
    assert number not in words(page(researcher, person_page.build, path).send(kind="hello")), "not for everybody"
