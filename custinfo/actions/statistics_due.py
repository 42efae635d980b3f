"""What statistical work has waiting for people: handovers to sign, layouts to sign for, appointments that run out, and
indicators that a department has not answered about.
"""

from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import handovers, indicator_systems, report_layouts, statisticians
from custinfo.actions.due import DueRow
from custinfo.domain.people import Person
from custinfo.store import Store

SOON = timedelta(days=30)
"""An appointment that ends is said so long before, to who appoints."""


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """Signatures and answers that wait for the person, and for who appoints: appointments whose last day is near."""
    zone = store.site.zone
    found = [
        DueRow(
            "due.statistics.handover", {"number": one.number}, one.opened_at.astimezone(zone).date(), None,
            f"/statistics/{one.handover_id}",
        )
        for one in handovers.waiting(store, actor)
    ]  # fmt: skip
    found += [
        DueRow(
            "due.statistics.layout", {"number": number, "copies": str(one.copies)}, one.at.astimezone(zone).date(),
            None, f"/statistics/{one.layout_id}",
        )
        for number, one in report_layouts.to_receive(store, actor)
    ]  # fmt: skip
    found += [
        DueRow(
            "due.statistics.indicators",
            {"version": str(one.version)},
            one.answer_by,
            None,
            f"/indicators/{one.version}",
        )
        for one in indicator_systems.waiting(store, actor)
    ]
    found += [
        DueRow(
            "due.statistics.indicators_ready", {"version": str(one.version)}, today, None, f"/indicators/{one.version}"
        )
        for one in indicator_systems.ready(store, actor)
    ]
    if permissions.may(actor, "statistics.organise"):
        found += [
            DueRow("due.statistics.ending", {"name": one.person}, one.until_on, None, "/statistics")
            for one in statisticians.listed(store, actor)
            if one.until_on is not None and one.counts_on(today) and one.until_on - today <= SOON
        ]
    return found
