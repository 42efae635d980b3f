"""Registers that are forms, consents, and who recorded what, for the lake: without words, without names."""

import json
from collections.abc import Iterator
from datetime import datetime

from custinfo.actions import sealing, staff_keys
from custinfo.domain.clock import parse
from custinfo.domain.pseudonym import pseudonym
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

REGISTERS = (
    "security_inspections", "trainings", "trained_people", "media", "policies", "assessments", "processing_activities",
    "impact_assessments", "processors", "cross_border_transfers", "compliance_reviews", "data_uses",
)  # fmt: skip
"""The datasets of entities that are registers of privacy and security."""
TRAINED, PASSED = "trained_people", "passed"


def entries(store: Store, after: int) -> Iterator[TableRow]:
    """Every version of an entry after a `seq`."""
    rows = store.rows(
        f"SELECT seq, dataset, entity_id, version, properties, recorded_at FROM entity_version JOIN entity "
        f"USING (entity_id) WHERE seq > ? AND dataset IN ({', '.join('?' * len(REGISTERS))}) ORDER BY seq",
        [after, *REGISTERS],
    )
    for row in rows:
        said = sealing.unsealed_properties(row["properties"])
        trained = row["dataset"] == TRAINED
        yield TableRow(
            row["seq"],
            {
                "register": row["dataset"],
                "entry": staff_keys.entry(store, row["dataset"], row["entity_id"]),
                "version": row["version"],
                "kind": said.get("kind") or None,
                "state": (said.get("result") if trained else said.get("stage")) or None,
                "due_on": said.get("trained_until" if trained else "due_on", ""),
                "account": _account(store, said.get("login_name", "")) if trained else None,
                "recorded_at": parse(row["recorded_at"]),
            },
        )


def _account(store: Store, login_name: str) -> str | None:
    found = store.row("SELECT person_id FROM person WHERE login_name = ?", [login_name.strip()])
    return staff_keys.account(store, found["person_id"]) if found else None


def consents(store: Store, after: int) -> Iterator[TableRow]:
    """Every event of a consent after a `seq`; not whose it is."""
    for row in store.rows("SELECT * FROM consent_event WHERE seq > ? ORDER BY seq", [after]):
        said = {"event": row["kind"], "purpose": row["purpose"], "channel": row["channel"]}
        yield TableRow(row["seq"], {**said, "recorded_at": parse(row["recorded_at"])})


def recordings(store: Store, after: int) -> Iterator[TableRow]:
    """Who recorded each version of a customer's card after a `seq`; of those customers whom the lake has."""
    secret = store.site.secret("pseudonym")
    rows = store.rows(
        "SELECT seq, entity_id, version, recorded_at, recorded_by, salt, coalesce(department, '') AS department "
        "FROM entity_version JOIN entity USING (entity_id) JOIN customer_salt USING (entity_id) "
        "LEFT JOIN person ON person_id = recorded_by WHERE dataset = 'customers' AND seq > ? AND entity_id NOT IN "
        "(SELECT wrote.entity_id FROM record_now_level JOIN entity_version AS wrote USING (record_id) WHERE level = ?) "
        "ORDER BY seq",
        [after, int(Level.SECRET)],
    )
    numbers: dict[str, str] = {}
    for row in rows:
        by = row["recorded_by"]
        number = numbers.get(by) or numbers.setdefault(by, staff_keys.recorder(store, by))
        yield TableRow(
            row["seq"],
            {
                "customer_key": pseudonym(secret, row["entity_id"], row["salt"]), "version": row["version"],
                "recorder": number, "department": row["department"], "recorded_at": parse(row["recorded_at"]),
            },
        )  # fmt: skip


def second_entries(store: Store, after: int) -> Iterator[TableRow]:
    """Every second entry after a `seq`, by who made the first one."""
    if store.row("SELECT 1 FROM verification LIMIT 1") is None:
        return
    rows = store.rows(
        "SELECT audit.seq, verification.*, record.form_id, recorded_by, coalesce(department, '') AS department "
        "FROM audit JOIN draft ON draft_id = object_id JOIN verification ON verification.record_id = verifies "
        # The transaction that kept the entry is the one of the audit log's
        "AND entered_at = audit.at AND entered_by = actor "
        "JOIN record_version ON record_version.record_id = verification.record_id "
        "AND record_version.version = verification.version JOIN record ON record.record_id = verification.record_id "
        "LEFT JOIN person ON person_id = recorded_by "
        "WHERE audit.seq > ? AND action = 'record.submit' AND verifies IS NOT NULL ORDER BY audit.seq",
        [after],
    )
    for row in rows:
        yield TableRow(row["seq"], _second_entry(store, row))


def _second_entry(store: Store, row: Row) -> dict[str, str | int | datetime | None]:
    differing = len(json.loads(row["differences"]))
    return {
        "form": row["form_id"], "recorder": staff_keys.recorder(store, row["recorded_by"]),
        "department": row["department"], "compared": row["compared"], "equal": row["compared"] - differing,
        "recorded_at": parse(row["entered_at"]),
    }  # fmt: skip
