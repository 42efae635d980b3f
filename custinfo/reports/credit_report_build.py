"""Make a credit report's files: a worker runs its notebook in a folder that goes, and the files go to whoever asked.

The site keeps no copy: the register of exports keeps that one was made, for whom, and its hash. A run that fails leaves
nothing, since what had run holds what is known of a customer.
"""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custinfo.actions import reports
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, Conflict, SiteFault
from custinfo.domain.people import SERVICE, Person
from custinfo.reports import credit_report, parameters, places
from custinfo.reports.worker import Run, Stopped, Worker
from custinfo.store import Store, scratch

RUN, SCRATCH = "run", "report"
PRIVATE = 0o600


@dataclass(frozen=True)
class Order:
    """What is to be built: for whom, about whom, of which moment."""

    actor: Person
    customer_id: str
    number: str
    as_of: datetime
    language: str

    @property
    def given(self) -> dict[str, str]:
        """The notebook's parameters."""
        return {"customer": self.number, "as_of": clock.stamp(self.as_of), "language": self.language}


@dataclass(frozen=True)
class Built:
    """The folder with the files, by how their names end, and the number under which they were registered."""

    folder: Path
    files: dict[str, Path]
    export_id: str
    sha256: str


def make(
    store: Store, actor: Person, into: Path, *, customer: str, as_of: str | None = None, language: str = ""
) -> Built:  # fmt: skip
    """Build the report for `actor` into a new folder inside `into`, which is outside of the site.

    The same store, lake, reader and moment give the same bytes. Raises as `credit_report.make` and
    `parameters.read_of_customer`; BadInput for a folder inside the site; SiteFault when a cell of the notebook failed;
    Conflict when the folder is there already with other bytes.
    """
    given = {"customer": customer, "as_of": as_of, "language": language}
    asked = parameters.read_of_customer(credit_report.NAME, given)
    if into.resolve().is_relative_to(store.site.home):
        raise BadInput("credit_paper.into_site", folder=into)
    customer_id = credit_report.customer_of(store, asked.customer)
    credit_report.check_may_build(store, actor, customer_id)
    order = Order(actor, customer_id, asked.customer, asked.as_of or clock.utc_now(), asked.language)
    with scratch.folder(store.site.home / RUN, SCRATCH) as made:
        files = made / "files"
        files.mkdir(mode=0o700)
        stem = _run(store, order, files)
        content = (files / f"{stem}.json").read_bytes()
        export_id, sha256 = reports.register_about_customer(store, actor, order.customer_id, content)
        folder = hand_over(files, into / stem)
    return Built(folder, {file.suffix[1:]: file for file in sorted(folder.iterdir())}, export_id, sha256)


def _run(store: Store, order: Order, files: Path) -> str:
    """Execute the notebook, which saves into `files`, beside the executed notebook; gives what the files are called."""
    notebook = files / "executed.ipynb"
    reader = "" if order.actor == SERVICE else order.actor.login_name
    environment = {places.OUTPUT: str(files), credit_report.READER: reader}
    try:
        with Worker(store.site) as worker:
            worker.run(Run(credit_report.NAME, order.given, notebook, environment))
    except Stopped as fault:
        # By what kind of error alone: its text may quote what is known of the customer
        raise SiteFault("credit_paper.failed", number=order.number, cell=fault.cell, reason=fault.kind) from None
    (stem,) = (file.stem for file in files.glob("*.json"))
    notebook.rename(files / f"{stem}.ipynb")
    return stem


def hand_over(files: Path, folder: Path) -> Path:
    """Put the files where they were asked for, for this account alone, by one rename."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for file in sorted(files.iterdir()):
            copy = beside / file.name
            shutil.copyfile(file, copy)
            copy.chmod(PRIVATE)
        try:
            # Only an empty folder would be replaced: a report that is there stays
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            _check_equal(folder, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _check_equal(old: Path, new: Path) -> None:
    for name in sorted({file.name for place in (new, old) for file in place.iterdir()}):
        before, after = old / name, new / name
        if not (before.is_file() and after.is_file() and before.read_bytes() == after.read_bytes()):
            raise Conflict("credit_paper.differs", folder=old, file=name)
