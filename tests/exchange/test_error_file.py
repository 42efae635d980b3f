"""The refused rows come back in their own columns, with a reason at each cell, and can be mended and read again."""

import csv
import io
import json
import zipfile

import openpyxl

from custinfo.exchange import rows
from custinfo.exchange.error_file import reasons_at
from tests.exchange.forms import visit
from tests.exchange.test_reading import answers, archive, book, read, table

HEAD = ["名称", "人数", "colour"]


def sheet(content: bytes, name: str | None = None) -> openpyxl.worksheet.worksheet.Worksheet:
    made = openpyxl.load_workbook(io.BytesIO(content))
    return made[name] if name else made.worksheets[0]


def test_rejected_rows_in_their_own_columns_with_comments_and_reasons() -> None:
    parsed = read(table(HEAD, ["A", "5", "red"], ["=cmd|' /C calc'!A0", "many", ""], ["C", "7", ""]))
    made = sheet(rows.error_file(parsed, {"3": {"人数": "Write a whole number."}}))
    lines = [[cell.value for cell in row] for row in made.iter_rows()]
    assert lines == [[*HEAD, "_reason"], ["=cmd|' /C calc'!A0", "many", None, "人数: Write a whole number."]]
    assert made["B2"].comment is not None
    assert made["B2"].comment.text == "Write a whole number."
    assert made["A2"].data_type == "s"  # a text, no formula


def test_the_file_of_errors_is_mended_and_read_again() -> None:
    parsed = read(table(HEAD, ["=A", "many", ""], ["'B", "x", ""]))
    reasons = {"2": {"人数": "no number"}, "3": {"人数": "no number"}}
    for kind in ("xlsx", "csv"):
        again = read(rows.error_file(parsed, reasons, kind=kind))  # type: ignore[arg-type]
        assert answers(again) == answers(parsed)
        assert again.unknown == ("colour",)
    text = rows.error_file(parsed, reasons, kind="csv").decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(io.StringIO(text))]
    assert cells == ["名称", "'=A", "'B"]


def test_rows_of_repeats_come_back_with_their_record() -> None:
    files = {"visit": table(["title", "KEY"], ["A", "k1"], ["B", "k2"]),
             "visit-contact": table(["post", "PARENT_KEY"], ["x", "k1"], ["y", "k2"], ["z", "k2"], ["lost", "k9"])}  # fmt: skip
    parsed = read(archive(**files))
    content = rows.error_file(parsed, {"visit-contact!3": {"post": "wrong"}}, language="en")
    main, inner = sheet(content, "visit"), sheet(content, "visit-contact")
    assert [row[0].value for row in main.iter_rows(min_row=2)] == ["B"]
    assert [row[0].value for row in inner.iter_rows(min_row=2)] == ["y", "z", "lost"]
    assert "No record has the key" in str(inner["C4"].value)
    packed = rows.error_file(parsed, {"visit-contact!3": {"post": "wrong"}}, kind="csv")
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["visit.csv", "visit-contact.csv"]


def test_rejected_json_comes_back_as_rows() -> None:
    parsed = read(json.dumps([{"title": "A"}, {"title": "B", "talk": {"staff": "many"}, "contact": [{"post": "x"}]}]))
    content = rows.error_file(parsed, {"[2]": {"talk/staff": "no number"}})
    made = sheet(content)
    found = dict(zip([c.value for c in made[1]], [c.value for c in made[2]], strict=True))
    assert found["_place"] == "[2]"
    assert found["talk/staff"] == "many"
    assert found["_reason"] == "talk/staff: no number"
    assert made.max_row == 2
    assert answers(read(content)) == answers(parsed)[1:]


def test_typed_cells_and_characters_that_cannot_be_kept() -> None:
    parsed = read(table(["title", "staff"], ["a\x00\u202eb", "1"]))
    content = rows.error_file(parsed, {}, language="en")
    assert sheet(content)["A2"].value == "a\\u0000\\u202eb"
    typed = read(book(data=[["title", "staff", "day"], ["A", 5, "x"]]))
    assert sheet(rows.error_file(typed, {"2": {"day": "no day"}}))["B2"].value == 5


def test_the_same_reasons_give_the_same_bytes_and_reasons_of_a_cell_stand_together() -> None:
    parsed = rows.read(visit(), table(HEAD, ["A", "x", ""]).encode(), "f")
    reasons = reasons_at([("2", "人数", "One."), ("2", "人数", "Two."), ("2", "", "Whole row.")])
    assert reasons == {"2": {"人数": "One. Two.", "": "Whole row."}}
    assert rows.error_file(parsed, reasons) == rows.error_file(parsed, reasons)
