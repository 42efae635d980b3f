"""Records that another department than their own decides on, and reads for that."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
CREATE TABLE record_decider (
    record_id TEXT PRIMARY KEY REFERENCES record, department TEXT NOT NULL, since TEXT NOT NULL
) STRICT;
"""


@migrations()
def m031_deciders(db: Database) -> None:
    """The view of records says which department decides on one; NULL for one that only its own department reads."""
    run(db, STATEMENTS)
    (definition,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record_current'").fetchone()
    db.execute("DROP VIEW record_current")
    decided = "(SELECT department FROM record_decider AS asked WHERE asked.record_id = record.record_id) AS decided_in"
    db.execute(definition.replace(") AS audience", f") AS audience, {decided}", 1))
