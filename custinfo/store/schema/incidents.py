"""Security incidents with their evidence, notices and clocks; corrective measures; penalties."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("incident_event", "incident_evidence", "incident_notice")

STATEMENTS = """
CREATE TABLE incident (
    incident_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, state TEXT NOT NULL, kind TEXT NOT NULL,
    what TEXT NOT NULL, systems TEXT NOT NULL, noticed_at TEXT NOT NULL, reported_at TEXT NOT NULL,
    reported_by TEXT REFERENCES person, grade TEXT, persons INTEGER, loss_fen INTEGER, personal_data INTEGER,
    rule_version INTEGER, concluded_at TEXT, cause TEXT NOT NULL DEFAULT '', review TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE incident_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, incident_id TEXT NOT NULL REFERENCES incident, at TEXT NOT NULL,
    by TEXT, action TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE INDEX incident_event_incident ON incident_event (incident_id);
CREATE TABLE incident_evidence (
    evidence_id TEXT PRIMARY KEY, incident_id TEXT NOT NULL REFERENCES incident, from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL, entries INTEGER NOT NULL, sha256 TEXT NOT NULL, content BLOB NOT NULL,
    frozen_at TEXT NOT NULL, frozen_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX incident_evidence_incident ON incident_evidence (incident_id);
CREATE TABLE incident_notice (
    notice_id TEXT PRIMARY KEY, incident_id TEXT NOT NULL REFERENCES incident, kind TEXT NOT NULL,
    recipient TEXT NOT NULL, channel TEXT NOT NULL, content TEXT NOT NULL, sha256 TEXT NOT NULL,
    written_at TEXT NOT NULL, written_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX incident_notice_incident ON incident_notice (incident_id);
CREATE TABLE incident_notice_sent (
    notice_id TEXT PRIMARY KEY REFERENCES incident_notice, sent_at TEXT NOT NULL,
    sent_by TEXT NOT NULL REFERENCES person, reference TEXT NOT NULL
) STRICT;
CREATE TABLE correction (
    correction_id TEXT PRIMARY KEY, source_kind TEXT NOT NULL, source_id TEXT NOT NULL, what TEXT NOT NULL,
    state TEXT NOT NULL, responsible TEXT NOT NULL REFERENCES person, due_on TEXT NOT NULL, ordered_at TEXT NOT NULL,
    ordered_by TEXT NOT NULL REFERENCES person, done_note TEXT NOT NULL DEFAULT '', done_at TEXT,
    decided_note TEXT NOT NULL DEFAULT '', decided_at TEXT, decided_by TEXT REFERENCES person
) STRICT;
CREATE INDEX correction_source ON correction (source_kind, source_id);
CREATE TABLE penalty (
    penalty_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, person_id TEXT NOT NULL REFERENCES person,
    kind TEXT NOT NULL, amount_fen INTEGER, reason TEXT NOT NULL, incident_id TEXT REFERENCES incident,
    decided_at TEXT NOT NULL, decided_by TEXT NOT NULL REFERENCES person, heard TEXT NOT NULL,
    revoked_at TEXT, revoked_by TEXT REFERENCES person, revoked_because TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX penalty_person ON penalty (person_id);
"""


@migrations()
def m010_incidents(db: Database) -> None:
    """The tables of oversight."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
