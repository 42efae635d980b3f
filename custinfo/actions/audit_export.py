"""The audit log, or a part of it, as a file that an outsider can check without this system.

A zip: the entries with their codes (JSON lines as stored, or CSV), the names of the accounts in them, the checkpoints
of the anchor, the public key, what to do with all this, and the hash of each file in `SHA256SUMS`, which is signed.
`audit_proof.check` is what `custinfo audit check` does with it; `sha256sum` and `openssl` do it too.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization

from custinfo.access import permissions
from custinfo.actions import audit_log, audit_words, export_register
from custinfo.actions.audit_log import Selection
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.exchange import archive
from custinfo.exchange.grids import safe
from custinfo.store import Store, checkpoints
from custinfo.store.database import Row

FORMATS = ("jsonl", "csv")
COLUMNS = ("seq", "at", "actor", "action", "object_kind", "object_id", "detail", "chain")
SUMS, SIGNATURE, KEY, LINES = "SHA256SUMS", "SHA256SUMS.sig", "public_key.pem", "audit.jsonl"


@dataclass(frozen=True)
class Exported:
    """The zip, with how many entries it holds."""

    file_name: str
    data: bytes
    rows: int


def export(
    store: Store, actor: Person, wanted: Selection, format: str, language: str, *, most: int | None = None
) -> Exported:
    """The entries of a selection, oldest first. Raises NotAllowed; BadInput for an unknown format, or more than `most`
    entries.
    """
    permissions.check(actor, "audit.read")
    if format not in FORMATS:
        raise BadInput("audit_log.no_format", format=format[:40])
    where, given = audit_log.condition(store, wanted)
    rows = int(store.rows(f"SELECT count(*) AS n FROM audit WHERE {where}", given)[0]["n"])
    if most is not None and rows > most:
        raise BadInput("audit_log.too_many", found=rows, most=most)
    found = list(audit_log.stored(store, wanted))
    data = _zipped(store, f"audit.{format}", _lines(found) if format == "jsonl" else _table(found, language), found)
    with store.act(actor.person_id, "audit.export", audit_log.LOG, audit_log.LOG, format=format, rows=len(found)) as tx:
        tx.note(narrowed=wanted.named())
        export_register.note(
            tx, store, actor, what="audit", object_id=audit_log.LOG, format=format, rows=len(found), columns=COLUMNS,
            tier="none", purpose="legal_duty", data=data,
        )  # fmt: skip
    return Exported(f"audit-{stamp(utc_now())[:19].replace(':', '')}.zip", data, len(found))


def _lines(rows: Iterable[Row]) -> bytes:
    """As stored: who is given the audit log's key can compute each code anew."""
    return b"".join(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n" for row in rows)


def _table(rows: Iterable[Row], language: str) -> bytes:
    """For people with a spreadsheet: what was done is said in words too, and no text is taken for a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    heads = [*COLUMNS, "what"]
    writer.writerow([text(f"audit_log.column.{name}", language) for name in heads])
    for row in rows:
        writer.writerow([*(safe(str(row[name])) for name in COLUMNS), audit_words.action(row["action"], language)])
    return written.getvalue().encode("utf-8-sig")


def _zipped(store: Store, name: str, content: bytes, rows: Sequence[Row]) -> bytes:
    key = store.site.signing_key()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    lines = store.site.anchor / checkpoints.FILE
    files = {
        name: content,
        "people.csv": _people(store, {row["actor"] for row in rows}),
        checkpoints.FILE: lines.read_bytes() if lines.exists() else b"",
        KEY: public,
        "README.txt": "\n".join(text("audit_log.readme", language) for language in LANGUAGES).encode(),
    }
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in files.items()).encode()
    return archive.zipped({**files, SUMS: sums, SIGNATURE: key.sign(sums)})


def _people(store: Store, actors: set[str]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["person_id", "login_name", "display_name"])
    for row in store.rows("SELECT person_id, login_name, display_name FROM person ORDER BY person_id"):
        if row["person_id"] in actors:
            writer.writerow([safe(str(value)) for value in row.values()])
    return written.getvalue().encode("utf-8-sig")
