"""The report as a Word document: what Word finds in it, and that nothing in it depends on when it was written."""

import io
import zipfile
from dataclasses import replace

import docx as word
import pytest
from docx.oxml.ns import qn

from custinfo.domain.corrections import Change
from custinfo.reports import document, docx, revisions
from custinfo.reports.kinds import monthly
from tests.reports import sites

NET = "t5.net.this_month"


@pytest.fixture(scope="module")
def revised(small_site, figures):
    """The report in English with one revised cell."""
    now = figures.table("t5").cell("net", "this_month")
    marked = revisions.applied(figures, "RS-1", "source", [Change(NET, now - 1, now)])
    return document.compose(monthly.KIND, marked, document.Edition(small_site.name, small_site.zone, True, "en"))


@pytest.fixture(scope="module")
def content(revised):
    """Its file."""
    return docx.render(revised)


def opened(content):
    return word.Document(io.BytesIO(content))


def test_tables_headings_and_numbers_are_those_of_the_report(revised, content):
    file = opened(content)
    assert len(file.tables) == len(revised.tables)
    for made, shown in zip(file.tables, revised.tables, strict=True):
        assert [cell.text for cell in made.rows[0].cells] == list(shown.columns)
        assert [row.cells[0].text for row in made.rows[1:]] == [row.label for row in shown.rows]
        told = [[cell.text for cell in row.cells[1:]] for row in made.rows[1:]]
        expected = [[cell.text + "r" * bool(cell.was) for cell in row.cells] for row in shown.rows]
        assert told == expected
        assert made.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert made._tbl.tblPr.find(qn("w:tblDescription")).get(qn("w:val")) == shown.note
    headings = [one.text for one in file.paragraphs if one.style.name == "Heading 1"]
    assert headings == [revised.words[f"heading_{name}"] for name in ("text", "charts", "tables")]


def test_what_was_revised_is_marked_and_says_what_stood_there(revised, content):
    said = "\n".join(one.text for one in opened(content).paragraphs)
    assert revised.revision in said
    (was,) = [cell.was for table in revised.tables for row in table.rows for cell in row.cells if cell.was]
    assert said.count(was) == 1


def test_charts_are_pictures_with_words_and_pages_are_numbered(revised, content):
    file = opened(content)
    described = [one._inline.docPr.get("descr") for one in file.inline_shapes]
    assert described == [f"{one.title}. {one.description}" for one in revised.charts]
    footer = file.sections[0].footer._element.xml
    assert ">PAGE<" in footer
    assert ">NUMPAGES<" in footer
    fonts = file.styles["Normal"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "Microsoft YaHei"


def test_the_same_report_gives_the_same_bytes_and_no_time(revised, content):
    assert docx.render(revised) == content
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert {one.date_time for one in archive.infolist()} == {docx.EPOCH}
    assert b"dcterms:created" not in archive.read("docProps/core.xml")


def test_markup_in_a_name_is_text(revised):
    hostile = '<w:t>x</w:t>&{ HYPERLINK "http://x" }'
    content = docx.render(replace(revised, site_name=hostile, charts=()))
    assert hostile in opened(content).sections[0].header.paragraphs[0].text
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if "external" in name.casefold()]
    assert sites.PUBLISHED.isoformat() not in str(names)
