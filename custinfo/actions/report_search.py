"""Finding issues of reports and corrections in the store, a page at a time: only what the actor may know of."""

from collections.abc import Sequence
from dataclasses import dataclass

from custinfo.access import permissions
from custinfo.actions import approval_cases, report_corrections, report_definitions, report_issues
from custinfo.actions.approval_cases import Case, Event
from custinfo.actions.report_corrections import Correction
from custinfo.actions.report_issues import RELEASED, SEES_ALL, Issue
from custinfo.domain import report_definitions as definitions
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store

KINDS = (report_issues.KIND, report_corrections.KIND, report_definitions.KIND)
"""What of reports is approved and signed."""
LONGEST = 200
MOST_WORDS = 8


@dataclass(frozen=True)
class Wanted:
    """Which issues are meant; what is blank does not narrow them down. Each word of `text` stands in the title, period
    or number of an issue or in its commentary.
    """

    text: str = ""
    name: str = ""
    year: str = ""
    state: str = ""


@dataclass(frozen=True)
class Found:
    """Some issues, the newest period first, and how many there are."""

    total: int
    rows: list[Issue]


@dataclass(frozen=True)
class FoundCorrections:
    """Some corrections, the newest first, and how many there are."""

    total: int
    rows: list[Correction]


def find(store: Store, actor: Person, wanted: Wanted, *, offset: int = 0, limit: int = 25) -> Found:
    """Issues that the actor may know of, withdrawn ones left out. Raises NotAllowed, BadInput for a text too long."""
    where, given = _visible(actor)
    parts, more = [where], [*given]
    for column, value in (("name", wanted.name), ("substr(period, 1, 4)", wanted.year), ("state", wanted.state)):
        if value:
            parts.append(f"{column} = ?")
            more.append(value)
    for word in clean(wanted.text, max_length=LONGEST).split()[:MOST_WORDS]:
        condition, values = _has(word)
        parts.append(condition)
        more += values
    found = f"FROM report_issue WHERE {' AND '.join(parts)}"
    total = store.rows(f"SELECT count(*) AS n {found}", more)[0]["n"]
    order = "ORDER BY period DESC, name, revision DESC, issue_id LIMIT ? OFFSET ?"
    rows = store.rows(f"SELECT issue_id {found} {order}", [*more, limit, offset])
    return Found(total, [report_issues.read(store, actor, row["issue_id"]) for row in rows])


def years(store: Store, actor: Person) -> list[str]:
    """The years of which there are issues, the newest first."""
    where, given = _visible(actor)
    found = f"SELECT DISTINCT substr(period, 1, 4) AS year FROM report_issue WHERE {where} ORDER BY year DESC"
    return [row["year"] for row in store.rows(found, given)]


def corrections(store: Store, actor: Person, *, offset: int = 0, limit: int = 25) -> FoundCorrections:
    """Corrections of issues that the actor may know of. Raises NotAllowed."""
    where, given = _visible(actor)
    found = f"FROM report_correction WHERE issue_id IN (SELECT issue_id FROM report_issue WHERE {where})"
    total = store.rows(f"SELECT count(*) AS n {found}", given)[0]["n"]
    order = "ORDER BY recorded_at DESC, correction_id LIMIT ? OFFSET ?"
    rows = store.rows(f"SELECT correction_id {found} {order}", [*given, limit, offset])
    return FoundCorrections(total, [report_corrections.read(store, actor, row["correction_id"]) for row in rows])


def waiting(store: Store, actor: Person) -> list[Case]:
    """Cases about reports that wait for a decision of the actor, the oldest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    among = ", ".join("?" * len(KINDS))
    cases = approval_cases.open_ones(store, f"AND object_kind IN ({among})", KINDS)
    return [one for one in cases if approval_cases.may_decide(store, actor, one)]


def decided(store: Store, actor: Person, limit: int = 50) -> list[tuple[Case, Event]]:
    """What the actor decided about reports, the newest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    among = ", ".join("?" * len(KINDS))
    rows = store.rows(
        "SELECT case_id FROM approval_event JOIN approval_case USING (case_id) WHERE by_person = ? "
        f"AND object_kind IN ({among}) GROUP BY case_id ORDER BY max(seq) DESC LIMIT ?",
        [actor.person_id, *KINDS, limit],
    )
    cases = (approval_cases.find(store, row["case_id"]) for row in rows)
    mine = (
        (case, event) for case in cases for event in case.events
        if event.person_id == actor.person_id and event.action in approval_cases.DECISIONS
    )  # fmt: skip
    return sorted(mine, key=lambda one: one[1].at, reverse=True)[:limit]


def _visible(actor: Person) -> tuple[str, list[str]]:
    """The rule of `report_issues.read`, for a query. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    where = "state <> 'withdrawn'"
    if permissions.may(actor, "report.prepare") or actor.roles & SEES_ALL:
        return where, []
    names = [name for name, one in definitions.load().items() if actor.roles & one.audience]
    return f"{where} AND state IN ({_marks(RELEASED)}) AND name IN ({_marks(names)})", [*RELEASED, *names]


def _has(word: str) -> tuple[str, list[str]]:
    """That a word stands in what people read of an issue; its signs are meant as they are."""
    held = word.casefold()
    named = [name for name, one in definitions.load().items() if any(held in t.casefold() for t in one.titles.values())]
    like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    condition = (
        f"(name IN ({_marks(named)}) OR period LIKE ? ESCAPE '\\' OR issue_id LIKE ? ESCAPE '\\' OR EXISTS ("
        "SELECT 1 FROM report_comment, json_each(texts) AS said WHERE report_comment.issue_id = report_issue.issue_id "
        "AND taken_back_at IS NULL AND said.value LIKE ? ESCAPE '\\'))"
    )
    return condition, [*named, like, like, like]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
