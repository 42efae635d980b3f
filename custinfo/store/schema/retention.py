"""Retention and erasure: plans, holds, certificates, and what the store knows of people who were erased."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, protect_unless_lifted, run

APPEND_ONLY = ("destruction_certificate",)
LIFTABLE = ("assignment", "record_level")
"""Their reasons may say something about a customer."""

STATEMENTS = """
ALTER TABLE entity ADD COLUMN erased_at TEXT;
ALTER TABLE record ADD COLUMN erased_at TEXT;
CREATE TABLE customer_salt (entity_id TEXT PRIMARY KEY REFERENCES entity, salt BLOB NOT NULL) STRICT;
INSERT INTO customer_salt SELECT entity_id, x'' FROM entity WHERE dataset = 'customers';
CREATE TABLE lake_erasing (
    customer_key TEXT PRIMARY KEY, keep INTEGER NOT NULL, plan_id TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE retention_plan (
    plan_id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('rules', 'request')), state TEXT NOT NULL,
    rules_version INTEGER NOT NULL, content TEXT NOT NULL, sha256 TEXT NOT NULL, case_id TEXT,
    made_at TEXT NOT NULL, made_by TEXT NOT NULL, marked_at TEXT, marked_by TEXT, erase_on TEXT,
    stopped_at TEXT, stopped_by TEXT, stop_reason TEXT, erased_at TEXT, finished_at TEXT
) STRICT;
CREATE TABLE retention_item (
    plan_id TEXT NOT NULL REFERENCES retention_plan, position INTEGER NOT NULL, rule_id TEXT NOT NULL,
    category TEXT NOT NULL, object_id TEXT NOT NULL, action TEXT NOT NULL, since TEXT NOT NULL, mark TEXT NOT NULL,
    outcome TEXT NOT NULL, done_at TEXT, PRIMARY KEY (plan_id, position)
) STRICT;
CREATE INDEX retention_item_object ON retention_item (object_id);
CREATE TABLE retention_hold (
    hold_id TEXT PRIMARY KEY, object_kind TEXT NOT NULL, object_id TEXT NOT NULL, reason TEXT NOT NULL,
    set_at TEXT NOT NULL, set_by TEXT NOT NULL, incident TEXT, released_at TEXT, released_by TEXT, release_reason TEXT
) STRICT;
CREATE INDEX retention_hold_open ON retention_hold (object_id) WHERE released_at IS NULL;
CREATE TABLE destruction_certificate (
    certificate_id TEXT PRIMARY KEY, plan_id TEXT NOT NULL UNIQUE REFERENCES retention_plan, content TEXT NOT NULL,
    sha256 TEXT NOT NULL, made_at TEXT NOT NULL, made_by TEXT NOT NULL
) STRICT;
"""


@migrations()
def m008_retention(db: Database) -> None:
    """What was erased stays in history as an empty place; the current views show it no more."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    protect_unless_lifted(db, LIFTABLE)
    for view, table in (("entity_current", "entity"), ("record_current", "record")):
        # Whatever the view says by now, with one more condition: both end with theirs
        (definition,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [view]).fetchone()
        db.execute(f"DROP VIEW {view}")
        db.execute(f"{definition} AND {table}.erased_at IS NULL")
