"""The privacy desk: notices, consents, subject requests, disclosures to outsiders, the register of exports."""

import json

from sqlite_utils import Database

from custinfo.domain import consent
from custinfo.domain.clock import stamp, utc_now
from custinfo.store.schema.base import migrations, protect, protect_unless_lifted, run

APPEND_ONLY = ("notice_version", "export_event")
LIFTABLE = ("consent_event", "subject_request_event", "disclosure_event")
"""History that says things about people, and that erasing a person must be able to reduce."""

STATEMENTS = """
ALTER TABLE batch ADD COLUMN source_kind TEXT NOT NULL DEFAULT 'own_records';
ALTER TABLE form_import ADD COLUMN source_kind TEXT NOT NULL DEFAULT 'own_records';
ALTER TABLE form_import ADD COLUMN lawful_basis TEXT NOT NULL DEFAULT 'contract';
CREATE TABLE notice_version (
    notice_id TEXT NOT NULL, version INTEGER NOT NULL, texts TEXT NOT NULL, purposes TEXT NOT NULL,
    sha256 TEXT NOT NULL, reason TEXT NOT NULL, published_at TEXT NOT NULL, published_by TEXT NOT NULL,
    PRIMARY KEY (notice_id, version)
) STRICT;
CREATE TABLE consent_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, entity_id TEXT NOT NULL REFERENCES entity,
    kind TEXT NOT NULL CHECK (kind IN ('given', 'withdrawn', 'told', 'restricted', 'released')),
    purpose TEXT NOT NULL, happened_on TEXT NOT NULL, channel TEXT NOT NULL, notice_id TEXT, notice_version INTEGER,
    separate INTEGER NOT NULL DEFAULT 0, expires_on TEXT, record_id TEXT, record_version INTEGER,
    request_id TEXT, evidence TEXT NOT NULL DEFAULT '', guardian TEXT NOT NULL DEFAULT '',
    recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL
) STRICT;
CREATE INDEX consent_event_entity ON consent_event (entity_id, purpose, seq);
CREATE TABLE privacy_file (
    file_id TEXT PRIMARY KEY, owner_kind TEXT NOT NULL, owner_id TEXT NOT NULL, name TEXT NOT NULL,
    media_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, content BLOB NOT NULL,
    stored_at TEXT NOT NULL, stored_by TEXT NOT NULL
) STRICT;
CREATE INDEX privacy_file_owner ON privacy_file (owner_kind, owner_id);
CREATE TABLE subject_request (
    request_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, entity_id TEXT REFERENCES entity,
    purpose TEXT NOT NULL, applicant TEXT NOT NULL, contact TEXT NOT NULL, wish TEXT NOT NULL, channel TEXT NOT NULL,
    received_on TEXT NOT NULL, due_on TEXT NOT NULL, state TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL
) STRICT;
CREATE INDEX subject_request_state ON subject_request (state, due_on);
CREATE TABLE subject_request_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL REFERENCES subject_request, action TEXT NOT NULL,
    note TEXT NOT NULL, facts TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX subject_request_event_request ON subject_request_event (request_id);
CREATE TABLE disclosure (
    disclosure_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, letter_number TEXT NOT NULL,
    rule TEXT NOT NULL, recipient TEXT NOT NULL, recipient_post TEXT NOT NULL, what TEXT NOT NULL,
    purpose TEXT NOT NULL, legal_basis TEXT NOT NULL, customers TEXT NOT NULL, with_secret INTEGER NOT NULL,
    due_on TEXT NOT NULL, state TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL
) STRICT;
CREATE TABLE disclosure_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, disclosure_id TEXT NOT NULL REFERENCES disclosure, action TEXT NOT NULL,
    note TEXT NOT NULL, facts TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX disclosure_event_disclosure ON disclosure_event (disclosure_id);
CREATE TABLE export_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, export_id TEXT NOT NULL UNIQUE, what TEXT NOT NULL, object_id TEXT NOT NULL,
    format TEXT NOT NULL, row_count INTEGER NOT NULL, columns TEXT NOT NULL, tier TEXT NOT NULL, purpose TEXT NOT NULL,
    approval TEXT, sha256 TEXT NOT NULL, recipient TEXT NOT NULL DEFAULT '', exported_at TEXT NOT NULL,
    exported_by TEXT NOT NULL
) STRICT;
CREATE INDEX export_event_approval ON export_event (approval) WHERE approval IS NOT NULL;
CREATE VIEW consent_standing AS
    SELECT * FROM consent_event AS said WHERE kind IN ('given', 'withdrawn') AND seq =
        (SELECT max(seq) FROM consent_event AS newer WHERE newer.entity_id = said.entity_id
         AND newer.purpose = said.purpose AND newer.kind IN ('given', 'withdrawn'));
CREATE VIEW processing_limit AS
    SELECT * FROM consent_event AS said WHERE kind = 'restricted' AND seq =
        (SELECT max(seq) FROM consent_event AS newer WHERE newer.entity_id = said.entity_id
         AND newer.purpose = said.purpose AND newer.kind IN ('restricted', 'released'));
CREATE VIEW follow_up_stopped AS
    SELECT entity_id FROM consent_standing WHERE purpose = 'marketing' AND kind = 'withdrawn'
    UNION SELECT entity_id FROM processing_limit WHERE purpose IN ('marketing', '*');
CREATE VIEW to_be_told AS
    SELECT entity_id, recorded_at FROM entity_current WHERE json_extract(properties, '$.informed') = 'to_be_informed'
    AND NOT EXISTS (SELECT 1 FROM consent_event WHERE consent_event.entity_id = entity_current.entity_id
                    AND kind = 'told' AND consent_event.recorded_at >= entity_current.recorded_at);
"""


@migrations()
def m009_privacy(db: Database) -> None:
    """The tables of the privacy desk, and the notice that custinfo brings along."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    protect_unless_lifted(db, LIFTABLE)
    texts = consent.shipped_notice()
    row = [
        consent.NOTICE, 1, json.dumps(texts, ensure_ascii=False, sort_keys=True), json.dumps(consent.NOTICE_COVERS),
        consent.notice_digest(texts), "custinfo", stamp(utc_now()), "service",
    ]  # fmt: skip
    db.execute("INSERT INTO notice_version VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
