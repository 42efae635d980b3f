"""What the store forgets when a person is erased: every table, what becomes of its rows, and the pages they stood on.

History keeps its chain: which form, when, by whom, which version. What was said is gone, and so is the text in free
pages, in the write-ahead log and in copies that moving rows left behind.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlcipher3 import dbapi2 as sqlcipher

from custinfo.domain.errors import SiteFault
from custinfo.store.database import Store, Tx


@dataclass(frozen=True)
class Reach:
    """All that hangs on the erased: ids of entities and records, and of what belongs to those.

    `words` are the numbers and ids by which other records name the erased entities.
    """

    entities: frozenset[str]
    records: frozenset[str]
    drafts: frozenset[str]
    queries: frozenset[str]
    requests: frozenset[str]
    cases: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True)
class Place:
    """The rows of `table` whose `column` is one of the ids that `Reach` has under `by`.

    `changes` gives each column its new value, as SQL; None removes the rows.
    """

    table: str
    column: str
    by: str
    changes: Mapping[str, str] | None


_REMARKS = {"notes": "'{}'", "reasons": "'{}'"}
PLACES = (
    Place("entity_key", "entity_id", "entities", None),
    Place("label_digest", "entity_id", "entities", None),
    Place("customer_salt", "entity_id", "entities", None),
    *(Place(one, "customer_id", "entities", None) for one in ("credit_decision", "credit_account", "credit_notice")),
    Place("credit_overdue", "customer_id", "entities", None),
    Place("match_key", "entity_id", "entities", None),
    Place("match_party", "entity_id", "entities", None),
    *(Place(one, column, "entities", None) for one in ("duplicate", "match_event") for column in ("low_id", "high_id")),
    *(Place("duplicate_decision", column, "entities", {"reason": "''"}) for column in ("low_id", "high_id")),
    *(
        Place(table, column, "entities", {"reason": "''"})
        for table in ("merge", "merge_undo")
        for column in ("loser_id", "survivor_id")
    ),
    Place("entity_conflict", "entity_id", "entities", {"properties": "'[]'"}),
    Place("entity_version", "entity_id", "entities", {"label": "''", "properties": "'{}'"}),
    Place("entity", "entity_id", "entities", {"uuid": "NULL"}),
    Place(
        "record_version", "record_id", "records",
        # The key may be an id of the program that the record was imported from
        {"content": "'{}'", "reason": "''", "interviewed_at": "NULL", "submission_key": "'erased:' || seq", **_REMARKS},
    ),
    Place("record_review", "record_id", "records", {"note": "''"}),
    Place("record_level", "record_id", "records", {"reason": "''"}),
    Place(
        "verification", "record_id", "records",
        {"content": "'{}'", "differences": "'[]'", "interviewed_at": "NULL", **_REMARKS},
    ),
    Place("query_message", "query_id", "queries", {"text": "''"}),
    Place("answer_event", "draft_id", "drafts", None),
    Place("file", "draft_id", "drafts", None),
    Place("file", "record_id", "records", None),
    Place(
        "draft", "draft_id", "drafts",
        {"instance": "'{}'", "interviewed_at": "NULL", "outcome": "coalesce(outcome, 'discarded')", **_REMARKS},
    ),
    Place("assignment", "entity_id", "entities", {"reason": "''"}),
    Place("retention_hold", "object_id", "entities", {"reason": "''", "release_reason": "''"}),
    # That somebody consented, or withdrew, can be proved; by whose hand on which paper cannot
    Place("consent_event", "entity_id", "entities", {"evidence": "''", "guardian": "''"}),
    Place("privacy_file", "owner_id", "entities", None),
    Place("privacy_file", "owner_id", "requests", None),
    Place("subject_request", "entity_id", "entities", {"applicant": "''", "contact": "''", "wish": "''"}),
    Place("subject_request_event", "request_id", "requests", {"note": "''", "facts": "'{}'"}),
    Place("approval_case", "case_id", "cases", {"titles": "'{}'", "nonce": "''"}),
    Place("approval_event", "case_id", "cases", {"note": "''"}),
    Place("fieldwork", "customer_id", "entities", {"note": "''"}),
)  # fmt: skip

_INDEX = "the index of the names of `match_party`, whose rows go with those"
_IDS = "ids, moments, states and digests"
_REMITTANCES = "the sum of a hand-over, and ids of what it held: what was handed to head office must stay told"
_STAFF = "people with accounts, not customers"
_STUDIES = "ids of who was drawn by what chance and answered when: weights of the others hang on them"
_FORMS = "questions, not answers"
_REPORTS = "figures of many customers, and what members of staff wrote about them under their own names"
_SEGMENTS = "conditions, purposes and counts; no customer is named"
_REGISTER = "what was said to outsiders and about incidents: it names customers by their ids"
KEPT = {
    **dict.fromkeys(
        (
            "audit", "ledger_line", "approval_author", "approval_escalation", "approval_notice", "signature", "copy",
            "export_event", "retention_plan", "retention_item", "destruction_certificate", "lake_erasing", "lifted",
            "unsealed", "number_series", "record", "record_handover", "query", "daily_run", "mail", "batch",
            "form_import", "merged_now", "merge_event", "record_decider",
        ),
        _IDS,
    ),
    **dict.fromkeys(
        (
            "person", "person_role", "person_region", "clearance", "access_request", "rights_review", "delegation",
            "mail_address", "login_session", "guess", "second_factor", "recovery_code", "lab_token", "lab_ticket",
            "penalty", "report_lateness", "statistician", "statistical_handover", "attestation",
            "report_layout_movement",
        ),
        _STAFF,
    ),
    "match_gram": _INDEX,
    **dict.fromkeys(("remittance", "remittance_item", "remittance_answer"), _REMITTANCES),
    **dict.fromkeys(
        (
            "report_definition", "report_issue", "report_comment", "report_correction", "report_notice", "report_run",
            "report_use", "report_use_notice",
            "plan_version", "plan_row", "indicator_system", "indicator_department", "indicator_event", "report_layout",
            "report_archive_volume", "report_archive_file",
            "published_figure", "grading_standing",
        ),
        _REPORTS,
    ),
    **dict.fromkeys(("study", "study_step", "sample", "sample_unit"), _STUDIES),
    **dict.fromkeys(("segment_version", "segment_measure", "segment_result"), _SEGMENTS),
    **dict.fromkeys(
        ("form", "form_file", "form_closing", "form_proposal", "proposal_file", "notice_version"), _FORMS
    ),
    **dict.fromkeys(
        (
            "disclosure", "disclosure_event", "incident", "incident_event", "incident_evidence", "incident_notice",
            "incident_notice_sent", "correction", "export_order",
        ),
        _REGISTER,
    ),
}  # fmt: skip
"""Every other table, with what it holds that erasing a customer leaves. A table in neither list fails a test."""


def reach(
    store: Store, entities: Collection[str], records: Collection[str] = (), *, stays: Collection[str] = ()
) -> Reach:
    """All that hangs on these entities and records; not the records that `stays` names, which are about others too.

    What a record about them created goes with them (contacts, visits, complaints), but never another customer.
    """
    found, asked = set(entities), set(records)
    while True:
        before = len(found) + len(asked)
        asked |= _ids(store, "SELECT record_id FROM record WHERE entity_id IN {}", found) - set(stays)
        found |= _ids(
            store,
            "SELECT entity_id FROM entity_version JOIN entity USING (entity_id) "
            "WHERE version = 1 AND dataset != 'customers' AND record_id IN {}",
            asked,
        )
        if len(found) + len(asked) == before:
            break
    drafts = _ids(store, "SELECT draft_id FROM draft WHERE entity_id IN {}", found)
    drafts |= _ids(store, "SELECT draft_id FROM draft WHERE record_id IN {}", asked)
    drafts |= _ids(store, "SELECT draft_id FROM draft WHERE verifies IN {}", asked)
    words = _ids(store, "SELECT number FROM entity WHERE entity_id IN {}", found)
    words |= _ids(store, "SELECT uuid FROM entity WHERE uuid != '' AND entity_id IN {}", found)
    requests = _ids(store, "SELECT request_id FROM subject_request WHERE entity_id IN {}", found)
    decisions = _ids(store, "SELECT decision_id FROM credit_decision WHERE customer_id IN {}", found)
    with_cases = found | asked | requests | decisions
    return Reach(
        frozenset(found),
        frozenset(asked),
        frozenset(drafts),
        frozenset(_ids(store, "SELECT query_id FROM query WHERE record_id IN {}", asked)),
        frozenset(requests),
        frozenset(_ids(store, "SELECT case_id FROM approval_case WHERE object_id IN {}", with_cases)),
        frozenset(words | found),
    )


def empty(tx: Tx, found: Reach) -> dict[str, int]:
    """Empty every place, within one transaction whose history is opened; gives the rows changed by table."""
    changed: dict[str, int] = {}
    for place in PLACES:
        ids = json.dumps(sorted(getattr(found, place.by)))
        where = f"WHERE {place.column} IN (SELECT value FROM json_each(?))"
        if place.changes is None:
            statement = f"DELETE FROM {place.table} {where}"
        else:
            settings = ", ".join(f"{column} = {value}" for column, value in place.changes.items())
            statement = f"UPDATE {place.table} SET {settings} {where}"
        changed[place.table] = changed.get(place.table, 0) + tx.execute(statement, [ids])
    for table, gone in (("entity", found.entities), ("record", found.records)):
        tx.execute(
            f"UPDATE {table} SET erased_at = ? WHERE erased_at IS NULL "
            f"AND {table}_id IN (SELECT value FROM json_each(?))",
            [tx.at, json.dumps(sorted(gone))],
        )
    return changed


def compact(store: Store) -> None:
    """Write the whole file anew and cut the write-ahead log to nothing: no page remembers what was erased.

    Overwriting freed cells is not enough: rows that moved earlier left copies where no cell ends. Raises SiteFault
    when others hold the store for too long; nothing is lost then, and the next try does it.
    """
    if store.row("SELECT 1 FROM unsealed"):  # VACUUM may renumber the rows by which older stores are gone through
        raise SiteFault("retention.not_compacted", file=store.site.database)
    database = store._db  # VACUUM stands outside of any transaction, which `act` is
    try:
        database.execute("VACUUM")
        busy = int(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
    except sqlcipher.OperationalError as fault:
        raise SiteFault("store.not_written", file=store.site.database, fault=fault) from None
    if busy:
        raise SiteFault("retention.not_compacted", file=store.site.database)


def _ids(store: Store, statement: str, among: Collection[str]) -> set[str]:
    listed = statement.format("(SELECT value FROM json_each(?))")
    return {str(next(iter(row.values()))) for row in store.rows(listed, [json.dumps(sorted(among))])}
