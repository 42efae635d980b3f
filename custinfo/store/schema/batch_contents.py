"""The register of batches may hold one content more than once: what was corrected meanwhile can come back."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

COLUMNS = (
    "batch_id, kind, file_name, source, lawful_basis, sha256, line_count, sum_fen, lake_path, lake_sha256, "
    "received_at, received_by, source_kind, totals, control, cancelled_count, superseded_path, superseded_sha256, "
    "superseded_count, query, connection"
)

STATEMENTS = f"""
CREATE TABLE batch_anew (
    batch_id TEXT PRIMARY KEY, kind TEXT NOT NULL, file_name TEXT NOT NULL, source TEXT NOT NULL,
    lawful_basis TEXT NOT NULL, sha256 TEXT NOT NULL, line_count INTEGER NOT NULL, sum_fen INTEGER NOT NULL,
    lake_path TEXT NOT NULL, lake_sha256 TEXT NOT NULL, received_at TEXT NOT NULL, received_by TEXT NOT NULL,
    source_kind TEXT NOT NULL DEFAULT 'own_records', totals TEXT NOT NULL DEFAULT '',
    control TEXT NOT NULL DEFAULT '', cancelled_count INTEGER NOT NULL DEFAULT 0,
    superseded_path TEXT NOT NULL DEFAULT '', superseded_sha256 TEXT NOT NULL DEFAULT '',
    superseded_count INTEGER NOT NULL DEFAULT 0, query TEXT NOT NULL DEFAULT '', connection TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO batch_anew ({COLUMNS}) SELECT {COLUMNS} FROM batch ORDER BY rowid;
DROP TABLE batch;
ALTER TABLE batch_anew RENAME TO batch;
CREATE INDEX batch_source ON batch (kind, source);
CREATE INDEX batch_content ON batch (kind, sha256);
"""


@migrations()
def m018_batch_contents(db: Database) -> None:
    """A constraint of a table goes only with the table: it is made anew without it, in the same order."""
    run(db, STATEMENTS)
