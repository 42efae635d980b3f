"""Which fields, records and customers a person may see: by level, and by department, region and assignment."""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

from custinfo.domain.people import Audience, Person, Role
from custinfo.domain.sensitivity import Level

MOST_SENSITIVE: dict[Role, Level] = {
    Role.RESEARCHER: Level.SECRET,
    Role.SUPERVISOR: Level.SECRET,
    Role.DEPARTMENT_HEAD: Level.SECRET,
    Role.INFORMATION_ADMINISTRATOR: Level.SECRET,
    Role.MANAGER: Level.INTERNAL,
    Role.ANALYST: Level.INTERNAL,
    Role.AUDITOR: Level.INTERNAL,
    Role.SECURITY_ADMINISTRATOR: Level.INTERNAL,
}
"""The most sensitive level that each role can see with a clearance for it; any other role sees public fields only."""


class Scope(Enum):
    """Whose customers a person works with."""

    ALL = "all"
    DEPARTMENT = "department"
    """Those of the department, those in the person's regions, and those assigned to the person."""
    NONE = "none"


AUDIENCES: dict[Audience, frozenset[Role]] = {
    Audience.FIELD: frozenset(
        {Role.RESEARCHER, Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER}
    ),
    Audience.OVERSIGHT: frozenset(
        {Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.DEPARTMENT_HEAD, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER}
    ),
}
"""Whose work the records of a form are: other roles know of none of them, whatever their scope."""


SCOPES: dict[Role, Scope] = {
    Role.RESEARCHER: Scope.DEPARTMENT,
    Role.SUPERVISOR: Scope.DEPARTMENT,
    Role.DEPARTMENT_HEAD: Scope.DEPARTMENT,
    Role.INFORMATION_ADMINISTRATOR: Scope.ALL,
    Role.MANAGER: Scope.ALL,
    Role.AUDITOR: Scope.ALL,
    Role.SECURITY_ADMINISTRATOR: Scope.ALL,
}
"""A role that is not named here sees no record in the store: analysts read the lake. Oversight sees its own alone."""


def sees(person: Person, level: Level) -> bool:
    """Whether one of the person's roles, and their clearance, reach to fields of this level."""
    return level >= person.clearance and any(level >= MOST_SENSITIVE.get(role, Level.PUBLIC) for role in person.roles)


def lowered(person: Person, to: Level) -> Person:
    """The person with no more clearance than `to`: how somebody looks at data without its most sensitive part."""
    return replace(person, clearance=max(person.clearance, to))


def scope(person: Person, audience: Audience = Audience.FIELD) -> Scope:
    """The widest scope that one of the person's roles gives among the records of this audience.

    A role counts for its own work alone: who also watches over incidents everywhere has no more customers by that.
    """
    found = {SCOPES.get(role, Scope.NONE) for role in person.roles & AUDIENCES[audience]}
    return next((one for one in (Scope.ALL, Scope.DEPARTMENT) if one in found), Scope.NONE)


def in_scope(person: Person, place: Mapping[str, Any]) -> bool:
    """Whether a customer, or what is about one, is the person's: `place` has owner, department, region and audience.

    The twin for lists is the condition of `actions.assignments`.
    """
    reach = scope(person, Audience(place["audience"] or Audience.FIELD))
    if reach is not Scope.DEPARTMENT:
        return reach is Scope.ALL
    region = str(place["region"] or "")
    return (
        place["owner"] == person.person_id
        or bool(person.department and place["department"] == person.department)
        or any(region.startswith(prefix) for prefix in prefixes(person))
    )


def prefixes(person: Person) -> list[str]:
    """How the codes in the person's regions begin: `440000` is all of Guangdong, `440300` all of Shenzhen."""
    return sorted(re.sub(r"(00){1,2}$", "", code) for code in person.regions if code)


def visible(person: Person, place: Mapping[str, Any]) -> bool:
    """Whether the person may know of it at all: their work, in scope, and of no level above their clearance."""
    level = place["level"]
    return in_scope(person, place) and (level is None or sees(person, Level(level)))


def decides(person: Person, record: Mapping[str, Any]) -> bool:
    """Whether it was put before the person's department to be decided on (`decided_in`), and the person is one of those
    who read all that their department has. The twin for lists is `assignments.consultable_where`.
    """
    level, asked = record["level"], record.get("decided_in")
    return (
        bool(asked)
        and asked == person.department
        and decides_for_department(person)
        and Audience(record["audience"] or Audience.FIELD) is Audience.FIELD
        and (level is None or sees(person, Level(level)))
    )


def decides_for_department(person: Person) -> bool:
    """Whether the person reads all field work of their department, not only what they had a hand in."""
    return scope(person) is Scope.DEPARTMENT and not own_records_only(person, Audience.FIELD)


def own_records_only(person: Person, audience: Audience) -> bool:
    """Whether the person reads, of the records of this audience, only those that they had a hand in: a researcher does,
    unless another of their roles gives a scope in the same audience. A role that reads nothing there adds nothing.
    """
    others = replace(person, roles=person.roles - {Role.RESEARCHER})
    return scope(others, audience) is Scope.NONE


def audiences(person: Person) -> list[Audience]:
    """Whose work the person takes part in: they know of the records of these forms alone."""
    return [audience for audience, roles in AUDIENCES.items() if person.roles & roles]
