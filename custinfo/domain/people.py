"""People and their roles. Who may do what with them stands in `custinfo.access`."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is trusted to do. Titles in both languages: `people.role.*` in the catalogues."""

    RESEARCHER = "researcher"
    SUPERVISOR = "supervisor"
    DEPARTMENT_HEAD = "department_head"
    INFORMATION_ADMINISTRATOR = "information_administrator"
    ANALYST = "analyst"
    MANAGER = "manager"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"


@dataclass(frozen=True)
class Person:
    """Somebody with an account: `person_id` is never reused, `login_name` is what they type."""

    person_id: str
    login_name: str
    display_name: str
    roles: frozenset[Role]
    department: str


SERVICE = Person(
    "service", "service", "custinfo", frozenset({Role.SYSTEM_ADMINISTRATOR, Role.INFORMATION_ADMINISTRATOR}), ""
)
"""The service itself: commands that the operating system's account may run on a site that it owns.

That account holds the site's keys, so it can read what an information administrator may read.
"""
