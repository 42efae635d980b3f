"""Security incidents (R223): reported by anybody, assessed, contained, handled to their end, reviewed by another.

Everything that happens to one is a line of its own history, which nobody changes. Clocks run from the moment when it
was noticed, and are read anew each time: no clock of the machine that jumps back reopens or loses a deadline.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from custinfo.access import permissions, policies
from custinfo.domain import incidents as rules
from custinfo.domain import machines
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, NotFound, SiteFault
from custinfo.domain.incidents import Clock, Rule
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

LONGEST = 4000
LARGEST_NUMBER = 2_000_000_000
ANONYMOUS = "anonymous"
"""Who stands on the audit log when somebody reports without a name."""


@dataclass(frozen=True)
class Event:
    """A line of an incident's history; `by` is a name, blank for an anonymous report."""

    at: datetime
    by: str
    action: str
    note: str


@dataclass(frozen=True)
class Incident:
    """One incident. `due` are its clocks that still run, the next first; `overdue` counts those that ran out."""

    incident_id: str
    number: str
    state: str
    kind: str
    what: str
    systems: str
    noticed_at: datetime
    reported_at: datetime
    reported_by: str
    grade: str | None
    persons: int
    loss_fen: int
    personal_data: bool
    concluded_at: datetime | None
    cause: str
    review: str
    rule: Rule
    due: tuple[Clock, ...]

    def overdue(self, now: datetime) -> int:
        """How many clocks have run out."""
        return sum(clock.due_at < now for clock in self.due)


def report(
    store: Store, actor: Person, *, kind: str, what: str, systems: str = "", noticed_at: str, anonymous: bool = False
) -> str:
    """Report an incident; gives its number. `noticed_at` has a zone, or is the site's time.

    An anonymous report keeps no name, neither here nor on the audit log.
    """
    permissions.check(actor, "incident.report")
    if kind not in rules.KINDS:
        raise BadInput("incidents.unknown_kind", kind=kind[:40])
    moment = _moment(store, noticed_at)
    words = stated(what, "incidents.what_missing", max_length=LONGEST)
    incident_id = f"N-{secrets.token_hex(8)}"
    by = None if anonymous else actor.person_id
    with store.act(by or ANONYMOUS, "incident.report", "incident", incident_id, kind=kind) as tx:
        year = utc_now().astimezone(store.site.zone).year
        number = f"{year}-{tx.next_number(f'incidents {year}'):03d}"
        row: Row = {
            "incident_id": incident_id,
            "number": number,
            "state": machines.after(machines.INCIDENT, machines.NOWHERE, "report"),
            "kind": kind,
            "what": words,
            "systems": clean(systems.strip(), max_length=LONGEST),
            "noticed_at": stamp(moment),
            "reported_at": tx.at,
            "reported_by": by,
        }
        tx.insert("incident", row)
        _event(tx, incident_id, by, "report", "")
    return number


def assess(
    store: Store, actor: Person, number: str, *, persons: int, loss_fen: int, personal_data: bool, note: str
) -> str:
    """Grade it by the rules in force when it was noticed; gives the grade. Again when more is known."""
    permissions.check(actor, "oversight.handle")
    if not (0 <= persons <= LARGEST_NUMBER and loss_fen >= 0):
        raise BadInput("incidents.below_zero")
    words = stated(note, "incidents.note_missing", max_length=LONGEST)
    with store.act(actor.person_id, "incident.assess", "incident", number) as tx:
        row = _row(store, number)
        rule = _rule(store, row)
        grade = rule.grade(persons, loss_fen)
        tx.note(grade=grade.name, personal_data=int(personal_data))
        facts: dict[str, str | int | None] = {
            "grade": grade.name,
            "persons": persons,
            "loss_fen": loss_fen,
            "rule_version": rule.version,
        }
        facts["personal_data"] = int(personal_data)
        _move(tx, row, actor, "assess", words, **facts)
    return grade.name


def step(store: Store, actor: Person, number: str, action: str, note: str, cause: str = "") -> str:
    """Contain, conclude (with its cause), close after review, dismiss or reopen; gives the new state.

    Whoever concluded the handling does not close it, and whoever reported it does not dismiss it.
    """
    permissions.check(actor, "oversight.handle")
    words = stated(note, "incidents.note_missing", max_length=LONGEST)
    with store.act(actor.person_id, "incident.step", "incident", number, step=action[:40]) as tx:
        row = _row(store, number)
        changes: dict[str, str | int | None] = {}
        if action == "conclude":
            changes = {"cause": stated(cause, "incidents.cause_missing", max_length=LONGEST), "concluded_at": tx.at}
        elif action == "close_incident":
            policies.check_not_own(actor, _who_did(store, row["incident_id"], "conclude"))
            changes = {"review": words}
        elif action == "dismiss":
            policies.check_not_own(actor, [row["reported_by"] or ""])
        elif action == "reopen_incident":
            changes = {"concluded_at": None}
        elif action != "contain":
            raise BadInput("incidents.unknown_step", step=action[:40])
        return _move(tx, row, actor, action, words, **changes)


def note(store: Store, actor: Person, number: str, text: str) -> None:
    """Add a line to the history."""
    permissions.check(actor, "oversight.handle")
    words = stated(text, "incidents.note_missing", max_length=LONGEST)
    with store.act(actor.person_id, "incident.note", "incident", number) as tx:
        record_event(store, tx, actor, number, "note", words)


def find(store: Store, actor: Person, number: str) -> Incident:
    """One incident, for who handles incidents and who reported it by name. Raises NotFound."""
    row = _row(store, number)
    if not _may_read(actor, row):
        raise NotFound("incidents.unknown")
    return _incident(store, row)


def listed(store: Store, actor: Person) -> list[Incident]:
    """Every incident that the person may read, those with running clocks first, then the newest."""
    rows = store.rows(f"{_SELECT} ORDER BY reported_at DESC")
    found = [_incident(store, row) for row in rows if _may_read(actor, row)]
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: min((clock.due_at for clock in one.due), default=far))


def events(store: Store, actor: Person, number: str) -> list[Event]:
    """Its history, the newest first."""
    incident = find(store, actor, number)
    rows = store.rows(
        "SELECT incident_event.*, display_name FROM incident_event LEFT JOIN person ON person_id = by "
        "WHERE incident_id = ? ORDER BY seq DESC",
        [incident.incident_id],
    )
    return [Event(parse(row["at"]), row["display_name"] or "", row["action"], row["note"]) for row in rows]


def record_event(store: Store, tx: Tx, actor: Person, number: str, action: str, text: str) -> str:
    """A line of the history that another action makes, in its own transaction; gives the incident's id."""
    row = _row(store, number)
    if not machines.INCIDENT[row["state"]]:
        raise machines.Impossible(machines.INCIDENT, row["state"], "add_to_incident")
    _event(tx, row["incident_id"], actor.person_id, action, text)
    return str(row["incident_id"])


_SELECT = (
    "SELECT incident.*, display_name, (SELECT group_concat(DISTINCT kind) FROM incident_notice "
    "JOIN incident_notice_sent USING (notice_id) WHERE incident_notice.incident_id = incident.incident_id) AS sent "
    "FROM incident LEFT JOIN person ON person_id = reported_by"
)


def _row(store: Store, number: str) -> Row:
    row = store.row(f"{_SELECT} WHERE number = ?", [number])
    if row is None:
        raise NotFound("incidents.unknown")
    return row


def _may_read(actor: Person, row: Mapping[str, object]) -> bool:
    return permissions.may(actor, "oversight.read") or row["reported_by"] == actor.person_id


def _rule(store: Store, row: Row) -> Rule:
    return rules.rule_on(parse(row["noticed_at"]).astimezone(store.site.zone).date())


def operator(store: Store) -> str:
    """What kind of operator this company is: `operator` under `[incidents]` of site.toml, `ordinary` when left out."""
    found = str(store.site.section("incidents").get("operator", "ordinary"))
    if found not in rules.OPERATORS:
        raise SiteFault("incidents.operator", found=found, known=", ".join(rules.OPERATORS))
    return found


def _incident(store: Store, row: Row) -> Incident:
    rule = _rule(store, row)
    concluded = parse(row["concluded_at"]) if row["concluded_at"] else None
    running: tuple[Clock, ...] = ()
    if row["state"] != "dismissed":
        sent = (row["sent"] or "").split(",")
        every = rules.clocks(
            rule,
            rule.named(row["grade"]) if row["grade"] else None,
            operator=operator(store),
            noticed_at=parse(row["noticed_at"]),
            personal_data=bool(row["personal_data"]),
            concluded_at=concluded,
        )
        running = tuple(clock for clock in every if clock.notice not in sent)
    return Incident(
        row["incident_id"],
        row["number"],
        row["state"],
        row["kind"],
        row["what"],
        row["systems"],
        parse(row["noticed_at"]),
        parse(row["reported_at"]),
        row["display_name"] or "",
        row["grade"],
        row["persons"] or 0,
        row["loss_fen"] or 0,
        bool(row["personal_data"]),
        concluded,
        row["cause"],
        row["review"],
        rule,
        tuple(sorted(running, key=lambda clock: clock.due_at)),
    )


def _who_did(store: Store, incident_id: str, action: str) -> list[str]:
    rows = store.rows("SELECT by FROM incident_event WHERE incident_id = ? AND action = ?", [incident_id, action])
    return [row["by"] for row in rows]


def _move(tx: Tx, row: Row, actor: Person, action: str, words: str, **changes: str | int | None) -> str:
    state = machines.after(machines.INCIDENT, row["state"], action)
    tx.update("incident", row["incident_id"], {"state": state, **changes})
    _event(tx, row["incident_id"], actor.person_id, action, words)
    return state


def _event(tx: Tx, incident_id: str, by: str | None, action: str, words: str) -> None:
    tx.insert("incident_event", {"incident_id": incident_id, "at": tx.at, "by": by, "action": action, "note": words})


def _moment(store: Store, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("incidents.moment", text=text[:40]) from None
    moment = moment.replace(tzinfo=store.site.zone) if moment.tzinfo is None else moment
    if moment > utc_now():
        raise BadInput("incidents.future")
    return moment


def content_of(parts: Mapping[str, str]) -> str:
    """The parts of a notice as they are stored and hashed."""
    return json.dumps(dict(parts), ensure_ascii=False, sort_keys=True)
