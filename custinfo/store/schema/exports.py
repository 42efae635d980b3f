"""What exactly an approval of an export covers: kept, so that who decides reads it and who exports is held to it."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

STATEMENTS = """
CREATE TABLE export_order (
    case_id TEXT PRIMARY KEY REFERENCES approval_case, content TEXT NOT NULL
) STRICT;
CREATE INDEX export_event_person ON export_event (exported_by, exported_at);
"""


@migrations()
def m013_export_orders(db: Database) -> None:
    """The content of each case about an export, as it was put forward; and who took out how much, by day."""
    run(db, STATEMENTS)
    protect(db, ("export_order",))
