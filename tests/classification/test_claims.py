"""Who follows a customer when several claim it."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import claims
from custinfo.classification.claims import Claim, ClaimsRule, Standing, decide
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = claims.rule(ON)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def ago(days: int) -> date:
    return ON - timedelta(days=days)


def reasons(*given_claims: Claim) -> tuple[str | None, dict[str, str]]:
    """The decision, which is the same in every order of the claims."""
    decisions = {decide(order, ON, RULE) for order in permutations(given_claims)}
    assert len(decisions) == 1
    (decision,) = decisions
    assert decision.rule_version == RULE.version
    return decision.person_id, {ground.person_id: ground.reason for ground in decision.grounds}


def test_the_assigned_who_is_active_keeps_the_customer() -> None:
    first = Claim("first", MONDAY, active_on=ON)
    assert reasons(first, Claim("holder", TUESDAY, assigned=True, active_on=ago(30))) == (
        "holder",
        {"holder": "follows_assigned_active", "first": "weaker_than_assigned_active"},
    )


def test_the_assigned_who_did_nothing_gives_way_to_who_did() -> None:
    holder = Claim("holder", MONDAY, assigned=True, active_on=ago(31))
    assert reasons(holder, Claim("busy", None, active_on=ago(30))) == (
        "busy",
        {"busy": "follows_active", "holder": "weaker_than_active"},
    )


def test_nobody_active() -> None:
    first, later = Claim("first", MONDAY, active_on=ago(200)), Claim("later", TUESDAY)
    assert reasons(first, later) == ("first", {"first": "follows_recorded", "later": "recorded_later"})
    assert reasons(first, Claim("holder", assigned=True)) == (
        "holder",
        {"holder": "follows_assigned", "first": "weaker_than_assigned"},
    )


def test_among_the_active_the_first_to_record() -> None:
    assert reasons(
        Claim("a", TUESDAY, active_on=ON), Claim("b", MONDAY, active_on=ago(9)), Claim("c", None, active_on=ON)
    ) == ("b", {"b": "follows_active", "a": "recorded_later", "c": "recorded_later"})
    assert reasons(Claim("a", MONDAY, active_on=ago(1)), Claim("b", MONDAY, active_on=ago(2))) == (
        "a",
        {"a": "follows_active", "b": "active_earlier"},
    )


def test_the_same_moment_in_two_zones_is_the_same() -> None:
    there = MONDAY.astimezone(ZoneInfo("Asia/Shanghai"))
    assert reasons(Claim("a", MONDAY), Claim("b", there))[0] is None


def test_equal_claims_go_to_a_supervisor() -> None:
    assert reasons(Claim("a", MONDAY, active_on=ON), Claim("b", MONDAY, active_on=ON), Claim("c", TUESDAY)) == (
        None,
        {"a": "tie", "b": "tie", "c": "weaker_than_active"},
    )


def test_a_claim_on_nothing_is_none() -> None:
    assert reasons() == (None, {})
    assert reasons(Claim("a"), Claim("b", active_on=ago(31))) == (None, {})
    assert reasons(Claim("a"), Claim("b", MONDAY)) == ("b", {"b": "follows_recorded"})


@pytest.mark.parametrize(
    ("given_claims", "key"),
    [
        ([Claim("a", MONDAY), Claim("a", TUESDAY)], "twice"),
        ([Claim("a", assigned=True), Claim("b", assigned=True)], "assigned_twice"),
        ([Claim("a", MONDAY), Claim("b", active_on=ON + timedelta(days=1))], "ahead"),
    ],
)
def test_claims_that_cannot_be_are_refused(given_claims: list[Claim], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        decide(given_claims, ON, RULE)
    assert raised.value.key == f"horizontal.claims.{key}"
    assert all(raised.value.text(language) for language in LANGUAGES)


facts = st.tuples(
    st.none() | st.sampled_from([MONDAY, TUESDAY]), st.none() | st.integers(0, 60).map(ago), st.integers(0, 3)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, max_size=5))
def test_a_decision_fits_its_grounds(drawn: list[tuple[datetime | None, date | None, int]]) -> None:
    given_claims = [Claim(f"p{i}", made, i == 0 and odd == 0, active) for i, (made, active, odd) in enumerate(drawn)]
    decision = decide(given_claims, ON, RULE)
    assert decide(given_claims[::-1], ON, RULE) == decision
    followers = [ground for ground in decision.grounds if ground.reason.startswith("follows_")]
    tied = [ground for ground in decision.grounds if ground.reason == "tie"]
    assert [ground.person_id for ground in followers] == ([decision.person_id] if decision.person_id else [])
    assert bool(decision.grounds) == (len(followers) == 1 or len(tied) > 1)
    assert [ground.standing for ground in decision.grounds] == sorted(ground.standing for ground in decision.grounds)


def test_every_reason_has_words() -> None:
    names = [f"{verb}_{one.name.lower()}" for one in Standing for verb in ("follows", "weaker_than")]
    names.remove("weaker_than_recorded")  # nothing is weaker
    for language in LANGUAGES:
        said = {claims.Ground("p", Standing.ACTIVE, name).label(language) for name in names}
        assert len(said) == len(names)


def test_days_are_above_zero(tmp_path: Path) -> None:
    change = ("active_days = 30", "active_days = 0")
    assert refused(tmp_path, claims.FILE, ClaimsRule, change) == "classification.limit"
