"""Batches of facts from other systems: they go to the lake, never through the store, which keeps their register."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from custinfo import lake
from custinfo.access import permissions
from custinfo.actions import origins, pseudonyms, sealing
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput, Conflict
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row


@dataclass(frozen=True)
class Batch:
    """A registered batch. `already` says that this very file was imported before and nothing was done now."""

    batch_id: str
    rows: int
    sum_fen: int
    already: bool


def import_sales(
    store: Store,
    actor: Person,
    file: Path,
    *,
    source: str,
    lawful_basis: str,
    errors: Path,
    source_kind: str = origins.OWN,
    language: str = DEFAULT_LANGUAGE,
) -> Batch:
    """Read, check and register a file of sales, payments and returns; `publish` then makes it part of the lake.

    One wrong row stops the whole batch: BadInput names the file of errors, in `language`, in the folder `errors`.
    """
    permissions.check(actor, "batch.import")
    if not source.strip() or not lawful_basis.strip():
        raise BadInput("batches.origin_missing")
    origins.check(store, actor, source_kind, lawful_basis, source)
    digest = _sha256(file)
    known = store.row("SELECT * FROM batch WHERE kind = 'sales' AND sha256 = ?", [digest])
    if known is not None:
        return _again(known)
    batch_id = f"B-{secrets.token_hex(8)}"
    today = utc_now().astimezone(store.site.zone).date()
    erased = _erased(store)
    sales = lake.read_sales(file, customers=_customer_keys(store), today=today, errors=errors, language=language)
    received_at = utc_now()
    # The file first, without the store's lock; a file that no batch names is never published
    written = lake.write_batch(store.site, batch_id, sales, received_at)
    with store.act(actor.person_id, "batch.import", "batch", batch_id) as tx:
        known = store.row("SELECT * FROM batch WHERE kind = 'sales' AND sha256 = ?", [digest])
        if known is not None:
            return _again(known)
        if _erased(store) != erased:  # the file may hold somebody whom nobody may know any more
            raise Conflict("batches.erased_meanwhile")
        tx.insert(
            "batch",
            {
                "batch_id": batch_id,
                "kind": "sales",
                "file_name": file.name[:200],
                "source": clean(source, max_length=200),
                "source_kind": source_kind,
                "lawful_basis": lawful_basis,
                "sha256": digest,
                "line_count": written.rows,
                "sum_fen": sales.sum_fen,
                "lake_path": written.path,
                "lake_sha256": written.sha256,
                "received_at": stamp(received_at),
                "received_by": actor.person_id,
            },
        )
        tx.note(sha256=digest, rows=written.rows)
    return Batch(batch_id, written.rows, sales.sum_fen, False)


def _customer_keys(store: Store) -> dict[str, str]:
    """Every customer number, and every credit code, with the customer's pseudonym in the lake."""
    known = pseudonyms.keys(store)
    keys: dict[str, str] = {}
    customers = "SELECT number, entity_id, version, properties FROM entity_current WHERE dataset = 'customers'"
    for row in store.rows(customers):
        pseudonym = known[row["entity_id"]]
        keys[row["number"]] = pseudonym
        credit_code = json.loads(sealing.opened_entity(store, row)["properties"]).get("credit_code")
        if credit_code:
            keys[credit_code] = pseudonym
    return keys


def _erased(store: Store) -> int:
    """How many entities were erased so far."""
    return int(store.rows("SELECT count(*) AS n FROM entity WHERE erased_at IS NOT NULL")[0]["n"])


def _again(known: Row) -> Batch:
    return Batch(known["batch_id"], known["line_count"], known["sum_fen"], True)


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise BadInput("batches.unreadable", file=file, fault=fault.strerror) from None
