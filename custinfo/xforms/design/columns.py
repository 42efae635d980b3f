"""The columns of an XLSForm: which heading means what, in which language, and what an unknown one should be."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from custinfo.xforms.findings import Finding, nearest
from custinfo.xforms.workbook import Row, Sheet

_TEXTS = {
    "label", "hint", "guidance_hint", "required_message", "constraint_message", "image", "big-image", "audio", "video",
}  # fmt: skip
OWN = {
    "level", "format", "max_length", "unique", "about", "soft_check", "soft_check_message", "purpose", "quota",
    "consent", "third_person", "sensitive", "information",
}  # fmt: skip
"""The columns beyond XLSForm: `bind::custinfo:<name>`."""
SETTINGS = {"double_entry", "procedure", "decided_in", "audience", "impact_assessment", "survey"}
"""The settings beyond XLSForm: `attribute::custinfo:<name>`."""
_KNOWN: dict[str, frozenset[str]] = {
    "survey": frozenset({
        "type", "name", *_TEXTS, "required", "relevant", "constraint", "calculation", "read_only", "default",
        "choice_filter", "parameters", "trigger", "appearance", "repeat_count", "save_to", "autoplay", "rows",
        "query", "disabled", "intent", "instance", "bind", "body", "control", "media", "note", "list_name",
        "sms_field", "sms_option", "compact_tag", "no_app_error_string", "instance_name", "flat", "style",
        "attribute", "sms_separator", "sms_allow_media", "sms_date_format", "sms_datetime_format",
        "sms_response", "accuracythreshold", "hxl",
    }),
    "choices": frozenset({"list_name", "name", "label", "image", "big-image", "audio", "video", "media", "sms_option"}),
    "settings": frozenset({
        "form_title", "form_id", "version", "default_language", "instance_name", "namespaces", "style", "public_key",
        "submission_url", "allow_choice_duplicates", "auto_send", "auto_delete", "attribute", "instance_xmlns", "name",
        "clean_text_values", "omit_instanceID", "client_editable", "add_none_option", "prefix", "delimiter", "flat",
        "sms_keyword", "sms_separator", "sms_allow_media", "sms_date_format", "sms_datetime_format", "sms_response",
        "id_string", "title", "instance_id", "entity_version", "file_name", "compact_prefix", "compact_delimiter",
    }),
    "entities": frozenset({"list_name", "entity_id", "create_if", "update_if", "label", "repeat"}),
}  # fmt: skip
_ALIASES: dict[str, dict[str, str]] = {
    "survey": {
        "relevance": "relevant", "calculate": "calculation", "readonly": "read_only", "caption": "label",
        "command": "type",
        "tag": "name", "value": "name", "constraining_message": "constraint_message", "count": "repeat_count",
        "jr:count": "repeat_count", "requiredmsg": "required_message", "noapperrorstring": "no_app_error_string",
    },
    "choices": {"list name": "list_name", "caption": "label", "value": "name"},
    "settings": {
        "set_form_title": "form_title", "set_form_id": "form_id", "title": "form_title", "id_string": "form_id",
    },
    "entities": {"dataset": "list_name"},
}  # fmt: skip
_BINDS = {
    "relevant": "relevant", "required": "required", "constraint": "constraint", "calculate": "calculation",
    "readonly": "read_only", "jr:constraintmsg": "constraint_message", "jr:requiredmsg": "required_message",
}  # fmt: skip
_GROUPS = ("bind", "body", "control", "instance", "attribute", "media")
_MATTERS = {"survey": 0.8, "settings": 0.8, "entities": 0.7}  # a choices sheet may have columns of any name
_COMMENTS = frozenset({
    "note", "notes", "comment", "comments", "remark", "remarks", "hints", "choices", "section", "order", "id", "labels",
    "types", "names",
})  # fmt: skip
"""Headings that people use for their own remarks although they look like a column."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a heading means: the column's name in XLSForm, and the language of a text; `own` for columns of custinfo."""

    heading: str
    name: str
    language: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it stands."""

    sheet: Sheet
    row: int
    column: str
    value: str

    def found(self, key: str, **facts: object) -> Finding:
        """Something about this cell; the facts `value` is there by itself."""
        return self.sheet.found(key, {"value": self.value, **facts}, row=self.row, column=self.column, value=self.value)


@dataclass(frozen=True, slots=True)
class Line:
    """A row by the meaning of its columns."""

    sheet: Sheet
    number: int
    cells: Mapping[tuple[str, str], Cell]

    def get(self, name: str) -> str:
        """The value of a column, whatever its language; blank when there is none."""
        cell = self.cell(name)
        return cell.value if cell else ""

    def cell(self, name: str) -> Cell | None:
        """The cell of a column; of a text the first language that has one."""
        direct = self.cells.get((name, ""))
        return direct or next((cell for (column, _), cell in self.cells.items() if column == name), None)

    def found(self, key: str, column: str = "", **facts: object) -> Finding:
        """Something about the row as a whole, or about a column that is blank in it."""
        heading = next((c.column for (name, _), c in self.cells.items() if name == column), column)
        return self.sheet.found(key, facts, row=self.number, column=heading)


@dataclass(frozen=True)
class Table:
    """A sheet by the meaning of its columns."""

    sheet: Sheet
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = field(default_factory=tuple)

    def names(self) -> set[str]:
        """The names of all columns."""
        return {column.name for column in self.columns}

    def languages(self, name: str) -> list[str]:
        """The languages that a text has columns for, in their order."""
        return [c.language for c in self.columns if c.name == name]


def table(sheet: Sheet) -> Table:
    """The sheet with its headings understood; headings that mean nothing are errors where they look like a slip."""
    double = any("::" in heading for heading in sheet.headings)
    columns = tuple(_column(sheet.name, heading, double=double) for heading in sheet.headings)
    by_heading = {column.heading: column for column in columns}
    lines = tuple(_line(sheet, row, by_heading) for row in sheet.rows)
    used = {heading for row in sheet.rows for heading in row.cells}
    findings = list(_unknown(sheet, columns, used))
    findings += _same_meaning(sheet, columns)
    errors = tuple(f for f, wrong in findings if wrong)
    return Table(sheet, columns, lines, errors, tuple(f for f, wrong in findings if not wrong))


def _line(sheet: Sheet, row: Row, columns: Mapping[str, Column]) -> Line:
    cells: dict[tuple[str, str], Cell] = {}
    for heading, value in row.cells.items():
        column = columns[heading]
        cells.setdefault((column.name, column.language), Cell(sheet, row.number, heading, value))
    return Line(sheet, row.number, cells)


def _column(sheet: str, heading: str, *, double: bool) -> Column:  # noqa: PLR0911 - one return for each shape
    """As pyxform reads a heading: letters of any case, spaces for underscores, `::` (or, where none has it, `:`)."""
    aliases, known = _ALIASES.get(sheet, {}), _KNOWN.get(sheet, frozenset())
    plain = _snake(heading)
    plain = aliases.get(plain, plain)
    if plain in known:
        return Column(heading, plain)
    parts = [part.strip() for part in heading.split("::" if double or "::" in heading else ":")]
    first = aliases.get(_snake(parts[0]), _snake(parts[0]))
    rest = parts[1:]
    if first == "media" and rest:
        first, rest = _snake(rest[0]), rest[1:]
    if first == "bind" and rest:
        name = "::".join(rest)
        if name.startswith("custinfo:"):
            return Column(heading, name.removeprefix("custinfo:").partition("::")[0], own=True)
        known_bind = _BINDS.get(_snake(rest[0]))
        if known_bind:
            return Column(heading, known_bind, "::".join(rest[1:]))
        return Column(heading, f"bind::{name}")
    if first == "attribute" and rest and rest[0].startswith("custinfo:"):
        return Column(heading, rest[0].removeprefix("custinfo:"), own=True)
    if first in _GROUPS and rest:
        return Column(heading, f"{first}::{'::'.join(rest)}")
    if first in _TEXTS and rest:
        return Column(heading, first, "::".join(rest))
    return Column(heading, plain if plain in known else heading)


def _snake(text: str) -> str:
    return "_".join(text.split()).lower()


def _unknown(sheet: Sheet, columns: tuple[Column, ...], used: set[str]) -> Iterator[tuple[Finding, bool]]:
    known = _KNOWN.get(sheet.name, frozenset())
    present = {column.name for column in columns}
    for column in columns:
        heading = column.heading
        if column.own:
            names = OWN if sheet.name == "survey" else SETTINGS
            if column.name not in names:
                facts = {"heading": heading, "near": nearest(column.name, names) or ", ".join(sorted(names))}
                yield sheet.found("form_check.column.own_unknown", facts, row=sheet.heading_row, column=heading), True
        elif column.name in known or "::" in column.name:
            continue
        elif repaired := _delimited(sheet.name, heading):
            facts = {"heading": heading, "near": repaired}
            yield sheet.found("form_check.column.delimiter", facts, row=sheet.heading_row, column=heading), True
        elif sheet.name in _MATTERS and heading in used:
            yield _strange(sheet, heading, (known - present) | (_TEXTS & known))


def _strange(sheet: Sheet, heading: str, absent: frozenset[str]) -> tuple[Finding, bool]:
    """An unknown heading: a slip when a missing column is near, else somebody's own remark, which is ignored."""
    word = _snake(re.split(r"[:：]+", heading)[0])
    near = "" if word in _COMMENTS else nearest(word, absent, _MATTERS[sheet.name])
    if near:
        facts = {"heading": heading, "near": near + heading[len(word) :] if heading.lower().startswith(word) else near}
        return sheet.found("form_check.column.misspelt", facts, row=sheet.heading_row, column=heading), True
    wrong = sheet.name == "entities"
    key = "form_check.column.entities" if wrong else "form_check.column.unknown"
    return sheet.found(key, {"heading": heading}, row=sheet.heading_row, column=heading), wrong


def _delimited(sheet: str, heading: str) -> str:
    """`label:中文` or `label：：中文` as it should be; empty when that is not what is wrong."""
    plain = unicodedata.normalize("NFKC", heading)
    first, mark, rest = re.sub(r"\s*:+\s*", ":", plain).partition(":")
    name = _ALIASES.get(sheet, {}).get(_snake(first), _snake(first))
    if mark and rest and (name in _TEXTS or name in ("bind", "media")) and "::" not in heading:
        return f"{name}::{heading[len(first) :].lstrip(':： ').strip()}"
    return ""


def _same_meaning(sheet: Sheet, columns: tuple[Column, ...]) -> Iterator[tuple[Finding, bool]]:
    """Two headings for one thing: `relevant` and `relevance`."""
    seen: dict[tuple[str, str], str] = {}
    for column in columns:
        key = (column.name, column.language)
        if key in seen and not column.own:
            facts = {"heading": column.heading, "other": seen[key]}
            yield sheet.found("form_check.column.same", facts, row=sheet.heading_row, column=column.heading), True
        seen.setdefault(key, column.heading)
