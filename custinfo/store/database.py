"""The connection and the audited write."""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database

from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import SiteFault
from custinfo.store import audit, audit_check, occupancy
from custinfo.store.anchor import Anchor
from custinfo.store.audit import Entry, Verified
from custinfo.store.keyring import NEXT
from custinfo.store.ledger import KINDS, Ledger
from custinfo.store.schema import migrations
from custinfo.store.schema.audit import FIRST_ANCHORED
from custinfo.store.site import Site

if TYPE_CHECKING:
    from custinfo.xforms import Form

BUSY_SECONDS = 60  # an import of ten thousand records holds the lock for about twenty
OLDEST_SQLITE = (3, 51, 3)  # before it, a WAL reset can corrupt the file
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")

Value = str | int | bytes | None
Row = dict[str, Any]


class Tx:
    """One open audited transaction: made by `Store.act` alone, and the only thing that can write."""

    def __init__(self, db: Database, ledger: Ledger, remembered: list[str]) -> None:
        self._db = db
        self._ledger = ledger
        self._remembered = remembered
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

    def remember(self, kind: str, object_id: str, **facts: str) -> None:
        """A fact of `ledger.KINDS` that a restore of an older backup must not undo.

        It is on the disk, outside of the store, before this transaction is committed; when that fails the transaction
        does too (SiteFault). `facts` are ids and names of fields, never personal values.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind}: no kind of fact that a restore applies again")
        known = [row[0] for row in self._db.execute("SELECT line FROM ledger_line ORDER BY number")]
        seq = int(self._db.execute("SELECT coalesce(max(seq), 0) + 1 FROM audit").fetchone()[0])
        new = self._ledger.append(known, at=self.at, kind=kind, object_id=object_id, facts=facts, seq=seq)
        for number, line in enumerate(new, start=len(known) + 1):
            self.insert("ledger_line", {"number": number, "line": line})
        self._remembered.append(new[-1])
        self.note(ledger=len(known) + len(new))

    def note(self, **detail: Value) -> None:
        """More facts for this transaction's audit event: ids and field names, never personal values."""
        self.detail.update(detail)


class Store:
    """An open store. Cheap to open: one connection for each process."""

    def __init__(self, site: Site, db: Database, here: IO[bytes]) -> None:
        self.site = site
        self._db = db
        self._here = here
        self.ledger = Ledger(site)
        self._audit_key = site.secret("audit")
        self._anchor = Anchor(site)
        self._lookup_key = site.secret("lookup")
        self.forms: dict[tuple[str, str], Form] = {}
        """Forms of stored answers by id and version, kept by `actions.sealing.answers_form`: of this store alone."""

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
        with ExitStack() as undone:
            here = undone.enter_context(occupancy.enter(site.home))
            store = cls(site, Database(_keyed_connection(site)), here)
            undone.callback(store.close)
            store._migrate()
            undone.pop_all()
        return store

    def _migrate(self) -> None:
        # A schema that is up to date needs no lock: a page opens the store while others write
        if migrations.pending(self._db):
            with self._immediate():
                first = any(one.name == FIRST_ANCHORED for one in migrations.pending(self._db))
                migrations.apply(self._db)
                if first:
                    self._anchor.begin(self._last_entry(), self._entries_after)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._db.conn.close()
        self._here.close()

    @property
    def in_act(self) -> bool:
        """Whether a transaction of `act` is open: nobody else writes meanwhile."""
        return bool(self._db.conn.in_transaction)

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
        remembered: list[str] = []
        try:
            with self._immediate():
                last = self._last_entry()
                self._anchor.check(last, self._entries_after)
                tx = Tx(self._db, self.ledger, remembered)
                tx.note(**detail)
                yield tx
                entry = self._append_audit(last, tx, actor_id, action, object_kind, object_id)
        except BaseException:
            self._take_back(remembered)
            raise
        self._anchor.follow(entry, self._entries_after)

    def _take_back(self, remembered: Sequence[str]) -> None:
        """Void the ledger's lines of a transaction that was rolled back."""
        for line in remembered:
            if self.row("SELECT 1 FROM ledger_line WHERE line = ?", [line]) is None:
                self.ledger.void(line, at=stamp(utc_now()))

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

    def _append_audit(self, last: Entry, tx: Tx, actor_id: str, action: str, object_kind: str, object_id: str) -> Entry:
        event: Row = {
            "at": tx.at,
            "actor": actor_id,
            "action": action,
            "object_kind": object_kind,
            "object_id": object_id,
            "detail": json.dumps(tx.detail, ensure_ascii=False, sort_keys=True),
        }
        entry = Entry(last.seq + 1, tx.at, audit.chained(self._audit_key, last.chain, event))
        tx.insert("audit", {"seq": entry.seq, **event, "chain": entry.chain})
        return entry

    def _last_entry(self) -> Entry:
        row = self.row("SELECT seq, at, chain FROM audit ORDER BY seq DESC LIMIT 1")
        return Entry(**row) if row else audit.NOTHING

    def _entries_after(self, seq: int) -> Iterator[Entry]:
        for row in self._db.execute("SELECT seq, at, chain FROM audit WHERE seq > ? ORDER BY seq", [seq]):
            yield Entry(*row)

    def audit_verified(self, copies: Sequence[bytes] = ()) -> Verified:
        """The whole audit log held against its anchor, and against copies of its checkpoints kept elsewhere."""
        return audit_check.verify(self._db.conn, self._audit_key, self._anchor, copies)

    def verify_audit(self) -> list[SiteFault]:
        """Every fault of the audit log, the first bad entry first; empty when it is whole."""
        return list(self.audit_verified().faults)

    def restart_anchor(self, kind: str, note: str) -> None:
        """Begin the anchor of the audit log anew from the log as it stands. `kind` is `checkpoints.RESTARTED` (somebody
        looked into what is wrong) or `RESTORED`; it and `note` are shown by every later verification.
        """
        with self._immediate():
            self._anchor.restart(kind, self._last_entry(), self._entries_after, note)

    def damage(self) -> list[str]:
        """What is wrong with the file's pages: each carries a keyed checksum, so a single flipped bit shows."""
        return [str(next(iter(row.values()))) for row in self.rows("PRAGMA cipher_integrity_check")]

    def copy_to(self, path: Path) -> None:
        """A whole copy as of one moment, under the same key, in a new file; others go on writing meanwhile.

        It holds no freed pages, so nothing of what was erased. Raises SiteFault for a full disk or a damaged page.
        """
        try:
            self._db.execute("VACUUM INTO ?", [str(path)])
        except sqlcipher.DatabaseError as fault:
            raise SiteFault("store.not_copied", file=path, fault=fault) from None

    def lookup_digest(self, value: str) -> str:
        """The keyed digest under which an identifier can be found, and which says nothing without the key."""
        return hmac.new(self._lookup_key, value.encode(), hashlib.sha256).hexdigest()


def _keyed_connection(site: Site) -> sqlcipher.Connection:
    """The store opened by its key; one that was cut off while its key was replaced, by the new one."""
    ring = site.keyring
    old = ring.active("store")
    try:
        return keyed(site.database, ring.open_key(old.id))
    except SiteFault as fault:
        new = ring.of("store", NEXT)
        if new is None or fault.key != "store.unreadable":
            raise
    connection = keyed(site.database, ring.open_key(new.id))
    ring.promote(new.id)  # the file had been renamed: what was left is to say so, and to forget the old key
    ring.destroy(old.id)
    return connection


def keyed(path: Path, key: bytes) -> sqlcipher.Connection:
    """A connection to the database in the file, opened by this key. Raises SiteFault when it is not its key."""
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
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten at once
        connection.execute("PRAGMA cache_size = -16000")  # kB; a page that is read again is not decrypted again
        return connection
    finally:
        os.umask(previous)
