"""A customer's consents on their page: how each purpose stands, to give and to withdraw, and what was said so far."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import consents
from custinfo.actions.consents import Consent, Standing
from custinfo.actions.privacy_files import Given
from custinfo.domain import consent
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.privacy_requests import channels, day_of, labels
from custinfo.screens.sheet_view import SheetView

GIVE, WITHDRAW, TOLD = "consent_give", "consent_withdraw", "consent_told"
LOOK = {"given": "ok", "free": "", "missing": "warn"}
NEWEST = 8


def card(page: Page, actor: Person, customer_id: str) -> Block:
    """The card with a line for each purpose, and the entries for who records consents."""
    found = consents.standings(page.store, actor, customer_id)
    items = [_item(page, one) for one in found]
    parts: list[Block] = [blocks.listing(items)]
    if permissions.may(actor, "consent.record"):
        parts += _entries(page, customer_id, found)
    said_so_far = consents.history(page.store, actor, customer_id)[:NEWEST]
    if said_so_far:
        parts.append(blocks.timeline([_moment(page, row) for row in said_so_far]))
    return blocks.card(page.text("privacy_desk.consent.title"), parts, id="consents")


def react(page: Page, view: SheetView, actor: Person, customer_id: str, name: str, value: Any) -> bool:
    """Do what an event of the card asks for; whether it was one."""
    if name == GIVE:
        files = view.uploaded(value.get("file") if isinstance(value, dict) else None)
        given = Consent(
            said(value, "purpose"), said(value, "channel"), day_of(said(value, "day")), said(value, "evidence"),
            Given(files[0].name, files[0].data) if files else None, said(value, "separate") == "yes",
            day_of(said(value, "until")) if said(value, "until") else None, said(value, "guardian"),
            day_of(said(value, "born")) if said(value, "born") else None,
        )  # fmt: skip
        consents.give(page.store, actor, customer_id, given)
    elif name == WITHDRAW:
        consents.withdraw(
            page.store, actor, customer_id, said(value, "purpose"), channel=said(value, "channel"),
            happened_on=day_of(said(value, "day")), reason=said(value, "evidence"),
        )  # fmt: skip
    elif name == TOLD:
        consents.told(
            page.store, actor, customer_id, channel=said(value, "channel"), happened_on=day_of(said(value, "day")),
            how=said(value, "evidence"),
        )  # fmt: skip
    else:
        return False
    return True


def _item(page: Page, one: Standing) -> Block:
    title = one.purpose.titles[page.language]
    event = one.event or {}
    meta = str(event.get("happened_on", ""))
    if event.get("expires_on"):
        meta += " · " + page.text("privacy_desk.consent.until", day=event["expires_on"])
    mark = blocks.badge(page.text(f"privacy.state.{one.state}"), LOOK.get(one.state, "danger"))
    return blocks.item(title, meta=meta, badges=[mark])


def _entries(page: Page, customer_id: str, found: list[Standing]) -> list[Block]:
    label = labels(page, "consent")
    today = str(page.today())
    common = [
        blocks.field("channel", label("channel"), "select", options=channels(page)),
        blocks.field("day", label("day"), "date", value=today, required=True),
    ]
    asked = [(one.purpose.purpose_id, one.purpose.titles[page.language]) for one in found if one.purpose.needs_consent]
    every = [(name, one.titles[page.language]) for name, one in consent.purposes().items()]
    give = [
        blocks.field("purpose", label("purpose"), "select", options=asked),
        *common,
        blocks.field("evidence", label("evidence"), hint=label("evidence_hint")),
        blocks.field("file", label("scan"), "file", accept=".pdf,.jpg,.jpeg,.png"),
        blocks.field("separate", label("separate"), "check"),
        blocks.field("until", label("ends"), "date"),
        blocks.field("born", label("born"), "date", hint=label("born_hint")),
        blocks.field("guardian", label("guardian")),
    ]
    stop = [blocks.field("purpose", label("purpose"), "select", options=every), *common,
            blocks.field("evidence", label("why"))]  # fmt: skip
    entries = [
        blocks.entry(GIVE, give, label("give"), value=customer_id, folded=label("give")),
        blocks.entry(WITHDRAW, stop, label("withdraw"), value=customer_id, look="danger", folded=label("withdraw")),
    ]
    if any(one.state == consents.UNTOLD for one in found):
        how = blocks.field("evidence", label("how"), required=True)
        entries.append(blocks.entry(TOLD, [*common, how], label("told"), value=customer_id, folded=label("told")))
    return entries


def _moment(page: Page, row: dict[str, Any]) -> Block:
    known = consent.purposes().get(row["purpose"])
    purpose = known.titles[page.language] if known else page.text("privacy_desk.all_purposes")
    lines = [page.text(f"privacy.channel.{row['channel']}")]
    if row["notice_version"]:
        lines.append(page.text("privacy.answer.notice", version=row["notice_version"]))
    if row["evidence"]:
        lines.append(row["evidence"])
    kind = page.text(f"privacy.event.{row['kind']}")
    title = f"{kind} · {purpose}"
    return blocks.moment(f"{row['display_name'] or ''} · {row['happened_on']}", title, lines=[" · ".join(lines)])
