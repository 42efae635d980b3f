"""Evidence of an incident (R223): a part of the audit log, frozen with its digest, and out of reach of retention."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custinfo.access import permissions
from custinfo.actions import entities, holds, incidents
from custinfo.domain.clock import parse, stamp
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

MOST_HOURS = 24 * 90


@dataclass(frozen=True)
class Evidence:
    """Entries `from_seq` to `to_seq` of the audit log as JSON lines; `sha256` is of those lines."""

    evidence_id: str
    from_seq: int
    to_seq: int
    entries: int
    sha256: str
    frozen_at: datetime
    frozen_by: str


def freeze(store: Store, actor: Person, number: str, hours_before: int, customers: Sequence[str] = ()) -> str:
    """Freeze the audit log from so many hours before the incident was noticed until now; gives the evidence's id.

    The `customers` concerned, by number, are held: nothing of them is destroyed while the hold stands. A number that
    nobody has is passed over without a word, since who handles incidents need not know who is a customer; the history
    says how many were held.
    """
    permissions.check(actor, "oversight.handle")
    if not 0 <= hours_before <= MOST_HOURS:
        raise BadInput("incidents.hours_range", most=MOST_HOURS)
    incident = incidents.find(store, actor, number)
    begin = stamp(incident.noticed_at - timedelta(hours=hours_before))
    evidence_id = f"E-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "incident.freeze", "incident", number, evidence=evidence_id) as tx:
        found = (entities.by_number(store, "customers", customer) for customer in customers)
        held = sorted({one["entity_id"] for one in found if one is not None})
        reason = text("incidents.held", DEFAULT_LANGUAGE, number=number)
        for entity_id in held:
            holds.put(tx, actor, "customer", entity_id, reason, incident=number)
        rows = store.rows("SELECT * FROM audit WHERE at >= ? ORDER BY seq", [begin])
        lines = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows).encode()
        told = text("incidents.frozen", DEFAULT_LANGUAGE, entries=len(rows), held=len(held))
        incident_id = incidents.record_event(store, tx, actor, number, "freeze", told)
        kept: Row = {
            "evidence_id": evidence_id,
            "incident_id": incident_id,
            "from_seq": rows[0]["seq"] if rows else 0,
            "to_seq": rows[-1]["seq"] if rows else 0,
            "entries": len(rows),
            "sha256": hashlib.sha256(lines).hexdigest(),
            "content": lines,
            "frozen_at": tx.at,
            "frozen_by": actor.person_id,
        }
        tx.insert("incident_evidence", kept)
        tx.note(entries=len(rows), held=len(held))
    return evidence_id


def of(store: Store, actor: Person, number: str) -> list[Evidence]:
    """What was frozen for an incident, the newest first."""
    permissions.check(actor, "oversight.read")
    incident = incidents.find(store, actor, number)
    rows = store.rows(
        "SELECT evidence_id, from_seq, to_seq, entries, sha256, frozen_at, display_name FROM incident_evidence "
        "JOIN person ON person_id = frozen_by WHERE incident_id = ? ORDER BY frozen_at DESC",
        [incident.incident_id],
    )
    return [
        Evidence(
            row["evidence_id"],
            row["from_seq"],
            row["to_seq"],
            row["entries"],
            row["sha256"],
            parse(row["frozen_at"]),
            row["display_name"],
        )
        for row in rows
    ]


def content(store: Store, actor: Person, evidence_id: str) -> bytes:
    """The frozen lines, for whoever may read the audit log; that they were taken out is on it."""
    permissions.check(actor, "audit.read")
    row = store.row("SELECT content, sha256 FROM incident_evidence WHERE evidence_id = ?", [evidence_id])
    if row is None:
        raise NotFound("incidents.unknown")
    with store.act(actor.person_id, "incident.export_evidence", "incident", evidence_id):
        pass
    return bytes(row["content"])
