"""Backups: taken while people work, encrypted and signed, delivered to several places, each read back.

A backup is written beside its name and renamed when it was read back and is what was written: what has the name of a
backup is one. A place that fails does not keep the others from theirs.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from custinfo.access import permissions
from custinfo.actions import backup_settings as settings
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import CustinfoError, SiteFault, WrongState
from custinfo.domain.people import Person
from custinfo.lake import files as lake_files
from custinfo.lake import manifest as lake_manifest
from custinfo.lake.locking import sole_writer
from custinfo.store import Site, Store, backup, ledger, private_files, scratch

LONGEST_WAIT = 600
"""Seconds to wait for somebody who publishes or erases."""
BLOCK = 1024 * 1024
ATTEMPTS = 5
RUN = "run"
CHECKPOINTS = "checkpoints.jsonl"
OF_ONE_PLACE = frozenset(
    {"backup.target_missing", "backup.read_back", "ledger.copy_differs", "ledger.forged", "ledger.unreadable"}
)
"""Faults that concern the place, and not the site."""


@dataclass(frozen=True)
class Delivered:
    """What came of one place: whether the backup is there, what went wrong, how many were removed for their age."""

    folder: Path
    there: bool
    fault: CustinfoError | None
    removed: int = 0


@dataclass(frozen=True)
class Made:
    """A backup: its name, size, hash and manifest, and what came of each place."""

    name: str
    size: int
    sha256: str
    manifest: backup.Manifest
    delivered: tuple[Delivered, ...]

    @property
    def failed(self) -> tuple[Delivered, ...]:
        """The places that did not get it, or did not get the ledger."""
        return tuple(one for one in self.delivered if one.fault is not None)


@dataclass(frozen=True)
class _Taken:
    """What is about to be packed: the store's copy and the anchor's lie in a scratch folder."""

    at: str
    ring: str
    facts: backup.Facts
    lake_version: int
    files: tuple[tuple[str, Path], ...]


@dataclass(frozen=True)
class _Packed:
    path: Path
    size: int
    sha256: str
    manifest: backup.Manifest


def make(store: Store, actor: Person, to: Sequence[Path] = ()) -> Made:
    """Back the site up to each of the folders `to`, or to those of the settings. Others go on working meanwhile.

    Raises BadInput without a folder, WrongState while another backup runs, SiteFault when no place got it (which is on
    the audit log too) or the site itself cannot be read.
    """
    permissions.check(actor, "backup.make")
    site = store.site
    places = settings.targets(site, to)
    with _alone(site), scratch.folder(site.home / RUN, "backup") as work:
        packed, delivered = _delivered(store, work, places)
        done = sum(one.fault is None for one in delivered)
        name = packed.path.name if packed else "-"
        with store.act(actor.person_id, "backup.make" if packed else "backup.fail", "backup", name) as tx:
            tx.note(places=len(places), delivered=done)
            if packed:
                tx.note(seq=packed.manifest.store.audit_seq, size=packed.size, sha256=packed.sha256)
                tx.note(removed=sum(one.removed for one in delivered))
    if packed is None:
        first = next(one for one in delivered if one.fault is not None)
        raise first.fault or SiteFault("backup.none_delivered")
    return Made(name, packed.size, packed.sha256, packed.manifest, tuple(delivered))


def copy_ledger(store: Store, today: date) -> dict[str, int]:  # noqa: ARG001  # as every daily job is called
    """Copy the ledger and the audit log's checkpoints to each place of the settings, between backups; gives how many
    got them. A daily job.
    """
    done = failed = 0
    for folder in settings.read(store.site).to:
        try:
            _copy_outside(store.site, folder)
            done += 1
        except (SiteFault, OSError):
            failed += 1
    return {"copied": done, "failed": failed}


def last_good(store: Store, action: str = "backup.make") -> datetime | None:
    """When the last backup was made, or the last good drill (`backup.drill`) was held; None when there was none yet."""
    row = store.row(
        "SELECT at FROM audit WHERE action = ? AND coalesce(json_extract(detail, '$.good'), 1) = 1 "
        "ORDER BY seq DESC LIMIT 1",
        [action],
    )
    return parse(row["at"]) if row else None


def newest(site: Site) -> Path | None:
    """The newest backup in the places of the settings."""
    found = [one for folder in settings.read(site).to for one in settings.found(folder, site.keyring.site_id)]
    return max(found, key=lambda one: one.taken_at).path if found else None


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    run = site.home / RUN
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with private_files.lock(run / "backup.lock", busy="backup.running"):
        yield


def _delivered(store: Store, work: Path, places: Sequence[Path]) -> tuple[_Packed | None, list[Delivered]]:
    """Pack into the first place that takes it, copy from there to the others."""
    taken = _taken(store, work)
    packed: _Packed | None = None
    delivered = []
    for folder in places:
        there = False
        try:
            packed = _copied(packed, folder) if packed else _pack(store.site, taken, folder)
            there = True
            removed = _remove_old(store.site, folder)
            _copy_outside(store.site, folder)
            delivered.append(Delivered(folder, there, None, removed))
        except OSError as fault:
            said = SiteFault("backup.target", folder=folder, fault=fault.strerror)
            delivered.append(Delivered(folder, there, said))
        except SiteFault as fault:
            if fault.key not in OF_ONE_PLACE:
                raise
            delivered.append(Delivered(folder, there, fault))
    return packed, delivered


def _taken(store: Store, work: Path) -> _Taken:
    """Hold everything still: a copy of what changes, links to what is never changed but only replaced.

    The lake is held while the store is copied, so it is never ahead of the store; and its files are linked after that,
    so every batch that the store knows is there.
    """
    site = store.site
    with _lake_at_rest(site.lake):
        at = stamp(utc_now())
        anchor = [(f"anchor/{path.name}", _copy(path, work / "anchor")) for path in _plain_files(site.anchor)]
        ring, facts = _copied_store(store, work / backup.DATABASE)
        versions = lake_manifest.versions(site.lake)
        rest = [*_held(site.lake, work, "lake"), *_held(site.reports, work, "reports")]
    settings_file = ("site.toml", _copy(site.home / "site.toml", work))
    return _Taken(
        at,
        ring,
        facts,
        versions[-1] if versions else 0,
        (settings_file, *anchor, (backup.DATABASE, work / backup.DATABASE), *rest),
    )


def _copied_store(store: Store, target: Path) -> tuple[str, backup.Facts]:
    """A copy of the store, and the keyring that opens all of it: a key that is replaced meanwhile is in one of the two
    alone, so both are taken anew.
    """
    for _ in range(ATTEMPTS):
        ring = store.site.keyring.content
        target.unlink(missing_ok=True)
        facts = backup.copy_store(store, target)
        if store.site.keyring.content == ring:
            return ring, facts
    raise SiteFault("backup.changing", file=store.site.home / "keys" / "ring.json")


@contextmanager
def _lake_at_rest(folder: Path) -> Iterator[None]:
    """Wait until nobody writes to the lake, and let nobody begin."""
    until = time.monotonic() + LONGEST_WAIT
    while True:
        with ExitStack() as held:
            try:
                held.enter_context(sole_writer(folder))
            except WrongState:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
                continue
            yield
            return


def _pack(site: Site, taken: _Taken, folder: Path) -> _Packed:
    final = folder / settings.file_name(site, taken.at, taken.facts.audit_seq)
    with _beside(final) as part:
        manifest = backup.write(
            part, site, taken_at=taken.at, ring=taken.ring, store=taken.facts, lake_version=taken.lake_version,
            files=taken.files,
        )  # fmt: skip
        size, sha256 = part.stat().st_size, _from_disk(part)
    return _Packed(final, size, sha256, manifest)


def _copied(packed: _Packed, folder: Path) -> _Packed:
    with _beside(folder / packed.path.name) as part:
        _copy_bytes(packed.path, part)
        if _from_disk(part) != packed.sha256:
            raise SiteFault("backup.read_back", file=part)
    return packed


@contextmanager
def _beside(final: Path) -> Iterator[Path]:
    """A file to write that gets its name when the block ends well; a place that is not there is not made."""
    if not final.parent.is_dir():
        raise SiteFault("backup.target_missing", folder=final.parent)
    stem = final.name.removesuffix(settings.SUFFIX).rsplit("-", 2)[0]
    for left in final.parent.glob(f".{stem}-*{settings.SUFFIX}.part"):
        left.unlink()  # of a run that was killed: there is only one at a time
    part = final.with_name(f".{final.name}.part")
    try:
        yield part
        part.replace(final)
        lake_files.sync(final.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copy_bytes(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as content:
        while block := content.read(BLOCK):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())


def _from_disk(path: Path) -> str:
    """The hash of a file as the disk has it: what the system still holds in memory is let go first."""
    with path.open("rb") as content:
        os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(content, "sha256").hexdigest()


def _remove_old(site: Site, folder: Path) -> int:
    backups = settings.found(folder, site.keyring.site_id)
    gone = settings.outlived(backups, utc_now(), settings.read(site).days)
    for one in gone:
        one.path.unlink()
    return len(gone)


def _copy_outside(site: Site, folder: Path) -> None:
    """Bring the copies of the ledger and of the audit log's checkpoints in a place up to date.

    A ledger that says something else is left as it is (SiteFault). Checkpoints that say something else are kept under
    another name: they are evidence of a log that was restored, or begun anew.
    """
    if not folder.is_dir():
        raise SiteFault("backup.target_missing", folder=folder)
    checkpoints = site.anchor / CHECKPOINTS
    if checkpoints.exists():
        _copy_checkpoints(checkpoints.read_bytes(), folder / f"{settings.stem(site)}-{CHECKPOINTS}")
    ours = [line.text for line in ledger.Ledger(site).lines()]
    path = settings.ledger_copy(site, folder)
    theirs = [line.text for line in ledger.read(path, ledger.key(site))] if path.exists() else []
    if theirs != ours[: len(theirs)]:
        raise SiteFault("ledger.copy_differs", file=path, own=ledger.Ledger(site).path)
    _write_beside(path, "".join(f"{text}\n" for text in ours).encode())


def _copy_checkpoints(ours: bytes, path: Path) -> None:
    theirs = path.read_bytes() if path.exists() else b""
    if not ours.startswith(theirs):
        moment = stamp(utc_now()).translate(str.maketrans("", "", "-:."))
        path.replace(path.with_name(f"{path.stem}-before-{moment}{path.suffix}"))
    _write_beside(path, ours)


def _write_beside(path: Path, content: bytes) -> None:
    with lake_files.written(path) as beside:
        beside.touch(mode=0o600)
        beside.write_bytes(content)


def _copy(source: Path, folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / source.name
    target.write_bytes(source.read_bytes())
    return target


def _plain_files(folder: Path) -> list[Path]:
    """The anchor's files; the ledger's lines are in the store's copy."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != ledger.FILE)


def _held(folder: Path, work: Path, name: str) -> list[tuple[str, Path]]:
    """Every file below a folder, except what is being built; each held by a link, whatever becomes of its name."""
    held = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not path.is_file() or path.is_symlink():
            continue
        link = work.joinpath(name, *parts)
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(path, link)
        except OSError:  # the lake lies on another disk, or its disk knows no links
            shutil.copyfile(path, link)
        held.append(("/".join((name, *parts)), link))
    return held
