"""The connection, the audited write and the hash chain."""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database

from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import SiteFault
from custinfo.store.schema import migrations
from custinfo.store.site import Site

BUSY_SECONDS = 60  # an import of ten thousand records holds the lock for about twenty
OLDEST_SQLITE = (3, 51, 3)  # before it, a WAL reset can corrupt the file
GENESIS = "0" * 64
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")

Value = str | int | bytes | None
Row = dict[str, Any]


class Tx:
    """One open audited transaction: made by `Store.act` alone, and the only thing that can write."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.at = stamp(utc_now())
        """The moment of this transaction, as stored: every row that it writes carries the same."""
        self.detail: dict[str, Value] = {}

    def insert(self, table: str, row: Mapping[str, Value]) -> None:
        """A new row. Raises on any broken constraint; the transaction is then rolled back whole."""
        # Not by `table().insert`, which looks the table up anew each time: an import has tens of thousands of rows
        columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        self._db.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', list(row.values()))

    def insert_all(self, table: str, rows: Iterable[Mapping[str, Value]]) -> None:
        """Many new rows, as a batch."""
        self._db.table(table).insert_all(dict(row) for row in rows)

    def update(self, table: str, key: str | int | tuple[str | int, ...], changes: Mapping[str, Value]) -> None:
        """Change a row that is not history (drafts, sessions, people). History refuses by trigger."""
        self._db.table(table).update(key, dict(changes))

    def delete(self, table: str, key: tuple[str | int, ...]) -> None:
        """Remove a row that is not history, by its primary key; nothing happens when there is none."""
        columns = self._db.table(table).pks
        self._db.table(table).delete_where(" AND ".join(f"{column} = ?" for column in columns), list(key))

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that leaves nothing behind when it raises; what was written before stays."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._db.conn.in_transaction:  # a full disk may have rolled everything back already
                self._db.execute("ROLLBACK TO part")
                self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

    @contextmanager
    def lifted(self, reason: str) -> Iterator[None]:
        """Let this transaction change history (`schema.rewriting.LIFTABLE`): to erase a person, or to replace a key.

        `reason` is put on the audit log with the action.
        """
        self._db.execute("INSERT INTO lifted VALUES (?)", [reason])
        self.note(rewrote=reason)
        try:
            yield
        finally:
            if self._db.conn.in_transaction:  # a full disk may have rolled everything back already
                self._db.execute("DELETE FROM lifted")

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> int:
        """Another statement of this code base, such as an update by a condition; gives how many rows it changed."""
        return int(self._db.execute(sql, list(parameters)).rowcount)

    def next_number(self, series: str, count: int = 1) -> int:
        """The first of `count` numbers of a series that were never given out and never will be again."""
        cursor = self._db.execute(
            "INSERT INTO number_series VALUES (?, ?) ON CONFLICT DO UPDATE SET last = last + ? RETURNING last",
            [series, count, count],
        )
        return int(cursor.fetchone()[0]) - count + 1

    def note(self, **detail: Value) -> None:
        """More facts for this transaction's audit event: ids and field names, never personal values."""
        self.detail.update(detail)


class Store:
    """An open store. Cheap to open: one connection for each process."""

    def __init__(self, site: Site, db: Database) -> None:
        self.site = site
        self._db = db
        self._audit_key = site.secret("audit")
        self._lookup_key = site.secret("lookup")

    @classmethod
    def create(cls, site: Site) -> "Store":
        """A new, empty store for a new site."""
        if site.database.exists():
            raise SiteFault("store.exists", file=site.database)
        return cls._connect(site)

    @classmethod
    def open(cls, site: Site) -> "Store":
        """The site's store, brought to the newest schema. Raises SiteFault when it is missing or the key is wrong."""
        if not site.database.exists():
            raise SiteFault("store.missing", file=site.database)
        return cls._connect(site)

    @classmethod
    def _connect(cls, site: Site) -> "Store":
        if sqlcipher.sqlite_version_info < OLDEST_SQLITE:
            raise SiteFault("store.sqlite", found=sqlcipher.sqlite_version)
        db = Database(_connection(site.database, site.secret("store")))
        store = cls(site, db)
        # A schema that is up to date needs no lock: a page opens the store while others write
        if migrations.pending(db):
            with store._immediate():
                migrations.apply(db)
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._db.conn.close()

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """All rows of a query written in this code base; what people typed goes into `parameters` only."""
        return [dict(row) for row in self._db.execute(sql, list(parameters)).fetchall()]

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row, or None."""
        found = self._db.execute(sql, list(parameters)).fetchone()
        return None if found is None else dict(found)

    @contextmanager
    def act(self, actor_id: str, action: str, object_kind: str, object_id: str, **detail: Value) -> Iterator[Tx]:
        """One action: what the block writes and its audit event are committed together, or not at all.

        `action` is `noun.verb`; `detail` and `tx.note` hold ids and field names, never personal values.
        The lock is taken at the start (BEGIN IMMEDIATE), so what the block reads is still true when it writes.
        """
        if not ACTION.fullmatch(action):
            raise ValueError(f"{action}: an action is written noun.verb")
        with self._immediate():
            tx = Tx(self._db)
            tx.note(**detail)
            yield tx
            self._append_audit(tx, actor_id, action, object_kind, object_id)

    @contextmanager
    def _immediate(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.conn.in_transaction:  # a full disk may have rolled it back already
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlcipher.OperationalError):  # locked for too long, disk full, I/O error
                raise SiteFault("store.not_written", file=self.site.database, fault=error) from None
            raise

    def _append_audit(self, tx: Tx, actor_id: str, action: str, object_kind: str, object_id: str) -> None:
        last = self.row("SELECT chain FROM audit ORDER BY seq DESC LIMIT 1")
        event: Row = {
            "at": tx.at,
            "actor": actor_id,
            "action": action,
            "object_kind": object_kind,
            "object_id": object_id,
            "detail": json.dumps(tx.detail, ensure_ascii=False, sort_keys=True),
        }
        event["chain"] = chained(self._audit_key, last["chain"] if last else GENESIS, event)
        tx.insert("audit", event)

    def first_broken_audit_entry(self) -> int | None:
        """The `seq` of the first audit entry that was changed, moved or follows a removed one; None when all hold."""
        chain, expected = GENESIS, 1
        for row in self.rows("SELECT * FROM audit ORDER BY seq"):
            seq, found = row.pop("seq"), row.pop("chain")
            chain = chained(self._audit_key, chain, row)
            if seq != expected or not hmac.compare_digest(chain, found):
                return expected
            expected += 1
        return None

    def damage(self) -> list[str]:
        """What is wrong with the file's pages: each carries a keyed checksum, so a single flipped bit shows."""
        return [str(next(iter(row.values()))) for row in self.rows("PRAGMA cipher_integrity_check")]

    def lookup_digest(self, value: str) -> str:
        """The keyed digest under which an identifier can be found, and which says nothing without the key."""
        return hmac.new(self._lookup_key, value.encode(), hashlib.sha256).hexdigest()


def chained(key: bytes, previous: str, event: Mapping[str, Value]) -> str:
    """The chain value of an event that follows `previous`: keyed, so that it cannot be recomputed from the file."""
    body = json.dumps(event, ensure_ascii=False, sort_keys=True)
    return hmac.new(key, (previous + body).encode(), hashlib.sha256).hexdigest()


def _connection(path: Path, key: bytes) -> sqlcipher.Connection:
    previous = os.umask(0o077)  # the file, its WAL and its shared memory are the service's alone
    try:
        connection = sqlcipher.connect(str(path), isolation_level=None, timeout=BUSY_SECONDS)
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.row_factory = sqlcipher.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlcipher.DatabaseError:
            connection.close()
            raise SiteFault("store.unreadable", file=path) from None
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
    finally:
        os.umask(previous)
