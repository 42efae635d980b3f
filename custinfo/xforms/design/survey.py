"""The cells of the survey sheet: expressions, circles of calculations, triggers, labels, appearances, files."""

import re
from collections.abc import Collection, Iterator, Mapping

from custinfo.xforms import appearances
from custinfo.xforms.design import expressions, question_types
from custinfo.xforms.design.columns import Cell, Line, Table
from custinfo.xforms.design.outline import Outline, Question
from custinfo.xforms.findings import Finding, nearest
from custinfo.xforms.refs import without_positions
from custinfo.xforms.xpath.ast import Call, walk

_RULES = ("relevant", "constraint", "calculation", "required", "read_only", "repeat_count", "choice_filter")
_TRIGGER = re.compile(r"\s*\$\{[^}]+\}(\s*,\s*\$\{[^}]+\})*\s*\Z")
_DYNAMIC = re.compile(r"\$\{|[A-Za-z][\w:\-]*\(")
_MEANS_YES = frozenset(["y", "Y", "是", "必填", "√", "✓", "x", "X", "j", "J", "真"])
_MEANS_NO = frozenset(["n", "N", "否", "选填", "×", "假"])
_UNSETTLED = frozenset({"once", "indexed-repeat", "position"})
"""Functions by which a calculation may read its own former or another instance's value without going in a circle."""


def errors(outline: Outline) -> Iterator[Finding]:
    """What is wrong with the rules of each question."""
    names = outline.names
    for question in outline.questions:
        line = question.line
        for name in _RULES:
            cell = line.cell(name)
            if cell is not None and cell.value not in expressions.YES_NO:
                yield from _rule(cell, name, question, names)
        default = line.cell("default")
        if default is not None and _DYNAMIC.search(default.value) and question.type.kind != "image":
            yield from expressions.check(default, names)
        trigger = line.cell("trigger")
        if trigger is not None and not _TRIGGER.match(trigger.value) and "＄" not in trigger.value:
            yield trigger.found("form_check.trigger.shape")
        if question.type.kind == "calculate" and not line.get("calculation") and not line.get("default"):
            yield line.found("form_check.calculation.missing", "calculation", name=question.name)
        yield from _unlabelled(question)
    yield from _circles(outline)


def _rule(cell: Cell, name: str, question: Question, names: set[str]) -> Iterator[Finding]:
    if name in ("required", "read_only") and cell.value in _MEANS_YES | _MEANS_NO:
        yield cell.found("form_check.required.word", write="yes" if cell.value in _MEANS_YES else "no")
        return
    holds_others = question.type.begins and name in ("relevant", "read_only")
    yield from expressions.check(cell, names, bare=name == "choice_filter" or holds_others)


def _circles(outline: Outline) -> Iterator[Finding]:
    """Calculations that wait for each other, each circle once, named as a path with its rows."""
    reads: dict[str, list[str]] = {}
    cells: dict[str, Cell] = {}
    for question in outline.questions:
        cell = question.line.cell("calculation")
        tree = expressions.tree_of(cell.value) if cell is not None else None
        if cell is None or tree is None or question.line.get("trigger"):
            continue
        if any(isinstance(one, Call) and one.name in _UNSETTLED for one in walk(tree)):
            continue
        reads[question.name] = expressions.references(cell.value) + (
            [question.name] if expressions.reads_itself(tree) else []
        )
        cells[question.name] = cell
    done: set[str] = set()
    for start in reads:
        circle = _circle_from(start, reads, done)
        if circle:
            path = " → ".join(circle)
            rows = ", ".join(str(cells[name].row) for name in circle[:-1])
            yield cells[circle[0]].found("form_check.calculation.circle", path=path, rows=rows)


def _circle_from(start: str, reads: Mapping[str, list[str]], done: set[str]) -> list[str]:
    """The first circle that is reached from `start`; what was visited is added to `done`."""
    way: list[str] = []
    stack: list[tuple[str, Iterator[str]]] = []

    def enter(name: str) -> None:
        way.append(name)
        stack.append((name, iter(reads.get(name, ()))))

    if start not in done:
        enter(start)
    while stack:
        name, rest = stack[-1]
        following = next((one for one in rest if one in reads and one not in done), None)
        if following is None:
            done.add(name)
            stack.pop()
            way.pop()
        elif following in way:
            done.update(way)
            return [*way[way.index(following) :], following]
        else:
            enter(following)
    return []


def warnings(table: Table, outline: Outline, attachments: Collection[str] | None) -> Iterator[Finding]:
    """What is allowed and yet seldom meant."""
    for question in outline.questions:
        yield from _appearance(question)
    yield from _unused(table, outline)
    if attachments is not None:
        yield from media(table, attachments)
    yield from _words(outline)


def _appearance(question: Question) -> Iterator[Finding]:
    cell = question.line.cell("appearance")
    if cell is None or "${" in cell.value:
        return
    known = appearances.known(question.type.kind)
    for token in appearances.words(cell.value):
        if token not in known:
            near = nearest(token, known, 0.7)
            key = "form_check.appearance.near" if near else "form_check.appearance.unknown"
            yield cell.found(key, appearance=token, type=question.type.kind, near=near)


def _unlabelled(question: Question) -> Iterator[Finding]:
    kind = question.type.kind
    silent = kind in question_types.METADATA or kind in ("calculate", "hidden", "group", "repeat", "loop")
    texts = ("label", "hint", "image", "big-image", "audio", "video")
    if not silent and not any(map(question.line.get, (*texts, "calculation", "trigger"))):
        yield question.line.found("form_check.label.none", "label", name=question.name)


def _unused(table: Table, outline: Outline) -> Iterator[Finding]:
    """Calculations that nothing reads and nothing keeps elsewhere: they only stand in the record."""
    read = {name for line in table.lines for cell in line.cells.values() for name in expressions.references(cell.value)}
    paths = " ".join(cell.value for line in table.lines for cell in line.cells.values() if "/" in cell.value)
    for question in outline.questions:
        cell = question.line.cell("calculation")
        kept = question.line.get("save_to") or question.name in ("instanceName", "instance_name")
        shown_itself = question.type.kind != "calculate"
        if cell is None or kept or shown_itself or question.name in read or f"/{question.name}" in paths:
            continue
        yield cell.found("form_check.calculation.unused", name=question.name)


def media(table: Table, attachments: Collection[str]) -> Iterator[Finding]:
    """Pictures, sounds and films that a sheet names and nobody supplied."""
    for line in table.lines:
        for (name, _), cell in line.cells.items():
            if name in ("image", "big-image", "audio", "video") and "${" not in cell.value:
                file = cell.value.rsplit("/", 1)[-1]
                if file not in attachments:
                    yield cell.found("form_check.media.missing", file=file)


def _words(outline: Outline) -> Iterator[Finding]:
    """Curly quotation marks, and words without any, in expressions that can be read."""
    names = outline.names
    for question in outline.questions:
        for name in _RULES:
            cell = question.line.cell(name)
            if cell is None or cell.value in expressions.YES_NO or (question.type.begins and name == "relevant"):
                continue
            straight = expressions.plain(cell.value)
            if straight != cell.value and expressions.tree_of(straight) is not None:
                yield cell.found("form_check.expression.curly", write=straight)
            if name != "choice_filter":
                yield from expressions.bare_warnings(cell, names)


def line_of(outline: Outline, ref: str) -> Line | None:
    """The row of the question at a place of the XForm."""
    plain = without_positions(ref)
    for question in outline.questions:
        if question.ref == plain or (question.type.or_other and f"{question.ref}_other" == plain):
            return question.line
    return next((q.line for q in outline.questions if f"{q.ref}_count" == plain), None)
