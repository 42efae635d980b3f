"""Uses of issued figures: slides, letters and other reports in which one was put. Whoever registered a use is told when
the figure is corrected, and says when the place was mended (R157).
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import report_issues
from custinfo.actions.report_issues import RELEASED
from custinfo.domain.clock import parse
from custinfo.domain.errors import Conflict, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = "report_use"
LONGEST, LONGEST_ADDRESS = 200, 200


@dataclass(frozen=True)
class Use:
    """A figure of an issue that stands somewhere else: `address` of its cell, `place` in words, `by` a name."""

    use_id: str
    issue_id: str
    address: str
    place: str
    recorded_at: datetime
    person_id: str
    by: str


@dataclass(frozen=True)
class Reached:
    """A use whose figure a correction changed; `mended_at` is None until whoever registered it has mended the place."""

    use: Use
    correction_id: str
    at: datetime
    mended_at: datetime | None


def register(store: Store, actor: Person, issue_id: str, address: str, place: str) -> str:
    """Register that a figure was put somewhere; gives the use's id. The caller has seen that the cell is there.

    Raises NotAllowed, NotFound, BadInput without a place, WrongState for an issue that is not out, Conflict when the
    actor has registered just this already.
    """
    permissions.check(actor, "report.read")
    said = stated(place, "report_uses.place_missing", max_length=LONGEST)
    cell = clean(address, max_length=LONGEST_ADDRESS).strip()
    use_id = f"RU-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "report.use", KIND, use_id) as tx:
        if report_issues.read(store, actor, issue_id).state not in RELEASED:
            raise WrongState("report_uses.not_out")
        same = "issue_id = ? AND address = ? AND place = ? AND recorded_by = ? AND ended_at IS NULL"
        if store.row(f"SELECT 1 FROM report_use WHERE {same}", [issue_id, cell, said, actor.person_id]):
            raise Conflict("report_uses.there")
        row: Row = {"use_id": use_id, "issue_id": issue_id, "address": cell, "place": said}
        tx.insert(KIND, row | {"recorded_at": tx.at, "recorded_by": actor.person_id})
        tx.note(issue=issue_id, cell=cell)
    return use_id


def end(store: Store, actor: Person, use_id: str) -> None:
    """The figure stands there no more: nobody is told any longer. Raises NotFound for a use that is not the actor's."""
    permissions.check(actor, "report.read")
    with store.act(actor.person_id, "report.end_use", KIND, use_id[:40]) as tx:
        if not store.row("SELECT 1 FROM report_use WHERE use_id = ? AND recorded_by = ? AND ended_at IS NULL",
                         [use_id, actor.person_id]):  # fmt: skip
            raise NotFound("report_uses.unknown")
        tx.update(KIND, use_id, {"ended_at": tx.at})


def of_issue(store: Store, actor: Person, issue_id: str) -> list[Use]:
    """The uses of figures of an issue and of the issues that it revises, in the order of their registration.

    Raises NotAllowed, NotFound.
    """
    report_issues.read(store, actor, issue_id)
    return [_use(row) for row in _rows(store, issue_id)]


def of_correction(store: Store, correction_id: str) -> list[Reached]:
    """The uses that a correction reached, for whoever may read the correction."""
    return _reached(store, "correction_id = ?", [correction_id])


def to_mend(store: Store, actor: Person) -> list[Reached]:
    """The actor's own places that hold a figure which was corrected, the oldest news first."""
    return _reached(store, "recorded_by = ? AND mended_at IS NULL AND ended_at IS NULL", [actor.person_id])


def mended(store: Store, actor: Person, use_id: str, correction_id: str) -> None:
    """The place shows the right figure now. Raises NotFound for what is not the actor's to mend."""
    permissions.check(actor, "report.read")
    with store.act(actor.person_id, "report.mend", KIND, use_id[:40]) as tx:
        if (use_id, correction_id) not in {(one.use.use_id, one.correction_id) for one in to_mend(store, actor)}:
            raise NotFound("report_uses.unknown")
        tx.update("report_use_notice", (use_id, correction_id), {"mended_at": tx.at})
        tx.note(correction=correction_id)


def tell(store: Store, tx: Tx, issue_id: str, correction_id: str, addresses: Collection[str]) -> int:
    """Within the registration of a correction: tell of it whoever put one of the changed figures somewhere.

    A figure that was used as it stood in an earlier issue of the same period counts too. Gives how many uses they are.
    """
    reached = [row for row in _rows(store, issue_id) if row["address"] in addresses]
    for row in reached:
        notice: Row = {"use_id": row["use_id"], "correction_id": correction_id, "at": tx.at}
        tx.insert("report_use_notice", notice)
    return len(reached)


def _rows(store: Store, issue_id: str) -> list[Row]:
    """Those that were not ended."""
    return store.rows(
        "WITH RECURSIVE chain(id) AS (SELECT ? UNION SELECT report_correction.issue_id FROM chain "
        "JOIN report_issue ON report_issue.issue_id = chain.id JOIN report_correction USING (correction_id)) "
        "SELECT report_use.*, display_name FROM report_use JOIN chain ON chain.id = issue_id "
        "JOIN person ON person_id = recorded_by WHERE ended_at IS NULL ORDER BY recorded_at, use_id",
        [issue_id],
    )


def _reached(store: Store, where: str, given: Sequence[str]) -> list[Reached]:
    rows = store.rows(
        "SELECT report_use.*, display_name, correction_id, at, mended_at FROM report_use_notice "
        f"JOIN report_use USING (use_id) JOIN person ON person_id = recorded_by WHERE {where} ORDER BY at, use_id",
        [*given],
    )
    return [
        Reached(
            _use(row), row["correction_id"], parse(row["at"]),
            parse(row["mended_at"]) if row["mended_at"] else None,
        )
        for row in rows
    ]  # fmt: skip


def _use(row: Row) -> Use:
    return Use(
        row["use_id"], row["issue_id"], row["address"], row["place"], parse(row["recorded_at"]), row["recorded_by"],
        row["display_name"],
    )  # fmt: skip
