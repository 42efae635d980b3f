"""Whatever people do, in whatever order: approved means agreed to at every step, by different people, on this content."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from custinfo.actions import approvals, delegations, reauthentication, signatures
from custinfo.domain.errors import CustinfoError, WrongState
from tests.approval_sites import CONTENT, SIGNED, asked, crowd_of, edited, site_with_crowd

WHO = ("asker", "head", "manager", "second_manager", "supervisor", "far_head", "other", "auditor")
STEPS = ("department_head", "manager")


class Life(RuleBasedStateMachine):
    """Random people decide, edit, withdraw, resubmit and delegate; a model of a few lines says what may come of it."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="custinfo-life-"))
        self.site = site_with_crowd(self.folder / "site")
        self.store = self.site.__enter__()
        self.people = crowd_of(self.store)
        self.content, self.authors, self.agreed = CONTENT, {"asker"}, []
        self.case_id = asked(self.store, self.people.asker, SIGNED)

    def teardown(self):
        self.site.__exit__(None, None, None)
        shutil.rmtree(self.folder, True)

    @rule(
        who=st.sampled_from(WHO), decision=st.sampled_from(["approve"] * 6 + ["return", "reject"]), stale=st.booleans()
    )
    def decide(self, who, decision, stale):
        content = b"seen long ago" if stale and decision != "approve" else self.content
        before = approvals.of(self.store, "thing", "X-1")
        try:
            approvals.decide(
                self.store, getattr(self.people, who), self.case_id, decision,
                hashlib.sha256(content).hexdigest(), note="x", password="x",
            )  # fmt: skip
        except CustinfoError:
            assert approvals.of(self.store, "thing", "X-1") == before
            return
        case = approvals.of(self.store, "thing", "X-1")
        if len(case.decisions()) > len(before.decisions()):
            assert content == self.content and who not in self.authors and who not in self.agreed
            if decision == "approve":
                self.agreed.append(who)

    @rule(who=st.sampled_from(WHO), number=st.integers(0, 2))
    def edit(self, who, number):
        state = approvals.of(self.store, "thing", "X-1").state
        content = f"content {number}".encode()
        edited(self.store, getattr(self.people, who), content)
        if state in ("open", "returned", "approved") and content != self.content:
            self.content, self.agreed = content, []
            self.authors.add(who)

    @rule(who=st.sampled_from(WHO), again=st.booleans())
    def withdraw_or_resubmit(self, who, again):
        act = approvals.resubmit if again else approvals.withdraw
        if not again and who != "other":
            return  # a withdrawn case has no more life to look at: only by who may not
        try:
            act(self.store, getattr(self.people, who), self.case_id, "x")
        except CustinfoError:
            return
        assert who == "asker"
        self.agreed = []

    @precondition(lambda self: len(delegations.listed(self.store, self.people.head)) < 2)
    @rule(giver=st.sampled_from(["head", "manager", "supervisor"]), taker=st.sampled_from(WHO))
    def delegate(self, giver, taker):
        day = delegations.today(self.store)
        try:
            to = getattr(self.people, taker).person_id
            delegations.give(self.store, getattr(self.people, giver), to, day, day, "x")
        except CustinfoError:
            pass

    @invariant()
    def approved_means_agreed_to(self):
        case = approvals.of(self.store, "thing", "X-1")
        try:
            approvals.check_approved(self.store, "thing", "X-1", self.content)
        except WrongState:
            assert case.state != "approved"
            return
        said = case.decisions()
        assert case.state == "approved" and [one.role for one in said] == list(STEPS)
        assert len({one.person_id for one in said} | {one.instead_of for one in said if one.instead_of}) == 2 + sum(
            one.instead_of is not None for one in said
        )
        ids = {name: getattr(self.people, name).person_id for name in WHO}
        assert not {one.person_id for one in said} & {ids[name] for name in self.authors}
        assert {one.sha256 for one in said} == {hashlib.sha256(self.content).hexdigest()}
        assert signatures.verify(self.store) == []


@pytest.mark.guarantee("approval-all-steps")
@pytest.mark.guarantee("approval-four-eyes")
@pytest.mark.guarantee("approval-not-own")
def test_no_sequence_of_events_reaches_approved_otherwise(monkeypatch):
    monkeypatch.setattr(reauthentication, "check", lambda *_: None)
    few = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=few)
