"""Handing statistical work over (R162): a list of everything, a trained successor, three signatures; then it passes.

Until the third signature nothing passes and the leaver's account cannot be ended. With it the successor has the
leaver's appointments, what others delegated to the leaver, and the leaver's open cases about reports.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import approvals, attestations, delegations, people, reauthentication, statisticians
from custinfo.actions.attestations import Attestation
from custinfo.domain import machines
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store
from custinfo.store.database import Row

KIND = "statistical_handover"
PROCEDURES = ("report_definition", "report_issue", "correction_slip", "statistician")
"""What is approved of statistical work: delegations and open cases of these pass with it."""
OPEN = "handing_over"
GIVES, TAKES, WATCHES = PARTS = ("hands_over", "takes_over", "supervises")
"""Who signs, in any order: whoever leaves, the successor, and whoever supervises."""
ITEM_KINDS = ("vouchers", "manual", "ledgers", "reports", "files", "history", "computers", "plotters", "books", "other")
"""What is handed over: original vouchers, manual, ledgers, reports, files, history; computers, plotters, books."""
NEEDED = ITEM_KINDS[:-1]
"""Each of these has a line, if only to say that there is none."""
LONGEST, MOST_ITEMS = 2000, 300


@dataclass(frozen=True)
class Item:
    """A line of the list: how many of what, where; `count` 0 says that there is none."""

    kind: str
    what: str
    count: int
    place: str


@dataclass(frozen=True)
class Handover:
    """A handover. `people` has the three by part, `names` their names; `signed` who signed by now.

    `sha256` is of the list and the persons: what is signed. `passed` says how much went to the successor, once it did.
    """

    handover_id: str
    number: str
    people: Mapping[str, str]
    names: Mapping[str, str]
    trained: str
    briefing: str
    items: tuple[Item, ...]
    state: str
    opened_at: datetime
    opened_by: str
    sha256: str
    signed: Mapping[str, Attestation]
    passed: Mapping[str, int]


def begin(
    store: Store, actor: Person, *, leaver: str, successor: str, supervisor: str, trained: str, briefing: str,
    items: Sequence[Item],
) -> str:  # fmt: skip
    """Begin a handover among three people, by their login names; gives its id.

    `trained` says how the successor was trained to work alone, `briefing` what was explained. Raises NotAllowed,
    BadInput for somebody who is not there, one person in two places, a supervisor who supervises nobody, a list that
    lacks a kind, or a successor who may not prepare reports or whose training has run out; Conflict while another one
    of the same person is open.
    """
    permissions.check(actor, "statistics.organise")
    three = {part: _person(store, name) for part, name in zip(PARTS, (leaver, successor, supervisor), strict=True)}
    if len({one.person_id for one in three.values()}) < len(PARTS):
        raise BadInput("registers.three_people")
    if not permissions.may(three[WATCHES], "statistics.organise"):
        raise BadInput("registers.may_not_watch", name=three[WATCHES].display_name)
    statisticians.check_prepares(three[TAKES])
    until = statisticians.trained_until(store, three[TAKES].login_name)
    if until is None or until < statisticians.today(store):
        raise BadInput("registers.not_trained", name=three[TAKES].display_name)
    row: Row = {
        "trained": stated(trained, "registers.training_missing", max_length=LONGEST),
        "briefing": stated(briefing, "registers.briefing_missing", max_length=LONGEST),
        "items": json.dumps([asdict(one) for one in _checked(items)], ensure_ascii=False),
    }
    handover_id = f"HO-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "handover.begin", KIND, handover_id) as tx:
        columns = dict(zip(("leaver", "successor", "supervisor"), (three[p].person_id for p in PARTS), strict=True))
        if is_open(store, columns["leaver"]):
            raise Conflict("registers.handover_open")
        year = utc_now().astimezone(store.site.zone).year
        number = f"YJ{year}-{tx.next_number(f'handovers {year}'):03d}"
        state = machines.after(machines.HANDOVER, machines.NOWHERE, "begin_handover")
        row |= {**columns, "handover_id": handover_id, "number": number, "state": state, "passed": "{}"}
        tx.insert(KIND, row | {"opened_at": tx.at, "opened_by": actor.person_id})
    return handover_id


def sign(store: Store, actor: Person, handover_id: str, sha256: str, password: str, code: str = "") -> str:
    """Sign as one of the three, for the list that one saw (`sha256`); gives the state. The third signature passes all.

    Raises NotFound for who is none of the three, WrongState, Conflict for a signature that is there or another list,
    NotAllowed for a wrong password or a successor who may not prepare reports any more.
    """
    part = _part(_row(store, actor, handover_id), actor)
    # Before the lock: it takes a processor for tens of milliseconds
    reauthentication.check(store, actor, password, code)
    with store.act(actor.person_id, "handover.sign", KIND, handover_id) as tx:
        row = _row(store, actor, handover_id)
        machines.after(machines.HANDOVER, row["state"], "sign")
        if sha256 != _digest(row):
            raise Conflict("approvals.changed")
        attestations.attest(store, tx, actor, KIND, handover_id, part, sha256)
        signed = attestations.of(store, KIND, handover_id)
        if set(signed) != set(PARTS):
            return str(row["state"])
        statisticians.check_prepares(people.by_id(store, row["successor"]))
        passed = {
            "appointments": statisticians.pass_on(store, tx, actor, row["leaver"], row["successor"], handover_id),
            "delegations": delegations.pass_on(store, tx, actor, row["leaver"], row["successor"], PROCEDURES),
            "cases": approvals.pass_on(store, tx, actor, row["leaver"], row["successor"], PROCEDURES),
        }
        state = machines.after(machines.HANDOVER, row["state"], "hand_over")
        tx.update(KIND, handover_id, {"state": state, "ended_at": tx.at, "passed": json.dumps(passed)})
        tx.note(**passed)
        return state


def cancel(store: Store, actor: Person, handover_id: str, reason: str) -> None:
    """Give it up before the third signature. Raises NotAllowed, NotFound, WrongState, BadInput without a reason."""
    permissions.check(actor, "statistics.organise")
    why = stated(reason, "registers.no_reason", max_length=LONGEST)
    with store.act(actor.person_id, "handover.cancel", KIND, handover_id[:40]) as tx:
        row = _row(store, actor, handover_id)
        state = machines.after(machines.HANDOVER, row["state"], "cancel")
        tx.update(KIND, handover_id, {"state": state, "ended_at": tx.at})
        tx.note(reason=len(why))


def check_may_leave(store: Store, person_id: str) -> None:
    """Raises WrongState for somebody whose handover is open, or whose statistical work nobody took over: they stay at
    their post (R162).
    """
    if is_open(store, person_id):
        raise WrongState("registers.leaving_open")
    day = statisticians.today(store)
    if any(one.counts_on(max(day, one.from_on)) for one in statisticians.of_person(store, person_id)):
        raise WrongState("registers.leaving_appointed")


def is_open(store: Store, person_id: str) -> bool:
    """Whether a handover of somebody's work is open."""
    return store.row(f"SELECT 1 FROM {KIND} WHERE leaver = ? AND state = ?", [person_id, OPEN]) is not None


def read(store: Store, actor: Person, handover_id: str) -> Handover:
    """One handover, for the three and for who reads reports. Raises NotFound."""
    return _handover(store, _row(store, actor, handover_id))


def listed(store: Store, actor: Person) -> list[Handover]:
    """Those that the actor may see, the newest first."""
    rows = store.rows(f"SELECT * FROM {KIND} ORDER BY opened_at DESC, handover_id")
    return [_handover(store, row) for row in rows if _sees(actor, row)]


def waiting(store: Store, actor: Person) -> list[Handover]:
    """Those that wait for the actor's signature."""
    return [
        one for one in listed(store, actor)
        if one.state == OPEN and any(one.people[part] == actor.person_id and part not in one.signed for part in PARTS)
    ]  # fmt: skip


def _checked(items: Sequence[Item]) -> list[Item]:
    if len(items) > MOST_ITEMS:
        raise BadInput("registers.items_many", limit=MOST_ITEMS)
    found = []
    for one in items:
        if one.kind not in ITEM_KINDS or not 0 <= one.count <= 10**6:
            raise BadInput("registers.item_wrong", what=one.what[:40])
        what, place = (clean(words.strip(), max_length=200) for words in (one.what, one.place))
        if one.count and not (what and place):
            raise BadInput("registers.item_wrong", what=what[:40])
        found.append(Item(one.kind, what, one.count, place))
    missing = [kind for kind in NEEDED if kind not in {one.kind for one in found}]
    if missing:
        raise Missing(missing)
    return found


class Missing(BadInput):
    """A list that says nothing about some kinds; names them in the reader's language."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        super().__init__("registers.items_missing")

    def text(self, language: str = "zh-CN") -> str:
        """Which kinds have no line."""
        comma = "、" if language == "zh-CN" else ", "
        names = comma.join(text(f"registers.item.{one}", language) for one in self.kinds)
        return text(self.key, language, kinds=names)


def _person(store: Store, login_name: str) -> Person:
    found = people.by_login_name(store, login_name.strip())
    if found is None or not found.roles:
        raise BadInput("registers.no_person", name=login_name[:64])
    return found


def _row(store: Store, actor: Person, handover_id: str) -> Row:
    row = store.row(f"SELECT * FROM {KIND} WHERE handover_id = ?", [handover_id])
    if row is None or not _sees(actor, row):
        raise NotFound("registers.no_handover")
    return row


def _sees(actor: Person, row: Row) -> bool:
    return permissions.may(actor, "report.read") or actor.person_id in (
        row["leaver"], row["successor"], row["supervisor"],
    )  # fmt: skip


def _part(row: Row, actor: Person) -> str:
    for part, column in zip(PARTS, ("leaver", "successor", "supervisor"), strict=True):
        if row[column] == actor.person_id:
            return part
    raise NotAllowed("registers.not_of_three")


def _digest(row: Row) -> str:
    names = ("handover_id", "leaver", "successor", "supervisor", "trained", "briefing", "items")
    told = json.dumps({name: row[name] for name in names}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _handover(store: Store, row: Row) -> Handover:
    three = dict(zip(PARTS, (row["leaver"], row["successor"], row["supervisor"]), strict=True))
    return Handover(
        row["handover_id"], row["number"], three,
        {part: people.by_id(store, person_id).display_name for part, person_id in three.items()},
        row["trained"], row["briefing"], tuple(Item(**one) for one in json.loads(row["items"])), row["state"],
        parse(row["opened_at"]), row["opened_by"], _digest(row), attestations.of(store, KIND, row["handover_id"]),
        json.loads(row["passed"]),
    )  # fmt: skip
