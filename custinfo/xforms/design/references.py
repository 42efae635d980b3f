"""`${name}` in any cell: whether there is such a question, and only one."""

import re
from collections.abc import Iterable, Iterator, Mapping

from custinfo.xforms.design.columns import Cell, Table
from custinfo.xforms.design.expressions import REFERENCE
from custinfo.xforms.design.outline import Outline, Question
from custinfo.xforms.findings import Finding, nearest

_WIDE = re.compile(r"[$＄]\s*[{｛]([^{}｛｝]*)[}｝]")
_OPEN = re.compile(r"\$\{[^}]*$")
LAST_SAVED = "last-saved#"


def check(tables: Iterable[Table], outline: Outline) -> Iterator[Finding]:
    """Every reference of every sheet."""
    names, by_name = outline.names, outline.by_name
    for table in tables:
        known = {
            column.heading for column in table.columns if column.name in _READ or "::" in column.name or column.own
        }
        for line in table.lines:
            for cell in line.cells.values():
                if ("$" in cell.value or "＄" in cell.value) and cell.column in known:
                    yield from _cell(cell, names, by_name)


_READ = frozenset({
    "type", "label", "hint", "guidance_hint", "required", "required_message", "relevant", "constraint",
    "constraint_message", "calculation", "read_only", "default", "appearance", "choice_filter", "parameters", "trigger",
    "repeat_count", "image", "big-image", "audio", "video", "instance_name", "entity_id", "create_if", "update_if",
    "no_app_error_string", "query", "intent", "form_title",
})  # fmt: skip


def _cell(cell: Cell, names: set[str], by_name: Mapping[str, list[Question]]) -> Iterator[Finding]:
    for match in _WIDE.finditer(cell.value):
        if not REFERENCE.fullmatch(match[0]):
            yield cell.found("form_check.reference.wide", reference=match[0], write=f"${{{match[1].strip()}}}")
    if _OPEN.search(cell.value):
        yield cell.found("form_check.reference.open")
    for inner in dict.fromkeys(REFERENCE.findall(cell.value)):
        name = inner.removeprefix(LAST_SAVED)
        if name != name.strip():
            yield cell.found("form_check.reference.spaces", name=name, write=f"${{{name.strip()}}}")
        elif name not in names:
            near = nearest(name, names)
            key = "form_check.reference.near" if near else "form_check.reference.unknown"
            yield cell.found(key, name=name, near=near)
        elif len(by_name.get(name, ())) > 1:
            rows = ", ".join(str(question.line.number) for question in by_name[name])
            yield cell.found("form_check.reference.ambiguous", name=name, rows=rows)
