"""The keyring: every key of a site in one file, `keys/ring.json`, each wrapped by the master key.

A key is wrapped by AES-256-GCM with the site's id, its purpose and its own id as associated data: no entry can take the
place of another. Ids, purposes, states and public keys are readable without the master key; secrets are not.
"""

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custinfo.domain.clock import stamp, utc_now
from custinfo.store import master_key, private_files
from custinfo.store.master_key import KeyFault, Place

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
RAW = ("store", "audit", "lookup", "pseudonym", "cookie")
"""The purposes whose keys lay in files of their own, in plain, before there was a ring."""
PURPOSES = (*RAW, "level1", "backup", "sign")
ACTIVE, NEXT, RETIRED = "active", "next", "retired"
"""`next`: a rotation that has not ended goes over to this key. `retired`: it still reads, and never writes."""


@dataclass(frozen=True)
class Entry:
    """What the ring says of a key in plain. `public` is there for the purpose `sign`: the other half of the pair."""

    id: str
    purpose: str
    state: str
    created_at: str
    wrapped: str
    public: str = ""


@dataclass(frozen=True)
class _Ring:
    """The file as it was read. `made` says which key was last made active for each purpose: it has to be there."""

    site: str
    master: str
    made: Mapping[str, str]
    entries: tuple[Entry, ...]

    def written(self) -> str:
        keys = [{name: value for name, value in asdict(one).items() if value} for one in self.entries]
        content = {"format": FORMAT, "site": self.site, "master": self.master, "made": dict(self.made), "keys": keys}
        return json.dumps(content, indent=1) + "\n"


class Keyring:
    """The keys of one site. What other processes change in the file is seen at the next use."""

    def __init__(self, folder: Path, master_at: Path | None = None) -> None:
        self._folder = folder
        self._place = Place(folder, master_at)
        self._path = folder / "ring.json"
        self._seen: tuple[int, int, int] | None = None
        self._ring = _Ring("", "", {}, ())
        self._secrets: dict[str, bytes] = {}

    @classmethod
    def create(cls, folder: Path) -> "Keyring":
        """A ring with a fresh key for every purpose, and its master key, in an empty folder."""
        ring = cls(folder)
        ring._make({})
        return ring

    @classmethod
    def open(cls, folder: Path, master_at: Path | None = None) -> "Keyring":
        """The ring in the folder; keys in files of their own are moved into it first. Raises KeyFault without one."""
        ring = cls(folder, master_at)
        if any((folder / f"{purpose}.key").exists() for purpose in RAW):
            with private_files.lock(folder / ".lock"):
                ring._convert()
        ring._refresh()
        return ring

    @property
    def site_id(self) -> str:
        """The random id to which every entry is tied."""
        return self._refresh().site

    @property
    def master_id(self) -> str:
        """The id of the master key by which the ring is wrapped."""
        return self._refresh().master

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every key of the ring, in the order of their making; no secret is among it."""
        return self._refresh().entries

    @property
    def content(self) -> str:
        """The whole file, for a backup: of no use without the master key."""
        return self._refresh().written()

    @property
    def place(self) -> Place:
        """Where the master key lies."""
        return self._place

    def secret(self, purpose: str) -> bytes:
        """The 32 bytes of the active key of a purpose. Raises KeyFault."""
        return self.open_key(self.active(purpose).id)

    def active(self, purpose: str) -> Entry:
        """The key that is used for what is new. One for a purpose that the ring never had is made; KeyFault else."""
        if purpose not in PURPOSES:
            raise ValueError(f"{purpose}: no key has this purpose")
        found = _active(self._refresh(), purpose)
        return found or self._first(purpose)

    def of(self, purpose: str, state: str) -> Entry | None:
        """The newest key of a purpose in this state, or None."""
        found = [one for one in self.entries if one.purpose == purpose and one.state == state]
        return found[-1] if found else None

    def open_key(self, key_id: str) -> bytes:
        """The 32 bytes of the key with this id, whatever its state. Raises KeyFault when it is not in the ring."""
        if key_id not in self._secrets:
            ring = self._refresh()
            entry = next((one for one in ring.entries if one.id == key_id), None)
            if entry is None:
                raise KeyFault("keys.unknown", purpose="", id=key_id[:8], file=self._path)
            self._secrets[key_id] = self._unwrapped(ring, entry, self._place.find(ring.master))
        return self._secrets[key_id]

    def check(self) -> None:
        """Raises KeyFault for the first key that is missing, or that the master key does not open."""
        ring = self._refresh()
        master = self._place.find(ring.master)
        for entry in ring.entries:
            self._unwrapped(ring, entry, master)
        for purpose in ring.made:
            self.active(purpose)

    def opens_with(self, master: bytes) -> bool:
        """Whether this is the master key by which the ring is wrapped."""
        ring = self._refresh()
        if master_key.id_of(master) != ring.master:
            return False
        with suppress(KeyFault):
            return all(self._unwrapped(ring, entry, master) for entry in ring.entries)
        return False

    def verifying_key(self, key_id: str | None = None) -> Ed25519PublicKey:
        """The public key that checks signatures, the active one unless an id is given; needs no master key."""
        found = [one for one in self.entries if one.purpose == "sign" and (one.id == key_id or key_id is None)]
        if not found:
            lost = key_id or self._refresh().made.get("sign", "")
            raise KeyFault("keys.missing", purpose="sign", id=lost[:8], file=self._path)
        try:
            return Ed25519PublicKey.from_public_bytes(base64.b64decode(found[-1].public, validate=True))
        except ValueError:
            raise KeyFault("keys.damaged", purpose="sign", id=found[-1].id, file=self._path) from None

    def add(self, purpose: str, state: str) -> Entry:
        """A fresh key in this state; an active one retires the one before, in the same step."""
        with private_files.lock(self._folder / ".lock"):
            ring = self._refresh(now=True)
            entry = _wrapped(ring.site, purpose, secrets.token_bytes(KEY_BYTES), self._place.find(ring.master), state)
            self._write(_with(ring, entry))
        return entry

    def promote(self, key_id: str) -> None:
        """The key is the active one of its purpose from now on; the one before is retired. Raises KeyFault."""
        with private_files.lock(self._folder / ".lock"):
            ring = self._refresh(now=True)
            entry = next((one for one in ring.entries if one.id == key_id), None)
            if entry is None:
                raise KeyFault("keys.unknown", purpose="", id=key_id[:8], file=self._path)
            rest = replace(ring, entries=tuple(one for one in ring.entries if one.id != key_id))
            self._write(_with(rest, replace(entry, state=ACTIVE)))

    def destroy(self, key_id: str) -> None:
        """Forget a key that is not active: what it alone opens is lost. Nothing happens when it is gone already."""
        with private_files.lock(self._folder / ".lock"):
            ring = self._refresh(now=True)
            kept = tuple(one for one in ring.entries if one.id != key_id or one.state == ACTIVE)
            self._write(replace(ring, entries=kept))
        self._secrets.pop(key_id, None)

    def wrap_anew(self) -> str:
        """A fresh master key in the place of the one in use; gives its id. An interrupted run is ended by the next.

        The ring changes hands by one rename: whichever master key it names is there before, and the other goes after.
        """
        with private_files.lock(self._folder / ".lock"):
            ring = self._refresh(now=True)
            old, new = self._place.find(ring.master), master_key.new()
            self._place.settle(ring.master)
            entries = tuple(
                replace(one, wrapped=_wrap(ring.site, one.purpose, one.id, self._unwrapped(ring, one, old), new))
                for one in ring.entries
            )
            self._place.keep(new)
            self._write(replace(ring, master=master_key.id_of(new), entries=entries))
            self._place.settle(master_key.id_of(new))
        return master_key.id_of(new)

    def _first(self, purpose: str) -> Entry:
        """The first key of a purpose that this ring never had: newer versions of custinfo have more of them."""
        with private_files.lock(self._folder / ".lock"):
            ring = self._refresh(now=True)
            found = _active(ring, purpose)
            if found is not None:
                return found
            if purpose in ring.made:
                raise KeyFault("keys.missing", purpose=purpose, id=ring.made[purpose], file=self._path)
            found = _wrapped(ring.site, purpose, secrets.token_bytes(KEY_BYTES), self._place.find(ring.master), ACTIVE)
            self._write(_with(ring, found))
            return found

    def _make(self, raw: Mapping[str, bytes]) -> None:
        site, master = secrets.token_hex(8), master_key.new()
        entries = tuple(
            _wrapped(site, purpose, raw.get(purpose) or secrets.token_bytes(KEY_BYTES), master, ACTIVE)
            for purpose in PURPOSES
        )
        self._place.keep(master)
        self._write(_Ring(site, master_key.id_of(master), {one.purpose: one.id for one in entries}, entries))

    def _convert(self) -> None:
        """Move keys from files of their own into the ring; a file goes when the ring is known to hold what is in it.

        Called again after any interruption, it ends what was begun.
        """
        files = {purpose: self._folder / f"{purpose}.key" for purpose in RAW}
        if not self._path.exists():
            raw = {purpose: _raw(purpose, path) for purpose, path in files.items()}
            for litter in self._folder.glob("master-*.key"):  # of a run that ended before there was a ring
                private_files.remove(litter)
            private_files.sweep(self._folder, "master-*.key")
            self._make(raw)
        for purpose, path in files.items():
            if path.exists() and _raw(purpose, path) == self.secret(purpose):
                private_files.remove(path)

    def _unwrapped(self, ring: _Ring, entry: Entry, master: bytes) -> bytes:
        try:
            box = base64.b64decode(entry.wrapped, validate=True)
            bound = _bound(ring.site, entry.purpose, entry.id)
            secret = AESGCM(master).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError, binascii.Error):
            raise KeyFault("keys.damaged", purpose=entry.purpose, id=entry.id, file=self._path) from None
        if entry.purpose == "sign" and _public(secret) != entry.public:
            raise KeyFault("keys.damaged", purpose=entry.purpose, id=entry.id, file=self._path)
        return secret

    def _refresh(self, *, now: bool = False) -> _Ring:
        """The ring as the file has it. Raises KeyFault for a file that is missing or no ring."""
        try:
            status = self._path.stat()
            seen = status.st_ino, status.st_mtime_ns, status.st_size
            if now or seen != self._seen:
                self._ring = _parsed(self._path.read_text("utf-8"))
                self._seen = seen
        except FileNotFoundError:
            raise KeyFault("keys.ring_missing", purpose="ring", id="ring", file=self._path) from None
        except (OSError, ValueError, KeyError, TypeError):
            raise KeyFault("keys.ring_damaged", purpose="ring", id="ring", file=self._path) from None
        return self._ring

    def _write(self, ring: _Ring) -> None:
        private_files.write(self._path, ring.written())
        self._refresh(now=True)


def _parsed(text: str) -> _Ring:
    content: dict[str, Any] = json.loads(text)
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    entries = tuple(Entry(**{name: str(value) for name, value in one.items()}) for one in content["keys"])
    return _Ring(str(content["site"]), str(content["master"]), dict(content["made"]), entries)


def _active(ring: _Ring, purpose: str) -> Entry | None:
    return next((one for one in ring.entries if one.purpose == purpose and one.state == ACTIVE), None)


def _with(ring: _Ring, entry: Entry) -> _Ring:
    """The ring with one key more; there is one active key for each purpose."""
    kept = tuple(
        replace(one, state=RETIRED) if entry.state == one.state == ACTIVE and one.purpose == entry.purpose else one
        for one in ring.entries
    )
    made = {**ring.made, entry.purpose: entry.id} if entry.state == ACTIVE else ring.made
    return replace(ring, made=made, entries=(*kept, entry))


def _bound(site: str, purpose: str, key_id: str) -> bytes:
    return "\0".join((site, purpose, key_id)).encode()


def _wrap(site: str, purpose: str, key_id: str, secret: bytes, master: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(master).encrypt(nonce, secret, _bound(site, purpose, key_id))).decode()


def _wrapped(site: str, purpose: str, secret: bytes, master: bytes, state: str) -> Entry:
    key_id = secrets.token_hex(4)
    public = _public(secret) if purpose == "sign" else ""
    return Entry(key_id, purpose, state, stamp(utc_now()), _wrap(site, purpose, key_id, secret, master), public)


def _public(seed: bytes) -> str:
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()


def _raw(purpose: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        raise KeyFault("keys.raw", purpose=purpose, id=path.name, file=path) from None
    if len(key) != KEY_BYTES:
        raise KeyFault("keys.raw", purpose=purpose, id=path.name, file=path)
    return key
