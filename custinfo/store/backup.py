"""What a backup holds, how it is proved, and how it is read back. `archive` is the file around it."""

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlcipher3 import dbapi2 as sqlcipher

from custinfo.domain.errors import SiteFault
from custinfo.store import archive, audit
from custinfo.store.database import Store
from custinfo.store.keyring import Keyring
from custinfo.store.site import Site

MANIFEST, SIGNATURE = "manifest.json", "manifest.signature"
PURPOSE = b"custinfo backup manifest\n"
LARGEST_MANIFEST = 256 * 1024 * 1024
DATABASE = "store.db"


@dataclass(frozen=True)
class Packed:
    """A file in a backup: its name within the site, its bytes' number and hash."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Facts:
    """What the store's copy holds: rows by table, the audit log's and the ledger's last numbers, its migrations."""

    counts: Mapping[str, int]
    audit_seq: int
    audit_chain: str
    ledger: int
    schema: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """All that a backup says of itself. Signed by the site, and bound to its file by the hash of the file's head."""

    site: str
    taken_at: str
    head_sha256: str
    lake_version: int
    store: Facts
    files: tuple[Packed, ...]

    @property
    def text(self) -> bytes:
        """The manifest as it is signed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()


def copy_store(store: Store, target: Path) -> Facts:
    """A whole copy of the store as of one moment, under the same key, while others go on writing; what it holds."""
    store.copy_to(target)
    with opened_copy(target, store.site.secret("store")) as copy:
        return facts(copy)


@contextmanager
def opened_copy(path: Path, key: bytes) -> Iterator[sqlcipher.Connection]:
    """A copy of a store, to read in. Raises SiteFault when it does not open with the key."""
    connection = sqlcipher.connect(f"file:{path.absolute()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield connection
    except sqlcipher.DatabaseError as fault:
        raise SiteFault("store.damaged", file=path, first=fault) from None
    finally:
        connection.close()


def facts(copy: sqlcipher.Connection) -> Facts:
    """What the copy of a store holds."""
    names = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    counts = {name: int(copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}
    last = copy.execute("SELECT seq, chain FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (0, audit.GENESIS)
    ledger = copy.execute("SELECT coalesce(max(number), 0) FROM ledger_line").fetchone()[0]
    schema = tuple(row[0] for row in copy.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid"))
    return Facts(counts, last[0], last[1], ledger, schema)


def damage(copy: sqlcipher.Connection) -> list[str]:
    """What is wrong with the copy of a store: its pages' codes, structure or references. Empty when it is whole."""
    checks = ("cipher_integrity_check", "integrity_check", "foreign_key_check")
    found = [str(row[0]) for check in checks for row in copy.execute(f"PRAGMA {check}")]
    return [one for one in found if one != "ok"]


def write(
    target: Path,
    site: Site,
    *,
    taken_at: str,
    ring: str,
    store: Facts,
    lake_version: int,
    files: Iterable[tuple[str, Path]],
) -> Manifest:
    """Write a backup of these files (name within the site → where it lies) to `target`, and have it on the disk.

    `ring` is the keyring, as its file has it, that opens them. Raises OSError when the target cannot be written,
    SiteFault when a file changed while it was read.
    """
    key = site.keyring.active("backup")
    site_id = site.keyring.site_id
    head = {"site": site_id, "taken_at": taken_at, "key": key.id, "ring": ring, "ledger": str(store.ledger)}
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        writer = archive.Writer(file, site.keyring.open_key(key.id), head)
        packed = [_put(writer, name, path) for name, path in files]
        manifest = Manifest(head["site"], taken_at, writer.head_sha256, lake_version, store, tuple(packed))
        _put_bytes(writer, MANIFEST, manifest.text)
        _put_bytes(writer, SIGNATURE, _signed(site, manifest))
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    return manifest


def unpack(file: Path, folder: Path, key: bytes) -> Iterator[Packed]:
    """Write what a backup holds into an empty folder; gives each file as it is there. Raises SiteFault where it is bad.

    Nothing of it counts before `manifest` has proved the whole.
    """
    with file.open("rb") as source:
        reader = archive.Reader(source, file)
        reader.unlock(key)
        for name, size in reader.entries():
            if name in (MANIFEST, SIGNATURE) and size > LARGEST_MANIFEST:
                raise SiteFault("backup.forged", file=file)
            yield Packed(name, size, archive.extract(reader, folder, name, size))


def manifest(file: Path, folder: Path, found: Iterable[Packed], ring: Keyring) -> Manifest:
    """The manifest of an unpacked backup, when it is signed by the site, is of this file, and names what was found.

    Raises SiteFault otherwise.
    """
    try:
        text, signature = (folder / MANIFEST).read_bytes(), json.loads((folder / SIGNATURE).read_bytes())
        key = ring.verifying_key(signature["key"])
        key.verify(base64.b64decode(signature["signature"], validate=True), PURPOSE + text)
        read = _parsed(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError, InvalidSignature):
        raise SiteFault("backup.forged", file=file) from None
    there = [one for one in found if one.name not in (MANIFEST, SIGNATURE)]
    with file.open("rb") as source:
        head_sha256 = archive.Reader(source, file).head_sha256
    of_this_site = read.site == ring.site_id and read.head_sha256 == head_sha256
    if not of_this_site or sorted(read.files, key=_name) != sorted(there, key=_name):
        raise SiteFault("backup.forged", file=file)
    return read


def _name(packed: Packed) -> str:
    return packed.name


def _signed(site: Site, manifest: Manifest) -> bytes:
    signature = base64.b64encode(site.signing_key().sign(PURPOSE + manifest.text)).decode()
    return json.dumps({"key": site.keyring.active("sign").id, "signature": signature}).encode()


def _put(writer: archive.Writer, name: str, path: Path) -> Packed:
    try:
        with path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            return Packed(name, size, writer.put(name, size, source))
    except FileNotFoundError:
        raise SiteFault("backup.changing", file=name) from None


def _put_bytes(writer: archive.Writer, name: str, content: bytes) -> None:
    writer.put(name, len(content), BytesIO(content))


def _parsed(content: dict[str, Any]) -> Manifest:
    held = content["store"]
    store = Facts(held["counts"], held["audit_seq"], held["audit_chain"], held["ledger"], tuple(held["schema"]))
    files = tuple(Packed(**one) for one in content["files"])
    return Manifest(**(content | {"store": store, "files": files}))
