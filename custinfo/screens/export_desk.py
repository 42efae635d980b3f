"""What an export and an import are asked about beside the records: for what, with whose names, from where."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import export_register, form_exports, origins
from custinfo.domain import consent
from custinfo.domain.consent import TIERS, Tier
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Goto, Reaction

OFFERED = (Tier.IDENTIFIED, Tier.PSEUDONYMOUS)
"""The tiers of exports of records; sums are reports."""


def fields(page: Page, actor: Person) -> list[Block]:
    """For what, how much of the people, and whether to ask for an approval where one is needed."""
    purposes = [(name, one.titles[page.language]) for name, one in consent.purposes().items()]
    most = TIERS.index(permissions.export_tier(actor))
    tiers = [(str(tier), page.text(f"privacy.tier.{tier}")) for tier in OFFERED if TIERS.index(tier) <= most]
    return [
        blocks.field("purpose", page.text("privacy_desk.export.purpose"), "select", options=purposes, required=True,
                     value=form_exports.PURPOSE),
        blocks.field("tier", page.text("privacy_desk.export.tier"), "select", options=tiers, required=True),
        blocks.field("ask", page.text("privacy_desk.export.ask"), "check"),
    ]  # fmt: skip


def origin_fields(page: Page) -> list[Block]:
    """Where the rows of a file come from, and why they may be used. Unlawful sources are named, and refused."""
    kinds = [(name, one.titles[page.language]) for name, one in consent.sources().items()]
    bases = [(basis.value, page.text(f"privacy.basis.{basis}")) for basis in consent.Basis]
    return [
        blocks.field("source_kind", page.text("privacy_desk.export.source"), "select", options=kinds,
                     value=origins.OWN, required=True),
        blocks.field("lawful_basis", page.text("privacy_desk.export.basis"), "select", options=bases,
                     value=origins.CONTRACT, required=True),
    ]  # fmt: skip


def export(page: Page, actor: Person, form_id: str, value: Any) -> Reaction:
    """The file; or the case of the approval that it needs, where the person wants to ask for one."""
    store, format = page.store, said(value, "format")
    version, state = said(value, "version") or None, said(value, "state") or None
    purpose = said(value, "purpose") or form_exports.PURPOSE
    tier = Tier.PSEUDONYMOUS if said(value, "tier") == Tier.PSEUDONYMOUS else Tier.IDENTIFIED
    try:
        made = form_exports.export(
            store, actor, form_id, format, language=page.language, labels=said(value, "labels") == "yes",
            version=version, state=state, purpose=purpose, tier=tier,
        )  # fmt: skip
    except WrongState as refused:
        if refused.key not in export_register.ASKED_ANEW or said(value, "ask") != "yes":
            raise
        order = form_exports.order(form_id, format, purpose, version=version, state=state)
        return Goto(f"/case/{export_register.ask_approval(store, actor, order)}")
    return Download(made.file_name, made.media_type, made.data)
