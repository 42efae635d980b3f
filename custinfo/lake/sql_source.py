"""The rows that a query of another system's database gives, read only and a few at a time.

The database is one file, of DuckDB or SQLite. A query is one SELECT; it reaches that file and nothing else.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from custinfo.domain.errors import BadInput
from custinfo.lake import readers
from custinfo.lake.readers import MAX_ROWS, Row, as_text
from custinfo.store.site import Site

_ROWS_AT_ONCE = 16_384
_MAX_QUERY = 20_000
_WAL = b"\x02\x02"  # bytes 18 and 19 of an SQLite file whose new pages go to a -wal file first
_READ = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


@dataclass(frozen=True)
class Query:
    """A query and the database that answers it: `engine` is `duckdb` or `sqlite`."""

    sql: str
    engine: str
    file: Path

    @property
    def connection(self) -> str:
        """The database as the register of batches names it. It has no password: such a file has none."""
        return f"{self.engine}:///{self.file}"


def query(site: Site, sql: str, connection: str) -> Query:
    """A query of the database that is named as `duckdb:///path` or `sqlite:///path`.

    Raises BadInput for another way to name one, for a file that is not there, and for one of the site's own: to open
    the store a second time within a process undoes its locks.
    """
    engine, separator, path = connection.partition(":///")
    if not separator or engine not in ("duckdb", "sqlite") or not path or "?" in path:
        raise BadInput("lake.connection")
    if not sql.strip() or len(sql) > _MAX_QUERY:
        raise BadInput("lake.query_length", limit=_MAX_QUERY)
    file = Path(path).absolute()
    if not file.is_file():
        raise BadInput("lake.no_database", file=file.name)
    home = site.home.resolve()
    if file.resolve().is_relative_to(home) or any(file.samefile(own) for own in home.glob("*.db*")):
        raise BadInput("lake.own_database", file=file.name)
    return Query(sql.strip().rstrip(";"), engine, file)


def rows(asked: Query) -> Generator[Row, None, None]:
    """The names of the query's columns, then its rows as text; blank rows are left out.

    Raises BadInput when the database cannot be opened or refuses the query, with the database's own words, when
    somebody writes it meanwhile, and when there are too many rows or one has a value that is no text.
    """
    found = _duckdb(asked) if asked.engine == "duckdb" else _sqlite(asked)
    for number, values in enumerate(found, start=1):
        if number > MAX_ROWS:
            raise BadInput("lake.large", file=asked.file.name, limit=MAX_ROWS)
        if any(values):
            yield number, values


def _duckdb(asked: Query) -> Iterator[list[str]]:
    import duckdb
    import ibis

    try:
        statements = duckdb.extract_statements(asked.sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise BadInput("lake.query_kind", file=asked.file.name)
        # Without external access a query opens no other file: the store's, read along the way, would lose its locks
        engine = ibis.duckdb.connect(
            asked.file,
            read_only=True,
            enable_external_access=False,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )
        try:
            table = engine.sql(asked.sql)
            names = list(table.columns)
            yield names
            for batch in table.to_pyarrow_batches(chunk_size=_ROWS_AT_ONCE):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield _texts(asked, names, cells)
        finally:
            engine.disconnect()
    except BadInput:
        raise
    except Exception as refused:  # Ibis and Arrow answer what they do not know with whatever went wrong inside them
        raise _refused(asked, _in_words(refused)) from None


def _in_words(refused: Exception) -> str:
    if isinstance(refused, AttributeError):
        return "Not implemented: VALUES and the like by themselves; write SELECT * FROM (…)"
    if isinstance(refused, OverflowError):
        return "Out of range: a day or time outside of the years 1 to 9999"
    if isinstance(refused, ImportError):  # of a library for a type that is rare
        return "Not implemented: the type of a column; select it as text"
    return _first_line(refused)


def _sqlite(asked: Query) -> Iterator[list[str]]:
    """With its own library: a column may hold numbers and text at once, which a table with types cannot."""
    try:
        before = _last_written(asked.file)
        address = _address(asked.file)
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READ else sqlite3.SQLITE_DENY)
            cursor = database.execute(asked.sql)
            if cursor.description is None:
                raise BadInput("lake.query_kind", file=asked.file.name)
            names = [name for name, *_ in cursor.description]
            yield names
            while some := cursor.fetchmany(_ROWS_AT_ONCE):
                for cells in some:
                    yield _texts(asked, names, cells)
        # An immutable file is read without locks: pages written meanwhile would be of another moment than the rest
        if address.endswith("immutable=1") and _last_written(asked.file) != before:
            raise BadInput("lake.database_written", file=asked.file.name)
    except (sqlite3.Error, sqlite3.Warning, OSError) as refused:
        raise _refused(asked, _first_line(refused)) from None


def _address(file: Path) -> str:
    """How SQLite is asked for the file, so that it makes no file beside it.

    To read a database in WAL mode it makes the -wal and -shm that are not there, even with mode=ro; they would be ours,
    and the system whose database it is could no longer write.
    """
    address = f"{file.as_uri()}?mode=ro"
    with file.open("rb") as content:
        if content.read(20)[18:] != _WAL:
            return address
    real = file.resolve()  # SQLite looks for them beside the file that a link leads to
    wal, shared = (real.with_name(real.name + suffix).exists() for suffix in ("-wal", "-shm"))
    if wal and not shared:
        raise BadInput("lake.database_written", file=file.name)
    return address if wal else f"{address}&immutable=1"


def _last_written(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size


def _texts(asked: Query, names: Sequence[str], cells: Sequence[object]) -> list[str]:
    for name, cell in zip(names, cells, strict=True):
        if readers.holds_bytes(cell):
            raise _refused(asked, f"Not implemented: bytes (BLOB, BIT) in the column {name[:40]}; select it as text")
    return [as_text(cell) for cell in cells]


def _refused(asked: Query, answer: str) -> BadInput:
    return BadInput("lake.query_refused", file=asked.file.name, answer=answer)


def _first_line(refused: Exception) -> str:
    said = getattr(refused, "strerror", None) or refused  # without the path, which the error of a file has besides
    return str(said).partition("\n")[0][:200] or type(refused).__name__
