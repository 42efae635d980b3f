"""Restoring a backup, and the drill that shows that it could be.

Everything is unpacked and checked in a scratch folder; only what passed every check, and had applied again what must
survive a restore, gets the name of the new site. Killed at any point, there is no site that looks restored.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from custinfo.access import permissions
from custinfo.actions import backup_checks as checks
from custinfo.actions import backup_settings as settings
from custinfo.actions import backups, replay
from custinfo.domain.errors import BadInput, CustinfoError, SiteFault
from custinfo.domain.people import SERVICE, Person
from custinfo.lake import files as lake_files
from custinfo.store import Site, Store, archive, backup, ledger, scratch
from custinfo.store.checkpoints import RESTORED
from custinfo.store.keyring import Keyring
from custinfo.store.master_key import KeyFault, Place

ELSEWHERE = re.compile(r"^\s*(anchor|master_key)\s*=.*$", re.MULTILINE)
"""Settings that name places of the old site: a copy must not write to them."""


@dataclass(frozen=True)
class Restored:
    """A restored site: what was checked, how far the ledger reaches and what of it was applied again."""

    home: Path
    manifest: backup.Manifest
    checked: tuple[checks.Check, ...]
    ledger_from: Path | None
    ledger_until: str
    applied: Counter[str]
    sessions_ended: int
    set_aside: tuple[str, ...]
    zone: ZoneInfo


@dataclass
class Unpacked:
    """A backup in a scratch folder: its site and manifest, and the checks that it passed so far."""

    site: Site
    manifest: backup.Manifest
    set_aside: tuple[str, ...]
    passed: list[checks.Check] = field(default_factory=list)


def restore(
    file: Path, home: Path, *, master: bytes | None = None, ledger_file: Path | None = None, no_ledger: bool = False
) -> Restored:
    """Make a site in the new folder `home` from a backup.

    `master` is the master key, where the system does not give it. The ledger is that of `ledger_file` (a file, or the
    folder of the site that was lost), else the longest copy beside the backup; without one BadInput is raised unless
    `no_ledger` says that none is left. Raises SiteFault for a backup that is not whole, is not this key's, or when the
    folder is in use; then there is nothing in it.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SiteFault("backup.in_use", home=home)
    home = home.absolute()
    home.parent.mkdir(parents=True, exist_ok=True)
    prefix = f"{home.name}.restoring"
    scratch.sweep(home.parent, prefix)
    with scratch.folder(home.parent, prefix) as folder, said(file, folder):
        unpacked = unpack(file, folder, master=master)
        checks.check_all(unpacked.site, unpacked.manifest, unpacked.passed)
        restored = _taken_up(unpacked, file, home, ledger_file=ledger_file, no_ledger=no_ledger)
        (folder / scratch.LOCK).unlink()
        _sync_tree(folder)
        folder.replace(home)
        lake_files.sync(home.parent)
    return restored


def drill(store: Store, actor: Person, file: Path | None = None) -> tuple[Path, tuple[checks.Check, ...]]:
    """Unpack and check a backup, the newest unless one is named, and throw the copy away; gives what was checked.

    How it went is on the audit log of the site either way. Raises the fault that was found.
    """
    permissions.check(actor, "backup.make")
    site = store.site
    found = file or backups.newest(site)
    if found is None:
        raise BadInput("backup.none_to_drill")
    passed: list[checks.Check] = []
    fault: CustinfoError | None = None
    try:
        with scratch.folder(site.home / backups.RUN, "drill") as folder, said(found, folder):
            unpacked = unpack(found, folder, live=site)
            passed = unpacked.passed
            checks.check_all(unpacked.site, unpacked.manifest, passed)
            checks.check_ledger(site, unpacked.site, passed)
    except CustinfoError as error:
        fault = error
    with store.act(actor.person_id, "backup.drill", "backup", found.name) as tx:
        tx.note(good=int(fault is None), checks=len(passed), fault=fault.key if fault else None)
    if fault:
        raise fault
    return found, tuple(passed)


@contextmanager
def said(file: Path, folder: Path) -> Iterator[None]:
    """Say what the disk refused, instead of an error of the system."""
    try:
        yield
    except OSError as fault:
        raise SiteFault("backup.not_restored", file=file, folder=folder.parent, fault=fault.strerror or fault) from None


def unpack(file: Path, folder: Path, *, master: bytes | None = None, live: Site | None = None) -> Unpacked:
    """Unpack a backup into an empty folder and prove it: every byte is as the site wrote and signed it.

    The keys open with `master`, with the one that the system gives, or with that of the site `live`.
    """
    head = archive.read_head(file)
    if live is not None and head["site"] != live.keyring.site_id:
        raise SiteFault("backup.other_site", file=file)
    ring = _keys(head, folder, master, live.keyring.place.file(live.keyring.master_id) if live else None)
    packed = list(backup.unpack(file, folder, ring.open_key(head["key"])))
    manifest = backup.manifest(file, folder, packed, ring)
    ring.check()
    set_aside = _adjust_settings(folder / "site.toml", live)
    unpacked = Unpacked(Site.load(folder), manifest, set_aside)
    for path in (folder / backup.MANIFEST, folder / backup.SIGNATURE):
        path.unlink()
    unpacked.passed.append(checks.Check("signature", {"at": manifest.taken_at, "seq": manifest.store.audit_seq}))
    size = sum(one.size for one in packed)
    unpacked.passed.append(checks.Check("content", {"files": len(manifest.files), "bytes": size}))
    unpacked.passed.append(checks.Check("keys", {"count": len(ring.entries)}))
    return unpacked


def _keys(head: dict[str, str], folder: Path, master: bytes | None, live_master: Path | None) -> Keyring:
    """The keyring of a backup, opened. Nothing of the head is believed before its keys have proved it."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    (keys / "ring.json").touch(mode=0o600)
    (keys / "ring.json").write_text(head["ring"], "utf-8")
    ring = Keyring.open(keys, live_master)
    if master is not None:
        if not ring.opens_with(master):
            raise KeyFault("backup.master_wrong", purpose="master", id=ring.master_id)
        Place(keys).keep(master)
    return ring


def _adjust_settings(path: Path, live: Site | None) -> tuple[str, ...]:
    """Set aside what names places of the old site; gives those lines. A drill uses the master key where it lies."""
    text = path.read_text("utf-8")
    top, section, rest = text.partition("\n[")
    lines = tuple(found.group(0).strip() for found in ELSEWHERE.finditer(top))
    top = ELSEWHERE.sub(lambda found: f"# set aside when it was restored: {found.group(0).strip()}", top)
    if live is not None:
        master = live.keyring.place.file(live.keyring.master_id)
        top = f"master_key = {json.dumps(str(master))}\n" + top
    path.write_text(top + section + rest, "utf-8")
    return lines


def _taken_up(unpacked: Unpacked, file: Path, home: Path, *, ledger_file: Path | None, no_ledger: bool) -> Restored:
    """Make the copy a site of its own: its ledger, its anchor, no sessions, and nothing undone that was done since."""
    site = unpacked.site
    with Store.open(site) as store:
        known = replay.known_lines(store)
        found = _ledger(site, known, file, ledger_file)
        if found is None and not no_ledger:
            raise BadInput("ledger.none_found", file=file, at=unpacked.manifest.taken_at)
        path, lines = found or (None, ledger.parsed(known, ledger.key(site), site.anchor / ledger.FILE))
        _write_ledger(site, lines)
        store.restart_anchor(RESTORED, f"{file.name} {unpacked.manifest.head_sha256}")
        with store.act(SERVICE.person_id, "backup.restore", "backup", file.name) as tx:
            ended = tx.execute("UPDATE login_session SET ended_at = ? WHERE ended_at IS NULL", [tx.at])
            replay.take_over(tx, len(known), lines)
            tx.note(
                taken_at=unpacked.manifest.taken_at,
                sessions=ended,
                ledger=len(lines),
                ledger_found=int(path is not None),
            )
        applied = replay.apply(store, ledger.standing(lines, after=len(known)))
        faults = store.verify_audit()
        if faults:
            raise faults[0]
    until = lines[-1].at if lines else ""
    return Restored(
        home, unpacked.manifest, tuple(unpacked.passed), path, until, applied, ended, unpacked.set_aside, site.zone
    )


def _ledger(site: Site, known: Sequence[str], file: Path, given: Path | None) -> tuple[Path, list[ledger.Line]] | None:
    """The longest ledger that continues the backup's lines. A named one must; of copies found, those that do not are
    passed over, unless none does: then the fault of the first is raised.
    """
    if given is not None:
        path = given / "anchor" / ledger.FILE if given.is_dir() else given
        return path, _continued(path, site, known)
    folders = dict.fromkeys((file.absolute().parent, *settings.read(site).to))
    found, faults = [], []
    for path in (settings.ledger_copy(site, folder) for folder in folders):
        if path.exists():
            try:
                found.append((path, _continued(path, site, known)))
            except SiteFault as fault:
                faults.append(fault)
    if faults and not found:
        raise faults[0]
    best = max(found, key=lambda one: len(one[1]), default=None)
    if best is not None and len(best[1]) < _lines_claimed(site, folders):
        raise SiteFault("ledger.too_short", file=best[0])
    return best


def _lines_claimed(site: Site, folders: Iterable[Path]) -> int:
    """How many lines the ledger had at the latest backup that lies there: a copy with fewer is an old one."""
    backups_there = [one for folder in folders for one in settings.found(folder, site.keyring.site_id)]
    return max((one.ledger for one in backups_there), default=0)


def _continued(path: Path, site: Site, known: Sequence[str]) -> list[ledger.Line]:
    lines = ledger.read(path, ledger.key(site))
    if [line.text for line in lines[: len(known)]] != list(known):
        raise SiteFault(
            "ledger.too_short" if len(lines) < len(known) else "ledger.forged", file=path, line=len(lines) + 1
        )
    return lines


def _write_ledger(site: Site, lines: Sequence[ledger.Line]) -> None:
    site.anchor.mkdir(mode=0o700, exist_ok=True)
    path = site.anchor / ledger.FILE
    path.touch(mode=0o600)
    path.write_text("".join(f"{line.text}\n" for line in lines), "utf-8")


def _sync_tree(folder: Path) -> None:
    """Have everything on the disk before the folder gets its name."""
    for path in folder.rglob("*"):
        if path.is_file() or path.is_dir():
            lake_files.sync(path)
    lake_files.sync(folder)
