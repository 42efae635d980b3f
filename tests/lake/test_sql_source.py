"""Rows by a query: read only, one SELECT, one database, never the site's own."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

import duckdb
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
        opened.executemany("INSERT INTO t VALUES (?)", [(1,), ("2.50",), (3.25,), (b"x",)])
    opened.close()
    assert rows(site, "SELECT amount FROM t", f"sqlite:///{tmp_path}/a.db") == [
        ["amount"], ["1"], ["2.50"], ["3.25"], ["b'x'"]
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


@pytest.mark.parametrize("function", ["read_text", "read_blob", "read_csv", "read_parquet", "glob"])
def test_a_query_reaches_no_other_file(site: Site, tmp_path: Path, function: str) -> None:
    duckdb.connect(tmp_path / "erp.duckdb").close()
    error = refused(site, f"SELECT * FROM {function}('{site.home}/store.db')", f"duckdb:///{tmp_path}/erp.duckdb")
    assert error.key == "lake.query_refused"


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
