"""The bundle of an issue on the disk: a folder named by the issue and its manifest's hash, which nobody changes."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from custinfo.domain.errors import SiteFault
from custinfo.store import Site

MANIFEST, FIGURES = "manifest.json", "figures.json"
OUTSIDE = "outside"
"""The folder of the outside edition, with a folder for each language; and what the manifest tells of it."""
SHORT = 12


def folder(site: Site, issue_id: str, manifest: bytes) -> Path:
    """Where the bundle with this manifest stands."""
    return site.reports / "issued" / f"{issue_id}-{hashlib.sha256(manifest).hexdigest()[:SHORT]}"


def names(manifest: bytes) -> list[str]:
    """The files that a manifest names, in order."""
    return sorted(json.loads(manifest).get("files", {}))


def outside_names(manifest: bytes) -> list[str]:
    """Those of the outside edition; none of an issue that has none."""
    return [name for name in names(manifest) if name.startswith(f"{OUTSIDE}/")]


def read_file(site: Site, issue_id: str, manifest: bytes, name: str) -> bytes:
    """A file of the bundle, checked against the manifest. Raises SiteFault when it is gone or another."""
    told: Mapping[str, str] = json.loads(manifest).get("files", {})
    if name not in told:
        raise SiteFault("report_issues.file_gone", file=name[:80], issue=issue_id)
    try:
        content = (folder(site, issue_id, manifest) / name).read_bytes()
    except OSError:
        raise SiteFault("report_issues.file_gone", file=name, issue=issue_id) from None
    if hashlib.sha256(content).hexdigest() != told[name]:
        raise SiteFault("report_issues.file_changed", file=name, issue=issue_id)
    return content


def damaged(site: Site, issue_id: str, manifest: bytes) -> Iterator[SiteFault]:
    """What of the bundle is gone, changed, or none of its own."""
    told: Mapping[str, str] = json.loads(manifest).get("files", {})
    for name in told:
        try:
            read_file(site, issue_id, manifest, name)
        except SiteFault as fault:
            yield fault
    place = folder(site, issue_id, manifest)
    there = {str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()} if place.is_dir() else set()
    for name in sorted(there - {*told, MANIFEST}):
        yield SiteFault("report_issues.file_foreign", file=name, issue=issue_id)


def tables(site: Site, issue_id: str, manifest: bytes, language: str) -> list[dict[str, Any]]:
    """The tables of an issue's figures as they were issued. Raises SiteFault."""
    found: list[dict[str, Any]] = json.loads(read_file(site, issue_id, manifest, f"{language}/{FIGURES}")).get(
        "tables", []
    )
    return found


def remove(site: Site, issue_id: str, manifest: bytes) -> None:
    """Destroy the bundle; one that is gone already is right."""
    shutil.rmtree(folder(site, issue_id, manifest), ignore_errors=True)
