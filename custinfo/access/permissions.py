"""Who may do what: one table, allow-lists only. To change a permission, change its row here.

`check` raises a sentence for the person; its twin `may` answers for the screen.
"""

from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import text
from custinfo.domain.people import Person, Role

SUPERVISION = frozenset({Role.SUPERVISOR, Role.DEPARTMENT_HEAD})
FIELD_WORK = SUPERVISION | {Role.RESEARCHER}

PERMISSIONS: dict[str, frozenset[Role]] = {
    "form.fill": FIELD_WORK,
    "form.propose": FIELD_WORK | {Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR},
    "form.review": SUPERVISION | {Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR},
    "form.publish": frozenset({Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "form.close": frozenset({Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "record.read": FIELD_WORK | {Role.MANAGER, Role.INFORMATION_ADMINISTRATOR},
    "record.edit": FIELD_WORK,
    "record.verify": FIELD_WORK,
    "record.review": SUPERVISION,
    "record.import": SUPERVISION | {Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR},
    "record.export": SUPERVISION | {Role.INFORMATION_ADMINISTRATOR, Role.ANALYST, Role.SYSTEM_ADMINISTRATOR},
    "customer.read": FIELD_WORK | {Role.MANAGER, Role.INFORMATION_ADMINISTRATOR},
    "batch.import": frozenset({Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "lake.read": frozenset({Role.ANALYST, Role.MANAGER, Role.DEPARTMENT_HEAD, Role.INFORMATION_ADMINISTRATOR}),
    "lake.publish": frozenset({Role.INFORMATION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR}),
    "report.build": frozenset({Role.MANAGER, Role.ANALYST, Role.SYSTEM_ADMINISTRATOR}),
    "person.add": frozenset({Role.SYSTEM_ADMINISTRATOR}),
    "audit.read": frozenset({Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR}),
}


def may(person: Person, permission: str) -> bool:
    """Whether one of the person's roles is on the permission's list. An unknown permission is nobody's."""
    return bool(person.roles & PERMISSIONS.get(permission, frozenset()))


def check(person: Person, permission: str) -> None:
    """Raises NotAllowed, saying what is missing and who has it."""
    if not may(person, permission):
        raise Missing(permission)


class Missing(NotAllowed):
    """A refusal for want of a role; the roles that have it are named in the reader's language."""

    def __init__(self, permission: str) -> None:
        self.permission = permission
        super().__init__("access.missing")

    def text(self, language: str = "zh-CN") -> str:
        """What may not be done, and who may."""
        roles = sorted(PERMISSIONS.get(self.permission, frozenset()))
        names = "、" if language == "zh-CN" else ", "
        return text(
            self.key,
            language,
            what=text(f"access.{self.permission}", language),
            roles=names.join(text(f"people.role.{role}", language) for role in roles),
        )
