"""Build a report: Papermill runs its notebook, and what came out is published by one rename, or not at all.

The same period, moment, language and lake give the same bytes, so building again changes nothing; a report that would
differ from one already there is refused. A run that fails leaves its notebook in `failed`, and no report.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook

from custinfo import lake
from custinfo.domain import clock
from custinfo.domain.errors import Conflict, SiteFault
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.periods import Period
from custinfo.lake import erasing, files
from custinfo.reports import executed, kinds, known, parameters, places
from custinfo.reports.kernel import own_kernel
from custinfo.store.site import Site

CELL_SECONDS = 600
"""How long a cell may run. A year of a large site takes seconds; an endless cell must end."""


@dataclass(frozen=True)
class Built:
    """A published report: its files, the version of the lake they were made from, the hash of their figures."""

    html: Path
    pdf: Path
    xlsx: Path
    notebook: Path
    lake_version: int
    figures_sha256: str


@dataclass(frozen=True)
class Order:
    """What is to be built: everything that decides about the bytes, and where they go.

    `beside` are files that the run finds in its folder: commentary, and what a correction changes.
    """

    name: str
    period: Period
    as_of: datetime
    language: str
    lake_version: int
    folder: Path
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """What the files are called: `monthly-2026-10`."""
        return f"{self.name}-{self.period}"


def build(site: Site, name: str, period: str, as_of: str | None = None, language: str = DEFAULT_LANGUAGE) -> Built:
    """Build the report `name` of `site` for a month, and publish it in the site's folder of reports.

    Without `as_of` it is of the moment at which the newest version of the lake was published. Raises NotFound for an
    unknown report, BadInput for wrong parameters, WrongState when the lake has no version, SiteFault when a cell of the
    notebook failed (nothing is published then), Conflict when the report is there already with other bytes.
    """
    order = ordered(site, name, {"period": period, "as_of": as_of, "language": language})
    order.folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".building-", dir=order.folder.parent))
    try:
        run(site, order, beside)
        _publish(site, order, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return _built(order)


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
    return Order(name, asked.period, found.as_of, asked.language, found.version, folder)


def run(site: Site, order: Order, folder: Path) -> None:
    """Execute the notebook, which saves its files into `folder`, and put the executed notebook beside them.

    Raises SiteFault when a cell failed.
    """
    notebook = folder / f"{order.stem}.ipynb"
    for name, content in order.beside.items():
        (folder / name).write_bytes(content)
    # Short, for a socket's path may have no more than some hundred characters
    with tempfile.TemporaryDirectory(prefix="custinfo-") as scratch:
        kernel = own_kernel(Path(scratch), {places.HOME: str(site.home), places.OUTPUT: str(folder)})
        try:
            given = {"period": str(order.period), "as_of": clock.stamp(order.as_of), "language": order.language}
            execute(order.name, given, notebook, Path(scratch), kernel)
        except (PapermillExecutionError, CellTimeoutError, RuntimeError) as fault:
            raise _failed(site, order, notebook, fault) from None
    executed.normalise(notebook)


def execute(
    name: str, given: dict[str, str], notebook: Path, scratch: Path, kernel: type[AsyncKernelManager]
) -> None:  # fmt: skip
    """Run the reviewed notebook of the report `name` with the parameters `given`, and write it to `notebook`.

    Raises SiteFault for a notebook that was not reviewed, and as Papermill does when a cell fails.
    """
    execute_notebook(
        _literal(known.check(name)),
        _literal(notebook),
        parameters=given,
        cwd=scratch,
        kernel_manager_class=kernel,
        execution_timeout=CELL_SECONDS,
        progress_bar=False,
    )


def _literal(path: Path) -> str:
    # Papermill fills braces in paths from the parameters
    return str(path).replace("{", "{{").replace("}", "}}")


def _failed(site: Site, order: Order, notebook: Path, fault: Exception) -> SiteFault:
    kept = site.reports / "failed" / f"{order.name}-{order.period}-{order.folder.name}.ipynb"
    kept.parent.mkdir(parents=True, exist_ok=True)
    notebook.replace(kept)
    reason = type(fault).__name__
    if isinstance(fault, PapermillExecutionError):
        reason = f"{fault.ename}: {fault.evalue}"
    cell = executed.stopped_at(executed.read(kept))
    return SiteFault("reports.failed", name=order.name, period=order.period, cell=cell, reason=reason, notebook=kept)


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
    html, pdf, xlsx, notebook = (order.folder / f"{order.stem}.{end}" for end in ("html", "pdf", "xlsx", "ipynb"))
    figures = hashlib.sha256((order.folder / "figures.json").read_bytes())
    return Built(html, pdf, xlsx, notebook, order.lake_version, figures.hexdigest())
