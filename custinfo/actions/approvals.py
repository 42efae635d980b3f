"""Approvals: the one way in which something is agreed to by others before it is done.

Whoever wants something opens a case on its content; people decide on it step by step (`domain.procedures`), each naming
the digest of the content that they saw; whoever does it in the end asks `check_approved` with what it is about to act
on. Nobody decides on what they made or changed, nobody twice, and a change voids what was agreed to before.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

from custinfo.actions import approval_cases, approval_notices, copies, signatures
from custinfo.actions.approval_cases import APPROVED, OPEN, PASS, RETURNED, Case, Entitled
from custinfo.actions.approval_waiting import Waiting, department_waiting, waiting
from custinfo.domain import machines, procedures
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.procedures import PROCEDURES
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

__all__ = [
    "DECISIONS", "Case", "Decision", "Waiting", "changed", "check_approved", "decide", "department_waiting", "of",
    "open", "pass_on", "resubmit", "waiting", "withdraw",
]  # fmt: skip

Decision: TypeAlias = Literal["approve", "return", "reject"]
DECISIONS: Collection[str] = ("approve", "return", "reject")
NEED_A_NOTE = ("return", "reject")
LONGEST_NOTE = 2000
LONGEST_TITLE = 200


def open(  # the word of the trade; callers write approvals.open
    store: Store, tx: Tx, actor: Person, procedure: str, object_kind: str, object_id: str, title: Mapping[str, str],
    content: bytes, *, authors: Collection[str] = (), nonce: str = "", department: str = "",
) -> str:  # fmt: skip
    """Open a case about an object, within the noun's own transaction; gives its id.

    `title` is by language and names numbers, never people: all who decide read it. `content` is what is decided on;
    only its SHA-256 is kept. `authors` made it besides the actor, or gain by it, and may not decide either. Steps of
    the department are decided in `department`, the actor's own unless one is named. An approved case about the same
    object is superseded. Raises Conflict while one is open or returned.
    """
    if procedure not in PROCEDURES:
        raise BadInput("approvals.no_procedure", name=procedure[:40])
    earlier = approval_cases.newest(store, object_kind, object_id)
    if earlier is not None and earlier.state in (OPEN, RETURNED):
        raise Conflict("approvals.already_open")
    case_id = f"A-{secrets.token_hex(8)}"
    titles = {language: clean(title[language], max_length=LONGEST_TITLE) for language in LANGUAGES}
    row: Row = {
        "case_id": case_id, "procedure": procedure, "definition": _definition(procedure), "object_kind": object_kind,
        "object_id": object_id, "titles": json.dumps(titles, ensure_ascii=False), "sha256": digest(content),
        "nonce": nonce, "round": 1, "step": 0, "state": machines.after(machines.CASE, machines.NOWHERE, "open"),
        "department": department or actor.department, "opened_at": tx.at, "opened_by": actor.person_id,
        "step_since": tx.at,
    }  # fmt: skip
    tx.insert("approval_case", row)
    for one in {actor.person_id, *authors}:
        tx.insert("approval_author", {"case_id": case_id, "person_id": one})
    _happened(tx, approval_cases.find(store, case_id), "open", actor)
    tx.note(case=case_id, procedure=procedure)
    return case_id


def decide(
    store: Store, actor: Person, case_id: str, decision: Decision, sha256: str, *, note: str = "", password: str = "",
    code: str = "",
) -> str:  # fmt: skip
    """Agree to a case, return it to be mended, or reject it; gives its new state. The same again changes nothing.

    `sha256` is of the content that the person saw: Conflict when it is another by now. A step that signs takes the
    password (and the code of the second factor) and leaves a signature. Raises NotFound, NotAllowed with the reason
    why this person may not, WrongState, BadInput for a return or a rejection without a note.
    """
    if decision not in DECISIONS:
        raise BadInput("approvals.unknown_decision", decision=str(decision)[:40], known=", ".join(DECISIONS))
    note = clean(note, max_length=LONGEST_NOTE).strip()
    if decision in NEED_A_NOTE and not note:
        raise BadInput("approvals.note_needed")
    before = _undecided(store, actor, case_id, decision, sha256)
    if before is not None and before.now.signs:
        # Before the lock: the check takes a processor for tens of milliseconds, and has an action of its own
        from custinfo.actions import reauthentication

        reauthentication.check(store, actor, password, code)
    with store.act(actor.person_id, "approval.decide", "approval_case", case_id[:40], decision=decision) as tx:
        case = _undecided(store, actor, case_id, decision, sha256)
        if case is None:
            tx.note(repeated=1)
            return approval_cases.find(store, case_id).state
        if before is None or before.now != case.now or before.round != case.round:
            raise Conflict("approvals.changed")  # what was asked of the person is not what would be decided now
        return _take(store, tx, actor, case, approval_cases.entitled(store, actor, case), decision, note)


def _undecided(store: Store, actor: Person, case_id: str, decision: Decision, sha256: str) -> Case | None:
    """The case, provided that the actor may decide on it now; None when they did just this already, on this content."""
    case = approval_cases.read(store, actor, case_id)
    action = {"return": "send_back", "reject": "reject"}.get(decision)
    for one in case.decisions():
        same = one.action in approval_cases.AGREED if action is None else one.action == action
        if one.person_id == actor.person_id and same and one.sha256 == sha256 == case.sha256:
            return None
    machines.after(machines.CASE, case.state, action or "approve")
    approval_cases.entitled(store, actor, case)
    if sha256 != case.sha256:
        raise Conflict("approvals.changed")
    return case


def _take(store: Store, tx: Tx, actor: Person, case: Case, how: Entitled, decision: Decision, note: str) -> str:
    """Write a decision that was found possible, and what follows from it."""
    done = case.standing().done | {how.role}
    step_over = not case.now.still(done)
    action = {"return": "send_back", "reject": "reject"}.get(decision)
    if action is None:
        action = "approve" if step_over and case.step + 1 == len(case.procedure.steps) else PASS
    state = machines.after(machines.CASE, case.state, action)
    instead_of = how.instead_of.person_id if how.instead_of else None
    _happened(tx, case, action, actor, note=note, role=how.role, signed=case.now.signs, instead_of=instead_of)
    if case.now.signs:
        signatures.sign(
            store, tx, actor, meaning=action, instead_of=instead_of, case_id=case.case_id, round=case.round,
            step=case.step, object_kind=case.object_kind, object_id=case.object_id, sha256=case.sha256,
        )  # fmt: skip
    changes: dict[str, str | int] = {"state": state}
    if action == PASS and step_over:
        changes |= {"step": case.step + 1, "step_since": tx.at}
    if state not in (OPEN, RETURNED):
        changes["ended_at"] = tx.at
    tx.update("approval_case", case.case_id, changes)
    tx.note(procedure=case.procedure.name, step=case.now.name, round=case.round, instead_of=instead_of)
    if state == APPROVED:
        copies.send_by_rule(store, tx, approval_cases.find(store, case.case_id))
    if state != OPEN:
        approval_notices.tell(tx, case, state, {case.opened_by, *case.authors} - {actor.person_id})
    return state


def withdraw(store: Store, actor: Person, case_id: str, reason: str) -> None:
    """Take back an undecided case that one opened. Raises NotFound, WrongState, BadInput without a reason."""
    reason = stated(reason, "approvals.note_needed", max_length=LONGEST_NOTE)
    with store.act(actor.person_id, "approval.withdraw", "approval_case", case_id[:40]) as tx:
        case = _of_opener(store, actor, case_id)
        state = machines.after(machines.CASE, case.state, "withdraw")
        _happened(tx, case, "withdraw", actor, note=reason)
        tx.update("approval_case", case.case_id, {"state": state, "ended_at": tx.at})
        approval_notices.tell(tx, case, state, _agreed(case))


def resubmit(store: Store, actor: Person, case_id: str, note: str) -> None:
    """Put a returned case forward again as it is, with an answer to what was asked. From the first step.

    Raises NotFound, WrongState, BadInput without an answer.
    """
    note = stated(note, "approvals.note_needed", max_length=LONGEST_NOTE)
    with store.act(actor.person_id, "approval.resubmit", "approval_case", case_id[:40]) as tx:
        case = _of_opener(store, actor, case_id)
        _anew(tx, case, "resubmit", actor, case.sha256, note)


def changed(store: Store, tx: Tx, actor: Person, object_kind: str, object_id: str, content: bytes) -> None:
    """Say, within the transaction that changes an object, that what was agreed to is void: from the first step on.

    Whoever changed it may not decide on it either; whoever had agreed is told. Content that is the same, and an object
    without a case or with one that is over, change nothing.
    """
    case = approval_cases.newest(store, object_kind, object_id)
    if case is None or case.state not in (OPEN, RETURNED, APPROVED) or case.sha256 == digest(content):
        return
    if actor.person_id not in case.authors:
        tx.insert("approval_author", {"case_id": case.case_id, "person_id": actor.person_id})
    _anew(tx, case, "change", actor, digest(content))
    approval_notices.tell(tx, case, "voided", _agreed(case) - {actor.person_id})
    tx.note(case=case.case_id, voided=len(_agreed(case)))


def pass_on(store: Store, tx: Tx, actor: Person, leaver: str, successor: str, among: Collection[str]) -> int:
    """Within a handover of work: open and returned cases of these procedures that the leaver opened are the successor's
    to answer, mend or withdraw from now on; neither of them may decide on them. Gives how many.
    """
    rows = store.rows(
        "SELECT case_id, procedure FROM approval_case WHERE opened_by = ? AND state IN (?, ?) ORDER BY case_id",
        [leaver, OPEN, RETURNED],
    )
    passing = [approval_cases.find(store, row["case_id"]) for row in rows if row["procedure"] in among]
    for case in passing:
        tx.update("approval_case", case.case_id, {"opened_by": successor})
        if successor not in case.authors:
            tx.insert("approval_author", {"case_id": case.case_id, "person_id": successor})
        _happened(tx, case, "hand_over", actor)
    return len(passing)


def check_approved(store: Store, object_kind: str, object_id: str, content: bytes) -> None:
    """Raises WrongState unless just this content was agreed to at every step, by people who may: what an action that
    carries it out asks, within its own transaction.
    """
    case = approval_cases.newest(store, object_kind, object_id)
    if case is None or case.state != APPROVED or case.sha256 != digest(content) or not case.whole():
        raise WrongState("approvals.not_approved")
    if not signatures.holds(store, case):
        raise WrongState("approvals.not_approved")


def of(store: Store, object_kind: str, object_id: str) -> Case | None:
    """The newest case about an object, for actions; a screen shows it to whom `approval_cases.may_see` lets."""
    return approval_cases.newest(store, object_kind, object_id)


def digest(content: bytes) -> str:
    """The SHA-256 under which a content is decided on."""
    return hashlib.sha256(content).hexdigest()


def _definition(procedure: str) -> str:
    """A case keeps the steps that it was opened with, whatever becomes of the procedure."""
    return json.dumps(procedures.TABLES[procedure], ensure_ascii=False, sort_keys=True)


def _of_opener(store: Store, actor: Person, case_id: str) -> Case:
    case = approval_cases.read(store, actor, case_id)
    if case.opened_by != actor.person_id:
        raise NotFound("approvals.unknown")
    return case


def _anew(tx: Tx, case: Case, action: str, actor: Person, sha256: str, note: str = "") -> None:
    """Back to the first step, in a new round: decisions of earlier rounds count no more."""
    state = machines.after(machines.CASE, case.state, action)
    changes: dict[str, str | int | None] = {"state": state, "round": case.round + 1, "step": 0, "step_since": tx.at}
    tx.update("approval_case", case.case_id, changes | {"sha256": sha256, "ended_at": None})
    row: Row = {"case_id": case.case_id, "round": case.round + 1, "step": 0, "action": action, "role": ""}
    row |= {"sha256": sha256, "note": note, "signed": 0, "at": tx.at, "by_person": actor.person_id}
    tx.insert("approval_event", row)


def _happened(
    tx: Tx, case: Case, action: str, actor: Person, *, note: str = "", role: str = "", signed: bool = False,
    instead_of: str | None = None,
) -> None:  # fmt: skip
    row: Row = {
        "case_id": case.case_id, "round": case.round, "step": case.step, "action": action, "role": role,
        "sha256": case.sha256, "note": note, "signed": int(signed), "at": tx.at, "by_person": actor.person_id,
        "instead_of": instead_of,
    }  # fmt: skip
    tx.insert("approval_event", row)


def _agreed(case: Case) -> set[str]:
    return {one.person_id for one in case.decisions() if one.action in approval_cases.AGREED}
