"""The card of the home page for who reads the audit log: when it was last verified."""

from datetime import timedelta

from custinfo.access import permissions
from custinfo.actions import audit_log
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

OVERDUE = timedelta(days=7)


def card(page: Page, actor: Person) -> Block | None:
    """Whether the log was verified of late, with the way there; None for everybody else."""
    if not permissions.may(actor, "audit.read"):
        return None
    last = audit_log.last_verification(page.store)
    if last is None:
        told = blocks.banner(page.text("audit_log.home.never"), "warn")
    elif last.faults:
        told = blocks.banner(page.text("audit_log.home.faulty", time=page.time(last.at), faults=last.faults), "danger")
    elif utc_now() - last.at > OVERDUE:
        told = blocks.banner(page.text("audit_log.home.overdue", time=page.time(last.at)), "warn")
    else:
        told = blocks.banner(page.text("audit_log.home.verified", time=page.time(last.at)), "ok")
    link = blocks.link(page.text("audit_log.home.open"), "/audit", "small")
    return blocks.card(page.text("audit_log.home.title"), [told], actions=[link])
