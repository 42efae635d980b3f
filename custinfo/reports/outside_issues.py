"""What the outside edition of an issue is built with and held against: every other outside edition that stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from custinfo import lake
from custinfo.actions import report_bundles, report_corrections, report_issues
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import Issue
from custinfo.domain import commentary, periods
from custinfo.domain.commentary import Comment
from custinfo.domain.corrections import BY_HAND
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import comments, kinds, outside, outside_table, places, withheld
from custinfo.reports import figures as counted
from custinfo.reports.figures import Figures
from custinfo.reports.makeup import Makeup
from custinfo.reports.outside_table import Edition
from custinfo.store import Store
from custinfo.store.site import Site

FOLDER = report_bundles.OUTSIDE
"""Of a bundle: a folder for each language of the outside edition."""


def given(
    store: Store, issue: Issue, figures: Figures, said: Sequence[Comment], slip: Correction | None
) -> dict[str, Any]:  # fmt: skip
    """What the manifest tells of the outside edition: `beside`, the files that it is built with, as text by name, and
    `against`, the issues that it was held against, with the hashes of their manifests. Nothing for a report that is
    released inside alone.

    `figures` are those of the inside edition, its correction applied.

    Raises `outside.Exposed`, SiteFault when the bundle of another issue is damaged.
    """
    if issue.definition.release == "inside":
        return {}
    beside = report_issues.beside(store, issue)
    others = [_edition(store, one) for one in beside]
    before = None
    if slip is not None:
        before = _shown(store, report_issues.find(store, slip.issue_id))
    makeup = makeup_of(store.site, issue, figures)
    day = periods.find(issue.period).last
    cause = slip.cause if slip else ""
    decided = outside.decided(figures, makeup, day, others, before=before, cause=cause)
    files = {withheld.FILE: decided.to_json().decode()}
    if may := withheld.may_be_said(said, withheld.applied(figures, decided)):
        files[comments.FILE] = commentary.to_json(may).decode()
    return {"beside": files, "against": {one.issue_id: one.sha256 for one in beside}}


def _edition(store: Store, issue: Issue) -> Edition:
    """An outside edition as its readers have it."""
    figures = counted.read(_file(store.site, issue, f"{LANGUAGES[0]}/{report_bundles.FIGURES}"))
    return Edition(issue.issue_id, _as_issued(store, issue, figures), frozenset(_decided(issue).withheld))


def _as_issued(store: Store, issue: Issue, figures: Figures) -> Makeup:
    """What the figures of an issue are made of, by what it says of them. What was corrected by hand tells of nobody."""
    slip = report_corrections.behind(store, issue)
    by_hand = figures.revised if slip is not None and slip.cause == BY_HAND else {}
    issued = {address: cell for address, cell in figures.cells() if address not in by_hand}
    return outside_table.as_issued(makeup_of(store.site, issue, figures), issued)


def makeup_of(site: Site, issue: Issue, figures: Figures) -> Makeup:
    """What the figures of an issue are made of, from the lake of its moment. Raises SiteFault for a kind without."""
    kind = kinds.named(issue.definition.name)
    if kind.makeup is None:
        raise SiteFault("outside.no_makeup", name=kind.name)
    told = places.begun(site.reports, kind.name, figures.period, issue.as_of)
    return kind.makeup(lake.open(site, as_of=issue.as_of, withheld_by=told), figures, site.zone)


def told(store: Store, issue: Issue, figures: Figures) -> Iterator[SiteFault]:
    """The sums that readers of an outside edition could compute, though its rules ask that they cannot."""
    if not _beside(issue):
        return
    decided = _decided(issue)
    against = issue.against or {}
    others = [_edition(store, one) for one in report_issues.beside(store, issue) if one.issue_id in against]
    makeup = _as_issued(store, issue, figures)
    for key in outside.audit(makeup, decided.withheld, figures.period.last, others):
        yield SiteFault("outside.tells", cell=" · ".join(filter(None, key)), issue=issue.issue_id)


def _shown(store: Store, issue: Issue) -> Figures | None:
    if not _beside(issue):
        return None
    return counted.read(_file(store.site, issue, f"{FOLDER}/{LANGUAGES[0]}/{report_bundles.FIGURES}"))


def _decided(issue: Issue) -> withheld.Decision:
    return withheld.read((_beside(issue) or {})[withheld.FILE].encode())


def _beside(issue: Issue) -> Mapping[str, str] | None:
    told: Mapping[str, Any] = issue.content.get(FOLDER, {})
    return told.get("beside")


def _file(site: Site, issue: Issue, name: str) -> bytes:
    return report_bundles.read_file(site, issue.issue_id, issue.manifest or b"{}", name)
