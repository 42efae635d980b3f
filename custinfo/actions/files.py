"""Files that answers consist of: photographs, recordings, signatures. Kept in the store, never on a disk beside it.

A file belongs to the draft that it was given to, or to the record that an import brought it with.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.actions import drafts, forms, sealing
from custinfo.domain import file_types
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value
from custinfo.xforms import Form, Problem, Record, Unfinished
from custinfo.xforms.refs import flat, without_positions

MAX_SIZE = 10 * 1024 * 1024
MOST_OF_DRAFT = 100 * 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """A file of an answer. `name` is what the answer says: no two files of a site have the same."""

    file_id: str
    name: str
    media_type: str
    size: int


def put(store: Store, actor: Person, draft_id: str, ref: str, file_name: str, data: bytes) -> StoredFile:
    """Keep a file for a question of one's own open draft; the answer is still to be given.

    Raises BadInput for a place that takes no file, one that is too large, or content that the question does not take,
    whatever the name says.
    """
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "file.store", "draft", draft_id, ref=ref, size=len(data)) as tx:
        draft = drafts.own_open(store, actor, draft_id)
        form = forms.load(store, draft["form_id"], draft["form_version"])
        kind = check(form, ref, data)
        held = store.rows("SELECT coalesce(sum(size), 0) AS size FROM file WHERE draft_id = ?", [draft_id])[0]["size"]
        if held + len(data) > MOST_OF_DRAFT:
            raise BadInput("files.too_many", limit=MOST_OF_DRAFT // 1024 // 1024)
        stored = named(form, ref, file_name, kind, len(data))
        tx.note(file=stored.file_id)
        _keep(store, tx, actor, form, stored, data, {"draft_id": draft_id, "ref": ref})
    return stored


def named(form: Form, ref: str, file_name: str, kind: str, size: int) -> StoredFile:
    """A file with a name of its own, which nobody can guess or have used before.

    What somebody called a file of level 1 may say what is in it: of that name only the ending stays.
    """
    file_id = f"F-{secrets.token_hex(10)}"
    name = file_types.file_name(file_name)
    if sealing.is_secret(form, ref):
        name = f"file{PurePath(name).suffix}"
    return StoredFile(file_id, f"{file_id[2:12]}-{name}", kind, size)


def keep_imported(
    store: Store, tx: Tx, actor: Person, form: Form, record_id: str, ref: str, stored: StoredFile, data: bytes
) -> None:  # fmt: skip
    """Keep a file of a record that this transaction imports; the caller has checked it."""
    _keep(store, tx, actor, form, stored, data, {"record_id": record_id, "ref": ref})


def _keep(
    store: Store, tx: Tx, actor: Person, form: Form, stored: StoredFile, data: bytes, place: dict[str, Value]
) -> None:  # fmt: skip
    digest, content = hashlib.sha256(data).hexdigest(), data
    if sealing.is_secret(form, str(place["ref"])):
        # A plain digest would tell whoever has the same file that this one is it
        digest = store.lookup_digest(f"file:{digest}")
        content = sealing.seal_bytes(store, "file", stored.file_id, "content", "", data)
    row: dict[str, Value] = {
        **place,
        "file_id": stored.file_id,
        "name": stored.name,
        "media_type": stored.media_type,
        "size": stored.size,
        "sha256": digest,
        "content": content,
        "stored_at": tx.at,
        "stored_by": actor.person_id,
    }
    tx.insert("file", row)


def check(form: Form, ref: str, data: bytes) -> str:
    """The kind of a file that is to answer a question. Raises BadInput for one that it does not take."""
    control = form.control_of.get(without_positions(ref))
    if control is None or control.kind != "upload":
        raise BadInput("files.no_place", ref=ref[:200])
    if len(data) > MAX_SIZE:
        raise BadInput("files.too_large", size=len(data), limit=MAX_SIZE)
    kind = file_types.media_type(data)
    wanted = control.parameters.get("mediatype", "")
    if kind is None or not file_types.fits(kind, wanted, control.parameters.get("accept", "")):
        raise BadInput("files.kind", wanted=wanted or "*/*", found=kind or "?")
    return kind


def get(store: Store, actor: Person, name: str) -> tuple[StoredFile, bytes]:
    """A file by the name that the answer says, or by its id, for whoever may see the answer. The log names the reading.

    Raises NotFound: somebody else's file is not told apart from one that never was.
    """
    row = store.row("SELECT * FROM file_place WHERE name = ?1 OR file_id = ?1", [name[:300]])
    if row is None or not _readable(store, actor, row):
        raise NotFound("files.unknown")
    with store.act(actor.person_id, "file.read", "file", row["file_id"]):
        pass
    return StoredFile(row["file_id"], row["name"], row["media_type"], row["size"]), content(store, row["file_id"])


def content(store: Store, file_id: str) -> bytes:
    """The bytes of a file, for who has checked that they may be read."""
    row = store.row("SELECT content FROM file WHERE file_id = ?", [file_id])
    assert row is not None
    return sealing.open_bytes(store, "file", file_id, "content", "", bytes(row["content"]))


def _readable(store: Store, actor: Person, row: Row) -> bool:
    form = forms.load(store, row["form_id"], row["form_version"])
    level = form.levels.get(without_positions(row["ref"]))
    if level is None or not visibility.sees(actor, level):
        return False
    if row["draft_id"] is not None and row["outcome"] is None:
        return bool(row["owner"] == actor.person_id)
    if not permissions.may(actor, "record.read"):
        return False
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [row["record_id"]])
    try:
        policies.check_consultable(actor, record)
    except NotFound:
        return False
    return True


def uploads(form: Form, values: Mapping[str, Any]) -> dict[str, str]:
    """The answers that name a file, by ref."""
    places = {ref for ref, control in form.control_of.items() if control.kind == "upload"}
    return {
        ref: value for ref, value in flat(values, form.root.ref).items() if value and without_positions(ref) in places
    }


def check_answers(store: Store, draft: Row, form: Form, made: Record) -> None:
    """Every file that an answer names was given to this draft, or to the record that it edits. Raises Unfinished."""
    given = uploads(form, made.values)
    if not given:
        return
    rows = store.rows(
        "SELECT name FROM file_place WHERE draft_id = ?1 OR record_id = ?2",
        [draft["draft_id"], draft["record_id"]],
    )
    known = {row["name"] for row in rows}
    missing = [Problem(ref, "type", "files.missing", {}) for ref, value in given.items() if value not in known]
    if missing:
        raise Unfinished(missing)
