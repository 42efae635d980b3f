"""Who may do what: the whole table, role by permission, and what a refusal says."""

import tomllib
from pathlib import Path

import pytest

from custinfo.access import permissions, policies, visibility
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.people import Person, Role
from custinfo.domain.sensitivity import Level

TABLE = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text("utf-8"))["permissions"]
LETTERS = {
    "R": Role.RESEARCHER, "S": Role.SUPERVISOR, "H": Role.DEPARTMENT_HEAD, "I": Role.INFORMATION_ADMINISTRATOR,
    "A": Role.ANALYST, "M": Role.MANAGER, "U": Role.AUDITOR, "Y": Role.SYSTEM_ADMINISTRATOR,
    "X": Role.SECURITY_ADMINISTRATOR,
}  # fmt: skip
CASES = [(role, permission, letter in row) for permission, row in TABLE.items() for letter, role in LETTERS.items()]


def person(*roles):
    return Person("P-1", "one", "一", frozenset(roles), "", Level.SECRET)


def test_the_table_is_whole():
    assert set(TABLE) == set(permissions.PERMISSIONS)
    assert set(LETTERS.values()) == set(Role)
    assert all(len(row) == len(Role) for row in TABLE.values())


@pytest.mark.guarantee("roles-default-deny")
@pytest.mark.parametrize(("role", "permission", "expected"), CASES)
def test_who_may(role, permission, expected):
    assert permissions.may(person(role), permission) is expected


@pytest.mark.guarantee("roles-default-deny")
def test_what_is_not_listed_is_refused():
    everyone = person(*Role)
    assert not permissions.may(everyone, "customer.erase_without_trace")
    assert not permissions.may(person(), "form.fill")


def test_a_refusal_says_what_is_missing_and_who_has_it():
    with pytest.raises(permissions.Missing) as refused:
        permissions.check(person(Role.ANALYST), "customer.read")
    assert "查看客户资料" in refused.value.text("zh-CN")
    assert "信息采集员" in refused.value.text("zh-CN")
    assert "read customer data" in refused.value.text("en")
    assert "Researcher" in refused.value.text("en")


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.RESEARCHER, {1, 2, 3}),
        (Role.MANAGER, {2, 3}),
        (Role.ANALYST, {2, 3}),
        (Role.AUDITOR, {2, 3}),
        (Role.SECURITY_ADMINISTRATOR, {2, 3}),
        (Role.SYSTEM_ADMINISTRATOR, {3}),
    ],
)
def test_levels_that_a_role_sees(role, sees):
    assert {level for level in Level if visibility.sees(person(role), level)} == sees


def test_nobody_without_a_role_sees_anything():
    assert not any(visibility.sees(person(), level) for level in Level)


def test_someone_elses_draft_is_not_told_apart_from_none():
    mine = {"owner": "P-1", "outcome": None}
    policies.check_own_open_draft(person(Role.RESEARCHER), mine)
    texts = set()
    for draft in (None, {"owner": "P-2", "outcome": None}, {"owner": "P-2", "outcome": "submitted"}):
        with pytest.raises(NotFound) as refused:
            policies.check_own_open_draft(person(Role.RESEARCHER), draft)
        texts.add(refused.value.text("en"))
    assert len(texts) == 1


@pytest.mark.parametrize("outcome", ["submitted", "discarded"])
def test_a_draft_that_has_ended_is_closed(outcome):
    with pytest.raises(WrongState):
        policies.check_own_open_draft(person(Role.RESEARCHER), {"owner": "P-1", "outcome": outcome})
