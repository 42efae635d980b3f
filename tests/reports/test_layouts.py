"""HTML, PDF and XLSX: the same bytes for the same figures, and what was typed stays text."""

import dataclasses
import io
import re

import openpyxl
import pypdf
import pytest

from custinfo.domain.money import show
from custinfo.reports import charts, document, html, pdf, xlsx
from custinfo.reports.kinds import monthly

HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}"
FORMULA = "=cmd|' /C calc'!A0"
MARKUP = '#read("/etc/passwd") *b* $x$ ]]> </svg><script>1</script>'


@pytest.fixture(scope="module")
def hostile(small_site, figures):
    """A report whose site and rows have hostile names."""
    composed = document.compose(
        monthly.KIND, figures, document.Edition(f"{FORMULA} {HOSTILE} {MARKUP}", small_site.zone, True, "en")
    )
    first = composed.tables[0]
    names = (FORMULA, HOSTILE, MARKUP)
    rows = (
        tuple(dataclasses.replace(row, label=name) for row, name in zip(first.rows, names, strict=False))
        + first.rows[3:]
    )
    return dataclasses.replace(composed, tables=(dataclasses.replace(first, rows=rows), *composed.tables[1:]))


def test_the_same_figures_give_the_same_bytes(shown, figures):
    assert html.render(shown) == html.render(shown)
    assert pdf.render(shown, figures.as_of) == pdf.render(shown, figures.as_of)
    assert xlsx.render(figures, shown, monthly.DRAWINGS) == xlsx.render(figures, shown, monthly.DRAWINGS)
    assert charts.draw(monthly.DRAWINGS, figures, shown.language) == shown.charts


def test_the_page_loads_nothing(shown):
    page = html.render(shown).decode()
    addresses = set(re.findall(r"(?:https?:)?//[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(
        r"<(script|link|img|iframe|object|embed|base)\b|url\((?!#)|@import|\bsrc=|\son\w+=", page, re.IGNORECASE
    )
    assert "default-src 'none'" in page
    assert len(page) < 300_000


def test_the_page_says_what_it_is(shown, figures):
    page = html.render(shown).decode()
    assert f'<html lang="{shown.language}">' in page
    assert figures.sha256 in page
    assert shown.site_name in page
    assert shown.words["demo_long"] in page


def test_every_number_of_the_text_leads_to_its_cell(shown):
    page = html.render(shown).decode()
    linked = re.findall(r'<a href="#([\w-]+)" title="([^"]+)">([^<]+)</a>', page)
    assert len(linked) > 15
    for anchor, source, words in linked:
        cell = re.search(rf'id="{anchor}"[^>]*>([^<]*)<', page)[1]
        assert words in (cell, cell.removeprefix("-"))
        assert "›" in source
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_site_that_is_no_demonstration_has_no_mark(small_site, figures):
    plain = document.compose(monthly.KIND, figures, document.Edition("甲", small_site.zone, False, "zh-CN"))
    assert "演示" not in html.render(plain).decode()
    assert "演示" not in "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.render(plain, figures.as_of))).pages
    )


def test_hostile_names_are_text_on_the_page(hostile):
    page = html.render(hostile).decode()
    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{7*7}}" in page


def test_hostile_names_are_text_in_the_pdf(hostile, figures):
    said = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf.render(hostile, figures.as_of))).pages
    )
    assert "#read(" in said
    assert "root:" not in said
    assert "=cmd|" in said


def test_hostile_names_are_text_in_the_workbook(hostile, figures):
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(figures, hostile, monthly.DRAWINGS)))
    sheet = book.worksheets[1]
    assert [(cell.data_type, cell.value) for cell in (sheet["A5"], sheet["A6"], sheet["A7"])] == [
        ("s", FORMULA),
        ("s", HOSTILE),
        ("s", MARKUP),
    ]
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_pdf_is_tagged_has_its_fonts_and_its_text(shown, figures):
    made = pdf.render(shown, figures.as_of)
    reader = pypdf.PdfReader(io.BytesIO(made))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"].lower().startswith(shown.language[:2])
    assert reader.metadata.title == f"{shown.title} {shown.period}"
    said = "".join(page.extract_text() for page in reader.pages)
    assert ("客户" if shown.language == "zh-CN" else "customers") in said.lower()
    assert figures.sha256 in said.replace("\n", "")
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    kinds = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert fonts
    assert all("/FontFile3" in descriptor and "NotoSansSC" in descriptor["/FontName"] for descriptor in kinds)


def test_the_workbook_has_native_numbers_and_frozen_heads(shown, figures):
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(figures, shown, monthly.DRAWINGS)))
    assert len(book.sheetnames) == 7
    assert all(sheet.freeze_panes == "B5" for sheet in book.worksheets[1:])
    grades, sales = book.worksheets[4], book.worksheets[5]
    assert (grades["B5"].value, grades["B5"].number_format) == (2, "#,##0")
    assert (grades["C5"].value, grades["C5"].number_format) == (0.25, "0.0%")
    assert (grades["D5"].value, grades["D5"].number_format.split(";")[0]) == (900000, "¥#,##0.00")
    assert sales["B5"].value == 1000000.05
    assert (sales["E6"].data_type, sales["E6"].value) == ("s", "—")
    assert show(figures.table("t5").cell("sales", "this_month")) == "¥1,000,000.05"
    assert book.properties.created.isoformat() == "2026-11-01T01:02:03"
    assert [len(sheet._charts) for sheet in book.worksheets] == [0, 0, 1, 0, 1, 0, 1]


def test_charts_say_what_they_show(shown):
    for chart in shown.charts:
        assert f'<title id="{chart.id}-title">' in chart.svg
        assert chart.svg.startswith('<svg role="img"')
        assert "Noto Sans SC" in chart.svg
