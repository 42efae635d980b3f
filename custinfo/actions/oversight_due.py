"""What oversight makes due: the clocks of incidents, and corrective measures to carry out or to check."""

from datetime import date

from custinfo.access import permissions
from custinfo.actions import corrective, incidents
from custinfo.actions.corrective import Correction
from custinfo.actions.due import DueRow
from custinfo.domain.clock import show
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.store import Store


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001  # every source is asked the same
    """Clocks that run for who handles incidents; measures for who is responsible, and for who can accept them."""
    return [*_clocks(store, actor), *_measures(store, actor)]


def _clocks(store: Store, actor: Person) -> list[DueRow]:
    if not permissions.may(actor, "oversight.handle"):
        return []
    rows = []
    for incident in incidents.listed(store, actor):
        for clock in incident.due:
            facts = {"number": incident.number, "time": show(clock.due_at, store.site.zone)}
            kinds = {code: text(f"incidents.notice.{clock.notice}", code) for code in LANGUAGES}
            day = clock.due_at.astimezone(store.site.zone).date()
            link = f"/incidents/{incident.number}"
            rows.append(DueRow("oversight.due_clock", facts, day, None, link, {"kind": kinds}))
    return rows


def _measures(store: Store, actor: Person) -> list[DueRow]:
    checks = permissions.may(actor, "oversight.handle")
    rows = []
    for one in corrective.open_ones(store, actor):
        own = one.responsible_id == actor.person_id
        if own and one.state == "ordered":
            rows.append(_measure("oversight.due_carry_out", one))
        elif not own and checks and one.state == "carried_out":
            rows.append(_measure("oversight.due_check", one))
    return rows


def _measure(key: str, one: Correction) -> DueRow:
    return DueRow(key, {"number": one.source_id}, one.due_on, None, f"/incidents/{one.source_id}")
