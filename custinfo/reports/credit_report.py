"""The credit report (资信调查报告) of one customer, in twelve sections: what was known at a moment, to one reader.

It holds what the survey form, the ratings and decisions, and the dealings in the lake say; a section without data says
what is missing. Answers of level 1 are masked. It is built anew each time and kept nowhere on the site.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, credit, credit_archive, entities, entity_levels, people, pseudonyms, sealing
from custinfo.domain import clock
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.sensitivity import Level
from custinfo.reports import (
    credit_report_dealings,
    credit_report_layouts,
    credit_report_sections,
    credit_report_survey,
    parameters,
    places,
)
from custinfo.reports.credit_report_document import Document
from custinfo.reports.credit_report_sections import Known
from custinfo.reports.report import Shown
from custinfo.store import Store
from custinfo.store.site import Site

NAME = "credit_report"
CUSTOMERS = "customers"
PERMISSION = "report.credit"
READER = "CUSTINFO_REPORT_READER"
"""The environment variable with the login name of whom the report is built for; without it, the service itself."""


@dataclass(frozen=True)
class CreditReport:
    """One report, ready to be shown or written. `number` is the customer's, `as_of` the moment of what was known."""

    customer_id: str
    number: str
    as_of: datetime
    document: Document

    @property
    def stem(self) -> str:
        """What the files are called: `credit_report-C000123-20261122T010203000000Z-zh-CN`."""
        compact = clock.stamp(self.as_of).translate(str.maketrans("", "", "-:."))
        return f"{NAME}-{self.number}-{compact}-{self.document.language}"

    def head(self) -> Shown:
        """Whom it is about, for a notebook."""
        return Shown(credit_report_layouts.head(self.document))

    def section(self, number: int) -> Shown:
        """One of the sections, 1 to 12. Raises IndexError for another."""
        return Shown(credit_report_layouts.section(self.document.sections[number - 1]))

    def save(self) -> Shown:
        """Write every file into the folder of the running build. Outside a build nothing is written, and it says so."""
        folder = places.output()
        if folder is None:
            return Shown(text("credit_paper.not_saved", self.document.language, number=self.number))
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return Shown(f"SHA-256 {credit_report_layouts.digest(self.document)}")

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The report's files by name: HTML, PDF, XLSX, and what stands in them as JSON."""
        made = {end: render(self.document, self.as_of) for end, render in credit_report_layouts.LAYOUTS.items()}
        return {f"{self.stem}.{end}": content for end, content in made.items()}


def open(customer: str, as_of: str | None = None, language: str = "") -> CreditReport:
    """The report about a customer of the site that CUSTINFO_HOME names, for a notebook. Raises as `make` and
    `parameters.read_of_customer` do.
    """
    asked = parameters.read_of_customer(NAME, {"customer": customer, "as_of": as_of, "language": language})
    with Store.open(Site.load(places.home())) as store:
        customer_id = customer_of(store, asked.customer)
        return make(store, reader(store), customer_id, asked.as_of or clock.utc_now(), asked.language)


def customer_of(store: Store, number: str) -> str:
    """The id of the customer with this number. Raises NotFound."""
    found = entities.by_number(store, CUSTOMERS, number)
    if found is None:
        raise NotFound("customers.unknown", number=number)
    return str(found["entity_id"])


def reader(store: Store) -> Person:
    """For whom the running build is. Raises NotFound for a login name that nobody has."""
    name = os.environ.get(READER, "")
    found = people.by_login_name(store, name) if name else SERVICE
    if found is None:
        raise NotFound("cli.no_person", name=name[:64])
    return found


def check_may_build(store: Store, actor: Person, customer_id: str) -> None:
    """Raises NotAllowed without the permission, or the clearance for level 2; NotFound for a customer out of scope."""
    permissions.check(actor, PERMISSION)
    assignments.check_in_scope(store, actor, customer_id)
    if not visibility.sees(actor, Level.INTERNAL):
        raise NotAllowed("credit_paper.not_cleared")


def make(store: Store, actor: Person, customer_id: str, as_of: datetime, language: str) -> CreditReport:
    """The report as `actor` may see it. The same store, lake, reader and moment give the same bytes.

    Reading is on the audit log. Raises as `check_may_build`, and NotFound for a customer of whom nothing was recorded
    by `as_of`.
    """
    check_may_build(store, actor, customer_id)
    number, label = _named(store, actor, customer_id, as_of)
    day = as_of.astimezone(store.site.zone).date()
    standing = credit.standing(store, actor, customer_id, day, as_of=as_of)
    known = Known(
        number=number,
        label=label,
        as_of=as_of,
        survey=credit_report_survey.find(store, actor, customer_id, as_of, language),
        standing=standing,
        archive=credit_archive.find(store, actor, standing, language, as_of),
        dealings=credit_report_dealings.find(store.site, pseudonyms.key_of(store, customer_id), as_of),
    )
    return CreditReport(customer_id, number, as_of, credit_report_sections.compose(known, store.site, language))


def _named(store: Store, actor: Person, customer_id: str, as_of: datetime) -> tuple[str, str]:
    """The customer's number and the name that was on record then, or the number again for who may not see the name."""
    row = store.row(
        "SELECT entity_version.*, number FROM entity_version JOIN entity USING (entity_id) "
        "WHERE entity_id = ? AND entity_version.recorded_at <= ? ORDER BY version DESC LIMIT 1",
        [customer_id, clock.stamp(as_of)],
    )
    if row is None:
        raise NotFound("credit_paper.not_known_then", as_of=clock.show(as_of, store.site.zone))
    number = row["number"]
    label = sealing.opened_entity(store, row)["label"]
    return number, entity_levels.Reader(store, actor).label(customer_id, label, number)
