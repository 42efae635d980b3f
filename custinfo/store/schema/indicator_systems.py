"""Versions of the indicator system: which departments are asked, what they say, what becomes of each."""

import hashlib

from sqlite_utils import Database

from custinfo.domain import indicator_definitions
from custinfo.domain.clock import stamp, utc_now
from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("indicator_system", "indicator_department", "indicator_event")
ADOPTED = (
    "升级时采用系统所附的指标体系，待本单位讨论批准。"
    "Adopted as shipped when the site was updated, to be discussed and approved."
)

STATEMENTS = """
CREATE TABLE indicator_system (
    version INTEGER PRIMARY KEY, content TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL,
    answer_by TEXT NOT NULL, adopted INTEGER NOT NULL CHECK (adopted IN (0, 1)), recorded_at TEXT NOT NULL,
    recorded_by TEXT REFERENCES person
) STRICT;
CREATE TABLE indicator_department (
    version INTEGER NOT NULL REFERENCES indicator_system, department TEXT NOT NULL, PRIMARY KEY (version, department)
) STRICT, WITHOUT ROWID;
CREATE TABLE indicator_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, version INTEGER NOT NULL REFERENCES indicator_system, action TEXT NOT NULL,
    department TEXT NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL, by_person TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX indicator_event_version ON indicator_event (version);
"""


@migrations()
def m034_indicator_systems(db: Database) -> None:
    """A site that issued reports before goes on with the system that it has, which is kept as it stands by then."""
    run(db, STATEMENTS)
    if db.execute("SELECT 1 FROM report_definition LIMIT 1").fetchone() is not None:
        content, now = indicator_definitions.content(), stamp(utc_now())
        row = (1, content.decode(), hashlib.sha256(content).hexdigest(), ADOPTED, now[:10], 1, now, None)
        db.execute("INSERT INTO indicator_system VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    protect(db, APPEND_ONLY)
