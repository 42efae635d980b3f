"""What is wrong with a site, each with its remedy: faults, which must be mended, and warnings, which will be faults.

Nothing here changes the site or is put on its audit log.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from custinfo import lake
from custinfo.actions import audit_log, backup_settings, backups, doctor_warnings, lake_witness, rights, signatures
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import CustinfoError, SiteFault
from custinfo.store import Site, Store, ledger

LEAST_FREE = 200 * 1024 * 1024
"""Bytes of disk below which a busy morning may fill it."""
CLOCK_OFF = timedelta(minutes=5)


@dataclass
class Examined:
    """What was found: the gravest first. The moments are None for what never happened, or could not be read."""

    faults: list[CustinfoError] = field(default_factory=list)
    warnings: list[CustinfoError] = field(default_factory=list)
    last_backup: datetime | None = None
    last_drill: datetime | None = None
    last_verification: datetime | None = None


def faults(home: Path) -> list[CustinfoError]:
    """Every fault that the checks find; empty for a healthy site."""
    return examine(home).faults


def examine(home: Path) -> Examined:
    """Check everything. A fault does not keep the other checks from being made, as far as they can be."""
    found = Examined()
    try:
        site = Site.load(home)
    except CustinfoError as fault:
        found.faults.append(fault)
        return found
    for check in (_private, _keys, _settings, _writable, _space, _lake):
        _gather(check(site), found.faults)
    _gather(_opened(site, found), found.faults)
    return found


def _opened(site: Site, found: Examined) -> Iterator[CustinfoError]:
    """What the store itself shows, as far as it opens."""
    with Store.open(site) as store:
        for check in (_store, _ledger, _clock, _witnessed, rights.excluded):
            _gather(check(store), found.faults)
        for warn in doctor_warnings.CHECKS:
            _gather(warn(store), found.warnings)
        found.last_backup = backups.last_good(store)
        found.last_drill = backups.last_good(store, "backup.drill")
        found.last_verification = audit_log.last_verified(store)
    yield from ()


def _gather(check: Iterator[CustinfoError], into: list[CustinfoError]) -> None:
    """What a check yields; one that raises has found a fault, too."""
    try:
        into.extend(check)
    except CustinfoError as fault:
        if fault.key not in {one.key for one in into}:
            into.append(fault)


def _private(site: Site) -> Iterator[CustinfoError]:
    folders = (site.home / "keys", site.anchor)
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    for path in (site.home, *folders, site.database, *files):
        # Analysts pass through the site's folder on their way to the lake: they may enter it, and see nothing there
        open_to_others = 0o067 if path == site.home else 0o077
        if path.exists() and path.stat().st_mode & open_to_others:
            yield SiteFault("doctor.open_to_others", path=path)


def _keys(site: Site) -> Iterator[CustinfoError]:
    site.keyring.check()
    yield from ()


def _settings(site: Site) -> Iterator[CustinfoError]:
    backup_settings.read(site)
    yield from ()


def _writable(site: Site) -> Iterator[CustinfoError]:
    ledger.Ledger(site).check_writable()
    for name in ("head", "chain", "checkpoints.jsonl"):
        path = site.anchor / name
        if path.exists() and not os.access(path, os.W_OK):
            yield SiteFault("doctor.not_writable", path=path)


def _space(site: Site) -> Iterator[CustinfoError]:
    for folder in dict.fromkeys((site.home, site.anchor)):
        if folder.is_dir() and (free := shutil.disk_usage(folder).free) < LEAST_FREE:
            yield SiteFault("doctor.disk_full", folder=folder, free=free // 1_000_000, least=LEAST_FREE // 1_000_000)


def _lake(site: Site) -> Iterator[CustinfoError]:
    lake.verify(site)
    yield from ()


def _witnessed(store: Store) -> Iterator[CustinfoError]:
    lake_witness.check(store)
    yield from ()


def _store(store: Store) -> Iterator[CustinfoError]:
    damage = store.damage()
    if damage:
        yield SiteFault("store.damaged", file=store.site.database, first=damage[0])
    yield from store.verify_audit()[:1]
    yield from signatures.verify(store)[:1]


def _ledger(store: Store) -> Iterator[CustinfoError]:
    lines = store.ledger.lines()
    known = [row["line"] for row in store.rows("SELECT line FROM ledger_line ORDER BY number")]
    if known[: len(lines)] != [line.text for line in lines[: len(known)]]:
        yield SiteFault("ledger.forged", file=store.ledger.path, line=min(len(lines), len(known)))
    elif len(lines) < len(known):
        yield SiteFault("doctor.ledger_cut", file=store.ledger.path, found=len(lines), wanted=len(known))
    entries = store.row("SELECT coalesce(max(seq), 0) AS last FROM audit") or {"last": 0}
    if any(line.seq > entries["last"] + 1 for line in lines[len(known) :]):
        yield SiteFault("ledger.ahead", file=store.ledger.path)


def _clock(store: Store) -> Iterator[CustinfoError]:
    last = store.row("SELECT max(at) AS at FROM audit")
    if last and last["at"] and parse(last["at"]) > utc_now() + CLOCK_OFF:
        yield SiteFault("doctor.clock_back", last=last["at"])
