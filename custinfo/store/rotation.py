"""Keys that are replaced while everything that they protect stays readable, whatever interrupts that.

Each of these can be killed at any point; the same command run again ends what was begun:

- `level1`: a new key is the active one from the first moment, so nothing is sealed by the old one any more; what that
  had sealed is sealed anew in batches, with people at work; the old key is destroyed when nothing is left of that.
- `store`: the database is exported beside under the new key, with nobody at work; one rename makes it the store, and
  while both keys are in the ring, the file opens by whichever is its own.
- `master`: the ring is wrapped anew and changes hands by one rename (`Keyring.wrap_anew`).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from custinfo.domain.errors import SiteFault, WrongState
from custinfo.store import occupancy, private_files, sealing
from custinfo.store.database import Row, Store, keyed
from custinfo.store.keyring import ACTIVE, NEXT, RETIRED, Keyring
from custinfo.store.schema.rewriting import LIFTABLE
from custinfo.store.site import Site

ROWS = 200
FILES = 5
"""How many rows, and how many files, one transaction seals anew: others wait no longer than that takes."""


@dataclass(frozen=True)
class Replaced:
    """A key that was replaced: the ids of the new and of the destroyed ones, and how many rows were written anew."""

    purpose: str
    new: str
    destroyed: tuple[str, ...]
    rows: int = 0


def level1(store: Store, actor_id: str) -> Replaced:
    """Replace the key of sealed values. Raises SiteFault, and keeps the old key, for a value that does not open."""
    ring = store.site.keyring
    if not _retired(ring, sealing.PURPOSE):
        with store.act(actor_id, "key.rotate", "key", ring.active(sealing.PURPOSE).id, purpose=sealing.PURPOSE) as tx:
            tx.note(new=ring.add(sealing.PURPOSE, ACTIVE).id)
    new, old = ring.active(sealing.PURPOSE).id, _retired(ring, sealing.PURPOSE)
    rows = sum(_reseal(store, actor_id, column, new, old) for column in _columns(store))
    for key_id in old:
        with store.act(actor_id, "key.destroy", "key", key_id, purpose=sealing.PURPOSE):
            # Within a transaction: whoever sealed by the old key has committed, whoever comes after seals by the new
            _check_unused(store, key_id)
        ring.destroy(key_id)
    return Replaced(sealing.PURPOSE, new, old, rows)


def _reseal(store: Store, actor_id: str, column: sealing.Column, new: str, old: tuple[str, ...]) -> int:
    """Seal anew what one column holds under the old keys, a batch in each transaction; gives how many rows."""
    last, done = 0, 0
    while batch := _batch(store, column, old, last):
        with store.act(actor_id, "key.reseal", "key", new, table=column.table, field=column.name) as tx:
            batch = _batch(store, column, old, last)  # as it is now that nobody else writes
            for row in batch:
                place = sealing.Row(column.table, row["row_id"], row["version"])
                sealed = sealing.reseal(store, column, place, row["stored"])
                change = f'UPDATE "{column.table}" SET "{column.name}" = ? WHERE rowid = ?'
                if column.table in LIFTABLE:
                    with tx.lifted(f"rotate:{new}"):
                        tx.execute(change, [sealed, row["at"]])
                else:
                    tx.execute(change, [sealed, row["at"]])
            tx.note(rows=len(batch))
        if batch:
            last, done = batch[-1]["at"], done + len(batch)
    return done


def _batch(store: Store, column: sealing.Column, old: tuple[str, ...], last: int) -> list[Row]:
    within = " OR ".join(_holds(column.name) for _ in old)
    return store.rows(
        f'SELECT rowid AS at, {column.row_id} AS row_id, {column.version} AS version, "{column.name}" AS stored '
        f'FROM "{column.table}" WHERE rowid > ? AND ({within}) ORDER BY rowid LIMIT ?',
        [last, *(f"seal:{one}:" for one in old), FILES if column.kind == "bytes" else ROWS],
    )


def _holds(column: str) -> str:
    return f'instr(CAST("{column}" AS BLOB), CAST(? AS BLOB)) > 0'


def _columns(store: Store) -> Iterator[sealing.Column]:
    there = {row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    yield from (column for column in sealing.PLACES if column.table in there)


def _check_unused(store: Store, key_id: str) -> None:
    """Raises WrongState when any column of any table, declared or not, still has a value sealed by the key."""
    for table in _tables(store):
        for row in store.rows(f"SELECT name FROM pragma_table_info('{table}') WHERE type IN ('TEXT', 'BLOB')"):
            query = f'SELECT 1 FROM "{table}" WHERE {_holds(row["name"])} LIMIT 1'
            if store.row(query, [f"seal:{key_id}:"]):
                raise WrongState("keys.still_used", id=key_id, table=table, field=row["name"])


def _tables(store: Store) -> list[str]:
    return [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _retired(ring: Keyring, purpose: str) -> tuple[str, ...]:
    return tuple(one.id for one in ring.entries if one.purpose == purpose and one.state == RETIRED)


def store_key(site: Site, actor_id: str) -> Replaced:
    """Replace the key of the database's file. Raises WrongState while anybody has the store open.

    A rotation that was cut off after its rename is ended, and no other begun.
    """
    ring, begun = site.keyring, site.keyring.of("store", NEXT)
    left = _retired(ring, "store")
    with occupancy.alone(site.home):
        pass  # refused before anything is begun
    with Store.open(site) as store:
        moved = begun is not None and ring.of("store", NEXT) is None
        if not moved and not left:
            with store.act(actor_id, "key.rotate", "key", ring.active("store").id, purpose="store"):
                pass
    if not moved and not left:
        with occupancy.alone(site.home):
            new = ring.of("store", NEXT) or ring.add("store", NEXT)
            left = (ring.active("store").id,)
            _export(site, ring.secret("store"), ring.open_key(new.id))
            ring.promote(new.id)
    for key_id in left:
        ring.destroy(key_id)
    with Store.open(site) as store, store.act(actor_id, "key.destroy", "key", ",".join(left), purpose="store") as tx:
        tx.note(new=ring.active("store").id)
    return Replaced("store", ring.active("store").id, left)


def _export(site: Site, old: bytes, new: bytes) -> None:
    """Put the database under another key: beside, compared, safe on disk, then by one rename in its place."""
    beside = site.home / "store.db.new"
    for path in (beside, beside.with_name(beside.name + "-wal"), beside.with_name(beside.name + "-journal")):
        path.unlink(missing_ok=True)
    connection = keyed(site.database, old)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        previous = os.umask(0o077)
        try:
            connection.execute(f"ATTACH DATABASE ? AS fresh KEY \"x'{new.hex()}'\"", [str(beside)])
        finally:
            os.umask(previous)
        connection.execute("SELECT sqlcipher_export('fresh')")
        _check_equal(connection, site.database)
        connection.execute("DETACH DATABASE fresh")
        connection.execute("PRAGMA journal_mode = DELETE")  # what is still in a log would be read into the new file
    finally:
        connection.close()
    _sync(beside)
    beside.replace(site.database)
    private_files.sync_folder(site.home)


def _check_equal(connection: object, path: Path) -> None:
    """Raises SiteFault unless both databases have the same schema, and every table the same rows."""

    def rows(query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.execute(query).fetchall()]  # type: ignore[attr-defined]

    schema = "SELECT type, name, tbl_name, sql FROM {}.sqlite_master ORDER BY type, name"
    if rows(schema.format("main")) != rows(schema.format("fresh")):
        raise SiteFault("keys.export_differs", file=path, table="sqlite_master")
    # A full-text index is what stands in the tables beside it; itself it is seen once the file is opened anew
    tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    for (table,) in rows(tables):
        counts = rows(f'SELECT (SELECT count(*) FROM main."{table}") = (SELECT count(*) FROM fresh."{table}")')
        differing = rows(f'SELECT 1 FROM (SELECT * FROM main."{table}" EXCEPT SELECT * FROM fresh."{table}") LIMIT 1')
        if counts != [(1,)] or differing:
            raise SiteFault("keys.export_differs", file=path, table=table)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def master(store: Store, actor_id: str) -> Replaced:
    """Replace the master key. Raises WrongState where the system gives it: only there can it be replaced."""
    ring = store.site.keyring
    if ring.place.given_by_system:
        raise WrongState("keys.given_by_system")
    old = ring.master_id
    with store.act(actor_id, "key.rotate", "key", old, purpose="master") as tx:
        new = ring.wrap_anew()
        tx.note(new=new)
    return Replaced("master", new, (old,))
