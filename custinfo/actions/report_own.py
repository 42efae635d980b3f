"""Reports that somebody builds for themselves: who may, and the register of what they take.

Such a report is not issued: nobody else finds it, and its figures are nobody's published ones.
"""

import shutil
from pathlib import Path

from custinfo.access import permissions
from custinfo.actions import export_register
from custinfo.domain import report_definitions
from custinfo.domain.consent import Tier
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import Definition
from custinfo.store import Site, Store

KIND = "report"


def offered(actor: Person) -> list[Definition]:
    """The reports that somebody may build: those whose figures they read, or prepare, anyway. Raises NotAllowed."""
    permissions.check(actor, "report.build")
    prepares = permissions.may(actor, "report.prepare")
    return [one for one in report_definitions.load().values() if prepares or actor.roles & one.audience]


def check(actor: Person, name: str) -> Definition:
    """The definition of a report that the actor may build. Raises NotAllowed, NotFound."""
    definition = report_definitions.named(name)
    if definition not in offered(actor):
        raise NotAllowed("report_own.not_yours")
    return definition


def record_asked(store: Store, actor: Person, name: str, period: str) -> None:
    """Somebody had a report built for themselves. Raises as `check` does."""
    check(actor, name)
    with store.act(actor.person_id, "report.build", KIND, f"{name} {period}") as tx:
        tx.note(purpose="analysis")


def register_taken(store: Store, actor: Person, name: str, period: str, format: str, content: bytes) -> str:
    """A file of such a report leaves the system: gives the number of the entry in the register of exports."""
    check(actor, name)
    with store.act(actor.person_id, "report.take", KIND, f"{name} {period}") as tx:
        return export_register.note(
            tx, store, actor, what="report", object_id=f"{name} {period}", format=format, rows=0, columns=[],
            tier=Tier.AGGREGATE, purpose="analysis", data=content,
        )  # fmt: skip


def folder(site: Site, person_id: str) -> Path:
    """Where the reports stand that somebody had built for themselves."""
    return site.reports / "own" / person_id


def forget(site: Site, person_id: str) -> None:
    """Remove them all: nobody else may read them."""
    shutil.rmtree(folder(site, person_id), ignore_errors=True)
