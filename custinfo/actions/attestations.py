"""Signed for: that a person received something or handed something over, with the site's key over what they saw.

Unlike a decision on a case, who signs is a person by name, not whoever holds a role. Each part of an object is signed
for once, and never taken back.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from custinfo.actions import signatures
from custinfo.domain.clock import parse
from custinfo.domain.errors import Conflict
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row

COVERED = ("object_kind", "object_id", "part", "sha256", "signed_at", "signed_by", "key_id")


@dataclass(frozen=True)
class Attestation:
    """Who signed for a part of an object, and when; `holds` says whether it is this site's signature of just that."""

    part: str
    name: str
    person_id: str
    signed_at: datetime
    sha256: str
    holds: bool


def attest(store: Store, tx: Tx, actor: Person, object_kind: str, object_id: str, part: str, sha256: str) -> None:
    """Sign within the transaction. The caller has asked for the password before (`reauthentication.check`).

    Raises Conflict for a part that is signed for already.
    """
    there = "SELECT 1 FROM attestation WHERE object_kind = ? AND object_id = ? AND part = ?"
    if store.row(there, [object_kind, object_id, part]) is not None:
        raise Conflict("registers.signed_already")
    row: Row = {"object_kind": object_kind, "object_id": object_id, "part": part, "sha256": sha256}
    row |= {"signed_at": tx.at, "signed_by": actor.person_id, "key_id": store.site.keyring.active("sign").id}
    tx.insert("attestation", row | {"signature": store.site.signing_key().sign(_body(row)).hex()})
    tx.note(part=part, sha256=sha256)


def of(store: Store, object_kind: str, object_id: str) -> dict[str, Attestation]:
    """Who signed for which part of an object, in the order in which they did."""
    rows = store.rows(
        "SELECT attestation.*, display_name FROM attestation JOIN person ON person_id = signed_by "
        "WHERE object_kind = ? AND object_id = ? ORDER BY seq",
        [object_kind, object_id],
    )
    return {
        row["part"]: Attestation(
            row["part"], row["display_name"], row["signed_by"], parse(row["signed_at"]), row["sha256"],
            signatures.is_sound(store, row, _body(row)),
        )
        for row in rows
    }  # fmt: skip


def _body(row: Row) -> bytes:
    covered = {name: row[name] for name in COVERED}
    return b"custinfo attestation\n" + json.dumps(covered, ensure_ascii=False, sort_keys=True).encode()
