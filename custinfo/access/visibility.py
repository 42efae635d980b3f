"""Which fields a person may see, by the field's level."""

from custinfo.domain.people import Person, Role
from custinfo.domain.sensitivity import Level

MOST_SENSITIVE: dict[Role, Level] = {
    Role.RESEARCHER: Level.SECRET,
    Role.SUPERVISOR: Level.SECRET,
    Role.DEPARTMENT_HEAD: Level.SECRET,
    Role.INFORMATION_ADMINISTRATOR: Level.SECRET,
    Role.MANAGER: Level.INTERNAL,
    Role.ANALYST: Level.INTERNAL,
}
"""The most sensitive level that each role sees; a role that is not named sees public fields only."""


def sees(person: Person, level: Level) -> bool:
    """Whether one of the person's roles is cleared for fields of this level."""
    return any(level >= MOST_SENSITIVE.get(role, Level.PUBLIC) for role in person.roles)
