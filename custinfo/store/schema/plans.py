"""Plans by indicator, period and part of the company, in versions that people approve."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("plan_version", "plan_row")

STATEMENTS = """
CREATE TABLE plan_version (
    version INTEGER PRIMARY KEY, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL,
    recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE TABLE plan_row (
    version INTEGER NOT NULL REFERENCES plan_version, place INTEGER NOT NULL, indicator TEXT NOT NULL,
    period TEXT NOT NULL, dimension TEXT NOT NULL, code TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (version, place), UNIQUE (version, indicator, period, dimension, code)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m028_plans(db: Database) -> None:
    """A version that was proposed is never changed: a changed plan is another one."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
