"""The calendar of reports: every attempt to build what is due, and the register of reports that were late."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("report_lateness",)

STATEMENTS = """
CREATE TABLE report_run (
    name TEXT NOT NULL, period TEXT NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL
    CHECK (state IN ('running', 'done', 'failed')), started_at TEXT NOT NULL, ended_at TEXT,
    issue_id TEXT REFERENCES report_issue, cell TEXT NOT NULL DEFAULT '', notebook TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (name, period, attempt)
) STRICT;
CREATE TABLE report_lateness (
    number TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('late', 'repeatedly_late')), name TEXT NOT NULL,
    period TEXT NOT NULL, due_on TEXT NOT NULL, department TEXT NOT NULL, person_id TEXT REFERENCES person,
    issue_id TEXT REFERENCES report_issue, evidence TEXT NOT NULL, noted_at TEXT NOT NULL, UNIQUE (kind, name, period)
) STRICT;
CREATE INDEX report_lateness_due ON report_lateness (due_on);
"""


@migrations()
def m024_report_calendar(db: Database) -> None:
    """The tables of the calendar of reports."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
