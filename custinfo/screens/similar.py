"""Before a new customer is recorded: who it may be the same as, for the person who enters it to say."""

from typing import Any

from custinfo.actions import candidates
from custinfo.actions.candidates import Candidate
from custinfo.domain.people import Person
from custinfo.screens.context import Page


def message(page: Page, actor: Person, draft_id: str) -> dict[str, Any] | None:
    """What the form's page is told before it submits; None when nobody is like it, or it is no new customer."""
    found = candidates.of_draft(page.store, actor, draft_id) if draft_id else []
    if not found:
        return None
    said = ("title", "hint", "open", "reason", "reason_wanted", "another", "stay")
    texts = {name: page.text(f"dedupe.entry.{name}") for name in said}
    return {"kind": "similar", "words": texts, "found": [_line(page, one) for one in found]}


def _line(page: Page, one: Candidate) -> dict[str, Any]:
    certain = page.text("dedupe.entry.likely" if one.evidence.band == "automatic" else "dedupe.entry.perhaps")
    named = one.label if one.label == one.number else f"{one.label} · {one.number}"
    lines = one.evidence.texts(page.language)
    return {"text": named, "href": f"/customer/{one.entity_id}", "certain": certain, "lines": lines}
