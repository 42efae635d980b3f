"""Form files that lie about themselves, are damaged or mean harm: each is answered with a sentence, quickly, and does nothing."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from custinfo.domain.messages import LANGUAGES
from custinfo.xforms import spreadsheets, workbook
from custinfo.xforms.form_check import Checked, check
from tests.work import calls_counted
from tests.xforms.forms import survey

SURVEY = [["type", "name", "label"], ["text", "a", "甲"], ["select_one yes_no", "b", "乙"]]
CHOICES = [["list_name", "name", "label"], ["yes_no", "yes", "是"], ["yes_no", "no", "否"]]
SETTINGS = [["form_id", "version"], ["test", "1"]]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def xlsx(change: Callable[[dict[str, Any]], None] | None = None, **sheets: list[list[Any]]) -> bytes:
    """A workbook of a sound form, after `change` was done to its sheets."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    made: dict[str, Worksheet] = {}
    for title, rows in {"survey": SURVEY, "choices": CHOICES, "settings": SETTINGS, **sheets}.items():
        made[title] = book.create_sheet(title)
        for row in rows:
            made[title].append(row)
    if change:
        change(made)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The package with some parts exchanged or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts.get(name) or old.read(name))
    return out.getvalue()


def csv_form(delimiter: str = ",") -> str:
    lines = [
        ["survey"],
        *(["", *row] for row in SURVEY),
        ["choices"],
        *(["", *row] for row in CHOICES),
        ["settings"],
        *(["", *row] for row in SETTINGS),
    ]
    return "\r\n".join(delimiter.join(map(str, line)) for line in lines)


@contextmanager
def calls_of_a_second_check(data: bytes, name: str, bound: int) -> Iterator[None]:
    """The first check of its kind imports, which is not counted as its work."""
    check(data, name)
    with calls_counted(bound):
        yield


def keys(result: Checked) -> list[str]:
    for finding in (*result.errors, *result.warnings):
        for language in LANGUAGES:
            said = finding.text(language)
            assert "Traceback" not in said
            assert "Error:" not in said
    return [f.key.removeprefix("form_check.") for f in result.errors]


def test_a_workbook_is_read_with_its_places() -> None:
    result = check(xlsx(), "form.xlsx")
    assert (keys(result), result.form is not None) == ([], True)
    wrong = check(
        xlsx(
            survey=[
                ["type", "name", "label", "relevant"],
                ["text", "a", "甲", None],
                [],
                ["integer", "b", "乙", "${c} > 1"],
            ]
        ),
        "form.xlsx",
    )
    (error,) = wrong.errors
    assert (error.sheet, error.row, error.column, error.cell) == ("survey", 4, "relevant", "D4")


@pytest.mark.parametrize("name", ["form.md", "form", "form.csv", "表单.docx"])
def test_the_first_bytes_decide_not_the_name(name: str) -> None:
    assert check(xlsx(), name).form is not None
    assert (
        check(
            survey("text | a | A | | | | |").encode() + b"\n| settings |\n| | form_id | version |\n| | t | 1 |", name
        ).form
        is not None
    )


@pytest.mark.parametrize(
    "encoded",
    [lambda t: t.encode("utf-8"), lambda t: t.encode("utf-8-sig"), lambda t: t.encode("gbk"), lambda t: t.encode("utf-16"),
     lambda t: t.encode("utf-16-be"), lambda t: t.encode("utf-16-le"), lambda t: t.encode("gb18030")],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_every_usual_encoding(encoded: Callable[[str], bytes], delimiter: str) -> None:
    result = check(encoded(csv_form(delimiter)), "form.csv")
    assert keys(result) == []
    assert result.xform is not None
    assert "甲" in result.xform


def test_rows_of_csv_are_those_of_the_file() -> None:
    (error,) = check(csv_form().replace("yes_no,no", "yes_no,yes").encode(), "form.csv").errors
    assert (error.sheet, error.row, error.key) == ("choices", 8, "form_check.choice.twice")


def test_numbers_and_booleans_are_read_as_people_see_them() -> None:
    sheets = {
        "choices": [["list_name", "name", "label"], ["yes_no", 1, "是"], ["yes_no", 2.0, "否"]],
        "settings": [["form_id", "version"], ["test", 2026112201]],
    }
    result = check(xlsx(**sheets), "form.xlsx")
    assert result.form is not None
    assert result.form.version == "2026112201"
    assert ">1<" in str(result.xform)
    assert ">2<" in str(result.xform)


@pytest.mark.parametrize(
    ("data", "key"),
    [(b"", "file.empty"), (b" \r\n", "file.empty"), (b"%PDF-1.7 ...", "kind.pdf"), (b"\x89PNG\r\n\x1a\n", "kind.image"), (b"<!DOCTYPE html><html>", "kind.html"),
     (b"<html><body>login</body></html>", "kind.html"), (b'{"a": 1}', "kind.json"), (b"7z\xbc\xaf\x27\x1c", "kind.archive"), (b"MZ\x90\x00", "kind.program"),
     (b"PAR1....", "kind.parquet"), (b"$FL2@(#) SPSS", "kind.spss"), (b"{\\rtf1", "kind.word"), (b"just words", "xforms.unknown_file"),
     (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "kind.encrypted"), (OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "kind.word"),
     (OLE + b"\0" * 600 + "_VBA_PROJECT".encode("utf-16-le"), "xforms.form_macros"), (OLE + b"\0" * 600, "file.damaged"), (OLE, "file.damaged"),
     (b"PK\x03\x04", "file.damaged"), (xlsx()[:-200], "file.damaged"), (xlsx()[:3000], "file.damaged"), (b"\xff\xfe\x00", "file.encoding"), (b"\x81\xff,,,,\n\x81", "file.encoding"),
     (b"x" * 21_000_000, "xforms.form_too_large"), (b"<x", "xforms.xml_syntax"), (DOCTYPE.encode() + b"<x>&b;</x>", "xforms.xml_doctype")],
)  # fmt: skip
def test_files_that_are_no_form(data: bytes, key: str) -> None:
    assert keys(check(data, "form.xlsx")) == [key]


def packed(*names: str, mime: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if mime:
            archive.writestr("mimetype", mime)
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "key"),
    [(packed("word/document.xml"), "kind.word"), (packed("ppt/presentation.xml"), "kind.slides"), (packed("xl/workbook.bin"), "kind.xlsb"),
     (packed("content.xml", mime="application/vnd.oasis.opendocument.spreadsheet"), "kind.ods"), (packed("a.csv"), "kind.archive"),
     (packed("form.xlsx"), "file.nested"), (packed("xl/workbook.xml"), "file.damaged")],
)  # fmt: skip
def test_packages_that_are_no_workbook(data: bytes, key: str) -> None:
    assert keys(check(data, "form.xlsx")) == [key]


@pytest.mark.parametrize(
    ("parts", "key"),
    [({"xl/vbaProject.bin": b"x"}, "xforms.form_macros"), ({"xl/embeddings/a.docx": b"x"}, "file.nested"), ({"xl/media/innocent.png": packed("a")}, "file.nested"),
     ({"xl/worksheets/sheet1.xml": DOCTYPE.encode() + b"<x>&b;</x>"}, "file.entities"), ({"xl/sharedStrings.xml": DOCTYPE.encode("utf-16") + "<x/>".encode("utf-16-le")}, "file.entities"),
     ({"xl/workbook.xml": b'<?xml version="1.0" encoding="cp037"?>\x4c'}, "file.entities"), ({"xl/worksheets/sheet1.xml": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>'}, "file.entities"), ({"xl/worksheets/sheet1.xml": b"<x"}, "file.damaged"),
     ({"xl/worksheets/sheet1.xml": b"<x>" * 100_000}, "file.damaged"), ({"xl/worksheets/sheet1.xml": b" " * 40_000_000}, "file.bomb")],
)  # fmt: skip
def test_workbooks_that_mean_harm(parts: dict[str, bytes], key: str) -> None:
    data = repacked(xlsx(), parts)
    with calls_of_a_second_check(data, "form.xlsx", 30_000):
        assert keys(check(data, "form.xlsx")) == [key]


def test_a_package_that_lies_about_its_size() -> None:
    data = bytearray(repacked(xlsx(), {"xl/worksheets/sheet1.xml": b" " * 40_000_000}))
    place = data.index((40_000_000).to_bytes(4, "little"), data.rindex(b"PK\x01\x02xxxx"[:4]) - 4000)
    data[place : place + 4] = (1000).to_bytes(4, "little")
    assert keys(check(bytes(data), "form.xlsx"))[0] in ("file.damaged", "file.bomb")


def rows_part(count: int) -> bytes:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>text</t></is></c><c r="B{n}" t="inlineStr"><is><t>q{n}</t></is></c></row>'
        for n in range(2, count)
    )
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>type</t></is></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row>'
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{head}{rows}</sheetData></worksheet>'.encode()


def test_a_sheet_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 500)
    data = repacked(xlsx(), {"xl/worksheets/sheet1.xml": rows_part(5000)})
    read: list[int] = []
    original = spreadsheets._xlsx_rows

    def counted(sheet: Any, dates: Any) -> Iterator[tuple[int, list[str]]]:
        for row in original(sheet, dates):
            read.append(row[0])
            yield row

    monkeypatch.setattr(spreadsheets, "_xlsx_rows", counted)
    (error, *_) = check(data, "form.xlsx").errors
    assert (error.key, error.row) == ("form_check.file.too_many_rows", 502)
    assert max(read) == 502
    monkeypatch.setattr(workbook, "MAX_ROWS", 100_000)
    monkeypatch.setattr(workbook, "MAX_CELLS", 500)
    assert check(data, "form.xlsx").errors[0].key == "form_check.file.too_many_rows"


def test_rows_beyond_the_limit_are_not_read() -> None:
    rows = "".join(f'<row r="{n}"/>' for n in range(1, 300_001)).encode()
    data = repacked(
        xlsx(), {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"}
    )
    with calls_counted(500_000):
        assert keys(check(data, "form.xlsx")) == ["file.too_many_rows"]
    with calls_counted(500_000):
        assert keys(check(b"survey\n,type,name\n" + b",text,a\n" * 300_000, "form.csv")) == ["file.too_many_rows"]


def test_blank_rows_and_columns_without_end_cost_nothing() -> None:
    far = rows_part(5).replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    data = repacked(xlsx(), {"xl/worksheets/sheet1.xml": far})
    with calls_of_a_second_check(data, "form.xlsx", 100_000):
        result = check(data, "form.xlsx")
    assert keys(result) == ["label.none"] * 3
    wide = check(
        xlsx(survey=[["type", "name", "label", *(f"c{n}" for n in range(600))], ["text", "a", "A"]]), "form.xlsx"
    )
    assert "file.too_many_columns" in keys(wide)


def test_cells_that_are_too_long_or_cannot_be_kept() -> None:
    assert keys(check(csv_form().replace("甲", "甲" * 40_000).encode(), "form.csv"))[0] == "file.long_cell"
    assert keys(check(csv_form().replace("甲", "甲" * 1_000_000).encode(), "form.csv")) == ["file.csv"]
    assert keys(check(csv_form().replace("甲", '"甲').encode(), "form.csv")) != []
    assert keys(check(survey(f"text | a | {'A' * 1_000_000} | | | | |").encode(), "f.md"))[0] == "file.long_cell"
    assert keys(check(csv_form().replace("甲", "\x01甲").encode(), "form.csv"))[0] == "file.control_character"
    inline = rows_part(4).replace(b"q2", b"q" * 1_000_000)
    assert "file.long_cell" in keys(check(repacked(xlsx(), {"xl/worksheets/sheet1.xml": inline}), "form.xlsx"))


def test_formulas_are_read_by_their_result_or_refused() -> None:
    def formula(sheets: dict[str, Worksheet]) -> None:
        sheets["survey"]["C2"] = "=1+1"

    assert keys(check(xlsx(formula), "form.xlsx")) == ["cell.formula_without_value", "label.none"]
    inline = (
        rows_part(3)
        .replace(b'<row r="2">', b'<row r="2"><c r="C2" t="str"><f>A1</f><v>Two</v></c>')
        .replace(b"name</t></is></c>", b'name</t></is></c><c r="C1" t="inlineStr"><is><t>label</t></is></c>')
    )
    result = check(repacked(xlsx(), {"xl/worksheets/sheet1.xml": inline}), "form.xlsx")
    assert keys(result) == []
    assert [(f.key, f.cell) for f in result.warnings if "formula" in f.key] == [("form_check.cell.formula", "C2")]


def test_what_is_hidden_merged_or_linked_is_mentioned() -> None:
    def change(sheets: dict[str, Worksheet]) -> None:
        sheets["survey"].merge_cells("C2:C3")
        sheets["survey"].row_dimensions[3].hidden = True
        sheets["survey"].column_dimensions["B"].hidden = True
        sheets["choices"].sheet_state = "hidden"

    sheets = {"survey": [*SURVEY, ["text", "c", "丙", None, "stray"]]}
    data = repacked(xlsx(change, **sheets), {"xl/externalLinks/externalLink1.xml": b"<x/>"})
    said = {f.key.removeprefix("form_check.") for f in check(data, "form.xlsx").warnings}
    assert said >= {
        "cell.merged",
        "sheet.hidden_rows",
        "sheet.hidden_columns",
        "sheet.hidden",
        "file.external_links",
        "column.none",
    }


def test_dates_that_excel_made_are_mentioned() -> None:
    from datetime import date

    result = check(xlsx(choices=[["list_name", "name", "label"], ["yes_no", date(2026, 1, 2), "是"]]), "form.xlsx")
    assert [(f.key, f.cell, f.facts["value"]) for f in result.warnings] == [
        ("form_check.cell.date", "B2", "2026-01-02")
    ]


def test_headings_that_stand_twice() -> None:
    result = check(xlsx(survey=[["type", "name", "label", "label"], ["text", "a", "A", "B"]]), "form.xlsx")
    assert keys(result) == ["column.twice"]
    assert result.errors[0].facts["place"] == "D"


def test_what_pyxform_alone_knows_stands_at_its_row() -> None:
    sheets = {
        "survey": [
            ["type", "name", "label", "parameters"],
            ["text", "a", "A", None],
            ["range", "n", "N", "start=1 end=x"],
        ]
    }
    (error,) = check(xlsx(**sheets), "form.xlsx").errors
    assert (error.key, error.sheet, error.row) == ("form_check.converter.refused", "survey", 3)


def test_no_file_stays_open(recwarn: pytest.WarningsRecorder) -> None:
    import gc

    data = xlsx()
    for _ in range(3):
        check(data, "form.xlsx")
    gc.collect()
    assert [str(w.message) for w in recwarn if issubclass(w.category, ResourceWarning)] == []
    assert load_workbook(io.BytesIO(data)).sheetnames == ["survey", "choices", "settings"]
