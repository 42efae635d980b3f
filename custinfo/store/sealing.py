"""Values that are encrypted once more inside the encrypted store: those of level 1, and secrets of people.

AES-256-GCM with a random nonce. A sealed value is bound to its place, by table, row, field and version: put anywhere
else, or in the place of an earlier or later one, it does not open. As text it is U+001A, `seal:`, the key's id, `:` and
base64 of nonce, ciphertext and tag; U+001A is refused in whatever comes from outside.

`PLACES` names every column that may hold sealed values. Whoever adds one adds it there, or no key is ever replaced.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custinfo.domain.errors import SiteFault
from custinfo.store.keyring import NONCE_BYTES
from custinfo.store.master_key import KeyFault

if TYPE_CHECKING:
    from custinfo.store.database import Store

PURPOSE = "level1"
MARK = "\x1aseal:"
KEY_ID = 8
_TRACE = re.compile(r"seal:([0-9a-f]{8}):")
"""What is left of a mark whose beginning was damaged, when the digits are the id of one of our keys."""


@dataclass(frozen=True)
class Column:
    """A column that may hold sealed values: JSON with sealed texts in it, one text, or bytes.

    `row_id` and `version` are what binds a value there, as expressions of SQL over the table.
    """

    table: str
    name: str
    kind: Literal["json", "text", "bytes"]
    row_id: str
    version: str = "''"


PLACES = (
    *(Column("record_version", name, "json", "record_id", "version") for name in ("content", "notes", "reasons")),
    Column("entity_version", "label", "text", "entity_id", "version"),
    Column("entity_version", "properties", "json", "entity_id", "version"),
    Column("draft", "instance", "json", "draft_id", "saves"),
    *(Column("draft", name, "json", "draft_id") for name in ("notes", "reasons")),
    *(Column("verification", name, "json", "verification_id", "version") for name in ("content", "notes", "reasons")),
    Column("answer_event", "old_value", "text", "draft_id", "ref || ' ' || started_at"),
    Column("answer_event", "new_value", "text", "draft_id", "ref || ' ' || started_at"),
    Column("query_message", "text", "text", "query_id", "said_at"),
    Column("file", "content", "bytes", "file_id"),
    Column("second_factor", "secret", "text", "person_id", "enrolment"),
    *(Column("penalty", name, "text", "penalty_id", "1") for name in ("reason", "heard", "revoked_because")),
    *(
        Column("consent_event", name, "text", "entity_id", "recorded_at || purpose")
        for name in ("evidence", "guardian")
    ),
    *(Column("subject_request", name, "text", "request_id") for name in ("applicant", "contact", "wish")),
    Column("privacy_file", "content", "bytes", "file_id"),
    *(Column("match_party", name, "json", "entity_id", "version") for name in ("stated", "prepared")),
)


@dataclass(frozen=True)
class Row:
    """The row of a table to which values are bound; `version` tells apart what stood there at other times."""

    table: str
    row_id: str
    version: str | int = ""

    def bound(self, field: str) -> bytes:
        """What a value of this field is bound to."""
        return "\0".join((self.table, self.row_id, field, str(self.version))).encode()

    def tampered(self, field: str) -> SiteFault:
        """The fault that names the place, and nothing of what stands there."""
        return SiteFault("store.tampered", table=self.table, row=self.row_id, version=self.version or "–", field=field)


def seal_text(
    store: "Store", table: str, row_id: str, field: str, version: str | int, text: str
) -> str:  # fmt: skip
    """`text` sealed for this place, within an open act: only there can no other process replace the key meanwhile.

    Raises KeyFault without the key, ValueError outside of `Store.act`.
    """
    key_id, box = _boxed(store, Row(table, row_id, version).bound(field), text.encode())
    return f"{MARK}{key_id}:{base64.b64encode(box).decode()}"


def open_text(store: "Store", table: str, row_id: str, field: str, version: str | int, stored: str) -> str:
    """What `seal_text` sealed; a text that is not sealed as it is.

    Raises SiteFault for what was changed or belongs elsewhere, KeyFault without the key; both name the place.
    """
    row = Row(table, row_id, version)
    if not stored.startswith("\x1a"):
        if "seal:" in stored and _damaged(store, stored):
            raise row.tampered(field)
        return stored
    key_id, colon, body = stored[len(MARK) :].partition(":")
    if not stored.startswith(MARK) or not colon:
        raise row.tampered(field)
    try:
        box = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error):
        raise row.tampered(field) from None
    if base64.b64encode(box).decode() != body:  # bits that decoding passes over
        raise row.tampered(field)
    return _unboxed(store, row, field, key_id, box).decode()


def seal_bytes(store: "Store", table: str, row_id: str, field: str, version: str | int, content: bytes) -> bytes:
    """`content` sealed for this place; see `seal_text`."""
    key_id, box = _boxed(store, Row(table, row_id, version).bound(field), content)
    return f"{MARK}{key_id}:".encode() + box


def open_bytes(store: "Store", table: str, row_id: str, field: str, version: str | int, stored: bytes) -> bytes:
    """What `seal_bytes` sealed; bytes that are not sealed as they are. Raises as `open_text` does."""
    row, start = Row(table, row_id, version), len(MARK)
    key_id = stored[start : start + KEY_ID].decode("latin-1")
    if not stored.startswith(MARK.encode()):
        if any(one.id == key_id for one in store.site.keyring.entries):
            raise row.tampered(field)
        return stored
    if stored[start + KEY_ID : start + KEY_ID + 1] != b":":
        raise row.tampered(field)
    return _unboxed(store, row, field, key_id, stored[start + KEY_ID + 1 :])


def may_be_sealed(stored: str) -> bool:
    """Whether there may be sealed values, damaged ones included, in a text or in JSON; quick, and never wrongly no."""
    return "seal:" in stored or "\\u001a" in stored or "\x1a" in stored


def opened_json(store: "Store", table: str, row_id: str, column: str, version: str | int, stored: str) -> Any:
    """The JSON of a column with every sealed text in it opened. Raises as `open_text` does."""
    row = Row(table, row_id, version)
    try:
        values = json.loads(stored)
    except ValueError:
        raise row.tampered(column) from None
    if not may_be_sealed(stored):
        return values
    return walk(values, column, "", lambda path, _, text: open_text(store, table, row_id, path, version, text))


def walk(value: Any, path: str, ref: str, change: Callable[[str, str, str], str]) -> Any:
    """A copy of JSON in which each text is what `change` makes of its path, its place of a form and itself.

    The path has the positions of rounds in it, the place does not.
    """
    if isinstance(value, dict):
        return {k: walk(one, f"{path}/{k}", f"{ref}/{k}" if k else ref, change) for k, one in value.items()}
    if isinstance(value, list):
        return [walk(one, f"{path}[{i}]", ref, change) for i, one in enumerate(value)]
    return change(path, ref, value) if isinstance(value, str) else value


def reseal(store: "Store", column: Column, row: Row, stored: Any) -> Any:
    """What a column holds, with every sealed value sealed anew by the active key, within an open act."""
    at = (store, row.table, row.row_id)
    if column.kind == "bytes":
        opened = open_bytes(*at, column.name, row.version, stored)
        return stored if opened is stored else seal_bytes(*at, column.name, row.version, opened)

    def anew(path: str, _: str, text: str) -> str:
        opened = open_text(*at, path, row.version, text)
        return text if opened is text else seal_text(*at, path, row.version, opened)

    if column.kind == "text":
        return anew(column.name, "", stored)
    return json.dumps(walk(json.loads(stored), column.name, "", anew), ensure_ascii=False)


def _boxed(store: "Store", bound: bytes, content: bytes) -> tuple[str, bytes]:
    if not store.in_act:
        raise ValueError("sealing belongs inside an act: see Store.act")
    ring, nonce = store.site.keyring, os.urandom(NONCE_BYTES)
    key_id = ring.active(PURPOSE).id
    return key_id, nonce + _cipher(ring.open_key(key_id)).encrypt(nonce, content, bound)


def _unboxed(store: "Store", row: Row, field: str, key_id: str, box: bytes) -> bytes:
    try:
        cipher = _cipher(store.site.keyring.open_key(key_id))
    except KeyFault as fault:
        if fault.key != "keys.unknown":
            raise
        raise KeyFault("keys.unknown_at", **fault.facts, table=row.table, row=row.row_id, field=field) from None
    try:
        return cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], row.bound(field))
    except (InvalidTag, ValueError):
        raise row.tampered(field) from None


def _damaged(store: "Store", text: str) -> bool:
    found = _TRACE.search(text)
    return found is not None and any(one.id == found[1] for one in store.site.keyring.entries)


@lru_cache(maxsize=64)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
