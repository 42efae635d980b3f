"""The master key (KEK): 32 bytes that open the ring, and where they lie.

Looked for in this order: systemd's `$CREDENTIALS_DIRECTORY/custinfo-master`, the file that `master_key` in site.toml
names, `keys/master-<id>.key`. The id follows from the key, so that a file with another key in it is told by itself.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.store import private_files

MASTER_BYTES = 32
CREDENTIAL = "custinfo-master"
PURPOSE = "master"


class KeyFault(SiteFault):
    """A key is missing, damaged or wrong: nothing is read or written without it, and none is made in its place.

    The facts `purpose` and `id` say which key it is.
    """


def new() -> bytes:
    """A fresh master key."""
    return secrets.token_bytes(MASTER_BYTES)


def id_of(key: bytes) -> str:
    """The eight hexadecimal digits by which a master key is known; they say nothing about it."""
    return hashlib.sha256(b"custinfo master key\0" + key).hexdigest()[:8]


@dataclass(frozen=True)
class Place:
    """Where the master key of a site lies: in the folder of its keys, or in a file that site.toml names."""

    folder: Path
    named: Path | None = None

    def file(self, master_id: str) -> Path:
        """The file in which the service itself would keep this master key."""
        return self.named or self.folder / f"master-{master_id}.key"

    def find(self, master_id: str) -> bytes:
        """The master key with this id. Raises KeyFault when it is nowhere, or what lies there is not that key."""
        present = [path for path in self._candidates(master_id) if path.exists()]
        for path in present:
            key = _read(path)
            if key is not None and id_of(key) == master_id:
                return key
        if present:
            raise KeyFault("keys.master_wrong", purpose=PURPOSE, id=master_id, file=present[0])
        raise KeyFault("keys.master_missing", purpose=PURPOSE, id=master_id, file=self.file(master_id))

    def keep(self, key: bytes) -> None:
        """Write a master key without touching the one in use: a named file gets a neighbour until `settle`."""
        path = self.file(id_of(key))
        private_files.write(_waiting(path) if self.named and self.named.exists() else path, key.hex())

    def settle(self, master_id: str) -> None:
        """The ring is wrapped by this master key now: leave it, and no other, where the service keeps it."""
        if self.named is not None:
            waiting = _waiting(self.named)
            if waiting.exists() and id_of(_read(waiting) or b"") == master_id:
                waiting.replace(self.named)
            private_files.remove(waiting)
        private_files.sweep(self.folder, "master-*.key")
        for path in self.folder.glob("master-*.key"):
            if path != self.file(master_id):
                private_files.remove(path)

    def restore(self, key: bytes) -> None:
        """Put a master key that was lost in its place; another file there is kept beside."""
        path = self.file(id_of(key))
        if path.exists():
            path.replace(path.with_name(path.name + ".before-recovery"))
        private_files.write(path, key.hex())

    @property
    def given_by_system(self) -> bool:
        """Whether the key comes from systemd, which this service cannot write to."""
        return _credential() is not None

    def _candidates(self, master_id: str) -> list[Path]:
        found = [_credential(), self.named, _waiting(self.named) if self.named else None]
        return [*(path for path in found if path is not None), self.folder / f"master-{master_id}.key"]


def _credential() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / CREDENTIAL if folder else None
    return path if path is not None and path.exists() else None


def _waiting(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _read(path: Path) -> bytes | None:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return None
    return key if len(key) == MASTER_BYTES else None
