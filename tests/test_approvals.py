"""Approvals: in order, by different people, on one content; returned, withdrawn, voided; by the rights of the moment."""

import hashlib
import threading

import pytest

from custinfo.actions import approval_cases, approval_notices, approvals
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, Store
from tests.approval_sites import CONTENT, PLAIN, SHA, asked, crowd_of, edited, site_with_crowd, waits_for
from tests.backup_sites import killed_at
from tests.factories import account

OTHER = b"something else"
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()


@pytest.fixture
def store(tmp_path):
    with site_with_crowd(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    return crowd_of(store)


def approve(store, actor, case_id, sha256=SHA):
    return approvals.decide(store, actor, case_id, "approve", sha256)


def check(store, content=CONTENT):
    approvals.check_approved(store, "thing", "X-1", content)


# In order


@pytest.mark.guarantee("approval-all-steps")
def test_what_was_agreed_to_at_every_step_holds_for_this_content_alone(store, people):
    case_id = asked(store, people.asker)
    assert waits_for(store, people.head) == [("decide", case_id)] and waits_for(store, people.security) == []
    with pytest.raises(WrongState):
        check(store)
    assert approve(store, people.head, case_id) == "open"
    with pytest.raises(WrongState):
        check(store)
    assert waits_for(store, people.security) == [("decide", case_id)] and waits_for(store, people.head) == []
    assert approve(store, people.security, case_id) == "approved"
    check(store)
    for kind, object_id, content in (("thing", "X-1", OTHER), ("thing", "X-2", CONTENT), ("x", "X-1", CONTENT)):
        with pytest.raises(WrongState):
            approvals.check_approved(store, kind, object_id, content)
    assert waits_for(store, people.asker) == [("told", case_id)]


@pytest.mark.guarantee("approval-all-steps")
def test_a_state_that_no_decision_stands_behind_is_not_believed(store, people):
    case_id = asked(store, people.asker)
    approve(store, people.head, case_id)
    with store.act("service", "person.read", "person", "x") as tx:
        tx.update("approval_case", case_id, {"state": "approved", "step": 1})
    with pytest.raises(WrongState):
        check(store)


def test_a_step_of_all_roles_takes_one_person_for_each(store, people, monkeypatch):
    from custinfo.domain import procedures

    table = {**procedures.TABLES[PLAIN], "step": [{**procedures.TABLES[PLAIN]["step"][0], "all": True}]}
    table["step"][0] |= {"roles": ["department_head", "manager"], "scope": "any"}
    monkeypatch.setitem(procedures.TABLES, PLAIN, table)
    case_id = asked(store, people.asker)
    assert approve(store, people.manager, case_id) == "open"
    with pytest.raises(NotAllowed):
        approve(store, people.second_manager, case_id)
    assert approve(store, people.head, case_id) == "approved"


def test_a_case_keeps_the_steps_that_it_was_opened_with(store, people, monkeypatch):
    from custinfo.domain import procedures

    case_id = asked(store, people.asker)
    shorter = {**procedures.TABLES[PLAIN], "step": procedures.TABLES[PLAIN]["step"][:1]}
    monkeypatch.setitem(procedures.TABLES, PLAIN, shorter)
    assert approve(store, people.head, case_id) == "open"
    assert approve(store, people.security, case_id) == "approved"


def test_a_rejection_ends_it_and_a_new_case_may_follow(store, people):
    case_id = asked(store, people.asker)
    with pytest.raises(Conflict):
        asked(store, people.asker)
    with pytest.raises(BadInput):
        approvals.decide(store, people.head, case_id, "reject", SHA, note="  ")
    assert approvals.decide(store, people.head, case_id, "reject", SHA, note="不需要") == "rejected"
    with pytest.raises(WrongState):
        approve(store, people.security, case_id)
    again = asked(store, people.asker)
    assert approvals.of(store, "thing", "X-1").case_id == again != case_id


# Nobody on their own, nobody twice


@pytest.mark.guarantee("approval-not-own")
def test_nobody_decides_on_what_they_opened_made_changed_or_gain_by(store, people):
    own = asked(store, people.head)
    assert waits_for(store, people.head) == []
    with pytest.raises(NotAllowed) as refused:
        approve(store, people.head, own)
    assert refused.value.key == "approvals.refused.own"
    gains = asked(store, people.asker, object_id="X-2", authors=[people.head.person_id])
    with pytest.raises(NotAllowed):
        approve(store, people.head, gains)
    changed = asked(store, people.asker, object_id="X-3")
    edited(store, people.head, OTHER, "X-3")
    with pytest.raises(NotAllowed):
        approve(store, people.head, changed, OTHER_SHA)


@pytest.mark.guarantee("approval-four-eyes")
def test_two_steps_take_two_people_whatever_roles_one_holds(store, people):
    both = account(store, Role.DEPARTMENT_HEAD, Role.SECURITY_ADMINISTRATOR, login_name="both")
    case_id = asked(store, people.asker)
    assert approve(store, both, case_id) == "open"
    assert approve(store, both, case_id) == "open", "the same click again changes nothing"
    case = approval_cases.find(store, case_id)
    with pytest.raises(NotAllowed) as refused:
        approval_cases.entitled(store, both, case)
    assert refused.value.key == "approvals.refused.twice"
    with pytest.raises(NotAllowed):
        approvals.decide(store, both, case_id, "reject", SHA, note="x")


def test_the_service_decides_nothing(store, people):
    case_id = asked(store, people.asker)
    with pytest.raises(CustinfoError):
        approve(store, SERVICE, case_id)
    assert approvals.of(store, "thing", "X-1").decisions() == ()


# Changes


@pytest.mark.guarantee("approval-void-on-change")
def test_a_change_voids_what_was_agreed_to_and_tells_them(store, people):
    case_id = asked(store, people.asker)
    approve(store, people.head, case_id)
    edited(store, people.asker, OTHER)
    case = approvals.of(store, "thing", "X-1")
    assert (case.state, case.step, case.round, case.sha256) == ("open", 0, 2, OTHER_SHA)
    assert ("told", case_id) in waits_for(store, people.head) and ("decide", case_id) in waits_for(store, people.head)
    assert [one.what for one in approval_notices.unseen(store, people.head)] == ["voided"]
    with pytest.raises(NotAllowed):
        approve(store, people.security, case_id, OTHER_SHA)
    approve(store, people.head, case_id, OTHER_SHA)
    assert approve(store, people.security, case_id, OTHER_SHA) == "approved"
    check(store, OTHER)


@pytest.mark.guarantee("approval-void-on-change")
def test_an_approved_case_opens_again_when_its_content_changes(store, people):
    case_id = asked(store, people.asker)
    approve(store, people.head, case_id)
    approve(store, people.security, case_id)
    edited(store, people.asker, CONTENT)
    check(store)
    edited(store, people.asker, OTHER)
    for content in (CONTENT, OTHER):
        with pytest.raises(WrongState):
            check(store, content)
    assert approvals.of(store, "thing", "X-1").state == "open"


@pytest.mark.guarantee("approval-what-was-seen")
def test_a_decision_on_what_is_no_more_is_a_conflict(store, people):
    case_id = asked(store, people.asker)
    edited(store, people.asker, OTHER)
    for decision in approvals.DECISIONS:
        with pytest.raises(Conflict):
            approvals.decide(store, people.head, case_id, decision, SHA, note="x")
    assert approvals.of(store, "thing", "X-1").decisions() == ()


@pytest.mark.guarantee("approval-what-was-seen")
def test_content_that_changes_between_the_password_and_the_lock_is_not_decided_on(store, people, monkeypatch):
    from custinfo.actions import reauthentication

    case_id = asked(store, people.asker, "disclosure")
    monkeypatch.setattr(reauthentication, "check", lambda *_: edited(store, people.asker, OTHER))
    with pytest.raises(Conflict):
        approvals.decide(store, people.head, case_id, "approve", SHA, password="x")
    assert store.rows("SELECT 1 FROM signature") == []


@pytest.mark.guarantee("signature-password")
def test_a_step_that_somebody_took_meanwhile_does_not_lead_to_the_next_one_without_its_password(
    store, people, monkeypatch
):
    both = account(store, Role.DEPARTMENT_HEAD, Role.MANAGER, login_name="both")
    case_id = asked(store, people.asker, "survey_proposal")
    look, left = approvals._undecided, [people.head]

    def raced(*given):
        found = look(*given)
        if left:
            approve(store, left.pop(), case_id)
        return found

    monkeypatch.setattr(approvals, "_undecided", raced)
    with pytest.raises(Conflict):
        approve(store, both, case_id)
    assert len(approvals.of(store, "thing", "X-1").decisions()) == 1 and store.rows("SELECT 1 FROM signature") == []


def test_a_returned_case_goes_on_when_it_is_mended_or_answered(store, people):
    case_id = asked(store, people.asker)
    assert approvals.decide(store, people.head, case_id, "return", SHA, note="为什么？") == "returned"
    assert ("mend", case_id) in waits_for(store, people.asker)
    with pytest.raises(WrongState):
        approve(store, people.security, case_id)
    with pytest.raises(NotFound):
        approvals.resubmit(store, people.head, case_id, "因为")
    approvals.resubmit(store, people.asker, case_id, "因为")
    case = approvals.of(store, "thing", "X-1")
    assert (case.state, case.step, case.round) == ("open", 0, 2)
    assert approve(store, people.head, case_id) == "open", "who returned it decides anew"
    approvals.decide(store, people.security, case_id, "return", SHA, note="改")
    edited(store, people.asker, OTHER)
    assert approvals.of(store, "thing", "X-1").state == "open"


def test_the_opener_alone_withdraws_and_nothing_follows(store, people):
    case_id = asked(store, people.asker)
    approve(store, people.head, case_id)
    with pytest.raises(NotFound):
        approvals.withdraw(store, people.head, case_id, "x")
    with pytest.raises(BadInput):
        approvals.withdraw(store, people.asker, case_id, " ")
    approvals.withdraw(store, people.asker, case_id, "不用了")
    with pytest.raises(WrongState):
        approve(store, people.security, case_id)
    edited(store, people.asker, OTHER)
    assert approvals.of(store, "thing", "X-1").state == "withdrawn"
    assert [one.what for one in approval_notices.unseen(store, people.head)] == ["withdrawn"]


# The rights of the moment


def lose(store, person, sql):
    with store.act("service", "person.read", "person", person.person_id) as tx:
        assert tx.execute(sql, [person.person_id])


@pytest.mark.guarantee("approval-rights-now")
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM person_role WHERE person_id = ?",
        "UPDATE person_role SET until = '2026-01-01T00:00:00.000000Z' WHERE person_id = ?",
        "UPDATE person SET department = '别处' WHERE person_id = ?",
    ],
)
def test_a_role_that_ended_while_the_page_was_open_decides_nothing(store, people, sql):
    case_id = asked(store, people.asker)
    lose(store, people.head, sql)
    with pytest.raises((NotAllowed, NotFound)):
        approve(store, people.head, case_id)
    assert approvals.of(store, "thing", "X-1").decisions() == ()


@pytest.mark.guarantee("approval-rights-now")
@pytest.mark.parametrize("column", ["trained_until", "vetted_until", "until"])
def test_clearance_that_ran_out_decides_nothing_above_its_level(store, people, column, monkeypatch):
    from custinfo.actions import reauthentication

    case_id = asked(store, people.asker, "export_identified")
    sql = f"UPDATE clearance SET {column} = '2026-01-01T00:00:00.000000Z' WHERE person_id = ?"
    monkeypatch.setattr(reauthentication, "check", lambda *_: None)
    lose(store, people.head, sql)
    with pytest.raises(NotAllowed) as refused:
        approve(store, people.head, case_id)
    assert refused.value.key == "approvals.refused.clearance"
    assert ("decide", case_id) not in waits_for(store, people.head)


@pytest.mark.guarantee("approval-rights-now")
def test_whoever_acts_with_less_decides_with_less(store, people):
    from dataclasses import replace

    from custinfo.access import visibility
    from custinfo.domain.sensitivity import Level

    case_id = asked(store, people.asker, "export_identified")
    for lowered in (visibility.lowered(people.head, Level.PUBLIC), replace(people.head, roles=frozenset())):
        with pytest.raises((NotAllowed, NotFound)):
            approve(store, lowered, case_id)


# Who may know of a case


@pytest.mark.guarantee("approval-unknown")
def test_a_case_of_others_is_not_told_apart_from_none(store, people):
    case_id = asked(store, people.asker)
    for who in (people.other, people.far_head):
        for wrong in (case_id, "A-0000000000000000", "'; DROP TABLE approval_case --", "甲" * 500):
            with pytest.raises(NotFound) as told:
                approvals.decide(store, who, wrong, "approve", SHA)
            assert told.value.key == "approvals.unknown" and told.value.facts == {}
            with pytest.raises(NotFound):
                approval_cases.read(store, who, wrong)
        assert waits_for(store, who) == []
    assert approval_cases.read(store, people.auditor, case_id).case_id == case_id


def test_what_was_told_is_acknowledged_by_oneself_alone(store, people):
    case_id = asked(store, people.asker)
    approvals.decide(store, people.head, case_id, "reject", SHA, note="x")
    [notice] = approval_notices.unseen(store, people.asker)
    with pytest.raises(NotFound):
        approval_notices.seen(store, people.other, notice.notice_id)
    approval_notices.seen(store, people.asker, notice.notice_id)
    assert waits_for(store, people.asker) == []


# Overdue


def test_what_is_overdue_comes_first_and_goes_up(store, people):
    late = asked(store, people.asker)
    with store.act("service", "person.read", "person", "x") as tx:
        tx.update("approval_case", late, {"step_since": stamp(utc_now().replace(year=2025))})
    soon = asked(store, people.asker, object_id="X-2")
    assert [(one.case.case_id, one.overdue) for one in approvals.waiting(store, people.head)] == [
        (late, True), (soon, False),
    ]  # fmt: skip
    assert waits_for(store, people.manager) == [("escalated", late)]
    with pytest.raises(NotAllowed):
        approve(store, people.manager, late)
    assert [one.case.case_id for one in approvals.department_waiting(store, people.supervisor)] == [late, soon]
    assert approvals.department_waiting(store, people.far_head) == []
    with pytest.raises(NotAllowed):
        approvals.department_waiting(store, people.asker)


# Once


@pytest.mark.guarantee("approval-once")
def test_a_double_click_decides_once(store, people):
    case_id = asked(store, people.asker)
    assert [approve(store, people.head, case_id) for _ in range(3)] == ["open"] * 3
    assert len(approvals.of(store, "thing", "X-1").decisions()) == 1


@pytest.mark.guarantee("approval-once")
def test_of_two_who_decide_at_once_one_does(store, people):
    second = account(store, Role.DEPARTMENT_HEAD, login_name="second_head")
    case_id = asked(store, people.asker)
    told, start = [], threading.Barrier(2)

    def decide(who):
        with Store.open(Site.load(store.site.home)) as mine:
            start.wait()
            try:
                told.append(approve(mine, who, case_id))
            except CustinfoError as error:
                told.append(error.key)

    threads = [threading.Thread(target=decide, args=[who]) for who in (people.head, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "open" in told and len(approvals.of(store, "thing", "X-1").decisions()) == 1, told
    assert store.verify_audit() == []


@pytest.mark.guarantee("approval-kill")
def test_a_decision_that_is_killed_is_whole_or_not_there(tmp_path):
    from tests.soak.sweep_approvals import kill_decide

    assert kill_decide(tmp_path, points=8) == (8, 0)


def test_the_process_is_really_killed(tmp_path):
    assert killed_at(1, lambda: approvals.digest(b""), frozenset({"approvals.py"}))
