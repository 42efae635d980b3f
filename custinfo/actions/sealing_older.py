"""What a store of an older version holds in plain although it is of level 1: sealed once, when the store is opened.

Table after table in the order of rows, a batch in each transaction with how far it went, so that it can be cut off at
any point. A value that is sealed already stays as it is.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from custinfo.actions import entity_levels, sealing
from custinfo.domain.people import SERVICE
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value
from custinfo.store.schema.rewriting import LIFTABLE
from custinfo.xforms import Form

ROWS = 200
FILES = 5
REASON = "rotate:older"

Changes: TypeAlias = dict[str, Value]


def finish(store: Store) -> int:
    """Seal what is left to be sealed; gives how many rows were gone through. Costs one query when nothing is left."""
    done = 0
    for left in store.rows("SELECT place FROM unsealed ORDER BY place"):
        while (count := _batch(store, left["place"])) is not None:
            done += count
    return done


def _batch(store: Store, table: str) -> int | None:
    """Go through the next rows of a table; None when it is done."""
    source, sealed = _TABLES[table]
    with store.act(SERVICE.person_id, "key.seal_older", "key", store.site.keyring.active("level1").id) as tx:
        last = store.row("SELECT last FROM unsealed WHERE place = ?", [table])
        if last is None:  # another process was quicker
            return None
        rows = store.rows(
            f"{source} WHERE {table}.rowid > ? ORDER BY {table}.rowid LIMIT ?",
            [last["last"], FILES if table == "file" else ROWS],
        )
        tx.note(table=table, rows=len(rows))
        if not rows:
            tx.execute("DELETE FROM unsealed WHERE place = ?", [table])
            return None
        for row in rows:
            _change(tx, table, row, sealed(store, tx, row))
        tx.execute("UPDATE unsealed SET last = ? WHERE place = ?", [rows[-1]["at"], table])
    return len(rows)


def _change(tx: Tx, table: str, row: Row, new: Changes) -> None:
    changes = {name: value for name, value in new.items() if value != row[name]}
    if not changes:
        return
    columns = ", ".join(f'"{name}" = ?' for name in changes)
    statement = f"UPDATE {table} SET {columns} WHERE rowid = ?"
    if table in LIFTABLE:
        with tx.lifted(REASON):
            tx.execute(statement, [*changes.values(), row["at"]])
    else:
        tx.execute(statement, [*changes.values(), row["at"]])


def _form(store: Store, row: Row) -> Form:
    return sealing.answers_form(store, row["form_id"], row["form_version"])


def _answers(table: str, key: str, version: str | None) -> Callable[[Store, Tx, Row], Changes]:
    """Of a table with answers, and notes and reasons beside them. `version` is its column of versions."""
    column = sealing.ANSWERS[table]

    def sealed(store: Store, _: Tx, row: Row) -> Changes:
        form = _form(store, row)
        if not form.secret or row[column] == "{}":
            return {}
        at = row[version] if version else ""
        answered = row["saves"] if table == "draft" else at
        values = sealing.opened_values(store, table, row[key], answered, row[column])
        new: Changes = {column: sealing.sealed_values(store, form, table, row[key], answered, values)}
        for beside in ("notes", "reasons"):
            words = sealing.opened_values(store, table, row[key], at, row[beside], beside)
            new[beside] = sealing.sealed_beside(store, form, table, row[key], at, beside, words)
        return new

    return sealed


def _entity(store: Store, tx: Tx, row: Row) -> Changes:
    secret = entity_levels.secret(store, _form(store, row), row["dataset"], row["entity_id"])
    properties: Mapping[str, Any] = json.loads(row["properties"])
    if not secret or sealing.may_be_sealed(row["label"] + row["properties"]):
        return {}
    if "" in secret and row["label"] and row["newest"] == row["version"]:
        digest = sealing.label_digest(store, row["dataset"], row["label"])
        found = {"entity_id": row["entity_id"], "dataset": row["dataset"], "digest": digest}
        tx.execute("DELETE FROM label_digest WHERE entity_id = ?", [row["entity_id"]])
        tx.insert("label_digest", found)
    return dict(sealing.sealed_entity(store, row["entity_id"], row["version"], row["label"], properties, secret))


def _event(store: Store, _: Tx, row: Row) -> Changes:
    form, when = _form(store, row), f"{row['ref']} {row['started_at']}"
    return {
        name: sealing.sealed_answer(store, form, row["ref"], "answer_event", row["draft_id"], name, when, row[name])
        for name in ("old_value", "new_value")
        if row[name] and not sealing.may_be_sealed(row[name])
    }


def _message(store: Store, _: Tx, row: Row) -> Changes:
    if sealing.may_be_sealed(row["text"]):
        return {}
    place = "query_message", row["query_id"], "text", row["said_at"]
    return {"text": sealing.sealed_answer(store, _form(store, row), row["ref"], *place, row["text"])}


def _file(store: Store, _: Tx, row: Row) -> Changes:
    content = bytes(row["content"])
    if not sealing.is_secret(_form(store, row), row["ref"]) or content.startswith(b"\x1aseal:"):
        return {}
    return {
        "sha256": store.lookup_digest(f"file:{row['sha256']}"),
        "content": sealing.seal_bytes(store, "file", row["file_id"], "content", "", content),
    }


_TABLES: dict[str, tuple[str, Callable[[Store, Tx, Row], Changes]]] = {
    "record_version": (
        "SELECT record_version.rowid AS at, record_version.*, form_id FROM record_version "
        "JOIN record USING (record_id)",
        _answers("record_version", "record_id", "version"),
    ),
    "draft": ("SELECT rowid AS at, * FROM draft", _answers("draft", "draft_id", None)),
    "verification": (
        "SELECT verification.rowid AS at, verification.*, form_id, form_version FROM verification "
        "JOIN record_version USING (record_id, version) JOIN record USING (record_id)",
        _answers("verification", "verification_id", "version"),
    ),
    "entity_version": (
        "SELECT entity_version.rowid AS at, entity_version.*, dataset, (SELECT max(version) FROM entity_version AS one "
        "WHERE one.entity_id = entity_version.entity_id) AS newest FROM entity_version JOIN entity USING (entity_id)",
        _entity,
    ),
    "answer_event": (
        "SELECT answer_event.rowid AS at, answer_event.*, form_id, form_version FROM answer_event "
        "JOIN draft USING (draft_id)",
        _event,
    ),
    "query_message": (
        "SELECT query_message.rowid AS at, query_message.*, ref, form_id, form_version FROM query_message "
        "JOIN query USING (query_id) JOIN record_version USING (record_id, version) JOIN record USING (record_id)",
        _message,
    ),
    "file": (
        "SELECT file.rowid AS at, file.*, form_id, form_version FROM file JOIN file_place USING (file_id)",
        _file,
    ),
}
"""By table: its rows with the form by which they were given, and what is to stand in their columns."""
