"""The report as a spreadsheet: one sheet per table with native numbers, and a sheet of notes. Text stays text."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter

from custinfo.domain.messages import text
from custinfo.reports import charts, showing, style
from custinfo.reports.charts import Drawing
from custinfo.reports.document import Document, ShownTable
from custinfo.reports.figures import Figures, Kind, Row, Table

NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@", "count": "#,##0", "fen": "¥#,##0.00;[Red]-¥#,##0.00", "percent": "0.0%", "number": "#,##0.0",
    "row": "@",
}  # fmt: skip
"""`row` is the head of a column whose figures are of several kinds."""
WIDTHS: dict[Kind, int] = {"text": 34, "count": 12, "fen": 20, "percent": 10, "number": 12, "row": 20}
HEAD = 3
"""The row of the column heads: title, note and an empty row stand above."""

OPTIONS = {
    "in_memory": True,
    # What a person typed is never a formula, a link or a number here
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True)
class Book:
    """A workbook being written and its formats by name."""

    file: Any
    formats: dict[str, Any]


def render(figures: Figures, document: Document, drawings: Sequence[Drawing]) -> bytes:
    """The workbook. Its creation date is the figures' `as_of`: the same figures give the same bytes."""
    content = io.BytesIO()
    file = xlsxwriter.Workbook(content, OPTIONS)
    made = figures.as_of.replace(tzinfo=None, microsecond=0)
    file.set_properties({"title": f"{document.title} {document.period}", "author": document.site_name, "created": made})
    book = Book(file, _formats(file))
    _notes(book, document)
    for table, shown in zip(figures.tables, document.tables, strict=True):
        # A cell that is not told would be drawn as nothing
        drawn = [one for one in drawings if one.table == table.id and not charts.withheld(one, figures)]
        _table(book, table, shown, document, drawn)
    file.close()
    return content.getvalue()


def _formats(file: Any) -> dict[str, Any]:
    plain = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
    rule = {"bottom": 1, "bottom_color": style.RULE}
    bold = {"bold": True, "bg_color": style.PALE}
    formats = {
        "title": plain | {"bold": True, "font_size": 14, "font_color": style.ACCENT},
        "note": plain | {"font_size": 9, "font_color": style.MUTED},
        "demo": plain | {"bold": True, "font_color": style.WARN},
        "wrapped": plain | {"text_wrap": True, "valign": "top"},
        "name": plain | {"font_color": style.MUTED, "valign": "top"},
    }
    for kind, number in NUMBER_FORMATS.items():
        side = {"align": "left" if kind == "text" else "right"}
        head = {"font_color": style.ACCENT, "top": 2, "top_color": style.ACCENT, "text_wrap": True}
        formats[f"head {kind}"] = plain | rule | bold | side | head
        formats[kind] = plain | rule | side | {"num_format": number}
        revised = {"num_format": ";".join(f'{part}"r"' for part in number.split(";")), "font_color": style.WARN}
        formats[f"revised {kind}"] = plain | rule | side | revised
        formats[f"total {kind}"] = plain | rule | side | bold | {"num_format": number}
    return {name: file.add_format(properties) for name, properties in formats.items()}


def _notes(book: Book, document: Document) -> None:
    sheet = book.file.add_worksheet(text("reports.sheet.notes", document.language))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, f"{document.title} {document.period}", book.formats["title"])
    lines = [*document.meta, *((table.title, table.note) for table in document.tables)]
    lines[:0] = [(document.words["heading_text"], _said(document)), *_commentary(document)]
    marks = [document.words["demo_long"]] * document.demo
    marks += [mark for mark in (document.warning, document.revision) if mark]
    for place, mark in enumerate(marks, start=1):
        sheet.write_string(place, 0, mark, book.formats["demo"])
    for place, (name, value) in enumerate(lines, start=len(marks) + 2):
        sheet.write_string(place, 0, name, book.formats["name"])
        sheet.write_string(place, 1, value, book.formats["wrapped"])
    sheet.set_row(len(marks) + 2, 15 * (2 + len(_said(document)) // 50))
    _for_paper(sheet, document)


def _said(document: Document) -> str:
    between = " " if document.language == "en" else ""
    return between.join("".join(piece.text for piece in sentence) for sentence in document.sentences)


def _commentary(document: Document) -> Iterator[tuple[str, str]]:
    for place in document.commentary:
        for said in place.paragraphs:
            yield place.title, f"{''.join(piece.text for piece in said.pieces)} — {said.by}"


def _table(book: Book, table: Table, shown: ShownTable, document: Document, drawings: Sequence[Drawing]) -> None:
    sheet = book.file.add_worksheet(text(table.title_key.replace(".title.", ".sheet."), document.language))
    sheet.hide_gridlines(2)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.write_string(0, 0, shown.title, book.formats["title"])
    sheet.write_string(1, 0, shown.note, book.formats["note"])
    if document.demo:
        sheet.write_string(2, 0, document.words["demo_long"], book.formats["demo"])
    for place, (name, kind) in enumerate(zip(shown.columns, shown.kinds, strict=True)):
        sheet.set_column(place, place, WIDTHS[kind])
        sheet.write_string(HEAD, place, name, book.formats[f"head {kind}"])
    for line, (row, shown_row) in enumerate(zip(table.rows, shown.rows, strict=True), start=HEAD + 1):
        mark = "total " if shown_row.total else ""
        sheet.write_string(line, 0, shown_row.label, book.formats[f"{mark}text"])
        for place, (cell, column) in enumerate(zip(row.cells, table.columns[1:], strict=True), start=1):
            was, kind = shown_row.cells[place - 1].was, row.kind_in(column)
            look = book.formats[f"revised {kind}" if was else f"{mark}{kind}"]
            native = shown_row.cells[place - 1].text if cell is None else _native(cell, kind)
            sheet.write(line, place, native, look)
            if was:
                sheet.write_comment(line, place, was, {"author": document.revision[:50]})
    for drawing in drawings:
        _chart(book, sheet, table, drawing, document)
    _for_paper(sheet, document)


def _native(cell: int | Decimal, kind: Kind) -> Decimal:
    """A number as a spreadsheet holds it: yuan and fractions, exact to the last decimal shown."""
    return Decimal(cell) if kind in ("count", "number") else Decimal(cell) / 100


def _chart(book: Book, sheet: Any, table: Table, drawing: Drawing, document: Document) -> None:
    """What `charts` draws of a table, as a chart of the spreadsheet."""
    rows = charts.drawn_rows(drawing, table)
    if not rows:
        return
    first, last = (HEAD + 1 + table.rows.index(row) for row in (rows[0], rows[-1]))
    chart = book.file.add_chart({"type": drawing.form})
    for name in drawing.columns:
        place = next(place for place, column in enumerate(table.columns) if column.id == name)
        names, values = ([sheet.name, first, at, last, at] for at in (0, place))
        look = {} if drawing.form == "line" else {"fill": {"color": style.ACCENT}, "gap": 60}
        series = text(table.column(name).label_key, document.language)
        chart.add_series({"name": series, "categories": names, "values": values, **look})
    title, description = (text(f"{drawing.key}_{what}", document.language, **_ends(rows, document)) for what in WORDS)
    chart.set_title({"name": title, "name_font": {"size": 11}})
    chart.set_legend({"none": len(drawing.columns) == 1, "position": "top"})
    is_bar = drawing.form == "bar"
    (chart.set_y_axis if is_bar else chart.set_x_axis)({"reverse": is_bar, "num_font": {"size": 9}})
    sheet.insert_chart(HEAD, len(table.columns) + 1, chart, {"description": description, "x_scale": 1.2})


WORDS = ("title", "describe")


def _ends(rows: Sequence[Row], document: Document) -> dict[str, str]:
    first, last = (showing.label(row.label, document.language) for row in (rows[0], rows[-1]))
    return {"first": first, "last": last}


def _for_paper(sheet: Any, document: Document) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    # An ampersand begins a code in a header
    mark = f"{document.words['demo']} " if document.demo else ""
    sheet.set_header(f"&L{document.site_name.replace('&', '&&')}&R{mark}{document.period}"[:255])
    sheet.set_footer("&C&P / &N")
