"""The search for what a questionnaire asks twice (R72): among all forms in use, in itself, and what contradicts itself.

Forms in use save what customers are known by: a question that fills one of those properties, or is called by its name,
asks for data that are at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from custinfo.actions import forms
from custinfo.actions.delegations import today
from custinfo.classification import surveys
from custinfo.store import Store
from custinfo.xforms import Form, contradictions, overlap
from custinfo.xforms.contradictions import Contradiction
from custinfo.xforms.findings import Finding
from custinfo.xforms.overlap import Overlap


@dataclass(frozen=True)
class Alike:
    """A question that another form asks too; `form_id` is that form, its own where it asks twice."""

    form_id: str
    titles: Mapping[str, str]
    overlap: Overlap


@dataclass(frozen=True)
class Report:
    """What was found about a form: how long it is, what it asks that others ask too, and what is wrong in itself."""

    form_id: str
    version: str
    questions: int
    minutes: float
    compared: int
    alike: tuple[Alike, ...]
    contradictions: tuple[Contradiction, ...]
    findings: tuple[Finding, ...]

    def as_evidence(self) -> dict[str, object]:
        """The report as a step of a study keeps it: numbers, and each place where something is asked again."""
        found = ((one.form_id, one.overlap) for one in self.alike)
        places = [[one.question.ref, form_id, one.other.ref, one.likeness] for form_id, one in found]
        return {"questions": self.questions, "minutes": self.minutes, "compared": self.compared, "alike": places,
                "contradictions": [[one.ref, one.kind, one.why] for one in self.contradictions],
                "findings": [one.text("en") for one in self.findings]}  # fmt: skip


def report(store: Store, form: Form) -> Report:
    """Compare a form with every other form in use, and look at it by itself."""
    asked = overlap.questions(form)
    own = [Alike(form.form_id, forms.titles(form), one) for one in overlap.repeated(form)]
    others = [one for one in _in_use(store) if one.form_id != form.form_id]
    pairs = ((other, one) for other in others for one in overlap.overlaps(form, other))
    found = [Alike(other.form_id, forms.titles(other), one) for other, one in pairs]
    minutes = surveys.rule(today(store)).minutes([one.kind for one in asked])
    never = tuple(contradictions.contradictions(form))
    return Report(
        form.form_id, form.version, len(asked), minutes, len(others), (*own, *found), never, _findings(store, form)
    )  # fmt: skip


def _in_use(store: Store) -> list[Form]:
    rows = store.rows(
        "SELECT DISTINCT form_id FROM form WHERE form_id NOT IN (SELECT form_id FROM form_closing) ORDER BY form_id"
    )
    return [forms.load(store, row["form_id"]) for row in rows]


def _findings(store: Store, form: Form) -> tuple[Finding, ...]:
    """What the check of form files says of it as it was published: rules that contradict one another among them."""
    row = forms.find(store, form.form_id, form.version)
    files = dict(forms.files_of(store, form.form_id, form.version))
    return forms.check(f"{form.form_id}.xml", row["xform"].encode(), files, store).warnings
