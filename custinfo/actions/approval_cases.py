"""Cases of approval as they stand in the store: reading them, and who may see and decide. `approvals` writes."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from custinfo.access import deciding, policies
from custinfo.access.deciding import Standing
from custinfo.actions import assignments, delegations, people
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import Person, Role
from custinfo.domain.procedures import Procedure, Step, parsed
from custinfo.store import Store
from custinfo.store.database import Row

OPEN, RETURNED, APPROVED, REJECTED, WITHDRAWN = "open", "returned", "approved", "rejected", "withdrawn"
PASS, APPROVE = "pass", "approve"
AGREED = (PASS, APPROVE)
DECISIONS = (*AGREED, "send_back", "reject")
LINKS = {
    "access_request": "/people",
    "disclosure": "/privacy/{}",
    "record": "/record/{}",
    "retention_plan": "/retention/{}",
    "destruction_certificate": "/retention/{}",
    "report_definition": "/reports",
    "report_issue": "/reports/{}",
    "report_correction": "/reports/{}",
    "statistician": "/statistics",
    "plan": "/plans/{}",
    "indicator_system": "/indicators/{}",
}
"""Where each kind of object is looked at. A kind without a page of its own has none: its case shows what it is about,
such as what an export covers. A notice stands on the page of its incident (`_link`)."""


@dataclass(frozen=True)
class Event:
    """What happened to a case: `name` and `for_name` are names of people, `round` grows when the content changes."""

    round: int
    step: int
    action: str
    role: str
    sha256: str
    note: str
    signed: bool
    at: datetime
    person_id: str
    name: str
    instead_of: str | None
    for_name: str


@dataclass(frozen=True)
class Case:
    """A case with its whole history. `sha256` is of the content that is decided on; `step` counts from 0; `link` is the
    page where the object is looked at, or that of the case itself.
    """

    case_id: str
    procedure: Procedure
    object_kind: str
    object_id: str
    titles: dict[str, str]
    sha256: str
    nonce: str
    round: int
    step: int
    state: str
    department: str
    opened_at: datetime
    opened_by: str
    opened_by_name: str
    due_on: date
    authors: frozenset[str]
    events: tuple[Event, ...]
    link: str

    @property
    def now(self) -> Step:
        """The step that the case has come to; the last one when it is over."""
        return self.procedure.steps[min(self.step, len(self.procedure.steps) - 1)]

    def decisions(self) -> tuple[Event, ...]:
        """Those of this round: what was decided about earlier contents counts no more."""
        return tuple(one for one in self.events if one.round == self.round and one.action in DECISIONS)

    def standing(self) -> Standing:
        """What the rule of who may decide reads."""
        said = self.decisions()
        people_of = {one.person_id for one in said} | {one.instead_of for one in said if one.instead_of}
        done = frozenset(Role(one.role) for one in said if one.step == self.step)
        return Standing(self.now, self.procedure.level, self.department, self.authors, frozenset(people_of), done)

    def whole(self) -> bool:
        """Whether each step was agreed to, on this very content, and by as many people as it takes: worked out from the
        history, which cannot be changed, and not from the state.
        """
        agreed = [one for one in self.decisions() if one.action in AGREED and one.sha256 == self.sha256]
        if len({one.person_id for one in agreed}) < len(agreed) or any(one.person_id in self.authors for one in agreed):
            return False
        done = (frozenset(Role(o.role) for o in agreed if o.step == n) for n in range(len(self.procedure.steps)))
        return not any(step.still(roles) for step, roles in zip(self.procedure.steps, done, strict=True))


def find(store: Store, case_id: str) -> Case:
    """One case, for this layer. Raises NotFound."""
    found = _cases(store, store.rows(f"{_SELECT} WHERE case_id = ?", [case_id]))
    if not found:
        raise NotFound("approvals.unknown")
    return found[0]


def newest(store: Store, object_kind: str, object_id: str) -> Case | None:
    """The newest case about an object, or None."""
    where = "WHERE object_kind = ? AND object_id = ? ORDER BY approval_case.rowid DESC LIMIT 1"
    found = _cases(store, store.rows(f"{_SELECT} {where}", [object_kind, object_id]))
    return found[0] if found else None


def open_ones(store: Store, where: str = "", given: Iterable[str] = ()) -> list[Case]:
    """The open cases, those opened first in front."""
    sql = f"{_SELECT} WHERE state = 'open' {where} ORDER BY step_since, case_id"
    return _cases(store, store.rows(sql, [*given]))


def read(store: Store, actor: Person, case_id: str) -> Case:
    """One case for a reader. Whoever has nothing to do with it gets NotFound, as for what never was."""
    case = find(store, case_id)
    if not may_see(store, actor, case):
        raise NotFound("approvals.unknown")
    return case


def may_see(store: Store, actor: Person, case: Case) -> bool:
    """Whoever opened it, changed its object, decided, has a copy or could decide at a step; the auditor too."""
    if not sees_object(store, actor, case.object_kind, case.object_id):
        return False
    known = {case.opened_by, *case.authors, *(one.person_id for one in case.events)}
    if actor.person_id in known or Role.AUDITOR in actor.roles:
        return True
    standing = case.standing()
    for one in (actor, *(who for who, _ in delegations.to(store, actor, case.procedure.name))):
        for step in case.procedure.steps:
            if deciding.role_of(replace(standing, step=step, done=frozenset()), one):
                return True
            if step.escalate_to & one.roles:
                return True
    sent = store.row("SELECT 1 FROM copy WHERE case_id = ? AND recipient = ?", [case.case_id, actor.person_id])
    return sent is not None


def sees_object(store: Store, actor: Person, object_kind: str, object_id: str) -> bool:
    """A record that the person may not read is not there for them, and neither is its case; nor is the case of a credit
    decision on a customer whom they may not know of. The auditor sees all of these cases, which say numbers and no
    answers.
    """
    if object_kind not in ("record", "credit_decision") or Role.AUDITOR in actor.roles:
        return True
    if object_kind == "credit_decision":
        decision = store.row("SELECT customer_id FROM credit_decision WHERE decision_id = ?", [object_id])
        return decision is not None and assignments.in_scope(store, actor, decision["customer_id"])
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [object_id])
    try:
        policies.check_consultable(actor, record)
    except NotFound:
        return False
    return True


@dataclass(frozen=True)
class Entitled:
    """How somebody may decide: in which role, and instead of whom."""

    role: Role
    instead_of: Person | None = None


def entitled(store: Store, actor: Person, case: Case) -> Entitled:
    """How the actor, as they are in the store at this moment, may decide at the step that the case has come to.

    Raises NotAllowed with the reason, NotFound for a case that is not theirs to see.
    """
    person = current(store, actor)
    if person is None:
        raise NotAllowed("approvals.refused.not_theirs")
    standing = case.standing()
    if sees_object(store, person, case.object_kind, case.object_id):
        reasons = [deciding.refusal(standing, person)]
        if reasons[0] is None:
            return Entitled(deciding.role_of(standing, person) or standing.step.roles[0])
        for delegator, _ in delegations.to(store, person, case.procedure.name):
            reasons.append(deciding.refusal(standing, person, delegator))
            if reasons[-1] is None:
                return Entitled(deciding.role_of(standing, delegator) or standing.step.roles[0], delegator)
        if may_see(store, person, case):
            raise NotAllowed(f"approvals.refused.{_plainest(reasons)}")
    raise NotFound("approvals.unknown")


def may_decide(store: Store, actor: Person, case: Case) -> Entitled | None:
    """The twin of `entitled` for screens and lists; None for a case that is not open."""
    if case.state != OPEN:
        return None
    try:
        return entitled(store, actor, case)
    except (NotAllowed, NotFound):
        return None


def _plainest(reasons: list[str | None]) -> str:
    """Of the reasons against, the one that says most: that it is not their step says least."""
    said = [one for one in reasons if one and one != deciding.NOT_THEIRS]
    return said[0] if said else deciding.NOT_THEIRS


def current(store: Store, actor: Person) -> Person | None:
    """The person as the store knows them now, and never with more than they act with; None for no account."""
    row = store.row("SELECT * FROM person WHERE person_id = ?", [actor.person_id])
    if row is None:
        return None
    now = people.from_row(store, row)
    return replace(now, roles=now.roles & actor.roles, clearance=max(now.clearance, actor.clearance))


def deciders(store: Store, case: Case) -> list[Person]:
    """Everybody who may decide at the step that the case has come to, by name."""
    standing = case.standing()
    everybody = (people.from_row(store, row) for row in store.rows("SELECT * FROM person ORDER BY display_name"))
    return [one for one in everybody if _may(store, case, standing, one)]


def _may(store: Store, case: Case, standing: Standing, person: Person) -> bool:
    """By themselves or for somebody; whoever may not see what the case is about may not decide on it."""
    instead = (None, *(who for who, _ in delegations.to(store, person, case.procedure.name)))
    may = any(deciding.refusal(standing, person, who) is None for who in instead)
    return may and sees_object(store, person, case.object_kind, case.object_id)


_SELECT = "SELECT approval_case.*, display_name FROM approval_case LEFT JOIN person ON person.person_id = opened_by"


@lru_cache(maxsize=256)
def definition(name: str, stored: str) -> Procedure:
    """The procedure as it was when the case was opened."""
    return parsed(name, json.loads(stored))


def _cases(store: Store, rows: list[Row]) -> list[Case]:
    """Cases with what belongs to them: two queries, however many cases there are."""
    ids = json.dumps([row["case_id"] for row in rows])
    among = "case_id IN (SELECT value FROM json_each(?))"
    authors = store.rows(f"SELECT * FROM approval_author WHERE {among}", [ids])
    events = store.rows(
        "SELECT approval_event.*, doing.display_name AS name, asking.display_name AS for_name FROM approval_event "
        "LEFT JOIN person AS doing ON doing.person_id = by_person "
        f"LEFT JOIN person AS asking ON asking.person_id = instead_of WHERE {among} ORDER BY seq",
        [ids],
    )
    made, said = defaultdict[str, set[str]](set), defaultdict[str, list[Event]](list)
    for one in authors:
        made[one["case_id"]].add(one["person_id"])
    for one in events:
        said[one["case_id"]].append(_event(one))
    return [_case(store, row, frozenset(made[row["case_id"]]), tuple(said[row["case_id"]])) for row in rows]


def _case(store: Store, row: Row, authors: frozenset[str], events: tuple[Event, ...]) -> Case:
    procedure = definition(row["procedure"], row["definition"])
    step = procedure.steps[min(row["step"], len(procedure.steps) - 1)]
    since = parse(row["step_since"]).astimezone(store.site.zone).date()
    return Case(
        row["case_id"], procedure, row["object_kind"], row["object_id"], json.loads(row["titles"]), row["sha256"],
        row["nonce"], row["round"], row["step"], row["state"], row["department"], parse(row["opened_at"]),
        row["opened_by"], row["display_name"] or "", since + timedelta(days=step.days), authors, events,
        _link(store, row["object_kind"], row["object_id"]) or f"/case/{row['case_id']}",
    )  # fmt: skip


def _link(store: Store, object_kind: str, object_id: str) -> str:
    if object_kind == "incident_notice":
        of_notice = "SELECT number FROM incident_notice JOIN incident USING (incident_id) WHERE notice_id = ?"
        found = store.row(of_notice, [object_id])
        return f"/incidents/{found['number']}" if found else ""
    if object_kind == "credit_decision":
        found = store.row("SELECT customer_id FROM credit_decision WHERE decision_id = ?", [object_id])
        return f"/credit/{found['customer_id']}" if found else ""
    return LINKS.get(object_kind, "").format(object_id)


def _event(row: Row) -> Event:
    return Event(
        row["round"], row["step"], row["action"], row["role"], row["sha256"], row["note"], bool(row["signed"]),
        parse(row["at"]), row["by_person"], row["name"] or "", row["instead_of"], row["for_name"] or "",
    )  # fmt: skip
