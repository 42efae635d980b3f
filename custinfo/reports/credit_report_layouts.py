"""A credit report as files: HTML that loads nothing, PDF/UA-1 by typst, XLSX with native numbers, JSON for programs."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
import xlsxwriter
from markupsafe import Markup

from custinfo.domain.messages import text
from custinfo.reports import html, pdf, style, xlsx
from custinfo.reports.charts import Chart
from custinfo.reports.credit_report_document import Cell, Document, Facts, Part, Section, Sentence, Table

FORMAT = "custinfo-credit-report/1"
TEMPLATE = Path(__file__).parent / "templates" / "credit_report.typ"
PARTS = "credit_report_parts.html.j2"
KINDS: dict[type, str] = {Facts: "facts", Table: "table", Sentence: "sentence", Chart: "chart"}
NUMBER_FORMATS = {
    "count": xlsx.NUMBER_FORMATS["count"],
    "fen": xlsx.NUMBER_FORMATS["fen"],
    "number": "#,##0.00",
    "percent": "0.0#%",
}
FIRST_WIDTH, WIDTH = 34, 20


def canonical(document: Document) -> bytes:
    """What the report says, as canonical JSON: equal reports give equal bytes."""
    return json.dumps(_plain(document), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(document: Document) -> str:
    """The SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _plain(document: Document) -> dict[str, Any]:
    sections = [
        {"id": one.id, "title": one.title, "parts": [{"type": KINDS[type(p)], **_part(p)} for p in one.parts]}
        for one in document.sections
    ]
    return {"format": FORMAT, **asdict(document), "sections": sections}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Chart):
        return {"id": part.id, "title": part.title, "description": part.description}
    fields: dict[str, Any] = _readable(asdict(part))
    return fields | ({"kinds": list(part.kinds)} if isinstance(part, Table) else {})


def _readable(value: Any) -> Any:
    """Exact numbers as text: JSON has no others."""
    if isinstance(value, dict):
        return {name: _readable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


# ---- pages ---------------------------------------------------------------------------------------------------------


def head(document: Document) -> str:
    """The report's head, for a notebook."""
    return str(html.template(PARTS).module.head(document))  # type: ignore[attr-defined]


def section(one: Section) -> str:
    """One section, for a notebook."""
    return str(html.template(PARTS).module.section(_drawable(one)))  # type: ignore[attr-defined]


def page(document: Document, as_of: datetime) -> bytes:  # noqa: ARG001  # layouts have one shape
    """The HTML file."""
    sections = [_drawable(one) for one in document.sections]
    shown = html.template("credit_report.html.j2").render(
        d=document, sections=sections, style=style, sha256=digest(document)
    )
    return shown.encode()


def _drawable(one: Section) -> dict[str, Any]:
    """A section for the template, which asks each part for its kind."""
    parts = [
        {"kind": KINDS[type(part)], "it": part, "svg": Markup(part.svg) if isinstance(part, Chart) else ""}  # noqa: S704
        for part in one.parts
    ]
    return {"id": one.id, "title": one.title, "parts": parts}


# ---- paper ---------------------------------------------------------------------------------------------------------


def paper(document: Document, as_of: datetime) -> bytes:
    """The PDF. `as_of` stands in it as the time of its making."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "main.typ").write_bytes(TEMPLATE.read_bytes())
        words = document.words | {"page": text("reports.page", document.language, page="<page>", pages="<pages>")}
        data = _plain(document) | {"words": words, "sha256": digest(document)}
        (root / "report.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        for chart in document.charts:
            (root / f"{chart.id}.svg").write_text(chart.svg, "utf-8")
        compiler = typst.Compiler(input=root / "main.typ", root=root, font_paths=pdf.fonts(), ignore_system_fonts=True)
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(as_of.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


# ---- spreadsheet ---------------------------------------------------------------------------------------------------


def book(document: Document, as_of: datetime) -> bytes:
    """The workbook: a sheet for each section, numbers as numbers, text as text."""
    content = io.BytesIO()
    file = xlsxwriter.Workbook(content, xlsx.OPTIONS)
    made = as_of.replace(tzinfo=None, microsecond=0)
    title = f"{document.title} {document.subject}"
    file.set_properties({"title": title, "author": document.site_name, "created": made})
    formats = _formats(file)
    _cover(file, formats, document)
    for number, one in enumerate(document.sections, start=1):
        _sheet(file, formats, number, one, document)
    file.close()
    return content.getvalue()


def _formats(file: Any) -> dict[str, Any]:
    plain = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top", "text_wrap": True}
    colours = {"plain": style.INK, "lacking": style.MUTED, "warn": style.WARN, "ok": style.ACCENT}
    formats = {
        "title": plain | {"bold": True, "font_size": 14, "font_color": style.ACCENT, "text_wrap": False},
        "head": plain | {"bold": True, "font_color": style.ACCENT, "bg_color": style.PALE, "bottom": 1},
        "subhead": plain | {"bold": True, "text_wrap": False},
        "note": plain | {"font_size": 9, "font_color": style.MUTED, "text_wrap": False},
    }
    for look, colour in colours.items():
        formats[f"said {look}"] = plain | {"font_color": colour, "text_wrap": False}
        formats[f"text {look}"] = plain | {"font_color": colour}
        for kind, number in NUMBER_FORMATS.items():
            formats[f"{kind} {look}"] = plain | {"font_color": colour, "num_format": number, "align": "right"}
    return {name: file.add_format(properties) for name, properties in formats.items()}


def _cover(file: Any, formats: dict[str, Any], document: Document) -> None:
    sheet = _new_sheet(file, text("credit_paper.sheet", document.language), document)
    sheet.write_string(0, 0, document.title, formats["title"])
    sheet.write_string(1, 0, document.subject, formats["subhead"])
    marks = [mark for mark in (document.demo, document.secrecy) if mark]
    for line, mark in enumerate(marks, start=2):
        sheet.write_string(line, 0, mark, formats["said warn"])
    for line, (name, value) in enumerate((*document.facts, ("SHA-256", digest(document))), start=3 + len(marks)):
        sheet.write_string(line, 0, name, formats["text lacking"])
        sheet.write_string(line, 1, value, formats["said plain"])


def _new_sheet(file: Any, name: str, document: Document) -> Any:
    sheet = file.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, 9, WIDTH)
    # An ampersand begins a code in a header
    sheet.set_header(f"&L{document.site_name.replace('&', '&&')}&R{document.secrecy.replace('&', '&&')}"[:255])
    sheet.set_footer("&C&P / &N")
    return sheet


def _sheet(file: Any, formats: dict[str, Any], number: int, one: Section, document: Document) -> None:
    sheet = _new_sheet(file, str(number), document)
    sheet.write_string(0, 0, one.title, formats["title"])
    line = 2
    for part in one.parts:
        if isinstance(part, Facts):
            for label, cell in part.rows:
                sheet.write_string(line, 0, label, formats["text lacking"])
                _write(sheet, formats, line, 1, cell)
                line += 1
        elif isinstance(part, Table):
            line = _table(sheet, formats, line, part)
        elif isinstance(part, Sentence):
            sheet.write_string(line, 0, part.text, formats[f"said {part.look}"])
        line += 1


def _table(sheet: Any, formats: dict[str, Any], line: int, part: Table) -> int:
    sheet.write_string(line, 0, part.title, formats["subhead"])
    for place, name in enumerate(part.columns):
        sheet.write_string(line + 1, place, name, formats["head"])
    for below, row in enumerate(part.rows, start=line + 2):
        for place, cell in enumerate(row):
            _write(sheet, formats, below, place, cell)
    line += 2 + len(part.rows)
    if part.note:
        sheet.write_string(line, 0, part.note, formats["note"])
        line += 1
    return line


def _write(sheet: Any, formats: dict[str, Any], line: int, place: int, cell: Cell) -> None:
    if cell.number is None or cell.kind == "text":
        sheet.write_string(line, place, cell.text, formats[f"text {cell.look}"])
    else:
        sheet.write_number(line, place, cell.number, formats[f"{cell.kind} {cell.look}"])


def plain(document: Document, as_of: datetime) -> bytes:  # noqa: ARG001  # layouts have one shape
    """The JSON file."""
    return canonical(document)


LAYOUTS: dict[str, Callable[[Document, datetime], bytes]] = {"html": page, "pdf": paper, "xlsx": book, "json": plain}
"""How each file is made, by how its name ends."""
