"""The life of a form, and what happens to its records: review, queries, second entry, files, times."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("form_file", "record_review", "query_message", "verification")

STATEMENTS = """
ALTER TABLE entity ADD COLUMN uuid TEXT;
CREATE UNIQUE INDEX entity_uuid ON entity (uuid) WHERE uuid IS NOT NULL;
ALTER TABLE form ADD COLUMN proposal_id TEXT REFERENCES form_proposal;
ALTER TABLE draft ADD COLUMN record_id TEXT REFERENCES record;
ALTER TABLE draft ADD COLUMN base_record_version INTEGER;
ALTER TABLE draft ADD COLUMN made_version INTEGER;
ALTER TABLE draft ADD COLUMN verifies TEXT REFERENCES record;
ALTER TABLE draft ADD COLUMN interviewed_at TEXT;
ALTER TABLE draft ADD COLUMN notes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE draft ADD COLUMN reasons TEXT NOT NULL DEFAULT '{}';
ALTER TABLE record_version ADD COLUMN interviewed_at TEXT;
ALTER TABLE record_version ADD COLUMN notes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE record_version ADD COLUMN reasons TEXT NOT NULL DEFAULT '{}';
ALTER TABLE record_version ADD COLUMN source TEXT NOT NULL DEFAULT 'page';
CREATE TABLE form_proposal (
    proposal_id TEXT PRIMARY KEY, form_id TEXT NOT NULL, version TEXT NOT NULL, titles TEXT NOT NULL,
    xform TEXT NOT NULL, file_name TEXT NOT NULL, source BLOB NOT NULL, source_sha256 TEXT NOT NULL,
    state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', proposed_at TEXT NOT NULL, proposed_by TEXT NOT NULL,
    reviewed_at TEXT, reviewed_by TEXT, ended_at TEXT, ended_by TEXT
) STRICT;
CREATE TABLE proposal_file (
    proposal_id TEXT NOT NULL REFERENCES form_proposal, name TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (proposal_id, name)
) STRICT;
CREATE TABLE form_file (
    form_id TEXT NOT NULL, version TEXT NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (form_id, version, name), FOREIGN KEY (form_id, version) REFERENCES form
) STRICT;
CREATE TABLE form_closing (
    form_id TEXT PRIMARY KEY, closed_at TEXT NOT NULL, closed_by TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TABLE form_import (
    import_id TEXT PRIMARY KEY, form_id TEXT NOT NULL, form_version TEXT NOT NULL, file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL, row_count INTEGER NOT NULL, accepted INTEGER NOT NULL, imported_at TEXT NOT NULL,
    imported_by TEXT NOT NULL, FOREIGN KEY (form_id, form_version) REFERENCES form
) STRICT;
CREATE TABLE record_review (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
    note TEXT NOT NULL, reviewed_at TEXT NOT NULL, reviewed_by TEXT NOT NULL,
    FOREIGN KEY (record_id, version) REFERENCES record_version (record_id, version)
) STRICT;
CREATE INDEX record_review_record ON record_review (record_id, version);
CREATE TABLE query (
    query_id TEXT PRIMARY KEY, record_id TEXT NOT NULL, version INTEGER NOT NULL, ref TEXT NOT NULL,
    opened_at TEXT NOT NULL, opened_by TEXT NOT NULL, resolved_at TEXT, resolved_by TEXT,
    FOREIGN KEY (record_id, version) REFERENCES record_version (record_id, version)
) STRICT;
CREATE INDEX query_record ON query (record_id);
CREATE TABLE query_message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, query_id TEXT NOT NULL REFERENCES query, text TEXT NOT NULL,
    said_at TEXT NOT NULL, said_by TEXT NOT NULL
) STRICT;
CREATE INDEX query_message_query ON query_message (query_id);
CREATE TABLE answer_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, draft_id TEXT NOT NULL REFERENCES draft, event TEXT NOT NULL,
    ref TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, old_value TEXT, new_value TEXT
) STRICT;
CREATE INDEX answer_event_draft ON answer_event (draft_id);
CREATE TABLE file (
    file_id TEXT PRIMARY KEY, draft_id TEXT REFERENCES draft, record_id TEXT REFERENCES record, ref TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    content BLOB NOT NULL, stored_at TEXT NOT NULL, stored_by TEXT NOT NULL,
    CHECK ((draft_id IS NULL) != (record_id IS NULL))
) STRICT;
CREATE INDEX file_draft ON file (draft_id);
CREATE INDEX file_record ON file (record_id);
CREATE VIEW file_place AS
    SELECT file_id, name, ref, media_type, size, draft_id, owner, outcome,
           coalesce(file.record_id, draft.record_id) AS record_id, coalesce(draft.form_id, record.form_id) AS form_id,
           coalesce(draft.form_version, first.form_version) AS form_version
    FROM file LEFT JOIN draft USING (draft_id) LEFT JOIN record ON record.record_id = file.record_id
    LEFT JOIN record_version AS first ON first.record_id = file.record_id AND first.version = 1;
CREATE TABLE verification (
    verification_id TEXT PRIMARY KEY, record_id TEXT NOT NULL, version INTEGER NOT NULL, mode TEXT NOT NULL,
    content TEXT NOT NULL, compared INTEGER NOT NULL, differences TEXT NOT NULL, entered_at TEXT NOT NULL,
    entered_by TEXT NOT NULL, interviewed_at TEXT, notes TEXT NOT NULL, reasons TEXT NOT NULL,
    FOREIGN KEY (record_id, version) REFERENCES record_version (record_id, version)
) STRICT;
CREATE INDEX verification_record ON verification (record_id);
CREATE TABLE entity_conflict (
    entity_id TEXT NOT NULL, version INTEGER NOT NULL, base_version INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('soft', 'hard')), properties TEXT NOT NULL, resolved_at TEXT, resolved_by TEXT,
    PRIMARY KEY (entity_id, version), FOREIGN KEY (entity_id, version) REFERENCES entity_version (entity_id, version)
) STRICT;
CREATE VIEW record_current AS
    SELECT record.record_id, form_id, entity_id, created_at, version, form_version, content, recorded_at, recorded_by,
           reason, interviewed_at, notes, reasons, source,
           (SELECT group_concat(DISTINCT recorded_by) FROM record_version AS each
            WHERE each.record_id = record.record_id) AS authors,
           coalesce((SELECT state FROM record_review AS said WHERE said.record_id = record.record_id
                     AND said.version = newest.version ORDER BY seq DESC LIMIT 1),
                    CASE newest.state WHEN 'submitted' THEN 'received' ELSE newest.state END) AS state
    FROM record JOIN record_version AS newest USING (record_id)
    WHERE newest.version = (SELECT max(version) FROM record_version AS other WHERE other.record_id = record.record_id);
"""


@migrations()
def m002_forms(db: Database) -> None:
    """The tables of the form engine's desks."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
