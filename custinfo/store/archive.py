"""The file of a backup: a readable head, then encrypted chunks. No byte can be changed, moved or left out unseen.

    magic · length of the head (4 bytes) · head (JSON) · chunks

A chunk is 1 MiB under AES-256-GCM; its nonce is its number and whether it is the last one, and the hash of everything
before the first chunk is its associated data. The key is derived from the site's backup key and the file's own salt, so
that no nonce is ever used twice. The chunks hold entries (length of the name, name, length, bytes) one after the other.
"""

import hashlib
import json
import os
import re
import secrets
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from custinfo.domain.errors import SiteFault

MAGIC = b"custinfo backup 1\n"
CHUNK = 1024 * 1024
TAG = 16
LONGEST_HEAD = 4 * 1024 * 1024
LONGEST_NAME = 1024
NAME = re.compile(r"(?!.*(?:^|/)\.)[^/\\\x00-\x1f\x7f]+(?:/[^/\\\x00-\x1f\x7f]+)*")
"""An entry's name: relative, without `..`, hidden parts, backslashes or control characters."""


class Writer:
    """Writes a backup into an open file. `close` makes it whole; without it the file is no backup."""

    def __init__(self, file: BinaryIO, key: bytes, head: Mapping[str, Any]) -> None:
        salt = secrets.token_bytes(32)
        content = json.dumps({**head, "salt": salt.hex()}, ensure_ascii=False, sort_keys=True).encode()
        start = MAGIC + struct.pack(">I", len(content)) + content
        file.write(start)
        self.head_sha256 = hashlib.sha256(start).hexdigest()
        self._file = file
        self._cipher = _cipher(key, salt)
        self._bound = bytes.fromhex(self.head_sha256)
        self._waiting = bytearray()
        self._number = 0

    def put(self, name: str, size: int, source: BinaryIO) -> str:
        """One entry of exactly `size` bytes; gives their hash. Raises SiteFault when the source has fewer."""
        encoded = _checked(name).encode()
        self._add(struct.pack(">H", len(encoded)) + encoded + struct.pack(">Q", size))
        digest = hashlib.sha256()
        left = size
        while left:
            block = _read(source, min(CHUNK, left), name)
            if not block:
                raise SiteFault("backup.changing", file=name)
            digest.update(block)
            self._add(block)
            left -= len(block)
        return digest.hexdigest()

    def close(self) -> None:
        """The end of the entries, and the last chunk."""
        self._add(struct.pack(">H", 0))
        self._seal(bytes(self._waiting), last=True)

    def _add(self, content: bytes) -> None:
        self._waiting += content
        while len(self._waiting) > CHUNK:  # what is left over for `close` is never empty
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), content, self._bound))
        self._number += 1


class Reader:
    """Reads a backup. Every byte that it gives was checked; SiteFault says where the file was changed or ends early."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        start = file.read(len(MAGIC) + 4)
        if start[: len(MAGIC)] != MAGIC or len(start) < len(MAGIC) + 4:
            raise SiteFault("backup.no_backup", file=path)
        length = struct.unpack(">I", start[len(MAGIC) :])[0]
        content = file.read(length) if length <= LONGEST_HEAD else b""
        self.head = self._parsed(content)
        self.head_sha256 = hashlib.sha256(start + content).hexdigest()
        self._bound = bytes.fromhex(self.head_sha256)
        self._plain = bytearray()
        self._number = 0
        self._ended = False
        self._next = b""

    def unlock(self, key: bytes) -> None:
        """The site's backup key with the id of `head`. A wrong one shows at the first entry."""
        self._cipher = _cipher(key, bytes.fromhex(self.head["salt"]))
        self._next = self._file.read(CHUNK + TAG)

    def entries(self) -> Iterator[tuple[str, int]]:
        """Each entry's name and size; take its bytes with `blocks` before going on."""
        seen: set[str] = set()
        while length := struct.unpack(">H", self._take(2))[0]:
            name = self._take(length).decode("utf-8", "replace")
            if name in seen or not NAME.fullmatch(name) or length > LONGEST_NAME:
                raise SiteFault("backup.bad_name", file=self._path, name=name[:80])
            seen.add(name)
            yield name, struct.unpack(">Q", self._take(8))[0]
        if self._plain or not self._ended:
            raise SiteFault("backup.damaged", file=self._path, chunk=self._number)

    def blocks(self, size: int) -> Iterator[bytes]:
        """The bytes of the entry that `entries` named last, a chunk at a time."""
        while size:
            block = self._take(min(size, CHUNK))
            size -= len(block)
            yield block

    def _take(self, count: int) -> bytes:
        while len(self._plain) < count:
            self._plain += self._chunk()
        taken = bytes(self._plain[:count])
        del self._plain[:count]
        return taken

    def _chunk(self) -> bytes:
        if self._ended:
            raise SiteFault("backup.damaged", file=self._path, chunk=self._number)
        this, self._next = self._next, self._file.read(CHUNK + TAG)
        self._ended = not self._next
        self._number += 1
        try:
            return self._cipher.decrypt(_nonce(self._number - 1, last=self._ended), this, self._bound)
        except InvalidTag:
            raise SiteFault("backup.damaged", file=self._path, chunk=self._number) from None

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            head = json.loads(content)
            if len(bytes.fromhex(head["salt"])) == 32 and all(isinstance(head[name], str) for name in HEAD):
                return dict(head)
        except (ValueError, KeyError, TypeError):
            pass
        raise SiteFault("backup.no_backup", file=self._path)


HEAD = ("site", "taken_at", "key", "ring", "ledger")
"""What the head says in plain: the site's id, the moment, the id of the backup key, the keyring (wrapped keys), and how
many lines the ledger had."""


def read_head(path: Path) -> dict[str, Any]:
    """The readable head of a backup; nothing in it is proved. Raises SiteFault when the file is none."""
    try:
        with path.open("rb") as file:
            return Reader(file, path).head
    except OSError as fault:
        raise SiteFault("backup.unreadable", file=path, fault=fault.strerror) from None


def extract(reader: Reader, folder: Path, name: str, size: int) -> str:
    """Write the entry into the folder, on the disk, for this account alone; gives the hash of its bytes."""
    target = folder / _checked(name)
    for parent in reversed(target.relative_to(folder).parents):  # the umask would open them
        (folder / parent).mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for block in reader.blocks(size):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _read(source: BinaryIO, count: int, name: str) -> bytes:
    """An error of the source is not one of the target: it is said by the name of the file."""
    try:
        return source.read(count)
    except OSError as fault:
        raise SiteFault("backup.unreadable", file=name, fault=fault.strerror) from None


def _checked(name: str) -> str:
    if not NAME.fullmatch(name) or len(name.encode()) > LONGEST_NAME:
        raise SiteFault("backup.bad_name", file="", name=name[:80])
    return name


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=b"custinfo backup").derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
