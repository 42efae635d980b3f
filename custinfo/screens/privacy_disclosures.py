"""The privacy desk's registers, and what is given to outsiders."""

from typing import Any

from custinfo.access import permissions, visibility
from custinfo.actions import (
    approvals,
    disclosures,
    entity_levels,
    privacy_files,
    register_entries,
    report_giving,
)
from custinfo.actions.disclosures import Asked, Disclosure
from custinfo.actions.privacy_files import Given
from custinfo.domain import datasets
from custinfo.domain.consent import Basis
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.privacy_requests import day_of, labels, state_badge
from custinfo.screens.sheet_view import Download, Goto, Reaction, Redraw, SheetView

SCANS = ".pdf,.jpg,.jpeg,.png"
REGISTERS = {
    "processing_activity": "processing_activities",
    "impact_assessment": "impact_assessments",
    "processor": "processors",
    "cross_border": "cross_border_transfers",
    "information_transfer": "information_transfers",
    "data_use": "data_uses",
    "substitute_service": "substitute_services",
    "compliance_review": "compliance_reviews",
}
"""Form → dataset of each register that is kept as the records of a form."""
SHOWN = 10
LEFT_OUT = "—"
"""In place of what the register says nothing about."""


class Disclosures:
    """The register of what outsiders asked for and were given."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The register, and the entry for a new line of it."""
        page = self._page
        found = disclosures.listed(page.store, actor)
        names = ("number", "unit", "what", "basis", "state", "due_on")
        columns = [blocks.column(page.text(f"privacy_desk.disclosure.{n}"), wide=n == "what") for n in names]
        rows = [self._row(one) for one in found]
        count = page.text("privacy_desk.disclosure.count", n=len(found))
        body = blocks.table(count, columns, rows) if rows else blocks.empty(page.text("privacy_desk.disclosure.none"))
        printing = {"text": page.text("desk.record.print"), "print": True, "look": "small"}
        return [blocks.card(count, [body], actions=[printing], flush=bool(rows)), *self._new(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Register what an outsider asks for."""
        if name == "ask":
            files = self.view.uploaded(value.get("letter") if isinstance(value, dict) else None)
            numbers = tuple(said(value, "numbers").replace(",", " ").replace("，", " ").replace("、", " ").split())
            given = {one: said(value, one) for one in disclosures.FIELDS if one != "purpose"}
            asked = Asked(
                **given, numbers=numbers, due_on=day_of(said(value, "due_on")),
                letter=Given(files[0].name, files[0].data) if files else None,
                with_secret=said(value, "with_secret") == "yes", issue_id=said(value, "issue"),
            )  # fmt: skip
            return Goto(f"/privacy/{disclosures.ask(self._page.store, actor, asked)}")
        return Redraw()

    def _row(self, one: Disclosure) -> list[tuple[str, str]]:
        page = self._page
        return [
            (one.number, f"/privacy/{one.disclosure_id}"), (one.facts["unit"], ""), (one.facts["what"] or LEFT_OUT, ""),
            (page.text(f"privacy.basis.{one.facts['legal_basis']}"), ""),
            (page.text(f"machines.state.{one.state}"), ""), (str(one.due_on), ""),
        ]  # fmt: skip

    def _new(self, actor: Person) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "disclosure.ask"):
            return []
        label = labels(page, "disclosure")
        bases = [(basis.value, page.text(f"privacy.basis.{basis}")) for basis in Basis]
        fields = [
            blocks.field("unit", label("unit"), required=True),
            blocks.field("letter_number", label("letter_number"), required=True),
            blocks.field("letter", label("letter"), "file", accept=SCANS, required=True),
            blocks.field("rule", label("rule"), required=True, hint=label("rule_hint")),
            blocks.field("recipient", label("recipient"), required=True),
            blocks.field("recipient_post", label("recipient_post"), required=True),
            blocks.field("what", label("what"), "multiline", required=True),
            blocks.field("legal_basis", label("basis"), "select", options=bases, value="legal_duty"),
            blocks.field("numbers", label("numbers"), "multiline", hint=label("numbers_hint")),
            blocks.field("issue", label("issue"), "select", options=self._issues(actor)),
            blocks.field("with_secret", label("with_secret"), "check"),
            blocks.field("due_on", label("due_on"), "date", required=True),
        ]
        new = label("new")
        return [blocks.card("", [blocks.entry("ask", fields, label("ask"), folded=new)])]

    def _issues(self, actor: Person) -> list[tuple[str, str]]:
        """The issues of reports that may be given, for who may read reports; none by default."""
        page = self._page
        if not permissions.may(actor, "report.read"):
            return [("", LEFT_OUT)]
        found = report_giving.givable(page.store, actor)
        return [("", LEFT_OUT), *((one.issue_id, one.title(page.language)) for one in found)]


class OneDisclosure:
    """One disclosure, its case and what was done about it."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The disclosure."""
        page = self._page
        one = disclosures.find(page.store, actor, self._id)
        label = labels(page, "disclosure")
        facts = [(label(name), one.facts[name] or LEFT_OUT) for name in
                 ("unit", "letter_number", "rule", "recipient", "recipient_post", "what")]  # fmt: skip
        facts += [
            (label("basis"), page.text(f"privacy.basis.{one.facts['legal_basis']}")),
            (label("numbers"), "、".join(one.numbers) or LEFT_OUT), (label("due_on"), str(one.due_on)),
        ]  # fmt: skip
        if one.issue_id:
            facts.append((label("issue"), one.issue_id))
        if one.with_secret:
            facts.append((label("with_secret"), page.text("privacy_desk.yes")))
        badges = [state_badge(page, one.state), *self._case(one)]
        card = blocks.card(one.number, [blocks.facts(facts), *self._files(actor, one)], badges=badges)
        return [blocks.columns([card, *self._doing(actor, one)], [self._history(one)])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Deliver, record the receipt, cancel; or give a scan."""
        store, page = self._page.store, self._page
        if name == "deliver":
            made = disclosures.deliver(store, actor, self._id, page.language)
            return Download(made.file_name, made.media_type, made.data)
        if name == "scan" and isinstance(value, str):
            kept, data = disclosures.scan(store, actor, self._id, value)
            return Download(kept.name, kept.media_type, data)
        if name == "receipt":
            files = self.view.uploaded(value.get("file") if isinstance(value, dict) else None)
            scan = Given(files[0].name, files[0].data) if files else None
            disclosures.receipt(store, actor, self._id, said(value, "note"), scan)
        elif name == "cancel":
            disclosures.cancel(store, actor, self._id, said(value, "note"))
        return Redraw()

    def _case(self, one: Disclosure) -> list[Block]:
        """How its case stands, as a mark."""
        case = approvals.of(self._page.store, disclosures.OBJECT_KIND, one.disclosure_id)
        if case is None:
            return []
        return [blocks.badge(self._page.text(f"machines.state.{case.state}"), "ok" if case.state == "approved" else "")]

    def _files(self, actor: Person, one: Disclosure) -> list[Block]:
        """The scans, to be fetched by who is cleared; none for who reads the register alone."""
        page = self._page
        if one.register_only:
            return []
        cleared = visibility.sees(actor, Level.SECRET)
        get = page.text("privacy_desk.get")
        items = [
            blocks.item(
                kept.name, meta=kept.file_id,
                actions=[blocks.button(get, "scan", kept.file_id, name=f"{get} {kept.name}", look="small")]
                if cleared else [],
            )
            for kept in privacy_files.of(page.store, "disclosure", self._id)
        ]  # fmt: skip
        return [blocks.listing(items)] if items else []

    def _doing(self, actor: Person, one: Disclosure) -> list[Block]:
        page = self._page
        label = labels(page, "disclosure")
        note = blocks.field("note", page.text("privacy_desk.request.note"), "multiline", required=True)
        parts: list[Block] = []
        if one.state == "registered" and permissions.may(actor, "disclosure.deliver"):
            words = label("deliver")
            press = blocks.button(words, "deliver", "", name=words, look="primary", confirm=label("deliver_confirm"))
            parts.append(blocks.empty(label("deliver_line"), press))
        if one.state == "delivered" and permissions.may(actor, "disclosure.deliver"):
            scan = blocks.field("file", label("receipt_scan"), "file", accept=SCANS)
            parts.append(blocks.entry("receipt", [note, scan], label("receipt")))
        mine = one.recorded_by == actor.person_id and permissions.may(actor, "disclosure.ask")
        if one.state == "registered" and (mine or permissions.may(actor, "privacy.handle")):
            parts.append(blocks.entry("cancel", [note], label("cancel"), look="danger", folded=label("cancel")))
        return [blocks.card(page.text("privacy_desk.request.doing"), parts)] if parts else []

    def _history(self, one: Disclosure) -> Block:
        page = self._page
        moments = []
        for event in reversed(one.events):
            lines = [event.note] if event.note else []
            lines += [f"SHA-256 {event.facts['sha256']}"] if event.facts.get("sha256") else []
            title = page.text(f"machines.action.{event.action}")
            moments.append(blocks.moment(f"{event.by} · {page.time(event.at)}", title, lines=lines))
        return blocks.card(page.text("privacy_desk.history"), [blocks.timeline(moments)])


class Registers:
    """The registers that are records of forms: processing, assessments, processors, transfers."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """A card for each register with its newest entries and the form for a new one."""
        permissions.check(actor, "privacy.read")
        cards = [self._register(actor, form_id, dataset) for form_id, dataset in REGISTERS.items()]
        return [blocks.columns(cards[::2], cards[1::2])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:  # noqa: ARG002 - pages have one shape
        """Nothing is done here."""
        return Redraw()

    def _register(self, actor: Person, form_id: str, dataset: str) -> Block:
        page = self._page
        found = register_entries.newest(page.store, actor, dataset, SHOWN)
        reader = entity_levels.Reader(page.store, actor)
        today = str(page.today())
        items = []
        for row in found.rows:
            due = row.due_on
            look = "danger" if due < today else ""
            marks = [blocks.badge(page.text("privacy_desk.due", day=due), look)] if due else []
            label = reader.label(row.entity_id, row.label, row.number)
            items.append(blocks.item(label, f"/record/{row.record_id}", meta=row.number, badges=marks))
        body = blocks.listing(items) if items else blocks.empty(page.text("privacy_desk.register.none"))
        title = datasets.named(dataset).titles.get(page.language, dataset)
        actions = [blocks.link(page.text("privacy_desk.register.all"), f"/records?form={form_id}", "small")]
        if permissions.may(actor, "form.fill"):
            new = page.text("privacy_desk.register.new")
            actions.append(blocks.link(new, f"/form/{form_id}", "small primary", name=f"{new} {title}"))
        return blocks.card(title, [body], badges=[blocks.badge(str(found.total))], actions=actions, flush=bool(items))
