"""The registers of privacy and security for the lake: what happened on them, without words, customers or names.

Whatever is written in the store has its entry on the audit log, in order and never changed: the rows are made of those
entries, each with what its register says of kind, class and clock. An entry may be on several registers. Penalties are
on none: that and when somebody was punished is for the readers of their own register alone.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge

from custinfo.actions import clearances, incidents, staff_keys
from custinfo.domain import consent
from custinfo.domain import incidents as incident_rules
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

PLACES = 64
"""So many registers there may be: a row's `seq` is that many times its entry's number, and the register's place."""
Clocks = tuple[datetime | None, datetime | None, datetime | None]
"""From when a clock runs, until when, and until when a second one."""


def _none(_store: Store, _row: Row) -> Clocks:
    return None, None, None


def _begin(store: Store, day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), store.site.zone)


def _end(store: Store, day: date) -> datetime:
    """The last moment of a day: what is done on the day itself is in time."""
    return datetime.combine(day + timedelta(days=1), time(), store.site.zone) - timedelta(microseconds=1)


def _request(store: Store, row: Row) -> Clocks:
    received = date.fromisoformat(row["since"])
    due: date | None = None
    if row["action"] == "request.receive":
        due = received + timedelta(days=consent.clock_on(received).answer_days)
    elif row["action"] == "request.extend":
        due = date.fromisoformat(row["due"])
    return _begin(store, row["since"]), _end(store, due) if due else None, None


def _day(store: Store, row: Row) -> Clocks:
    return None, _end(store, date.fromisoformat(row["due"])) if row["due"] else None, None


def _clearance(_store: Store, row: Row) -> Clocks:
    """A clearance ends with the first of its own end and of the training and vetting that its level needs."""
    names = ("since", "until", "trained_until", "vetted_until")
    since, until, trained, vetted = (parse(row[name]) if row[name] else None for name in names)
    return since, clearances.end(Level(int(row["kind"])), until, trained, vetted), trained


def _review(store: Store, row: Row) -> Clocks:
    """The rights of a department are gone through anew so many months after they were."""
    return None, _end(store, clearances.review_due(parse(row["at"]), store.site.zone)), None


def _incident(store: Store, row: Row) -> Clocks:
    """An incident's clocks as they run from this step on: the authority's or, once it is concluded, the summary's; and
    the people's. From a notice on the record only its own counts.
    """
    noticed = parse(row["since"])
    rule = incident_rules.rule_on(noticed.astimezone(store.site.zone).date())
    concluded = parse(row["concluded_at"]) if row["concluded_at"] else None
    running = {
        one.notice: one.due_at
        for one in incident_rules.clocks(
            rule, rule.named(row["class"]) if row["class"] else None, operator=incidents.operator(store),
            noticed_at=noticed, personal_data=bool(row["personal"]), concluded_at=concluded,
        )
    }  # fmt: skip
    if row["action"] == "incident.send_notice":
        return (concluded if row["kind"] == "summary" else noticed) or noticed, running.get(row["kind"]), None
    if row["event"] == "conclude":
        return noticed, running.get("summary"), None
    if row["event"] in (None, "assess"):
        return noticed, running.get("authority"), running.get("people")
    return noticed, None, None


@dataclass(frozen=True)
class Register:
    """A register: what each action on it is called, which `columns` say what it is about (`entry`, and as far as there
    is one `event`, `kind`, `class`, `amount`, `since`, `due`), and how its clocks run. `noted`: its entries
    are those with this among their details, whatever their action.
    """

    name: str
    events: Mapping[str, str]
    columns: str
    joins: str = ""
    noted: str = ""
    clocks: Callable[[Store, Row], Clocks] = _none
    by_department: bool = False


_STAFF = "LEFT JOIN person AS about ON about.person_id = audit.object_id"
_GRANT = (
    "JOIN clearance ON clearance_id = json_extract(detail, '$.clearance') "
    "JOIN person AS about ON about.person_id = clearance.person_id"
)
REGISTERS: tuple[Register, ...] = (
    Register(
        "request",
        {"request.receive": "received", "request.verify": "verified", "request.extend": "extended",
         "request.answer": "answered", "request.refuse": "refused", "request.take_back": "taken_back"},
        "request_id AS entry, subject_request.kind, received_on AS since, due_on AS due",
        "JOIN subject_request ON request_id = audit.object_id", clocks=_request,
    ),
    Register(
        "disclosure",
        {"disclosure.ask": "registered", "disclosure.deliver": "delivered", "disclosure.receipt": "receipted",
         "disclosure.cancel": "cancelled"},
        "disclosure_id AS entry, legal_basis AS kind, json_extract(detail, '$.tier') AS class, row_count AS amount, "
        "due_on AS due",
        "JOIN disclosure ON disclosure_id = audit.object_id "
        "LEFT JOIN export_event ON export_id = json_extract(detail, '$.export')", clocks=_day,
    ),
    Register(
        "export", {}, "export_id AS entry, 'exported' AS event, what AS kind, tier AS class, row_count AS amount",
        "JOIN export_event ON export_id = json_extract(detail, '$.export')", "export", by_department=True,
    ),
    Register("reveal", {"field.reveal": "revealed"}, "audit.seq AS entry, object_kind AS kind", by_department=True),
    Register(
        "incident", {"incident.report": "report", "incident.assess": "assess", "incident.step": "step"},
        "incident_id AS entry, json_extract(detail, '$.step') AS event, incident.kind, noticed_at AS since, "
        # Nobody had looked into it when it was reported, whatever is known by now
        "iif(action = 'incident.report', NULL, coalesce(json_extract(detail, '$.grade'), grade)) AS class, "
        "iif(action = 'incident.report', 0, coalesce(json_extract(detail, '$.personal_data'), personal_data, 0)) "
        "AS personal, iif(json_extract(detail, '$.step') = 'conclude', audit.at, NULL) AS concluded_at",
        "JOIN incident ON audit.object_id IN (incident_id, number)", clocks=_incident,
    ),
    Register(
        "incident_notice", {"incident.send_notice": "sent"},
        "incident_id AS entry, incident_notice.kind, noticed_at AS since, grade AS class, concluded_at, "
        "coalesce(personal_data, 0) AS personal",
        "JOIN incident_notice ON notice_id = audit.object_id JOIN incident USING (incident_id)", clocks=_incident,
    ),
    Register(
        "correction",
        {"correction.order": "ordered", "correction.carry_out": "carried_out", "correction.decide": "returned"},
        "correction_id AS entry, source_kind AS kind, due_on AS due, "
        "CASE json_extract(detail, '$.accepted') WHEN 1 THEN 'accepted' END AS event",
        "JOIN correction ON correction_id = audit.object_id", clocks=_day,
    ),
    Register(
        "destruction",
        {"retention.erase": "erased", "retention.certify": "certified", "retention.stop": "stopped"},
        "plan_id AS entry, retention_plan.kind, coalesce(json_extract(detail, '$.erased'), 0) AS amount",
        "JOIN retention_plan ON plan_id = audit.object_id",
    ),
    Register(
        "hold", {"hold.set": "set", "incident.freeze": "set", "hold.release": "released"},
        # One that freezes evidence may set several at once
        "audit.seq AS entry, iif(action = 'incident.freeze', (SELECT count(*) FROM retention_hold "
        "WHERE incident = audit.object_id AND set_at = audit.at), 1) AS amount",
    ),
    Register(
        "account",
        {"person.add": "added", "person.leave": "left", "person.place": "placed", "second_factor.confirm": "factor_on",
         "second_factor.remove": "factor_off", "second_factor.reset": "factor_off"},
        "audit.object_id AS entry, about.department AS of_department", _STAFF,
    ),
    Register(
        "clearance", {"clearance.grant": "granted", "person.add": "granted", "access.apply": "granted",
                      "clearance.revoke": "revoked"},
        "clearance.person_id AS entry, CAST(level AS TEXT) AS kind, granted_at AS since, until, trained_until, "
        "vetted_until", _GRANT, clocks=_clearance,
    ),
    Register(
        "access_review", {"rights.review": "reviewed"},
        "audit.object_id AS entry, audit.object_id AS of_department, json_extract(detail, '$.people') AS amount",
        clocks=_review,
    ),
    Register("login", {"session.refuse": "refused"}, "audit.seq AS entry"),
    Register("access", {"access.refuse": "refused"}, "audit.seq AS entry", by_department=True),
    Register(
        "reading", {"audit.analyse": "looked"}, "audit.seq AS entry, json_extract(detail, '$.findings') AS amount"
    ),
    Register(
        "audit_log", {"audit.verify": "verified"}, "audit.seq AS entry, json_extract(detail, '$.faults') AS amount"
    ),
    Register(
        "backup",
        {"backup.make": "made", "backup.fail": "failed", "backup.drill": "drill_failed", "backup.restore": "restored"},
        "audit.seq AS entry, CASE json_extract(detail, '$.good') WHEN 1 THEN 'drilled' END AS event",
    ),
    Register(
        "signature", {}, "audit.seq AS entry, 'voided' AS event, json_extract(detail, '$.voided') AS amount",
        noted="voided",
    ),
)  # fmt: skip


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """What happened after a `seq`, in the order of the audit log."""
    seqs = _seqs(store, after // PLACES)
    places = [_rows(store, place, register, seqs[register.name]) for place, register in enumerate(REGISTERS)]
    yield from merge(*places, key=lambda row: row.seq)


def _seqs(store: Store, after: int) -> Mapping[str, list[int]]:
    """The entries of the audit log that concern each register: the log is read once for all of them."""
    of_actions: dict[str, list[str]] = {}
    for register in REGISTERS:
        for action in register.events:
            of_actions.setdefault(action, []).append(register.name)
    noted = {register.noted: register.name for register in REGISTERS if register.noted}
    told = ", ".join(f"instr(detail, '\"{name}\":') AS {name}" for name in noted)
    found: dict[str, list[int]] = {register.name: [] for register in REGISTERS}
    for row in store.rows(
        f"SELECT * FROM (SELECT seq, action, {told} FROM audit WHERE seq > ?) WHERE {' OR '.join(noted)} "
        f"OR action IN ({', '.join('?' * len(of_actions))})",
        [after, *of_actions],
    ):
        for name in {*of_actions.get(row["action"], ()), *(noted[one] for one in noted if row[one])}:
            found[name].append(row["seq"])
    return found


def _rows(store: Store, place: int, register: Register, seqs: Sequence[int]) -> Iterator[TableRow]:
    found = store.rows(
        f"SELECT audit.seq, audit.at, audit.action, did.department AS by_department, {register.columns} FROM audit "
        f"LEFT JOIN person AS did ON did.person_id = actor {register.joins} "
        "WHERE audit.seq IN (SELECT value FROM json_each(?)) ORDER BY audit.seq",
        [json.dumps(seqs)],
    )
    for row in found:
        known = {"event": None, **row}
        since, due, also = register.clocks(store, known)
        department = known.get("of_department") or (known["by_department"] if register.by_department else None)
        yield TableRow(
            row["seq"] * PLACES + place,
            {
                "register": register.name,
                "entry": staff_keys.entry(store, _namespace(register), str(row["entry"])),
                "event": known["event"] or register.events[row["action"]],
                "kind": known.get("kind"), "class": known.get("class"), "department": department or None,
                "amount": known.get("amount"), "since_at": since, "due_at": due, "also_due_at": also,
                "recorded_at": parse(row["at"]),
            },
        )  # fmt: skip


def _namespace(register: Register) -> str:
    """Of accounts and what they are cleared for, and of incidents and their notices, the entries are the same."""
    return {"clearance": "account", "incident_notice": "incident"}.get(register.name, register.name)
