"""What the parts of an .xlsx package tell beside the cells: which part is which sheet, formulas, hidden, merged."""

import posixpath
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from custinfo.xforms.attachments import parse_xml
from custinfo.xforms.findings import Finding

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FORMULA = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?>\s*<f[\s>/]')
_MERGED = re.compile(rb'<mergeCell\b[^>]*?\bref="([A-Z0-9:$]{1,20})"')
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^>]*?\bhidden="(?:1|true)")[^>]*?\br="(\d{1,7})"')
_HIDDEN_COLUMN = re.compile(rb'<col\b[^>]*?\bhidden="(?:1|true)"')
_MOST = 20
"""So many merged ranges, hidden rows or formulas are named; nobody reads more."""


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, tuple[str, bool]]:
    """Title → (name of the part, whether the sheet is hidden). Empty for a package put together in a strange way."""
    try:
        book = parse_xml(archive.read("xl/workbook.xml"))
        links = parse_xml(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ValueError):
        return {}
    targets = {str(link.get("Id")): str(link.get("Target")) for link in links}
    found: dict[str, tuple[str, bool]] = {}
    for sheet in book.iter("{*}sheet"):
        part = posixpath.normpath(posixpath.join("/xl", targets.get(str(sheet.get(_RELATION)), ""))).lstrip("/")
        if part in archive.namelist():
            found[_title(sheet)] = (part, sheet.get("state") in ("hidden", "veryHidden"))
    return found


def _title(sheet: etree._Element) -> str:
    return str(sheet.get("name", ""))


def formula_cells(xml: bytes) -> Iterator[tuple[str, str, int]]:
    """The cells of a sheet that hold formulas: (address, letter of the column, row)."""
    for count, match in enumerate(_FORMULA.finditer(xml)):
        if count >= _MOST:
            return
        column, row = match[1].decode(), int(match[2])
        yield f"{column}{row}", column, row


def notes_of(xml: bytes, title: str) -> Iterator[Finding]:
    """Hidden rows and columns and merged cells: all are read as what they hold, which is easily overlooked."""
    for match in list(_MERGED.finditer(xml))[:_MOST]:
        yield Finding(title, 0, "", "form_check.cell.merged", {"cells": match[1].decode()})
    hidden = [match[1].decode() for match in _HIDDEN_ROW.finditer(xml)]
    if hidden:
        rows = ", ".join(hidden[:_MOST]) + (" …" if len(hidden) > _MOST else "")
        yield Finding(title, 0, "", "form_check.sheet.hidden_rows", {"rows": rows})
    if _HIDDEN_COLUMN.search(xml):
        yield Finding(title, 0, "", "form_check.sheet.hidden_columns", {})
