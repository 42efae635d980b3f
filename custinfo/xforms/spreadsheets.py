"""Reads form files into a `Workbook`: .xlsx, .xls, .csv and Markdown tables."""

import csv
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import TypeVar

from custinfo.xforms.file_kinds import Kind, decoded, kind_of
from custinfo.xforms.findings import Finding, shown
from custinfo.xforms.model import FormError
from custinfo.xforms.package_parts import formula_cells, notes_of, sheet_parts
from custinfo.xforms.workbook import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Sheet,
    SheetReader,
    Workbook,
    letter,
    named,
)

Rows = Iterator[tuple[int, list[str]]]
_SPARE = 3  # columns beyond the last heading that are looked at for cells without one


def read(data: bytes, file_name: str, kind: Kind | None = None) -> Workbook:
    """The sheets of a form file. Raises FormError for a file that cannot be read at all."""
    readers: dict[str, Callable[[bytes, str], Workbook]] = {"xlsx": _xlsx, "xls": _xls, "csv": _csv, "md": _markdown}
    return readers[kind or kind_of(data, file_name)](data, file_name)


def _gathered(kind: str, titles: list[str], rows_of: Callable[[str], Rows], *, lettered: bool) -> Workbook:
    sheets: dict[str, Sheet] = {}
    errors: list[Finding] = []
    notes: list[Finding] = []
    cells = 0
    for title, name in named(titles).items():
        reader = SheetReader(title, lettered, cells)
        if name in sheets:
            errors.append(Finding(title, 0, "", "form_check.sheet.twice", {"sheet": name}))
            continue
        sheets[name] = reader.read(name, rows_of(title))
        cells = reader.cells
        errors += reader.errors
        notes += reader.warnings
    return Workbook(kind, sheets, tuple(titles), tuple(errors), tuple(notes))


def _xlsx(data: bytes, file_name: str) -> Workbook:
    from openpyxl import load_workbook  # a tenth of a second that only forms as spreadsheets need

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts of the workbook that openpyxl leaves aside, such as extensions
            book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                titles = [sheet.title for sheet in book.worksheets]
                dates: list[Finding] = []
                found = _gathered("xlsx", titles, lambda title: _xlsx_rows(book[title], dates), lettered=True)
            finally:
                book.close()
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _with_notes(found, archive, dates)
    except FormError:
        raise
    except Exception:  # openpyxl lets errors of many kinds through for damaged workbooks
        raise FormError([Finding("", 0, "", "form_check.file.damaged", {"file": file_name})]) from None


def _xlsx_rows(sheet, dates: list[Finding]) -> Rows:  # type: ignore[no-untyped-def]  # openpyxl has two kinds of sheet
    first = next(sheet.iter_rows(min_row=1, max_row=1, max_col=MAX_COLUMNS + 1, values_only=True), ())
    headings = [_as_text(value) for value in first]
    while headings and not headings[-1].strip():
        headings.pop()
    yield 1, headings
    if not headings:
        return
    for number, values in enumerate(sheet.iter_rows(min_row=2, max_col=len(headings) + _SPARE, values_only=True), 2):
        for index, value in enumerate(values):
            if isinstance(value, (date, time)) and index < len(headings):
                facts = {"value": _as_text(value)}
                place = f"{letter(index)}{number}"
                dates.append(Finding(sheet.title, number, headings[index], "form_check.cell.date", facts, cell=place))
        yield number, [_as_text(value) for value in values]


def _with_notes(book: Workbook, archive: zipfile.ZipFile, dates: list[Finding]) -> Workbook:
    """Adds what only the parts of the package tell: formulas, hidden and merged cells, links to other files."""
    errors, notes = list(book.errors), [*book.warnings, *dates[:20]]
    if any(name.lower().startswith("xl/externallinks/") for name in archive.namelist()):
        notes.append(Finding("", 0, "", "form_check.file.external_links"))
    for title, (part, hidden) in sheet_parts(archive).items():
        sheet = next((s for s in book.sheets.values() if s.title == title), None)
        if sheet is None:
            continue
        if hidden:
            notes.append(Finding(title, 0, "", "form_check.sheet.hidden"))
        xml = archive.read(part)
        notes += notes_of(xml, title)
        by_number = {row.number: row for row in sheet.rows}
        by_letter = {place: heading for heading, place in sheet.letters.items()}
        for address, column, number in formula_cells(xml):
            heading = by_letter.get(column, "")
            if not heading:
                continue
            value = by_number[number].cells.get(heading, "") if number in by_number else ""
            key = "form_check.cell.formula" if value else "form_check.cell.formula_without_value"
            finding = Finding(title, number, heading, key, {"value": shown(value)}, cell=address)
            (notes if value else errors).append(finding)
    return Workbook(book.kind, book.sheets, book.titles, tuple(errors), tuple(notes))


def _xls(data: bytes, file_name: str) -> Workbook:
    import xlrd  # type: ignore[import-untyped]  # comes with pyxform; only old workbooks need it

    try:
        book = xlrd.open_workbook(file_contents=data, logfile=StringIO(), on_demand=True)
        try:
            return _gathered("xls", book.sheet_names(), lambda title: _xls_rows(book, title), lettered=True)
        finally:
            book.release_resources()
    except FormError:
        raise
    except Exception as error:  # xlrd lets errors of many kinds through for damaged workbooks
        key = "form_check.kind.encrypted" if "encrypted" in str(error).lower() else "form_check.file.damaged"
        raise FormError([Finding("", 0, "", key, {"file": file_name})]) from None


def _xls_rows(book, title: str) -> Rows:  # type: ignore[no-untyped-def]  # xlrd has no types
    sheet = book.sheet_by_name(title)
    for number in range(sheet.nrows):
        yield number + 1, [_xls_text(book, cell) for cell in sheet.row(number)[: MAX_COLUMNS + 1]]


def _xls_text(book, cell) -> str:  # type: ignore[no-untyped-def]  # xlrd has no types
    import xlrd

    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return _as_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        moment = xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
        return _as_text(moment.time() if cell.value < 1 else moment)
    return "" if cell.ctype == xlrd.XL_CELL_ERROR else _as_text(cell.value)


def _as_text(value: object) -> str:
    """A cell as pyxform reads it: whole numbers without a fraction, TRUE and FALSE, plain spaces."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    return str(value).replace("\xa0", " ")


def _csv(data: bytes, file_name: str) -> Workbook:
    text = decoded(data, file_name)
    delimiter = max(",;\t", key=text[:5000].count)
    before = csv.field_size_limit(MAX_CELL * 4)  # one beyond the limit is told apart from one that never ends
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        lines = list(_limited((reader.line_num, cells) for cells in reader))
    except csv.Error:
        raise FormError([Finding("", 0, "", "form_check.file.csv", {"file": file_name})]) from None
    finally:
        csv.field_size_limit(before)
    return _from_lines("csv", lines, file_name)


_T = TypeVar("_T")


def _limited(lines: Iterator[tuple[int, _T]]) -> Iterator[tuple[int, _T]]:
    """The numbered lines of a text file. Raises FormError for one that does not end."""
    for number, line in lines:
        if number > 2 * MAX_ROWS:
            facts = {"rows": 2 * MAX_ROWS, "cells": MAX_CELLS}
            raise FormError([Finding("", 0, "", "form_check.file.too_many_rows", facts)])
        yield number, line


_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[|\s:-]+\Z")


def _markdown(data: bytes, file_name: str) -> Workbook:
    lines: list[tuple[int, list[str]]] = []
    for number, line in _limited(enumerate(StringIO(decoded(data, file_name)), 1)):
        bars = [match.start() for match in _BAR.finditer(line)]
        if len(bars) < 2 or line.lstrip().startswith("#") or (_RULE.match(line) and "-" in line):
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in _BAR.split(line[bars[0] + 1 : bars[-1]])]
        lines.append((number, cells))
    return _from_lines("md", lines, file_name)


def _from_lines(kind: str, lines: list[tuple[int, list[str]]], file_name: str) -> Workbook:
    """Sheets below each other: the first cell names a sheet, the line after it holds the headings."""
    found: dict[str, list[tuple[int, list[str]]]] = {}
    title = ""
    for number, (first, *rest) in ((n, cells) for n, cells in lines if cells):
        if first.strip():
            title = first.strip()
            found.setdefault(title, [])
        content = any(cell.strip() for cell in rest)
        if content and not title:
            raise FormError([Finding("", 0, "", "form_check.sheet.unnamed", {"file": file_name})])
        if content:
            found[title].append((number, rest))
    if "type" in (name.lower() for name in found) and "survey" not in (name.lower() for name in found):
        raise FormError([Finding("", 0, "", "form_check.sheet.unnamed", {"file": file_name})])
    return _gathered(kind, list(found), lambda name: iter(found[name]), lettered=False)
