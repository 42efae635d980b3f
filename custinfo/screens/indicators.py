"""`/indicators`: what every indicator means and which version is in force. `/indicators/<version>`: what a version
changes, what departments say of it, its approval (R164).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from custinfo.access import permissions
from custinfo.actions import indicator_systems
from custinfo.actions.indicator_systems import KIND, OBJECT, System
from custinfo.domain import indicator_definitions
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.indicator_definitions import Change
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number, said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

LOOK = {"approved": "ok", "adopted": "warn", "open": "info", "returned": "warn", "discussed": "info"}
SHORT = 16
"""Characters of a digest that people compare."""
LIST = "list"


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The indicators, or the version that the address names."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """The indicators with a search, the versions of the system; or one version."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._query = ""

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        if page.tail() != "indicators":
            return self._version(actor)
        now = indicator_systems.in_force(page.store, actor)
        words = [page.text(f"indicator_systems.page.{name}") for name in ("search", "placeholder")]
        return [
            blocks.head(page.text("indicator_systems.page.title"), page.text("indicator_systems.page.subtitle")),
            self._standing(now),
            self._versions(actor),
            *self._propose(actor),
            blocks.search(words[0], words[1], self._query),
            self._indicators(now),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Search, propose, answer, put forward, take back, or decide on a version."""
        store = self._page.store
        if name == "search" and isinstance(value, str):
            self._query = value.strip()
            return [self._indicators(indicator_systems.in_force(store, actor))]
        if name == "propose":
            version = indicator_systems.propose(store, actor, said(value, "reason"), _day(said(value, "answer_by")))
            return Goto(f"/indicators/{version}")
        if name in ("answer", "forward", "withdraw"):
            version = number(said(value, "about")) or 0
            if name == "answer":
                indicator_systems.answer(store, actor, version, said(value, "stance"), said(value, "note"))
            elif name == "forward":
                indicator_systems.put_forward(store, actor, version, said(value, "note"))
            else:
                indicator_systems.withdraw(store, actor, version, said(value, "note"))
            return Redraw()
        return Redraw() if case_cards.react(self._page, actor, name, value) else []

    # ---- all of it --------------------------------------------------------------------------------------------------

    def _standing(self, now: System | None) -> Block:
        """Whether the indicators are those of the version in force."""
        page = self._page
        if now is None:
            return blocks.banner(page.text("indicator_systems.page.none_in_force"), "warn")
        if now.content != indicator_definitions.content():
            return blocks.banner(page.text("indicator_systems.page.changed", version=now.version), "warn")
        told = {"version": now.version, "sha256": now.sha256[:SHORT]}
        if now.state == indicator_systems.ADOPTED:
            return blocks.banner(page.text("indicator_systems.page.adopted", **told), "warn")
        by = page.text("pages.home.and").join(
            f"{name} {page.time(at)}" for name, at in indicator_systems.approvers(page.store, now)
        )
        return blocks.banner(page.text("indicator_systems.page.in_force", by=by, **told), "info")

    def _indicators(self, now: System | None) -> Block:
        page = self._page
        approved = indicator_definitions.indicators(now.content) if now else {}
        found = indicator_definitions.indicators(indicator_definitions.content())
        chosen = [one for one in found.values() if self._query.casefold() in _words(one)]
        items = [self._item(one, one == approved.get(one["id"]), now) for one in chosen]
        title = page.text("indicator_systems.page.list")
        body = blocks.listing(items) if items else blocks.empty(page.text("indicator_systems.page.nothing"))
        return blocks.card(title, [body], id=LIST, badges=[blocks.badge(str(len(items)))], flush=bool(items))

    def _item(self, one: Mapping[str, Any], stands: bool, now: System | None) -> Block:
        page, newest = self._page, indicator_definitions.newest(one)
        spoken, comma = "en" if page.language == "en" else "zh", page.text("pages.home.and")
        parameters = comma.join(f"{name} = {value}" for name, value in newest.get("parameters", {}).items())
        told = page.text(
            "indicator_systems.page.told", meaning=newest[spoken], unit=page.text(f"statistics.unit.{one['unit']}"),
            formula=f"{newest['formula']} ({parameters})" if parameters else newest["formula"],
            sources=comma.join(one["sources"]), owner=one["owner"],
        )  # fmt: skip
        valid = page.text("indicator_systems.page.valid", version=newest["version"], day=newest["effective_from"])
        words = f"indicator_systems.state.{now.state}" if stands and now else "indicator_systems.page.not_approved"
        look = LOOK.get(now.state, "") if stands and now else "warn"
        return blocks.item(one[spoken], meta=told, badges=[blocks.badge(valid), blocks.badge(page.text(words), look)])

    def _versions(self, actor: Person) -> Block:
        page = self._page
        title = page.text("indicator_systems.page.versions")
        found = indicator_systems.listed(page.store, actor)
        if not found:
            return blocks.card(title, [blocks.empty(page.text("indicator_systems.page.versions_none"))])
        items = [
            blocks.item(
                page.text("indicator_systems.page.version_of", version=one.version), f"/indicators/{one.version}",
                meta=self._origin(one), badges=[self._badge(one)],
            )
            for one in found
        ]  # fmt: skip
        return blocks.card(title, [blocks.listing(items)], flush=True)

    def _origin(self, one: System) -> str:
        return f"{one.reason} — {one.by or '—'}, {self._page.time(one.recorded_at)}"

    def _badge(self, one: System) -> Block:
        return blocks.badge(self._page.text(f"indicator_systems.state.{one.state}"), LOOK.get(one.state, "danger"))

    def _propose(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "indicator.propose"):
            return []
        page = self._page
        words = page.text("indicator_systems.page.propose")
        fields = [
            blocks.field("reason", page.text("indicator_systems.page.reason"), "multiline", required=True),
            blocks.field("answer_by", page.text("indicator_systems.page.answer_by"), "date", required=True),
        ]
        hint: Block = {"type": "text", "text": page.text("indicator_systems.page.propose_hint")}
        return [blocks.card(words, [hint, blocks.entry("propose", fields, words)])]

    # ---- one version -----------------------------------------------------------------------------------------------

    def _version(self, actor: Person) -> list[Block]:
        page = self._page
        asked = number(page.tail())
        if asked is None:
            raise NotFound("indicator_systems.page.unknown")
        one, changes = indicator_systems.read(page.store, actor, asked)
        back = blocks.link(page.text("indicator_systems.page.back"), "/indicators")
        title = page.text("indicator_systems.page.version_of", version=one.version)
        origin = page.text("indicator_systems.page.origin", origin=self._origin(one), sha256=one.sha256[:SHORT])
        card = case_cards.card(page, actor, KIND, str(one.version))
        return [
            blocks.head(title, origin, badges=[self._badge(one)], actions=[back]),
            *([card] if card else []),
            self._opinions(one),
            *self._work(actor, one),
            self._changes(changes),
        ]

    def _opinions(self, one: System) -> Block:
        page = self._page
        title = page.text("indicator_systems.page.opinions")
        items = [
            blocks.item(
                each.department, meta=f"{each.note or '—'} — {each.by}, {page.time(each.at)}",
                badges=[blocks.badge(page.text(f"indicator_systems.stance_of.{each.stance}"),
                                     "danger" if each.stance == OBJECT else "ok")],
            )
            for each in one.opinions
        ]  # fmt: skip
        late = one.state == indicator_systems.DISCUSSED and one.answer_by < page.today()
        words = page.text("indicator_systems.page.unanswered", day=one.answer_by)
        items += [
            blocks.item(name, badges=[blocks.badge(words, "danger" if late else "warn")]) for name in one.unanswered
        ]
        parts: list[Block] = [blocks.listing(items)] if items else [
            blocks.empty(page.text("indicator_systems.page.nobody_asked"))
        ]  # fmt: skip
        if one.answer:
            parts.append({"type": "text", "text": page.text("indicator_systems.page.dealt_with", answer=one.answer)})
        return blocks.card(title, parts)

    def _work(self, actor: Person, one: System) -> list[Block]:
        """What may be done while it is discussed: answer for a department, put it forward, take it back."""
        if one.state != indicator_systems.DISCUSSED:
            return []
        page, about = self._page, str(one.version)
        cards = []
        if permissions.may(actor, "indicator.answer") and actor.department in one.departments:
            stances = [(each, page.text(f"indicator_systems.stance_of.{each}")) for each in indicator_systems.STANCES]
            fields = [
                blocks.field("stance", page.text("indicator_systems.page.stance"), "select", options=stances),
                blocks.field("note", page.text("indicator_systems.page.note"), "multiline"),
            ]
            words = page.text("indicator_systems.page.answer")
            cards.append(blocks.card(words, [blocks.entry("answer", fields, words, value=about)]))
        if permissions.may(actor, "indicator.propose"):
            for event, look in (("forward", "primary"), ("withdraw", "")):
                words = page.text(f"indicator_systems.page.{event}")
                note = page.text(f"indicator_systems.page.{event}_note")
                fields = [blocks.field("note", note, "multiline", required=event == "withdraw")]
                cards.append(blocks.card(words, [blocks.entry(event, fields, words, value=about, look=look)]))
        return [blocks.columns(cards[::2], cards[1::2])] if cards else []

    def _changes(self, changes: tuple[Change, ...]) -> Block:
        page = self._page
        title = page.text("indicator_systems.page.changes", n=len(changes))
        if not changes:
            return blocks.card(title, [blocks.empty(page.text("indicator_systems.page.no_changes"))])
        moments = [
            blocks.moment(
                one.indicator, one.titles[page.language],
                badges=[blocks.badge(page.text(f"indicator_systems.change.{one.kind}"))],
                changes=[blocks.change(name, before or "—", after or "—") for name, before, after in one.fields],
            )
            for one in changes
        ]  # fmt: skip
        return blocks.card(title, [blocks.timeline(moments)])


def _words(one: Mapping[str, Any]) -> str:
    """What a search looks into."""
    newest = indicator_definitions.newest(one)
    parts = (one["id"], one["zh"], one["en"], one["owner"], newest["zh"], newest["en"], newest["formula"])
    return " ".join(parts).casefold()


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadInput("indicator_systems.page.day_missing") from None
