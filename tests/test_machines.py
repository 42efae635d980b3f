"""Every state machine is shown in the documents as it is."""

import re
from pathlib import Path

import pytest

from custinfo.domain import machines

DOCS = Path(__file__).parents[1] / "docs"
FOUND = {name: value for name, value in vars(machines).items() if name.isupper() and isinstance(value, dict)}


@pytest.mark.parametrize("name", FOUND)
def test_a_machine_is_drawn_in_the_documents_as_it_is(name):
    drawn = {
        one.strip()
        for page in DOCS.rglob("*.md")
        for one in re.findall(r"```mermaid\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    }
    assert machines.diagram(FOUND[name]).strip() in drawn


def test_there_are_machines():
    assert {"FORM", "RECORD", "CASE", "REQUEST", "RETENTION"} <= set(FOUND)
