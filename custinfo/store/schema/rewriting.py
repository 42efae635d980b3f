"""History that may be rewritten for two reasons only: a person is erased, or a key is replaced."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect_unless_lifted, run

LIFTABLE = ("record_version", "entity_version", "record_review", "query_message", "verification")
"""Tables of history that hold what people said about people. The audit log is not among them: it holds ids alone."""

STATEMENTS = """
CREATE TABLE lifted (reason TEXT PRIMARY KEY) STRICT;
"""


@migrations()
def m003_rewriting(db: Database) -> None:
    """`lifted` has a row inside a transaction of `Tx.lifted`, and never outside one."""
    run(db, STATEMENTS)
    protect_unless_lifted(db, LIFTABLE)
