"""Regular reports: definitions in versions, issues, what people say in them, and corrections."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("report_definition", "report_correction")

STATEMENTS = """
CREATE TABLE report_definition (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
    sha256 TEXT NOT NULL, reason TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person,
    UNIQUE (name, version)
) STRICT;
CREATE TABLE report_issue (
    issue_id TEXT PRIMARY KEY, name TEXT NOT NULL, period TEXT NOT NULL, revision INTEGER NOT NULL,
    definition_version INTEGER NOT NULL, as_of TEXT NOT NULL, lake_version INTEGER NOT NULL, state TEXT NOT NULL,
    manifest TEXT, sha256 TEXT, drafted_at TEXT NOT NULL, drafted_by TEXT NOT NULL REFERENCES person,
    put_forward_at TEXT, released_inside_at TEXT, released_inside_by TEXT REFERENCES person, released_outside_at TEXT,
    released_outside_by TEXT REFERENCES person, correction_id TEXT REFERENCES report_correction,
    FOREIGN KEY (name, definition_version) REFERENCES report_definition (name, version)
) STRICT;
CREATE UNIQUE INDEX report_issue_period ON report_issue (name, period, revision) WHERE state <> 'withdrawn';
CREATE TABLE report_correction (
    correction_id TEXT PRIMARY KEY, issue_id TEXT NOT NULL REFERENCES report_issue, grade TEXT NOT NULL,
    cause TEXT NOT NULL, changes TEXT NOT NULL, reason TEXT NOT NULL, told TEXT NOT NULL, as_of TEXT NOT NULL,
    lake_version INTEGER NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX report_correction_issue ON report_correction (issue_id);
CREATE TABLE report_comment (
    comment_id TEXT PRIMARY KEY, issue_id TEXT NOT NULL REFERENCES report_issue, kind TEXT NOT NULL,
    texts TEXT NOT NULL, written_at TEXT NOT NULL, written_by TEXT NOT NULL REFERENCES person, taken_back_at TEXT,
    taken_back_by TEXT REFERENCES person
) STRICT;
CREATE TABLE report_notice (
    issue_id TEXT NOT NULL REFERENCES report_issue, person_id TEXT NOT NULL REFERENCES person, at TEXT NOT NULL,
    seen_at TEXT, PRIMARY KEY (issue_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_comment_issue ON report_comment (issue_id);
"""


@migrations()
def m022_reports(db: Database) -> None:
    """One issue of a report for each period and revision; what is withdrawn makes room for another."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
