"""What logging in needs: guesses counted, second factors, labs' tickets, and what a session knows of itself."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
ALTER TABLE person ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT 0;
ALTER TABLE login_session ADD COLUMN language TEXT;
ALTER TABLE login_session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE login_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE login_session ADD COLUMN lowered_to INTEGER;
CREATE INDEX login_session_open ON login_session (person_id) WHERE ended_at IS NULL;
DROP TABLE login_failure;
CREATE TABLE guess (
    subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at TEXT NOT NULL, locked_until TEXT
) STRICT;
CREATE TABLE second_factor (
    person_id TEXT PRIMARY KEY REFERENCES person, enrolment INTEGER NOT NULL, secret TEXT NOT NULL,
    started_at TEXT NOT NULL, confirmed_at TEXT, last_step INTEGER NOT NULL
) STRICT;
CREATE TABLE recovery_code (
    person_id TEXT NOT NULL REFERENCES person, digest TEXT NOT NULL, used_at TEXT, PRIMARY KEY (person_id, digest)
) STRICT;
CREATE TABLE lab_token (
    person_id TEXT PRIMARY KEY REFERENCES person, token_hash TEXT NOT NULL UNIQUE, made_at TEXT NOT NULL
) STRICT;
CREATE TABLE lab_ticket (
    ticket_hash TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES login_session, kind TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT;
"""


@migrations()
def m006_login(db: Database) -> None:
    """The tables of logging in."""
    run(db, STATEMENTS)
