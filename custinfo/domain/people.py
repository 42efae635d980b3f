"""People and their roles. Who may do what with them stands in `custinfo.access`."""

from dataclasses import dataclass
from enum import StrEnum

from custinfo.domain.sensitivity import Level


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


SEPARATED = frozenset(
    {Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.INFORMATION_ADMINISTRATOR, Role.AUDITOR}
)
"""Nobody holds two of these: who runs the machine, who gives rights, who keeps the data, who watches all three."""


class Audience(StrEnum):
    """Whose work a form belongs to (`attribute::custinfo:audience`); who that is stands in `access.visibility`."""

    FIELD = "field"
    OVERSIGHT = "oversight"


@dataclass(frozen=True)
class Person:
    """Somebody with an account: `person_id` is never reused, `login_name` is what they type.

    `clearance` is the most sensitive level that counts for them at this moment: granted, with training and vetting that
    have not expired, and not lowered for the session. `regions` are GB/T 2260 codes: customers there are theirs too.
    """

    person_id: str
    login_name: str
    display_name: str
    roles: frozenset[Role]
    department: str
    clearance: Level = Level.PUBLIC
    regions: frozenset[str] = frozenset()


SERVICE = Person(
    "service",
    "service",
    "custinfo",
    frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.INFORMATION_ADMINISTRATOR}),
    "",
    Level.SECRET,
)
"""The service itself, for set-up and jobs: commands that the operating system's account may run on its own site.

That account holds the site's keys, so it can read what an information administrator may read. It is nobody's account.
"""
