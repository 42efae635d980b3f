"""Scans that the privacy desk keeps: a signed consent, an introduction letter, a receipt. Kept in the store, sealed."""

import hashlib
import secrets
from dataclasses import dataclass

from custinfo.domain import file_types
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store, Tx, sealing
from custinfo.store.database import Row

MAX_SIZE = 10 * 1024 * 1024
TAKEN = {"image/jpeg": "scan.jpg", "image/png": "scan.png", "application/pdf": "scan.pdf"}
"""What is taken, and the name that it is kept under: what somebody called a scan may say whose it is."""
TABLE = "privacy_file"


@dataclass(frozen=True)
class Given:
    """A file as somebody gave it."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Kept:
    """A file that is kept. `digest` is keyed: who has the same contents cannot tell that they are this file's."""

    file_id: str
    name: str
    media_type: str
    size: int
    digest: str


def put(store: Store, tx: Tx, actor: Person, owner_kind: str, owner_id: str, given: Given) -> Kept:
    """Keep a file. Raises BadInput for one that is too large, or is no picture or PDF, whatever its name says."""
    if len(given.data) > MAX_SIZE:
        raise BadInput("privacy.file_large", limit=MAX_SIZE >> 20)
    media_type = file_types.media_type(given.data)
    if media_type not in TAKEN:
        raise BadInput("privacy.file_kind")
    digest = store.lookup_digest(f"file:{hashlib.sha256(given.data).hexdigest()}")
    kept = Kept(f"PF-{secrets.token_hex(10)}", TAKEN[media_type], media_type, len(given.data), digest)
    sealed = sealing.seal_bytes(store, TABLE, kept.file_id, "content", "", given.data)
    row: Row = {
        "file_id": kept.file_id, "owner_kind": owner_kind, "owner_id": owner_id, "name": kept.name,
        "media_type": kept.media_type, "size": kept.size, "sha256": kept.digest, "content": sealed,
        "stored_at": tx.at, "stored_by": actor.person_id,
    }  # fmt: skip
    tx.insert(TABLE, row)
    tx.note(file=kept.file_id, file_digest=kept.digest)
    return kept


def of(store: Store, owner_kind: str, owner_id: str) -> list[Kept]:
    """The files of an owner, oldest first."""
    rows = store.rows(
        "SELECT file_id, name, media_type, size, sha256 AS digest FROM privacy_file "
        "WHERE owner_kind = ? AND owner_id = ? ORDER BY stored_at, file_id",
        [owner_kind, owner_id],
    )
    return [Kept(**row) for row in rows]


def content(store: Store, file_id: str, owner_kind: str, owner_id: str) -> tuple[Kept, bytes]:
    """A file of that owner with its contents. The caller has checked who asks. Raises NotFound."""
    row = store.row(f"SELECT * FROM {TABLE} WHERE file_id = ?", [file_id])
    if row is None or (row["owner_kind"], row["owner_id"]) != (owner_kind, owner_id):
        raise NotFound("privacy.no_file")
    opened = sealing.open_bytes(store, TABLE, file_id, "content", "", row["content"])
    return Kept(row["file_id"], row["name"], row["media_type"], row["size"], row["sha256"]), opened
