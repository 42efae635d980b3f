"""Read a table from a CSV, XLSX or Parquet file as rows of text.

Nothing is guessed from how a value looks: a leading zero stays. A date that the file itself marks as a date becomes its
ISO text, a number its shortest decimal text of at most 15 digits (as a spreadsheet shows it).
"""

import codecs
import csv
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from custinfo.domain.errors import BadInput

Row = tuple[int, list[str]]
"""The row's number as a spreadsheet shows it (the headings are row 1), and its values."""

MAX_ROWS = 20_000_000
XLSX_MAX_ROWS = 1_048_576
XLSX_MAX_COLUMNS = 200
XLSX_TOP_ROWS = 100
XLSX_MAX_BYTES = 1 << 30
XLSX_MAX_PART_RATIO = 200
XLSX_SMALL_PART = 10 << 20  # below this a high ratio is only a very regular sheet

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def rows(file: Path) -> Iterator[Row]:
    """The rows of the file, headings first; blank rows are left out.

    What kind of file it is, its first bytes say, not its name. Raises BadInput when it cannot be read or is too large.
    """
    start = _start(file)
    if start.startswith(b"PK\x03\x04"):
        found = _xlsx(file)
    elif start.startswith(b"PAR1"):
        found = _parquet(file)
    elif start.startswith(_OLD_OFFICE):
        raise BadInput("lake.old_office", file=file.name)
    else:
        found = _csv(file, _encoding(file, start))
    for number, values in found:
        if number > MAX_ROWS:
            raise BadInput("lake.large", file=file.name, limit=MAX_ROWS)
        if any(values):
            yield number, values


@contextmanager
def csv_text(file: Path) -> Iterator[TextIO | None]:
    """The text of a CSV file, with line ends as they stand there; None for another kind of file. Raises as `rows`."""
    start = _start(file)
    if start.startswith((b"PK\x03\x04", b"PAR1", _OLD_OFFICE)):
        yield None
        return
    with file.open(encoding=_encoding(file, start), newline="") as content:
        yield content


def check_end(file: Path) -> None:
    """Raises BadInput for a CSV file whose last line has no end: copying or exporting may have stopped there, and a
    shortened amount is an amount. Other kinds of file cannot be read when their end is missing.
    """
    if _start(file).startswith((b"PK\x03\x04", b"PAR1", _OLD_OFFICE)):
        return
    with file.open("rb") as content:
        content.seek(-min(4, file.stat().st_size), os.SEEK_END)
        last = content.read().rstrip(b"\0")  # one half of a character of UTF-16
    if last and not last.endswith((b"\n", b"\r")):
        raise BadInput("lake.cut_off", file=file.name)


def _start(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(4096)
    except OSError:
        raise BadInput("lake.unreadable", file=file.name) from None


def _encoding(file: Path, start: bytes) -> str:
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Digits and separators have a zero byte in UTF-16: every second byte, before or after
    zeros = (start[0::2].count(0), start[1::2].count(0))
    if max(zeros) * 8 > len(start) and min(zeros) * 8 < max(zeros):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    for encoding in ("utf-8", "gb18030"):  # GB18030 reads every GBK and GB2312 text
        if _decodes(file, encoding):
            return encoding
    raise BadInput("lake.encoding", file=file.name)


def _decodes(file: Path, encoding: str) -> bool:
    try:
        with file.open(encoding=encoding) as content:
            while content.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(content: TextIO) -> str:
    """What stands between the values of a CSV file, read to its beginning again: what its first line has most of."""
    first = content.readline()
    content.seek(0)
    return max(",\t;", key=first.count)


def _csv(file: Path, encoding: str) -> Iterator[Row]:
    with file.open(encoding=encoding, newline="") as content:
        try:
            reader = csv.reader(content, delimiter=delimiter_of(content), strict=True)
            for number, values in enumerate(reader, start=1):
                yield number, [value.strip() for value in values]
        except UnicodeError:
            raise BadInput("lake.encoding", file=file.name) from None
        except csv.Error as wrong:
            key = "lake.huge_cell" if "field limit" in str(wrong) else "lake.broken_csv"
            raise BadInput(key, file=file.name, line=reader.line_num, limit=csv.field_size_limit()) from None


def _xlsx(file: Path) -> Iterator[Row]:
    _refuse_bomb(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception:  # openpyxl answers a broken workbook with whatever went wrong inside it
        raise BadInput("lake.unreadable", file=file.name) from None
    try:
        widths = {sheet.title: _width(sheet) for sheet in book.worksheets}
        filled = [title for title, width in widths.items() if width]
        if len(filled) > 1:
            raise BadInput("lake.sheets", file=file.name, sheets=", ".join(filled))
        for title in filled:
            # One column more than there are headings, to notice what stands beside them
            for row in _sheet(book[title], widths[title] + 1):
                if row[0] > XLSX_MAX_ROWS:
                    raise BadInput("lake.large", file=file.name, limit=XLSX_MAX_ROWS)
                yield row
    except BadInput:
        raise
    except Exception:
        raise BadInput("lake.unreadable", file=file.name) from None
    finally:
        book.close()


def _sheet(sheet: Any, columns: int) -> Iterator[Row]:
    for number, cells in enumerate(sheet.iter_rows(max_col=columns, values_only=True), start=1):
        if cells.count(None) == len(cells):
            yield number, []
            continue
        values = [as_text(cell) for cell in cells]
        while values and not values[-1]:
            values.pop()
        yield number, values


def _width(sheet: Any) -> int:
    """The number of columns of the first row that has any, which must be near the top; 0 for an empty sheet."""
    sheet.reset_dimensions()  # the sheet's own word for its size is not believed
    return next((len(values) for _, values in islice(_sheet(sheet, XLSX_MAX_COLUMNS), XLSX_TOP_ROWS) if values), 0)


def _refuse_bomb(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            for part in parts:
                ratio = part.file_size / max(part.compress_size, 1)
                if part.file_size > XLSX_SMALL_PART and ratio > XLSX_MAX_PART_RATIO:
                    raise BadInput("lake.bomb", file=file.name)
            if sum(part.file_size for part in parts) > XLSX_MAX_BYTES:
                raise BadInput("lake.bomb", file=file.name)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares_entities(archive, part):
                    raise BadInput("lake.bomb", file=file.name)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise BadInput("lake.unreadable", file=file.name) from None


def _declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as content:
        start = content.read(4096)
    return b"<!DOCTYPE" in start.replace(b"\x00", b"")


def _parquet(file: Path) -> Iterator[Row]:
    try:
        with pq.ParquetFile(file) as content:
            names = [str(name) for name in content.schema_arrow.names]
            yield 1, names
            number = 1
            for batch in content.iter_batches(batch_size=16_384):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    for name, cell in zip(names, cells, strict=True):
                        if holds_bytes(cell):
                            raise BadInput("lake.bytes", file=file.name, column=name[:40])
                    yield number, [as_text(cell) for cell in cells]
    except (pa.ArrowException, OSError):
        raise BadInput("lake.unreadable", file=file.name) from None


def holds_bytes(cell: object) -> bool:
    """Whether a value is bytes, or a list or structure with bytes somewhere in it: no text that anybody typed."""
    match cell:
        case None | str() | int() | float():
            return False
        case bytes() | bytearray() | memoryview():
            return True
        case dict():
            return any(holds_bytes(part) for pair in cell.items() for part in pair)
        case list() | tuple():
            return any(map(holds_bytes, cell))
        case _:
            return False


def as_text(cell: object) -> str:
    """A cell's value as a person would type it."""
    match cell:
        case None:
            return ""
        case str():
            return cell.strip()
        case datetime() | date():
            return str(cell)
        case float():
            return f"{cell:.15g}"
        case Decimal():
            return f"{cell.normalize():f}"
        case _:
            return str(cell)
