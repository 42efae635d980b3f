"""Rows by a query: read only, one SELECT, one database, never the site's own."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custinfo.domain.errors import BadInput
from custinfo.lake import readers, sql_source
from custinfo.store.site import Site

TABLE = "CREATE TABLE t (customer TEXT, line_no TEXT, bought DATE, amount DECIMAL(18, 2), share DOUBLE)"
ROWS = [("C1", "007", "2026-10-05", "12.50", 0.1 + 0.2), ("C2", "8", None, "3", 2.0)]
READ = [
    ["customer", "line_no", "bought", "amount", "share"],
    ["C1", "007", "2026-10-05", "12.5", "0.3"],
    ["C2", "8", "", "3", "2"],
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.create(tmp_path / "site", name="海风")


@pytest.fixture(params=["duckdb", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database with the table `t` is."""
    file = tmp_path / f"erp data.{request.param}"
    open_ = duckdb.connect if request.param == "duckdb" else sqlite3.connect
    with open_(file) as opened:
        opened.execute(TABLE)
        opened.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", ROWS)
    opened.close()
    return f"{request.param}:///{file}"


def rows(site: Site, sql: str, connection: str) -> list[list[str]]:
    return [values for _, values in sql_source.rows(sql_source.query(site, sql, connection))]


def refused(site: Site, sql: str, connection: str) -> BadInput:
    with pytest.raises(BadInput) as raised:
        rows(site, sql, connection)
    assert raised.value.text("zh-CN")
    assert raised.value.text("en")
    return raised.value


def test_a_query_gives_what_a_file_would(site: Site, database: str) -> None:
    assert rows(site, "SELECT * FROM t ORDER BY line_no;", database) == READ
    assert rows(site, "WITH a AS (SELECT customer AS 客户编号 FROM t) SELECT * FROM a WHERE 客户编号 = 'C1'", database) == [
        ["客户编号"], ["C1"]
    ]  # fmt: skip
    assert rows(site, "SELECT * FROM t WHERE false", database) == READ[:1]
    asked = sql_source.query(site, "SELECT 1", database)
    assert asked.connection == database


def test_numbers_of_rows_are_those_of_a_table(site: Site, database: str) -> None:
    asked = sql_source.query(site, "SELECT * FROM t", database)
    assert [number for number, _ in sql_source.rows(asked)] == [1, 2, 3]


def test_a_column_of_sqlite_may_hold_numbers_and_text(site: Site, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as opened:
        opened.execute("CREATE TABLE t (amount)")
        opened.executemany("INSERT INTO t VALUES (?)", [(1,), ("2.50",), (3.25,)])
    opened.close()
    assert rows(site, "SELECT amount FROM t", f"sqlite:///{tmp_path}/a.db") == [
        ["amount"], ["1"], ["2.50"], ["3.25"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t", "DROP TABLE t", "INSERT INTO t SELECT * FROM t", "CREATE TABLE u AS SELECT 1",
        "SELECT 1; DELETE FROM t", "ATTACH 'other.db' AS other", "PRAGMA journal_mode = DELETE", "nonsense",
        "SELECT * FROM nowhere", "COPY t TO 'out.csv'", "UPDATE t SET amount = 0",
    ],
)  # fmt: skip
def test_nothing_but_one_select_is_put_to_a_database(site: Site, database: str, sql: str) -> None:
    error = refused(site, sql, database)
    assert error.key in ("lake.query_kind", "lake.query_refused")
    assert "Traceback" not in str(error)
    assert rows(site, "SELECT * FROM t ORDER BY line_no", database) == READ


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("VALUES (1)", "SELECT * FROM"),
        ("SELECT 'infinity'::DATE", "9999"), ("SELECT '20000-01-01'::DATE", "9999"),
        ("SELECT '20000-01-01'::TIMESTAMP", "9999"), ("SELECT '0001-01-01 (BC)'::DATE", "9999"),
        ("SELECT 'POINT(1 1)'::GEOMETRY", "type of a column"), ("SELECT repeat('a', 3)::VARIANT", "VARIANT"),
        ("SELECT 1 AS id, 'x'::BLOB AS photo", "photo"), ("SELECT {'a': ['x'::BLOB]} AS nested", "nested"),
        ("SELECT MAP {'x'::BLOB: 1} AS keyed", "keyed"), ("SELECT '0001'::BIT AS flags", "flags"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_from_duckdb_is_said_in_words(site: Site, tmp_path: Path, sql: str, answer: str) -> None:
    duckdb.connect(tmp_path / "erp.duckdb").close()
    error = refused(site, sql, f"duckdb:///{tmp_path}/erp.duckdb")
    assert error.key == "lake.query_refused"
    assert answer in str(error)
    assert "object has no" not in str(error)


def test_bytes_of_sqlite_are_refused(site: Site, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "erp.db").close()
    error = refused(site, "SELECT 1 AS a, x'30303031' AS line_no", f"sqlite:///{tmp_path}/erp.db")
    assert error.key == "lake.query_refused"
    assert "line_no" in str(error)


@pytest.mark.parametrize("function", ["read_text", "read_blob", "read_csv", "read_parquet", "glob"])
def test_a_query_reaches_no_other_file(site: Site, tmp_path: Path, function: str) -> None:
    duckdb.connect(tmp_path / "erp.duckdb").close()
    other = tmp_path / ("other.parquet" if function == "read_parquet" else "other.csv")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "other.csv").write_text("a\n1\n")
    asked = f"SELECT count(*) FROM {function}('{other}')"
    assert duckdb.sql(asked).fetchall() == [(1,)], "the file is one that the function reads"
    error = refused(site, asked, f"duckdb:///{tmp_path}/erp.duckdb")
    assert error.key == "lake.query_refused"
    assert "disabled" in str(error)


@pytest.fixture
def wal(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's SQLite database in WAL mode, `erp/w.db`, that they have open."""
    (tmp_path / "erp").mkdir()
    with closing(sqlite3.connect(tmp_path / "erp" / "w.db")) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE t (a)")
        opened.execute("INSERT INTO t VALUES (7)")
        opened.commit()
        yield opened


def beside(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


@pytest.mark.parametrize("linked", [False, True])
def test_a_closed_wal_database_gets_no_files_beside_it(
    site: Site, tmp_path: Path, wal: sqlite3.Connection, linked: bool
) -> None:
    wal.close()
    file = tmp_path / "erp" / "w.db"
    (tmp_path / "link.db").symlink_to(file)
    assert file.read_bytes()[18:20] == b"\x02\x02"
    asked = sql_source.query(site, "SELECT a FROM t", f"sqlite:///{tmp_path / 'link.db' if linked else file}")
    found = []
    for _, values in sql_source.rows(asked):
        found.append(values)
        assert beside(file) == ["w.db"]
    assert found == [["a"], ["7"]]
    assert beside(file) == ["w.db"]


def test_an_open_wal_database_is_read_with_what_is_not_yet_in_it(
    site: Site, tmp_path: Path, wal: sqlite3.Connection
) -> None:
    file = tmp_path / "erp" / "w.db"
    before = beside(file)
    assert before == ["w.db", "w.db-shm", "w.db-wal"]
    assert rows(site, "SELECT a FROM t", f"sqlite:///{file}") == [["a"], ["7"]]
    assert beside(file) == before
    wal.execute("INSERT INTO t VALUES (8)")
    wal.commit()


@pytest.mark.parametrize("linked", [False, True])
def test_a_wal_without_its_index_is_refused_and_left_alone(
    site: Site, tmp_path: Path, wal: sqlite3.Connection, linked: bool
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    for name in ("w.db", "w.db-wal"):
        (left / name).write_bytes((tmp_path / "erp" / name).read_bytes())
    (tmp_path / "link.db").symlink_to(left / "w.db")
    error = refused(site, "SELECT a FROM t", f"sqlite:///{tmp_path / 'link.db' if linked else left / 'w.db'}")
    assert error.key == "lake.database_written"
    assert beside(left / "w.db") == ["w.db", "w.db-wal"]


def test_a_wal_database_that_changes_while_it_is_read_is_refused(
    site: Site, tmp_path: Path, wal: sqlite3.Connection
) -> None:
    wal.close()
    file = tmp_path / "erp" / "w.db"
    os.utime(file, (0, 0))  # a clock of files may tick only every few milliseconds
    found = sql_source.rows(sql_source.query(site, "SELECT a FROM t", f"sqlite:///{file}"))
    next(found)
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("INSERT INTO t VALUES (8)")
        writer.commit()
    with pytest.raises(BadInput) as raised:
        list(found)
    assert raised.value.key == "lake.database_written"


@pytest.mark.parametrize("name", ["store.db", "../link.db", "../hard.db", "keys/ring.json"])
@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_the_sites_own_files_are_no_source(site: Site, name: str, engine: str) -> None:
    (site.home / "store.db").touch()
    (site.home.parent / "link.db").symlink_to(site.home / "store.db")
    os.link(site.home / "store.db", site.home.parent / "hard.db")
    assert refused(site, "SELECT 1", f"{engine}:///{site.home / name}").key == "lake.own_database"


@pytest.mark.parametrize(
    "connection",
    [
        "",
        "erp.db",
        "sqlite:",
        "sqlite:///",
        "postgres://me:secret@host/db",
        "duckdb:///x?access_mode=read_write",
        "file:///x",
    ],
)
def test_another_way_to_name_a_database_is_refused_and_not_repeated(site: Site, connection: str) -> None:
    error = refused(site, "SELECT 1", connection)
    assert error.key == "lake.connection"
    assert "secret" not in str(error)


def test_what_is_no_database_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("not a database at all, but long enough to be looked at" * 100)
    for engine in ("duckdb", "sqlite"):
        assert refused(site, "SELECT * FROM t", f"{engine}:///{tmp_path}/a.db").key == "lake.query_refused"
        assert refused(site, "SELECT 1", f"{engine}:///{tmp_path}/none.db").key == "lake.no_database"
        assert refused(site, " ", f"{engine}:///{tmp_path}/a.db").key == "lake.query_length"


def test_rows_without_end_are_refused(site: Site, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_source, "MAX_ROWS", 2)
    assert refused(site, "SELECT * FROM t", database).key == "lake.large"


def test_a_day_of_a_database_is_read_as_a_file_shows_it() -> None:
    assert readers.as_text(datetime(2026, 10, 5, 13, 45)) == "2026-10-05 13:45:00"  # noqa: DTZ001
