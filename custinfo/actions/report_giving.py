"""Issues of reports for outsiders (R151, R152): given by the desk of disclosures, in copies whose hash is the issue's.

The files are those that were signed, byte for byte; who got them, when and by whom stands on a sheet beside them. They
are those of the outside edition alone, from which nobody's figure can be told. Which issues may be given follows from
the class of release: inside, to recipients by name, or outside.
"""

import hashlib
import io
import zipfile
from collections.abc import Collection
from pathlib import PurePosixPath

from custinfo.actions import report_bundles, report_issues
from custinfo.actions.report_issues import Issue
from custinfo.domain import report_definitions
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.exchange.workbook import Sheet, book
from custinfo.store import Store
from custinfo.store.database import Row

ZIP = "application/zip"
GIVEN = (".pdf", ".html", ".xlsx", ".docx")
"""What of a bundle is for readers, by the ending of its name."""
MOMENT = (1980, 1, 1, 0, 0, 0)
"""Of every entry of the package: the same files give the same bytes."""


def givable(store: Store, actor: Person) -> list[Issue]:
    """The issues that may be given to outsiders, the newest period first. Raises NotAllowed."""
    listed = report_issues.listed(store, actor)
    return [one for one in listed if _may_go(one.state, one.definition.release, one.manifest)]


def check_asked(store: Store, actor: Person, issue_id: str, numbers: Collection[str]) -> None:
    """Raises NotFound for an issue that the actor may not know of, WrongState for one that may not be given, BadInput
    when customers are named besides.
    """
    if numbers:
        raise BadInput("registers.giving.customers_too")
    issue = report_issues.read(store, actor, issue_id)
    if not _may_go(issue.state, issue.definition.release, issue.manifest):
        raise WrongState("registers.giving.not_givable")


def digest(store: Store, issue_id: str) -> str:
    """The hash of an issue's manifest: what is approved is just these files."""
    return str(_row(store, issue_id)["sha256"])


def package(store: Store, issue_id: str, number: str, mark: str, language: str) -> tuple[tuple[str, ...], bytes]:
    """The files of an issue with a sheet that names each, its hash and the recipient: their names, and the archive.

    Raises WrongState for an issue that may not be given any more, SiteFault for a damaged bundle.
    """
    row = _row(store, issue_id)
    manifest = row["manifest"].encode() if row["manifest"] else b"{}"
    if not _may_go(row["state"], report_definitions.named(row["name"]).release, manifest):
        raise WrongState("registers.giving.not_givable")
    names = [name for name in report_bundles.outside_names(manifest) if PurePosixPath(name).suffix in GIVEN]
    files = {name: report_bundles.read_file(store.site, issue_id, manifest, name) for name in names}
    headings = tuple(text(f"registers.giving.{name}", language) for name in ("file", "digest", "mark"))
    lines: list[list[object]] = [[name, hashlib.sha256(data).hexdigest(), mark] for name, data in files.items()]
    cover = book([Sheet(text("registers.giving.cover", language), headings, lines, {})], mark=mark)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {f"{number}.xlsx": cover, **files}.items():
            archive.writestr(zipfile.ZipInfo(name, MOMENT), data, zipfile.ZIP_DEFLATED)
    return tuple(names), packed.getvalue()


def _may_go(state: str, release: str, manifest: bytes | None) -> bool:
    """Issues of before there were outside editions have none: they are given once they were put forward again."""
    released = state == "released_outside" or (state == "released_inside" and release == "named")
    return released and bool(report_bundles.outside_names(manifest or b"{}"))


def _row(store: Store, issue_id: str) -> Row:
    row = store.row("SELECT * FROM report_issue WHERE issue_id = ?", [issue_id])
    if row is None:
        raise WrongState("registers.giving.not_givable")
    return row
