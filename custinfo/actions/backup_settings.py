"""How a site's backups are named, where they go and how long they stay: `[backup]` in site.toml.

[backup]
to = ["/mnt/backup", "/mnt/offsite"]
days = 90
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, SiteFault
from custinfo.store import Site, archive

SUFFIX = ".custinfo-backup"
DAYS = 90
"""How long a backup stays at most: so long somebody who was erased is still in one, under its key."""
ALL_FOR, DAILY_FOR, WEEKLY_FOR = timedelta(days=2), timedelta(days=14), timedelta(days=60)
NEWEST = 3
"""So many stay however old they are: a clock that jumped ahead must not take the last backup away."""


@dataclass(frozen=True)
class Settings:
    """The folders that backups go to, and for how many days they are kept."""

    to: tuple[Path, ...]
    days: int


@dataclass(frozen=True)
class Found:
    """A backup in a folder, by what the readable part of it says."""

    path: Path
    taken_at: datetime
    ledger: int = 0


def read(site: Site) -> Settings:
    """The settings of the site. Raises SiteFault when they make no sense."""
    section = site.section("backup")
    to, days = section.get("to", []), section.get("days", DAYS)
    paths = [to] if isinstance(to, str) else to
    if not isinstance(paths, list) or not all(isinstance(path, str) and path for path in paths):
        raise SiteFault("site.settings", file=site.home / "site.toml", fault="[backup] to")
    if not isinstance(days, int) or days < 1:
        raise SiteFault("site.settings", file=site.home / "site.toml", fault="[backup] days")
    return Settings(tuple(site.home / path for path in paths), days)


def targets(site: Site, to: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Where a backup goes. Raises BadInput when nobody said where, or when it is inside of what is backed up."""
    wanted = tuple(path.absolute() for path in to) or read(site).to
    if not wanted:
        raise BadInput("backup.no_target", file=site.home / "site.toml")
    for path in wanted:
        if path.resolve().is_relative_to(site.home):
            raise BadInput("backup.inside", folder=path, home=site.home)
    return wanted


def stem(site: Site) -> str:
    """What the names of all backups of the site begin with: its name, as far as every file system takes it."""
    return re.sub(r"[^\w-]+", "_", site.name)[:40] or "custinfo"


def file_name(site: Site, taken_at: str, seq: int) -> str:
    """The name of a backup: site, moment in UTC, the newest entry of the audit log that it holds."""
    moment = parse(taken_at).strftime("%Y%m%dT%H%M%SZ")
    return f"{stem(site)}-{moment}-{seq}{SUFFIX}"


def ledger_copy(site: Site, folder: Path) -> Path:
    """The copy of the ledger beside the backups in a folder."""
    return folder / f"{stem(site)}-ledger.jsonl"


def found(folder: Path, site_id: str) -> list[Found]:
    """The backups of this site in a folder, newest first. Files that are none are passed over."""
    backups = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            head = archive.read_head(path)
            if head["site"] == site_id:
                backups.append(Found(path, parse(head["taken_at"]), int(head["ledger"])))
        except (SiteFault, ValueError):
            continue
    return sorted(backups, key=lambda one: (one.taken_at, one.path.name), reverse=True)


def outlived(backups: Sequence[Found], now: datetime, days: int) -> list[Found]:
    """Which backups are to go: all of two days stay, one a day for two weeks, one a week for 60 days, then one a month.

    None is older than `days`, except that the newest three stay always. Nothing goes when one is from the future: then
    the clock was moved back, and no age can be trusted.
    """
    newest_first = sorted(backups, key=lambda one: one.taken_at, reverse=True)
    if newest_first and newest_first[0].taken_at > now + timedelta(minutes=5):
        return []
    taken: set[str] = set()
    gone = []
    for place, backup in enumerate(newest_first):
        age = now - backup.taken_at
        slot = _slot(backup.taken_at, age)
        keep = age <= timedelta(days=days) and slot not in taken
        taken.add(slot)
        if not keep and place >= NEWEST:
            gone.append(backup)
    return gone


def _slot(moment: datetime, age: timedelta) -> str:
    """Of backups with the same slot only the newest stays."""
    if age <= ALL_FOR:
        return moment.isoformat()
    if age <= DAILY_FOR:
        return moment.strftime("day %Y-%m-%d")
    return moment.strftime("week %G-%V" if age <= WEEKLY_FOR else "month %Y-%m")
