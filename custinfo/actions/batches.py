"""Batches of facts from other systems: they go to the lake, never through the store, which keeps their register."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from custinfo import lake
from custinfo.access import permissions
from custinfo.actions import leftovers, origins, pseudonyms, sealing
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, Conflict
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.lake import control_totals, imports, query_text, readers, sql_source, superseding
from custinfo.lake.batch_kinds import BatchKind
from custinfo.lake.control_totals import Totals
from custinfo.lake.superseding import Registered
from custinfo.store import Site, Store
from custinfo.store.database import Row

if TYPE_CHECKING:
    from custinfo.actions.batch_checks import Remark


@dataclass(frozen=True)
class Origin:
    """Where a batch comes from and why its data may be used. Batches of one kind and one `source` correct each other:
    its name is the same at every import.
    """

    source: str
    lawful_basis: str
    source_kind: str = origins.OWN


@dataclass(frozen=True)
class Batch:
    """A registered batch: the rows of its file and their sum, cancelled rows among them; how many rows of earlier
    batches it took out of force; what is remarkable about it. `already` says that this very content was imported
    before and is in force: nothing was done now.
    """

    batch_id: str
    rows: int
    sum_fen: int
    already: bool
    cancelled: int = 0
    superseded: int = 0
    remarks: "tuple[Remark, ...]" = ()


def import_sales(
    store: Store, actor: Person, file: Path, *, source: str, lawful_basis: str, errors: Path,
    source_kind: str = origins.OWN, language: str = DEFAULT_LANGUAGE,
) -> Batch:  # fmt: skip
    """`import_file` for sales, payments and returns in one file."""
    origin = Origin(source, lawful_basis, source_kind)
    return import_file(store, actor, "sales", file, origin, errors=errors, language=language)


def import_file(
    store: Store, actor: Person, kind: str, file: Path, origin: Origin, *, errors: Path, stated: Totals | None = None,
    moves: bool = False, language: str = DEFAULT_LANGUAGE,
) -> Batch:  # fmt: skip
    """Read, check and register a file of one of the `lake.BATCH_KINDS`; `publish` then makes it part of the lake.

    One wrong row stops the whole batch: BadInput names the file of errors, in `language`, in the folder `errors`. So do
    control totals, `stated` ones or those of a control file beside the file, that are not the file's. A batch that
    would give rows of earlier ones to other customers raises Conflict, unless it `moves` them on purpose.
    """
    return _Import(store, actor, lake.BATCH_KINDS[kind], origin, language, moves=moves).of_file(file, errors, stated)


def import_query(
    store: Store, actor: Person, kind: str, sql: str, connection: str, origin: Origin, *, errors: Path,
    stated: Totals | None = None, moves: bool = False, language: str = DEFAULT_LANGUAGE,
) -> Batch:  # fmt: skip
    """As `import_file`, for what a query gives of a database `duckdb:///path` or `sqlite:///path`. Database and
    query, without its constants, are on the register; the same rows in the same order again are the same batch. Wrong
    rows are listed in `<kind>.errors.csv` in the folder `errors`, such as `errors_of_queries`.
    """
    return _Import(store, actor, lake.BATCH_KINDS[kind], origin, language, moves=moves).of_query(
        sql, connection, errors, stated
    )


def errors_of_queries(site: Site) -> Path:
    """Where wrong rows of queries are listed when no folder is named. They may be about people: old ones are swept."""
    return site.home / leftovers.RUN / leftovers.ERRORS


@dataclass(frozen=True)
class _From:
    """What the register says of the content: its name, hash, the query that gave it, where its control totals stand."""

    name: str
    sha256: Callable[[], str]
    query: str = ""
    connection: str = ""
    control: str = ""
    stated: Totals | None = None


class _Import:
    """One batch on its way from a file or a query to the register."""

    def __init__(
        self, store: Store, actor: Person, kind: BatchKind, origin: Origin, language: str, *, moves: bool
    ) -> None:
        permissions.check(actor, "batch.import")
        if not origin.source.strip() or not origin.lawful_basis.strip():
            raise BadInput("batches.origin_missing")
        origins.check(store, actor, origin.source_kind, origin.lawful_basis, origin.source)
        self._store, self._actor, self._kind, self._language, self._moves = store, actor, kind, language, moves
        self._origin, self._source = origin, clean(origin.source, max_length=200)
        self._before = self._others()

    def of_file(self, file: Path, errors: Path, stated: Totals | None) -> Batch:
        digest = _sha256(file)
        known = self._known(digest)
        # What it cancels is only known once it is read
        if known is not None and not known["cancelled_count"] and self._in_force(known):
            return _again(known)
        control = None if stated else control_totals.beside(file)
        came = _From(
            file.name, lambda: digest, control=control.name if control else "",
            stated=control_totals.read(control) if control else stated,
        )  # fmt: skip
        if came.stated is None:  # totals tell better whether all of it is there
            readers.check_end(file)
        return self._take(came, lambda known: imports.read_batch(self._kind, file, known, errors, self._language))

    def of_query(self, sql: str, connection: str, errors: Path, stated: Totals | None) -> Batch:
        asked = sql_source.query(self._store.site, sql, connection)
        listed = errors / f"{self._kind.name}.errors.csv"
        with closing(sql_source.rows(asked)) as rows:  # or a refused batch would keep the database locked
            hashed = _Hashed(rows)
            query = query_text.without_constants(asked)
            came = _From(asked.file.name, hashed.sha256, query, asked.connection, stated=stated)
            return self._take(
                came,
                lambda known: imports.read_rows(self._kind, iter(hashed), came.name, known, listed, self._language),
            )

    def _take(self, came: _From, read: Callable[[lake.Known], lake.FactBatch]) -> Batch:
        from custinfo.actions import batch_checks  # rules take half a second, which publishing need not wait for

        site, now = self._store.site, utc_now()
        customers = _customer_keys(self._store)
        batch = read(lake.Known(customers, now, site.zone))
        registered = self._registered()
        same_source = [one.batch for one in registered if (one.kind, one.source) == (self._kind.name, self._source)]
        replaced = superseding.superseded(site, self._kind.table, batch.row_ids, same_source)
        known_as = self._known(came.sha256())
        if known_as is not None:
            if self._in_force(known_as) and not batch_checks.taken_back(batch, replaced):
                return _again(known_as)
            if known_as["source"] != self._source:
                raise Conflict("batches.taken_back", batch=known_as["batch_id"], source=known_as["source"])
        control_totals.check(came.name, self._kind, batch.totals, came.stated)
        self._check_moved(batch, replaced)
        same_table = [one.batch for one in registered if one.table == self._kind.table]
        remarks = batch_checks.remarks(site, batch, replaced, same_table, customers, now)
        if known_as is not None:
            remarks = (batch_checks.came_back(known_as["batch_id"]), *remarks)
        return self._register(came, batch, replaced, remarks, known_as)

    def _register(
        self, came: _From, batch: lake.FactBatch, replaced: pa.Table, remarks: "tuple[Remark, ...]",
        known_as: Row | None,
    ) -> Batch:  # fmt: skip
        store, batch_id, received_at = self._store, f"B-{secrets.token_hex(8)}", utc_now()
        # The files first, without the store's lock; a file that no batch names is never published
        written = lake.write_batch(store.site, batch_id, batch, received_at)
        taken_out = superseding.write(store.site, batch_id, replaced, received_at)
        with store.act(self._actor.person_id, "batch.import", "batch", batch_id) as tx:
            known = self._known(came.sha256())
            if known is not None and (known_as is None or known["batch_id"] != known_as["batch_id"]):
                return _again(known)
            self._check_still(replaced)
            tx.insert(
                "batch",
                {
                    **self._origin_columns(came),
                    "batch_id": batch_id,
                    "kind": self._kind.name,
                    "sha256": came.sha256(),
                    "line_count": written.rows,
                    "sum_fen": batch.totals.sum_fen,
                    "totals": batch.totals.as_json(),
                    "cancelled_count": len(batch.cancelled),
                    "lake_path": written.path,
                    "lake_sha256": written.sha256,
                    "superseded_path": taken_out.path if taken_out else "",
                    "superseded_sha256": taken_out.sha256 if taken_out else "",
                    "superseded_count": replaced.num_rows,
                    "received_at": stamp(received_at),
                    "received_by": self._actor.person_id,
                },
            )
            tx.note(sha256=came.sha256(), rows=written.rows)
        cancelled, totals = len(batch.cancelled), batch.totals
        return Batch(batch_id, totals.rows, totals.sum_fen, False, cancelled, replaced.num_rows, remarks)

    def _origin_columns(self, came: _From) -> dict[str, str]:
        return {
            "file_name": came.name[:200],
            "source": self._source,
            "source_kind": self._origin.source_kind,
            "lawful_basis": self._origin.lawful_basis,
            "query": came.query,
            "connection": came.connection,
            "control": came.control or ("stated" if came.stated else ""),
        }

    def _known(self, digest: str) -> Row | None:
        """The last batch of this very content."""
        return self._store.row(
            "SELECT * FROM batch WHERE kind = ? AND sha256 = ? ORDER BY rowid DESC LIMIT 1", [self._kind.name, digest]
        )

    def _in_force(self, known: Row) -> bool:
        """Whether no later batch replaced or cancelled a row of it."""
        registered = [one.batch for one in self._registered() if one.table == self._kind.table]
        return known["batch_id"] not in superseding.gone(self._store.site, registered)["batch_id"].to_pylist()

    def _check_moved(self, batch: lake.FactBatch, replaced: pa.Table) -> None:
        """Files whose numbers begin anew each month would take the month before out of force without a word."""
        moved = superseding.moved(batch.lines, self._kind.row_id, replaced)
        if moved and not self._moves:
            raise Conflict("batches.moved", count=moved, rows=replaced.num_rows, source=self._source)

    def _registered(self) -> list["_Register"]:
        rows = self._store.rows("SELECT * FROM batch ORDER BY received_at, batch_id")
        return [_Register.of(row) for row in rows]

    def _others(self) -> tuple[int, int, int]:
        """What may not change while the file is read: erased entities, erasures that the lake has before it, and
        batches of the same kind and source.
        """
        row = self._store.row(
            "SELECT (SELECT count(*) FROM entity WHERE erased_at IS NOT NULL) AS erased, "
            "(SELECT count(*) FROM lake_erasing) AS pending, "
            "(SELECT count(*) FROM batch WHERE kind = ? AND source = ?) AS batches",
            [self._kind.name, self._source],
        )
        assert row is not None
        return int(row["erased"]), int(row["pending"]), int(row["batches"])

    def _check_still(self, replaced: pa.Table) -> None:
        erased, pending, batches = self._others()
        # The file may hold somebody whom nobody may know any more, and what it replaces may be theirs
        if erased != self._before[0] or (replaced.num_rows and pending != self._before[1]):
            raise Conflict("batches.erased_meanwhile")
        if replaced.num_rows and pending:
            raise Conflict("batches.erasure_pending")
        if batches != self._before[2]:
            raise Conflict("batches.another_meanwhile", source=self._source)


def _again(known: Row) -> Batch:
    """Nothing to do for content that was imported before and is in force."""
    return Batch(known["batch_id"], known["line_count"] + known["cancelled_count"], known["sum_fen"], True)


@dataclass(frozen=True)
class _Register:
    """A line of the register, as far as a later batch needs it."""

    kind: str
    table: str
    source: str
    batch: Registered

    @classmethod
    def of(cls, row: Row) -> "_Register":
        batch = Registered(row["batch_id"], row["lake_path"], row["superseded_path"])
        return cls(row["kind"], lake.BATCH_KINDS[row["kind"]].table, row["source"], batch)


class _Hashed:
    """Rows as they come, and the hash of all that came."""

    def __init__(self, rows: Iterator[readers.Row]) -> None:
        self._rows = rows
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[readers.Row]:
        for row in self._rows:
            self._hash.update(json.dumps(row[1], ensure_ascii=True).encode())
            yield row

    def sha256(self) -> str:
        return self._hash.hexdigest()


def rows_for_lake(store: Store) -> list[lake.BatchRow]:
    """Every batch of the register as `lake.publish` takes it, oldest first."""
    return [_row_for_lake(row) for row in store.rows("SELECT * FROM batch ORDER BY received_at, batch_id")]


def _row_for_lake(row: Row) -> lake.BatchRow:
    superseded = None
    if row["superseded_path"]:
        superseded = lake.LakeFile(
            "superseded", row["superseded_path"], row["superseded_sha256"], row["superseded_count"]
        )
    table = lake.BATCH_KINDS[row["kind"]].table
    written = lake.LakeFile(table, row["lake_path"], row["lake_sha256"], row["line_count"])
    return lake.BatchRow(row["batch_id"], parse(row["received_at"]), written, superseded)


def _customer_keys(store: Store) -> dict[str, str]:
    """Every customer number, and every credit code, with the customer's pseudonym in the lake.

    A customer that was merged keeps its number and its pseudonym, which the lake follows to the survivor's. What both
    are known by is the survivor's.
    """
    known = pseudonyms.keys(store)
    keys: dict[str, str] = {}
    customers = (
        "SELECT number, entity_id, version, properties FROM entity JOIN entity_version AS newest USING (entity_id) "
        "WHERE dataset = 'customers' AND erased_at IS NULL AND version = (SELECT max(version) FROM entity_version "
        "WHERE entity_version.entity_id = newest.entity_id) "
        "ORDER BY entity_id NOT IN (SELECT loser_id FROM merged_now), number"
    )
    for row in store.rows(customers):
        pseudonym = known[row["entity_id"]]
        keys[row["number"]] = pseudonym
        credit_code = json.loads(sealing.opened_entity(store, row)["properties"]).get("credit_code")
        if credit_code:
            keys[credit_code] = pseudonym
    return keys


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise BadInput("batches.unreadable", file=file, fault=fault.strerror) from None
