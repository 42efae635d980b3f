"""The choices sheet, and the lists that questions take from it or from a file."""

import re
from collections.abc import Collection, Iterator, Mapping

from custinfo.xforms.design import expressions
from custinfo.xforms.design.columns import Cell, Line, Table
from custinfo.xforms.design.outline import Outline, Question
from custinfo.xforms.design.question_types import FROM_FILE
from custinfo.xforms.findings import Finding, nearest

_LABELS = ("label", "image", "big-image", "audio", "video")
_WORD = re.compile(r"\s")
_SUFFIXES = (".csv", ".xml", ".geojson", ".json")
_LABELSET = re.compile(r"tick_labelset\s*=\s*(\S+)")


def lists(table: Table) -> dict[str, list[Line]]:
    """The choices of each list."""
    found: dict[str, list[Line]] = {}
    for line in table.lines:
        name = line.get("list_name")
        if name:
            found.setdefault(name, []).append(line)
    return found


def errors(table: Table, outline: Outline, *, duplicates: bool) -> Iterator[Finding]:
    """What is wrong with the choices, and with the lists that questions name."""
    by_list = lists(table)
    if table.lines and not {"list_name", "name"} <= table.names():
        missing = ", ".join(sorted({"list_name", "name"} - table.names()))
        yield table.sheet.found("form_check.column.missing", {"heading": missing}, row=table.sheet.heading_row)
        return
    for line in table.lines:
        if line.get("name") and not line.get("list_name"):
            yield line.found("form_check.choice.no_list", "list_name", name=line.get("name"))
    multiple = {q.type.list_name for q in outline.questions if q.type.kind in ("select_multiple", "rank")}
    for name, lines in by_list.items():
        yield from _list(name, lines, duplicates=duplicates, spaces=name not in multiple)
    for question in outline.questions:
        yield from _list_of(question, by_list)


def _list(name: str, lines: list[Line], *, duplicates: bool, spaces: bool) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for line in lines:
        cell = line.cell("name")
        if cell is None:
            yield line.found("form_check.choice.no_name", "name", list=name, label=line.get("label") or "?")
            continue
        if not duplicates and cell.value in first:
            yield cell.found("form_check.choice.twice", list=name, first=first[cell.value])
        first.setdefault(cell.value, line.number)
        if not spaces and _WORD.search(cell.value):
            yield cell.found("form_check.choice.spaces", list=name, write=re.sub(r"\s+", "_", cell.value))


def _list_of(question: Question, by_list: Mapping[str, list[Line]]) -> Iterator[Finding]:
    name = question.type.list_name
    cell = question.line.cell("type")
    if not name or cell is None or "${" in name or question.type.kind in ("osm", "select_one_external"):
        return
    if question.type.kind in FROM_FILE:
        if not name.lower().endswith(_SUFFIXES):
            yield cell.found("form_check.list.no_file", list=name)
    elif name.lower().endswith(_SUFFIXES):
        write = cell.value.replace(question.type.kind, f"{question.type.kind}_from_file")
        yield cell.found("form_check.list.is_file", list=name, write=write)
    elif name not in by_list:
        near = nearest(name, by_list)
        known = ", ".join(list(by_list)[:20])
        key = "form_check.list.near" if near else "form_check.list.unknown" if known else "form_check.list.none"
        yield cell.found(key, list=name, near=near, known=known)


def missing_files(outline: Outline, attachments: Collection[str]) -> Iterator[Finding]:
    """Lists from files that nobody supplied."""
    for question in outline.questions:
        name, cell = question.type.list_name, question.line.cell("type")
        if question.type.kind in FROM_FILE and cell is not None and "." in name and name not in attachments:
            yield _missing_file(cell, name, attachments)


def _missing_file(cell: Cell, name: str, attachments: Collection[str]) -> Finding:
    near = nearest(name, attachments, 0.7)
    key = "form_check.list.file_near" if near else "form_check.list.file_missing"
    return cell.found(key, file=name, near=near)


def warnings(table: Table, outline: Outline, survey: Table) -> Iterator[Finding]:
    """Lists that no question uses, choices that nobody can read, filters over columns that are not there."""
    by_list = lists(table)
    used = {q.type.list_name for q in outline.questions}
    for line in survey.lines:
        for cell in line.cells.values():
            if "(" in cell.value:
                used |= expressions.literals(cell.value) | set(re.findall(r"'([^']*)'", cell.value))
            used.update(_LABELSET.findall(cell.value))
    for name, lines in by_list.items():
        if name not in used:
            yield lines[0].found("form_check.list.unused", "list_name", list=name)
        for line in lines:
            if line.get("name") and not any(line.get(column) for column in _LABELS):
                yield line.found("form_check.choice.no_label", "label", list=name, value=line.get("name"))
    columns = {column.heading for column in table.columns} | {column.name for column in table.columns}
    for question in outline.questions:
        yield from _filter(question, columns, by_list)
        yield from _default(question, by_list)


def _filter(question: Question, columns: set[str], by_list: Mapping[str, list[Line]]) -> Iterator[Finding]:
    cell = question.line.cell("choice_filter")
    if cell is None or question.type.list_name not in by_list:
        return
    for name in sorted(expressions.single_names(cell.value) - columns):
        known = ", ".join(sorted(columns - {"list_name", "list name"}))
        yield cell.found("form_check.list.filter", name=name, known=known)


def _default(question: Question, by_list: Mapping[str, list[Line]]) -> Iterator[Finding]:
    cell = question.line.cell("default")
    lines = by_list.get(question.type.list_name, [])
    if cell is None or not lines or "(" in cell.value or "${" in cell.value:
        return
    values = {line.get("name") for line in lines}
    given = cell.value.split() if question.type.kind == "select_multiple" else [cell.value]
    for value in given:
        if value not in values:
            yield cell.found("form_check.choice.default", value=value, list=question.type.list_name)
