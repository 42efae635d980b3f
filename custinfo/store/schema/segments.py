"""Segments of customers that people keep as definitions, measures that were taken for them, and their results."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("segment_version", "segment_measure", "segment_result")

STATEMENTS = """
CREATE TABLE segment_version (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, segment_id TEXT NOT NULL, version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'retired')), name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
    conditions TEXT NOT NULL, purpose TEXT NOT NULL, strategy TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person, reason TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person, UNIQUE (segment_id, version)
) STRICT;
CREATE TABLE segment_measure (
    measure_id TEXT PRIMARY KEY, segment_id TEXT NOT NULL, version INTEGER NOT NULL, what TEXT NOT NULL,
    begun_on TEXT NOT NULL, until_on TEXT NOT NULL, customers INTEGER, net_fen INTEGER, lake_version INTEGER NOT NULL,
    figures_on TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person,
    FOREIGN KEY (segment_id, version) REFERENCES segment_version (segment_id, version)
) STRICT;
CREATE INDEX segment_measure_segment ON segment_measure (segment_id);
CREATE TABLE segment_result (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, measure_id TEXT NOT NULL REFERENCES segment_measure,
    result TEXT NOT NULL, customers INTEGER, net_fen INTEGER, lake_version INTEGER NOT NULL, figures_on TEXT NOT NULL,
    recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX segment_result_measure ON segment_result (measure_id);
"""


@migrations()
def m016_segments(db: Database) -> None:
    """What was defined, measured or found stays as it was said: what comes later is another row."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
