"""Consents that are given in a form: a question marked `custinfo:consent` writes its event with the record.

Only an answer that this version of the record changed is an event: who edits an old record does not consent anew. And
only a person at a form can give one: a row of a file is somebody's word about somebody else, without evidence. Nobody
consents to a purpose of which no notice speaks: the answer is kept, and nothing comes of it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from custinfo.actions import entities, entity_writing, forms, minors, notices, withholding
from custinfo.actions.entity_writing import Pending
from custinfo.domain import consent
from custinfo.domain.clock import parse
from custinfo.store import Store, Tx, sealing
from custinfo.store.database import Row
from custinfo.xforms import Form, Record
from custinfo.xforms.refs import flat, without_positions

MARK = "consent"
YES, NO = ("yes", "1", "true", "OK"), ("no", "0", "false")
BY_PERSON = "page"
"""The source of a record that a person filled in at a page."""


def from_record(
    store: Store, tx: Tx, form: Form, made: Record, row: Mapping[str, Any], main: str | None, pending: Sequence[Pending]
) -> None:  # fmt: skip
    """Write the events of a record version within its transaction. `main` is the entity that the record is about.

    Raises Unfinished at the question for a child's consent that no guardian gives.
    """
    if any(one.action.properties.get("informed") == "to_be_informed" for one in pending):
        withholding.stopped(tx)
    marks = dict(entities.marked(form, MARK))
    if not marks:
        return
    answers, before = flat(made.values, form.root.ref), _before(store, form, row)
    for ref, value in answers.items():
        purpose = marks.get(without_positions(ref))
        entity_id = _whose(ref, form, main, pending)
        if purpose is None or entity_id is None or before.get(ref, "") == value:
            continue
        if value in YES:
            _give(store, tx, form, row, (ref, purpose, entity_id), answers)
        elif value in NO:
            _refuse(store, tx, row, purpose, entity_id)


def without_notice(store: Store, record_id: str, version: int) -> int:
    """To how many questions a version that was filled in at a page says yes anew, without a consent having come of it:
    no notice spoke of the purpose.
    """
    row = store.row("SELECT * FROM record_version JOIN record USING (record_id) WHERE record_id = ? AND version = ?",
                    [record_id, version])  # fmt: skip
    assert row is not None
    form = forms.load(store, row["form_id"], row["form_version"])
    marks = dict(entities.marked(form, MARK))
    if not marks or row["source"] != BY_PERSON:
        return 0
    said = sealing.opened_json(store, "record_version", record_id, "content", version, row["content"])
    before = _before(store, form, row)
    yes = [ref for ref, value in flat(said, form.root.ref).items() if value in YES and before.get(ref, "") != value]
    wanted = [marks[without_positions(ref)] for ref in yes if without_positions(ref) in marks]
    given = store.rows(
        "SELECT purpose FROM consent_event WHERE record_id = ? AND record_version = ? AND kind = 'given'",
        [record_id, version],
    )
    heard = {one["purpose"] for one in given}
    return sum(1 for name in wanted if consent.purpose(name).needs_consent and name not in heard)


def _before(store: Store, form: Form, row: Mapping[str, Any]) -> dict[str, str]:
    """The answers of the version before, by ref."""
    at = [row["record_id"], row["version"] - 1]
    older = store.row("SELECT content FROM record_version WHERE record_id = ? AND version = ?", at)
    if older is None:
        return {}
    return flat(sealing.opened_json(store, "record_version", at[0], "content", at[1], older["content"]), form.root.ref)


def _whose(ref: str, form: Form, main: str | None, pending: Sequence[Pending]) -> str | None:
    """The entity of the innermost scope around the question; outside of repeats, the one that the record is about."""
    inside = [one for one in pending if one.action.ref != form.root.ref and ref.startswith(f"{one.action.ref}/")]
    if inside:
        return max(inside, key=lambda one: len(one.action.ref)).entity_id
    return main


def _give(
    store: Store, tx: Tx, form: Form, row: Mapping[str, Any], asked: tuple[str, str, str], answers: Mapping[str, str]
) -> None:
    ref, purpose, entity_id = asked
    if row["source"] != BY_PERSON:
        tx.note(consents_not_taken=int(tx.detail.get("consents_not_taken") or 0) + 1)
        return
    on = parse(row["recorded_at"]).astimezone(store.site.zone).date()
    born, guardian = minors.said_in(answers, form.root.ref)
    if born and not guardian and minors.under_age(born, on):
        facts = {"age": consent.ADULT_CONSENT_AGE}
        raise entity_writing.unfinished(store, form, ref, "constraint", "privacy.guardian_needed", facts)
    notice = notices.speaking_of(store, purpose)
    if notice is None and consent.purpose(purpose).needs_consent:
        tx.note(consents_without_notice=int(tx.detail.get("consents_without_notice") or 0) + 1)
        return
    tx.insert(
        "consent_event",
        {
            **_event(row, "given", purpose, entity_id, on),
            "separate": 1,  # a question of its own, for this purpose alone
            "guardian": _sealed(store, entity_id, row, purpose, guardian),
            "notice_id": notice.notice_id if notice else None,
            "notice_version": notice.version if notice else None,
        },
    )
    tx.note(consents_given=int(tx.detail.get("consents_given") or 0) + 1)


def _sealed(store: Store, entity_id: str, row: Mapping[str, Any], purpose: str, guardian: str) -> str:
    if not guardian:
        return ""
    return sealing.seal_text(store, "consent_event", entity_id, "guardian", row["recorded_at"] + purpose, guardian[:60])


def _refuse(store: Store, tx: Tx, row: Mapping[str, Any], purpose: str, entity_id: str) -> None:
    """A no withdraws what was agreed to before; to a purpose that needs no consent it is an objection."""
    on = parse(row["recorded_at"]).astimezone(store.site.zone).date()
    tx.insert("consent_event", _event(row, "withdrawn", purpose, entity_id, on))
    tx.remember("consent.withdrawn", entity_id, purpose=purpose, happened_on=on.isoformat())
    withholding.stopped(tx)


def _event(row: Mapping[str, Any], kind: str, purpose: str, entity_id: str, on: date) -> Row:
    return {
        "entity_id": entity_id, "kind": kind, "purpose": purpose, "happened_on": on.isoformat(), "channel": "form",
        "record_id": row["record_id"], "record_version": row["version"], "recorded_at": row["recorded_at"],
        "recorded_by": row["recorded_by"],
    }  # fmt: skip
