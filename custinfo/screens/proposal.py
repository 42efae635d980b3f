"""`/proposal/<id>`: a proposed form, what it would mean for stored records, and what can be done with it."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import form_life, forms
from custinfo.actions.form_life import Proposal
from custinfo.actions.impact import Impact, Line
from custinfo.domain import machines
from custinfo.domain.people import Person
from custinfo.reports import answers
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView
from custinfo.xforms import Form, purposes

LOOK = {"draft": "info", "reviewed": "accent", "published": "ok", "withdrawn": "", "closed": ""}
MOST_BROKEN = 50
OPEN = tuple(state for state, actions in machines.FORM.items() if "withdraw" in actions)
"""States in which something is still to be done with a proposal."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The proposal of the address."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


def badge(page: Page, state: str) -> Block:
    """The state of a form or proposal as a mark."""
    return blocks.badge(page.text(f"machines.state.{state}"), LOOK.get(state, ""))


class Desk:
    """One proposal, before somebody who reviews or publishes it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        store = self._page.store
        proposal = form_life.find(store, actor, self._id)
        impact = form_life.impact_of(store, actor, self._id) if proposal.state in OPEN else None
        parts: list[Block] = [self._head(proposal)]
        if proposal.note:
            parts.append(blocks.banner(proposal.note))
        doing = self._doing(actor, proposal, impact)
        left = [self._impact(impact)] if impact else []
        return [
            *parts,
            blocks.columns([*left, self._questions(actor)], doing)
            if doing
            else blocks.columns([*left, self._questions(actor)]),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Accept, return, withdraw, publish."""
        store = self._page.store
        if name in ("accept", "return"):
            form_life.review(store, actor, self._id, name == "accept", said(value, "note"))
        elif name == "withdraw":
            form_life.withdraw(store, actor, self._id)
        elif name == "publish" and isinstance(value, str):
            summary = form_life.publish(store, actor, self._id, confirmed=value)
            return Goto(f"/forms/{summary.form_id}")
        return Redraw()

    def _head(self, proposal: Proposal) -> Block:
        page = self._page
        lines = [page.text("desk.proposal.by", name=proposal.proposed_by, time=page.time(proposal.proposed_at))]
        if proposal.reviewed_at:
            reviewed = page.time(proposal.reviewed_at)
            lines.append(page.text("desk.proposal.reviewed", name=proposal.reviewed_by, time=reviewed))
        badges = [
            badge(page, proposal.state),
            blocks.badge(page.text("desk.forms.version", version=proposal.version)),
            blocks.badge(proposal.file_name),
        ]
        printed = blocks.link(
            page.text("desk.record.print"), f"/print/{proposal.form_id}?proposal={proposal.proposal_id}"
        )
        actions = [printed]
        if proposal.state in OPEN:
            address = f"/form/{proposal.form_id}?proposal={proposal.proposal_id}"
            actions.insert(0, blocks.link(page.text("trial.open"), address, "primary"))
        return blocks.head(page.pick(proposal.titles), " · ".join(lines), badges=badges, actions=actions)

    def _doing(self, actor: Person, proposal: Proposal, impact: Impact | None) -> list[Block]:
        page = self._page
        found: list[Block] = []
        others = proposal.proposed_by_id != actor.person_id
        if proposal.state in OPEN and permissions.may(actor, "form.review") and others:
            note = blocks.field("note", page.text("desk.proposal.note"), "multiline")
            inner = [
                blocks.entry(
                    "return",
                    [note],
                    page.text("machines.action.return"),
                    look="",
                    folded=page.text("machines.action.return"),
                )
            ]
            if proposal.state == "draft":
                inner.insert(0, blocks.entry("accept", [note], page.text("machines.action.accept")))
            found.append(blocks.card(page.text("desk.proposal.review"), inner))
        if proposal.state == "reviewed" and impact is not None and permissions.may(actor, "form.publish"):
            words = page.text("machines.action.publish")
            effect = "first" if impact.base_version is None else "harm" if impact.harms else "safe"
            key = f"desk.proposal.publish_{effect}"
            asked = page.text(key, n=impact.invalid)
            press = blocks.button(words, "publish", impact.digest, name=words, look="primary", confirm=asked)
            found.append(blocks.card(page.text("desk.proposal.publish"), [blocks.empty(asked, press)]))
        if proposal.state in OPEN and permissions.may(actor, "form.propose"):
            words = page.text("machines.action.withdraw")
            press = blocks.button(
                words, "withdraw", "", name=words, look="quiet", confirm=page.text("desk.proposal.withdraw")
            )
            found.append(blocks.card("", [blocks.empty(page.text("desk.proposal.withdraw_line"), press)]))
        return found

    def _impact(self, impact: Impact) -> Block:
        page = self._page
        title = page.text("desk.proposal.impact")
        if impact.base_version is None:
            return blocks.card(title, [blocks.empty(page.text("desk.proposal.first"))])
        told = page.text("desk.proposal.revalidated", n=impact.revalidated, bad=impact.invalid)
        parts = [blocks.banner(told, "warn" if impact.harms else "ok")]
        if impact.lines:
            parts.append(blocks.listing([self._line(line) for line in impact.lines]))
        else:
            parts.append(blocks.empty(page.text("desk.proposal.same")))
        if impact.now_invalid:
            items = [
                blocks.item(
                    one.problems[0].message(page.language), f"/record/{one.record_id}",
                    meta=page.text("desk.proposal.more", n=len(one.problems) - 1) if len(one.problems) > 1 else "",
                )
                for one in impact.now_invalid[:MOST_BROKEN]
            ]  # fmt: skip
            parts.append(blocks.card(page.text("desk.proposal.broken"), [blocks.listing(items)], flush=True))
        return blocks.card(title, parts, badges=[blocks.badge(f"{impact.base_version} → {impact.version}")])

    def _line(self, line: Line) -> Block:
        language = self._page.language
        harm = [blocks.badge(str(line.harmed), "warn")] if line.harmed.most else []
        return blocks.item(line.text(language), meta=line.advice(language), badges=harm)

    def _questions(self, actor: Person) -> Block:
        page = self._page
        form = form_life.form_of(page.store, actor, self._id)
        session = forms.session(page.store, form, {}, language=page.language)
        items = [
            blocks.item(one.label, meta=self._meta(form, section, one, session.language))
            for section in answers.every_question(session, actor)
            for one in section.answers
        ]
        return blocks.card(page.text("desk.proposal.questions", n=len(items)), [blocks.listing(items)], flush=True)

    def _meta(self, form: Form, section: answers.Section, one: answers.Answer, spoken: str) -> str:
        """Where the question stands, and when it is asked."""
        asked = " · ".join(words for words in (section.condition, one.condition) if words)
        about = self._about(form, section.label, one.ref, spoken)
        return f"{about} · {self._page.text('desk.print.only_if', condition=asked)}" if asked else about

    def _about(self, form: Form, section: str, ref: str, spoken: str) -> str:
        """Where a question stands, its name, and what its answer is collected for."""
        purpose = purposes.hinted(form, ref, "", self._page.language, spoken)
        return " · ".join(part for part in (section, ref.rpartition("/")[2], purpose) if part)
