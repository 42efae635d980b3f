"""The sheets of an XLSForm as text, each cell with its place, whatever format the file has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from custinfo.xforms.findings import Finding, shown

SHEETS = ("survey", "choices", "settings", "entities", "external_choices", "osm")
MAX_ROWS = 100_000
MAX_QUESTIONS = 10_000
"""The most rows of the survey sheet."""
MAX_CELLS = 1_000_000
MAX_COLUMNS = 500
MAX_CELL = 32_767
"""The most characters in a cell: what Excel allows."""
MAX_BLANK_ROWS = 1_000
"""After so many blank rows a sheet has ended: formatting alone can make a sheet a million rows long."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the person sees it, and what stands under which heading; blank cells are left out."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """One sheet. `name` is its name in XLSForm, `title` as written; `letters` gives the letter of each heading."""

    name: str
    title: str
    heading_row: int
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    letters: Mapping[str, str] = field(default_factory=dict)

    def found(
        self, key: str, facts: Mapping[str, object], *, row: int = 0, column: str = "", value: str = ""
    ) -> Finding:
        """Something about this sheet, a row of it, or a cell. Long facts are shortened, except what to write."""
        letter = self.letters.get(column, "")
        cell = f"{letter}{row}" if letter and row else ""
        short = {k: shown(v) if isinstance(v, str) and k != "write" else v for k, v in facts.items()}
        return Finding(self.title, row, column, key, short, value=value, cell=cell)


@dataclass(frozen=True)
class Workbook:
    """What a file holds: its sheets by their name in XLSForm, and the titles of all, for misspelt ones."""

    kind: str
    sheets: Mapping[str, Sheet]
    titles: tuple[str, ...]
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def sheet(self, name: str) -> Sheet:
        """The sheet of that name; an empty one when there is none."""
        return self.sheets.get(name) or Sheet(name, name, 0, (), ())


@dataclass
class SheetReader:
    """Takes rows of cells one after the other, the headings first; keeps to the limits."""

    title: str
    lettered: bool
    cells: int = 0
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def read(self, name: str, rows: Iterator[tuple[int, list[str]]]) -> Sheet:
        """The sheet of `rows`, each (number, cells)."""
        heading_row, cells = next(rows, (1, []))
        headings = self.headings(heading_row, cells)
        kept: list[Row] = []
        blank = 0
        most = min(MAX_ROWS, MAX_QUESTIONS) if name == "survey" else MAX_ROWS
        for number, values in rows:
            row = self.row(number, headings, values)
            blank = 0 if row.cells else blank + 1
            if blank > MAX_BLANK_ROWS:
                break
            kept.append(row)
            self.cells += len(row.cells)
            if len(kept) - blank > most or self.cells > MAX_CELLS:
                limits = {"rows": most, "cells": MAX_CELLS}
                self.errors.append(Finding(self.title, number, "", "form_check.file.too_many_rows", limits))
                break
        while kept and not kept[-1].cells:
            kept.pop()
        letters = {h: letter(i) for i, h in enumerate(headings) if h} if self.lettered else {}
        return Sheet(name, self.title, heading_row, tuple(h for h in headings if h), tuple(kept), letters)

    def headings(self, number: int, cells: list[str]) -> list[str]:
        """The headings, blank where a column has none or repeats an earlier one."""
        found: list[str] = []
        for index, cell in enumerate(cells[:MAX_COLUMNS]):
            heading = " ".join(cell.split())
            if heading and heading in found:
                place = letter(index) if self.lettered else str(index + 1)
                facts = {"heading": shown(heading), "place": place}
                self.errors.append(Finding(self.title, number, heading, "form_check.column.twice", facts))
                heading = ""
            found.append(heading)
        if any(cell.strip() for cell in cells[MAX_COLUMNS:]):
            limit = {"limit": MAX_COLUMNS}
            self.errors.append(Finding(self.title, number, "", "form_check.file.too_many_columns", limit))
        return found

    def row(self, number: int, headings: list[str], values: list[str]) -> Row:
        """One row; a cell without a heading is only mentioned."""
        cells: dict[str, str] = {}
        for index, raw in enumerate(values[:MAX_COLUMNS]):
            value = raw.strip()
            if not value:
                continue
            heading = headings[index] if index < len(headings) else ""
            if len(value) > MAX_CELL:
                size = {"length": len(value), "limit": MAX_CELL}
                self.errors.append(Finding(self.title, number, heading, "form_check.file.long_cell", size))
            elif _unwritable(value):
                self.errors.append(Finding(self.title, number, heading, "form_check.file.control_character"))
            elif heading:
                cells[heading] = value
            elif value and len(self.warnings) < _MOST_NOTES:
                place = letter(index) if self.lettered else str(index + 1)
                facts = {"place": place, "value": shown(value)}
                self.warnings.append(Finding(self.title, number, "", "form_check.column.none", facts))
        return Row(number, cells)


_MOST_NOTES = 20


def _unwritable(value: str) -> bool:
    """Whether there are characters that XML cannot hold."""
    return any((c < " " and c not in "\t\r\n") or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" for c in value)


def letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def named(titles: list[str]) -> dict[str, str]:
    """Which sheet is which: title → name in XLSForm. A single sheet of any name is the survey."""
    known = {title: title.strip().lower() for title in titles if title.strip().lower() in SHEETS}
    return known or ({titles[0]: "survey"} if len(titles) == 1 else {})
