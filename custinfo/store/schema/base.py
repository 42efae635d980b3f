"""How a migration is written: statements of SQL, and tables that refuse to have their history changed."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("custinfo")


def run(db: Database, statements: str) -> None:
    """Execute statements that each end with a semicolon at the end of a line."""
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)


def protect(db: Database, tables: tuple[str, ...]) -> None:
    """Nobody changes or removes a row of these tables, ever."""
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def protect_unless_lifted(db: Database, tables: tuple[str, ...]) -> None:
    """As `protect`, but `Tx.lifted` opens them for one transaction: people must be erasable and keys replaceable."""
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            db.execute(f"DROP TRIGGER IF EXISTS {name}")
            db.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN NOT EXISTS (SELECT 1 FROM lifted) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
