"""A site: one company's folder with its settings, keys, store, lake and reports."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custinfo.domain.errors import SiteFault
from custinfo.domain.text import clean
from custinfo.store.keyring import Keyring

DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Site:
    """The settings of a site, read once. `demo` marks every page and report; `zone` is how its people see time."""

    home: Path
    name: str
    zone_name: str
    demo: bool

    @classmethod
    def create(cls, home: Path, *, name: str, demo: bool = False, zone: str = DEFAULT_ZONE) -> "Site":
        """A new site in an empty or missing folder, with fresh keys. Raises SiteFault when a site is there already."""
        if (home / "site.toml").exists():
            raise SiteFault("site.exists", home=home)
        for folder in (home, home / "keys"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        Keyring.create(home / "keys")
        # The settings come last: a folder with site.toml is a whole site
        quoted = json.dumps(clean(name, max_length=100), ensure_ascii=False)  # JSON's strings are TOML's too
        _write_private(home / "site.toml", f'name = {quoted}\nzone = "{zone}"\ndemo = {str(demo).lower()}\n')
        return cls.load(home)

    @classmethod
    def load(cls, home: Path) -> "Site":
        """The site in `home`. Raises SiteFault when there is none or its settings are wrong."""
        home = home.resolve()
        try:
            settings = tomllib.loads((home / "site.toml").read_text("utf-8"))
            site = cls(
                home, str(settings["name"]), str(settings.get("zone", DEFAULT_ZONE)), settings.get("demo") is True
            )
            ZoneInfo(site.zone_name)
        except FileNotFoundError:
            raise SiteFault("site.missing", home=home) from None
        except (tomllib.TOMLDecodeError, KeyError, ZoneInfoNotFoundError, ValueError) as fault:
            raise SiteFault("site.settings", file=home / "site.toml", fault=fault) from None
        return site

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which this site's people read time."""
        return ZoneInfo(self.zone_name)

    @property
    def database(self) -> Path:
        """The store's file."""
        return self.home / "store.db"

    @property
    def lake(self) -> Path:
        """The folder that analysts may read."""
        return self.home / "lake"

    @property
    def reports(self) -> Path:
        """The folder of built reports."""
        return self.home / "reports"

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """All of site.toml as it was when first asked for."""
        return tomllib.loads((self.home / "site.toml").read_text("utf-8"))

    def section(self, name: str) -> Mapping[str, Any]:
        """The settings `[name]` of site.toml; empty when they are left out. Raises SiteFault when it is no section."""
        found = self.settings.get(name, {})
        if not isinstance(found, Mapping):
            raise SiteFault("site.settings", file=self.home / "site.toml", fault=f"[{name}]")
        return found

    @property
    def anchor(self) -> Path:
        """The folder of what must outlive the store's file: the audit log's anchor and the ledger."""
        return self.home / str(self.settings.get("anchor", "anchor"))

    @cached_property
    def keyring(self) -> Keyring:
        """The site's keys. Raises KeyFault when they are not there; keys of an older site are moved into a ring."""
        named = self.settings.get("master_key")
        return Keyring.open(self.home / "keys", None if named is None else self.home / str(named))

    def secret(self, purpose: str) -> bytes:
        """The 32 bytes of the active key of one of `keyring.PURPOSES`. Raises KeyFault without it."""
        return self.keyring.secret(purpose)

    def signing_key(self) -> Ed25519PrivateKey:
        """The key by which the site signs anchors, manifests and approvals. Raises KeyFault."""
        return Ed25519PrivateKey.from_private_bytes(self.keyring.secret("sign"))

    def verifying_key(self, key_id: str | None = None) -> Ed25519PublicKey:
        """The other half of the signing key, or of an earlier one; readable without the master key. Raises KeyFault."""
        return self.keyring.verifying_key(key_id)


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
