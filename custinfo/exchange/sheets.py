"""Files as sheets of cells: CSV in any usual encoding, XLSX, and zips of CSVs. What a file is, its first bytes say."""

import codecs
import csv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.exchange.faults import Fault

MAX_FILE = 100 << 20
MAX_UNPACKED = 500 << 20
MAX_RATIO, SMALL_PART = 200, 10 << 20  # a small part may be very regular and honest
MAX_ENTRIES = 100_000
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 100_000, 5_000, 5_000_000
MAX_CELL = 131_072
MAX_SHEETS = 200
_OLE = b"\xd0\xcf\x11\xe0"

Cell = object
"""A text, or what a workbook holds: a number, a truth value, a date, a time."""


@dataclass
class Sheet:
    """A sheet, its headings and its rows by number as a spreadsheet shows it (the headings are row 1)."""

    name: str
    headings: list[str]
    rows: list[tuple[int, list[Cell]]]

    def place(self, row: int, alone: bool) -> str:
        """How a row is called: its number, with the sheet where there are several."""
        return str(row) if alone else f"{self.name}!{row}"


@dataclass
class Source:
    """The sheets of a file, and what is to be said about reading them."""

    sheets: list[Sheet]
    problems: list[Fault]
    notes: list[Fault]
    typed: bool = False  # whether cells have types: then no text has an apostrophe before it


def archive(data: bytes, name: str) -> zipfile.ZipFile:
    """The zip, found to be of honest size. Raises BadInput."""
    try:
        found = zipfile.ZipFile(BytesIO(data))
        entries = found.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadInput("exchange.unreadable", file=name) from None
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_UNPACKED:
        raise BadInput("exchange.bomb", file=name)
    for entry in entries:
        if entry.file_size > SMALL_PART and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise BadInput("exchange.bomb", file=name)
        if entry.flag_bits & 1:
            raise BadInput("exchange.encrypted", file=name)
    return found


def contents(found: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """A file of the zip, never more of it than its entry says. Raises BadInput."""
    try:
        with found.open(entry) as stream:
            data = stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise BadInput("exchange.unreadable", file=f"{name}/{entry.filename}") from None
    if len(data) > entry.file_size:
        raise BadInput("exchange.bomb", file=name)
    return data


def refuse_old_office(data: bytes, name: str) -> None:
    """Raises BadInput for the binary format of Excel before 2007, which password-protected workbooks have too."""
    if data.startswith(_OLE):
        raise BadInput("exchange.old_office", file=name)


# CSV


def decoded(data: bytes, name: str) -> str:
    """The text: UTF-8, UTF-16 with or without a mark, or GB18030, which GBK and GB2312 are part of."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        order: tuple[str, ...] = ("utf-16",)
    else:
        start = data[:4096]
        zeros = start[0::2].count(0), start[1::2].count(0)
        wide = max(zeros) * 8 > len(start) and min(zeros) * 8 < max(zeros)
        order = ("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le",) if wide else ("utf-8-sig", "gb18030")
    for encoding in order:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("exchange.encoding", file=name)


def read_csv(data: bytes, name: str) -> Source:
    """One sheet. Raises BadInput when it is no CSV."""
    text = decoded(data, name)
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    sheet = Sheet(stem(name), [], [])
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            _add_row(sheet, number, cells, name)
    except csv.Error:
        raise BadInput("exchange.broken_csv", file=name, line=reader.line_num) from None
    return Source([sheet], [], [])


def stem(name: str) -> str:
    """A file's name without folders and suffix."""
    return PurePosixPath(name.replace("\\", "/")).stem


def _add_row(sheet: Sheet, number: int, cells: Sequence[Cell], name: str) -> None:
    if all(cell is None or cell == "" for cell in cells):
        return
    if len(cells) > MAX_COLUMNS:
        raise BadInput("exchange.wide", file=name, limit=MAX_COLUMNS)
    if not sheet.headings:
        sheet.headings = ["" if c is None else str(c).strip() for c in cells]
        return
    if len(sheet.rows) >= MAX_ROWS or (len(sheet.rows) + 1) * len(sheet.headings) > MAX_CELLS:
        raise BadInput("exchange.large", file=name, limit=MAX_ROWS)
    sheet.rows.append((number, list(cells)))


def read_zip_of_csv(found: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], name: str) -> Source:
    """A sheet for each CSV."""
    if len(entries) > MAX_SHEETS:
        raise BadInput("exchange.many_sheets", file=name, limit=MAX_SHEETS)
    made = Source([], [], [])
    for entry in entries:
        made.sheets += read_csv(contents(found, entry, name), entry.filename).sheets
    return made


# XLSX


def read_xlsx(data: bytes, found: zipfile.ZipFile, name: str) -> Source:
    """The sheets of a workbook. Of a formula the value last computed is taken, and said so."""
    import openpyxl  # it imports numpy, which starts threads: not where kernels are forked

    formulas = _look_inside(found, name)
    made = Source([], [], [], typed=True)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if len(book.worksheets) > MAX_SHEETS:
            raise BadInput("exchange.many_sheets", file=name, limit=MAX_SHEETS)
        for sheet in book.worksheets:
            _xlsx_sheet(sheet, made, name)
        if formulas:
            _name_formulas(openpyxl.load_workbook(BytesIO(data), read_only=True, keep_links=False), made)
    except BadInput:
        raise
    except Exception:  # openpyxl answers a broken workbook with whatever went wrong inside it
        raise BadInput("exchange.unreadable", file=name) from None
    made.sheets = [s for s in made.sheets if s.headings]
    return made


def _look_inside(found: zipfile.ZipFile, name: str) -> bool:
    """Whether any sheet has a formula. Raises BadInput for macros and for parts that declare entities."""
    formulas = False
    for entry in found.infolist():
        if entry.filename.lower().endswith("vbaproject.bin"):
            raise BadInput("exchange.macros", file=name)
        if entry.filename.endswith((".xml", ".rels")):
            part = contents(found, entry, name)
            if b"<!DOCTYPE" in part[:4096].replace(b"\x00", b""):
                raise BadInput("exchange.bomb", file=name)
            formulas = formulas or (entry.filename.startswith("xl/worksheets/") and (b"<f>" in part or b"<f " in part))
    return formulas


def _xlsx_sheet(sheet: Any, made: Source, name: str) -> None:
    sheet.reset_dimensions()  # the sheet's own word for its size is not believed
    read = Sheet(sheet.title, [], [])
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = [cell.value for cell in cells]
        while values and values[-1] is None:
            values.pop()
        _add_row(read, number, values, name)
        for cell in cells:
            if cell.data_type == "e" and number > 1:
                made.problems.append(_at_cell(read, number, cell, "exchange.error_value", value=str(cell.value)[:20]))
    made.sheets.append(read)


def _at_cell(sheet: Sheet, number: int, cell: Any, key: str, **facts: object) -> Fault:
    heading = sheet.headings[cell.column - 1] if cell.column <= len(sheet.headings) else ""
    return Fault(sheet.place(number, alone=False), heading, key, facts)


def _name_formulas(book: Any, made: Source) -> None:
    """A note for each sheet with formulas; a problem where a formula was never computed, so that nothing is there."""
    for sheet in made.sheets:
        sheet_in_book = book[sheet.name]
        sheet_in_book.reset_dimensions()
        values = dict(sheet.rows)
        count = 0
        for number, cell in _formulas(sheet_in_book):
            count += 1
            row = values.get(number, [])
            if cell.column > len(row) or row[cell.column - 1] is None:
                made.problems.append(_at_cell(sheet, number, cell, "exchange.formula_without_value"))
        if count:
            made.notes.append(Fault(sheet.name, "", "exchange.formulas", {"count": count}))


def _formulas(sheet: Any) -> Iterator[tuple[int, Any]]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield from ((number, cell) for cell in cells if cell.data_type == "f")
