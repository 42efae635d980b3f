"""The list of somebody's open drafts: what each began with and says, as far as they may see it now."""

import json
from dataclasses import dataclass
from datetime import datetime

from custinfo.actions import drafts, forms, record_views
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.refs import flat, without_positions


@dataclass(frozen=True)
class DraftSummary:
    """A line of the list of drafts. `label` is the first answer that its owner sees, masked when it is of level 1;
    `answered` counts those that they see.
    """

    draft_id: str
    form_id: str
    titles: dict[str, str]
    label: str
    answered: int
    updated_at: datetime
    customer_id: str | None


def mine(store: Store, actor: Person) -> list[DraftSummary]:
    """One's own open drafts, newest first."""
    rows = store.rows(
        "SELECT draft.*, titles FROM draft JOIN form ON form.form_id = draft.form_id AND form.version = form_version "
        "WHERE owner = ? AND outcome IS NULL ORDER BY updated_at DESC",
        [actor.person_id],
    )
    return [_summary(store, actor, row) for row in rows if drafts.still_theirs(store, actor, row)]


def _summary(store: Store, actor: Person, row: Row) -> DraftSummary:
    form = forms.load(store, row["form_id"], row["form_version"])
    shown = record_views.masked(form, None, record_views.seen(form, actor, drafts.instance_of(store, row)))
    answers = flat(shown, form.root.ref)
    given = [value for ref, value in answers.items() if value and without_positions(ref) in form.control_of]
    return DraftSummary(
        row["draft_id"],
        row["form_id"],
        json.loads(row["titles"]),
        given[0] if given else "",
        len(given),
        parse(row["updated_at"]),
        row["entity_id"],
    )
