"""Studies: their seven steps, the samples drawn for them, and the register of what was handed out and came back."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, protect_unless_lifted, run

APPEND_ONLY = ("study_step", "sample", "sample_unit")

STATEMENTS = """
CREATE TABLE study (
    study_id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, title TEXT NOT NULL, purpose TEXT NOT NULL,
    department TEXT NOT NULL, form_id TEXT NOT NULL, form_version TEXT NOT NULL,
    proposal_id TEXT NOT NULL REFERENCES record, starts_on TEXT NOT NULL, ends_on TEXT NOT NULL,
    report_due_on TEXT NOT NULL, state TEXT NOT NULL, begun_at TEXT NOT NULL,
    begun_by TEXT NOT NULL REFERENCES person, FOREIGN KEY (form_id, form_version) REFERENCES form
) STRICT;
CREATE INDEX study_form ON study (form_id, state);
CREATE TABLE study_step (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, study_id TEXT NOT NULL REFERENCES study, step TEXT NOT NULL,
    action TEXT NOT NULL, note TEXT NOT NULL, evidence TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person
) STRICT;
CREATE INDEX study_step_study ON study_step (study_id);
CREATE TABLE sample (
    sample_id TEXT PRIMARY KEY, study_id TEXT NOT NULL REFERENCES study, number INTEGER NOT NULL, reason TEXT NOT NULL,
    method TEXT NOT NULL, seed TEXT NOT NULL, strata_by TEXT NOT NULL, clusters_by TEXT NOT NULL,
    allocation TEXT NOT NULL, chosen TEXT NOT NULL, precision TEXT NOT NULL, frame_units INTEGER NOT NULL,
    left_out INTEGER NOT NULL, strata TEXT NOT NULL, sizes TEXT NOT NULL, frame_sha256 TEXT NOT NULL,
    frame BLOB NOT NULL, drawn_at TEXT NOT NULL, drawn_by TEXT NOT NULL REFERENCES person, UNIQUE (study_id, number)
) STRICT;
CREATE TABLE sample_unit (
    sample_id TEXT NOT NULL REFERENCES sample, place INTEGER NOT NULL, customer_id TEXT NOT NULL,
    stratum TEXT NOT NULL, cluster TEXT NOT NULL, chance TEXT, probability REAL, base_weight REAL,
    PRIMARY KEY (sample_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_unit_customer ON sample_unit (customer_id);
CREATE TABLE fieldwork (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sample_id TEXT NOT NULL, customer_id TEXT NOT NULL, kind TEXT NOT NULL,
    wave INTEGER NOT NULL, channel TEXT NOT NULL, disposition TEXT NOT NULL, record_id TEXT REFERENCES record,
    happened_on TEXT NOT NULL, note TEXT NOT NULL, recorded_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person,
    FOREIGN KEY (sample_id, customer_id) REFERENCES sample_unit (sample_id, customer_id)
) STRICT;
CREATE INDEX fieldwork_unit_of ON fieldwork (sample_id, customer_id);
CREATE INDEX fieldwork_record ON fieldwork (record_id);
CREATE VIEW fieldwork_unit AS
    SELECT sample.study_id, sample.number, unit.*, coalesce(said.channel, sent.channel, '') AS channel,
           (SELECT min(happened_on) FROM fieldwork AS first WHERE first.sample_id = unit.sample_id
            AND first.customer_id = unit.customer_id AND kind = 'handed_out') AS handed_out_on,
           coalesce(sent.wave, 0) AS waves, sent.happened_on AS asked_on,
           CASE WHEN said.disposition IN ('complete', 'partial') THEN said.happened_on END AS returned_on,
           coalesce(said.disposition, CASE WHEN sent.seq IS NULL THEN '' ELSE 'unknown_other' END) AS disposition,
           said.record_id
    FROM sample_unit AS unit JOIN sample USING (sample_id)
    LEFT JOIN fieldwork AS said ON said.seq = (SELECT max(seq) FROM fieldwork AS other
        WHERE other.sample_id = unit.sample_id AND other.customer_id = unit.customer_id AND kind = 'outcome')
    LEFT JOIN fieldwork AS sent ON sent.seq = (SELECT max(seq) FROM fieldwork AS other
        WHERE other.sample_id = unit.sample_id AND other.customer_id = unit.customer_id AND kind != 'outcome');
"""


@migrations()
def m029_studies(db: Database) -> None:
    """A study changes its state; what was done, drawn, handed out and came back stays as it was written."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    protect_unless_lifted(db, ("fieldwork",))
