"""Corrections of issued reports: registered with old figure, new figure, reason and who; a slip is approved, and then
the report comes out once more, its changed figures marked. The original stays as it was (R156, R157).
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import approvals, report_issues, report_uses
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.domain import corrections, machines
from custinfo.domain.clock import parse, stamp
from custinfo.domain.corrections import SLIP, Change
from custinfo.domain.errors import Conflict, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store
from custinfo.store.database import Row

KIND, PROCEDURE = "report_correction", "correction_slip"
LONGEST = 2000


@dataclass(frozen=True)
class Correction:
    """A correction. `as_of` and `lake_version` say which data give the new figures; `told` who was told, and how.

    `state` is that of a slip's case; blank for the lesser grades, which are registered and done. `revision` is the
    issue that came of it.
    """

    correction_id: str
    issue_id: str
    grade: str
    cause: str
    changes: tuple[Change, ...]
    reason: str
    told: str
    as_of: datetime
    lake_version: int
    recorded_at: datetime
    by: str
    state: str
    revision: str | None


def register(
    store: Store, actor: Person, issue_id: str, *, grade: str, cause: str, changes: Sequence[Change], reason: str,
    told: str = "", as_of: datetime, lake_version: int,
) -> str:  # fmt: skip
    """Register a correction of an issue that is out; gives its id. A slip is put before those who approve it.

    Raises NotAllowed, NotFound, BadInput, WrongState for an issue that is not out or too late for the grade, Conflict
    while another slip of the issue is under way or when it was revised already: then that one is corrected.
    """
    permissions.check(actor, "report.prepare")
    why = stated(reason, "corrections.reason_missing", max_length=LONGEST)
    said = clean(told, max_length=LONGEST).strip()
    if grade != SLIP:
        said = stated(told, "corrections.told_missing", max_length=LONGEST)
    correction_id = f"RS-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "report.correct", KIND, correction_id) as tx:
        issue = report_issues.read(store, actor, issue_id)
        if issue.state not in RELEASED or issue.released_inside_at is None:
            raise WrongState("corrections.not_out")
        zone = store.site.zone
        released, today = (one.astimezone(zone).date() for one in (issue.released_inside_at, parse(tx.at)))
        corrections.check(grade, cause, changes, released, today)
        _check_newest(store, issue_id)
        row: Row = {"correction_id": correction_id, "issue_id": issue_id, "grade": grade, "cause": cause}
        row |= {"changes": corrections.to_json(changes), "reason": why, "told": said, "as_of": stamp(as_of)}
        row |= {"lake_version": lake_version, "recorded_at": tx.at, "recorded_by": actor.person_id}
        tx.insert(KIND, row)
        if grade == SLIP:
            titles = {one: text("corrections.title", one, title=issue.title(one)) for one in LANGUAGES}
            approvals.open(store, tx, actor, PROCEDURE, KIND, correction_id, titles, _content(row))
        reached = report_uses.tell(store, tx, issue_id, correction_id, {one.address for one in changes})
        tx.note(issue=issue_id, grade=grade, cells=len(changes), told=reached)
    return correction_id


def begin_revision(store: Store, actor: Person, correction_id: str, definition_version: int) -> str:
    """Begin the issue that carries an approved slip out, with the commentary of the one that it corrects; gives its id.

    Raises NotAllowed, NotFound, WrongState when just this slip was not approved, Conflict when it was begun already.
    """
    permissions.check(actor, "report.prepare")
    issue_id = f"RI-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "report.draft", report_issues.KIND, issue_id) as tx:
        row = _row(store, correction_id)
        approvals.check_approved(store, KIND, correction_id, _content(row))
        if row["revision"] is not None:
            raise Conflict("corrections.begun", issue=row["revision"])
        _check_newest(store, row["issue_id"], besides=correction_id)
        before = report_issues.read(store, actor, row["issue_id"])
        made: Row = {"issue_id": issue_id, "name": before.definition.name, "period": before.period}
        made |= {"revision": before.revision + 1, "as_of": row["as_of"], "lake_version": row["lake_version"]}
        made |= {"definition_version": definition_version, "correction_id": correction_id, "drafted_at": tx.at}
        made |= {"state": machines.after(machines.REPORT, machines.NOWHERE, "draft"), "drafted_by": actor.person_id}
        tx.insert("report_issue", made)
        report_issues.copy_comments(store, tx, before.issue_id, issue_id)
        tx.note(correction=correction_id, corrects=before.issue_id)
    return issue_id


def to_carry_out(store: Store) -> list[Correction]:
    """Slips that are approved and not begun, the oldest first."""
    rows = store.rows(f"{_SELECT} WHERE grade = 'slip' AND made.issue_id IS NULL ORDER BY correction.recorded_at")
    return [one for one in (_correction(store, row) for row in rows) if one.state == "approved"]


def of_issue(store: Store, actor: Person, issue_id: str) -> list[Correction]:
    """The corrections of an issue, the newest first. Raises NotAllowed, NotFound."""
    report_issues.read(store, actor, issue_id)
    rows = store.rows(
        f"{_SELECT} WHERE correction.issue_id = ? ORDER BY correction.recorded_at DESC, correction.correction_id",
        [issue_id],
    )
    return [_correction(store, row) for row in rows]


def read(store: Store, actor: Person, correction_id: str) -> Correction:
    """One correction, for whoever may see its issue. Raises NotAllowed, NotFound."""
    found = _correction(store, _row(store, correction_id))
    report_issues.read(store, actor, found.issue_id)
    return found


def behind(store: Store, issue: Issue) -> Correction | None:
    """The correction that an issue carries out; None for one that is no revision."""
    return _correction(store, _row(store, issue.correction_id)) if issue.correction_id else None


_SELECT = (
    "SELECT correction.*, display_name, made.issue_id AS revision FROM report_correction AS correction "
    "JOIN person ON person_id = recorded_by LEFT JOIN report_issue AS made "
    "ON made.correction_id = correction.correction_id AND made.state <> 'withdrawn'"
)


def _row(store: Store, correction_id: str) -> Row:
    row = store.row(f"{_SELECT} WHERE correction.correction_id = ?", [correction_id])
    if row is None:
        raise NotFound("corrections.unknown")
    return row


def _check_newest(store: Store, issue_id: str, besides: str = "") -> None:
    """Raises Conflict when a slip of the issue is under way, or a revision of it is begun or out."""
    for row in store.rows(f"{_SELECT} WHERE correction.issue_id = ? AND grade = 'slip'", [issue_id]):
        found = _correction(store, row)
        if found.correction_id == besides:
            continue
        if found.revision is not None:
            raise Conflict("corrections.begun", issue=found.revision)
        if found.state in ("open", "returned", "approved"):
            raise Conflict("corrections.under_way", correction=found.correction_id)


def _content(row: Row) -> bytes:
    """What is decided on: old figure, new figure, reason, who."""
    names = ("correction_id", "issue_id", "grade", "cause", "changes", "reason", "as_of", "lake_version", "recorded_by")
    return json.dumps({name: row[name] for name in names}, ensure_ascii=False, sort_keys=True).encode()


def _correction(store: Store, row: Row) -> Correction:
    case = approvals.of(store, KIND, row["correction_id"]) if row["grade"] == SLIP else None
    return Correction(
        row["correction_id"], row["issue_id"], row["grade"], row["cause"], corrections.from_json(row["changes"]),
        row["reason"], row["told"], parse(row["as_of"]), row["lake_version"], parse(row["recorded_at"]),
        row["display_name"], case.state if case else "", row["revision"],
    )  # fmt: skip
