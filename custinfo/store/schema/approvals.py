"""Approvals: cases, what happened to them, signatures, delegations, copies; the daily job and its mail."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect, protect_unless_lifted, run

APPEND_ONLY = ("signature",)
LIFTABLE = ("approval_event",)
"""A note may say something about a person. What a signature covers is the content's digest, never the note."""

STATEMENTS = """
CREATE TABLE approval_case (
    case_id TEXT PRIMARY KEY, procedure TEXT NOT NULL, definition TEXT NOT NULL, object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL, titles TEXT NOT NULL, sha256 TEXT NOT NULL, nonce TEXT NOT NULL, round INTEGER NOT NULL,
    step INTEGER NOT NULL, state TEXT NOT NULL, department TEXT NOT NULL, opened_at TEXT NOT NULL,
    opened_by TEXT NOT NULL, step_since TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE INDEX approval_case_object ON approval_case (object_kind, object_id);
CREATE UNIQUE INDEX approval_case_one ON approval_case (object_kind, object_id) WHERE state IN ('open', 'returned');
CREATE INDEX approval_case_open ON approval_case (department) WHERE state = 'open';
CREATE TABLE approval_author (
    case_id TEXT NOT NULL REFERENCES approval_case, person_id TEXT NOT NULL, PRIMARY KEY (case_id, person_id)
) STRICT;
CREATE TABLE approval_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL REFERENCES approval_case, round INTEGER NOT NULL,
    step INTEGER NOT NULL, action TEXT NOT NULL, role TEXT NOT NULL, sha256 TEXT NOT NULL, note TEXT NOT NULL,
    signed INTEGER NOT NULL, at TEXT NOT NULL, by_person TEXT NOT NULL, instead_of TEXT
) STRICT;
CREATE INDEX approval_event_case ON approval_event (case_id);
CREATE INDEX approval_event_person ON approval_event (by_person);
CREATE TABLE signature (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, round INTEGER NOT NULL, step INTEGER NOT NULL,
    object_kind TEXT NOT NULL, object_id TEXT NOT NULL, meaning TEXT NOT NULL, sha256 TEXT NOT NULL,
    signed_at TEXT NOT NULL, signed_by TEXT NOT NULL, instead_of TEXT, previous TEXT NOT NULL, key_id TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;
CREATE INDEX signature_case ON signature (case_id);
CREATE TABLE approval_notice (
    notice_id TEXT PRIMARY KEY, case_id TEXT NOT NULL REFERENCES approval_case, person_id TEXT NOT NULL,
    what TEXT NOT NULL, at TEXT NOT NULL, seen_at TEXT
) STRICT;
CREATE INDEX approval_notice_person ON approval_notice (person_id) WHERE seen_at IS NULL;
CREATE TABLE approval_escalation (
    case_id TEXT NOT NULL REFERENCES approval_case, round INTEGER NOT NULL, step INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (case_id, round, step)
) STRICT;
CREATE TABLE copy (
    copy_id TEXT PRIMARY KEY, case_id TEXT NOT NULL REFERENCES approval_case, round INTEGER NOT NULL,
    number INTEGER NOT NULL, recipient TEXT NOT NULL, sha256 TEXT NOT NULL, sent_at TEXT NOT NULL,
    sent_by TEXT NOT NULL, received_at TEXT, UNIQUE (case_id, round, recipient)
) STRICT;
CREATE INDEX copy_recipient ON copy (recipient) WHERE received_at IS NULL;
CREATE TABLE delegation (
    delegation_id TEXT PRIMARY KEY, from_person TEXT NOT NULL REFERENCES person,
    to_person TEXT NOT NULL REFERENCES person, procedures TEXT NOT NULL, starts_on TEXT NOT NULL, ends_on TEXT NOT NULL,
    reason TEXT NOT NULL, made_at TEXT NOT NULL, ended_at TEXT, ended_by TEXT, CHECK (from_person != to_person)
) STRICT;
CREATE INDEX delegation_to ON delegation (to_person) WHERE ended_at IS NULL;
CREATE INDEX delegation_from ON delegation (from_person) WHERE ended_at IS NULL;
CREATE TABLE daily_run (
    job TEXT NOT NULL, day TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, state TEXT NOT NULL,
    result TEXT NOT NULL, PRIMARY KEY (job, day)
) STRICT;
CREATE TABLE mail_address (person_id TEXT PRIMARY KEY REFERENCES person, address TEXT NOT NULL) STRICT;
CREATE TABLE mail (
    mail_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, day TEXT NOT NULL, waiting INTEGER NOT NULL,
    overdue INTEGER NOT NULL, escalated INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_at TEXT NOT NULL, queued_at TEXT NOT NULL, sent_at TEXT, UNIQUE (person_id, day)
) STRICT;
CREATE INDEX mail_queued ON mail (next_at) WHERE state = 'queued';
"""


@migrations()
def m007_approvals(db: Database) -> None:
    """The tables of approvals and of the daily job."""
    run(db, STATEMENTS)
    protect(db, APPEND_ONLY)
    protect_unless_lifted(db, LIFTABLE)
