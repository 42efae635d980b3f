"""The archive written and checked: a sealed volume of cards and a list for what was filed since the last one.

A volume stands in `reports/archive/<year>-<number>-<hash of its manifest>/`. It is made beside and renamed; nobody
writes into it afterwards, and only the retention job takes a card out of it, with the issue that the card is of.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from custinfo.actions import report_archive, report_archive_places, report_bundles, report_issues
from custinfo.actions.report_archive import File, Sealing, Volume
from custinfo.domain import clock
from custinfo.domain.errors import CustinfoError, NotFound, SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.lake import files
from custinfo.reports import archive_cards, register_paper
from custinfo.store import Site, Store

LIST = "list.json"


@dataclass(frozen=True)
class Sealed:
    """What a run did: file numbers that were given, and the new volume; None when everything was sealed before."""

    year: int
    filed: tuple[str, ...]
    volume: int | None
    folder: Path | None


def archive(store: Store, actor: Person, year: int, place: str = "") -> Sealed:
    """File what is out of a year and seal it as a volume; where everything was sealed, nothing happens.

    `place` is where printed copies stand. Raises NotAllowed, Conflict, SiteFault for an issue whose bundle is damaged:
    nothing is filed then.
    """
    found = [
        (one, _pages(store.site, one.issue_id, one.manifest)) for one in report_archive.to_file(store, actor, year)
    ]
    numbers = report_archive.file(store, actor, found, place) if found else []
    sealed = {name for one in report_archive.volumes(store, actor, year) for name in one.content["cards"]}
    waiting = [
        one for one in report_archive.listed(store, actor, year)
        if one.file_number not in sealed and one.destroyed_at is None
    ]  # fmt: skip
    if not waiting:
        return Sealed(year, tuple(numbers), None, None)
    volume, folder = _seal(store, actor, year, waiting)
    return Sealed(year, tuple(numbers), volume, folder)


def card(store: Store, actor: Person, file_number: str, language: str) -> bytes:
    """The card of an issue, as it is printed. Raises NotAllowed, NotFound for none that one may read, SiteFault."""
    for one in report_archive.listed(store, actor):
        if one.file_number == file_number and one.destroyed_at is None:
            issue = report_issues.read(store, actor, one.issue_id)
            return archive_cards.card(store, issue, one, language)
    raise NotFound("report_archive.no_card", number=file_number[:40])


def verify(store: Store, actor: Person, year: int | None = None) -> tuple[CustinfoError, ...]:
    """What is wrong with the volumes and the issues that they hold: nothing, or a fault for each.

    Files of a volume are compared with its manifest, the manifest with what was kept when it was sealed, and the bundle
    of each issue with what was signed. Raises NotAllowed.
    """
    listed = report_archive.listed(store, actor, year)
    gone = {one.file_number for one in listed if one.destroyed_at is not None}
    faults = [fault for one in report_archive.volumes(store, actor, year) for fault in _volume(store.site, one, gone)]
    faults += [fault for one in listed if one.destroyed_at is None for fault in _issue(store, actor, one)]
    return tuple(faults)


def _pages(site: Site, issue_id: str, manifest: bytes) -> int:
    """The pages of the printed layouts in the first language."""
    told: dict[str, str] = json.loads(manifest).get("files", {})
    names = [name for name in told if name.startswith(f"{LANGUAGES[0]}/") and name.endswith(".pdf")]
    return sum(register_paper.pages(report_bundles.read_file(site, issue_id, manifest, name)) for name in names)


def _seal(store: Store, actor: Person, year: int, waiting: list[File]) -> tuple[int, Path]:
    place = report_archive_places.folder(store.site)
    place.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".building-", dir=place))
    try:
        _write(store, actor, year, waiting, made)
        hashes = {file.name: files.sha256(file) for file in sorted(made.iterdir())}

        def told(one: Sealing) -> bytes:
            plain = {
                "year": year, "volume": one.number, "sealed_at": one.at, "previous": one.previous,
                "cards": [card.file_number for card in waiting], "files": hashes,
            }  # fmt: skip
            manifest = json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1).encode()
            (made / report_bundles.MANIFEST).write_bytes(manifest)
            return manifest

        def kept(number: int, manifest: bytes) -> Path:
            return _kept(made, report_archive_places.volume(store.site, year, number, manifest))

        return report_archive.seal(store, actor, year, told, kept)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(store: Store, actor: Person, year: int, waiting: list[File], made: Path) -> None:
    """The list of the year as it is now, and a card for each issue that no volume has yet."""
    listed = report_archive.listed(store, actor, year)
    told = [
        {"file_number": one.file_number, "issue": one.issue_id, "report": one.name, "period": one.period,
         "kind": one.kind, "sha256": one.sha256, "pages": one.pages, "place": one.place,
         "released_at": clock.stamp(one.released_at), "destroyed": one.destroyed_at is not None}
        for one in listed
    ]  # fmt: skip
    (made / LIST).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    for language in LANGUAGES:
        (made / f"list.{language}.pdf").write_bytes(archive_cards.catalogue(store, year, listed, language))
        for one in waiting:
            issue = report_issues.read(store, actor, one.issue_id)
            name = report_archive_places.card_name(one.file_number, language)
            (made / name).write_bytes(archive_cards.card(store, issue, one, language))


def _kept(beside: Path, folder: Path) -> Path:
    for file in beside.iterdir():
        file.chmod(0o440)
        files.sync(file)
    files.sync(beside)
    beside.rename(folder)
    files.sync(folder.parent)
    return folder


def _volume(site: Site, one: Volume, gone: set[str]) -> Iterator[CustinfoError]:
    name = f"{one.year}-{one.number}"
    folder = report_archive_places.volume(site, one.year, one.number, one.manifest)
    if (
        hashlib.sha256(one.manifest).hexdigest() != one.sha256
        or _content(folder / report_bundles.MANIFEST) != one.manifest
    ):
        yield SiteFault("report_archive.manifest_changed", volume=name)
    taken_out = {report_archive_places.card_name(number, language) for number in gone for language in LANGUAGES}
    told: dict[str, str] = one.content["files"]
    for file, digest in told.items():
        content = _content(folder / file)
        if content is None and file not in taken_out:
            yield SiteFault("report_archive.file_gone", volume=name, file=file)
        elif content is not None and hashlib.sha256(content).hexdigest() != digest:
            yield SiteFault("report_archive.file_changed", volume=name, file=file)
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    for file in sorted(there - {*told, report_bundles.MANIFEST}):
        yield SiteFault("report_archive.file_foreign", volume=name, file=file)


def _issue(store: Store, actor: Person, one: File) -> Iterator[CustinfoError]:
    manifest = report_issues.read(store, actor, one.issue_id).manifest
    if manifest is None or hashlib.sha256(manifest).hexdigest() != one.sha256:
        yield SiteFault("report_archive.issue_changed", number=one.file_number, issue=one.issue_id)
        return
    yield from report_bundles.damaged(store.site, one.issue_id, manifest)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
