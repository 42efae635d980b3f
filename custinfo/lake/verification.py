"""Check that every file of every version is still, byte for byte, what was published."""

from custinfo.domain.errors import SiteFault
from custinfo.lake import erasing, files, interactive, manifest, prepared
from custinfo.lake.manifest import Manifest
from custinfo.store.site import Site


def verify(site: Site) -> int:
    """The number of files checked. Raises SiteFault naming the first file that is missing or was changed.

    An interactive file or a prepared one that was changed is removed, and made anew by the next `publish`: neither is
    the truth.
    """
    if erasing.unfinished(site):
        raise SiteFault("lake.erasing_unfinished")
    known: dict[str, str] = {}
    previous = ""
    numbers = manifest.versions(site.lake)
    for expected, version in enumerate(numbers, start=1):
        if version != expected:
            raise SiteFault("lake.missing", file=f"{manifest.FOLDER}/{expected:06d}.json")
        this = manifest.read(site.lake, version)
        if this.previous_sha256 != previous:
            raise SiteFault("lake.damaged", file=f"{manifest.FOLDER}/{version - 1:06d}.json")
        for file in (*this.files, *this.codelist_files):
            if known.setdefault(file.path, file.sha256) != file.sha256:
                raise SiteFault("lake.damaged", file=f"{manifest.FOLDER}/{version:06d}.json")
        previous = files.sha256(manifest.path(site.lake, version))
    for path, sha256 in known.items():
        check_file(site, path, sha256)
    _check_erasures(site)
    return len(numbers) + len(known) + interactive.verify(site) + prepared.verify(site.lake)


def _check_erasures(site: Site) -> None:
    """Each manifest that an erasure replaced is the one that it was replaced by, erasure after erasure."""
    now: dict[str, str] = {}
    for erasure in erasing.record(site):
        for version, changed in erasure["versions"].items():
            if now.setdefault(version, changed["before"]) != changed["before"]:
                raise SiteFault("lake.damaged", file=erasing.RECORD)
            now[version] = changed["after"]
    for version, sha256 in now.items():
        path = manifest.path(site.lake, int(version))
        if not path.is_file() or files.sha256(path) != sha256:
            raise SiteFault("lake.damaged", file=f"{manifest.FOLDER}/{path.name}")


def check_version(site: Site, version: Manifest) -> None:
    """Raises SiteFault unless every data file of the version is, byte for byte, what was published. What was derived of
    them and was changed is removed, as by `verify`.
    """
    for file in version.files:
        check_file(site, file.path, file.sha256)
    interactive.verify(site)
    prepared.verify(site.lake)


def check_file(site: Site, path: str, sha256: str) -> None:
    """Raises SiteFault unless the lake's file at `path` is there with that hash."""
    try:
        found = files.sha256(site.lake / path)
    except FileNotFoundError:
        raise SiteFault("lake.missing", file=path) from None
    if found != sha256:
        raise SiteFault("lake.damaged", file=path)
