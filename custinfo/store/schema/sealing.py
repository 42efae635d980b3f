"""Sealed values: what of an older store is still to be sealed, and how a sealed label is found."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
CREATE TABLE label_digest (
    entity_id TEXT PRIMARY KEY REFERENCES entity, dataset TEXT NOT NULL, digest TEXT NOT NULL
) STRICT;
CREATE INDEX label_digest_found ON label_digest (dataset, digest);
CREATE TABLE unsealed (
    place TEXT PRIMARY KEY, last INTEGER NOT NULL
) STRICT;
"""
OLDER = ("record_version", "entity_version", "draft", "verification", "answer_event", "query_message", "file")


@migrations()
def m012_sealing(db: Database) -> None:
    """`unsealed` names the tables of an older store that are still to be gone through, and up to which row they were.

    `label_digest` has the newest label of each entity whose label is of level 1, under a keyed digest.
    """
    run(db, STATEMENTS)
    for table in OLDER:
        db.execute(f"INSERT INTO unsealed SELECT '{table}', 0 WHERE EXISTS (SELECT 1 FROM {table})")
