"""What is told about an incident, to whom, with what content: written, checked for its parts, approved, sent (R223)."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import approvals, incidents
from custinfo.domain import incidents as rules
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store
from custinfo.store.database import Row

LONGEST = 4000
SHORT = 200
KIND = "incident_notice"


@dataclass(frozen=True)
class Notice:
    """A notice: `content` by part, `case_id` of its approval with the case's state, and when it was sent, if it was."""

    notice_id: str
    kind: str
    recipient: str
    channel: str
    content: dict[str, str]
    sha256: str
    written_at: datetime
    written_by: str
    case_id: str
    case_state: str
    sent_at: datetime | None
    reference: str


def write(
    store: Store, actor: Person, number: str, *, kind: str, recipient: str, channel: str, content: Mapping[str, str]
) -> str:
    """Write a notice with all the parts that its kind must have, and ask for its approval; gives its id.

    Raises BadInput naming every part that is blank.
    """
    permissions.check(actor, "oversight.handle")
    if kind not in rules.NOTICES:
        raise BadInput("incidents.unknown_notice", kind=kind[:40])
    incident = incidents.find(store, actor, number)
    parts = {part: clean(content.get(part, "").strip(), max_length=LONGEST) for part in incident.rule.content[kind]}
    missing = incident.rule.missing(kind, parts)
    if missing:
        raise Incomplete(missing)
    whom, how = (stated(one, "incidents.recipient_missing", max_length=SHORT) for one in (recipient, channel))
    notice_id, stored = f"NN-{secrets.token_hex(8)}", incidents.content_of(parts)
    with store.act(actor.person_id, "incident.write_notice", KIND, notice_id, incident=number, kind=kind) as tx:
        incident_id = incidents.record_event(store, tx, actor, number, "write_notice", "")
        row: Row = {
            "notice_id": notice_id,
            "incident_id": incident_id,
            "kind": kind,
            "recipient": whom,
            "channel": how,
            "content": stored,
            "sha256": hashlib.sha256(stored.encode()).hexdigest(),
            "written_at": tx.at,
            "written_by": actor.person_id,
        }
        tx.insert("incident_notice", row)
        titles = {
            code: text("incidents.notice_case", code, kind=text(f"incidents.notice.{kind}", code), number=number)
            for code in LANGUAGES
        }
        approvals.open(store, tx, actor, KIND, KIND, notice_id, titles, stored.encode())
    return notice_id


def sent(store: Store, actor: Person, notice_id: str, reference: str) -> None:
    """Record that an approved notice was sent: its clock stops. `reference` is what the recipient gave as receipt."""
    permissions.check(actor, "oversight.handle")
    words = stated(reference, "incidents.reference_missing", max_length=SHORT)
    with store.act(actor.person_id, "incident.send_notice", KIND, notice_id) as tx:
        row = store.row(f"{_SELECT} WHERE incident_notice.notice_id = ?", [notice_id])
        if row is None:
            raise NotFound("incidents.unknown")
        approvals.check_approved(store, KIND, notice_id, row["content"].encode())
        if row["sent_at"]:
            raise Conflict("incidents.sent_already")
        tx.insert(
            "incident_notice_sent",
            {"notice_id": notice_id, "sent_at": tx.at, "sent_by": actor.person_id, "reference": words},
        )
        incidents.record_event(store, tx, actor, row["number"], "send_notice", words)


def of(store: Store, actor: Person, number: str) -> list[Notice]:
    """The notices of an incident, the newest first, for who handles incidents."""
    permissions.check(actor, "oversight.read")
    incidents.find(store, actor, number)
    return [_notice(store, row) for row in store.rows(f"{_SELECT} WHERE number = ? ORDER BY written_at DESC", [number])]


class Incomplete(BadInput):
    """A notice lacks parts that it must have; they are named in the reader's language."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        super().__init__("incidents.incomplete", parts=", ".join(parts))

    def text(self, language: str = "zh-CN") -> str:
        """Which parts are blank."""
        comma = "、" if language == "zh-CN" else ", "
        return text(
            self.key, language, parts=comma.join(text(f"incidents.part.{part}", language) for part in self.parts)
        )


_SELECT = (
    "SELECT incident_notice.*, number, display_name, sent_at, reference FROM incident_notice "
    "JOIN incident USING (incident_id) JOIN person ON person_id = written_by "
    "LEFT JOIN incident_notice_sent USING (notice_id)"
)


def _notice(store: Store, row: Row) -> Notice:
    case = approvals.of(store, KIND, row["notice_id"])
    return Notice(
        row["notice_id"],
        row["kind"],
        row["recipient"],
        row["channel"],
        json.loads(row["content"]),
        row["sha256"],
        parse(row["written_at"]),
        row["display_name"],
        case.case_id if case else "",
        case.state if case else "",
        parse(row["sent_at"]) if row["sent_at"] else None,
        row["reference"] or "",
    )
