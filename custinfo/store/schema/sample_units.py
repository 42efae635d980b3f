"""Units of samples know when they came to their sample, and have a number that only ever grows."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, run

COLUMNS = "seq, sample_id, place, customer_id, stratum, cluster, chance, probability, base_weight, recorded_at"

STATEMENTS = f"""
PRAGMA defer_foreign_keys = ON;
DROP VIEW fieldwork_unit;
CREATE TABLE sample_unit_before AS
    SELECT CASE WHEN drawn THEN number_of_sample * 100000000 + place
           ELSE (samples + 1) * 100000000 + row_number() OVER (PARTITION BY drawn ORDER BY number_of_sample, place)
           END AS seq, sample_id, place, customer_id, stratum, cluster, chance, probability, base_weight,
           coalesce(handed_out_at, drawn_at) AS recorded_at
    FROM (SELECT unit.*, drawn_at, method != 'quota' AS drawn, (SELECT count(*) FROM sample) AS samples,
                 (SELECT count(*) FROM sample AS one
                  WHERE (one.drawn_at, one.sample_id) <= (sample.drawn_at, sample.sample_id)) AS number_of_sample,
                 CASE method WHEN 'quota' THEN (SELECT min(recorded_at) FROM fieldwork AS event WHERE
                     event.sample_id = unit.sample_id AND event.customer_id = unit.customer_id) END AS handed_out_at
          FROM sample_unit AS unit JOIN sample USING (sample_id));
DROP TABLE sample_unit;
CREATE TABLE sample_unit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sample_id TEXT NOT NULL REFERENCES sample, place INTEGER NOT NULL,
    customer_id TEXT NOT NULL, stratum TEXT NOT NULL, cluster TEXT NOT NULL, chance TEXT, probability REAL,
    base_weight REAL, recorded_at TEXT NOT NULL, UNIQUE (sample_id, customer_id)
) STRICT;
INSERT INTO sample_unit ({COLUMNS}) SELECT {COLUMNS} FROM sample_unit_before ORDER BY seq;
DROP TABLE sample_unit_before;
CREATE INDEX sample_unit_customer ON sample_unit (customer_id);
"""


@migrations()
def m035_sample_units(db: Database) -> None:
    """Drawn units keep the number by which the lake has them. Those of quota samples came later than their sample, by
    numbers that the lake may have passed: they get new ones behind all others and are published once more. The foreign
    key of `fieldwork` holds again once the table is filled.
    """
    (view,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'fieldwork_unit'").fetchone()
    run(db, STATEMENTS)
    db.execute(view)
    protect(db, ("sample_unit",))
