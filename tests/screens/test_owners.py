"""Whose a customer is: who claims it, whom the rule names and why, and handing it over (R103)."""

import pytest

from custinfo.actions import assignments, customer_claims, sessions
from custinfo.actions.delegations import today
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import Role
from custinfo.screens import customer
from tests.factories import PASSWORD, account, card
from tests.screens.test_customer_demands import blocks_of
from tests.test_demands_published import ABOUT, need


@pytest.fixture
def boss(store):
    return account(store, Role.SUPERVISOR, login_name="boss")


@pytest.fixture
def known(store, researcher):
    return card(store, researcher)


def told(store, boss, known):
    found = customer_claims.of(store, boss, known.customer_id)
    return found.follows, [(one.display_name, one.active_on, one.ground.reason) for one in found.claimants]


def test_who_works_at_a_customer_claims_it_and_the_rule_says_who_follows(store, researcher, boss, known):
    day = today(store)
    assert told(store, boss, known) == (
        researcher.person_id, [(researcher.display_name, day, "follows_assigned_active")],
    )  # fmt: skip
    other = account(store, login_name="other")
    need(store, other, "need-1", {ABOUT: known.customer_number})
    follows, claims = told(store, boss, known)
    assert follows == researcher.person_id
    assert claims[1] == (other.display_name, day, "weaker_than_assigned_active")
    taken = account(store, login_name="taken")
    assignments.transfer(store, boss, known.customer_id, taken.person_id, "换人")
    follows, claims = told(store, boss, known)
    assert follows == researcher.person_id, "whose it became was not active yet: the first of those who were"
    assert [one[2] for one in claims] == ["follows_active", "recorded_later", "weaker_than_active"]


def test_who_may_ask(store, researcher, known):
    with pytest.raises(NotAllowed):
        customer_claims.of(store, researcher, known.customer_id)
    far = account(store, Role.SUPERVISOR, login_name="far", department="别处")
    with pytest.raises(NotFound):
        customer_claims.of(store, far, known.customer_id)


@pytest.mark.parametrize(
    ("language", "reason"), [("en", "It is assigned to them, and they were active"), ("zh-CN", "已分配且在有效期内")]
)
def test_the_supervisors_page_tells_why_and_names_whom_the_rule_does(
    store, visit, researcher, boss, known, language, reason
):
    address = f"/customer/{known.customer_id}"
    session = sessions.log_in(store, "boss", PASSWORD)

    def shown():
        cards = blocks_of(visit(customer.build, address, session=session, language=language))
        blocks = next(one for title, one in cards.items() if title in ("Whose customer", "跟进人"))["blocks"]
        return {one["type"]: one for one in blocks}

    assert "table" not in shown(), "one claim is no conflict"
    other = account(store, login_name="other")
    need(store, other, "need-1", {ABOUT: known.customer_number})
    rows = shown()["table"]["rows"]
    assert [row[0]["text"].split(" · ")[0] for row in rows] == [researcher.display_name, other.display_name]
    assert rows[0][2]["text"].startswith(reason)
    assignments.transfer(store, boss, known.customer_id, account(store, login_name="taken").person_id, "换人")
    to = next(field for field in shown()["entry"]["fields"] if field["name"] == "to")
    assert to["value"] == researcher.person_id
