"""Signatures: who, when, what it means, and the digest of the content, signed with the site's key and chained.

Each signature covers the one before it, so that none can be taken out, put in or moved; what a signing step decided
without a signature, or a signature that no decision stands behind, is found too.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custinfo.actions.approval_cases import Case
from custinfo.domain.clock import parse
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row

GENESIS = "0" * 64
COVERED = (
    "seq", "case_id", "round", "step", "object_kind", "object_id", "meaning", "sha256", "signed_at", "signed_by",
    "instead_of", "previous", "key_id",
)  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """One signature, for readers: `meaning` is what was decided, names are those of people."""

    step: int
    round: int
    meaning: str
    sha256: str
    signed_at: datetime
    name: str
    for_name: str


def sign(store: Store, tx: Tx, actor: Person, *, meaning: str, instead_of: str | None, **facts: str | int) -> None:
    """Sign within the transaction that decides. `facts` are case_id, round, step, object_kind, object_id and sha256.

    The caller has asked for the password before; the row is written under the lock, so the chain has no forks.
    """
    last = store.row("SELECT * FROM signature ORDER BY seq DESC LIMIT 1")
    row: Row = {
        **facts,
        "seq": last["seq"] + 1 if last else 1,
        "meaning": meaning,
        "signed_at": tx.at,
        "signed_by": actor.person_id,
        "instead_of": instead_of,
        "previous": _digest(last) if last else GENESIS,
        "key_id": store.site.keyring.active("sign").id,
    }
    row["signature"] = store.site.signing_key().sign(_body(row)).hex()
    tx.insert("signature", row)
    tx.note(signature=row["seq"])


def of(store: Store, case_id: str) -> list[Signature]:
    """The signatures of a case, the oldest first, for a reader who may see the case."""
    rows = store.rows(
        "SELECT signature.*, doing.display_name AS name, asking.display_name AS for_name FROM signature "
        "LEFT JOIN person AS doing ON doing.person_id = signed_by "
        "LEFT JOIN person AS asking ON asking.person_id = instead_of WHERE case_id = ? ORDER BY seq",
        [case_id],
    )
    return [
        Signature(
            row["step"], row["round"], row["meaning"], row["sha256"], parse(row["signed_at"]), row["name"] or "",
            row["for_name"] or "",
        )
        for row in rows
    ]  # fmt: skip


def verify(store: Store) -> list[SiteFault]:
    """What is wrong with the signatures: the first broken one by its number, and decisions without theirs."""
    broken = next(_broken(store), None)
    faults = [] if broken is None else [SiteFault("signatures.broken", seq=broken)]
    return [*faults, *_unmatched(store)]


def holds(store: Store, case: Case) -> bool:
    """Whether each signed decision of a case's round has its signature, of the site's key, over this content."""
    rows = store.rows("SELECT * FROM signature WHERE case_id = ? AND round = ?", [case.case_id, case.round])
    sound = {(row["step"], row["signed_by"], row["sha256"]) for row in rows if is_sound(store, row, _body(row))}
    return all((one.step, one.person_id, case.sha256) in sound for one in case.decisions() if one.signed)


def _broken(store: Store) -> Iterator[int]:
    previous, expected = GENESIS, 1
    for row in store.rows("SELECT * FROM signature ORDER BY seq"):
        if row["seq"] != expected or row["previous"] != previous or not is_sound(store, row, _body(row)):
            yield expected
        expected, previous = row["seq"] + 1, _digest(row)


def _unmatched(store: Store) -> Iterator[SiteFault]:
    """Decisions that say they are signed, and their signatures: each has the other. A cut tail shows here."""
    same = (
        "signature.case_id = approval_event.case_id AND signature.round = approval_event.round "
        "AND signature.step = approval_event.step AND signature.sha256 = approval_event.sha256 "
        "AND signed_by = by_person AND signed_at = at AND meaning = action"
    )
    for row in store.rows(
        "SELECT seq, case_id FROM approval_event WHERE signed = 1 AND NOT EXISTS "
        f"(SELECT 1 FROM signature WHERE {same})"
    ):
        yield SiteFault("signatures.missing", case=row["case_id"], seq=row["seq"])
    for row in store.rows(
        "SELECT seq, case_id FROM signature WHERE NOT EXISTS "
        f"(SELECT 1 FROM approval_event WHERE signed = 1 AND {same})"
    ):
        yield SiteFault("signatures.no_decision", case=row["case_id"], seq=row["seq"])


def key_of(store: Store, key_id: str) -> Ed25519PublicKey | None:
    """The public part of the key that signed: of the one in use from its private part, which nobody can put in place
    of another by editing the key ring's file; of an earlier one as the ring has it. None for no key of this site.
    """
    if key_id == store.site.keyring.active("sign").id:
        return store.site.signing_key().public_key()
    try:
        return store.site.verifying_key(key_id)
    except SiteFault:
        return None


def is_sound(store: Store, row: Row, body: bytes) -> bool:
    """Whether `signature` of a row was made over `body` by the key `key_id` of this site."""
    key = key_of(store, row["key_id"])
    try:
        if key is not None:
            key.verify(bytes.fromhex(row["signature"]), body)
    except (InvalidSignature, ValueError):
        return False
    return key is not None


def _body(row: Row) -> bytes:
    covered = {name: row[name] for name in COVERED}
    return b"custinfo signature\n" + json.dumps(covered, ensure_ascii=False, sort_keys=True).encode()


def _digest(row: Row) -> str:
    return hashlib.sha256(_body(row) + row["signature"].encode()).hexdigest()
