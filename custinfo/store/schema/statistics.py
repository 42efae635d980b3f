"""Statistical work: who is answerable for it, handed over; layouts and their copies; the archive; published figures."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("attestation", "report_layout", "report_layout_movement", "report_archive_volume", "published_figure")

STATEMENTS = """
CREATE TABLE statistical_handover (
    handover_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, leaver TEXT NOT NULL REFERENCES person,
    successor TEXT NOT NULL REFERENCES person, supervisor TEXT NOT NULL REFERENCES person, trained TEXT NOT NULL,
    briefing TEXT NOT NULL, items TEXT NOT NULL, state TEXT NOT NULL, opened_at TEXT NOT NULL,
    opened_by TEXT NOT NULL REFERENCES person, ended_at TEXT, passed TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX statistical_handover_open ON statistical_handover (leaver) WHERE state = 'handing_over';
CREATE TABLE statistician (
    appointment_id TEXT PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person, post TEXT NOT NULL, reach TEXT NOT NULL,
    department TEXT NOT NULL, reports TEXT NOT NULL, from_on TEXT NOT NULL, until_on TEXT, reason TEXT NOT NULL,
    handover_id TEXT REFERENCES statistical_handover, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person, ended_on TEXT, ended_by TEXT REFERENCES person
) STRICT;
CREATE INDEX statistician_person ON statistician (person_id);
CREATE TABLE attestation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, object_kind TEXT NOT NULL, object_id TEXT NOT NULL, part TEXT NOT NULL,
    sha256 TEXT NOT NULL, signed_at TEXT NOT NULL, signed_by TEXT NOT NULL REFERENCES person, key_id TEXT NOT NULL,
    signature TEXT NOT NULL, UNIQUE (object_kind, object_id, part)
) STRICT;
CREATE TABLE report_layout (
    layout_id TEXT PRIMARY KEY, number TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    sha256 TEXT NOT NULL, tables TEXT NOT NULL, in_force_on TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person, UNIQUE (name, version),
    FOREIGN KEY (name, version) REFERENCES report_definition (name, version)
) STRICT;
CREATE TABLE report_layout_movement (
    movement_id TEXT PRIMARY KEY, layout_id TEXT NOT NULL REFERENCES report_layout, kind TEXT NOT NULL,
    copies INTEGER NOT NULL CHECK (copies > 0), person_id TEXT REFERENCES person, note TEXT NOT NULL, at TEXT NOT NULL,
    "by" TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX report_layout_movement_layout ON report_layout_movement (layout_id);
CREATE TABLE report_archive_volume (
    year INTEGER NOT NULL, number INTEGER NOT NULL, manifest TEXT NOT NULL, sha256 TEXT NOT NULL,
    sealed_at TEXT NOT NULL, sealed_by TEXT NOT NULL REFERENCES person, PRIMARY KEY (year, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE report_archive_file (
    file_number TEXT PRIMARY KEY, issue_id TEXT NOT NULL UNIQUE REFERENCES report_issue, year INTEGER NOT NULL,
    kind TEXT NOT NULL, sha256 TEXT NOT NULL, pages INTEGER NOT NULL, place TEXT NOT NULL, filed_at TEXT NOT NULL,
    filed_by TEXT NOT NULL REFERENCES person, destroyed_at TEXT, plan_id TEXT REFERENCES retention_plan
) STRICT;
CREATE INDEX report_archive_file_year ON report_archive_file (year);
CREATE TABLE published_figure (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, indicator TEXT NOT NULL, period TEXT NOT NULL, value TEXT NOT NULL,
    kind TEXT NOT NULL, issue_id TEXT NOT NULL REFERENCES report_issue, address TEXT NOT NULL,
    published_at TEXT NOT NULL, UNIQUE (issue_id, indicator, period)
) STRICT;
CREATE INDEX published_figure_of ON published_figure (indicator, period);
ALTER TABLE disclosure ADD COLUMN issue_id TEXT REFERENCES report_issue;
"""


@migrations()
def m025_statistics(db: Database) -> None:
    """Appointments and handovers end, files of the archive are destroyed; everything else stays as it was written."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
