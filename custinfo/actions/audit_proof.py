"""Checking an exported audit log somewhere else, with nothing but the file and what was kept of the site before."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custinfo.actions.audit_export import KEY, LINES, SIGNATURE, SUMS
from custinfo.domain.errors import BadInput
from custinfo.store import checkpoints

MOST_BYTES = 4 * 1024**3
"""Unpacked; what claims to hold more is no export of ours."""


@dataclass(frozen=True)
class Checked:
    """How many entries the export holds, at how many a checkpoint agrees, and whose key signed it (its fingerprint)."""

    rows: int
    agreed: int
    fingerprint: str


def check(data: bytes, *, public_key: bytes | None = None, kept: bytes | None = None) -> Checked:
    """Check signature, hashes, order, and the codes at every checkpoint; `kept` are checkpoints that the reader has had
    since earlier, `public_key` the key (PEM) as it was handed over before: without it the file's own is believed.

    Raises BadInput saying what is wrong first.
    """
    files = _unpacked(data)
    key = _key(public_key or files.get(KEY, b""))
    _check_sums(files, key)
    own = checkpoints.parsed(key, files.get(checkpoints.FILE, b""))
    marks = checkpoints.marks(own)
    if kept is not None:
        before = checkpoints.parsed(key, kept)
        known = {line.line for line in own}
        if not before or any(line.line not in known for line in before):
            raise BadInput("audit_log.proof.checkpoints")
    rows, agreed = _check_lines(files.get(LINES), marks)
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Checked(rows, agreed, hashlib.sha256(raw).hexdigest()[:16])


def _unpacked(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise BadInput("audit_log.proof.unreadable")
            return {name: packed.read(name) for name in packed.namelist()}
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, NotImplementedError):
        raise BadInput("audit_log.proof.unreadable") from None


def _key(pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError:
        raise BadInput("audit_log.proof.key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("audit_log.proof.key")
    return key


def _check_sums(files: Mapping[str, bytes], key: Ed25519PublicKey) -> None:
    sums = files.get(SUMS, b"")
    try:
        key.verify(files.get(SIGNATURE, b""), sums)
    except InvalidSignature:
        raise BadInput("audit_log.proof.signature") from None
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in sums.decode().splitlines())}
    for name, data in files.items():
        if name not in (SUMS, SIGNATURE) and listed.get(name) != hashlib.sha256(data).hexdigest():
            raise BadInput("audit_log.proof.file", file=name[:100])
    for name in listed.keys() - files.keys():
        raise BadInput("audit_log.proof.file", file=name[:100])


def _check_lines(content: bytes | None, marks: Mapping[int, str]) -> tuple[int, int]:
    """How many entries, and how many of them a checkpoint names; a CSV has no lines to hold against it."""
    rows = agreed = last = 0
    for line in (content or b"").splitlines():
        entry = json.loads(line)
        seq = int(entry["seq"])
        if seq <= last or marks.get(seq, entry["chain"]) != entry["chain"]:
            raise BadInput("audit_log.proof.entry", seq=seq)
        rows, agreed, last = rows + 1, agreed + (seq in marks), seq
    return rows, agreed
