"""From a draft to a bundle that is signed, and from a bundle back to the data: it is built again and compared.

A bundle stands in `reports/issued/<issue>-<hash of its manifest>/`: a folder for each language, the same in `outside`
of a report that may leave the house, and `manifest.json`. It is made beside and renamed, and nobody writes into it
afterwards.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from custinfo import lake
from custinfo.actions import report_bundles, report_corrections, report_definitions, report_issues
from custinfo.actions.report_bundles import FIGURES, MANIFEST
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import Issue
from custinfo.domain import clock, commentary, periods
from custinfo.domain.commentary import Comment
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.lake import files
from custinfo.reports import (
    build,
    comments,
    definitions,
    indicator_approval,
    kinds,
    known,
    outside_issues,
    parameters,
    places,
    revisions,
)
from custinfo.reports import figures as counted
from custinfo.reports.figures import Figures
from custinfo.reports.worker import Worker
from custinfo.statistics import indicators
from custinfo.store import Store
from custinfo.store.site import Site

LOCK = places.PROJECT / "requirements.lock"


@dataclass(frozen=True)
class Found:
    """What became of a verification: `faults` in words, and what is worth knowing though nothing is wrong."""

    faults: tuple[CustinfoError, ...]
    notes: tuple[CustinfoError, ...]


def draft(
    store: Store, actor: Person, name: str, period: str, as_of: str | None = None, *, on_behalf_of: Person | None = None
) -> str:  # fmt: skip
    """Begin the issue of a report; gives its id. Raises as `build.build` and `report_issues.draft` do, WrongState when
    the definition, or an indicator that the report shows, is not approved as it stands, BadInput for a period that has
    not ended.
    """
    version = report_definitions.check_in_force(store, name, definitions.content(name))
    order = build.ordered(store.site, name, {"period": period, "as_of": as_of, "language": LANGUAGES[0]})
    if parameters.check_begun(order.period, order.as_of, store.site.zone) <= order.period.last:
        raise BadInput("report_issues.not_ended", period=period)
    indicator_approval.check(store, partial(figures_of, store.site, name, str(order.period), order.as_of))
    return report_issues.draft(
        store, actor, name, str(order.period), order.as_of, order.lake_version, version, on_behalf_of=on_behalf_of
    )


def put_forward(store: Store, actor: Person, issue_id: str) -> Path:
    """Build an issue in every language with its commentary, inside and outside edition, keep it as a bundle, and put it
    before those who review and sign. Gives the bundle's folder. Raises as `build.build`, `outside_issues.given` and
    `report_issues.put_forward` do.
    """
    issue = report_issues.read(store, actor, issue_id)
    report_issues.check_ready(store, actor, issue_id)
    said = tuple(one.comment for one in report_issues.comments(store, actor, issue_id))
    version = report_definitions.check_in_force(
        store, issue.definition.name, definitions.content(issue.definition.name)
    )
    slip = report_corrections.behind(store, issue)
    _check_data(store.site, issue)
    with indicators.noted() as used:
        figures = figures_of(store.site, issue.definition.name, issue.period, issue.as_of)
    approval = indicator_approval.told(store, used)
    # Before building, which takes long
    comments.check(said, figures)
    if slip is not None:
        figures = _check_slip(store, actor, slip, figures)
    outside = outside_issues.given(store, issue, figures, said, slip)
    beside = {comments.FILE: commentary.to_json(said)} if said else {}
    beside |= {revisions.FILE: revisions.to_json(slip)} if slip else {}
    place = store.site.reports / "issued"
    place.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".building-", dir=place))
    try:
        _editions(store.site, issue, beside, outside, made)
        manifest = _manifest(issue, version, said, beside, outside, approval, made)
        (made / MANIFEST).write_bytes(manifest)
        folder = _kept(made, report_bundles.folder(store.site, issue_id, manifest))
        report_issues.put_forward(store, actor, issue_id, manifest)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def figures_of(site: Site, name: str, period: str, as_of: datetime | None) -> Figures:
    """The figures of a report for a period as of a moment, and if they were built then, of whoever counted then."""
    of = periods.find(period)
    withheld = places.begun(site.reports, name, of, as_of)
    return kinds.named(name).figures(lake.open(site, as_of=as_of, withheld_by=withheld), of, site.zone)


def folder_of(site: Site, issue: Issue) -> Path | None:
    """Where the bundle of an issue stands; None before it was put forward."""
    return report_bundles.folder(site, issue.issue_id, issue.manifest) if issue.manifest else None


def read_file(site: Site, issue: Issue, name: str) -> bytes:
    """A file of the bundle, checked against the manifest. Raises SiteFault when it is gone or another."""
    if issue.manifest is None:
        raise SiteFault("report_issues.file_gone", file=name[:80], issue=issue.issue_id)
    return report_bundles.read_file(site, issue.issue_id, issue.manifest, name)


def issued_figures(site: Site, issue: Issue) -> Figures:
    """The figures of an issue as its bundle has them. Raises SiteFault."""
    return counted.read(read_file(site, issue, f"{LANGUAGES[0]}/{FIGURES}"))


def verify(store: Store, actor: Person, issue_id: str) -> Found:
    """Whether an issue is what was signed, and whether the data still give it: each file is compared with the manifest,
    then the report is built again from the same lake, moment, rules and commentary, and compared byte for byte.
    """
    issue = report_issues.read(store, actor, issue_id)
    if issue.manifest is None:
        gone = issue.state == "destroyed"
        raise BadInput("report_issues.destroyed" if gone else "report_issues.not_put_forward", issue=issue_id)
    faults = [*_damaged(store.site, issue)]
    if issue.state in report_issues.RELEASED and not report_issues.is_signed(store, issue):
        faults.append(SiteFault("report_issues.not_signed", issue=issue_id))
    faults += _rebuilt(store, issue)
    report_issues.record_verified(store, actor, issue_id, len(faults))
    other = issue.content["lock"] != files.sha256(LOCK)
    return Found(tuple(faults), (SiteFault("report_issues.other_program", issue=issue_id),) if other else ())


def _damaged(site: Site, issue: Issue) -> Iterator[CustinfoError]:
    yield from report_bundles.damaged(site, issue.issue_id, issue.manifest or b"{}")


def _rebuilt(store: Store, issue: Issue) -> Iterator[CustinfoError]:
    """What differs when the bundle is built again, and what its outside edition tells. Its commentary is the one that
    it was built with.
    """
    outside: Mapping[str, Any] = issue.content.get(outside_issues.FOLDER, {})
    given: Mapping[str, str] = issue.content["beside"]
    told: Mapping[str, str] = issue.content["files"]
    with tempfile.TemporaryDirectory(prefix="custinfo-") as scratch:
        try:
            beside = {name: text.encode() for name, text in given.items()}
            _check_data(store.site, issue)
            _editions(store.site, issue, beside, outside, Path(scratch))
            yield from outside_issues.told(store, issue, issued_figures(store.site, issue))
        except CustinfoError as fault:
            yield fault
            return
        made = _hashes(Path(scratch))
        for name in sorted({*told, *made}):
            if told.get(name) != made.get(name):
                yield SiteFault("report_issues.differs", file=name, issue=issue.issue_id)


def _check_data(site: Site, issue: Issue) -> None:
    """Raises SiteFault, naming the file, unless the lake that it is built from is what was published, byte for byte."""
    lake.open(site, as_of=issue.as_of, checked=True)


def _check_slip(store: Store, actor: Person, slip: Correction, figures: Figures) -> Figures:
    """The figures of the revision. Raises Conflict when it would change others than those that were approved."""
    before = issued_figures(store.site, report_issues.read(store, actor, slip.issue_id))
    revised = revisions.applied(figures, slip.correction_id, slip.cause, slip.changes)
    if set(revisions.differing(before, revised)) != set(slip.changes):
        raise Conflict("corrections.moved_on", correction=slip.correction_id)
    return revised


def _editions(
    site: Site, issue: Issue, beside: Mapping[str, bytes], outside: Mapping[str, Any], folder: Path
) -> None:  # fmt: skip
    """Build the report in every language into subfolders of `folder`; where it has one, its outside edition too."""
    places_of = {folder: dict(beside)}
    if outside:
        given = {name: text.encode() for name, text in outside["beside"].items()}
        places_of[folder / outside_issues.FOLDER] = given
    with Worker(site) as worker:
        for place, given in places_of.items():
            for language in LANGUAGES:
                (place / language).mkdir(parents=True)
                build.run(site, replace(_order_of(site, issue, language), beside=given), place / language, worker)


def _order_of(site: Site, issue: Issue, language: str) -> build.Order:
    given: dict[str, str | None] = {"period": issue.period, "as_of": clock.stamp(issue.as_of), "language": language}
    return build.ordered(site, issue.definition.name, given)


def _manifest(
    issue: Issue, definition: int, said: tuple[Comment, ...], beside: Mapping[str, bytes],
    outside: Mapping[str, Any], approval: Mapping[str, Any] | None, folder: Path,
) -> bytes:  # fmt: skip
    figures = json.loads((folder / LANGUAGES[0] / FIGURES).read_bytes())
    plain: dict[str, Any] = {
        "issue": issue.issue_id, "report": issue.definition.name, "period": issue.period, "revision": issue.revision,
        "correction": issue.correction_id, "definition": definition, "as_of": clock.stamp(issue.as_of),
        "lake_version": figures["lake_version"], "rules": figures["rules"],
        "notebook": known.digest(known.check(issue.definition.name)), "lock": files.sha256(LOCK),
        "figures": files.sha256(folder / LANGUAGES[0] / FIGURES),
        "beside": {name: content.decode() for name, content in beside.items()},
        "commentary": hashlib.sha256(commentary.to_json(said)).hexdigest(), "files": _hashes(folder),
        "indicators": approval, **({outside_issues.FOLDER: outside} if outside else {}),
    }  # fmt: skip
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): files.sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()
    }  # fmt: skip


def _kept(beside: Path, folder: Path) -> Path:
    """Make the bundle what it is called, all of it or nothing. The same bundle again is the one that is there."""
    for file in beside.rglob("*"):
        if file.is_file():
            file.chmod(0o440)
        files.sync(file)
    files.sync(beside)
    if folder.is_dir():
        return folder
    beside.rename(folder)
    files.sync(folder.parent)
    return folder
