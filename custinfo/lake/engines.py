"""The engines that read the lake: DuckDB inside the process, or Spark. The only module that knows either.

The same Ibis expression gives the same rows on both: moments are in UTC without a zone, paths are taken as they stand,
columns that an older file lacks are NULL. Spark is not installed with custinfo (docs/how-to/run-on-spark.md).
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custinfo.domain.errors import BadInput, SiteFault, WrongState
from custinfo.store.site import Site

DUCKDB = "duckdb"
_SPARK = re.compile(r"spark://[^\s/]+|local(\[(\*|[1-9]\d{0,3})\])?|yarn|k8s://\S+")
T = TypeVar("T")


class Engine(Protocol):
    """What the lake asks of an engine. `name` is what it was asked for by."""

    name: str

    def read(self, files: Sequence[Path], columns: pa.Schema) -> ir.Table:
        """The rows of these Parquet files with exactly `columns`, in no order. No files are no rows."""

    def read_native(self, file: Path, table: str, made_of: str) -> ir.Table | None:
        """The rows of a file of `write_native`; None when this engine reads no such files, or the file says that it was
        made of something else, or cannot be opened.
        """

    def keep(self, tables: Mapping[str, ir.Table], said: str, made_of: str, target: Path) -> bool | None:
        """Write tables of this engine, and a text, into a new file that says within itself what it was `made_of`; None
        when this engine has no such files. Raises OSError when it cannot be written.
        """

    def read_kept(self, file: Path, made_of: str) -> tuple[dict[str, ir.Table], str] | None:
        """The tables of a file of `keep` by name, and the text; None as for `read_native`."""

    def hold(self, rows: pa.Table) -> ir.Table:
        """Rows of the program's memory as a table of this engine, for what asks a table where it is."""

    def guarded(self, work: Callable[..., T]) -> Callable[..., T]:
        """The same, for work that reaches the engine by other ways than Ibis: an engine that died is said in words; any
        other fault stays what it is.
        """


def of_site(site: Site) -> str:
    """The engine that `[lake] engine` of site.toml names; DuckDB when it names none."""
    return str(site.section("lake").get("engine", DUCKDB))


def start(name: str) -> Engine:
    """The engine of that name: `duckdb`, or a master of Spark such as `spark://host:7077` or `local[*]`.

    Raises BadInput for another name, SiteFault when Spark is not installed or does not start, WrongState when this
    process works with another Spark already.
    """
    if name == DUCKDB:
        return _DuckDB()
    if _SPARK.fullmatch(name):
        return _Spark(name)
    raise BadInput("lake.engine_unknown", engine=name[:80])


def _types(columns: pa.Schema) -> ibis.Schema:
    # What a file calls NOT NULL an engine does not: an older file may lack the column
    return ibis.schema({name: kind.copy(nullable=True) for name, kind in ibis.Schema.from_pyarrow(columns).items()})


def _exactly(table: ir.Table, columns: pa.Schema) -> ir.Table:
    return table.select(
        table[name] if name in table.columns else ibis.null(kind).name(name) for name, kind in _types(columns).items()
    )


def _no_rows(columns: pa.Schema) -> ir.Table:
    empty = pa.schema([field.with_nullable(True) for field in columns]).empty_table()
    return ibis.memtable(empty, schema=_types(columns))


_MADE_OF = "custinfo_made_of"
"""The table of a native file that says what it was made of."""


def write_native(files: Sequence[Path], columns: pa.Schema, target: Path, table: str, made_of: str) -> None:
    """Write the rows of Parquet files with exactly `columns` as a table of a new file of DuckDB's own format, which
    says within itself what it was `made_of`. Raises OSError when it cannot be written.
    """
    import duckdb

    engine = _DuckDB()
    try:
        # The rows' order means nothing, and to keep it takes memory for all of them
        engine.run("SET preserve_insertion_order = false")
        engine.run(f"ATTACH {_quoted(target)} AS native (TYPE duckdb)")
        rows = ibis.to_sql(engine.read(files, columns), dialect="duckdb")
        engine.run(f"CREATE TABLE native.{table} AS {rows}")
        engine.run(f"CREATE TABLE native.{_MADE_OF} AS SELECT '{made_of}' AS made_of")
        engine.run("DETACH native")  # which leaves no log of changes beside the file
    except duckdb.IOException as fault:
        raise OSError(0, "the disk is full, or cannot be written to") from fault
    finally:
        engine.close()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


class _DuckDB:
    def __init__(self) -> None:
        self.name = DUCKDB
        # Nothing is ever fetched from outside; and time is in UTC whatever the machine's zone
        self._backend = ibis.duckdb.connect(autoinstall_known_extensions=False, autoload_known_extensions=False)
        self._backend.raw_sql("SET TimeZone = 'UTC'")
        self._backend.raw_sql("SET enable_progress_bar = false")  # it goes to the output of a command
        self._guarded = False

    def run(self, statement: str) -> None:
        self._backend.raw_sql(statement)

    def close(self) -> None:
        self._backend.disconnect()

    def read(self, files: Sequence[Path], columns: pa.Schema) -> ir.Table:
        if not files:
            return _no_rows(columns)
        import duckdb

        paths = [self._literal(file) for file in files]
        try:
            rows = self._backend.read_parquet(paths, table_name=_new_name(), union_by_name=True)
        except duckdb.Error as fault:
            raise _unread(fault) from None
        self._guard()
        return _exactly(rows, columns)

    @staticmethod
    def _literal(path: Path) -> str:
        # DuckDB reads a path as a pattern
        return "".join(f"[{character}]" if character in "[*?" else character for character in str(path))

    def read_native(self, file: Path, table: str, made_of: str) -> ir.Table | None:
        import duckdb

        try:
            name = self._attached(file, made_of)
            rows = self._backend.table(table, database=(name, "main")) if name else None
        except duckdb.Error:  # of another version, damaged, or removed a moment ago
            return None
        self._guard()
        return rows

    def _attached(self, file: Path, made_of: str) -> str:
        """The name by which a native file can be asked; blank when it was made of something else."""
        name = _new_name()
        self.run(f"ATTACH {_quoted(file)} AS {name} (TYPE duckdb, READ_ONLY)")
        if self._backend.raw_sql(f"SELECT made_of FROM {name}.{_MADE_OF}").fetchall() == [(made_of,)]:
            return name
        self.run(f"DETACH {name}")
        return ""

    def keep(self, tables: Mapping[str, ir.Table], said: str, made_of: str, target: Path) -> bool | None:
        import duckdb

        name = _new_name()
        try:
            self.run(f"ATTACH {_quoted(target)} AS {name} (TYPE duckdb)")
            try:
                for table, rows in tables.items():
                    self._backend.create_table(table, rows, database=(name, "main"))
                quoted = said.replace("'", "''")
                self.run(f"CREATE TABLE {name}.{_MADE_OF} AS SELECT '{made_of}' AS made_of, '{quoted}' AS said")
            finally:
                self.run(f"DETACH {name}")
        except duckdb.IOException as fault:
            raise OSError(0, "the disk is full, or cannot be written to") from fault
        return True

    def read_kept(self, file: Path, made_of: str) -> tuple[dict[str, ir.Table], str] | None:
        import duckdb

        try:
            name = self._attached(file, made_of)
            if not name:
                return None
            ((said,),) = self._backend.raw_sql(f"SELECT said FROM {name}.{_MADE_OF}").fetchall()
            asked = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{name}' ORDER BY table_name"
            there = [one for (one,) in self._backend.raw_sql(asked).fetchall() if one != _MADE_OF]
            found = {one: self._backend.table(one, database=(name, "main")) for one in there}
        except duckdb.Error:  # as above
            return None
        self._guard()
        return found, said

    def hold(self, rows: pa.Table) -> ir.Table:
        return ibis.memtable(rows)

    def guarded(self, work: Callable[..., T]) -> Callable[..., T]:
        return work

    def _guard(self) -> None:
        """Have a file that turns out to be damaged, or gone, while it is read said in words."""
        if not self._guarded:
            self._guarded = True
            for name in ("execute", "to_pyarrow", "to_pyarrow_batches"):
                setattr(self._backend, name, _in_words(getattr(self._backend, name)))


def _in_words(work: Callable[..., T]) -> Callable[..., T]:
    import duckdb

    @wraps(work)
    def guarded(*args: Any, **options: Any) -> T:
        try:
            return work(*args, **options)
        except duckdb.Error as fault:
            # What its reader of Parquet stumbles over has no class of its own
            if type(fault) is duckdb.Error or _PARQUET.search(str(fault)):
                raise _unread(fault) from None
            broken = isinstance(fault, duckdb.IOException | duckdb.FatalException | duckdb.InternalException)
            if not broken or ("orrupt" not in str(fault) and "checksum" not in str(fault)):
                raise
            raise SiteFault("interactive.damaged") from None

    return guarded


_PARQUET = re.compile(r"([^/\"']+/[^/\"']+\.parquet)[\"']")
"""A file of the lake as DuckDB names it: its folder within the lake's, and its name."""


def _unread(fault: Exception) -> SiteFault:
    named = _PARQUET.search(str(fault))
    return SiteFault("lake.unread", file=named[1] if named else "*.parquet")


class _Spark:
    def __init__(self, master: str) -> None:
        self.name = master
        self._session = _session(master)
        self._backend = ibis.pyspark.connect(self._session)
        self._backend.to_pyarrow = self._to_pyarrow
        self._cached = self._backend._create_cached_table
        self._backend._create_cached_table = self._create_cached
        for name in ("execute", "to_pyarrow", "to_pyarrow_batches", "raw_sql", "_create_cached_table"):
            setattr(self._backend, name, self.guarded(getattr(self._backend, name)))

    def read(self, files: Sequence[Path], columns: pa.Schema) -> ir.Table:
        return self.guarded(self._read)(files, columns) if files else _no_rows(columns)

    def read_native(self, file: Path, table: str, made_of: str) -> ir.Table | None:
        """None: the format is DuckDB's own."""

    def keep(self, tables: Mapping[str, ir.Table], said: str, made_of: str, target: Path) -> bool | None:
        """None, as above."""

    def read_kept(self, file: Path, made_of: str) -> tuple[dict[str, ir.Table], str] | None:
        """None, as above."""

    def hold(self, rows: pa.Table) -> ir.Table:
        return self.guarded(self._hold)(rows)

    def _hold(self, rows: pa.Table) -> ir.Table:
        name = _new_name()
        self._session.createDataFrame(rows).createOrReplaceTempView(name)
        return self._backend.table(name)

    def _read(self, files: Sequence[Path], columns: pa.Schema) -> ir.Table:
        from ibis.backends.pyspark.datatypes import PySparkSchema

        name = _new_name()
        # With a scheme, or a cluster looks on the file system that it takes for its own
        paths = [f"file://{file.absolute()}" for file in files]
        for path in paths:
            if found := _PATTERN.search(path, len("file://")):
                raise SiteFault("lake.engine_path", path=path, character=found[0])
        # With the schema given, Spark fills what a file lacks with NULL and need not look into thousands of files
        rows = self._session.read.schema(PySparkSchema.from_ibis(_types(columns))).parquet(*paths)
        rows.createOrReplaceTempView(name)
        return self._backend.table(name)

    def _to_pyarrow(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
        # Ibis goes by way of pandas, where an integer column with a NULL becomes floating point
        from ibis.formats.pyarrow import PyArrowData

        asked = expr.as_table()
        self._backend._run_pre_execute_hooks(asked)
        found = self._session.sql(self._backend.compile(asked, params=params, limit=limit)).toArrow()
        return expr.__pyarrow_result__(PyArrowData.convert_table(found, asked.schema()))

    def _create_cached(self, name: str, expr: ir.Table) -> ir.Table:
        # Ibis forgets to bring rows that are in the program's memory before it caches what reads them
        self._backend._run_pre_execute_hooks(expr)
        kept: ir.Table = self._cached(name, expr)
        return kept

    def guarded(self, work: Callable[..., T]) -> Callable[..., T]:
        @wraps(work)
        def guarded(*args: Any, **options: Any) -> T:
            try:
                return work(*args, **options)
            except Exception:
                if self._alive():
                    raise
                raise SiteFault("lake.engine_died", engine=self.name) from None

        return guarded

    def _alive(self) -> bool:
        try:
            return not self._session.sparkContext._jsc.sc().isStopped()
        except Exception:  # whatever a broken pipe to a process that is gone looks like
            return False


_PATTERN = re.compile(r"[*?\[\]{}\\^:%,]")
"""What Spark reads as a pattern somewhere, escaped or not: it then finds no file, or, worse, some files twice."""

_SETTINGS = {
    "spark.app.name": "custinfo",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    # An overflow is an error, as in DuckDB, and not a NULL
    "spark.sql.ansi.enabled": "true",
    # What it puts down on disks, here and at its workers, nobody else reads; and PySpark hands over rows of the
    # program's memory without a file
    "spark.io.encryption.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def _session(master: str) -> Any:
    try:
        spark = import_module("pyspark.sql")
    except ImportError:
        raise SiteFault("lake.engine_missing", engine=master) from None
    builder = spark.SparkSession.builder.master(master)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        running = session.sparkContext.master
    except Exception:  # no Java, no such host, a session whose process is gone: Spark words each in its own way
        raise SiteFault("lake.engine_start", engine=master) from None
    if running != master:
        raise WrongState("lake.engine_other", engine=master, running=running)
    return session


def _new_name() -> str:
    # One session serves many openings of the lake
    return f"lake_{uuid.uuid4().hex}"
