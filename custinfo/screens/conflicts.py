"""What somebody else changed while a draft was being filled in, side by side with one's own answers."""

from typing import Any

from custinfo.actions import rebasing
from custinfo.domain.people import Person
from custinfo.screens.context import Page
from custinfo.screens.filling import Filling

MOST = 50


def table(page: Page, actor: Person, filling: Filling) -> dict[str, Any]:
    """`columns` and `rows` of texts: the question, as it was, theirs, mine. Only what the person may see."""
    found = rebasing.compare(page.store, actor, filling.draft.draft_id)
    questions = filling.questions
    shown = [one for one in found if one.ref in questions.outline.visible][:MOST]
    blank = page.text("pages.customer.blank")
    rows = []
    for one in shown:
        sides = (one.before, one.theirs, one.mine)
        rows.append([questions.label(one.ref), *(questions.words(one.ref, side) or blank for side in sides)])
    columns = [page.text(f"filling.{name}") for name in ("question", "before", "theirs", "mine")]
    return {"columns": columns, "rows": rows}
