"""Finding entries of the audit log. From this migration on a store has an anchor (see `store.anchor`)."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

FIRST_ANCHORED = "m011_audit"

STATEMENTS = """
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor, at);
CREATE INDEX audit_object ON audit (object_id);
"""


@migrations()
def m011_audit(db: Database) -> None:
    """The auditor looks for a period, a person or an object among a million entries."""
    run(db, STATEMENTS)
