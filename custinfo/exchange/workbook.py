# ruff: noqa: ARG001 - writers have one shape
"""Records as an XLSX workbook, a sheet for the records and one for each repeat. Texts are never formulas or links."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.exchange import moments
from custinfo.exchange.fields import Field, Sees
from custinfo.exchange.grids import FORMULA, Column, Layout, columns
from custinfo.exchange.records import Frame, StoredRecord, frames
from custinfo.xforms import Form

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_575, 16_384, 32_767
LONGEST_MARK = 250
_OPTIONS = {
    "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}  # fmt: skip
_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?\Z", re.ASCII)
_FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a 29th of February that never was


def write(
    form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees, mark: str = ""
) -> bytes:  # fmt: skip
    """For people: numbers and dates are such, headings and choices are labels if wanted; `mark` stands on each page.

    A moment keeps the clock on the wall and loses its zone; a number of more than 15 digits stays a text.
    """
    layout = Layout(exact=False, language=language, style="labels" if labels else "codes")
    return book([_sheet(frame, layout) for frame in frames(form, records, sees)], mark=mark)


def write_exact(
    form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees, mark: str = ""
) -> bytes:  # fmt: skip
    """For programs: every cell holds the exact text of an answer, in codes; `mark` stands on each page, in no cell."""
    layout = Layout(exact=True)
    return book([_sheet(frame, layout) for frame in frames(form, records, sees)], mark=mark)


@dataclass(frozen=True)
class Sheet:
    """A sheet to write: its name, headings, rows of cells (texts or typed values) and comments by (row, column)."""

    name: str
    headings: tuple[str, ...]
    rows: list[list[object]]
    comments: dict[tuple[int, int], str]


def _sheet(frame: Frame, layout: Layout) -> Sheet:
    shown = columns(frame, layout)
    convert = [_converter(column, layout) for column in shown]
    cells = list(zip(shown, convert, strict=True))
    rows: list[list[object]] = [[to(column.text(row)) for column, to in cells] for row in frame.rows]
    return Sheet(frame.table.name, tuple(c.heading for c in shown), rows, {})


def _converter(column: Column, layout: Layout) -> Callable[[str], object]:
    field = column.field
    if layout.exact or field is None:
        return str
    if column.choice:
        return _number
    return _TYPED.get(field.kind, str) if not field.options else _number_code(field, layout)


def _number_code(field: Field, layout: Layout) -> Callable[[str], object]:
    """Codes that are all numbers are written as numbers."""
    plain = layout.style == "codes" and field.kind == "select_one" and all(_is_number(v) for v in field.option)
    return _number if plain else str


def _is_number(text: str) -> bool:
    return isinstance(_number(text), float)


def _number(text: str) -> object:
    """The number, if a spreadsheet's 15 digits hold it. `007` and what is no number stay texts."""
    if not _PLAIN_NUMBER.match(text):
        return text
    exact = Decimal(text)
    return float(exact) if len(exact.as_tuple().digits) <= 15 else text


def _day(text: str) -> object:
    found = moments.day(text)
    return found if found is not None and found >= _FIRST_DAY else text


def _moment(text: str) -> object:
    found = moments.moment(text)
    return found if found is not None and found.date() >= _FIRST_DAY else text


def _clock(text: str) -> object:
    found = moments.clock(text)
    return found if found is not None else text


_TYPED: dict[str, Callable[[str], object]] = {
    "int": _number, "decimal": _number, "date": _day, "dateTime": _moment, "time": _clock,
}  # fmt: skip


def book(sheets: list[Sheet], *, mark: str = "") -> bytes:
    """The workbook; `mark` stands above and below each page of it. Raises BadInput for more than a sheet can hold."""
    import xlsxwriter  # quick to start without it

    for sheet in sheets:
        if len(sheet.rows) > MOST_ROWS or len(sheet.headings) > MOST_COLUMNS:
            raise BadInput("exchange.sheet_large", sheet=sheet.name, rows=len(sheet.rows), columns=len(sheet.headings))
    content = BytesIO()
    made = xlsxwriter.Workbook(content, _OPTIONS)
    made.set_properties({"created": datetime(1980, 1, 1, tzinfo=UTC)})
    styles = {
        kind: made.add_format(look)
        for kind, look in {
            "head": {"bold": True, "text_wrap": True, "valign": "top"}, "text": {"quote_prefix": True},
            "date": {"num_format": "yyyy-mm-dd"}, "datetime": {"num_format": "yyyy-mm-dd hh:mm:ss"},
            "time": {"num_format": "hh:mm:ss"},
        }.items()
    }  # fmt: skip
    names: list[str] = []
    for sheet in sheets:
        names.append(sheet_name(sheet.name, names))
        page = made.add_worksheet(names[-1])
        _mark(page, mark)
        _fill(page, sheet, styles)
    made.close()
    return content.getvalue()


def sheet_name(name: str, taken: list[str]) -> str:
    """A name that a sheet may have: at most 31 characters, without brackets and slashes, unlike the others."""
    plain = "".join("_" if c in "[]:*?/\\" else c for c in name).strip("'")[:31] or "_"
    number, made = 2, plain
    while made.casefold() in {t.casefold() for t in (*taken, "history")}:
        made = f"{plain[: 30 - len(str(number))]}~{number}"
        number += 1
    return made


def _mark(page: Any, mark: str) -> None:
    """For whom and when, on paper too. An ampersand would begin a code of the header's own language."""
    if mark:
        words = mark.replace("&", "&&")[:LONGEST_MARK]
        page.set_header(f"&C{words}")
        page.set_footer(f"&C{words}")


def _fill(sheet: Any, what: Sheet, styles: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate(what.headings):
        sheet.write_string(0, place, heading[:MOST_CHARACTERS], styles["head"])
        sheet.set_column(place, place, min(40, max(10, 2 * len(heading))))
    for number, row in enumerate(what.rows, 1):
        for place, cell in enumerate(row):
            _write(sheet, number, place, cell, styles)
    for (number, place), text in what.comments.items():
        sheet.write_comment(number, place, text, {"x_scale": 2})


def _write(sheet: Any, number: int, place: int, cell: object, styles: dict[str, Any]) -> None:
    match cell:
        case None | "":
            pass
        case float():
            sheet.write_number(number, place, cell)
        case datetime():
            sheet.write_datetime(number, place, cell, styles["datetime"])
        case date():
            sheet.write_datetime(number, place, cell, styles["date"])
        case str():
            if len(cell) > MOST_CHARACTERS:
                raise BadInput("exchange.cell_long", length=len(cell), limit=MOST_CHARACTERS)
            sheet.write_string(number, place, cell, styles["text"] if FORMULA.match(cell) else None)
        case _:
            sheet.write_datetime(number, place, cell, styles["time"])
