"""Where duplicates are looked for: DuckDB within the process, or the Spark that the rows come from.

Statements are written once, as DuckDB reads them; Spark gets its own writing of the same from SQLGlot. They keep to
what both have: `array_intersect` and `array_length` of lists, no distance of text that is not ASCII.
"""

from typing import Any, Protocol

import duckdb
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot
from sqlglot import expressions


class Database(Protocol):
    """Tables that last for one search, under names of its own. Close it."""

    def bring(self, name: str, rows: pa.RecordBatchReader) -> None:
        """Make a table of rows in memory."""

    def make(self, name: str, query: str) -> None:
        """Make a table, or another in its place, of what a query gives."""

    def ask(self, query: str) -> pa.Table:
        """What a query gives."""

    def drop(self, name: str) -> None:
        """Forget a table."""

    def written(self, statement: str) -> str:
        """A statement or condition in this database's own SQL."""

    def splink(self) -> Any:
        """What Splink reaches this database by."""

    def close(self) -> None:
        """Forget all tables."""


def of(table: ir.Table) -> Database:
    """The database that looks for duplicates in `table`: the Spark that holds it, or else a DuckDB."""
    backend: Any = table.get_backend()
    return _Spark(backend._session) if backend.name == "pyspark" else _DuckDB()


class _DuckDB:
    def __init__(self) -> None:
        self._connection = duckdb.connect()

    def bring(self, name: str, rows: pa.RecordBatchReader) -> None:
        self._connection.register("incoming", rows)
        self.make(name, "SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def make(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")

    def ask(self, query: str) -> pa.Table:
        return self._connection.execute(query).to_arrow_table()

    def drop(self, name: str) -> None:
        self._connection.execute(f"DROP TABLE {name}")

    def written(self, statement: str) -> str:
        return statement

    def splink(self) -> Any:
        from splink import DuckDBAPI  # slow to import, and asked for by large sets alone

        return DuckDBAPI(self._connection)

    def close(self) -> None:
        self._connection.close()


class _Spark:
    def __init__(self, session: Any) -> None:
        # With the same executors, but views of its own
        self._session = session.newSession()

    def bring(self, name: str, rows: pa.RecordBatchReader) -> None:
        self._keep(name, self._session.createDataFrame(rows.read_all()))

    def make(self, name: str, query: str) -> None:
        self._keep(name, self._session.sql(self.written(query)))

    def _keep(self, name: str, rows: Any) -> None:
        rows.persist().createOrReplaceTempView(name)

    def ask(self, query: str) -> pa.Table:
        return self._session.sql(self.written(query)).toArrow()

    def drop(self, name: str) -> None:
        self._session.catalog.uncacheTable(name)
        self._session.catalog.dropTempView(name)

    def written(self, statement: str) -> str:
        return sqlglot.parse_one(statement, read="duckdb").transform(_as_spark_says).sql("spark")

    def splink(self) -> Any:
        from splink import SparkAPI

        # Our comparisons need none of the functions that Splink has in a jar; what it makes stays with the executors,
        # not, as it would, in files of a folder that all of them share
        api: Any = SparkAPI
        return api(spark_session=self._session, break_lineage_method="persist", register_udfs_automatically=False)

    def close(self) -> None:
        # Of all sessions, as Splink hands out no way to what it keeps; others compute theirs again when asked
        self._session.catalog.clearCache()


def _as_spark_says(part: expressions.Expression) -> expressions.Expression:
    """What SQLGlot leaves as DuckDB says it."""
    if isinstance(part, expressions.ArrayOverlaps):
        return expressions.Anonymous(this="arrays_overlap", expressions=[part.this, part.expression])
    if isinstance(part, expressions.Anonymous) and part.name.lower() == "hash":
        return expressions.Anonymous(this="xxhash64", expressions=part.expressions)
    return part
