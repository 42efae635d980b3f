"""Definitions of regular reports as they were proposed and approved (R146, R147): only an approved one is issued.

A definition's content is what the layer of reports makes of it: titles, audience, release, parameters, and the hash of
its notebook. It is filed in versions; the newest that was approved, at every step, is the one in force.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import approvals
from custinfo.domain import report_definitions
from custinfo.domain.clock import parse
from custinfo.domain.errors import Conflict, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.text import stated
from custinfo.store import Store
from custinfo.store.database import Row

KIND = PROCEDURE = "report_definition"
LONGEST = 2000


@dataclass(frozen=True)
class Filed:
    """A version that was proposed; `state` is that of its case, `by` the name of who proposed it."""

    name: str
    version: int
    content: str
    sha256: str
    reason: str
    recorded_at: datetime
    by: str
    state: str

    @property
    def object_id(self) -> str:
        """Under which its case is known."""
        return f"{self.name}-{self.version}"


def propose(store: Store, actor: Person, name: str, content: bytes, reason: str) -> int:
    """Put a definition before those who approve it; gives its version.

    Raises NotAllowed, NotFound, BadInput without a reason, Conflict while one waits or when it is in force already.
    """
    permissions.check(actor, "report.define")
    definition = report_definitions.named(name)
    why = stated(reason, "report_issues.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "report.define", KIND, name) as tx:
        newest = _newest(store, name)
        if newest is not None and newest.state in ("open", "returned"):
            raise Conflict("report_issues.definition_waits", version=newest.version)
        if newest is not None and newest.state == "approved" and newest.content.encode() == content:
            raise Conflict("report_issues.definition_same", version=newest.version)
        version = newest.version + 1 if newest else 1
        row: Row = {"name": name, "version": version, "content": content.decode(), "reason": why}
        row |= {"sha256": hashlib.sha256(content).hexdigest(), "recorded_at": tx.at, "recorded_by": actor.person_id}
        tx.insert("report_definition", row)
        titles = {
            one: text("report_issues.definition_title", one, title=definition.titles[one], version=version)
            for one in LANGUAGES
        }
        approvals.open(store, tx, actor, PROCEDURE, KIND, f"{name}-{version}", titles, content)
        tx.note(version=version)
    return version


def filed(store: Store, actor: Person, name: str) -> list[Filed]:
    """Every version of a definition, the newest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return _versions(store, name)


def check_in_force(store: Store, name: str, content: bytes) -> int:
    """The version in force, provided that this program's definition and notebook are just what was approved.

    Raises WrongState when none was approved, or when it is another by now: that one is proposed and approved first.
    """
    for one in _versions(store, name):
        if one.state == "approved":
            approvals.check_approved(store, KIND, one.object_id, one.content.encode())
            if one.content.encode() != content:
                raise WrongState("report_issues.definition_changed", title=_titles(name), version=one.version)
            return one.version
    raise WrongState("report_issues.definition_missing", title=_titles(name), name=name)


def _titles(name: str) -> Mapping[str, str]:
    return report_definitions.named(name).titles


def _newest(store: Store, name: str) -> Filed | None:
    return next(iter(_versions(store, name)), None)


def _versions(store: Store, name: str) -> list[Filed]:
    rows = store.rows(
        "SELECT report_definition.*, display_name FROM report_definition JOIN person ON person_id = recorded_by "
        "WHERE name = ? ORDER BY version DESC",
        [name],
    )
    return [_filed(store, row) for row in rows]


def _filed(store: Store, row: Row) -> Filed:
    case = approvals.of(store, KIND, f"{row['name']}-{row['version']}")
    return Filed(
        row["name"], row["version"], row["content"], row["sha256"], row["reason"], parse(row["recorded_at"]),
        row["display_name"], case.state if case else "",
    )  # fmt: skip
