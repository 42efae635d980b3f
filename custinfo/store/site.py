"""A site: one company's folder with its settings, keys, store, lake and reports."""

import json
import os
import secrets
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from custinfo.domain.errors import SiteFault
from custinfo.domain.text import clean

SECRETS = ("store", "audit", "lookup", "pseudonym", "cookie")
SECRET_BYTES = 32
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
        for secret in SECRETS:
            _write_private(home / "keys" / f"{secret}.key", secrets.token_hex(SECRET_BYTES))
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

    def secret(self, name: str) -> bytes:
        """The 32 bytes of one of `SECRETS`. Raises SiteFault when the key is missing or damaged."""
        path = self.home / "keys" / f"{name}.key"
        try:
            key = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError):
            raise SiteFault("site.key", file=path) from None
        if len(key) != SECRET_BYTES:
            raise SiteFault("site.key", file=path)
        return key


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
