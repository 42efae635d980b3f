"""Second entries on the desks: what is to be entered again, never with an answer of the first entry; and, for whoever
reviews, both entries side by side and how far people agree.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, forms, record_views, verifications
from custinfo.actions.answer_texts import answer_text
from custinfo.actions.verifications import Agreement
from custinfo.domain import masking
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form, RefusedAnswer, Session
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import without_positions

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
    mine, scope = assignments.visible_where(actor, "record_current", first=4)
    given = [*_given(store, actor), *scope]
    return int(store.rows(f"SELECT count(*) AS n {_SOURCE} AND {mine}", given)[0]["n"])


def waiting(store: Store, actor: Person, *, offset: int = 0, limit: int = 50) -> WaitingPage:
    """Records of forms with a second entry that the actor had no part in, that nobody has decided about or entered
    again in their newest version. Raises NotAllowed; that it was looked at is on the audit log.
    """
    permissions.check(actor, "record.verify")
    total = count(store, actor)
    mine, scope = assignments.visible_where(actor, "record_current", first=6)
    rows = store.rows(
        "SELECT record_current.*, titles, display_name, (SELECT draft_id FROM draft WHERE verifies = "
        "record_current.record_id AND owner = ?2 AND outcome IS NULL ORDER BY started_at DESC LIMIT 1) AS begun "
        f"{_SOURCE} AND {mine} ORDER BY recorded_at, record_current.record_id LIMIT ?4 OFFSET ?5",
        [*_given(store, actor), max(0, min(limit, 500)), max(0, offset), *scope],
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


@dataclass(frozen=True)
class Difference:
    """A question that the two entries answered differently, with both answers as people read them."""

    ref: str
    label: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """A second entry beside the version that it was compared with: `compared` counts the questions that the person may
    see, `differences` are those of them that differ. Answers of level 1 are masked.
    """

    version: int
    mode: str
    first_by_name: str
    second_by_name: str
    entered_at: datetime
    compared: int
    differences: tuple[Difference, ...]


def comparisons(store: Store, actor: Person, record_id: str, language: str) -> tuple[Comparison, ...]:
    """The second entries of a record, the newest first, for whoever reviews. Raises NotAllowed, NotFound; that they
    were read is on the audit log.
    """
    permissions.check(actor, "record.review")
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    whole = Level(level) if (level := policies.check_readable(actor, record)["level"]) else None
    rows = store.rows(
        "SELECT verification.*, record_version.content AS first, form_version, form_id, "
        "one.display_name AS first_by, two.display_name AS second_by FROM verification "
        "JOIN record_version USING (record_id, version) JOIN record USING (record_id) "
        "LEFT JOIN person AS one ON one.person_id = recorded_by LEFT JOIN person AS two ON two.person_id = entered_by "
        "WHERE record_id = ? ORDER BY entered_at DESC, verification_id",
        [record_id],
    )
    if rows:
        with store.act(actor.person_id, "verification.read", "record", record_id, entries=len(rows)):
            pass
    return tuple(_comparison(store, actor, row, whole, language) for row in rows)


def _comparison(store: Store, actor: Person, row: Row, whole: Level | None, language: str) -> Comparison:
    form = forms.load(store, row["form_id"], row["form_version"])
    both = []
    for content in verifications.entries(store, row):
        instance, _ = fitted(form, content)
        both.append(forms.session(store, form, instance, language=language, reader=actor))
    compared = [ref for ref, *_ in verifications.pairs_seen(store, actor, form, row)]
    differing: list[str] = json.loads(row["differences"])
    told = []
    for ref in (ref for ref in differing if _sees(form, actor, ref)):
        answers = (answer_text(one, ref, language) for one in both)
        if record_views.secret(form, whole, without_positions(ref)):
            answers = (masking.masked(answer) for answer in answers)
        told.append(Difference(ref, _label(both, ref), *answers))
    return Comparison(
        row["version"], row["mode"], row["first_by"] or "—", row["second_by"] or "—", parse(row["entered_at"]),
        len(compared), tuple(told),
    )  # fmt: skip


def _sees(form: Form, actor: Person, ref: str) -> bool:
    level = form.levels.get(without_positions(ref))
    return level is not None and visibility.sees(actor, level)


def _label(sessions: Sequence[Session], ref: str) -> str:
    """The question, from the entry that has it: a round of a repeat may be there in one of them only."""
    for session in sessions:
        with suppress(RefusedAnswer):
            return session.state(ref).label or ref
    return ref


def by_person(store: Store, actor: Person, form_id: str) -> tuple[Agreement, ...]:
    """How far the entries of each person, first and second ones, agree with those of all others, the worst first."""
    permissions.check(actor, "record.review")
    found: dict[str, Agreement] = {}
    for row in verifications.of_form(store, actor, form_id):
        form = forms.load(store, form_id, row["form_version"])
        pairs = verifications.pairs_seen(store, actor, form, row)
        equal = sum(1 for _, first, second in pairs if first == second)
        for who, name in ((row["recorded_by"], row["first_by"]), (row["entered_by"], row["second_by"])):
            had = found.get(who, Agreement(name or "—", 0, 0))
            found[who] = Agreement(had.name, had.compared + len(pairs), had.equal + equal)
    return tuple(one for _, one in sorted(found.items(), key=lambda item: (item[1].percent, item[1].name, item[0])))
