"""Files that answers consist of: photographs, recordings, signatures. Kept in the store, never on a disk beside it."""

import hashlib
import secrets
from dataclasses import dataclass

from custinfo.access import permissions, policies, visibility
from custinfo.actions import drafts, entities, forms
from custinfo.domain import file_types
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value
from custinfo.xforms import Form, Problem, Record, Unfinished

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
        kind = _checked(form, ref, data)
        held = store.rows("SELECT coalesce(sum(size), 0) AS size FROM file WHERE draft_id = ?", [draft_id])[0]["size"]
        if held + len(data) > MOST_OF_DRAFT:
            raise BadInput("files.too_many", limit=MOST_OF_DRAFT // 1024 // 1024)
        file_id = f"F-{secrets.token_hex(10)}"
        stored = StoredFile(file_id, f"{file_id[2:12]}-{file_types.file_name(file_name)}", kind, len(data))
        tx.note(file=file_id)
        row: dict[str, Value] = {
            "file_id": file_id,
            "draft_id": draft_id,
            "ref": ref,
            "name": stored.name,
            "media_type": kind,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "content": data,
            "stored_at": tx.at,
            "stored_by": actor.person_id,
        }
        tx.insert("file", row)
    return stored


def _checked(form: Form, ref: str, data: bytes) -> str:
    control = form.control_of.get(entities.without_positions(ref))
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
    """A file by the name that the answer says, for whoever may see the answer. That it was read is on the audit log.

    Raises NotFound: somebody else's file is not told apart from one that never was.
    """
    row = store.row("SELECT file.*, owner, outcome, record_id, form_id, form_version FROM file "
                    "JOIN draft USING (draft_id) WHERE name = ?", [name[:300]])  # fmt: skip
    if row is None or not _readable(store, actor, row):
        raise NotFound("files.unknown")
    with store.act(actor.person_id, "file.read", "file", row["file_id"]):
        pass
    return StoredFile(row["file_id"], row["name"], row["media_type"], row["size"]), row["content"]


def _readable(store: Store, actor: Person, row: Row) -> bool:
    form = forms.load(store, row["form_id"], row["form_version"])
    level = form.levels.get(entities.without_positions(row["ref"]))
    if level is None or not visibility.sees(actor, level):
        return False
    if row["outcome"] is None:
        return bool(row["owner"] == actor.person_id)
    if not permissions.may(actor, "record.read"):
        return False
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [row["record_id"]])
    try:
        policies.check_readable(actor, record)
    except NotFound:
        return False
    return True


def check_answers(store: Store, draft: Row, form: Form, made: Record) -> None:
    """Every file that an answer names was given to this draft, or to the record that it edits. Raises Unfinished."""
    uploads = {ref for ref, control in form.control_of.items() if control.kind == "upload"}
    named = {
        ref: value
        for ref, value in entities.flat(made.values).items()
        if value and entities.without_positions(ref) in uploads
    }
    if not named:
        return
    rows = store.rows(
        "SELECT name FROM file JOIN draft USING (draft_id) WHERE draft_id = ?1 OR record_id = ?2",
        [draft["draft_id"], draft["record_id"]],
    )
    known = {row["name"] for row in rows}
    missing = [Problem(ref, "type", "files.missing", {}) for ref, value in named.items() if value not in known]
    if missing:
        raise Unfinished(missing)
