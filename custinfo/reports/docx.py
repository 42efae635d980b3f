"""The report as a Word document: headings, native tables, charts as pictures with words for those who cannot see them.

The same document gives the same bytes: nothing in the file says when or on which machine it was written.
"""

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

import docx
import vl_convert
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from custinfo.domain.messages import text
from custinfo.reports import style
from custinfo.reports.charts import Chart
from custinfo.reports.document import Document, Piece, ShownCell, ShownTable

LATIN, CHINESE = "Arial", "Microsoft YaHei"
"""Fonts that Word has on every machine; they are named in the file, not embedded."""
SIZES = {"Title": 20, "Heading 1": 14, "Heading 2": 11.5, "Normal": 10, "Caption": 10}
CELLS = (("Cell", style.INK, False), ("CellTotal", style.INK, True), ("CellHead", style.ACCENT, True))
NUMBER = "Number"
"""Styles of cells, and what is added to the name of one for a number."""
WIDE, HALF = Cm(16.5), Cm(8)
SHARPNESS = 1.5
EPOCH = (1980, 1, 1, 0, 0, 0)
REVISED = "r"


def render(document: Document) -> bytes:
    """The file. Text in it is text: no field or markup comes from what people wrote."""
    file = docx.Document()
    _styles(file, document.language)
    _frame(file, document)
    _head(file, document)
    _text(file, document)
    file.add_heading(document.words["heading_charts"], 1)
    for chart in document.charts:
        _picture(file, chart)
    file.add_heading(document.words["heading_tables"], 1)
    for table in document.tables:
        _table(file, table)
    _paragraph(file, f"{document.words['signed']}　　　　　　　　{document.words['signed_on']}")
    content = io.BytesIO()
    file.save(content)
    return _undated(content.getvalue())


# ---- the page -------------------------------------------------------------------------------------------------------


def _styles(file: Any, language: str) -> None:
    for name, size in SIZES.items():
        found = file.styles[name]
        found.font.name, found.font.size = LATIN, Pt(size)
        found.font.color.rgb = _colour(style.INK if name == "Normal" else style.ACCENT)
        fonts = found.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):  # a theme's font would win
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for script, font in (("ascii", LATIN), ("hAnsi", LATIN), ("eastAsia", CHINESE)):
            fonts.set(qn(f"w:{script}"), font)
    spoken = _element("w:lang", {"w:val": "en-US", "w:eastAsia": "zh-CN"})
    if language == "zh-CN":
        spoken.set(qn("w:val"), "zh-CN")
    normal = file.styles["Normal"].element.get_or_add_rPr()
    normal.append(spoken)
    for look, colour, bold in CELLS:
        for number in (False, True):
            made = file.styles.add_style(look + NUMBER * number, WD_STYLE_TYPE.PARAGRAPH)
            made.base_style = file.styles["Normal"]
            made.font.size, made.font.bold, made.font.color.rgb = Pt(9), bold, _colour(colour)
            made.paragraph_format.space_after = Pt(1)
            made.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT if number else WD_ALIGN_PARAGRAPH.LEFT


def _frame(file: Any, document: Document) -> None:
    """Paper, header, footer with page numbers, and what the file says of itself."""
    section = file.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2)
    mark = f" · {document.words['demo']}" if document.demo else ""
    head = section.header.paragraphs[0]
    head.text = f"{document.site_name} · {document.title} {document.period}{mark}"
    _look(head.runs[0], style.MUTED, size=8.5)
    _page_numbers(section.footer.paragraphs[0], document.language)
    told = file.core_properties
    told.title, told.author = f"{document.title} {document.period}"[:255], document.site_name[:255]
    told.language, told.comments, told.last_modified_by = document.language, "", ""
    for when in ("created", "modified"):
        for one in told._element.findall(qn(f"dcterms:{when}")):
            told._element.remove(one)


def _page_numbers(paragraph: Any, language: str) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, _, rest = text("reports.page", language, page="\0", pages="\1").partition("\0")
    between, _, after = rest.partition("\1")
    for words, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
        _look(paragraph.add_run(words), style.MUTED, size=8.5)
        if field:
            run = paragraph.add_run()
            _look(run, style.MUTED, size=8.5)
            for kind in ("begin", field, "end"):
                run._r.append(_instruction(kind))


def _instruction(kind: str) -> Any:
    if kind in ("begin", "end"):
        return _element("w:fldChar", {"w:fldCharType": kind})
    said = _element("w:instrText", {})
    said.text = kind
    return said


# ---- its parts ------------------------------------------------------------------------------------------------------


def _head(file: Any, document: Document) -> None:
    if document.demo:
        _paragraph(file, document.words["demo_long"], style.WARN)
    file.add_heading(f"{document.title} {document.period}", 0)
    for mark in (document.warning, document.revision):
        if mark:
            _paragraph(file, mark, style.WARN)
    for name, value in document.meta:
        line = file.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        _look(line.add_run(f"{name}　"), style.MUTED)
        line.add_run(value)


def _text(file: Any, document: Document) -> None:
    file.add_heading(document.words["heading_text"], 1)
    between = " " if document.language == "en" else ""
    file.add_paragraph(between.join(_said(sentence) for sentence in document.sentences))
    if not document.commentary:
        return
    file.add_heading(document.words["heading_commentary"], 1)
    for place in document.commentary:
        file.add_heading(place.title, 2)
        for said in place.paragraphs:
            line = file.add_paragraph(_said(said.pieces))
            _look(line.add_run(f" — {said.by}"), style.MUTED)
    _paragraph(file, document.words["commentary_note"], style.MUTED)


def _said(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def _picture(file: Any, chart: Chart) -> None:
    caption = file.add_paragraph(chart.title, style="Caption")
    caption.paragraph_format.keep_with_next = True
    shape = file.add_picture(io.BytesIO(_png(chart.svg)), width=WIDE if chart.wide else HALF)
    shape._inline.docPr.set("descr", f"{chart.title}. {chart.description}")
    shape._inline.docPr.set("name", chart.id)


def _table(file: Any, shown: ShownTable) -> None:
    caption = file.add_paragraph(shown.title, style="Caption")
    caption.paragraph_format.keep_with_next = True
    made = file.add_table(rows=1, cols=len(shown.columns))
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    _properties(made, shown)
    heads = made.rows[0].cells
    for cell, name, kind in zip(heads, shown.columns, shown.kinds, strict=True):
        _fill(cell, "CellHead", name, number=kind != "text")
    made.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader", {}))  # again on each page
    for row in shown.rows:
        line = made.add_row()
        line._tr.get_or_add_trPr().append(_element("w:cantSplit", {}))
        cells = line.cells
        look = "CellTotal" if row.total else "Cell"
        _fill(cells[0], look, row.label, number=False)
        for cell, number in zip(cells[1:], row.cells, strict=True):
            _fill(cell, look, number.text, number=True)
            _mark(cell, number)
    for line in _revised(shown):
        _paragraph(file, line, style.WARN)
    _paragraph(file, shown.note, style.MUTED)


def _properties(made: Any, shown: ShownTable) -> None:
    """Rules between the rows, and words for those who cannot see the table."""
    told = made._tbl.tblPr
    borders = _element("w:tblBorders", {})
    for side in ("top", "bottom", "insideH"):
        rule = {"w:val": "single", "w:sz": "4", "w:space": "0", "w:color": style.RULE.removeprefix("#")}
        borders.append(_element(f"w:{side}", rule))
    # The schema's order: borders before the layout and the look, words at the end
    told.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    told.append(_element("w:tblCaption", {"w:val": shown.title}))
    told.append(_element("w:tblDescription", {"w:val": shown.note}))


def _fill(cell: Any, look: str, words: str, *, number: bool) -> None:
    """By the names of styles: looks given run by run take most of the time of a long report, and of its bytes."""
    paragraph = cell._tc.p_lst[0]
    paragraph.style = look + NUMBER * number
    paragraph.add_r().text = words


def _mark(cell: Any, number: ShownCell) -> None:
    if number.was:
        run = cell.paragraphs[0].add_run(REVISED)
        run.font.superscript = True
        _look(run, style.WARN, size=9)


def _revised(shown: ShownTable) -> Iterator[str]:
    """What stood in each revised cell before."""
    for row in shown.rows:
        for name, number in zip(shown.columns[1:], row.cells, strict=True):
            if number.was:
                yield f"{REVISED} {row.label} · {name}: {number.was}"


# ---- helpers --------------------------------------------------------------------------------------------------------


def _paragraph(file: Any, words: str, colour: str = style.INK) -> None:
    _look(file.add_paragraph().add_run(words), colour, size=9)


def _look(run: Any, colour: str, *, size: float | None = None) -> None:
    run.font.color.rgb = _colour(colour)
    if size is not None:
        run.font.size = Pt(size)


def _colour(name: str) -> RGBColor:
    return RGBColor.from_string(name.removeprefix("#").upper())


def _element(tag: str, attributes: dict[str, str]) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(name), value)
    return made


def _png(svg: str) -> bytes:
    _fonts()
    drawn: bytes = vl_convert.svg_to_png(svg, scale=SHARPNESS)
    return drawn


@cache
def _fonts() -> None:
    vl_convert.register_font_directory(str(style.FONT_FOLDER))


def _undated(content: bytes) -> bytes:
    """The same archive with every time in it at the epoch."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            new.writestr(zipfile.ZipInfo(name, EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()
