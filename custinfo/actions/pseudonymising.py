"""Records without the person: for exports that need the answers and not whose they are.

What stays are choices, numbers, dates and times of level 2 and 3. What somebody typed, places, files and ids go.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from custinfo.domain.sensitivity import Level
from custinfo.exchange import StoredRecord
from custinfo.exchange.fields import tables
from custinfo.store import Store
from custinfo.xforms import Form

KEPT = ("int", "decimal", "date", "time", "dateTime", "boolean", "select_one", "select_multiple", "rank")


def without_persons(store: Store, form: Form, records: Iterable[StoredRecord]) -> list[StoredRecord]:
    """The records with what points to nobody; the same record has the same pseudonym in each export of the site."""
    kept = {
        "/data" + field.ref.removeprefix(form.root.ref)
        for table in tables(form)
        for field in table.fields
        if field.kind in KEPT and field.level >= Level.INTERNAL and not _marked(form, field.ref)
    }
    key = store.site.secret("pseudonym")
    return [_without(one, kept, key) for one in records]


def _marked(form: Form, ref: str) -> bool:
    """Whether the answer is an identifier, or names somebody, by the form's own word."""
    return not {"unique", "about"}.isdisjoint(form.nodes[ref].bind.extra)


def _without(record: StoredRecord, kept: set[str], key: bytes) -> StoredRecord:
    digest = hmac.digest(key, b"record:" + record.record_id.encode(), "sha256").hex()[:20]
    return replace(
        record, record_id=f"P-{digest}", recorded_by="", values=_only(record.values, "/data", kept), notes={},
        reasons={}, files={},
    )  # fmt: skip


def _only(values: Mapping[str, Any], ref: str, kept: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{ref}/{name}"
        if isinstance(value, Mapping):
            found[name] = _only(value, place, kept)
        elif isinstance(value, list):
            found[name] = [_only(one, place, kept) for one in value if isinstance(one, Mapping)]
        elif place in kept:
            found[name] = value
    return found
