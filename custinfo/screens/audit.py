"""`/audit`: the auditor's page. What is to be shown stands in the address, so that a selection can be kept and sent on.

`?who=&action=&object=&from=&to=` narrow the list down (several actions with commas), `?first=&last=` are entry numbers,
`?days=` is how far back unusual reading is looked for.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from custinfo.access import permissions
from custinfo.actions import audit_export, audit_log, audit_words, unusual_reading
from custinfo.actions.audit_log import AuditEntry, Selection
from custinfo.actions.unusual_reading import Finding
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE, Person
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.entered import number, said
from custinfo.screens.sheet_view import Download, Goto, Reaction, SheetView
from custinfo.store.audit import Verified

ADDRESS = "/audit"
MOST_EXPORTED = 100_000
"""More is written by the command, which needs no browser that holds it."""
PERIODS = (7, 30)
MOST_FINDINGS = 20
LONGEST_ID = 100
FIELDS = ("who", "action", "object", "from", "to")


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The audit log, for who may read it."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """Which entries are asked for, and how far the list was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        permissions.check(actor, "audit.read")
        head = blocks.head(self._text("title"), self._text("subtitle", n=f"{audit_log.count(page.store, actor):,}"))
        right = [self._verification(self._last_verified()), self._export()]
        return [head, blocks.columns([self._unusual(actor)], right), self._filter(actor), self._table(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Narrow the list down, turn its page, verify, export."""
        permissions.check(actor, "audit.read")
        if name == "filter":
            wanted = {key: said(value, key).strip()[:LONGEST_ID] for key in FIELDS if said(value, key).strip()}
            return Goto(f"{ADDRESS}?{urlencode(wanted)}" if wanted else ADDRESS)
        if name == "verify":
            return [self._verification(self._verified(audit_log.verify(self._page.store, actor)))]
        if name == "export":
            made = audit_export.export(
                self._page.store, actor, self._wanted(), said(value, "format"), self._page.language, most=MOST_EXPORTED
            )
            return Download(made.file_name, "application/zip", made.data)
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(actor)]

    # ---- which entries ----------------------------------------------------------------------------------------------

    def _wanted(self) -> Selection:
        query = self._page.query
        return Selection(
            query.get("who", "")[:LONGEST_ID],
            tuple(one for one in query.get("action", "").split(",") if one)[:LONGEST_ID],
            query.get("object", "")[:LONGEST_ID],
            _day(query, "from"), _day(query, "to"),
            number(query.get("first", "")), number(query.get("last", "")),
        )  # fmt: skip

    def _filter(self, actor: Person) -> Block:
        page, query = self._page, self._page.query
        people = [("", self._text("everybody")), (SERVICE.person_id, self._text("service"))]
        people += [(audit_log.NOBODY, self._text("nobody")), *audit_log.actors(page.store, actor).items()]
        actions = [("", self._text("anything")), *audit_words.actions(page.language).items()]
        if "," in query.get("action", ""):
            words = " · ".join(audit_words.action(one, page.language) for one in self._wanted().actions)
            actions.append((query["action"], words))
        fields = [
            blocks.field("who", self._text("who"), "select", options=people, value=query.get("who", "")),
            blocks.field("action", self._text("action"), "select", options=actions, value=query.get("action", "")),
            blocks.field("object", self._text("object"), value=query.get("object", ""), hint=""),
            blocks.field("from", self._text("from_day"), "date", value=query.get("from", "")),
            blocks.field("to", self._text("to_day"), "date", value=query.get("to", "")),
        ]
        parts = [blocks.entry("filter", fields, self._text("narrow"), look="", inline=True)]
        if query.get("first"):
            said_so = self._text("entries_of_finding", from_entry=query["first"], to_entry=query.get("last", ""))
            parts.insert(0, blocks.banner(said_so))
        actions_ = [blocks.link(self._text("clear"), ADDRESS, "quiet small")] if query else []
        return blocks.card(self._text("narrow"), parts, actions=actions_)

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = audit_log.find(page.store, actor, self._wanted(), offset=self._offset, limit=ROWS)
        if not found.rows:
            return blocks.card("", [blocks.empty(self._text("none"))], id="found")
        columns = [
            blocks.column(page.text("audit_log.column.seq"), number=True),
            *(
                blocks.column(self._text(f"column_{name}"), wide=name in ("object", "detail"))
                for name in ("when", "who", "what", "object", "detail")
            ),
        ]
        title = self._text("count", n=f"{found.total:,}")
        table = blocks.table(title, columns, [self._row(one) for one in found.rows], (self._offset, ROWS, found.total))
        return blocks.card(title, [table], id="found", flush=True)

    def _row(self, one: AuditEntry) -> list[tuple[str, str]]:
        language = self._page.language
        names = {SERVICE.person_id: self._text("service"), audit_log.NOBODY: self._text("nobody")}
        object_ = f"{audit_words.kind(one.object_kind, language)} {one.object_id}".strip()
        return [
            (str(one.seq), ""),
            (f"{one.at.astimezone(self._page.site.zone):%Y-%m-%d %H:%M:%S}", ""),
            (names.get(one.actor, one.who), _address(who=one.actor)),
            (audit_words.action(one.action, language), ""),
            (object_, _address(object=one.object_id) if one.object_id else ""),
            (audit_words.detail(one.detail, language), ""),
        ]

    # ---- is it whole ------------------------------------------------------------------------------------------------

    def _last_verified(self) -> list[Block]:
        last = audit_log.last_verification(self._page.store)
        if last is None:
            return [blocks.banner(self._text("verified_never"), "warn")]
        facts = {"time": self._page.time(last.at), "who": last.who, "entries": f"{last.entries:,}"}
        line = self._text("verified_last", faults=last.faults, **facts)
        return [blocks.banner(line, "danger" if last.faults else "ok")]

    def _verified(self, found: Verified) -> list[Block]:
        page = self._page
        facts = {"entries": f"{found.entries:,}", "anchored": f"{found.anchored:,}"}
        told = [blocks.banner(one.text(page.language), "danger") for one in found.faults]
        told += [blocks.banner(page.text("audit.what_now"), "warn")] if told else []
        for one in found.restarts:
            kind = page.text(f"audit_log.kind.{one.kind}")
            when = page.time(parse(one.at))
            told.append(blocks.banner(self._text("restart", time=when, seq=one.seq, kind=kind, note=one.note), "warn"))
        return told if found.faults else [blocks.banner(self._text("whole", **facts), "ok"), *told]

    def _verification(self, told: list[Block]) -> Block:
        press = blocks.button(self._text("verify"), "verify", "", name=self._text("verify"), look="primary small")
        line = {"type": "text", "text": self._text("verify_line"), "look": "ci-muted"}
        return blocks.card(self._text("verify_title"), [*told, line], id="verify", actions=[press])

    def _export(self) -> Block:
        formats = [(name, self._text(name)) for name in audit_export.FORMATS]
        fields = [blocks.field("format", self._text("format"), "select", options=formats)]
        line = {"type": "text", "text": self._text("export_line"), "look": "ci-muted"}
        return blocks.card(self._text("export_title"), [line, blocks.entry("export", fields, self._text("export"))])

    # ---- unusual reading --------------------------------------------------------------------------------------------

    def _unusual(self, actor: Person) -> Block:
        page = self._page
        days = next((one for one in PERIODS if str(one) == page.query.get("days")), PERIODS[0])
        today = page.today()
        found = unusual_reading.find(page.store, actor, today - timedelta(days=days - 1), today)
        items = [self._finding(one) for one in found[:MOST_FINDINGS]]
        body = blocks.listing(items) if items else blocks.empty(self._text("unusual_none", days=days))
        other = next(one for one in PERIODS if one != days)
        link = blocks.link(self._text("unusual_more", days=other), _address(days=str(other)), "quiet small")
        marks = [blocks.badge(str(len(found)), "warn")] if found else []
        marks.append(blocks.badge(self._text("unusual_days", days=days)))
        return blocks.card(self._text("unusual"), [body], badges=marks, actions=[link], flush=bool(items))

    def _finding(self, one: Finding) -> Block:
        page = self._page
        who = {SERVICE.person_id: self._text("service"), audit_log.NOBODY: self._text("nobody")}.get(one.actor, one.who)
        title = page.text(f"audit_log.rule.{one.rule_id}", who=who, n=one.count)
        span = {"first": page.time(one.first_at), "last": page.time(one.last_at)}
        meta = self._text("finding_meta", from_entry=one.entries[0], to_entry=one.entries[-1], **span)
        where = {"who": one.actor, "first": str(one.entries[0]), "last": str(one.entries[-1])}
        return blocks.item(title, _address(**where, action=",".join(one.actions)), meta=meta)

    def _text(self, key: str, **facts: object) -> str:
        return self._page.text(f"audit_log.page.{key}", **facts)


def _address(**wanted: str) -> str:
    return f"{ADDRESS}?{urlencode(wanted)}"


def _day(query: Mapping[str, str], name: str) -> date | None:
    value = query.get(name, "")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise BadInput("audit_log.page.bad_day", value=value[:20]) from None
