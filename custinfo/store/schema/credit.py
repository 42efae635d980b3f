"""Credit: decisions in versions, what each customer's account came to at last, and what needs attention."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect_unless_lifted, run

LIFTABLE = ("credit_decision",)

STATEMENTS = """
CREATE TABLE credit_decision (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, decision_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES entity, version INTEGER NOT NULL, scheme TEXT NOT NULL,
    decided_on TEXT NOT NULL, points INTEGER, coverage INTEGER NOT NULL, stale INTEGER NOT NULL, grade_of_points TEXT,
    ceiling TEXT, grade TEXT, caps TEXT NOT NULL, limit_fen INTEGER NOT NULL, limit_basis TEXT NOT NULL,
    planned_sales_fen INTEGER, security TEXT NOT NULL, terms TEXT NOT NULL, capital_fen INTEGER, sales_fen INTEGER,
    agreement_bp INTEGER, ratings TEXT NOT NULL, review_on TEXT NOT NULL, card_version INTEGER NOT NULL,
    indicators_version INTEGER NOT NULL, grades_version INTEGER NOT NULL, limits_version INTEGER NOT NULL,
    terms_version INTEGER NOT NULL, lake_version INTEGER, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL,
    UNIQUE (customer_id, version)
) STRICT;
CREATE TABLE credit_account (
    customer_id TEXT PRIMARY KEY REFERENCES entity, day TEXT NOT NULL, lake_version INTEGER, scheme TEXT NOT NULL,
    grade TEXT, limit_fen INTEGER NOT NULL, exposure_fen INTEGER, balance_fen INTEGER, overdue_fen INTEGER,
    overdue_days INTEGER, gate_open INTEGER NOT NULL, review_on TEXT
) STRICT;
CREATE TABLE credit_notice (
    customer_id TEXT NOT NULL REFERENCES entity, kind TEXT NOT NULL, subject TEXT NOT NULL, due_on TEXT NOT NULL,
    facts TEXT NOT NULL, link TEXT NOT NULL, noticed_on TEXT NOT NULL, seen_on TEXT NOT NULL, ended_on TEXT,
    PRIMARY KEY (customer_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX credit_notice_open ON credit_notice (due_on) WHERE ended_on IS NULL;
"""


@migrations()
def m017_credit(db: Database) -> None:
    """A decision is never changed; accounts and notices are worked out anew each day."""
    run(db, STATEMENTS)
    protect_unless_lifted(db, LIFTABLE)
