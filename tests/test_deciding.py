"""Who may decide: the whole truth table of a step × role × own or other × delegated, and the data that it rests on."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from custinfo.access import deciding
from custinfo.access.deciding import CLEARANCE, NOT_THEIRS, OWN, STAND_IN, TWICE, Standing
from custinfo.domain import machines, procedures
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person, Role
from custinfo.domain.procedures import PROCEDURES
from custinfo.domain.sensitivity import Level

DOC = Path(__file__).parents[1] / "docs" / "approvals.md"
CLEARED_FOR = {
    Role.RESEARCHER: 1, Role.SUPERVISOR: 1, Role.DEPARTMENT_HEAD: 1, Role.INFORMATION_ADMINISTRATOR: 1,
    Role.MANAGER: 2, Role.ANALYST: 2, Role.AUDITOR: 3, Role.SYSTEM_ADMINISTRATOR: 3, Role.SECURITY_ADMINISTRATOR: 3,
}  # fmt: skip
"""What each role sees at most, written down a second time."""
STEPS = [(name, n) for name, one in PROCEDURES.items() for n in range(len(one.steps))]


def person(name, *roles, department="A", clearance=Level.SECRET):
    return Person(name, name, name, frozenset(roles), department, clearance)


def standing(procedure, step, **facts):
    one = PROCEDURES[procedure]
    told = {"authors": frozenset({"author"}), "decided": frozenset({"earlier"})} | facts
    return Standing(one.steps[step], one.level, "A", **told)


def expected(procedure, step, role, *, department, cleared):
    """Worked out from the file as it stands, not from the code under test."""
    table = procedures.TABLES[procedure]
    row = table["step"][step]
    if role not in row["roles"] or (row["scope"] == "department" and department != "A"):
        return NOT_THEIRS
    if table["level"] < CLEARED_FOR[role] or (not cleared and table["level"] < 3):
        return CLEARANCE
    return None


@pytest.mark.guarantee("approval-all-steps")
@pytest.mark.parametrize(("procedure", "step"), STEPS)
def test_each_role_at_each_step(procedure, step):
    for role, department, cleared in itertools.product(Role, "AB", (True, False)):
        who = person("one", role, department=department, clearance=Level.SECRET if cleared else Level.PUBLIC)
        assert deciding.refusal(standing(procedure, step), who) == expected(
            procedure, step, role, department=department, cleared=cleared
        ), (role, department, cleared)


@pytest.mark.guarantee("approval-not-own")
@pytest.mark.guarantee("approval-four-eyes")
@pytest.mark.parametrize(("procedure", "step"), STEPS)
def test_own_content_and_a_second_step_are_refused_whatever_the_role(procedure, step):
    everything = tuple(Role)
    assert deciding.refusal(standing(procedure, step), person("author", *everything)) == OWN
    assert deciding.refusal(standing(procedure, step), person("earlier", *everything)) == TWICE
    for one, other in (("author", "free"), ("free", "author"), ("earlier", "free"), ("free", "earlier")):
        told = deciding.refusal(standing(procedure, step), person(one, *everything), person(other, *everything))
        assert told == (OWN if "author" in (one, other) else TWICE)


@pytest.mark.guarantee("delegation-no-more")
@pytest.mark.parametrize(("procedure", "step"), STEPS)
def test_a_delegate_may_what_both_may_and_nothing_else(procedure, step):
    row = procedures.TABLES[procedure]["step"][step]
    fitting = {*row["roles"], *row.get("stand_in", [])}
    for giver, taker, department in itertools.product(Role, Role, "AB"):
        # The delegate may be of another department: it is the delegator's step
        told = deciding.refusal(standing(procedure, step), person("one", taker, department="C"),
                                person("two", giver, department=department))  # fmt: skip
        wanted = expected(procedure, step, giver, department=department, cleared=True)
        if wanted is None and taker not in fitting:
            wanted = STAND_IN
        elif wanted is None and procedures.TABLES[procedure]["level"] < CLEARED_FOR[taker]:
            wanted = CLEARANCE
        elif wanted == CLEARANCE and taker not in fitting:
            wanted = STAND_IN
        assert told == wanted, (giver, taker, department)


@pytest.mark.parametrize("reason", [OWN, TWICE, NOT_THEIRS, CLEARANCE, STAND_IN])
def test_every_refusal_has_its_sentence(reason):
    assert all(text(f"approvals.refused.{reason}", language) for language in LANGUAGES)


def test_a_role_that_has_decided_is_not_wanted_again():
    step = PROCEDURES["access_request"].steps[0]
    assert step.still(frozenset({Role.DEPARTMENT_HEAD})) == ()


# The data


def test_the_procedures_that_the_sources_name_are_there():
    wanted = {
        "access_request": [["department_head"], ["security_administrator"]],
        "disclosure": [["department_head"], ["manager"]],
        "retention_job": [["information_administrator"], ["manager"]],
        "policy": [["department_head"], ["manager"]],
        "report_definition": [["information_administrator"], ["manager"]],
        "price_approval": [["department_head"]],
    }
    for name, steps in wanted.items():
        assert [sorted(one["roles"]) for one in procedures.TABLES[name]["step"]] == steps
    signing = {name for name, one in PROCEDURES.items() if all(step.signs for step in one.steps)}
    assert {"disclosure", "retention_job", "destruction_certificate", "policy", "price_approval"} <= signing


def test_no_role_sees_too_little_for_its_own_step():
    for name, one in PROCEDURES.items():
        for step in one.steps:
            assert all(CLEARED_FOR[role] <= one.level for role in step.roles), (name, step.name)


GOOD = {
    "zh-CN": "甲", "en": "A", "level": 2, "copies": [],
    "step": [{"name": "a", "zh-CN": "甲", "en": "A", "roles": ["manager"], "scope": "any", "days": 1, "signs": False}],
}  # fmt: skip
BAD_STEPS = [
    {"roles": []}, {"roles": ["nobody"]}, {"roles": ["manager", "manager"]}, {"roles": "manager"}, {"scope": "world"},
    {"days": -1}, {"days": 1.5}, {"days": 366}, {"days": True}, {"signs": "yes"}, {"signs": 1}, {"all": "no"},
    {"name": ""}, {"zh-CN": " "}, {"colour": "red"}, {"stand_in": ["x"]}, {"escalate": 3},
    {"escalate": {"days": 1}}, {"escalate": {"days": -1, "to": []}}, {"escalate": {"days": 1, "to": ["x"]}},
]  # fmt: skip
BAD = [
    {"level": 4}, {"level": "2"}, {"level": True}, {"copies": ["everybody"]}, {"copies": "opener"}, {"step": []},
    {"step": [3]}, {"step": GOOD["step"] * 2}, {"en": ""}, {"more": 1},
    *({"step": [GOOD["step"][0] | wrong]} for wrong in BAD_STEPS),
]  # fmt: skip


def test_what_is_whole_is_taken():
    assert procedures.parsed("a", GOOD).steps[0].roles == (Role.MANAGER,)


@pytest.mark.parametrize("wrong", BAD, ids=str)
def test_what_is_wrong_in_the_data_is_refused_with_its_place(wrong):
    with pytest.raises(BadInput) as refused:
        procedures.parsed("a", GOOD | wrong)
    assert all("a" in refused.value.text(language) for language in LANGUAGES)


def test_a_missing_entry_is_refused():
    for name in GOOD:
        with pytest.raises(BadInput):
            procedures.parsed("a", {key: value for key, value in GOOD.items() if key != name})


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "x.toml").write_text("[a\n")
    with pytest.raises(BadInput):
        procedures.load(tmp_path / "x.toml")
    assert procedures.load(procedures.FILE) == dict(PROCEDURES)


# The documents


def test_the_document_shows_the_machine_and_every_procedure_as_they_are():
    page = DOC.read_text("utf-8")
    [shown] = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert shown == machines.diagram(machines.CASE) + "\n"
    for name, table in tomllib.loads(procedures.FILE.read_text("utf-8")).items():
        assert procedure_row(name, table) in page, procedure_row(name, table)


def procedure_row(name, table):
    """A procedure as the table of the document has it."""
    steps = " → ".join(
        f"{one['en']} ({' or '.join(one['roles'])}{', own department' if one['scope'] == 'department' else ''}, "
        f"{one['days']} d{', signs' if one['signs'] else ''})"
        for one in table["step"]
    )
    return f"| `{name}` | {table['zh-CN']} | {table['level']} | {steps} | {', '.join(table['copies']) or '–'} |"
