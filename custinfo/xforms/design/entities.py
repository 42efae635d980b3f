"""The entities sheet and the column `save_to`: what records create and update."""

from collections.abc import Iterator

from custinfo.xforms.design import expressions
from custinfo.xforms.design.columns import Cell, Line, Table
from custinfo.xforms.design.outline import Outline, Question, legal, legalised
from custinfo.xforms.findings import Finding, nearest

_RESERVED = ("name", "label")


def errors(table: Table, outline: Outline) -> Iterator[Finding]:
    """What is wrong with declarations and properties."""
    declared: dict[str, Line] = {}
    for line in table.lines:
        if not line.cells:
            continue
        cell = line.cell("list_name")
        if cell is None:
            yield line.found("form_check.entity.no_list", "list_name")
            continue
        yield from _name(cell)
        if cell.value in declared:
            yield cell.found("form_check.entity.twice", first=declared[cell.value].number)
        declared.setdefault(cell.value, line)
        yield from _declaration(line, outline)
    yield from _properties(outline, declared)


def _name(cell: Cell) -> Iterator[Finding]:
    if not legal(cell.value) or "." in cell.value or cell.value.startswith("__"):
        yield cell.found("form_check.entity.list_name", write=legalised(cell.value.lstrip("_").replace(".", "_")))


def _declaration(line: Line, outline: Outline) -> Iterator[Finding]:
    has = {name for name in ("entity_id", "create_if", "update_if", "label") if line.get(name)}
    creates = "create_if" in has or "entity_id" not in has
    if creates and "label" not in has:
        yield line.found("form_check.entity.no_label", "label", list=line.get("list_name"))
    if "update_if" in has and "entity_id" not in has:
        yield line.found("form_check.entity.no_id", "entity_id", list=line.get("list_name"))
    if {"create_if", "entity_id"} <= has and "update_if" not in has:
        yield line.found("form_check.entity.no_update", "update_if", list=line.get("list_name"))
    for name in ("entity_id", "create_if", "update_if", "label"):
        cell = line.cell(name)
        if cell is not None and cell.value not in expressions.YES_NO:
            yield from expressions.check(cell, outline.names)


def _properties(outline: Outline, declared: dict[str, Line]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Line] = {}
    for question in outline.questions:
        cell = question.line.cell("save_to")
        if cell is None:
            continue
        if not declared:
            yield cell.found("form_check.entity.undeclared")
            continue
        dataset, mark, name = cell.value.rpartition("#")
        if not mark and len(declared) > 1:
            yield cell.found("form_check.entity.which", write=f"{next(iter(declared))}#{cell.value}")
        elif mark and dataset not in declared:
            near = nearest(dataset, declared) or next(iter(declared))
            yield cell.found("form_check.entity.unknown", list=dataset, near=near)
        yield from _property(cell, name, question)
        place = (dataset or next(iter(declared)), name)
        if place in first:
            yield cell.found("form_check.entity.property_twice", property=name, first=first[place].number)
        first.setdefault(place, question.line)


def _property(cell: Cell, name: str, question: Question) -> Iterator[Finding]:
    if question.type.begins:
        yield cell.found("form_check.entity.on_group", name=question.name)
    elif name.lower() in _RESERVED:
        yield cell.found("form_check.entity.reserved", property=name, write=f"{question.name}_{name.lower()}")
    elif not legal(name) or name.startswith("__") or "." in name:
        write = legalised(name.lstrip("_").replace(".", "_"))
        yield cell.found("form_check.entity.property", property=name, write=write)
