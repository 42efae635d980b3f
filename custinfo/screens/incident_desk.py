"""One incident: its clocks, what is known, evidence, notices, measures, history, and the next steps."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import corrective, incident_evidence, incident_notices, incidents
from custinfo.actions.incident_notices import Notice
from custinfo.actions.incidents import Incident
from custinfo.domain import incidents as rules
from custinfo.domain import machines, money
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.screens import blocks, incident_parts
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw

STEPS = ("contain", "conclude", "close_incident", "dismiss", "reopen_incident")
MEASURES = "incident"
MOST_DIGITS = 10


class Desk:
    """An incident on the desk of somebody who handles it, or of who reported it by name."""

    def __init__(self, page: Page, which: str) -> None:
        self._page = page
        self._number = which[:40]

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        incident = incidents.find(page.store, actor, self._number)
        kind = page.text(f"incidents.kind.{incident.kind}")
        badges = [incident_parts.state_badge(page, incident), *incident_parts.overdue_badge(page, incident)]
        head = blocks.head(f"{incident.number} · {kind}", page.time(incident.noticed_at), badges=badges)
        left, right = [self._facts(incident)], [self._history(actor)]
        if permissions.may(actor, "oversight.read"):
            measures = corrective.of(page.store, actor, MEASURES, self._number)
            left += [self._evidence(actor), self._notices(actor, incident)]
            left.append(incident_parts.measures_card(page, actor, measures, self._order(actor)))
        if permissions.may(actor, "oversight.handle"):
            right.insert(0, self._steps(incident))
        return [head, *self._clocks(incident), blocks.columns(left, right)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Take a step, freeze evidence, write or send a notice, order a measure."""
        store, text = self._page.store, said(value, "text")
        if name == "assess":
            self._assess(actor, value)
        elif name in STEPS:
            incidents.step(store, actor, self._number, name, text, said(value, "cause"))
        elif name == "note":
            incidents.note(store, actor, self._number, text)
        elif name == "freeze":
            customers = said(value, "customers").split()
            incident_evidence.freeze(store, actor, self._number, _whole(said(value, "hours")), customers)
        elif name == "evidence" and isinstance(value, str):
            lines = incident_evidence.content(store, actor, value)
            return Download(f"evidence-{self._number}-{value}.jsonl", "application/x-ndjson", lines)
        elif name == "write_notice":
            self._write_notice(actor, value)
        elif name == "sent":
            incident_notices.sent(store, actor, said(value, "about"), text)
        elif name == "order":
            facts = {"what": text, "login_name": said(value, "login_name"), "due_on": said(value, "due_on")}
            corrective.order(store, actor, source_kind=MEASURES, source_id=self._number, **facts)
        else:
            incident_parts.react_to_measure(self._page, actor, name, value)
        return Redraw()

    def _assess(self, actor: Person, value: Any) -> None:
        incidents.assess(
            self._page.store,
            actor,
            self._number,
            persons=_whole(said(value, "persons")),
            loss_fen=money.fen(said(value, "loss") or "0"),
            personal_data=bool(isinstance(value, dict) and value.get("personal_data")),
            note=said(value, "text"),
        )

    def _write_notice(self, actor: Person, value: Any) -> None:
        kind = said(value, "about")
        parts = {part: said(value, part) for parts in rules.rules()[-1].content.values() for part in parts}
        incident_notices.write(
            self._page.store,
            actor,
            self._number,
            kind=kind,
            recipient=said(value, "recipient"),
            channel=said(value, "channel"),
            content=parts,
        )

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _clocks(self, incident: Incident) -> list[Block]:
        page, now = self._page, utc_now()
        found = []
        for clock in incident.due:
            over = clock.due_at < now
            kind = page.text(f"incidents.notice.{clock.notice}")
            key = "incidents.clock_over" if over else "incidents.clock"
            words = page.text(key, kind=kind, time=page.time(clock.due_at))
            found.append(blocks.banner(words, "danger" if over else "warn"))
        return found

    def _facts(self, incident: Incident) -> Block:
        page = self._page
        grade = page.text(f"incidents.grade.{incident.grade}") if incident.grade else page.text("incidents.ungraded")
        lines = [
            ("incidents.what", incident.what),
            ("incidents.systems", incident.systems),
            ("incidents.reported_by", incident.reported_by or page.text("incidents.nameless")),
            ("incidents.reported_at", page.time(incident.reported_at)),
            ("incidents.grade_label", grade),
            ("incidents.persons", f"{incident.persons:,}" if incident.grade else ""),
            ("incidents.loss", money.show(incident.loss_fen) if incident.grade else ""),
            ("incidents.cause", incident.cause),
            ("incidents.review", incident.review),
        ]
        facts = blocks.facts([(page.text(key), value) for key, value in lines if value])
        return blocks.card(page.text("incidents.facts"), [facts])

    def _steps(self, incident: Incident) -> Block:
        page = self._page
        text = blocks.field("text", page.text("oversight.note"), "multiline", required=True)
        entries = []
        for action in machines.INCIDENT[incident.state]:
            fields = [text]
            if action == "assess":
                fields = [
                    blocks.field("persons", page.text("incidents.persons"), value=str(incident.persons), required=True),
                    blocks.field(
                        "loss", page.text("incidents.loss"), value=money.yuan(incident.loss_fen), required=True
                    ),
                    blocks.field("personal_data", page.text("incidents.personal_data"), "check"),
                    text,
                ]
            elif action == "conclude":
                fields = [blocks.field("cause", page.text("incidents.cause"), "multiline", required=True), text]
            words = page.text(f"machines.action.{action}")
            look = "" if action in ("dismiss", "reopen_incident") else "primary"
            entries.append(blocks.entry(action, fields, words, folded=words, look=look))
        words = page.text("incidents.add_note")
        entries.append(blocks.entry("note", [text], words, folded=words, look=""))
        return blocks.card(page.text("incidents.steps"), entries)

    def _evidence(self, actor: Person) -> Block:
        page = self._page
        items = [
            blocks.item(
                page.text("incidents.entries", n=one.entries, first=one.from_seq, last=one.to_seq),
                meta=f"{page.time(one.frozen_at)} · {one.frozen_by} · SHA-256 {one.sha256[:16]}…",
                actions=self._take(actor, one.evidence_id),
            )
            for one in incident_evidence.of(page.store, actor, self._number)
        ]
        parts: list[Block] = [blocks.listing(items)] if items else [blocks.empty(page.text("incidents.no_evidence"))]
        if permissions.may(actor, "oversight.handle"):
            fields = [
                blocks.field("hours", page.text("incidents.hours"), value="24", required=True),
                blocks.field("customers", page.text("incidents.customers")),
            ]
            words = page.text("incidents.freeze")
            parts.append(blocks.entry("freeze", fields, words, folded=words, look=""))
        return blocks.card(page.text("incidents.evidence"), parts)

    def _take(self, actor: Person, evidence_id: str) -> list[Block]:
        if not permissions.may(actor, "audit.read"):
            return []
        words = self._page.text("incidents.download")
        return [blocks.button(words, "evidence", evidence_id, name=words, look="small")]

    def _notices(self, actor: Person, incident: Incident) -> Block:
        page = self._page
        parts: list[Block] = []
        for one in incident_notices.of(page.store, actor, self._number):
            parts += self._notice(actor, one)
        parts = parts or [blocks.empty(page.text("incidents.no_notices"))]
        if permissions.may(actor, "oversight.handle") and incident.state not in ("over", "dismissed"):
            parts += [self._blank_notice(incident, kind) for kind in rules.NOTICES]
        return blocks.card(page.text("incidents.notices"), parts)

    def _notice(self, actor: Person, one: Notice) -> list[Block]:
        page = self._page
        state = page.time(one.sent_at) if one.sent_at else page.text(f"incidents.case.{one.case_state}")
        lines = [(page.text(f"incidents.part.{part}"), words) for part, words in one.content.items()]
        lines += [(page.text("incidents.channel"), one.channel)]
        lines += [(page.text("incidents.reference"), one.reference)] if one.reference else []
        title = f"{page.text(f'incidents.notice.{one.kind}')} → {one.recipient} · {state}"
        facts = blocks.facts(lines, title)
        if one.sent_at or one.case_state != "approved" or not permissions.may(actor, "oversight.handle"):
            return [facts]
        receipt = [blocks.field("text", page.text("incidents.reference"), required=True)]
        return [facts, blocks.entry("sent", receipt, page.text("incidents.sent"), value=one.notice_id, inline=True)]

    def _blank_notice(self, incident: Incident, kind: str) -> Block:
        page = self._page
        fields = [
            blocks.field("recipient", page.text("incidents.recipient"), required=True),
            blocks.field("channel", page.text("incidents.channel"), required=True),
        ]
        for part in incident.rule.content[kind]:
            fields.append(blocks.field(part, page.text(f"incidents.part.{part}"), "multiline", required=True))
        words = page.text("incidents.write", kind=page.text(f"incidents.notice.{kind}"))
        return blocks.entry(
            "write_notice", fields, page.text("incidents.to_approval"), value=kind, folded=words, look=""
        )

    def _order(self, actor: Person) -> Block | None:
        if not permissions.may(actor, "oversight.handle"):
            return None
        page = self._page
        fields = [
            blocks.field("text", page.text("oversight.what"), "multiline", required=True),
            blocks.field("login_name", page.text("oversight.login_name"), required=True),
            blocks.field("due_on", page.text("oversight.due_on"), "date", required=True),
        ]
        words = page.text("oversight.order")
        return blocks.entry("order", fields, words, folded=words, look="")

    def _history(self, actor: Person) -> Block:
        page = self._page
        moments = [
            blocks.moment(
                page.time(one.at),
                page.text(f"incidents.event.{one.action}"),
                lines=[line for line in (one.by or page.text("incidents.nameless"), one.note) if line],
            )
            for one in incidents.events(page.store, actor, self._number)
        ]
        return blocks.card(page.text("incidents.history"), [blocks.timeline(moments)])


def _whole(text: str) -> int:
    digits = text.strip().replace(",", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS):
        raise BadInput("incidents.whole_number", text=text[:40])
    return int(digits)
