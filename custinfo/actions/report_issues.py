"""Issues of regular reports: drafted, commented, put forward, reviewed and signed, released inside, released outside.

What is signed is the manifest of the bundle: the hash of every file, the version of the lake, the moment, rules,
notebook and program. Nothing is released whose manifest is not the one that was signed (R149).
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from custinfo.access import permissions
from custinfo.actions import approvals, report_bundles, report_notices, report_published
from custinfo.domain import commentary, machines, periods, report_definitions
from custinfo.domain.clock import parse, stamp
from custinfo.domain.commentary import Comment
from custinfo.domain.errors import Conflict, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person, Role
from custinfo.domain.periods import Period
from custinfo.domain.report_definitions import Definition
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = PROCEDURE = report_notices.KIND
RELEASED = ("released_inside", "released_outside")
REACH = timedelta(days=800)
"""Outside editions of periods further apart are not held against each other: the 24 months that analyses show, and
some.
"""
SEES_ALL = frozenset({Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.MANAGER, Role.AUDITOR})
"""Who reviews, signs or watches sees issues before they are released, besides those who prepare them."""


@dataclass(frozen=True)
class Written:
    """A comment on an issue, with its id."""

    comment_id: str
    comment: Comment
    written_at: datetime


@dataclass(frozen=True)
class Issue:
    """An issue. `manifest` is None before it is put forward; `correction_id`: the slip that a revision carries out."""

    issue_id: str
    definition: Definition
    period: str
    revision: int
    definition_version: int
    as_of: datetime
    lake_version: int
    state: str
    manifest: bytes | None
    drafted_at: datetime
    drafted_by: str
    released_inside_at: datetime | None
    released_outside_at: datetime | None
    correction_id: str | None

    @property
    def content(self) -> Mapping[str, Any]:
        """The manifest read; empty before there is one."""
        found: Mapping[str, Any] = json.loads(self.manifest) if self.manifest else {}
        return found

    @property
    def against(self) -> Mapping[str, str] | None:
        """The issues its outside edition was held against, with the hashes of their manifests; None without one."""
        outside = self.content.get(report_bundles.OUTSIDE, {})
        found: Mapping[str, str] | None = outside["against"] if outside.get("beside") else None
        return found

    @property
    def sha256(self) -> str:
        """The hash of its manifest, which is what is signed; of nothing before there is one."""
        return hashlib.sha256(self.manifest or b"").hexdigest()

    def title(self, language: str) -> str:
        """Its report and period; a revision is marked r and its number."""
        mark = f" r{self.revision}" if self.revision else ""
        return f"{self.definition.titles[language]} {self.period}{mark}"


def draft(
    store: Store, actor: Person, name: str, period: str, as_of: datetime, lake_version: int, definition_version: int,
    *, on_behalf_of: Person | None = None,
) -> str:  # fmt: skip
    """Begin the issue of a report for a period, of what the lake knew at a moment; gives its id.

    The schedule begins it `on_behalf_of` who answers for the report: that person counts as its author.

    Raises NotAllowed, NotFound, Conflict when the period has its issue already: a figure that was issued is corrected,
    not issued anew.
    """
    permissions.check(actor, "report.prepare")
    report_definitions.named(name)
    author = (on_behalf_of or actor).person_id
    issue_id = f"RI-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "report.draft", KIND, issue_id) as tx:
        where = "name = ? AND period = ? AND state <> 'withdrawn'"
        if (there := store.row(f"SELECT issue_id FROM report_issue WHERE {where}", [name, period])) is not None:
            raise Conflict("report_issues.there", name=name, period=period, issue=there["issue_id"])
        row: Row = {"issue_id": issue_id, "name": name, "period": period, "revision": 0, "as_of": stamp(as_of)}
        row |= {"definition_version": definition_version, "lake_version": lake_version, "drafted_at": tx.at}
        row |= {"state": machines.after(machines.REPORT, machines.NOWHERE, "draft"), "drafted_by": author}
        tx.insert("report_issue", row)
        tx.note(report=name, period=period, lake_version=lake_version)
    return issue_id


def comment(store: Store, actor: Person, issue_id: str, kind: str, texts: Mapping[str, str]) -> str:
    """Add a paragraph; gives its id. What was put forward before holds without it until it is put forward again.

    Raises NotAllowed, NotFound, BadInput, WrongState for an issue that is out.
    """
    permissions.check(actor, "report.prepare")
    said = commentary.checked(kind, texts, actor.display_name)
    comment_id = f"RC-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "report.comment", KIND, issue_id[:40]) as tx:
        _check_open(_row(store, issue_id))
        row: Row = {"comment_id": comment_id, "issue_id": issue_id, "kind": kind, "written_at": tx.at}
        row |= {"texts": json.dumps(said.texts, ensure_ascii=False), "written_by": actor.person_id}
        tx.insert("report_comment", row)
        tx.note(comment=comment_id, kind=kind)
    return comment_id


def take_back(store: Store, actor: Person, comment_id: str) -> None:
    """Take a paragraph out; it stays on record. Raises NotAllowed, NotFound, WrongState for an issue that is out."""
    permissions.check(actor, "report.prepare")
    with store.act(actor.person_id, "report.comment", KIND, comment_id[:40]) as tx:
        found = store.row("SELECT * FROM report_comment WHERE comment_id = ?", [comment_id])
        if found is None or found["taken_back_at"]:
            raise NotFound("report_issues.no_comment")
        _check_open(_row(store, found["issue_id"]))
        tx.update("report_comment", comment_id, {"taken_back_at": tx.at, "taken_back_by": actor.person_id})


def comments(store: Store, actor: Person, issue_id: str) -> list[Written]:
    """The commentary as it stands, in the order of a report. Raises NotAllowed, NotFound."""
    read(store, actor, issue_id)
    return _comments(store, issue_id)


def copy_comments(store: Store, tx: Tx, of: str, to: str) -> None:
    """Give an issue the commentary of another, within the transaction that begins it. Whoever wrote it wrote it."""
    for row in store.rows("SELECT * FROM report_comment WHERE issue_id = ? AND taken_back_at IS NULL", [of]):
        tx.insert("report_comment", row | {"comment_id": f"RC-{secrets.token_hex(6)}", "issue_id": to})


def put_forward(store: Store, actor: Person, issue_id: str, manifest: bytes) -> None:
    """Put a built bundle before those who review and sign; what was agreed about an earlier one is void then.

    Raises NotAllowed, NotFound, WrongState when commentary that the report needs is missing or the issue is out;
    Conflict when commentary changed while the bundle was built, or another outside edition came.
    """
    permissions.check(actor, "report.prepare")
    with store.act(actor.person_id, "report.put_forward", KIND, issue_id[:40]) as tx:
        row = _row(store, issue_id)
        state = machines.after(machines.REPORT, row["state"], "put_forward")
        definition = report_definitions.named(row["name"])
        said = _comments(store, issue_id)
        _check_needs(definition, said)
        content = json.loads(manifest)
        told = commentary.to_json([one.comment for one in said])
        if content["issue"] != issue_id or content["commentary"] != hashlib.sha256(told).hexdigest():
            raise Conflict("report_issues.changed_meanwhile")
        _check_beside(store, replace(_issue(row), manifest=manifest))
        digest = hashlib.sha256(manifest).hexdigest()
        tx.update(
            "report_issue", issue_id,
            {"state": state, "manifest": manifest.decode(), "sha256": digest, "put_forward_at": tx.at},
        )  # fmt: skip
        _open_case(store, tx, actor, row, definition, manifest)
        tx.note(sha256=digest)


def check_ready(store: Store, actor: Person, issue_id: str) -> None:
    """What is plain before a bundle is built. Raises as `put_forward` does for who asks, the state and commentary."""
    permissions.check(actor, "report.prepare")
    row = _row(store, issue_id)
    machines.after(machines.REPORT, row["state"], "put_forward")
    _check_needs(report_definitions.named(row["name"]), _comments(store, issue_id))


def _check_needs(definition: Definition, said: Collection[Written]) -> None:
    missing = [kind for kind in definition.needs if kind not in {one.comment.kind for one in said}]
    if missing:
        raise Lacking(missing)


def _open_case(store: Store, tx: Tx, actor: Person, row: Row, definition: Definition, manifest: bytes) -> None:
    """A case of its own at first; a changed bundle starts the one that there is from its first step."""
    issue_id = row["issue_id"]
    case = approvals.of(store, KIND, issue_id)
    if case is not None and case.state in ("open", "returned", "approved"):
        approvals.changed(store, tx, actor, KIND, issue_id, manifest)
        return
    wrote = store.rows("SELECT DISTINCT written_by FROM report_comment WHERE issue_id = ?", [issue_id])
    authors = {row["drafted_by"], *(one["written_by"] for one in wrote)}
    titles = {
        one: text("report_issues.issue_title", one, title=definition.titles[one], period=row["period"])
        for one in LANGUAGES
    }
    approvals.open(store, tx, actor, PROCEDURE, KIND, issue_id, titles, manifest, authors=authors)


def withdraw(store: Store, actor: Person, issue_id: str) -> None:
    """Give up an issue that is not out. Raises NotAllowed, NotFound, WrongState while its case is undecided."""
    permissions.check(actor, "report.prepare")
    with store.act(actor.person_id, "report.withdraw", KIND, issue_id[:40]) as tx:
        row = _row(store, issue_id)
        state = machines.after(machines.REPORT, row["state"], "withdraw")
        case = approvals.of(store, KIND, issue_id)
        if case is not None and case.state in ("open", "returned"):
            raise WrongState("report_issues.case_open")
        tx.update("report_issue", issue_id, {"state": state})


def release(store: Store, actor: Person, issue_id: str, *, outside: bool = False) -> None:
    """Give a signed issue to its readers inside; then, where its definition allows it, outside.

    Raises NotAllowed, NotFound, WrongState when just this manifest was not signed or the state does not allow it; for
    outside also Conflict when another report published another value for the same indicator and period, or when another
    outside edition stands of which this one knew nothing.
    """
    permissions.check(actor, "report.release_outside" if outside else "report.release")
    action = "release_outside" if outside else "release_inside"
    with store.act(actor.person_id, f"report.{action}", KIND, issue_id[:40]) as tx:
        row = _row(store, issue_id)
        state = machines.after(machines.REPORT, row["state"], action)
        if outside and report_definitions.named(row["name"]).release != "outside":
            raise WrongState("report_issues.not_outside")
        approvals.check_approved(store, KIND, issue_id, row["manifest"].encode())
        if outside and not report_bundles.outside_names(row["manifest"].encode()):
            raise WrongState("outside.none")
        if outside:
            _check_beside(store, _issue(row))
        tx.update("report_issue", issue_id, {"state": state, f"{state}_at": tx.at, f"{state}_by": actor.person_id})
        tx.note(sha256=row["sha256"])
        if outside:
            report_published.publish(store, tx, row)
        if row["correction_id"] and not outside:
            tx.note(told=report_notices.tell(store, tx, issue_id, row["correction_id"]))


def listed(store: Store, actor: Person) -> list[Issue]:
    """The issues that the actor may know of, the newest period first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    rows = store.rows(f"{_SELECT} WHERE state <> 'withdrawn' ORDER BY period DESC, name, revision DESC")
    return [one for one in map(_issue, rows) if _sees(actor, one)]


def read(store: Store, actor: Person, issue_id: str) -> Issue:
    """One issue. Raises NotAllowed, NotFound: for what the actor may not know of as for what never was."""
    permissions.check(actor, "report.read")
    found = _issue(_row(store, issue_id))
    if not _sees(actor, found):
        raise NotFound("report_issues.unknown")
    return found


def find(store: Store, issue_id: str) -> Issue:
    """One issue, whoever asks: for what the service itself does. Raises NotFound."""
    return _issue(_row(store, issue_id))


def put_out(store: Store) -> list[Issue]:
    """Every issue that is out or before those who sign, the oldest first: for what the service itself does."""
    rows = store.rows(f"{_SELECT} WHERE state IN ('put_forward', ?, ?) ORDER BY drafted_at, issue_id", [*RELEASED])
    return list(map(_issue, rows))


def beside(store: Store, issue: Issue) -> list[Issue]:
    """The other issues with an outside edition that are out or before those who sign, of periods within REACH."""
    own = periods.find(issue.period)
    others = (one for one in put_out(store) if one.issue_id != issue.issue_id and one.against is not None)
    return [one for one in others if _apart(own, periods.find(one.period)) <= REACH]


def _apart(one: Period, other: Period) -> timedelta:
    return max(one.first, other.first) - min(one.last, other.last)


def _check_beside(store: Store, issue: Issue) -> None:
    """Raises Conflict unless of each two outside editions the later one was held against the other, as it stands."""
    if issue.against is None:
        return
    for other in beside(store, issue):
        known = issue.against.get(other.issue_id), (other.against or {}).get(issue.issue_id)
        if other.sha256 != known[0] and issue.sha256 != known[1]:
            raise Conflict("report_issues.beside_meanwhile", other=other.issue_id, name=other.definition.name)


def is_signed(store: Store, issue: Issue) -> bool:
    """Whether just this manifest was agreed to at every step, and signed where that is asked for."""
    if issue.manifest is None:
        return False
    try:
        approvals.check_approved(store, KIND, issue.issue_id, issue.manifest)
    except WrongState:
        return False
    return True


def read_out(store: Store, actor: Person, issue_id: str, what: str) -> Issue:
    """As `read`, for taking a file of it: that is on the audit log."""
    found = read(store, actor, issue_id)
    with store.act(actor.person_id, "report.read", KIND, issue_id) as tx:
        tx.note(file=what)
    return found


def record_verified(store: Store, actor: Person, issue_id: str, faults: int) -> None:
    """Somebody had an issue checked: how many faults came of it."""
    with store.act(actor.person_id, "report.verify", KIND, issue_id) as tx:
        tx.note(faults=faults)


class Lacking(WrongState):
    """A report without the commentary that its definition asks for; names the places, in the reader's language."""

    def __init__(self, kinds: list[str]) -> None:
        self.kinds = kinds
        super().__init__("report_issues.lacking")

    def text(self, language: str = "zh-CN") -> str:
        """Which places are empty."""
        comma = "、" if language == "zh-CN" else ", "
        places = comma.join(text(f"commentary.kind_of.{kind}", language) for kind in self.kinds)
        return text(self.key, language, places=places)


_SELECT = "SELECT report_issue.*, display_name FROM report_issue JOIN person ON person_id = drafted_by"


def _row(store: Store, issue_id: str) -> Row:
    row = store.row(f"{_SELECT} WHERE issue_id = ?", [issue_id])
    if row is None:
        raise NotFound("report_issues.unknown")
    return row


def _check_open(row: Row) -> None:
    if row["state"] not in ("draft", "put_forward"):
        raise WrongState("report_issues.is_out")


def _sees(actor: Person, issue: Issue) -> bool:
    if permissions.may(actor, "report.prepare") or actor.roles & SEES_ALL:
        return True
    return issue.state in RELEASED and bool(actor.roles & issue.definition.audience)


def _comments(store: Store, issue_id: str) -> list[Written]:
    rows = store.rows(
        "SELECT report_comment.*, display_name FROM report_comment JOIN person ON person_id = written_by "
        "WHERE issue_id = ? AND taken_back_at IS NULL ORDER BY written_at, comment_id",
        [issue_id],
    )
    found = [
        Written(
            row["comment_id"], Comment(row["kind"], json.loads(row["texts"]), row["display_name"]),
            parse(row["written_at"]),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: commentary.KINDS.index(one.comment.kind))


def _issue(row: Row) -> Issue:
    manifest = row["manifest"].encode() if row["manifest"] else None
    inside, outside = (parse(row[f"{state}_at"]) if row[f"{state}_at"] else None for state in RELEASED)
    return Issue(
        row["issue_id"], report_definitions.named(row["name"]), row["period"], row["revision"],
        row["definition_version"], parse(row["as_of"]), row["lake_version"], row["state"], manifest,
        parse(row["drafted_at"]), row["display_name"], inside, outside, row["correction_id"],
    )  # fmt: skip
