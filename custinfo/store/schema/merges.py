"""Duplicates: by what customers are found to be the same, what was said of pairs, and who was merged into whom."""

from collections.abc import Callable

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, protect_unless_lifted, run

APPEND_ONLY = ("merge_event",)
LIFTABLE = ("duplicate_decision", "merge", "merge_undo")
"""Their reasons may say something about a customer."""

STATEMENTS = """
CREATE TABLE match_party (
    seq INTEGER PRIMARY KEY, entity_id TEXT NOT NULL UNIQUE REFERENCES entity, kind TEXT NOT NULL, stated TEXT NOT NULL,
    version INTEGER NOT NULL, digest TEXT NOT NULL
) STRICT;
CREATE TABLE match_key (
    digest TEXT NOT NULL, entity_id TEXT NOT NULL REFERENCES entity, level INTEGER NOT NULL,
    PRIMARY KEY (digest, entity_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_key_entity ON match_key (entity_id);
CREATE VIRTUAL TABLE match_name USING fts5 (grams, tokenize = 'unicode61', detail = 'none');
INSERT INTO match_name (match_name, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE match_word USING fts5vocab ('match_name', 'row');
CREATE TRIGGER match_party_gone AFTER DELETE ON match_party BEGIN DELETE FROM match_name WHERE rowid = old.seq; END;
CREATE TABLE duplicate (
    low_id TEXT NOT NULL REFERENCES entity, high_id TEXT NOT NULL REFERENCES entity, probability INTEGER NOT NULL,
    band TEXT NOT NULL, evidence TEXT NOT NULL, rule_version INTEGER NOT NULL, source TEXT NOT NULL,
    low_digest TEXT NOT NULL, high_digest TEXT NOT NULL, found_at TEXT NOT NULL, found_by TEXT NOT NULL,
    PRIMARY KEY (low_id, high_id), CHECK (low_id < high_id)
) STRICT;
CREATE INDEX duplicate_high ON duplicate (high_id);
CREATE INDEX duplicate_order ON duplicate (probability DESC, low_id, high_id);
CREATE TABLE duplicate_decision (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, low_id TEXT NOT NULL REFERENCES entity,
    high_id TEXT NOT NULL REFERENCES entity, decision TEXT NOT NULL CHECK (decision IN ('different', 'later', 'said')),
    reason TEXT NOT NULL, low_digest TEXT NOT NULL, high_digest TEXT NOT NULL, decided_at TEXT NOT NULL,
    decided_by TEXT NOT NULL
) STRICT;
CREATE INDEX duplicate_decision_pair ON duplicate_decision (low_id, high_id, seq);
CREATE INDEX duplicate_decision_high ON duplicate_decision (high_id);
CREATE TABLE merge (
    merge_id TEXT PRIMARY KEY, loser_id TEXT NOT NULL REFERENCES entity, survivor_id TEXT NOT NULL REFERENCES entity,
    reason TEXT NOT NULL, probability INTEGER, evidence TEXT NOT NULL, rule_version INTEGER, automatic INTEGER NOT NULL,
    chosen TEXT NOT NULL, survivor_version INTEGER NOT NULL, loser_version INTEGER NOT NULL, merged_at TEXT NOT NULL,
    merged_by TEXT NOT NULL
) STRICT;
CREATE INDEX merge_loser ON merge (loser_id);
CREATE INDEX merge_survivor ON merge (survivor_id);
CREATE TABLE merge_undo (
    merge_id TEXT PRIMARY KEY REFERENCES merge, loser_id TEXT NOT NULL, survivor_id TEXT NOT NULL, reason TEXT NOT NULL,
    undone_at TEXT NOT NULL, undone_by TEXT NOT NULL
) STRICT;
CREATE TABLE merged_now (
    loser_id TEXT PRIMARY KEY REFERENCES entity, survivor_id TEXT NOT NULL REFERENCES entity,
    CHECK (loser_id != survivor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX merged_now_survivor ON merged_now (survivor_id);
CREATE TABLE merge_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, loser_id TEXT NOT NULL REFERENCES entity,
    survivor_id TEXT REFERENCES entity, recorded_at TEXT NOT NULL
) STRICT;
DROP VIEW entity_root;
CREATE VIEW entity_root AS
    SELECT entity_id, coalesce((SELECT survivor_id FROM merged_now WHERE loser_id = own), own) AS root
    FROM (SELECT entity_id, CASE dataset WHEN 'customers' THEN entity_id ELSE coalesce(
        (SELECT about.entity_id FROM entity_version AS first JOIN record USING (record_id)
         JOIN entity AS about ON about.entity_id = record.entity_id
         WHERE first.entity_id = entity.entity_id AND first.version = 1 AND about.dataset = 'customers'),
        entity_id) END AS own FROM entity);
"""
LEVELS = "IN (entity_owner.entity_id, entity_owner.root)"
LEVELS_OF_ALL = (
    "IN (SELECT entity_owner.entity_id UNION ALL SELECT entity_owner.root "
    "UNION ALL SELECT loser_id FROM merged_now WHERE survivor_id = entity_owner.root)"
)


@migrations()
def m015_merges(db: Database) -> None:
    """Who was merged is a customer no more: what is about them goes where the survivor goes, at the stricter level."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    protect_unless_lifted(db, LIFTABLE)
    _define_anew(db, "entity_place", lambda said: said.replace(LEVELS, LEVELS_OF_ALL))
    gone = "AND NOT EXISTS (SELECT 1 FROM merged_now WHERE loser_id = entity.entity_id)"
    _define_anew(db, "entity_current", lambda said: f"{said} {gone}")


def _define_anew(db: Database, view: str, changed: Callable[[str], str]) -> None:
    """A view as it says by now, with a change."""
    (definition,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [view]).fetchone()
    wanted = changed(definition)
    if wanted == definition:
        raise ValueError(f"{view}: nothing to change in {definition}")
    db.execute(f"DROP VIEW {view}")
    db.execute(wanted)
