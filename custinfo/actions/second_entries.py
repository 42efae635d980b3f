"""What is to be entered a second time: a work list, never an answer of the first entry."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import forms, verifications
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store

MARK = "double_entry"
"""The setting's name as it stands in the XForm of a form that wants two entries."""


@dataclass(frozen=True)
class Waiting:
    """A record that nobody has entered a second time: who recorded its newest version, and when.

    `draft_id` is the reader's own open draft of the second entry, if they have begun one.
    """

    record_id: str
    form_id: str
    titles: dict[str, str]
    version: int
    recorded_at: datetime
    recorded_by_name: str
    draft_id: str | None


@dataclass(frozen=True)
class WaitingPage:
    """Some of the records that wait, the oldest first, and how many there are in all."""

    total: int
    rows: list[Waiting]


def count(store: Store, actor: Person) -> int:
    """How many records wait for a second entry that the actor may make; none for who makes no second entries."""
    if not permissions.may(actor, "record.verify"):
        return 0
    return int(store.rows(f"SELECT count(*) AS n {_SOURCE}", _given(store, actor))[0]["n"])


def waiting(store: Store, actor: Person, *, offset: int = 0, limit: int = 50) -> WaitingPage:
    """Records of forms with a second entry that the actor had no part in, that nobody has decided about or entered
    again in their newest version. Raises NotAllowed; that it was looked at is on the audit log.
    """
    permissions.check(actor, "record.verify")
    total = count(store, actor)
    rows = store.rows(
        "SELECT record_current.*, titles, display_name, (SELECT draft_id FROM draft WHERE verifies = "
        "record_current.record_id AND owner = ?2 AND outcome IS NULL ORDER BY started_at DESC LIMIT 1) AS begun "
        f"{_SOURCE} ORDER BY recorded_at, record_current.record_id LIMIT ?4 OFFSET ?5",
        [*_given(store, actor), max(0, min(limit, 500)), max(0, offset)],
    )
    with store.act(actor.person_id, "record.list", "form", "", found=total, shown=len(rows), why="second entry"):
        pass
    return WaitingPage(
        total,
        [
            Waiting(
                row["record_id"], row["form_id"], json.loads(row["titles"]), row["version"], parse(row["recorded_at"]),
                row["display_name"] or "", row["begun"],
            )
            for row in rows
        ],
    )  # fmt: skip


_SOURCE = (
    "FROM record_current JOIN form ON form.form_id = record_current.form_id AND form.version = form_version "
    "JOIN json_each(?1) AS twice ON form.form_id = twice.value ->> 0 AND form.version = twice.value ->> 1 "
    "LEFT JOIN person ON person_id = recorded_by WHERE state IN (SELECT value FROM json_each(?3)) "
    "AND NOT EXISTS (SELECT 1 FROM record_version AS one WHERE one.record_id = record_current.record_id "
    "AND one.recorded_by = ?2) AND NOT EXISTS (SELECT 1 FROM verification AS done WHERE done.record_id = "
    "record_current.record_id AND done.version = record_current.version)"
)


def _given(store: Store, actor: Person) -> Sequence[str]:
    return json.dumps(_entered_twice(store)), actor.person_id, json.dumps(verifications.OPEN_STATES)


def _entered_twice(store: Store) -> list[tuple[str, str]]:
    """The versions of forms that ask for a second entry; only forms that name the setting at all are read."""
    rows = store.rows("SELECT form_id, version FROM form WHERE instr(xform, ?) > 0", [MARK])
    return [
        (row["form_id"], row["version"])
        for row in rows
        if forms.double_entry(forms.load(store, row["form_id"], row["version"]))
    ]
