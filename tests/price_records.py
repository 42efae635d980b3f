"""Price approvals as somebody submits and edits them."""

from datetime import date
from pathlib import Path

from custinfo.actions import drafts, forms
from tests import source_forms
from tests.factories import submit


def shipped(form_id):
    """The shipped table of a form."""
    return (Path(__file__).parents[1] / "forms" / f"{form_id}.md").read_bytes()


def price(store, actor, key="k1"):
    """A submitted price approval that nobody decided on paper; gives the record's id."""
    today = date.today()  # noqa: DTZ011
    answers = {ref: one for ref, one in source_forms.filled("price_approval", today).items() if "/approval/" not in ref}
    draft = drafts.start(store, actor, "price_approval")
    return _submitted(store, actor, draft, answers, key)


def edit(store, actor, record_id, answers):
    """A new version of the record."""
    draft = drafts.start(store, actor, "price_approval", record_id=record_id)
    return _submitted(store, actor, draft, answers, f"edit {draft.draft_id}")


def _submitted(store, actor, draft, answers, key):
    form = forms.load(store, "price_approval", draft.form_version)
    session = forms.session(store, form, draft.instance)
    source_forms.fill(session, answers)
    drafts.save(store, actor, draft.draft_id, session.instance, next(iter(answers)), saves=draft.saves)
    return submit(store, actor, draft.draft_id, key).record_id
