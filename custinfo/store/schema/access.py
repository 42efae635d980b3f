"""Who is cleared for what, whose customers are whose, and how secret a single record is."""

from datetime import timedelta

from sqlite_utils import Database

from custinfo.domain.clock import stamp, utc_now
from custinfo.store.schema.base import migrations, protect, run

APPEND_ONLY = ("assignment", "record_handover", "record_level", "rights_review")
EARLIER = {"researcher": 1, "supervisor": 1, "department_head": 1, "information_administrator": 1, "manager": 2,
           "analyst": 2}  # fmt: skip
"""The level that each role saw before there were clearances: accounts of that time keep it for `GRACE`."""
GRACE = timedelta(days=90)

STATEMENTS = """
ALTER TABLE person ADD COLUMN left_at TEXT;
ALTER TABLE form ADD COLUMN audience TEXT NOT NULL DEFAULT 'field';
ALTER TABLE person_role ADD COLUMN until TEXT;
CREATE TABLE clearance (
    clearance_id TEXT PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person, level INTEGER NOT NULL,
    granted_at TEXT NOT NULL, granted_by TEXT NOT NULL, until TEXT, trained_until TEXT, vetted_until TEXT,
    reason TEXT NOT NULL, revoked_at TEXT, revoked_by TEXT
) STRICT;
CREATE INDEX clearance_person ON clearance (person_id) WHERE revoked_at IS NULL;
CREATE TABLE person_region (
    person_id TEXT NOT NULL REFERENCES person, region TEXT NOT NULL, PRIMARY KEY (person_id, region)
) STRICT;
CREATE TABLE access_request (
    request_id TEXT PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person, role TEXT, level INTEGER, region TEXT,
    department TEXT, until TEXT, reason TEXT NOT NULL, asked_at TEXT NOT NULL, asked_by TEXT NOT NULL, applied_at TEXT,
    applied_by TEXT,
    CHECK ((role IS NOT NULL) + (level IS NOT NULL) + (region IS NOT NULL) + (department IS NOT NULL) = 1)
) STRICT;
CREATE TABLE rights_review (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, department TEXT NOT NULL, reviewed_at TEXT NOT NULL,
    reviewed_by TEXT NOT NULL, rights TEXT NOT NULL
) STRICT;
CREATE TABLE assignment (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, entity_id TEXT NOT NULL REFERENCES entity, owner TEXT NOT NULL,
    reason TEXT NOT NULL, assigned_at TEXT NOT NULL, assigned_by TEXT NOT NULL
) STRICT;
CREATE INDEX assignment_entity ON assignment (entity_id, seq);
CREATE TABLE record_level (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL REFERENCES record, level INTEGER NOT NULL,
    reason TEXT NOT NULL, set_at TEXT NOT NULL, set_by TEXT NOT NULL
) STRICT;
CREATE INDEX record_level_record ON record_level (record_id, seq);
CREATE INDEX entity_version_record ON entity_version (record_id);
CREATE TABLE record_handover (
    record_id TEXT NOT NULL REFERENCES record, person_id TEXT NOT NULL REFERENCES person, at TEXT NOT NULL,
    by TEXT NOT NULL, PRIMARY KEY (record_id, person_id)
) STRICT;
CREATE VIEW record_hand AS
    SELECT record_id, recorded_by AS person_id FROM record_version
    UNION SELECT record_id, person_id FROM record_handover;
CREATE VIEW record_now_level AS
    SELECT record_id, level FROM record_level AS said
    WHERE seq = (SELECT max(seq) FROM record_level AS newer WHERE newer.record_id = said.record_id);
CREATE VIEW entity_root AS
    SELECT entity_id, CASE dataset WHEN 'customers' THEN entity_id ELSE coalesce(
        (SELECT about.entity_id FROM entity_version AS first JOIN record USING (record_id)
         JOIN entity AS about ON about.entity_id = record.entity_id
         WHERE first.entity_id = entity.entity_id AND first.version = 1 AND about.dataset = 'customers'),
        entity_id) END AS root
    FROM entity;
CREATE VIEW entity_owner AS
    SELECT entity_id, root,
           coalesce((SELECT owner FROM assignment WHERE assignment.entity_id = root ORDER BY seq DESC LIMIT 1),
                    (SELECT recorded_by FROM entity_version AS first
                     WHERE first.entity_id = root AND first.version = 1)) AS owner
    FROM entity_root;
CREATE VIEW entity_place AS
    SELECT entity_id, root, owner, (SELECT department FROM person WHERE person_id = owner) AS department,
           (SELECT json_extract(properties, '$.region') FROM entity_version AS newest
            WHERE newest.entity_id = root ORDER BY version DESC LIMIT 1) AS region,
           (SELECT min(level) FROM record_now_level WHERE record_id IN
            (SELECT record_id FROM entity_version AS wrote
             WHERE wrote.entity_id IN (entity_owner.entity_id, entity_owner.root))) AS level,
           (SELECT audience FROM entity_version AS made JOIN form ON form.form_id = made.form_id
            AND form.version = made.form_version WHERE made.entity_id = entity_owner.entity_id AND made.version = 1
           ) AS audience
    FROM entity_owner;
DROP VIEW entity_current;
CREATE VIEW entity_current AS
    SELECT entity.entity_id, dataset, number, created_at, seq, version, label, properties, record_id,
           record_version, form_id, form_version, recorded_at, recorded_by, root, owner, department, region, level,
           audience
    FROM entity JOIN entity_version USING (entity_id) JOIN entity_place USING (entity_id)
    WHERE version = (SELECT max(version) FROM entity_version AS newer WHERE newer.entity_id = entity.entity_id);
DROP VIEW record_current;
CREATE VIEW record_current AS
    SELECT record.record_id, form_id, record.entity_id, created_at, version, form_version, content, recorded_at,
           recorded_by, reason, interviewed_at, notes, reasons, source,
           (SELECT group_concat(person_id) FROM record_hand WHERE record_hand.record_id = record.record_id) AS authors,
           coalesce((SELECT state FROM record_review AS said WHERE said.record_id = record.record_id
                     AND said.version = newest.version ORDER BY seq DESC LIMIT 1),
                    CASE newest.state WHEN 'submitted' THEN 'received' ELSE newest.state END) AS state,
           coalesce(place.owner, first_by) AS owner,
           CASE WHEN place.owner IS NULL THEN (SELECT department FROM person WHERE person_id = first_by)
                ELSE place.department END AS department,
           place.region, CASE WHEN place.level < coalesce(said.level, 9) THEN place.level ELSE said.level END AS level,
           (SELECT audience FROM form WHERE form.form_id = record.form_id AND form.version = newest.form_version
           ) AS audience
    FROM record JOIN record_version AS newest USING (record_id)
    JOIN (SELECT record_id, recorded_by AS first_by FROM record_version WHERE version = 1) AS first USING (record_id)
    LEFT JOIN entity_place AS place ON place.entity_id = record.entity_id
    LEFT JOIN record_now_level AS said ON said.record_id = record.record_id
    WHERE newest.version = (SELECT max(version) FROM record_version AS other WHERE other.record_id = record.record_id);
"""


@migrations()
def m004_access(db: Database) -> None:
    """Clearances, regions, requests, reviews of rights, assignments, levels of records."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    _keep_what_roles_had(db)


def _keep_what_roles_had(db: Database) -> None:
    now = utc_now()
    until = stamp(now + GRACE)
    held = db.execute("SELECT person_id, group_concat(role) FROM person_role GROUP BY person_id").fetchall()
    for person_id, roles in held:
        level = min((EARLIER[role] for role in roles.split(",") if role in EARLIER), default=3)
        if level < 3:
            row = (f"G-{person_id}", person_id, level, stamp(now), "service", until, until, until, "migration")
            db.execute(
                "INSERT INTO clearance (clearance_id, person_id, level, granted_at, granted_by, until, trained_until, "
                "vetted_until, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
