"""What the register of batches says of each: its control totals, what it replaced, the query that it came from."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
ALTER TABLE batch ADD COLUMN totals TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN control TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN cancelled_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN superseded_path TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN superseded_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN superseded_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN query TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN connection TEXT NOT NULL DEFAULT '';
CREATE INDEX batch_source ON batch (kind, source);
"""


@migrations()
def m014_batches(db: Database) -> None:
    """Batches of earlier versions were checked against no control file and replaced nothing."""
    run(db, STATEMENTS)
