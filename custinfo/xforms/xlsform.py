"""A `Workbook` → XForm XML. The only module that knows pyxform, and of it only `convert()`."""

import re
from typing import Any

from custinfo.xforms import or_other
from custinfo.xforms.findings import Finding
from custinfo.xforms.model import FormError
from custinfo.xforms.workbook import SHEETS, Workbook

_ROW = re.compile(r"\[row ?: ?(\d+)\]\s*")
_PLACE = re.compile(r"On the '(\w+)' sheet, the '([^']+)' value is invalid\.\s*")
_NAMED = re.compile(r"(?:named|question|name) '([^']+)'")
_LEARN = re.compile(r"\s*Learn more: \S+")
_PYTHON = re.compile(r"Traceback|<class |object at 0x|\{'|Error\(")


def converted(book: Workbook) -> str:
    """The XForm of an XLSForm. Raises FormError with what pyxform says, at the place that it names."""
    from pyxform.errors import PyXFormError  # a second of import, which only those need who make a form
    from pyxform.xls2xform import convert

    try:
        xform = str(convert(_plain(book), form_name="data", warnings=[]).xform)
    except PyXFormError as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise FormError([_finding(book, line) for line in said or ["?"]]) from None
    except Exception:  # pyxform lets other errors through; what they say is of no use to a designer
        raise FormError([Finding("", 0, "", "form_check.converter.failed", {})]) from None
    return or_other.translated(book, xform)


def _plain(book: Workbook) -> dict[str, Any]:
    """The sheets in the shape that `convert()` takes; blank rows stay, so that its row numbers are ours."""
    sheets: dict[str, Any] = {"sheet_names": [t for t in book.titles if t.lower() not in SHEETS] + list(book.sheets)}
    for name, sheet in book.sheets.items():
        if not sheet.headings:
            continue
        sheets[name] = [dict(row.cells) for row in sheet.rows]
        sheets[f"{name}_header"] = [dict.fromkeys(sheet.headings)]
    return sheets


def _finding(book: Workbook, said: str) -> Finding:
    number = _ROW.search(said)
    reason = _LEARN.sub("", _ROW.sub("", said))
    place = _PLACE.search(reason)
    reason = _PLACE.sub("", reason).strip()
    if _PYTHON.search(reason):
        reason = _PYTHON.split(reason)[0].strip(" :")
    sheet = book.sheet(place[1] if place else "survey")
    row = 0
    if number is not None:
        index = int(number[1]) - 2
        row = sheet.rows[index].number if 0 <= index < len(sheet.rows) else sheet.heading_row
    named = _NAMED.search(reason)
    if not row and named is not None:
        row = next((one.number for one in sheet.rows if named[1] in one.cells.values()), 0)
    if "has no label" in reason and named is not None and row:
        return sheet.found("form_check.label.none", {"name": named[1]}, row=row, column="label")
    if not reason:
        return sheet.found("form_check.converter.refused_row", {}, row=row)
    if row or place:
        column = place[2] if place else ""
        return sheet.found("form_check.converter.refused", {"reason": reason}, row=row, column=column)
    return Finding("", 0, "", "form_check.converter.refused", {"reason": reason})
