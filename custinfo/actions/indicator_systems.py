"""The indicator system of a site (R164): proposed, discussed by the departments, approved, in versions that stay.

A version is the whole of `data/rules/indicators.toml` as it stood. The head of each department agrees or objects with a
reason until a day; once all have answered, or that day is over, it is put before the manager, who signs it with what
the departments said. The newest version that was approved is in force; no issue of a report shows another definition.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from custinfo.access import permissions
from custinfo.actions import approval_cases, approvals
from custinfo.actions.delegations import today
from custinfo.domain import indicator_definitions
from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person, Role
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = PROCEDURE = "indicator_system"
LONGEST = 2000
LONGEST_TIME = timedelta(days=90)
AGREE, OBJECT, PUT_FORWARD, WITHDRAW = "agree", "object", "put_forward", "withdraw"
STANCES = (AGREE, OBJECT)
DISCUSSED, ADOPTED, WITHDRAWN, APPROVED = "discussed", "adopted", "withdrawn", "approved"
UNDECIDED = (DISCUSSED, "open", "returned")
IN_FORCE = (APPROVED, ADOPTED)


@dataclass(frozen=True)
class Opinion:
    """What the head of a department said of a version: `stance` is one of STANCES."""

    department: str
    stance: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class System:
    """A version. `departments` were asked until `answer_by`; `opinions` have what each said last. `state` is DISCUSSED,
    WITHDRAWN, ADOPTED (taken over as shipped, by nobody) or that of its case; `answer` is what was said to objections.
    """

    version: int
    content: bytes = field(repr=False)
    sha256: str
    reason: str
    answer_by: date
    recorded_at: datetime
    by: str
    departments: tuple[str, ...]
    opinions: tuple[Opinion, ...]
    answer: str
    state: str

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The departments that said nothing."""
        said = {one.department for one in self.opinions}
        return tuple(one for one in self.departments if one not in said)


def propose(store: Store, actor: Person, reason: str, answer_by: date) -> int:
    """Put the indicators as they stand before the departments; gives the version.

    Raises NotAllowed, BadInput without a reason, for a file that is not in order or a day that is not within the next
    90; Conflict while a version is undecided, or when it is approved as it stands.
    """
    permissions.check(actor, "indicator.propose")
    why, day = stated(reason, "indicator_systems.reason_missing", max_length=LONGEST), today(store)
    if not day <= answer_by <= day + LONGEST_TIME:
        raise BadInput("indicator_systems.answer_by", given=answer_by, first=day, last=day + LONGEST_TIME)
    from custinfo.statistics import indicators  # comes with Ibis, which pages that read need not wait for

    given = indicator_definitions.raw()
    indicators.checked(given)
    content = indicator_definitions.content(given)
    with store.act(actor.person_id, "indicator.propose", KIND, KIND) as tx:
        known = _systems(store)
        newest = known[0] if known else None
        if newest is not None and newest.state in UNDECIDED:
            raise Conflict("indicator_systems.waits", version=newest.version)
        now = _in_force(known)
        if now is not None and now.state == APPROVED and now.content == content:
            raise Conflict("indicator_systems.same", version=now.version)
        version = newest.version + 1 if newest else 1
        row: Row = {"version": version, "content": content.decode(), "sha256": hashlib.sha256(content).hexdigest()}
        row |= {"reason": why, "answer_by": answer_by.isoformat(), "adopted": 0}
        tx.insert("indicator_system", row | {"recorded_at": tx.at, "recorded_by": actor.person_id})
        asked: list[Row] = [{"version": version, "department": one} for one in _departments(store)]
        tx.insert_all("indicator_department", asked)
        tx.note(version=version, departments=len(asked))
    return version


def answer(store: Store, actor: Person, version: int, stance: str, note: str = "") -> None:
    """Say for one's department that it agrees, or objects and why; the same department may say it anew until the
    version is put forward. Raises NotAllowed for who does not lead a department that was asked, NotFound, WrongState,
    BadInput for an objection without a reason.
    """
    permissions.check(actor, "indicator.answer")
    if stance not in STANCES:
        raise BadInput("indicator_systems.stance", given=stance[:40], known=", ".join(STANCES))
    note = clean(note, max_length=LONGEST).strip()
    if stance == OBJECT and not note:
        raise BadInput("indicator_systems.objection_reason")
    with store.act(actor.person_id, "indicator.answer", KIND, str(version)) as tx:
        one = _discussed(store, version)
        if actor.department not in one.departments:
            raise NotAllowed("indicator_systems.not_asked", version=version)
        _happened(tx, one, stance, actor, note, actor.department)


def put_forward(store: Store, actor: Person, version: int, said: str = "") -> None:
    """Put a version before the manager once every department answered or the day is over; `said` is how objections were
    dealt with. Raises NotAllowed, NotFound, WrongState before that, BadInput when objections are not dealt with.
    """
    permissions.check(actor, "indicator.propose")
    with store.act(actor.person_id, "indicator.put_forward", KIND, str(version)) as tx:
        one = _discussed(store, version)
        if one.unanswered and today(store) <= one.answer_by:
            raise WrongState(
                "indicator_systems.unanswered", departments=", ".join(one.unanswered), day=one.answer_by
            )  # fmt: skip
        note = clean(said, max_length=LONGEST).strip()
        if not note and any(each.stance == OBJECT for each in one.opinions):
            raise BadInput("indicator_systems.objections")
        _happened(tx, one, PUT_FORWARD, actor, note)
        count = len(indicator_definitions.indicators(one.content))
        titles = {each: text("indicator_systems.case", each, version=version, n=count) for each in LANGUAGES}
        approvals.open(store, tx, actor, PROCEDURE, KIND, str(version), titles, _signed(store, version))


def withdraw(store: Store, actor: Person, version: int, reason: str) -> None:
    """Take back a version that is discussed. Raises NotAllowed, NotFound, WrongState, BadInput without a reason."""
    permissions.check(actor, "indicator.propose")
    why = stated(reason, "indicator_systems.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "indicator.withdraw", KIND, str(version)) as tx:
        _happened(tx, _discussed(store, version), WITHDRAW, actor, why)


def listed(store: Store, actor: Person) -> list[System]:
    """Every version, the newest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return _systems(store)


def read(store: Store, actor: Person, version: int) -> tuple[System, tuple[indicator_definitions.Change, ...]]:
    """A version, and what it changes of the one that was in force before. Raises NotAllowed, NotFound."""
    known = listed(store, actor)
    one = next((each for each in known if each.version == version), None)
    if one is None:
        raise NotFound("indicator_systems.unknown", version=version)
    before = _in_force([each for each in known if each.version < version])
    return one, indicator_definitions.changes(before.content if before else b"", one.content)


def in_force(store: Store, actor: Person) -> System | None:
    """The version in force; None while there is none. Raises NotAllowed."""
    return _in_force(listed(store, actor))


def waiting(store: Store, actor: Person) -> list[System]:
    """Versions that are discussed and on which the actor's department has not answered."""
    if not permissions.may(actor, "indicator.answer"):
        return []
    return [one for one in _systems(store) if one.state == DISCUSSED and actor.department in one.unanswered]


def ready(store: Store, actor: Person) -> list[System]:
    """Versions that the actor may put forward now: every department answered, or the day is over."""
    if not permissions.may(actor, "indicator.propose"):
        return []
    day = today(store)
    return [one for one in _systems(store) if one.state == DISCUSSED and (not one.unanswered or one.answer_by < day)]


def stands(store: Store) -> bool:
    """Whether the indicators are those of the version in force, every one of them."""
    now = _in_force(_systems(store))
    return now is not None and now.content == indicator_definitions.content() and _is_signed(store, now)


def check_in_force(store: Store, used: Collection[str]) -> System | None:
    """The version in force, provided that the indicators in `used` stand as it has them; None for none.

    Raises WrongState, naming the indicators, when there is no version in force, or they were changed since.
    """
    if not used:
        return None
    here = indicator_definitions.indicators(indicator_definitions.content())
    now = _in_force(_systems(store))
    known = indicator_definitions.indicators(now.content) if now is not None and _is_signed(store, now) else {}
    other = [one for one in here if one in used and known.get(one) != here[one]]
    if not other:
        return now
    comma = {"zh-CN": "、", "en": ", "}
    names = {"zh-CN": "zh", "en": "en"}
    titles = {each: comma[each].join(here[one][names[each]] for one in other) for each in LANGUAGES}
    if now is None or not known:
        raise WrongState("indicator_systems.missing", indicators=titles)
    raise WrongState("indicator_systems.changed", indicators=titles, version=now.version)


def approvers(store: Store, one: System) -> tuple[tuple[str, datetime], ...]:
    """Who approved a version, and when."""
    case = approvals.of(store, KIND, str(one.version))
    decisions = case.decisions() if case and one.state == APPROVED else ()
    return tuple((each.name, each.at) for each in decisions if each.action in approval_cases.AGREED)


def _is_signed(store: Store, one: System) -> bool:
    if one.state == ADOPTED:
        return True
    try:
        approvals.check_approved(store, KIND, str(one.version), _signed(store, one.version))
    except WrongState:
        return False
    return True


def _in_force(known: Collection[System]) -> System | None:
    return next((one for one in known if one.state in IN_FORCE), None)


def _discussed(store: Store, version: int) -> System:
    one = next((each for each in _systems(store) if each.version == version), None)
    if one is None:
        raise NotFound("indicator_systems.unknown", version=version)
    if one.state != DISCUSSED:
        raise WrongState("indicator_systems.not_discussed", version=version)
    return one


def _happened(tx: Tx, one: System, action: str, actor: Person, note: str, department: str = "") -> None:
    row: Row = {"version": one.version, "action": action, "department": department, "note": note}
    tx.insert("indicator_event", row | {"at": tx.at, "by_person": actor.person_id})
    tx.note(version=one.version, step=action)


def _departments(store: Store) -> list[str]:
    """The departments that somebody leads."""
    rows = store.rows(
        "SELECT DISTINCT department FROM person JOIN person_role USING (person_id) WHERE role = ? AND left_at IS NULL "
        "AND (until IS NULL OR until > ?) AND department != '' ORDER BY department",
        [str(Role.DEPARTMENT_HEAD), stamp(utc_now())],
    )
    return [row["department"] for row in rows]


def _systems(store: Store) -> list[System]:
    rows = store.rows(
        "SELECT indicator_system.*, display_name FROM indicator_system LEFT JOIN person ON person_id = recorded_by "
        "ORDER BY version DESC"
    )
    return [_system(store, row) for row in rows]


def _system(store: Store, row: Row) -> System:
    events = _events(store, row["version"])
    asked = store.rows("SELECT department FROM indicator_department WHERE version = ?", [row["version"]])
    said = {
        one["department"]: Opinion(
            one["department"], one["action"], one["note"], one["display_name"] or "", parse(one["at"])
        )
        for one in events
        if one["action"] in STANCES
    }
    forward = [one for one in events if one["action"] == PUT_FORWARD]
    return System(
        row["version"], row["content"].encode(), row["sha256"], row["reason"], date.fromisoformat(row["answer_by"]),
        parse(row["recorded_at"]), row["display_name"] or "", tuple(sorted(one["department"] for one in asked)),
        tuple(said[one] for one in sorted(said)), forward[-1]["note"] if forward else "", _state(store, row, events),
    )  # fmt: skip


def _state(store: Store, row: Row, events: list[Row]) -> str:
    if row["adopted"]:
        return ADOPTED
    actions = {one["action"] for one in events}
    case = approvals.of(store, KIND, str(row["version"])) if PUT_FORWARD in actions else None
    return case.state if case is not None else WITHDRAWN if WITHDRAW in actions else DISCUSSED


def _events(store: Store, version: int) -> list[Row]:
    return store.rows(
        "SELECT indicator_event.*, display_name FROM indicator_event LEFT JOIN person ON person_id = by_person "
        "WHERE version = ? ORDER BY seq",
        [version],
    )


def _signed(store: Store, version: int) -> bytes:
    """What is decided on: the version, why, every definition, and what the departments said of it."""
    row = store.row("SELECT version, content, reason, answer_by FROM indicator_system WHERE version = ?", [version])
    told = [[one["action"], one["department"], one["note"], one["at"]] for one in _events(store, version)]
    return json.dumps([dict(row or {}), told], ensure_ascii=False, sort_keys=True).encode()
