"""Who may have to do with credit: it is of level 2, whoever it is about."""

from custinfo.access import permissions, visibility
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level


def may(actor: Person, permission: str = "credit.read") -> bool:
    """Whether somebody has the permission, and the clearance."""
    return permissions.may(actor, permission) and visibility.sees(actor, Level.INTERNAL)


def check(actor: Person, permission: str = "credit.read") -> None:
    """Raises NotAllowed without the permission, or without the clearance."""
    permissions.check(actor, permission)
    if not may(actor, permission):
        raise NotAllowed("credit.not_cleared")
