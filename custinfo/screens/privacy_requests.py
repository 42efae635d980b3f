"""The privacy desk's requests: what people ask about their own data, with the days that are left."""

from collections.abc import Callable
from datetime import date
from typing import Any

from custinfo.access import permissions, visibility
from custinfo.actions import subject_requests
from custinfo.actions.privacy_files import Given
from custinfo.actions.subject_requests import IDENTITY, KINDS, PACKAGED, Happened, Received, SubjectRequest
from custinfo.domain import consent
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Goto, Reaction, Redraw, SheetView

SOON = 10
"""Days that are left from which on a clock is marked."""


def labels(page: Page, part: str) -> Callable[[str], str]:
    """The texts of a part of the desk, by their names."""

    def label(name: str) -> str:
        return page.text(f"privacy_desk.{part}.{name}")

    return label


def day_of(text: str) -> date:
    """The day of a date field. Raises BadInput for none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("privacy_desk.no_day") from None


def purposes(page: Page, *, blank: bool = False) -> list[tuple[str, str]]:
    """The purposes for a select."""
    found = [(name, one.titles[page.language]) for name, one in consent.purposes().items()]
    return [("", page.text("privacy_desk.all_purposes")), *found] if blank else found


def channels(page: Page) -> list[tuple[str, str]]:
    """How something reached us, for a select; not the forms."""
    return [(name, page.text(f"privacy.channel.{name}")) for name in consent.CHANNELS if name != "form"]


def state_badge(page: Page, state: str) -> Block:
    """The state of a request or disclosure as a mark."""
    looks = {"answered": "ok", "receipted": "ok", "refused": "danger", "cancelled": "", "taken_back": "",
             "extended": "warn", "verified": "accent", "delivered": "accent"}  # fmt: skip
    return blocks.badge(page.text(f"machines.state.{state}"), looks.get(state, "info"))


class Requests:
    """The list of requests, the ones that are due first at the top, and a new one."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._all = page.query.get("all") == "1"

    def blocks(self, actor: Person) -> list[Block]:
        """The list, and the entry for a new request."""
        page = self._page
        found = subject_requests.listed(page.store, actor, only_open=not self._all)
        names = ("number", "kind", "state", "received_on", "due_on", "left", "recorded_by")
        columns = [blocks.column(page.text(f"privacy_desk.request.{name}"), number=name == "left") for name in names]
        count = page.text("privacy_desk.request.count", n=len(found))
        other = blocks.link(
            page.text("privacy_desk.request.only_open" if self._all else "privacy_desk.request.all"),
            "/privacy?view=requests" if self._all else "/privacy?view=requests&all=1", "small",
        )  # fmt: skip
        body: Block = blocks.empty(page.text("privacy_desk.request.none"))
        if found:
            body = blocks.table(count, columns, [self._row(one) for one in found])
        shown = blocks.card(count, [body], actions=[other], flush=bool(found))
        late = [one for one in found if one.open and one.due_on < page.today()]
        above = [blocks.banner(page.text("privacy_desk.request.late", n=len(late)), "danger")] if late else []
        return [*above, shown, *self._new(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Record a request."""
        if name == "receive":
            given = Received(
                said(value, "kind"), said(value, "applicant"), said(value, "contact"), said(value, "wish"),
                said(value, "channel"), day_of(said(value, "received_on")), said(value, "number"),
                "guests" if said(value, "number").upper().startswith("G") else "customers", said(value, "purpose"),
            )  # fmt: skip
            return Goto(f"/privacy/{subject_requests.receive(self._page.store, actor, given)}")
        return Redraw()

    def _row(self, one: SubjectRequest) -> list[tuple[str, str]]:
        page = self._page
        left = str((one.due_on - page.today()).days) if one.open else ""
        return [
            (one.number, f"/privacy/{one.request_id}"), (page.text(f"privacy.kind.{one.kind}"), ""),
            (page.text(f"machines.state.{one.state}"), ""), (str(one.received_on), ""), (str(one.due_on), ""),
            (left, ""), (one.by, ""),
        ]  # fmt: skip

    def _new(self, actor: Person) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "request.record"):
            return []
        kinds = [(name, page.text(f"privacy.kind.{name}")) for name in KINDS]
        label = labels(page, "request")
        fields = [
            blocks.field("kind", label("kind"), "select", options=kinds, required=True),
            blocks.field("applicant", label("applicant"), required=True),
            blocks.field("contact", label("contact"), hint=label("contact_hint"), required=True),
            blocks.field("number", label("customer"), hint=label("customer_hint")),
            blocks.field("purpose", label("purpose"), "select", options=purposes(page, blank=True),
                         hint=label("purpose_hint")),
            blocks.field("wish", label("wish"), "multiline"),
            blocks.field("channel", label("channel"), "select", options=channels(page), required=True),
            blocks.field("received_on", label("received_on"), "date", value=str(page.today()), required=True),
        ]  # fmt: skip
        new = label("new")
        return [blocks.card("", [blocks.entry("receive", fields, label("receive"), folded=new)])]


class OneRequest:
    """One request: what is asked, what was done, and what can be done now."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The request."""
        page = self._page
        one = subject_requests.find(page.store, actor, self._id)
        label = labels(page, "request")
        facts = [
            (label("kind"), page.text(f"privacy.kind.{one.kind}")), (label("applicant"), one.applicant or "—"),
            (label("contact"), one.contact or "—"), (label("wish"), one.wish or "—"),
            (label("channel"), page.text(f"privacy.channel.{one.channel}")),
            (label("received_on"), str(one.received_on)), (label("due_on"), str(one.due_on)),
        ]  # fmt: skip
        if one.purpose:
            facts.insert(1, (label("purpose"), consent.purpose(one.purpose).titles[page.language]))
        actions = [blocks.link(label("open_customer"), f"/customer/{one.entity_id}", "small")] if one.entity_id else []
        card = blocks.card(one.number, [blocks.facts(facts)], badges=[state_badge(page, one.state)], actions=actions)
        return [*self._clock(one), blocks.columns([card, *self._doing(actor, one)], [self._history(one)])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Verify, extend, refuse, take back, answer; or build the package."""
        store, page = self._page.store, self._page
        note = said(value, "note")
        if name == "verify":
            files = self.view.uploaded(value.get("file") if isinstance(value, dict) else None)
            scan = Given(files[0].name, files[0].data) if files else None
            number = said(value, "number")
            subject_requests.verify(
                store, actor, self._id, method=said(value, "method"), note=note, number=number, file=scan,
                dataset="guests" if number.upper().startswith("G") else "customers",
            )  # fmt: skip
        elif name == "extend":
            subject_requests.extend(store, actor, self._id, note)
        elif name == "refuse":
            subject_requests.refuse(store, actor, self._id, note)
        elif name == "take_back":
            subject_requests.take_back(store, actor, self._id, note)
        elif name == "answer":
            subject_requests.answer(store, actor, self._id, note)
        elif name == "ask_erasure":
            subject_requests.ask_erasure(store, actor, self._id)
        elif name == "package":
            from custinfo.reports import subject_answers  # jinja2 and zipfile, when they are wanted

            made = subject_answers.release(store, actor, self._id, note, language=page.language)
            return Download(made.file_name, subject_answers.MEDIA_TYPE, made.data)
        return Redraw()

    def _clock(self, one: SubjectRequest) -> list[Block]:
        if not one.open:
            return []
        left = (one.due_on - self._page.today()).days
        look = "danger" if left < 0 else "warn" if left <= SOON else "info"
        key = "privacy_desk.request.overdue" if left < 0 else "privacy_desk.request.days_left"
        return [blocks.banner(self._page.text(key, days=abs(left), day=one.due_on), look)]

    def _doing(self, actor: Person, one: SubjectRequest) -> list[Block]:
        """What the state allows, for who handles requests."""
        page = self._page
        if not one.open or not permissions.may(actor, "privacy.handle"):
            return []
        label = labels(page, "request")
        note = [blocks.field("note", label("note"), "multiline", required=True)]
        if one.state == "received":
            first = self._verify(one)
        elif one.kind in PACKAGED:
            first = self._package(actor, one)
        else:
            first = blocks.entry("answer", note, label("answer"))
        parts = [first]
        if one.kind == "delete" and one.state != "received":
            words = label("ask_erasure")
            parts.insert(0, blocks.empty(label("erasure_line"), blocks.button(words, "ask_erasure", "", name=words)))
        if one.state == "verified":
            parts.append(blocks.entry("extend", note, label("extend"), look="", folded=label("extend")))
        parts.append(blocks.entry("refuse", note, label("refuse"), look="danger", folded=label("refuse")))
        parts.append(blocks.entry("take_back", note, label("take_back"), look="", folded=label("take_back")))
        return [blocks.card(label("doing"), parts)]

    def _package(self, actor: Person, one: SubjectRequest) -> Block:
        """The entry that makes the package, or why somebody else has to make it."""
        label = labels(self._page, "request")
        if not visibility.sees(actor, Level.SECRET):
            return blocks.empty(label("package_cleared"))
        if any(event.action == "verify" and event.person_id == actor.person_id for event in one.events):
            return blocks.empty(label("package_other"))
        note = blocks.field("note", label("note"), "multiline", required=True)
        return blocks.entry("package", [note], label("package"))

    def _verify(self, one: SubjectRequest) -> Block:
        page = self._page
        label = labels(page, "request")
        ways = [(name, page.text(f"privacy.identity.{name}")) for name in IDENTITY]
        fields = [
            blocks.field("method", label("method"), "select", options=ways, required=True),
            blocks.field("note", label("proof"), required=True, hint=label("proof_hint")),
            blocks.field("file", label("mandate"), "file", accept=".pdf,.jpg,.jpeg,.png"),
        ]
        if one.entity_id is None:
            fields.insert(1, blocks.field("number", label("customer"), hint=label("customer_hint")))
        return blocks.entry("verify", fields, label("verify"))

    def _history(self, one: SubjectRequest) -> Block:
        page = self._page
        moments = [self._moment(event) for event in reversed(one.events)]
        return blocks.card(page.text("privacy_desk.history"), [blocks.timeline(moments)])

    def _moment(self, event: Happened) -> Block:
        page = self._page
        lines = [event.note] if event.note else []
        if event.facts.get("method"):
            lines.append(page.text(f"privacy.identity.{event.facts['method']}"))
        if event.facts.get("sha256"):
            lines.append(f"SHA-256 {event.facts['sha256']}")
        known = event.action != "ask_erasure"
        title = page.text(f"machines.action.{event.action}" if known else "privacy_desk.request.ask_erasure")
        return blocks.moment(f"{event.by} · {page.time(event.at)}", title, lines=lines)
