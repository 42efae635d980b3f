"""Who may do what: one table, allow-lists only. To change a permission, change its row here.

`check` raises a sentence for the person; its twin `may` answers for the screen.
"""

from custinfo.domain.consent import TIERS, Tier
from custinfo.domain.errors import NotAllowed
from custinfo.domain.messages import text
from custinfo.domain.people import Person, Role

SUPERVISION = frozenset({Role.SUPERVISOR, Role.DEPARTMENT_HEAD})
FIELD_WORK = SUPERVISION | {Role.RESEARCHER}
DATA = frozenset({Role.INFORMATION_ADMINISTRATOR})
RIGHTS = frozenset({Role.SECURITY_ADMINISTRATOR})
MACHINE = frozenset({Role.SYSTEM_ADMINISTRATOR})
WATCH = frozenset({Role.AUDITOR})
OVERSIGHT = RIGHTS | WATCH | {Role.DEPARTMENT_HEAD}

PERMISSIONS: dict[str, frozenset[Role]] = {
    "form.fill": FIELD_WORK | WATCH,
    "form.propose": FIELD_WORK | DATA,
    "form.review": SUPERVISION | DATA,
    "form.publish": DATA,
    "form.close": DATA,
    "record.read": FIELD_WORK | OVERSIGHT | DATA | {Role.MANAGER},
    "record.edit": FIELD_WORK | WATCH,
    "record.verify": FIELD_WORK,
    "record.review": SUPERVISION | WATCH,
    "record.import": SUPERVISION | DATA,
    "record.export": SUPERVISION | DATA,
    "record.level": SUPERVISION | DATA,
    "customer.read": FIELD_WORK | DATA | {Role.MANAGER},
    "demand.decide": SUPERVISION,
    "customer.assign": SUPERVISION | DATA | {Role.MANAGER},
    "duplicate.review": SUPERVISION | DATA,
    "duplicate.find": DATA,
    "credit.read": SUPERVISION | DATA | {Role.MANAGER},
    "credit.decide": SUPERVISION,
    "credit.watch": DATA,
    "credit.consider": frozenset({Role.DEPARTMENT_HEAD}),
    "remittance.hand_over": SUPERVISION,
    "remittance.receive": frozenset({Role.DEPARTMENT_HEAD, Role.MANAGER}),
    "batch.import": DATA,
    "lake.read": DATA | {Role.ANALYST, Role.MANAGER, Role.DEPARTMENT_HEAD},
    "lake.publish": DATA,
    "lake.classify": DATA,
    "segment.define": DATA | {Role.ANALYST, Role.MANAGER, Role.DEPARTMENT_HEAD},
    "indicator.propose": DATA | {Role.ANALYST},
    "indicator.answer": frozenset({Role.DEPARTMENT_HEAD}),
    "plan.propose": DATA | {Role.ANALYST, Role.DEPARTMENT_HEAD},
    "study.read": FIELD_WORK | DATA | {Role.ANALYST, Role.MANAGER},
    "study.run": SUPERVISION | DATA,
    "study.field": FIELD_WORK | DATA,
    "report.build": DATA | {Role.MANAGER, Role.ANALYST},
    "report.define": DATA | {Role.ANALYST},
    "report.prepare": DATA | {Role.ANALYST},
    "report.read": SUPERVISION | DATA | WATCH | {Role.ANALYST, Role.MANAGER},
    "report.release": DATA | {Role.MANAGER},
    "report.release_outside": frozenset({Role.MANAGER}),
    "report.keep": DATA,
    "statistics.organise": DATA | {Role.DEPARTMENT_HEAD, Role.MANAGER},
    "report.credit": SUPERVISION | DATA | {Role.MANAGER},
    "person.add": MACHINE,
    "person.reset": MACHINE,
    "person.reset_second_factor": RIGHTS,
    "person.leave": MACHINE | RIGHTS,
    "backup.make": MACHINE,
    "person.read": MACHINE | RIGHTS | SUPERVISION | {Role.AUDITOR, Role.MANAGER},
    "role.grant": RIGHTS,
    "role.revoke": RIGHTS | {Role.DEPARTMENT_HEAD},
    "clearance.grant": RIGHTS,
    "clearance.revoke": RIGHTS | {Role.DEPARTMENT_HEAD},
    "access.ask": frozenset(Role),
    "rights.review": frozenset({Role.DEPARTMENT_HEAD}),
    "lab.token": MACHINE,
    "audit.read": RIGHTS | {Role.AUDITOR},
    "audit.restart": RIGHTS,
    "keys.manage": RIGHTS,
    "privacy.read": DATA | {Role.DEPARTMENT_HEAD, Role.AUDITOR, Role.MANAGER},
    "privacy.handle": DATA,
    "notice.publish": DATA,
    "consent.record": FIELD_WORK | DATA,
    "request.record": SUPERVISION | DATA,
    "disclosure.ask": SUPERVISION | DATA,
    "disclosure.deliver": DATA,
    "mailing.list": SUPERVISION | DATA,
    "waiting.department": SUPERVISION,
    "retention.read": DATA | {Role.DEPARTMENT_HEAD, Role.AUDITOR, Role.MANAGER},
    "retention.plan": DATA,
    "retention.run": DATA,
    "retention.stop": DATA | {Role.DEPARTMENT_HEAD, Role.MANAGER},
    "retention.hold": DATA | {Role.DEPARTMENT_HEAD, Role.AUDITOR},
    "incident.report": frozenset(Role),
    "oversight.read": OVERSIGHT | DATA | {Role.MANAGER},
    "oversight.handle": OVERSIGHT,
    "penalty.read": frozenset({Role.MANAGER, Role.AUDITOR}),
    "penalty.decide": frozenset({Role.MANAGER}),
}

EXPORT_TIERS: dict[Role, Tier] = {
    Role.SUPERVISOR: Tier.IDENTIFIED,
    Role.DEPARTMENT_HEAD: Tier.IDENTIFIED,
    Role.INFORMATION_ADMINISTRATOR: Tier.IDENTIFIED,
    Role.ANALYST: Tier.PSEUDONYMOUS,
    Role.MANAGER: Tier.AGGREGATE,
}
"""The most that each role may take out of the system; a role that is not named takes nothing out."""


def export_tier(person: Person) -> Tier:
    """The most that the person may take out of the system."""
    return max((EXPORT_TIERS.get(role, Tier.NONE) for role in person.roles), key=TIERS.index, default=Tier.NONE)


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
