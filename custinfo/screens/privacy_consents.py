"""The privacy desk's consents and notices: how many stand, who has to be asked or told again, what people are told."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import consent_overview, consents, notices
from custinfo.actions.notices import Notice
from custinfo.domain import consent
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.privacy_requests import channels, day_of, labels
from custinfo.screens.sheet_view import Reaction, Redraw, SheetView

COUNTED = (consents.GIVEN, consents.WITHDRAWN, consents.EXPIRED, consents.RESTRICTED)


class Consents:
    """Consents by purpose; who consented to a notice that was replaced; who has to be told."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The three lists."""
        return [self._counts(actor), blocks.columns([self._outdated(actor)], [self._to_tell(actor)])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Record that somebody was told."""
        if name == "told":
            consents.told(
                self._page.store, actor, said(value, "about"), channel=said(value, "channel"),
                happened_on=day_of(said(value, "day")), how=said(value, "how"),
            )  # fmt: skip
        return Redraw()

    def _counts(self, actor: Person) -> Block:
        page = self._page
        found = consent_overview.counts(page.store, actor)
        columns = [blocks.column(page.text("privacy_desk.consent.purpose"), wide=True)]
        columns.append(blocks.column(page.text("privacy_desk.consent.needs")))
        columns += [blocks.column(page.text(f"privacy.state.{name}"), number=True) for name in COUNTED]
        rows = []
        for name, one in consent.purposes().items():
            kind = "separate" if one.separate else "yes" if one.needs_consent else "no"
            needs = page.text(f"privacy_desk.consent.needs_{kind}", article=one.article)
            rows.append([(one.titles[page.language], ""), (needs, ""),
                         *((str(found[name][state] or ""), "") for state in COUNTED)])  # fmt: skip
        title = page.text("privacy_desk.consent.title")
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _outdated(self, actor: Person) -> Block:
        page = self._page
        items = [
            blocks.item(
                one.number, f"/customer/{one.entity_id}",
                meta=page.text(
                    "privacy_desk.consent.old", purpose=consent.purpose(one.purpose).titles[page.language],
                    version=one.version, newest=one.newest,
                ),
            )
            for one in consent_overview.outdated(page.store, actor)
        ]  # fmt: skip
        body = blocks.listing(items) if items else blocks.empty(page.text("privacy_desk.consent.none_old"))
        return blocks.card(page.text("privacy_desk.consent.outdated"), [body], flush=bool(items))

    def _to_tell(self, actor: Person) -> Block:
        page = self._page
        label = labels(page, "consent")
        parts: list[Block] = []
        for row in consent_overview.to_tell(page.store, actor):
            fields = [
                blocks.field("channel", label("channel"), "select", options=channels(page)),
                blocks.field("day", label("day"), "date", value=str(page.today()), required=True),
                blocks.field("how", label("how"), required=True),
            ]
            if permissions.may(actor, "consent.record"):
                parts.append(blocks.entry("told", fields, label("told"), value=row["entity_id"], folded=row["number"]))
            else:
                parts.append(blocks.listing([blocks.item(row["number"])]))
        return blocks.card(label("to_tell"), parts or [blocks.empty(label("none_to_tell"))])


class Notices:
    """What people are told: every version of every notice, to read and print, and a new version."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The newest version in full, older ones folded by the browser's own means, and the entry for a new one."""
        page = self._page
        permissions.check(actor, "privacy.read")
        found = notices.versions(page.store)
        newest = [one for one in found if one.version == notices.find(page.store, one.notice_id).version]
        older = [one for one in found if one not in newest]
        return [*(self._shown(one) for one in newest), *self._older(older), *self._new(actor, newest)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Publish a version."""
        if name == "publish":
            texts = {language: said(value, f"text_{language}") for language in LANGUAGES}
            chosen = tuple(one for one in consent.purposes() if said(value, f"purpose_{one}") == "yes")
            notices.publish(self._page.store, actor, said(value, "about"), texts, chosen, said(value, "reason"))
        return Redraw()

    def _shown(self, one: Notice) -> Block:
        page = self._page
        lines = [part.strip() for part in one.texts[page.language].split("\n\n") if part.strip()]
        parts = [{"type": "text", "text": plain(line)} for line in lines]
        covers = "、".join(consent.purpose(name).titles[page.language] for name in one.purposes)
        facts = [
            (page.text("privacy_desk.notice.covers"), covers), (page.text("privacy_desk.notice.reason"), one.reason),
            (page.text("privacy_desk.notice.published"), page.time(one.published_at)), ("SHA-256", one.sha256),
        ]  # fmt: skip
        version = blocks.badge(page.text("pages.customer.version", version=one.version), "accent")
        printing = {"text": page.text("desk.record.print"), "print": True, "look": "small"}
        title = page.text("privacy_desk.notice.title")
        return blocks.card(title, [*parts, blocks.facts(facts)], badges=[version], actions=[printing])

    def _older(self, found: list[Notice]) -> list[Block]:
        page = self._page
        if not found:
            return []
        moments = [
            blocks.moment(page.time(one.published_at), page.text("pages.customer.version", version=one.version),
                          lines=[one.reason, one.sha256])
            for one in found
        ]  # fmt: skip
        return [blocks.card(page.text("privacy_desk.notice.older"), [blocks.timeline(moments)])]

    def _new(self, actor: Person, newest: list[Notice]) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "notice.publish"):
            return []
        label = labels(page, "notice")
        found: list[Block] = []
        for one in newest:
            texts = [blocks.field(f"text_{language}", label(f"text.{language}"), "multiline", required=True,
                                  value=one.texts[language]) for language in LANGUAGES]  # fmt: skip
            ticks = [
                blocks.field(f"purpose_{name}", purpose.titles[page.language], "check",
                             value="yes" if name in one.purposes else "")
                for name, purpose in consent.purposes().items()
            ]  # fmt: skip
            reason = blocks.field("reason", label("reason"), required=True)
            fields = [*texts, *ticks, reason]
            entry = blocks.entry("publish", fields, label("publish"), value=one.notice_id, folded=label("new"))
            found.append(blocks.card("", [entry]))
        return found


def plain(markdown: str) -> str:
    """A paragraph of a notice as plain text: emphasis and heading marks are for editors."""
    return markdown.replace("**", "").lstrip("# ")
