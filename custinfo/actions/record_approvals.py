"""Records of forms that name a procedure (`attribute::custinfo:procedure`): each submitted version is put forward.

What is decided on is a version, whole: an edit voids what was agreed to before. The content is salted with the case's
nonce, so that a digest that outlives an erased person cannot be tried against guesses of their answers.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from custinfo.actions import approvals, forms, sealing
from custinfo.actions.approval_cases import APPROVED, OPEN, RETURNED, Case
from custinfo.actions.entity_writing import made_by
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import LANGUAGES, spoken
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.xforms import Form

KIND = "record"


def put_forward(store: Store, tx: Tx, actor: Person, form: Form, row: Mapping[str, Any], values: Any) -> None:
    """Open a case on a record's new version, or go on with the one there is, within the transaction that records it.

    `row` is the new row of `record_version` with its form_id; `values` are its answers. A form that names no procedure
    has no cases; one that stopped naming it still voids what was agreed to.
    """
    record_id = row["record_id"]
    case = approvals.of(store, KIND, record_id)
    department = _decider(form, values)
    if department:
        tx.delete("record_decider", (record_id,))
        tx.insert("record_decider", {"record_id": record_id, "department": department, "since": tx.at})
    if case is not None and case.state in (OPEN, RETURNED, APPROVED):
        approvals.changed(store, tx, actor, KIND, record_id, _content(row, values, case.nonce))
        if department and case.department != department:
            tx.update("approval_case", case.case_id, {"department": department})
        return
    procedure = forms.procedure(form)
    if procedure is None:
        return
    nonce = secrets.token_hex(16)
    approvals.open(
        store, tx, actor, procedure, KIND, record_id, _titles(store, form, row), _content(row, values, nonce),
        authors=_authors(store, record_id), nonce=nonce, department=department,
    )  # fmt: skip


def _decider(form: Form, values: Any) -> str:
    """The department that the record says decides on it; blank where its form has no such question."""
    name = forms.decided_in(form)
    ref = next((ref for ref, node in form.nodes.items() if name and node.name == name), "")
    value = values if ref else ""
    for step in ref.split("/")[2:]:
        value = value.get(step, "") if isinstance(value, Mapping) else ""
    return str(value)


def check_approved(store: Store, record_id: str) -> None:
    """Raises WrongState unless the newest version of the record is approved as it stands."""
    case = approvals.of(store, KIND, record_id)
    nonce = case.nonce if case else ""
    approvals.check_approved(store, KIND, record_id, content_of(store, record_id, nonce))


def content_of(store: Store, record_id: str, nonce: str) -> bytes:
    """What is decided on: the newest version, salted. Raises NotFound."""
    row = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    if row is None:
        raise NotFound("access.no_record")
    values = sealing.opened_values(store, "record_version", record_id, row["version"], row["content"])
    return _content(row, values, nonce)


def is_current(store: Store, case: Case) -> bool:
    """Whether the case is about the record as it stands: an answer that was changed behind our back shows here."""
    return approvals.digest(content_of(store, case.object_id, case.nonce)) == case.sha256


def says(store: Store, record_id: str, version: int, nonce: str, sha256: str) -> bool:
    """Whether this is what was decided on: a version of the record, by the digest that was agreed to."""
    row = store.row(
        "SELECT record_version.*, form_id FROM record_version JOIN record USING (record_id) "
        "WHERE record_id = ? AND version = ?",
        [record_id, version],
    )
    if row is None:
        return False
    values = sealing.opened_values(store, "record_version", record_id, version, row["content"])
    return approvals.digest(_content(row, values, nonce)) == sha256


def _content(row: Mapping[str, Any], values: Any, nonce: str) -> bytes:
    covered = {name: row[name] for name in ("record_id", "version", "form_id", "form_version")}
    return json.dumps(covered | {"nonce": nonce, "values": values}, ensure_ascii=False, sort_keys=True).encode()


def _titles(store: Store, form: Form, row: Mapping[str, Any]) -> dict[str, str]:
    """The form's title and the numbers of what the record made: no names."""
    numbers = " ".join(one.number for one in made_by(store, row["record_id"], row["version"]))
    titles = forms.titles(form)
    longest = approvals.LONGEST_TITLE - len(numbers) - 1
    return {one: f"{spoken(titles, one)[:longest]} {numbers}".strip() for one in LANGUAGES}


def _authors(store: Store, record_id: str) -> set[str]:
    rows = store.rows("SELECT DISTINCT recorded_by FROM record_version WHERE record_id = ?", [record_id])
    return {row["recorded_by"] for row in rows}
