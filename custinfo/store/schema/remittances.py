"""Money on its way to head office: hand-overs with what they hold, what head office said, and what is overdue."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("remittance", "remittance_item", "remittance_answer")

STATEMENTS = """
CREATE TABLE remittance (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, remittance_id TEXT NOT NULL UNIQUE, department TEXT NOT NULL,
    handed_on TEXT NOT NULL, total_fen INTEGER NOT NULL, handed_at TEXT NOT NULL,
    handed_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE TABLE remittance_item (
    remittance_id TEXT NOT NULL REFERENCES remittance (remittance_id), record_id TEXT NOT NULL REFERENCES record,
    record_version INTEGER NOT NULL, PRIMARY KEY (remittance_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX remittance_item_record ON remittance_item (record_id);
CREATE TABLE remittance_answer (
    remittance_id TEXT PRIMARY KEY REFERENCES remittance (remittance_id),
    outcome TEXT NOT NULL CHECK (outcome IN ('received', 'refused')), why TEXT NOT NULL, answered_at TEXT NOT NULL,
    answered_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE TABLE credit_overdue (
    customer_id TEXT NOT NULL REFERENCES entity, document TEXT NOT NULL, grade TEXT, overdue_days INTEGER NOT NULL,
    dunned_fen INTEGER NOT NULL, action TEXT, PRIMARY KEY (customer_id, document)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m020_remittances(db: Database) -> None:
    """What was handed over is never changed; what head office refuses is handed over again."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
