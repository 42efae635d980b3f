"""Forms of the make-up that the form engine is measured with, made here: a long one, one with repeats, one with a long list."""

from collections.abc import Iterator
from random import Random

from pyxform.xls2xform import convert

from custinfo.xforms import RefusedAnswer, Session, load

SECTIONS, QUESTIONS = 25, 20
ROUNDS = 500
TOWNS, PROVINCES = 10_000, 400
COLUMNS = ("type", "name", "label", "relevant", "constraint", "required", "calculation", "choice_filter")
YES_NO = [("yn", "yes", "Yes", ""), ("yn", "no", "No", ""), ("yn", "dk", "Does not know", "")]
SIGNS = [("signs", f"s{n}", f"Sign {n}", "") for n in range(12)]

Row = dict[str, str]
Answers = list[tuple[str, str]]


def markdown(rows: list[Row], choices: list[tuple[str, ...]]) -> bytes:
    """An XLSForm as Markdown tables."""
    lines = ["| survey |", _line(COLUMNS), *(_line([row.get(column, "") for column in COLUMNS]) for row in rows)]
    lines += ["| choices |", _line(("list_name", "name", "label", "parent")), *map(_line, choices)]
    return "\n".join(lines).encode()


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| | {' | '.join(cells)} |"


def long_form() -> bytes:
    """500 questions in 25 sections, as a verbal autopsy has them: consent first, each section behind a gate of its own."""
    rows = [
        {"type": "select_one yn", "name": "consent", "label": "May we begin?", "required": "yes"},
        {"type": "integer", "name": "age", "label": "Age", "required": "yes", "constraint": ". >= 0 and . <= 120"},
    ]
    for section in range(SECTIONS):
        rows.append(
            {
                "type": "begin_group",
                "name": f"g{section}",
                "label": f"Section {section}",
                "relevant": "${consent} = 'yes'",
            }
        )
        rows += [_question(section, number) for number in range(QUESTIONS)]
        rows.append({"type": "end_group"})
    return markdown(rows, [*YES_NO, *SIGNS])


def _question(section: int, number: int) -> Row:
    name, gate, before = f"q{section}_{number}", f"${{q{section}_0}}", f"${{q{section}_{number - 1}}}"
    base = {"name": name, "label": f"Question {number} of section {section}", "relevant": f"{gate} = 'yes'"}
    if number == 0:
        earlier = f"${{q{section - 1}_0}} = 'no' or selected(${{q{section - 1}_4}}, 's3')" if section else ""
        return base | {
            "type": "select_one yn",
            "required": "yes",
            "relevant": earlier and f"${{age}} > 15 or {earlier}",
        }
    match number % 5:
        case 1:
            return base | {"type": "select_one yn", "required": "yes", "relevant": f"{gate} = 'yes' and ${{age}} >= 5"}
        case 2:
            return base | {
                "type": "integer",
                "relevant": f"{before} = 'yes'",
                "constraint": ". >= 0 and . <= ${age} * 365",
            }
        case 3:
            return base | {"type": "calculate", "calculation": f"if({before} > 30, 'long', 'short')"}
        case 4:
            return base | {
                "type": "select_multiple signs",
                "constraint": "not(selected(., 's0')) or count-selected(.) = 1",
            }
    return base | {
        "type": "date",
        "relevant": f"selected({before}, 's1') or {gate} != 'no'",
        "constraint": ". <= today()",
    }


def household() -> bytes:
    """A repeat with answers that its own round, all rounds and labels read."""
    return markdown(
        [
            {"type": "integer", "name": "least", "label": "Least wage"},
            {"type": "begin_repeat", "name": "person", "label": "Person"},
            {"type": "text", "name": "name", "label": "Name"},
            {"type": "integer", "name": "age", "label": "Age of ${name}", "constraint": ". >= 0 and . < 130"},
            {"type": "integer", "name": "wage", "label": "Wage of ${name}", "relevant": "${age} > 15"},
            {"type": "calculate", "name": "yearly", "calculation": "${wage} * 12"},
            {"type": "select_one yn", "name": "why", "label": "Sure?", "relevant": "${wage} < ${least}"},
            {"type": "calculate", "name": "number", "calculation": "position(..)"},
            {"type": "end_repeat"},
            {"type": "calculate", "name": "total", "calculation": "sum(${wage})"},
            {"type": "calculate", "name": "grown", "calculation": "count(${person}[age > 17])"},
            {"type": "text", "name": "remark", "label": "Remark", "relevant": "${total} > 1000"},
        ],
        YES_NO,
    )


def towns() -> bytes:
    """A list of 10,000 rows, of which the answer before offers 25."""
    rows = [
        {"type": "select_one province", "name": "province", "label": "Province"},
        {"type": "select_one town", "name": "town", "label": "Town", "choice_filter": "parent = ${province}"},
    ]
    provinces = [("province", f"p{n}", f"Province {n}", "") for n in range(PROVINCES)]
    return markdown(rows, [*provinces, *(("town", f"t{n}", f"Town {n}", f"p{n % PROVINCES}") for n in range(TOWNS))])


def to_xform(source: bytes, suffix: str) -> str:
    """pyxform's part of the work. Raises PyXFormError."""
    return str(convert(source, file_type=suffix, form_name="data", warnings=[]).xform)


def walk(xform: str, seed: int, steps: int) -> Answers:
    """Answers that the form takes: through the form from the start, then here and there."""
    form = load(xform)
    formats = {
        node.bind.extra["format"]: lambda value: None for node in form.nodes.values() if "format" in node.bind.extra
    }
    session, random, given = Session(form, formats=formats), Random(seed), dict[str, str]()
    answers: Answers = []
    for step in range(steps):
        refs = [drawn.ref for top in session.layout() for drawn in top.walk() if drawn.is_question]
        refs = [ref for ref in refs if not session.state(ref).readonly]
        new = [ref for ref in refs if ref not in given]
        if not refs:
            break
        ref = new[0] if new and step < steps * 0.6 else random.choice(refs)
        given[ref] = ""
        for value in _values(session, ref, random):
            try:
                session.answer(ref, value)
            except RefusedAnswer:
                continue
            answers.append((ref, value))
            if session.state(ref).violation is None:
                break
    return answers


def _values(session: Session, ref: str, random: Random) -> Iterator[str]:
    """Some values of the question's kind: the rules take one of them, as a rule."""
    state = session.state(ref)
    place = "/".join(step.partition("[")[0] for step in ref.split("/"))
    control, kind = session.form.control_of[place], session.form.nodes[place].bind.type
    values = [value for value, _ in state.choices]
    for _ in range(4):
        if values and control.kind == "select1":
            yield random.choice(values)
        elif values:
            yield " ".join(random.sample(values, random.randint(1, min(3, len(values)))))
        elif kind in ("int", "integer", "decimal"):
            yield str(random.randint(0, 120))
        elif kind == "date":
            yield f"{random.randint(1930, 2025)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
        elif kind in ("string", ""):
            yield random.choice(["A", "abc", "some words"])
