"""Forms that ask for sensitive personal data: published only with an approved impact assessment (PIPL art. 55).

Such a question is known by `bind::custinfo:sensitive`, or by the words of its label; the form names the assessment in
its settings, and asks for the separate consent that such data take (contradiction D1).
"""

from collections.abc import Iterator
from datetime import date

from custinfo.actions import entities, sealing
from custinfo.domain import consent
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import WrongState
from custinfo.exchange.fields import Field, tables
from custinfo.store import Store
from custinfo.xforms import Form

DATASET = "impact_assessments"
SETTING, SENSITIVE, CONSENT = "impact_assessment", "sensitive", "consent"
SHOWN = 5


def sensitive_questions(form: Form) -> list[tuple[str, str]]:
    """The names of the questions about sensitive data, each with its kind."""
    return [(field.name, kind) for field in _asked(form) if (kind := _kind(form, field))]


def _asked(form: Form) -> Iterator[Field]:
    for table in tables(form):
        yield from (field for field in table.fields if field.ref in form.control_of)


def _kind(form: Form, field: Field) -> str:
    said = form.nodes[field.ref].bind.extra.get(SENSITIVE, "")
    if said:
        return "" if said == "no" else said
    if CONSENT in form.nodes[field.ref].bind.extra:
        return ""  # asking whether one may is not asking for it
    words = " ".join((field.name, *field.labels.values())).lower()
    return next((kind for kind, known in consent.sensitive_words().items() if any(one in words for one in known)), "")


def check_publishable(store: Store, form: Form) -> None:
    """Raises WrongState for a form that asks for sensitive data without an approved, current impact assessment, or
    without asking for consent to it.
    """
    found = sensitive_questions(form)
    if not found:
        return
    named = ", ".join(f"{name} ({kind})" for name, kind in found[:SHOWN])
    number = form.root.attributes.get(SETTING, "").strip()
    if not number:
        raise WrongState("privacy.assessment_missing", questions=named)
    _check_approved(store, number)
    if not any(node.bind.extra.get(CONSENT) == "sensitive" for node in form.nodes.values()):
        raise WrongState("privacy.no_consent_asked", questions=named)


def _check_approved(store: Store, number: str) -> None:
    row = entities.by_number(store, DATASET, number)
    if row is None:
        raise WrongState("privacy.assessment_unknown", number=number[:20])
    if not approved(store, row["record_id"]):
        raise WrongState("privacy.assessment_unapproved", number=row["number"])
    due_on = sealing.opened_values(
        store, "entity_version", row["entity_id"], row["version"], row["properties"], "properties"
    ).get("due_on", "")
    if due_on and date.fromisoformat(due_on[:10]) < utc_now().astimezone(store.site.zone).date():
        raise WrongState("privacy.assessment_expired", number=row["number"], day=due_on[:10])


def approved(store: Store, record_id: str) -> bool:
    """Whether the assessment, as it stands now, was approved by its procedure."""
    from custinfo.actions import approvals

    case = approvals.of(store, "record", record_id)
    return case is not None and case.state == "approved"
