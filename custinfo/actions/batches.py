"""Batches of facts from other systems: they go to the lake, never through the store, which keeps their register."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from custinfo import lake
from custinfo.access import permissions
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

UNLAWFUL = re.compile(
    r"买来|购买的?(名单|名录|资料|数据)|交换的?(名单|名录|资料)|同行交换|泄露|\b(bought|purchased|swapped|leaked)\b",
    re.IGNORECASE,
)
"""Lists of people got this way are refused, and the attempt is on the audit log (R209, contradiction D4)."""


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
    language: str = DEFAULT_LANGUAGE,
) -> Batch:
    """Read, check and register a file of sales, payments and returns; `publish` then makes it part of the lake.

    One wrong row stops the whole batch: BadInput names the file of errors, in `language`, in the folder `errors`.
    """
    permissions.check(actor, "batch.import")
    _check_origin(store, actor, source, lawful_basis)
    digest = _sha256(file)
    known = store.row("SELECT * FROM batch WHERE kind = 'sales' AND sha256 = ?", [digest])
    if known is not None:
        return _again(known)
    batch_id = f"B-{secrets.token_hex(8)}"
    today = utc_now().astimezone(store.site.zone).date()
    sales = lake.read_sales(file, customers=_customer_keys(store), today=today, errors=errors, language=language)
    received_at = utc_now()
    # The file first, without the store's lock; a file that no batch names is never published
    written = lake.write_batch(store.site, batch_id, sales, received_at)
    with store.act(actor.person_id, "batch.import", "batch", batch_id) as tx:
        known = store.row("SELECT * FROM batch WHERE kind = 'sales' AND sha256 = ?", [digest])
        if known is not None:
            return _again(known)
        tx.insert(
            "batch",
            {
                "batch_id": batch_id,
                "kind": "sales",
                "file_name": file.name[:200],
                "source": clean(source, max_length=200),
                "lawful_basis": clean(lawful_basis, max_length=200),
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


def _check_origin(store: Store, actor: Person, source: str, lawful_basis: str) -> None:
    if not source.strip() or not lawful_basis.strip():
        raise BadInput("batches.origin_missing")
    if UNLAWFUL.search(source):
        with store.act(actor.person_id, "batch.refuse", "batch", "", why="unlawful_source"):
            pass
        raise BadInput("batches.unlawful_source")


def _customer_keys(store: Store) -> dict[str, str]:
    """Every customer number, and every credit code, with the customer's pseudonym in the lake."""
    key = store.site.secret("pseudonym")
    keys: dict[str, str] = {}
    for row in store.rows("SELECT number, entity_id, properties FROM entity_current WHERE dataset = 'customers'"):
        pseudonym = lake.pseudonym(key, row["entity_id"])
        keys[row["number"]] = pseudonym
        credit_code = json.loads(row["properties"]).get("credit_code")
        if credit_code:
            keys[credit_code] = pseudonym
    return keys


def _again(known: Row) -> Batch:
    return Batch(known["batch_id"], known["line_count"], known["sum_fen"], True)


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise BadInput("batches.unreadable", file=file, fault=fault.strerror) from None
