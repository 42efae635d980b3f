"""The page of a proposed form: who it offers what, and which records it names to whom."""

import json

import pytest

from custinfo.actions import form_life, people, sessions
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import proposal
from tests import questionnaires
from tests.factories import PASSWORD, account, in_a_year
from tests.questionnaires import AGE, NAME, PHONE, table

STRICTER = {"age": "| | integer | age | 年龄 | Age | | | . >= 50 | | | | |"}


def namesake(store, login_name):
    return people.add(
        store, SERVICE, login_name=login_name, display_name="王芳", roles=(Role.SUPERVISOR,), department="调查部",
        password=PASSWORD, clearance=Level.SECRET, trained_until=in_a_year(), vetted_until=in_a_year(),
    )  # fmt: skip


@pytest.fixture
def designer(store):
    return namesake(store, "wang1")


@pytest.fixture
def record_id(store, researcher):
    questionnaires.published(store)
    return questionnaires.record(store, researcher, {NAME: "甲", AGE: "30", PHONE: "1"}, key="m")


@pytest.fixture
def made(store, designer, record_id):
    return form_life.propose(store, designer, "poll-2.md", table("2", STRICTER))


@pytest.fixture
def shown(store, visit, made):
    """The page as somebody sees it, as one text."""

    def opened(person):
        session = sessions.log_in(store, person.login_name, PASSWORD)
        page = visit(proposal.build, f"/proposal/{made.proposal_id}", session=session)
        return json.dumps(page.send(kind="hello"), ensure_ascii=False)

    return opened


def test_whoever_shares_the_designers_name_reviews_and_the_designer_does_not(store, shown, designer, made):
    review = text("desk.proposal.review", "zh-CN")
    assert made.proposed_by_id == designer.person_id
    assert review in shown(namesake(store, "wang2"))
    assert review not in shown(designer)


def test_records_are_named_to_who_may_read_them_and_counted_for_others(store, shown, researcher, record_id):
    assert record_id in shown(researcher)
    told = shown(account(store, login_name="zhou"))
    assert record_id not in told
    assert text("desk.proposal.revalidated", "zh-CN", n=1, bad="0–4") in told
