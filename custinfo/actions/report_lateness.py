"""The register of reports that were late (R161): every lateness registers itself, repeated lateness too.

A row says what was due when and who answers; it is never changed. What is made of it, the statement of those concerned
and what was decided, is a record of the form `statistical_discipline`, which an approval decides on. A lateness that
such a record called mistaken counts no more.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import people, report_schedule, statisticians
from custinfo.actions.report_schedule import Entry
from custinfo.domain.clock import parse
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store
from custinfo.store.database import Row

LATE, REPEATED = "late", "repeatedly_late"
OBJECT = "report_lateness"
FORM, DATASET = "statistical_discipline", "discipline_cases"
MISTAKEN = "mistaken"
"""The decision that a lateness was registered by mistake, such as by a clock that was wrong."""


@dataclass(frozen=True)
class Lateness:
    """A row of the register. `department` answers, or `person` by name where it is not blank. `evidence` are the facts
    that were known when it was noted. `record_id` is the record about it and `decision` what that one says, both blank
    while there is none; a decision counts once it is approved.
    """

    number: str
    kind: str
    name: str
    period: str
    due_on: date
    department: str
    person: str
    issue_id: str
    evidence: Mapping[str, Any]
    noted_at: datetime
    record_id: str
    decision: str


def daily(store: Store, today: date) -> dict[str, int]:
    """Register what was not released by its day and is not on the register yet; harmless when repeated."""
    known = {(row["name"], row["period"]) for row in store.rows("SELECT * FROM report_lateness WHERE kind = ?", [LATE])}
    late = [
        one for one in report_schedule.entries(store, today) if one.late and (one.name, str(one.period)) not in known
    ]
    return {LATE: sum(_note_late(store, one) for one in late), REPEATED: _note_repeated(store)}


def listed(store: Store, actor: Person) -> list[Lateness]:
    """The register, the newest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return [_lateness(row) for row in reversed(_rows(store))]


def _note_late(store: Store, one: Entry) -> int:
    department, person_id = _answers(store, one)
    evidence = {
        "working_days": one.scheduled.calendar.working_days, "exact": one.exact,
        "released_on": str(one.released_on) if one.released_on else None, "attempts": len(one.attempts),
    }  # fmt: skip
    row: Row = {"kind": LATE, "name": one.name, "period": str(one.period), "due_on": str(one.due_on)}
    row |= {"department": department, "person_id": person_id, "issue_id": one.issue_id or None}
    return _note(store, row, evidence)


def _answers(store: Store, one: Entry) -> tuple[str, str | None]:
    """The department, and the person where one answers by name: the statistician who was appointed for the report on
    that day, else as the definition's calendar says. A name that nobody has leaves it to who prepares it.
    """
    if appointed := statisticians.answerable(store, one.name, one.due_on):
        return appointed[0].department, appointed[0].person_id
    calendar = one.scheduled.calendar
    if calendar.department:
        return calendar.department, None
    person = people.by_login_name(store, calendar.person)
    if person is None:
        row = store.row("SELECT * FROM person WHERE person_id = ?", [one.scheduled.proposed_by])
        person = people.from_row(store, row or {})
    return person.department, person.person_id


def _note_repeated(store: Store) -> int:
    """For each who answers, what came to be repeated by the newest of those that no repetition counted yet."""
    from custinfo.classification import late_reports  # reads a rule file: only where something may be late

    rows = _rows(store)
    counted = {number for row in rows if row["kind"] == REPEATED for number in json.loads(row["evidence"])["of"]}
    open_ones: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        if row["kind"] == LATE and row["number"] not in counted and row["decision"] != MISTAKEN:
            open_ones[row["department"], row["person_id"]].append(row)
    made = 0
    for late in open_ones.values():
        rest = list[Row]()
        for row in late:
            rest.append(row)
            rule = late_reports.rule(date.fromisoformat(row["due_on"]))
            places = late_reports.repeated([date.fromisoformat(one["due_on"]) for one in rest], rule)
            if places:
                numbers = [rest[place]["number"] for place in places]
                same = ("name", "period", "due_on", "department", "person_id", "issue_id")
                new = {"kind": REPEATED, **{name: row[name] for name in same}}
                made += _note(store, new, {"of": numbers, "months": rule.months, "rule_version": rule.version})
                rest = []
    return made


def _note(store: Store, row: Row, evidence: Mapping[str, Any]) -> int:
    """One row; none when another run was faster."""
    kept = [row[name] for name in ("kind", "name", "period")]
    with store.act(SERVICE.person_id, "report.late", OBJECT, f"{row['name']} {row['period']}", kind=row["kind"]) as tx:
        if store.row("SELECT 1 FROM report_lateness WHERE kind = ? AND name = ? AND period = ?", kept):
            return 0
        year = parse(tx.at).astimezone(store.site.zone).year
        number = f"LR-{year}-{tx.next_number(f'late reports {year}'):03d}"
        told = json.dumps(dict(evidence), sort_keys=True)
        tx.insert("report_lateness", {"number": number, **row, "evidence": told, "noted_at": tx.at})
        tx.note(number=number)
    return 1


def _rows(store: Store) -> Sequence[Row]:
    """The register with what was made of each row, by due day, in the order in which they were noted."""
    return store.rows(
        "SELECT report_lateness.*, person.display_name, said.record_id, CASE WHEN EXISTS (SELECT 1 FROM approval_case "
        "WHERE object_kind = 'record' AND object_id = said.record_id AND approval_case.state = 'approved') "
        "THEN json_extract(said.properties, '$.decision') END AS decision "
        "FROM report_lateness LEFT JOIN person USING (person_id) LEFT JOIN entity_current AS said "
        "ON said.dataset = ? AND json_extract(said.properties, '$.register') = report_lateness.number "
        "ORDER BY due_on, noted_at, report_lateness.number",
        [DATASET],
    )


def _lateness(row: Row) -> Lateness:
    return Lateness(
        row["number"], row["kind"], row["name"], row["period"], date.fromisoformat(row["due_on"]), row["department"],
        row["display_name"] or "", row["issue_id"] or "", json.loads(row["evidence"]), parse(row["noted_at"]),
        row["record_id"] or "", row["decision"] or "",
    )  # fmt: skip
