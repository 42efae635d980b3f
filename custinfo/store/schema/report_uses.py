"""Where figures of issued reports were used, such as slides, and who was told that one of them was corrected."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
CREATE TABLE report_use (
    use_id TEXT PRIMARY KEY, issue_id TEXT NOT NULL REFERENCES report_issue, address TEXT NOT NULL,
    place TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL REFERENCES person, ended_at TEXT
) STRICT;
CREATE INDEX report_use_issue ON report_use (issue_id);
CREATE TABLE report_use_notice (
    use_id TEXT NOT NULL REFERENCES report_use, correction_id TEXT NOT NULL REFERENCES report_correction,
    at TEXT NOT NULL, mended_at TEXT, PRIMARY KEY (use_id, correction_id)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m026_report_uses(db: Database) -> None:
    """A use says which figure stands where; a notice, which of them a correction reached, and when it was mended."""
    run(db, STATEMENTS)
