"""Delegation: for a time, for a procedure, and never for more than whoever gave it may do."""

from datetime import timedelta

import pytest

from custinfo.actions import approval_cases, approvals, delegations
from custinfo.domain.errors import BadInput, NotAllowed, NotFound
from custinfo.domain.people import Role
from tests.approval_sites import PLAIN, SHA, asked, crowd_of, site_with_crowd, waits_for
from tests.factories import account

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path):
    with site_with_crowd(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    return crowd_of(store)


def give(store, giver, taker, first=0, last=5, procedures=(), reason="休假"):
    day = delegations.today(store)
    return delegations.give(store, giver, taker.person_id, day + first * DAY, day + last * DAY, reason, procedures)


def refused(store, who, case_id):
    with pytest.raises((NotAllowed, NotFound)):
        approvals.decide(store, who, case_id, "approve", SHA)
    assert waits_for(store, who) == []
    return True


def test_a_delegate_decides_for_somebody_and_it_is_written_down(store, people):
    case_id = asked(store, people.asker)
    assert refused(store, people.supervisor, case_id)
    give(store, people.head, people.supervisor)
    [waiting] = approvals.waiting(store, people.supervisor)
    assert waiting.for_name == people.head.display_name
    assert approvals.decide(store, people.supervisor, case_id, "approve", SHA) == "open"
    [decision] = approval_cases.find(store, case_id).decisions()
    assert (decision.person_id, decision.instead_of) == (people.supervisor.person_id, people.head.person_id)
    assert decision.for_name == people.head.display_name
    with pytest.raises(NotAllowed):
        approvals.decide(store, people.head, case_id, "approve", SHA)


def test_a_head_of_another_department_may_stand_in(store, people):
    case_id = asked(store, people.asker)
    assert refused(store, people.far_head, case_id)
    give(store, people.head, people.far_head)
    assert approvals.decide(store, people.far_head, case_id, "approve", SHA) == "open"


@pytest.mark.guarantee("delegation-no-more")
@pytest.mark.parametrize(("first", "last"), [(1, 5), (0, 0)])
def test_it_holds_on_its_days_alone(store, people, first, last, monkeypatch):
    case_id = asked(store, people.asker)
    give(store, people.head, people.supervisor, first, last)
    now = delegations.today(store)
    for day in range(8):
        monkeypatch.setattr(delegations, "today", lambda _, day=day: now + day * DAY)
        assert bool(waits_for(store, people.supervisor)) is (first <= day <= last), day
    assert approval_cases.find(store, case_id).decisions() == ()


@pytest.mark.guarantee("delegation-no-more")
def test_it_is_for_its_procedures_alone(store, people):
    give(store, people.head, people.far_head, procedures=["disclosure"])
    assert refused(store, people.far_head, asked(store, people.asker, PLAIN))


@pytest.mark.guarantee("delegation-no-more")
@pytest.mark.guarantee("approval-not-own")
def test_what_the_delegator_may_not_the_delegate_may_not(store, people):
    give(store, people.head, people.supervisor)
    assert refused(store, people.supervisor, asked(store, people.head))
    own = asked(store, people.supervisor, object_id="X-2")
    assert refused(store, people.supervisor, own)


@pytest.mark.guarantee("delegation-no-more")
def test_it_ends_with_the_delegators_role(store, people):
    case_id = asked(store, people.asker)
    give(store, people.head, people.supervisor)
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("DELETE FROM person_role WHERE person_id = ?", [people.head.person_id])
    assert refused(store, people.supervisor, case_id)


@pytest.mark.guarantee("delegation-no-more")
def test_it_cannot_be_delegated_on(store, people):
    case_id = asked(store, people.asker)
    give(store, people.head, people.supervisor)
    give(store, people.supervisor, people.far_head)
    assert refused(store, people.far_head, case_id)


@pytest.mark.guarantee("approval-four-eyes")
def test_two_who_gave_it_to_one_are_still_two_steps_for_two_people(store, people):
    deputy = account(store, Role.DEPARTMENT_HEAD, Role.SECURITY_ADMINISTRATOR, login_name="deputy", department="远")
    give(store, people.head, deputy)
    give(store, people.security, deputy)
    case_id = asked(store, people.asker)
    approvals.decide(store, deputy, case_id, "approve", SHA)
    with pytest.raises(NotAllowed):
        approvals.decide(store, people.head, case_id, "reject", SHA, note="x")
    with pytest.raises(NotAllowed):
        approvals.decide(store, deputy, case_id, "reject", SHA, note="x")
    assert approvals.decide(store, people.security, case_id, "approve", SHA) == "approved"


def test_both_may_end_it_and_nobody_else(store, people):
    for who in (people.head, people.supervisor):
        made = give(store, people.head, people.supervisor)
        with pytest.raises(NotFound):
            delegations.end(store, people.manager, made)
        delegations.end(store, who, made)
        with pytest.raises(NotFound):
            delegations.end(store, who, made)
    assert delegations.listed(store, people.head) == []
    assert refused(store, people.supervisor, asked(store, people.asker))


def test_what_makes_no_sense_is_refused(store, people):
    wrong = [
        {"last": -1}, {"first": 3, "last": 2}, {"last": 92}, {"reason": "  "}, {"procedures": ["nothing"]},
    ]  # fmt: skip
    for given in wrong:
        with pytest.raises(BadInput):
            give(store, people.head, people.supervisor, **given)
    for taker in (people.head, people.other, people.auditor):
        with pytest.raises(BadInput):
            give(store, people.head, taker)
    with pytest.raises(BadInput):
        give(store, people.other, people.head)
    with pytest.raises(BadInput):
        delegations.give(store, people.head, "P-0", *[delegations.today(store)] * 2, "x")
    assert delegations.listed(store, people.head) == []
    assert people.supervisor in delegations.possible(store, people.head)
    assert delegations.possible(store, people.other) == []


def test_those_that_are_over_are_ended_once(store, people):
    made = give(store, people.head, people.supervisor, last=1)
    day = delegations.today(store)
    assert delegations.expire(store, day + DAY) == {"ended": 0}
    assert [delegations.expire(store, day + 2 * DAY) for _ in range(2)] == [{"ended": 1}, {"ended": 0}]
    row = store.row("SELECT * FROM delegation WHERE delegation_id = ?", [made])
    assert row["ended_by"] == "service"
