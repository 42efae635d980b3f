"""A form of any length to be filled in on a page: sections that depend on each other, behind gates that hide and show.

Every question is asked from the start, so that the whole form counts; *no* at a section's gate hides the rest of it.
"""

from collections.abc import Sequence
from itertools import chain

COLUMNS = ("type", "name", "label", "hint", "relevant", "constraint", "constraint_message", "required")
CHOICES = [
    *(("yn", name, label) for name, label in (("yes", "Yes"), ("no", "No"), ("dk", "Does not know"))),
    *(("goods", f"g{n}", f"Kind of goods {n}") for n in range(12)),
    *(("towns", f"t{n}", f"Town {n}") for n in range(300)),
]
WHO, GATE, STAFF = 0, 1, 2
"""Places in a section: a text, the gate, a whole number with a constraint."""

Row = dict[str, str]


def long_form(form_id: str, sizes: Sequence[int]) -> bytes:
    """An XLSForm as Markdown tables: a section of so many questions for each of `sizes`."""
    rows = chain.from_iterable(_section(section, questions) for section, questions in enumerate(sizes))
    lines = ["| survey |", _line(COLUMNS), *(_line([row.get(column, "") for column in COLUMNS]) for row in rows)]
    lines += ["| choices |", _line(("list_name", "name", "label")), *map(_line, CHOICES)]
    lines += ["| settings |", _line(("form_title", "form_id", "version")), _line(("Survey", form_id, "1"))]
    return "\n".join(lines).encode()


def ref(section: int, number: int) -> str:
    """The place of a question."""
    return f"/data/g{section}/{_name(section, number)}"


def _name(section: int, number: int) -> str:
    return f"q{section}_{number}"


def _section(section: int, questions: int) -> list[Row]:
    asked = [_question(section, number) for number in range(questions)]
    return [
        {"type": "begin_group", "name": f"g{section}", "label": f"Section {section}"},
        *asked,
        {"type": "end_group"},
    ]


def _question(section: int, number: int) -> Row:
    base = {"name": _name(section, number), "label": f"Question {number} of section {section}"}
    if number == WHO:
        return base | {"type": "text", "hint": "Name and position"}
    if number == GATE:
        return base | {"type": "select_one yn", "required": "yes"}
    gate, earlier = f"${{{_name(section, GATE)}}}", f"${{{_name(max(0, section - 1), WHO)}}}"
    base["relevant"] = f"{gate} != 'no'"
    match number % 6:
        case 2:
            rule = {"constraint": ". >= 0 and . <= 500", "constraint_message": "Between 0 and 500"}
            return base | rule | {"type": "integer", "required": "yes"}
        case 3:
            return base | {
                "type": "select_multiple goods",
                "constraint": "not(selected(., 'g0')) or count-selected(.) = 1",
            }
        case 4:
            return base | {"type": "date", "constraint": ". <= today()"}
        case 5:
            return base | {"type": "select_one yn", "relevant": f"{gate} != 'no' and {earlier} != 'nobody'"}
        case 0:
            return base | {"type": "decimal", "constraint": f". <= ${{{_name(section, STAFF)}}} * 365"}
    return base | {"type": "select_one towns"}


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| | {' | '.join(cells)} |"
