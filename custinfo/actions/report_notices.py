"""News of a correction: told at the release of a revision to whoever had to do with what it corrects."""

from datetime import datetime

from custinfo.actions import approvals
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store, Tx

KIND = "report_issue"


def tell(store: Store, tx: Tx, issue_id: str, correction_id: str) -> int:
    """Within the release of a revision: tell whoever decided on what it corrects, has a copy, read it or used a figure.

    Gives how many they are.
    """
    earlier = store.rows(
        "WITH RECURSIVE chain(id) AS (SELECT issue_id FROM report_correction WHERE correction_id = ? UNION "
        "SELECT report_correction.issue_id FROM chain JOIN report_issue ON report_issue.issue_id = chain.id "
        "JOIN report_correction USING (correction_id)) SELECT id FROM chain",
        [correction_id],
    )
    readers: set[str] = set()
    for one in earlier:
        readers |= _readers(store, one["id"])
    used = "SELECT recorded_by FROM report_use_notice JOIN report_use USING (use_id) WHERE correction_id = ?"
    readers |= {one["recorded_by"] for one in store.rows(used, [correction_id])}
    for person_id in sorted(readers):
        tx.insert("report_notice", {"issue_id": issue_id, "person_id": person_id, "at": tx.at})
    return len(readers)


def unseen(store: Store, actor: Person) -> list[tuple[str, datetime]]:
    """Revisions that the actor was told of and has not opened yet, and when."""
    rows = store.rows("SELECT * FROM report_notice WHERE person_id = ? AND seen_at IS NULL", [actor.person_id])
    return [(row["issue_id"], parse(row["at"])) for row in rows]


def seen(store: Store, actor: Person, issue_id: str) -> None:
    """Whoever opens an issue has seen the news of it."""
    if issue_id in dict(unseen(store, actor)):
        with store.act(actor.person_id, "report.acknowledge", KIND, issue_id) as tx:
            tx.update("report_notice", (issue_id, actor.person_id), {"seen_at": tx.at})


def _readers(store: Store, issue_id: str) -> set[str]:
    took = store.rows(
        "SELECT DISTINCT actor FROM audit JOIN person ON person_id = actor "
        "WHERE action = 'report.read' AND object_kind = ? AND object_id = ?",
        [KIND, issue_id],
    )
    case = approvals.of(store, KIND, issue_id)
    decided = {one.person_id for one in case.decisions()} if case else set()
    copied = store.rows("SELECT recipient FROM copy WHERE case_id = ?", [case.case_id]) if case else []
    return {one["actor"] for one in took} | decided | {one["recipient"] for one in copied}
