"""What is compared of a customer is kept ready, and names are found by pairs of characters in a table of their own."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, run

STATEMENTS = """
ALTER TABLE match_party ADD COLUMN prepared TEXT NOT NULL DEFAULT '{}';
ALTER TABLE match_party ADD COLUMN prepared_as INTEGER NOT NULL DEFAULT 0;
CREATE INDEX match_party_prepared_as ON match_party (prepared_as, seq);
CREATE TABLE match_gram (
    gram INTEGER NOT NULL, seq INTEGER NOT NULL REFERENCES match_party ON DELETE CASCADE, PRIMARY KEY (gram, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_gram_seq ON match_gram (seq);
DROP TRIGGER match_party_gone;
DROP TABLE match_word;
DROP TABLE match_name;
"""


@migrations()
def m021_match_grams(db: Database) -> None:
    """`prepared_as` 0: not made ready yet. The daily job and `custinfo dedupe` do that, page by page."""
    run(db, STATEMENTS)
