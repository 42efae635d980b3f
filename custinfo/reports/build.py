"""Build a report: a worker runs its notebook by Papermill, and what came out is published by one rename, or not at all.

The same period, moment, language and lake give the same bytes, so building again changes nothing; a report that would
differ from one already there is refused. A run that fails leaves its notebook in `failed`, and no report.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from custinfo import lake
from custinfo.domain import clock
from custinfo.domain.errors import Conflict, SiteFault
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.periods import Period
from custinfo.lake import erasing, files
from custinfo.reports import kinds, parameters, places
from custinfo.reports.worker import Run, Stopped, Worker
from custinfo.store.site import Site


@dataclass(frozen=True)
class Built:
    """A published report: its files, the version of the lake they were made from, the hash of their figures."""

    html: Path
    pdf: Path
    xlsx: Path
    docx: Path
    notebook: Path
    lake_version: int
    figures_sha256: str


@dataclass(frozen=True)
class Order:
    """What is to be built: everything that decides about the bytes, and where they go.

    `beside` are files that the run finds in its folder: commentary, and what a correction changes. `region` is the code
    of a province, blank for all.
    """

    name: str
    period: Period
    as_of: datetime
    language: str
    lake_version: int
    folder: Path
    beside: Mapping[str, bytes] = field(default_factory=dict)
    region: str = ""

    @property
    def stem(self) -> str:
        """What the files are called: `monthly-2026-10`, `monthly-2026-10-440000`."""
        return "-".join(filter(None, (self.name, str(self.period), self.region)))

    @property
    def given(self) -> dict[str, str]:
        """The notebook's parameters."""
        given = {"period": str(self.period), "as_of": clock.stamp(self.as_of), "language": self.language}
        return given | ({parameters.REGION: self.region} if self.region else {})

    def of_region(self, region: str) -> "Order":
        """The same report of one province."""
        return replace(self, region=region, folder=self.folder.with_name(f"{self.folder.name}-{region}"))


def build(
    site: Site, name: str, period: str, as_of: str | None = None, language: str = DEFAULT_LANGUAGE,
    worker: Worker | None = None,
) -> Built:  # fmt: skip
    """Build the report `name` of `site` for a period, and publish it in the site's folder of reports.

    Without `as_of` it is of the moment at which the newest version of the lake was published. Raises NotFound for an
    unknown report, BadInput for wrong parameters, WrongState when the lake has no version, and as `make` does.
    """
    return make(site, ordered(site, name, {"period": period, "as_of": as_of, "language": language}), worker)


def make(site: Site, order: Order, worker: Worker | None = None) -> Built:
    """Build what was ordered, and publish it.

    Raises SiteFault when the notebook did not run to its end, or when the disk is full (nothing is published then);
    Conflict when the report is there already with other bytes.
    """
    try:
        order.folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".building-", dir=order.folder.parent))
        try:
            run(site, order, beside, worker)
            _publish(site, order, beside)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return _built(order)
    except OSError:
        raise SiteFault("report_runs.not_written", name=order.name, period=order.period, folder=order.folder) from None


def ordered(site: Site, name: str, given: dict[str, str | None]) -> Order:
    """What `build` would build. Raises as it does."""
    asked = parameters.read(name, given)
    found = lake.open(site, as_of=asked.as_of)
    parameters.check_begun(asked.period, found.as_of, site.zone)
    for rule in kinds.named(name).rules:
        rule(asked.period.last)
    compact = clock.stamp(found.as_of).translate(str.maketrans("", "", "-:."))
    places.begin(site.reports, name, asked.period, found.as_of, clock.utc_now())
    folder = site.reports / name / str(asked.period) / f"{compact}-{asked.language}"
    order = Order(name, asked.period, found.as_of, asked.language, found.version, folder)
    return order.of_region(asked.region) if asked.region else order


def run(site: Site, order: Order, folder: Path, worker: Worker | None = None) -> None:
    """Execute the notebook, which saves its files into `folder`, and put the executed notebook beside them: in
    `worker`, or in one that is started for it.

    Raises SiteFault when the notebook is not the reviewed one, or did not run to its end.
    """
    notebook = folder / f"{order.stem}.ipynb"
    for name, content in order.beside.items():
        (folder / name).write_bytes(content)
    asked = Run(order.name, order.given, notebook, {places.OUTPUT: str(folder)})
    try:
        with ExitStack() as own:
            (worker or own.enter_context(Worker(site))).run(asked)
    except Stopped as fault:
        raise _failed(site, order, notebook, fault) from None


def _failed(site: Site, order: Order, notebook: Path, fault: Stopped) -> SiteFault:
    if not notebook.is_file():
        return SiteFault("report_runs.not_begun", name=order.name, period=order.period, reason=fault)
    kept = site.reports / "failed" / f"{order.name}-{order.period}-{order.folder.name}.ipynb"
    kept.parent.mkdir(parents=True, exist_ok=True)
    notebook.replace(kept)
    facts = {"name": order.name, "period": order.period, "notebook": kept}
    return SiteFault("reports.failed", cell=fault.cell, reason=fault, **facts)


def _publish(site: Site, order: Order, beside: Path) -> None:
    folder = order.folder
    for file in beside.iterdir():
        files.sync(file)
    files.sync(beside)
    try:
        # Only an empty folder would be replaced: a report that is there stays
        beside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        _check_equal(site, order, beside)
    else:
        files.sync(folder.parent)


def _check_equal(site: Site, order: Order, new: Path) -> None:
    old = order.folder
    for name in sorted({file.name for place in (new, old) for file in place.iterdir()}):
        before, after = old / name, new / name
        if not (before.is_file() and after.is_file() and before.read_bytes() == after.read_bytes()):
            erased, bare = erasing.rows_of(site, order.lake_version)
            if bare:  # what they lost is what the figures lost
                raise Conflict("reports.differs_erased", folder=old, file=name, erased=erased, bare=bare)
            raise Conflict("reports.differs", folder=old, file=name)


def _built(order: Order) -> Built:
    ends = ("html", "pdf", "xlsx", "docx", "ipynb")
    html, pdf, xlsx, docx, notebook = (order.folder / f"{order.stem}.{end}" for end in ends)
    figures = hashlib.sha256((order.folder / "figures.json").read_bytes())
    return Built(html, pdf, xlsx, docx, notebook, order.lake_version, figures.hexdigest())
