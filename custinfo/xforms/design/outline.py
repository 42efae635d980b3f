"""The survey sheet as a tree: which row is which question, in which group, at which place of the XForm."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from custinfo.xforms.design import question_types
from custinfo.xforms.design.columns import Cell, Line, Table
from custinfo.xforms.design.question_types import QuestionType
from custinfo.xforms.findings import Finding

_NAME = re.compile(r"[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?\Z")
ROOT = "data"


@dataclass
class Question:
    """A row of the survey sheet with a type that exists: a question, a group or a repeat."""

    line: Line
    type: QuestionType
    name: str
    ref: str
    parent: "Question | None" = None
    children: list["Question"] = field(default_factory=list)

    @property
    def repeats(self) -> "list[Question]":
        """The repeats that it stands in, the innermost first."""
        found, above = [], self.parent
        while above is not None:
            if above.type.kind == "repeat":
                found.append(above)
            above = above.parent
        return found


@dataclass
class Outline:
    """All questions in their order, by name, and what is wrong with types, names and groups."""

    questions: list[Question] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    @property
    def by_name(self) -> dict[str, list[Question]]:
        """The questions of each name."""
        found: dict[str, list[Question]] = {}
        for question in self.questions:
            found.setdefault(question.name, []).append(question)
        return found

    @property
    def names(self) -> set[str]:
        """Every name that `${name}` may stand for."""
        others = {f"{q.name}_other" for q in self.questions if q.type.or_other}
        return {q.name for q in self.questions if q.name} | others


def outline(table: Table, root: str = ROOT) -> Outline:
    """The tree of a survey sheet."""
    found = Outline()
    stack: list[Question] = []
    for line in table.lines:
        if line.get("disabled").lower() in ("yes", "true", "true()"):
            continue
        kind = _type(line, found)
        if kind is None or kind.kind == "setting":
            continue
        if kind.ends:
            _end(line, kind, stack, found)
            continue
        question = _question(line, kind, stack, root)
        found.questions.append(question)
        if question.parent is not None:
            question.parent.children.append(question)
        if kind.begins:
            stack.append(question)
    for open_ in stack:
        facts = {"begin": f"begin_{open_.type.kind}", "end": f"end_{open_.type.kind}", "name": open_.name}
        found.errors.append(open_.line.found("form_check.group.not_ended", "type", **facts))
    found.errors += _names(found, root)
    found.warnings += _case(found)
    return found


def _question(line: Line, kind: QuestionType, stack: list[Question], root: str) -> Question:
    parent = stack[-1] if stack else None
    name = line.get("name") or ("audit" if kind.kind == "audit" else "")
    if not name and kind.kind == "note":
        name = f"generated_note_name_{line.number}"
    inside = "meta/" if kind.kind == "audit" else ""
    return Question(line, kind, name, f"{parent.ref if parent else '/' + root}/{inside}{name}", parent)


def _type(line: Line, found: Outline) -> QuestionType | None:
    cell = line.cell("type")
    if cell is None:
        if line.get("name") or line.get("label"):
            found.errors.append(
                line.found("form_check.type.missing", "type", name=line.get("name") or line.get("label"))
            )
        return None
    kind = question_types.parse(cell.value)
    if kind is None:
        found.errors.append(_unknown_type(cell))
    return kind


def _unknown_type(cell: Cell) -> Finding:
    written = " ".join(cell.value.split())
    bare = {"select_one", "select_multiple", "rank", "select one", "select_one_from_file", "select_multiple_from_file"}
    if written in bare:
        key = "form_check.type.no_file" if written.endswith("_file") else "form_check.type.no_list"
        return cell.found(key, type=written.replace(" ", "_"))
    near = question_types.meant(written)
    if near:
        return cell.found("form_check.type.misspelt", near=near)
    return cell.found("form_check.type.unknown", known=", ".join((*question_types.SELECTS, *question_types.TYPES[:12])))


def _end(line: Line, kind: QuestionType, stack: list[Question], found: Outline) -> None:
    """Closes a group. One that is ended by the wrong word is taken as meant, so that one slip is one finding."""
    cell = line.cell("type")
    assert cell is not None  # a line with a type has the cell
    if not stack:
        found.errors.append(cell.found("form_check.group.not_begun", begin=f"begin_{kind.kind}"))
        return
    innermost = stack[-1]
    if innermost.type.kind == kind.kind:
        stack.pop()
        return
    facts = {
        "name": innermost.name, "first": innermost.line.number,
        "begin": f"begin_{innermost.type.kind}", "end": f"end_{innermost.type.kind}",
    }  # fmt: skip
    found.errors.append(cell.found("form_check.group.crossed", **facts))
    stack.pop()


def legal(name: str) -> bool:
    """Whether a name can be the name of an element and stand in an expression."""
    if not _NAME.match(name):
        return False
    try:
        etree.Element(name.rpartition(":")[2])
    except ValueError:
        return False
    return True


def legalised(name: str) -> str:
    """A legal name near to one that is not."""
    made = re.sub(r"[^\w.\-]+", "_", name.strip()).strip("_") or "question"
    return made if legal(made) else f"q_{made}" if legal(f"q_{made}") else "question"


def _names(found: Outline, root: str) -> Iterator[Finding]:
    repeats: dict[str, Question] = {}
    for question in found.questions:
        cell = question.line.cell("name")
        if not question.name:
            yield question.line.found("form_check.name.missing", "name", type=question.line.get("type"))
            continue
        if cell is None:
            continue
        if not legal(question.name):
            yield cell.found("form_check.name.illegal", write=legalised(question.name))
        if question.name == "meta" and question.parent is None:
            yield cell.found("form_check.name.reserved")
        if question.type.kind == "audit" and question.name != "audit":
            yield cell.found("form_check.name.audit")
        if question.type.kind == "repeat":
            if question.name == root:
                yield cell.found("form_check.name.root")
            elif question.name in repeats:
                yield cell.found("form_check.name.twice_repeat", first=repeats[question.name].line.number)
            repeats.setdefault(question.name, question)
    for siblings in _siblings(found):
        first: dict[str, Question] = {}
        for question in siblings:
            cell = question.line.cell("name")
            if question.name in first and cell is not None and not _same_repeat(question, first[question.name]):
                yield cell.found("form_check.name.twice", first=first[question.name].line.number)
            first.setdefault(question.name, question)


def _same_repeat(one: Question, other: Question) -> bool:
    """Two repeats of one name are said once, as repeats."""
    return one.type.kind == other.type.kind == "repeat"


def _siblings(found: Outline) -> Iterator[list[Question]]:
    yield [q for q in found.questions if q.parent is None]
    for question in found.questions:
        if question.children:
            yield question.children


def _case(found: Outline) -> Iterator[Finding]:
    for siblings in _siblings(found):
        first: dict[str, Question] = {}
        for question in siblings:
            known = first.setdefault(question.name.casefold(), question)
            cell = question.line.cell("name")
            if known.name != question.name and cell is not None:
                yield cell.found("form_check.name.case", other=known.name, first=known.line.number)
