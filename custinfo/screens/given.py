"""Answers that a link brings along: `?d[/data/group/question]=value`, or `?d[question]=value` for short."""

import re
from collections.abc import Mapping

from custinfo.screens.context import Page
from custinfo.screens.questionnaire import Questionnaire
from custinfo.xforms import Form, RefusedAnswer

PARAMETER = re.compile(r"d\[([^\[\]]{1,300}(?:\[\d{1,6}\][^\[\]]{0,300})*)\]")
MOST = 200


def from_query(query: Mapping[str, str]) -> dict[str, str]:
    """The answers of an address by what it calls the question; a link that is longer than any ours brings fewer."""
    found = ((PARAMETER.fullmatch(name), value) for name, value in list(query.items())[:MOST])
    return {match[1]: value for match, value in found if match}


def answer(
    page: Page, form: Form, questions: Questionnaire, named: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Give them to the form as answers. What it took, by ref; and a sentence for each that it refused.

    One that depends on another may stand before it in the link: they are tried until nothing more is taken.
    """
    taken: dict[str, str] = {}
    refusals: dict[str, str] = {}
    waiting = dict(named)
    while waiting:
        before = len(waiting)
        for name, value in list(waiting.items()):
            try:
                ref = _place(form, name)
                questions.change("answer", ref, value)
            except RefusedAnswer as refusal:
                refusals[name] = page.text("filling.given_refused", name=name, reason=refusal.text(page.language))
            else:
                taken[ref] = value
                del waiting[name]
                refusals.pop(name, None)
        if len(waiting) == before:
            break
    return taken, list(refusals.values())


def _place(form: Form, name: str) -> str:
    if name.startswith("/"):
        return name
    found = [ref for ref, node in form.nodes.items() if node.name == name and ref in form.control_of]
    if len(found) != 1:
        raise RefusedAnswer("filling.given_many" if found else "filling.given_unknown")
    return found[0]
