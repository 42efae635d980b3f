"""`/record/<id>`: one record with its notes, queries, decisions and versions. `?version=` shows an older one."""

from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from custinfo.access import permissions, visibility
from custinfo.actions import (
    approvals,
    conflicts,
    files,
    forms,
    record_approvals,
    record_levels,
    record_views,
    reveals,
    reviews,
    second_entries,
)
from custinfo.actions.record_views import RecordView, VersionLine
from custinfo.actions.reviews import Decided, Query
from custinfo.domain import machines
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.reports import answers
from custinfo.reports.answers import Answer, Section
from custinfo.screens import blocks, case_cards, compared, conflict_cards, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number, said
from custinfo.screens.records import state_badge
from custinfo.screens.sheet_view import Download, Reaction, Redraw, Revealed, SheetView
from custinfo.xforms import Session
from custinfo.xforms.refs import without_positions

MOST_CHANGES = 40


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The record of the address, as the person who asks may see it."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """One record on the desk of somebody who reads or reviews it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._record_id = page.tail()
        self._version = number(page.query.get("version", ""))

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        record = record_views.read(self._page.store, actor, self._record_id, self._version)
        session = self._session(actor, record)
        sections = answers.sections(session, actor, self._page.language, record.level)
        asked = reviews.queries(self._page.store, actor, self._record_id)
        left = [self._section(section, record, asked, session) for section in sections]
        right = [
            case_cards.card(self._page, actor, "record", self._record_id) if record.version == record.newest else None,
            self._level(actor, record),
            self._review(actor, record, session, sections),
            self._queries(actor, asked),
            self._history(actor, record, session),
        ]
        beside = [self._conflicts(actor), self._compared(actor)] if record.theirs else []
        above = [*self._head(actor, record), *(one for one in beside if one)]
        return [*above, blocks.columns(left or [self._nothing()], [one for one in right if one])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Decide, ask, answer, resolve; or give a file of the record."""
        store = self._page.store
        text, about = said(value, "text"), said(value, "about")
        if name == "reveal" and isinstance(value, str):
            shown = reveals.reveal(
                store, actor, "record", self._record_id, value, version=self._version, language=self._page.language
            )
            return Revealed(value, shown)
        if name == "file" and isinstance(value, str):
            stored, data = files.get(store, actor, value)
            return Download(stored.name.partition("-")[2] or stored.name, stored.media_type, data)
        if name == "level":
            record_levels.set(store, actor, self._record_id, _level(said(value, "level")), said(value, "reason"))
        elif name in reviews.DECISIONS:
            version = number(about)
            if version is None:
                raise NotFound("access.no_record")
            reviews.decide(store, actor, self._record_id, version, name, text)  # type: ignore[arg-type]
        elif name == "ask":
            record = record_views.read(store, actor, self._record_id)
            reviews.ask(store, actor, self._record_id, record.version, said(value, "ref"), text)
        elif name == "say":
            reviews.say(store, actor, about, text)
        elif name == "resolve" and isinstance(value, str):
            reviews.resolve(store, actor, value)
        elif name == conflict_cards.EVENT:
            conflict_cards.resolve(self._page, actor, value)
        else:
            case_cards.react(self._page, actor, name, value)
        return Redraw()

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _session(self, actor: Person, record: RecordView) -> Session:
        return record_views.session(self._page.store, actor, record, self._page.language)

    def _head(self, actor: Person, record: RecordView) -> list[Block]:
        page = self._page
        badges = [
            state_badge(page, record.state),
            blocks.badge(page.text("pages.customer.version", version=record.version)),
            *(blocks.badge(made.number, "accent") for made in record.made),
        ]
        times = [page.text("desk.record.recorded", name=record.recorded_by_name, time=page.time(record.recorded_at))]
        if record.interviewed_at:
            times.append(page.text("desk.record.interviewed", time=page.time(record.interviewed_at)))
        head = blocks.head(
            page.pick(record.titles), " · ".join(times), badges=badges, actions=self._actions(actor, record)
        )
        if record.version == record.newest:
            return [head]
        older = page.text("desk.record.older", version=record.version, newest=record.newest)
        return [head, blocks.banner(older, "warn")]

    def _actions(self, actor: Person, record: RecordView) -> list[Block]:
        page = self._page
        found: list[Block] = []
        form = f"/form/{record.form_id}"
        if record.theirs and record.version == record.newest and permissions.may(actor, "record.edit"):
            found.append(blocks.link(page.text("desk.record.edit"), f"{form}?record={record.record_id}", "primary"))
        loaded = forms.load(page.store, record.form_id, record.form_version)
        others = record.theirs and actor.person_id != record.recorded_by and permissions.may(actor, "record.verify")
        if forms.double_entry(loaded) and others:
            found.append(blocks.link(page.text("desk.record.verify"), f"{form}?verify={record.record_id}"))
        if record.about and record.about.dataset == "customers":
            found.append(blocks.link(record.about.number, f"/customer/{record.about.entity_id}"))
        printed = f"/print/{record.form_id}?record={record.record_id}&version={record.version}"
        return [*found, blocks.link(page.text("desk.record.print"), printed)]

    def _conflicts(self, actor: Person) -> Block | None:
        found = conflicts.listed(self._page.store, actor, record_id=self._record_id)
        return conflict_cards.card(self._page, found, f"/record/{self._record_id}")

    def _compared(self, actor: Person) -> Block | None:
        if not permissions.may(actor, "record.review"):
            return None
        page = self._page
        return compared.card(page, second_entries.comparisons(page.store, actor, self._record_id, page.language))

    def _section(self, section: Section, record: RecordView, asked: tuple[Query, ...], session: Session) -> Block:
        open_at = {query.ref for query in asked if query.state == "open"}
        lines = [self._answer(one, record, one.ref in open_at, session) for one in section.answers]
        return blocks.card(section.label, [blocks.listing(lines)], flush=True)

    def _answer(self, one: Answer, record: RecordView, asked: bool, session: Session) -> Block:
        page = self._page
        note, reason = record.notes.get(one.ref), record.reasons.get(one.ref)
        words = [one.label]
        if note:
            words.append(page.text("desk.record.note", text=note))
        if reason:
            words.append(page.text("desk.record.reason", text=reason))
        badges = [blocks.badge(page.text("desk.record.queried"), "warn")] if asked else []
        actions: list[Block] = []
        text = one.text
        stored = record.files.get(session.state(one.ref).value) if one.upload else None
        if stored is not None:
            text = one.text if one.masked else one.value.partition("-")[2]
            get = page.text("desk.record.get_file", size=max(1, stored.size // 1024))
            actions = [blocks.button(get, "file", stored.file_id, name=f"{get} {text}", look="small")]
        secret = blocks.secret(one.ref, page.text("reveals.show"), page.text("reveals.hide"), one.label)
        return blocks.item(
            text, meta=" · ".join(words), badges=badges, actions=actions, secret=secret if one.masked else None
        )

    def _review(self, actor: Person, record: RecordView, session: Session, sections: list[Section]) -> Block | None:
        page = self._page
        own = actor.person_id in {record.recorded_by} or not record.theirs
        if not permissions.may(actor, "record.review") or record.version != record.newest or own:
            return None
        said = blocks.field("text", page.text("desk.record.say"), "multiline")
        decide = [
            blocks.entry(
                action, [said], page.text(f"machines.action.{action}"), value=str(record.version),
                look="primary" if action == "approve" else "danger" if action == "reject" else "",
                folded=page.text(f"machines.action.{action}"),
            )
            for action in machines.RECORD.get(record.state, {}) if action in self._decisions()
        ]  # fmt: skip
        questions = [(one.ref, one.label) for section in sections for one in section.answers]
        given = {ref for ref, _ in questions}
        questions += [
            (state.ref, state.label)
            for state in session.nodes()
            if state.ref not in given
            and state.relevant
            and state.label
            and visibility.sees(actor, session.form.levels[without_positions(state.ref)])
        ]
        fields = [
            blocks.field("ref", page.text("desk.record.question"), "select", options=questions, required=True),
            blocks.field("text", page.text("desk.record.ask_text"), "multiline", required=True),
        ]
        ask = page.text("desk.record.ask")
        return blocks.card(page.text("desk.record.review"), [*decide, blocks.entry("ask", fields, ask, folded=ask)])

    def _level(self, actor: Person, record: RecordView) -> Block | None:
        """How secret the record is as a whole, for who says so."""
        page = self._page
        if not record.theirs or not permissions.may(actor, "record.level"):
            return None
        now = record.level or Level.INTERNAL
        levels = [(str(int(one)), page.text(f"people.level.{int(one)}")) for one in Level if one >= actor.clearance]
        fields = [
            blocks.field("level", page.text("record_levels.level"), "select", options=levels, value=str(int(now))),
            blocks.field("reason", page.text("record_levels.reason"), required=True),
        ]
        words = page.text("record_levels.set")
        told = blocks.facts([(page.text("record_levels.now"), page.text(f"people.level.{int(now)}"))])
        return blocks.card(page.text("record_levels.title"), [told, blocks.entry("level", fields, words, folded=words)])

    def _decisions(self) -> Collection[str]:
        """What a review may decide; a record that goes through a procedure is approved there alone."""
        case = approvals.of(self._page.store, record_approvals.KIND, self._record_id)
        return reviews.DECISIONS if case is None else ("has_issues",)

    def _queries(self, actor: Person, asked: tuple[Query, ...]) -> Block | None:
        page = self._page
        if not asked:
            return None
        parts: list[Block] = []
        for query in sorted(asked, key=lambda one: one.state != "open"):
            said = [blocks.moment(f"{one.said_by} · {page.time(one.said_at)}", one.text) for one in query.messages]
            label = page.pick(query.label) or query.ref
            open_ = query.state == "open"
            state = blocks.badge(page.text(f"machines.state.{query.state}"), "warn" if open_ else "ok")
            inner: list[Block] = [blocks.timeline(said)]
            actions: list[Block] = []
            if open_:
                words = [blocks.field("text", page.text("desk.record.answer"), "multiline", required=True)]
                inner.append(
                    blocks.entry("say", words, page.text("desk.record.send"), value=query.query_id, look="small")
                )
                if permissions.may(actor, "record.review"):
                    done = page.text("machines.action.resolve")
                    actions = [blocks.button(done, "resolve", query.query_id, name=f"{done} {label}", look="small")]
            parts.append(blocks.card(label, inner, badges=[state], actions=actions))
        return blocks.card(page.text("desk.record.queries"), parts)

    def _history(self, actor: Person, record: RecordView, session: Session) -> Block:
        """The versions, newest first, each after what was decided about it."""
        said = reviews.decisions(self._page.store, actor, self._record_id)
        moments: list[Block] = []
        for one in record.versions:
            moments += [self._decision(each) for each in reversed(said) if each.version == one.version]
            moments.append(self._version_line(record, one, session))
        return blocks.card(self._page.text("pages.customer.history"), [blocks.timeline(moments)])

    def _decision(self, one: Decided) -> Block:
        page = self._page
        when = f"{one.reviewed_by} · {page.time(one.reviewed_at)}"
        return blocks.moment(when, page.text(f"machines.state.{one.state}"), lines=[one.note] if one.note else [])

    def _version_line(self, record: RecordView, one: VersionLine, session: Session) -> Block:
        page = self._page
        lines = [page.text("pages.customer.reason", reason=one.reason)] if one.reason else []
        if one.changed:
            names = [answers.label_of(session, ref) for ref in one.changed[:MOST_CHANGES]]
            between = answers.BETWEEN.get(page.language, ", ")
            lines.append(page.text("desk.record.changed", questions=between.join(names)))
        when = f"{one.recorded_by_name} · {page.time(one.recorded_at)}"
        title = page.text("pages.customer.version", version=one.version)
        href = f"/record/{quote(record.record_id)}?version={one.version}"
        return {**blocks.moment(when, title, lines=lines, badges=[state_badge(page, one.state)]), "href": href}

    def _nothing(self) -> Block:
        return blocks.card("", [blocks.empty(self._page.text("desk.record.nothing"))])


def _level(given: str) -> Level:
    """The level that an entry asked for; one that there is not is refused like any that is above one's clearance."""
    if given not in ("1", "2", "3"):
        raise NotFound("record_levels.unknown")
    return Level(int(given))
