"""Which of the four kinds of information (R100) an answer is, by its form: `domain.information`."""

from collections.abc import Iterable

from custinfo.domain.errors import NotFound
from custinfo.domain.information import COLUMN, KINDS, SAID
from custinfo.store import Store
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions


def kind_of(form: Form, ref: str) -> str:
    """The kind that the question, or the nearest group around it, states; blank where none does."""
    place = without_positions(ref)
    while place:
        node = form.nodes.get(place)
        if node is not None and COLUMN in node.bind.extra:
            return node.bind.extra[COLUMN]
        place = place.rpartition("/")[0]
    return ""


def questions(form: Form) -> dict[str, list[str]]:
    """The questions of a form by kind, in the order of SAID and of the form; under a blank those that state none."""
    found: dict[str, list[str]] = {kind: [] for kind in (*SAID, "")}
    for ref, node in form.nodes.items():
        if ref in form.control_of and not node.is_group:
            found[kind_of(form, ref)].append(ref)
    return found


def of_questions(store: Store, form_id: str, refs: Iterable[str]) -> tuple[str, ...]:
    """The kinds that some questions of a form are of, in the order of KINDS; empty for a form that is not there."""
    from custinfo.actions import forms  # forms are exported by those who ask this

    try:
        form = forms.load(store, form_id)
    except NotFound:
        return ()
    present = {kind_of(form, ref) for ref in refs}
    return tuple(kind for kind in KINDS if kind in present)
