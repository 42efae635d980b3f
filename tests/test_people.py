"""Accounts, roles and clearances: asked for, approved, given, run out, taken back; and what leaving ends."""

from datetime import timedelta

import pyotp
import pytest

from custinfo.access import permissions, visibility
from custinfo.actions import (
    access_requests,
    approvals,
    assignments,
    clearances,
    customers,
    doctor,
    drafts,
    due,
    leaving,
    people,
    record_views,
    report_own,
    rights,
    second_factor,
    sessions,
    unusual_reading,
)
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SEPARATED, SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.factories import CARD, CREDIT_CODE, PASSWORD, account, card, code_for, draft_of, in_a_year, site_with_forms


@pytest.fixture
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("people") / "site") as opened:
        yield opened


@pytest.fixture
def later(monkeypatch):
    """Let so much time pass for whoever asks for a clearance."""

    def pass_(delta):
        moment = utc_now() + delta
        for place in ("people", "clearances"):
            monkeypatch.setattr(f"custinfo.actions.{place}.utc_now", lambda: moment)

    return pass_


def approve(store, request_id, *deciders):
    for one in deciders:
        case = approvals.of(store, access_requests.KIND, request_id)
        approvals.decide(store, one, case.case_id, "approve", case.sha256)


@pytest.mark.guarantee("roles-separated")
@pytest.mark.parametrize("first", sorted(SEPARATED))
@pytest.mark.parametrize("second", sorted(SEPARATED))
def test_nobody_holds_two_of_the_separated_roles(store, first, second):
    if first == second:
        return
    with pytest.raises(NotAllowed) as refused:
        account(store, first, second, login_name=f"both-{first}-{second}")
    assert refused.value.key == "people.excluded"
    assert people.by_login_name(store, f"both-{first}-{second}") is None
    one = account(store, first, login_name=f"one-{first}-{second}")
    with pytest.raises(NotAllowed):
        rights.grant_role(store, SERVICE, one.person_id, second)
    with pytest.raises(NotAllowed):
        access_requests.ask(store, one, one.person_id, role=second, reason="both")
    assert people.by_id(store, one.person_id).roles == {first}


def test_two_separated_roles_that_came_about_otherwise_are_told_by_doctor(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        one = account(store, Role.AUDITOR)
        with store.act("test", "test.roles", "person", one.person_id) as tx:
            tx.insert("person_role", {"person_id": one.person_id, "role": str(Role.SYSTEM_ADMINISTRATOR)})
    assert "people.excluded_roles" in {fault.key for fault in doctor.faults(tmp_path / "site")}


@pytest.mark.guarantee("clearance-needs-training")
@pytest.mark.parametrize(
    ("level", "trained", "vetted", "counts"),
    [
        (Level.SECRET, True, True, True),
        (Level.SECRET, True, False, False),
        (Level.SECRET, False, True, False),
        (Level.INTERNAL, True, False, True),
        (Level.INTERNAL, False, True, False),
    ],
)
def test_a_clearance_counts_only_with_what_its_level_needs(store, level, trained, vetted, counts):
    name = f"c-{level}-{trained}-{vetted}"
    one = people.add(
        store, SERVICE, login_name=name, display_name=name, roles=[Role.RESEARCHER], department="调查部",
        password=PASSWORD, clearance=level, trained_until=in_a_year() if trained else None,
        vetted_until=in_a_year() if vetted else None,
    )  # fmt: skip
    assert (one.clearance == level) == counts
    assert visibility.sees(one, level) == counts


@pytest.mark.guarantee("clearance-expires-in-session")
def test_a_training_that_expires_during_a_session_counts_at_the_next_event(store, later):
    one = people.add(
        store, SERVICE, login_name="ends", display_name="ends", roles=[Role.RESEARCHER], department="调查部",
        password=PASSWORD, clearance=Level.SECRET, trained_until=utc_now() + timedelta(days=1),
        vetted_until=in_a_year(),
    )  # fmt: skip
    session = sessions.log_in(store, "ends", PASSWORD)
    assert visibility.sees(session.person, Level.SECRET)
    later(timedelta(days=2))
    assert sessions.by_id(store, session.session_id).person.clearance is Level.PUBLIC
    assert not visibility.sees(people.by_id(store, one.person_id), Level.INTERNAL)


def test_a_role_that_ran_out_is_held_no_more(store, later):
    one = account(store)
    rights.grant_role(store, SERVICE, one.person_id, Role.SUPERVISOR, utc_now() + timedelta(days=3))
    assert Role.SUPERVISOR in people.by_id(store, one.person_id).roles
    later(timedelta(days=4))
    assert people.by_id(store, one.person_id).roles == {Role.RESEARCHER}


@pytest.mark.guarantee("rights-by-request")
def test_rights_come_by_a_request_that_two_others_agreed_to(store):
    asking, head = account(store), account(store, Role.DEPARTMENT_HEAD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    request = access_requests.ask(store, asking, asking.person_id, role=Role.SUPERVISOR, reason="组长出差")
    with pytest.raises(WrongState):
        access_requests.apply(store, security, request)
    case = approvals.of(store, access_requests.KIND, request)
    with pytest.raises(NotAllowed):
        approvals.decide(store, asking, case.case_id, "approve", case.sha256)
    approve(store, request, head, security)
    access_requests.apply(store, security, request)
    assert people.by_id(store, asking.person_id).roles == {Role.RESEARCHER, Role.SUPERVISOR}
    with pytest.raises(WrongState):
        access_requests.apply(store, security, request)
    told = {one.request_id: one for one in access_requests.listed(store, asking)}[request]
    assert told.applied and told.role is Role.SUPERVISOR


@pytest.mark.guarantee("rights-by-request")
def test_what_is_given_is_what_was_agreed_to(store):
    """Somebody who can write the table turns the request for a role into one for another after it was approved."""
    asking, head = account(store), account(store, Role.DEPARTMENT_HEAD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    request = access_requests.ask(store, asking, asking.person_id, role=Role.SUPERVISOR, reason="组长出差")
    approve(store, request, head, security)
    with store.act("test", "test.change", "access_request", request) as tx:
        tx.update("access_request", request, {"role": "manager"})
    with pytest.raises(WrongState):
        access_requests.apply(store, security, request)
    assert people.by_id(store, asking.person_id).roles == {Role.RESEARCHER}


@pytest.mark.guarantee("rights-by-request")
def test_nobody_gives_rights_without_a_request_or_to_themselves(store):
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    somebody = account(store)
    with pytest.raises(NotAllowed):
        rights.grant_role(store, security, somebody.person_id, Role.SUPERVISOR)
    with pytest.raises(NotAllowed):
        clearances.grant(
            store, security, somebody.person_id, Level.SECRET, trained_until=in_a_year(), vetted_until=in_a_year()
        )
    keeper = account(store, Role.SYSTEM_ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        people.add(
            store, keeper, login_name="mole", display_name="m", roles=[Role.AUDITOR], department="", password=PASSWORD
        )
    plain = people.add(store, keeper, login_name="plain", display_name="p", roles=[], department="", password=PASSWORD)
    assert not any(permissions.may(plain, one) for one in permissions.PERMISSIONS)
    with pytest.raises(NotAllowed):
        rights.place(store, security, security.person_id, "调查部", frozenset())


@pytest.mark.guarantee("rights-by-request")
def test_nobody_alone_widens_whose_customers_are_somebodys(store):
    security, somebody = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部"), account(store)
    rights.place(store, SERVICE, somebody.person_id, "调查部", frozenset({"440000", "310000"}))
    for department, regions in (
        ("华东部", {"440000", "310000"}), ("调查部", {"440000", "110000"}), ("", {"440000"}), ("调查部", {"440300"}),
    ):  # fmt: skip
        with pytest.raises(NotAllowed) as refused:
            rights.place(store, security, somebody.person_id, department, frozenset(regions))
        assert refused.value.key == "people.by_request"
    rights.place(store, security, somebody.person_id, "调查部", frozenset({"440000"}))
    now = people.by_id(store, somebody.person_id)
    assert (now.department, now.regions) == ("调查部", {"440000"})


@pytest.mark.guarantee("rights-by-request")
def test_a_region_and_a_department_come_by_a_request_once(store):
    asking, head = account(store), account(store, Role.DEPARTMENT_HEAD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    region = access_requests.ask(store, asking, asking.person_id, region="310000", reason="驻沪")
    with pytest.raises(WrongState):
        access_requests.apply(store, security, region)
    approve(store, region, head, security)
    access_requests.apply(store, security, region)
    assert people.by_id(store, asking.person_id).regions == {"310000"}
    rights.place(store, security, asking.person_id, "调查部", frozenset())
    with pytest.raises(WrongState):
        access_requests.apply(store, security, region)
    move = access_requests.ask(store, asking, asking.person_id, department="华东部", reason="调动")
    approve(store, move, head, security)
    with store.act("test", "test.change", "access_request", move) as tx:
        tx.update("access_request", move, {"department": "华南部"})
    with pytest.raises(WrongState):
        access_requests.apply(store, security, move)
    with store.act("test", "test.change", "access_request", move) as tx:
        tx.update("access_request", move, {"department": "华东部"})
    access_requests.apply(store, security, move)
    now = people.by_id(store, asking.person_id)
    assert (now.department, now.regions) == ("华东部", frozenset())


@pytest.mark.parametrize(
    "given", [{"region": "999999"}, {"region": "310000", "department": "华东部"}, {"department": " "},
              {"region": "310000", "until": in_a_year()}],
)  # fmt: skip
def test_a_request_for_a_place_is_in_order(store, given):
    one = account(store)
    with pytest.raises(BadInput):
        access_requests.ask(store, one, one.person_id, reason="x", **given)


@pytest.mark.guarantee("password-set-by-others")
@pytest.mark.parametrize("role", sorted(rights.POWERFUL))
def test_who_resets_passwords_does_not_become_who_decides(store, role):
    keeper = account(store, Role.SYSTEM_ADMINISTRATOR)
    person = account(store, role)
    with pytest.raises(NotAllowed) as refused:
        rights.set_password(store, keeper, person.person_id, "another long password")
    assert refused.value.key == "people.password_on_server"
    assert sessions.log_in(store, person.login_name, PASSWORD)


@pytest.mark.guarantee("password-set-by-others")
def test_a_second_factor_stays_when_the_password_is_set_and_every_such_password_is_found(store):
    keeper, auditor = account(store, Role.SYSTEM_ADMINISTRATOR), account(store, Role.AUDITOR)
    person, plain = account(store, Role.MANAGER), account(store)
    secret = second_factor.begin(store, person).secret
    second_factor.confirm(store, person, pyotp.TOTP(secret).now())
    rights.set_password(store, keeper, person.person_id, "another long password")
    rights.set_password(store, keeper, plain.person_id, "another long password")
    assert second_factor.is_on(store, person.person_id)
    assert rights.password_set_by(store, person.person_id).by == keeper.display_name
    assert rights.password_set_by(store, auditor.person_id) is None
    rights.set_password(store, SERVICE, auditor.person_id, "another long password")
    assert rights.password_set_by(store, auditor.person_id).by == ""
    today = utc_now().astimezone(store.site.zone).date()
    found = unusual_reading.find(store, auditor, today, today)
    who = [(one.actor, one.count) for one in found if one.rule_id == "password_of_power"]
    assert sorted(who) == sorted([(keeper.person_id, 1), ("service", 1)])


def test_a_clearance_by_request_takes_training_and_vetting(store):
    asking = account(store, clearance=Level.INTERNAL)
    head = account(store, Role.DEPARTMENT_HEAD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    request = access_requests.ask(store, head, asking.person_id, level=Level.SECRET, reason="接管大客户")
    second = account(store, Role.DEPARTMENT_HEAD)
    approve(store, request, second, security)
    with pytest.raises(BadInput):
        access_requests.apply(store, security, request, trained_until=in_a_year())
    access_requests.apply(store, security, request, trained_until=in_a_year(), vetted_until=in_a_year())
    assert people.by_id(store, asking.person_id).clearance is Level.SECRET


@pytest.mark.parametrize("given", [{}, {"role": Role.ANALYST, "level": Level.SECRET}, {"level": Level.PUBLIC}])
def test_a_request_asks_for_one_thing(store, given):
    one = account(store)
    with pytest.raises(BadInput):
        access_requests.ask(store, one, one.person_id, reason="x", **given)


def test_nobody_asks_for_somebody_of_another_department(store):
    other = account(store, department="华东部")
    with pytest.raises(NotFound):
        access_requests.ask(store, account(store), other.person_id, role=Role.ANALYST, reason="x")


@pytest.mark.guarantee("revoked-at-once")
def test_what_is_taken_back_counts_no_more_at_once(store):
    one = account(store, Role.SUPERVISOR)
    session = sessions.log_in(store, one.login_name, PASSWORD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    rights.revoke_role(store, security, one.person_id, Role.SUPERVISOR)
    rights.revoke_clearance(store, security, clearances.of(store, one.person_id)[0].clearance_id)
    now = sessions.by_id(store, session.session_id).person
    assert now.roles == frozenset() and now.clearance is Level.PUBLIC
    with pytest.raises(NotAllowed):
        customers.search(store, now, "", 10, 0)
    with pytest.raises(NotAllowed):
        rights.revoke_role(store, security, security.person_id, Role.SECURITY_ADMINISTRATOR)


def test_a_department_head_takes_back_in_the_own_department_only(store):
    head, mine = account(store, Role.DEPARTMENT_HEAD), account(store)
    other = account(store, department="华东部")
    rights.revoke_role(store, head, mine.person_id, Role.RESEARCHER)
    with pytest.raises(NotFound):
        rights.revoke_role(store, head, other.person_id, Role.RESEARCHER)
    assert people.by_id(store, other.person_id).roles == {Role.RESEARCHER}


@pytest.mark.guarantee("leaving-ends-everything")
def test_leaving_ends_everything_and_hands_over(store):
    gone, taker = account(store), account(store)
    made = card(store, gone, CARD | {CREDIT_CODE: code_for(91001)}, key="left")
    draft = draft_of(store, gone, "satisfaction_survey", {}, customer_id=made.customer_id)
    session = sessions.log_in(store, gone.login_name, PASSWORD)
    security = account(store, Role.SECURITY_ADMINISTRATOR, department="安全部")
    built = report_own.folder(store.site, gone.person_id) / "0123456789ab"
    built.mkdir(parents=True)
    with pytest.raises(BadInput):
        leaving.leave(store, security, gone.person_id, None, "离职")
    assert built.exists()
    handed = leaving.leave(store, security, gone.person_id, taker.person_id, "离职")
    assert (handed.customers, handed.drafts, handed.records) == (1, 1, 1)
    assert sessions.by_id(store, session.session_id) is None and not built.parent.exists()
    with pytest.raises(NotAllowed):
        sessions.log_in(store, gone.login_name, PASSWORD)
    now = people.by_id(store, gone.person_id)
    assert now.roles == frozenset() and now.clearance is Level.PUBLIC
    assert drafts.open_(store, taker, draft).customer_id == made.customer_id
    assert assignments.history(store, taker, made.customer_id)[0].owner == taker.person_id
    assert record_views.read(store, taker, made.record_id).record_id == made.record_id
    with pytest.raises(NotFound):
        leaving.leave(store, security, gone.person_id, taker.person_id, "again")


@pytest.mark.guarantee("leaving-ends-everything")
def test_a_restore_takes_again_what_was_taken(store):
    """As the store of the backup has it: the account, role and clearance are there; the ledger says they are not."""
    left, less = account(store), account(store, Role.SUPERVISOR)
    grant = clearances.of(store, less.person_id)[0].clearance_id
    with store.act("test", "test.replay", "site", "x") as tx:
        for _ in range(2):
            people.revoke_again(store, tx, left.person_id, {"what": "leave"})
            people.revoke_again(store, tx, less.person_id, {"what": "role", "role": "supervisor"})
            people.revoke_again(store, tx, less.person_id, {"what": "clearance", "clearance": grant})
    assert people.by_id(store, less.person_id).roles == frozenset()
    assert people.by_id(store, less.person_id).clearance is Level.PUBLIC
    with pytest.raises(NotAllowed):
        sessions.log_in(store, left.login_name, PASSWORD)


def test_what_is_taken_is_in_the_ledger(store):
    one = account(store)
    rights.revoke_role(store, SERVICE, one.person_id, Role.RESEARCHER)
    line = store.rows("SELECT line FROM ledger_line ORDER BY number DESC LIMIT 1")[0]["line"]
    assert one.person_id in line and "access.revoked" in line


@pytest.mark.guarantee("rights-reviewed")
def test_the_rights_of_a_department_are_due_every_six_months(store, monkeypatch):
    head = account(store, Role.DEPARTMENT_HEAD, department="西南部")
    today = utc_now().date()
    assert rights.due_rows(store, head, today) == []
    then = today + timedelta(days=190)
    assert [row.what_key for row in rights.due_rows(store, head, then)] == ["people.due_review"]
    assert due.SOURCES["rights"] == "custinfo.actions.rights"
    rights.confirm(store, head)
    kept = store.rows("SELECT * FROM rights_review")[-1]
    assert kept["department"] == "西南部" and head.person_id in kept["rights"]
    with pytest.raises(NotAllowed):
        rights.confirm(store, account(store))


def test_who_sees_whom(store):
    account(store, department="华东部")
    mine = {one.person.department for one in rights.listed(store, account(store, Role.SUPERVISOR))}
    assert mine == {"调查部"}
    everybody = {one.person.department for one in rights.listed(store, account(store, Role.AUDITOR))}
    assert {"调查部", "华东部"} <= everybody
    with pytest.raises(NotAllowed):
        rights.listed(store, account(store))
    with pytest.raises(NotFound):
        rights.member(store, account(store, Role.SUPERVISOR), account(store, department="华东部").person_id)


@pytest.mark.parametrize("code", ["999999", "44", "上海"])
def test_a_region_is_of_the_list(store, code):
    with pytest.raises(BadInput):
        rights.place(store, SERVICE, account(store).person_id, "x", frozenset({code}))


def test_a_day_that_has_passed_is_refused(store):
    one = account(store)
    with pytest.raises(BadInput):
        access_requests.ask(store, one, one.person_id, role=Role.ANALYST, until=utc_now(), reason="x")
    with pytest.raises(BadInput):
        clearances.grant(
            store, SERVICE, one.person_id, Level.INTERNAL, trained_until=utc_now() - timedelta(days=1),
            vetted_until=None,
        )  # fmt: skip
