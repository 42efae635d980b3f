"""The lines of the ledger that this store contains."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

STATEMENTS = """
CREATE TABLE ledger_line (number INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;
"""


@migrations()
def m005_ledger(db: Database) -> None:
    """What the ledger beside the store says, up to this store's last transaction."""
    run(db, STATEMENTS)
    protect(db, ("ledger_line",))
