"""Statisticians (专/兼职统计员, R144, R145): who is appointed, where, from when, and which reports they answer for.

An appointment counts once the manager approved it, or because statistical work was handed over to the person. Those of
departments gather there; those of the company put together what the departments gathered.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from custinfo.access import permissions
from custinfo.actions import approvals, people
from custinfo.domain import report_definitions
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, Conflict, NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = PROCEDURE = "statistician"
POSTS = ("full", "part")
DEPARTMENT, COMPANY = REACHES = ("department", "company")
LONGEST = 500


@dataclass(frozen=True)
class Appointment:
    """An appointment. `reports` are names of definitions, empty for all of them; `state` is that of its case, or
    `handed_over`; `trained_until` the last day of the training that the register of trainings has, None for none.

    `person`, `by` are names. `from_on`, `until_on` and `ended_on` are whole days; the last of them counts still.
    """

    appointment_id: str
    person_id: str
    person: str
    post: str
    reach: str
    department: str
    reports: tuple[str, ...]
    from_on: date
    until_on: date | None
    ended_on: date | None
    reason: str
    by: str
    state: str
    trained_until: date | None

    def counts_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        last = min((one for one in (self.until_on, self.ended_on) if one is not None), default=date.max)
        return self.state in ("approved", "handed_over") and self.from_on <= day <= last

    def covers(self, report: str) -> bool:
        """Whether the person answers for a report."""
        return not self.reports or report in self.reports


def propose(
    store: Store, actor: Person, *, login_name: str, post: str, reach: str, department: str, from_on: date,
    until_on: date | None = None, reports: Collection[str] = (), reason: str,
) -> str:  # fmt: skip
    """Put an appointment before the manager; gives its id.

    Raises NotAllowed, NotFound for an unknown report, BadInput for a person who is not there or may not prepare
    reports, an unknown post or reach, no department or reason, or days in the wrong order; Conflict for one who has
    such an appointment, or waits for it, already.
    """
    permissions.check(actor, "statistics.organise")
    person = people.by_login_name(store, login_name.strip())
    if person is None or not person.roles:
        raise BadInput("registers.no_person", name=login_name[:64])
    place = stated(department, "registers.no_department", max_length=64)
    why = stated(reason, "registers.no_reason", max_length=LONGEST)
    if post not in POSTS or reach not in REACHES or (until_on is not None and until_on < from_on):
        raise BadInput("registers.appointment_wrong")
    for name in reports:
        report_definitions.named(name)
    check_prepares(person)
    appointment_id = f"ST-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "statistician.propose", KIND, appointment_id) as tx:
        row: Row = {"appointment_id": appointment_id, "person_id": person.person_id, "post": post, "reach": reach}
        row |= {"department": place, "reports": json.dumps(sorted(set(reports))), "from_on": str(from_on)}
        row |= {"until_on": str(until_on) if until_on else None, "reason": why, "recorded_at": tx.at}
        row |= {"recorded_by": actor.person_id}
        _check_new(store, person, row)
        tx.insert("statistician", row)
        titles = {one: text("registers.case_title", one, number=appointment_id) for one in LANGUAGES}
        approvals.open(
            store, tx, actor, PROCEDURE, KIND, appointment_id, titles, _content(row), authors=[person.person_id]
        )
    return appointment_id


def check_prepares(person: Person) -> None:
    """Raises BadInput for somebody whose roles may not prepare reports: they could not answer for one."""
    if not permissions.may(person, "report.prepare"):
        raise BadInput("registers.may_not_prepare", name=person.display_name)


def _check_new(store: Store, person: Person, row: Row) -> None:
    for one in of_person(store, person.person_id):
        same = (one.reach, one.department, list(one.reports)) == (
            row["reach"], row["department"], json.loads(row["reports"]),
        )  # fmt: skip
        if same and (one.state in ("open", "returned") or one.counts_on(max(today(store), one.from_on))):
            raise Conflict("registers.appointed_already", appointment=one.appointment_id)


def end(store: Store, actor: Person, appointment_id: str, reason: str) -> None:
    """End an appointment today, without anybody to follow. Raises NotAllowed, NotFound, BadInput without a reason."""
    permissions.check(actor, "statistics.organise")
    why = stated(reason, "registers.no_reason", max_length=LONGEST)
    with store.act(actor.person_id, "statistician.end", KIND, appointment_id[:40]) as tx:
        row = store.row("SELECT * FROM statistician WHERE appointment_id = ? AND ended_on IS NULL", [appointment_id])
        if row is None:
            raise NotFound("registers.no_appointment")
        tx.update("statistician", appointment_id, {"ended_on": str(today(store)), "ended_by": actor.person_id})
        tx.note(reason=len(why))


def listed(store: Store, actor: Person) -> list[Appointment]:
    """Every appointment: the company's first, then by department, person and day. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return _listed(store)


def of_person(store: Store, person_id: str) -> list[Appointment]:
    """The appointments of somebody, for this layer."""
    return [one for one in _listed(store) if one.person_id == person_id]


def answerable(store: Store, report: str, day: date) -> list[Appointment]:
    """Who answers for a report on a day, for this layer: those of the company first, each person once."""
    found: dict[str, Appointment] = {}
    for one in _listed(store):
        if one.counts_on(day) and one.covers(report):
            found.setdefault(one.person_id, one)
    return list(found.values())


def candidates(store: Store, actor: Person, permission: str) -> list[Person]:
    """Who has a permission, by name: to choose from. Raises NotAllowed for who does not organise statistical work."""
    permissions.check(actor, "statistics.organise")
    rows = store.rows("SELECT * FROM person WHERE left_at IS NULL ORDER BY display_name, login_name")
    return [one for one in (people.from_row(store, row) for row in rows) if permissions.may(one, permission)]


def pass_on(store: Store, tx: Tx, actor: Person, leaver: str, successor: str, handover_id: str) -> int:
    """Within a handover: the leaver's appointments in force end today, and the successor has the same from today on;
    gives how many.
    """
    day = today(store)
    passing = [one for one in of_person(store, leaver) if one.counts_on(max(day, one.from_on))]
    for one in passing:
        tx.update("statistician", one.appointment_id, {"ended_on": str(day), "ended_by": actor.person_id})
        row: Row = {"appointment_id": f"ST-{secrets.token_hex(6)}", "person_id": successor, "post": one.post}
        row |= {"reach": one.reach, "department": one.department, "reports": json.dumps(list(one.reports))}
        row |= {"from_on": str(max(day, one.from_on)), "until_on": str(one.until_on) if one.until_on else None}
        row |= {"reason": "", "handover_id": handover_id, "recorded_at": tx.at, "recorded_by": actor.person_id}
        tx.insert("statistician", row)
    return len(passing)


def today(store: Store) -> date:
    """Today, in the site's zone."""
    return utc_now().astimezone(store.site.zone).date()


def trained_until(store: Store, login_name: str) -> date | None:
    """Until when the register of trainings says that somebody is trained; None for nobody on it, or none passed."""
    row = store.row(
        "SELECT max(json_extract(properties, '$.trained_until')) AS day FROM entity_current "
        "WHERE dataset = 'trained_people' AND json_extract(properties, '$.login_name') = ?",
        [clean(login_name, max_length=64)],
    )
    return date.fromisoformat(row["day"]) if row and row["day"] else None


def _listed(store: Store) -> list[Appointment]:
    rows = store.rows(
        "SELECT statistician.*, one.display_name AS person, one.login_name, other.display_name AS named_by "
        "FROM statistician JOIN person AS one USING (person_id) "
        "LEFT JOIN person AS other ON other.person_id = recorded_by "
        "ORDER BY reach, department, person, from_on, appointment_id"
    )
    return [_appointment(store, row) for row in rows]


def _appointment(store: Store, row: Row) -> Appointment:
    case = None if row["handover_id"] else approvals.of(store, KIND, row["appointment_id"])
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("until_on", "ended_on")}
    return Appointment(
        row["appointment_id"], row["person_id"], row["person"], row["post"], row["reach"], row["department"],
        tuple(json.loads(row["reports"])), date.fromisoformat(row["from_on"]), days["until_on"], days["ended_on"],
        row["reason"], row["named_by"] or row["recorded_by"], case.state if case else "handed_over",
        trained_until(store, row["login_name"]),
    )  # fmt: skip


def _content(row: Row) -> bytes:
    """What is approved."""
    names = ("appointment_id", "person_id", "post", "reach", "department", "reports", "from_on", "until_on", "reason")
    return json.dumps({name: row[name] for name in names}, ensure_ascii=False, sort_keys=True).encode()
