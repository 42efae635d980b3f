"""Showing one masked answer of level 1 to somebody who is cleared for it: who saw which field of whom is on the log."""

from typing import Literal

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, customers, entities, forms, sealing
from custinfo.actions.answer_texts import answer_text
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import without_positions


def reveal(
    store: Store, actor: Person, kind: Literal["customer", "record"], object_id: str, ref: str, *,
    version: int | None = None, language: str = DEFAULT_LANGUAGE,
) -> str:  # fmt: skip
    """The answer at `ref` of a customer's current card, or of a record (its newest version unless one is given).

    Raises NotFound for what is not there or may not be seen: no answer tells which of the two. The audit log is
    written before the answer leaves here.
    """
    found = (
        _of_customer(store, actor, object_id, ref, language)
        if kind == "customer"
        else _of_record(store, actor, object_id, ref, version, language)
    )
    if not found:
        raise NotFound("reveals.nothing")
    with store.act(actor.person_id, "field.reveal", kind, object_id, ref=ref, version=version):
        return found


def _of_customer(store: Store, actor: Person, customer_id: str, ref: str, language: str) -> str:
    permissions.check(actor, "customer.read")
    assignments.check_in_scope(store, actor, customer_id)
    sections = customers.plain_sections(store, actor, entities.current(store, customer_id), language)
    return next((field.text for section in sections for field in section.fields if field.ref == ref), "")


def _of_record(store: Store, actor: Person, record_id: str, ref: str, version: int | None, language: str) -> str:
    permissions.check(actor, "record.read")
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [record_id])
    policies.check_readable(actor, record)
    assert record is not None
    row = store.row(
        "SELECT * FROM record_version WHERE record_id = ? AND version = ?", [record_id, version or record["version"]]
    )
    if row is None:
        return ""
    form = forms.load(store, record["form_id"], row["form_version"])
    level = form.levels.get(without_positions(ref))
    if level is None or not visibility.sees(actor, level):
        return ""
    values = sealing.opened_values(store, "record_version", record_id, row["version"], row["content"])
    session = forms.session(store, form, fitted(form, values)[0], language=language, reader=actor)
    return answer_text(session, ref, language)
