"""Checkpoints of the audit log: signed lines in a file that is only ever appended to, and can be copied elsewhere.

A line says which code an entry has. Each carries the hash of the line before, so none can be taken out of the middle.
Anybody with the site's public key can read them; who kept a copy can hold the log against it later.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custinfo.store.audit import Entry, Restart

FILE = "checkpoints.jsonl"
PURPOSE = b"custinfo audit checkpoint\n"
FIRST = "0" * 64
BEGUN, CHECKPOINT, RESTARTED, RESTORED = "begun", "checkpoint", "restarted", "restored"
LONGEST_LINE = 4096


@dataclass(frozen=True)
class Checkpoint:
    """A signed line: at `at`, entry `entry.seq` had the code `entry.chain`. `kind` is one of the words above."""

    kind: str
    entry: Entry
    at: str
    note: str
    previous: str
    line: bytes

    @property
    def resets(self) -> bool:
        """Whether the log goes on from here whatever stood in it later."""
        return self.kind in (RESTARTED, RESTORED)


def signed(key: Ed25519PrivateKey, purpose: bytes, facts: Mapping[str, Any]) -> bytes:
    """The facts as one line of JSON with their signature; no line end."""
    body = _canonical(facts)
    signature = base64.b64encode(key.sign(purpose + body)).decode()
    return _canonical({**facts, "signature": signature})


def opened(key: Ed25519PublicKey, purpose: bytes, line: bytes) -> dict[str, Any] | None:
    """The facts of a line whose signature is good; None for any other."""
    try:
        facts = json.loads(line)
        signature = base64.b64decode(facts.pop("signature"), validate=True)
        key.verify(signature, purpose + _canonical(facts))
    except (ValueError, TypeError, KeyError, AttributeError, InvalidSignature):
        return None
    return dict(facts)


def parsed(key: Ed25519PublicKey, content: bytes) -> list[Checkpoint]:
    """The lines that are good and follow one another.

    Whatever else stands between them, such as a line that a full disk cut short, claims nothing and is passed over.
    """
    found: list[Checkpoint] = []
    for line in content.split(b"\n"):
        facts = opened(key, PURPOSE, line) if line else None
        if facts is None:
            continue
        one = _checkpoint(facts, line)
        if one is not None and (not found or one.previous == digest(found[-1])):
            found.append(one)
    return found


def append(path: Path, key: Ed25519PrivateKey, kind: str, entry: Entry, *, at: str, note: str = "") -> None:
    """Put a line at the end, on the disk before this returns. Raises OSError; a line cut short is passed over."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        tail = os.pread(file, 2 * LONGEST_LINE, max(0, size - 2 * LONGEST_LINE))
        lines = tail.split(b"\n")
        last = next((line for line in reversed(lines) if opened(key.public_key(), PURPOSE, line)), None)
        previous = hashlib.sha256(last).hexdigest() if last else FIRST
        facts = {"kind": kind, "seq": entry.seq, "entry_at": entry.at, "chain": entry.chain, "at": at}
        line = signed(key, PURPOSE, {**facts, "note": note[:500], "previous": previous}) + b"\n"
        _write_all(file, line if tail.endswith(b"\n") or not tail else b"\n" + line)
        os.fsync(file)
    finally:
        os.close(file)


def marks(lines: Iterable[Checkpoint]) -> dict[int, str]:
    """Entry number → the code that it must have: a restart voids what was witnessed after it."""
    found: dict[int, str] = {}
    for line in lines:
        if line.resets:
            found = {seq: chain for seq, chain in found.items() if seq <= line.entry.seq}
        found[line.entry.seq] = line.entry.chain
    return {seq: chain for seq, chain in found.items() if seq}


def restarts(lines: Iterable[Checkpoint]) -> tuple[Restart, ...]:
    """Every restart, the oldest first."""
    return tuple(Restart(line.kind, line.entry.seq, line.at, line.note) for line in lines if line.resets)


def digest(one: Checkpoint) -> str:
    """What the next line carries of this one."""
    return hashlib.sha256(one.line).hexdigest()


def _checkpoint(facts: Mapping[str, Any], line: bytes) -> Checkpoint | None:
    try:
        entry = Entry(int(facts["seq"]), str(facts["entry_at"]), str(facts["chain"]))
        return Checkpoint(str(facts["kind"]), entry, str(facts["at"]), str(facts["note"]), str(facts["previous"]), line)
    except (KeyError, ValueError, TypeError):
        return None


def _canonical(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _write_all(file: int, data: bytes) -> None:
    """All of it: a disk that fills up takes a part first, and says so at the second try."""
    while data:
        data = data[os.write(file, data) :]
