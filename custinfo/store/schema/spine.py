"""People, forms, drafts, records, entities, batches and the audit log."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("audit", "record_version", "entity_version", "form")

STATEMENTS = """
CREATE TABLE person (
    person_id TEXT PRIMARY KEY, login_name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, department TEXT NOT NULL,
    password_hash TEXT NOT NULL, language TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE login_failure (name_digest TEXT PRIMARY KEY, failures INTEGER NOT NULL, locked_until TEXT) STRICT;
CREATE TABLE person_role (
    person_id TEXT NOT NULL REFERENCES person, role TEXT NOT NULL, PRIMARY KEY (person_id, role)
) STRICT;
CREATE TABLE login_session (
    session_id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, person_id TEXT NOT NULL REFERENCES person,
    created_at TEXT NOT NULL, used_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE form (
    form_id TEXT NOT NULL, version TEXT NOT NULL, titles TEXT NOT NULL, dataset TEXT, xform TEXT NOT NULL,
    source_sha256 TEXT NOT NULL, published_at TEXT NOT NULL, published_by TEXT NOT NULL, PRIMARY KEY (form_id, version)
) STRICT;
CREATE TABLE draft (
    draft_id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES person, form_id TEXT NOT NULL, form_version TEXT NOT NULL,
    entity_id TEXT REFERENCES entity, base_version INTEGER, instance TEXT NOT NULL, saves INTEGER NOT NULL,
    started_at TEXT NOT NULL, updated_at TEXT NOT NULL, outcome TEXT CHECK (outcome IN ('submitted', 'discarded')),
    FOREIGN KEY (form_id, form_version) REFERENCES form
) STRICT;
CREATE INDEX draft_open ON draft (owner, updated_at) WHERE outcome IS NULL;
CREATE TABLE record (
    record_id TEXT PRIMARY KEY, form_id TEXT NOT NULL, entity_id TEXT REFERENCES entity, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX record_entity ON record (entity_id);
CREATE TABLE record_version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL REFERENCES record, version INTEGER NOT NULL,
    form_version TEXT NOT NULL, state TEXT NOT NULL, content TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL, reason TEXT NOT NULL, submission_key TEXT NOT NULL UNIQUE, UNIQUE (record_id, version)
) STRICT;
CREATE TABLE entity (
    entity_id TEXT PRIMARY KEY, dataset TEXT NOT NULL, number TEXT NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (dataset, number)
) STRICT;
CREATE TABLE entity_version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, entity_id TEXT NOT NULL REFERENCES entity, version INTEGER NOT NULL,
    label TEXT NOT NULL, properties TEXT NOT NULL, record_id TEXT NOT NULL REFERENCES record,
    record_version INTEGER NOT NULL, form_id TEXT NOT NULL, form_version TEXT NOT NULL,
    recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL, UNIQUE (entity_id, version)
) STRICT;
CREATE TABLE entity_key (
    dataset TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL, entity_id TEXT NOT NULL REFERENCES entity,
    PRIMARY KEY (dataset, kind, digest)
) STRICT;
CREATE TABLE batch (
    batch_id TEXT PRIMARY KEY, kind TEXT NOT NULL, file_name TEXT NOT NULL, source TEXT NOT NULL,
    lawful_basis TEXT NOT NULL, sha256 TEXT NOT NULL, line_count INTEGER NOT NULL, sum_fen INTEGER NOT NULL,
    lake_path TEXT NOT NULL, lake_sha256 TEXT NOT NULL, received_at TEXT NOT NULL, received_by TEXT NOT NULL,
    UNIQUE (kind, sha256)
) STRICT;
CREATE TABLE number_series (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    object_kind TEXT NOT NULL, object_id TEXT NOT NULL, detail TEXT NOT NULL, chain TEXT NOT NULL
) STRICT;
CREATE VIEW entity_current AS
    SELECT entity.entity_id, dataset, number, created_at, seq, version, label, properties, record_id,
           record_version, form_id, form_version, recorded_at, recorded_by
    FROM entity JOIN entity_version USING (entity_id)
    WHERE version = (SELECT max(version) FROM entity_version AS newer WHERE newer.entity_id = entity.entity_id);
"""


@migrations()
def m001_spine(db: Database) -> None:
    """The tables of the spine."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
