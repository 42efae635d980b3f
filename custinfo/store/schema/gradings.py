"""Gradings of quarters: with which version of the lake each agrees, and what was found to have come since."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
CREATE TABLE grading_standing (
    quarter TEXT PRIMARY KEY, edition INTEGER NOT NULL, lake_version INTEGER NOT NULL, came INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0, before_anew INTEGER NOT NULL DEFAULT 0, found_on TEXT
) STRICT;
"""


@migrations()
def m039_gradings(db: Database) -> None:
    """A quarter that has no row here was graded before this migration; what it was made from, the lake says."""
    run(db, STATEMENTS)
