"""Files made to harm, or broken: a sentence for each, and nothing of them reaches the engine."""

import io
import json
import zipfile

import openpyxl
import pytest

from custinfo.domain.errors import BadInput
from custinfo.exchange import rows, sheets
from tests.exchange.forms import visit
from tests.exchange.test_reading import archive, book, read, table
from tests.work import memory_at_most


def refused(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        rows.read(visit(), data, "a/b/evil.bin")
    assert "evil.bin" in caught.value.text("en") + caught.value.text("zh-CN")
    return caught.value.key


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "."), data)
    return content.getvalue()


def replaced(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with something else in one of its parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            held = source.read(entry)
            made.writestr(entry.filename, held.replace(old, new) if entry.filename == part else held)
    return content.getvalue()


@pytest.mark.parametrize(
    ("data", "key"),
    [(b"", "exchange.empty"), (b"\n\n", "exchange.empty"), (b"title\n", "exchange.empty"), (b"[]", "exchange.empty"),
     (b"\xd0\xcf\x11\xe0" + b"x" * 99, "exchange.old_office"), (b"%PDF-1.7", "exchange.unreadable"), (b"PK\x03\x04broken", "exchange.unreadable"),
     (b'title\n"A', "exchange.broken_csv"), (b"title\n\xff\xff\xfe", "exchange.encoding"), (b"[1, 2]", "exchange.json_shape"),
     (b"[{]", "exchange.broken_json"), (b'[{"title": NaN}]', "exchange.broken_json"), (b'{"title": 1, "title": 2}', "exchange.json_key_twice"),
     (b"[" * 100_000, "exchange.broken_json"), (b"title\n" + b"x" * 200_000, "exchange.broken_csv"),
     (b",".join(b"c%d" % i for i in range(6000)), "exchange.wide")],
)  # fmt: skip
def test_files_that_cannot_be_read(data: bytes, key: str) -> None:
    assert refused(data) == key


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    bomb = zipped(a__csv=b"0" * (300 << 20))
    with memory_at_most(20):
        assert refused(bomb) == "exchange.bomb"
    assert refused(zipped(**{"inner.zip": zipped(a__csv=b"title\nA")})) == "exchange.zip_without_records"


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 10)
    assert refused(table(["title"], *[["A"]] * 11).encode()) == "exchange.large"


def test_a_workbook_with_entities_macros_or_a_password() -> None:
    plain = book(data=[["title"], ["A"]])
    part = "xl/worksheets/sheet1.xml"
    evil = replaced(plain, part, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet')
    assert refused(evil) == "exchange.bomb"
    content = io.BytesIO(plain)
    with zipfile.ZipFile(content, "a") as made:
        made.writestr("xl/vbaProject.bin", b"x")
    assert refused(content.getvalue()) == "exchange.macros"
    assert refused(replaced(plain, part, b"</sheetData>", b"")) == "exchange.unreadable"


def test_formulas_are_read_as_last_computed_and_said_so() -> None:
    made = openpyxl.Workbook()
    made.active.append(["title", "staff", "sales"])
    made.active.append(["A", "=1+1", "=2+2"])
    content = io.BytesIO()
    made.save(content)
    data = replaced(content.getvalue(), "xl/worksheets/sheet1.xml", b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    data = replaced(data, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    parsed = read(data)
    assert parsed.records[0].answers["talk"] == {"staff": "2", "sales": ""}
    assert [n.key for n in parsed.notes] == ["exchange.formulas"]
    assert [(p.place, p.column, p.key) for p in parsed.problems] == [("2", "sales", "exchange.formula_without_value")]


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\x07"])
def test_characters_that_cannot_be_kept_do_not_reach_the_engine(text: str) -> None:
    for data in (table(["title", "staff"], [text, "1"]), json.dumps([{"title": text, "staff": 1}])):
        parsed = read(data)
        assert parsed.records[0].answers["title"] == ""
        assert [(p.column, p.key) for p in parsed.problems] == [("title", "exchange.character")]
        assert parsed.problems_of(parsed.records[0])


def test_a_lone_surrogate_in_json() -> None:
    parsed = read('[{"title": "\\ud800"}]')
    assert [p.facts["code"] for p in parsed.problems] == ["U+D800"]


def submission(body: str, head: str = "", form_id: str = "visit", version: str = "7") -> bytes:
    return f'{head}<data id="{form_id}" version="{version}">{body}</data>'.encode()


@pytest.mark.parametrize(
    ("data", "key"),
    [(submission("&a;", '<!DOCTYPE x [<!ENTITY a "b">]>'), "exchange.no_xml"), (submission("<a>" * 300 + "</a>" * 300), "exchange.no_xml"),
     (submission("", '<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "exchange.no_xml"), (submission("<title>"), "exchange.no_xml"),
     (submission("<colour>red</colour>"), "exchange.node_unknown"), (submission("<title>A</title>", form_id="other"), "exchange.wrong_form"),
     (submission("<title>A</title>", version="6"), "exchange.wrong_version"), (submission("<title>A</title><title/>"), "exchange.node_twice"),
     (submission("<title><b>A</b></title>"), "exchange.node_unknown"), (submission("<title>a&#x202e;</title>"), "exchange.character")],
)  # fmt: skip
def test_submissions_that_are_not_what_they_say(data: bytes, key: str) -> None:
    parsed = rows.read(visit(), data, "one.xml")
    assert [p.key for p in parsed.problems] == [key]
    assert parsed.problems[0].place == "one.xml"
    assert all(parsed.problems[0].text(language) for language in ("zh-CN", "en"))


def test_a_submission_as_odk_collect_writes_it() -> None:
    body = ('<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>uuid:5</orx:instanceID><orx:userID>x</orx:userID></orx:meta>'
            "<title>A</title><contact><post>x</post></contact><contact/>")  # fmt: skip
    parsed = rows.read(visit(), submission(body), "one.xml")
    assert parsed.problems == ()
    record = parsed.records[0]
    assert (record.answers["title"], record.answers["contact"]) == ("A", [{"post": "x", "call": []}, {"call": []}])
    assert record.meta.instance_id == "uuid:5"
    assert record.where("/data/contact[1]/post") == ("one.xml", "/data/contact/post")


def test_a_zip_of_submissions_names_the_file_that_is_wrong() -> None:
    good, bad = submission("<title>A</title>"), submission("<x/>", form_id="other")
    parsed = rows.read(visit(), zipped(**{"1.xml": good, "2.xml": bad}), "all.zip")
    assert {p.place for p in parsed.problems} == {"2.xml"}
    assert [not parsed.problems_of(record) for record in parsed.records] == [True, False]


def test_names_inside_an_archive_are_only_names() -> None:
    parsed = read(archive(**{"../../etc/visit": table(["title"], ["A"])}))
    assert parsed.records[0].place == "2"
