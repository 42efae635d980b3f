# ruff: noqa: DTZ001 - spreadsheets know no zones
"""Files of other programs and of people: which cell is which answer."""

import csv
import io
import json
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from custinfo.exchange import Parsed, place_text, rows
from custinfo.xforms import Session
from custinfo.xforms.refs import flat
from tests.exchange.forms import VISIT, form, visit
from tests.xforms.forms import survey


def table(*lines: list[Any], sep: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=sep).writerows(lines)
    return text.getvalue()


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in files.items():
            made.writestr(f"{name}.csv", text)
    return content.getvalue()


def book(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, lines in sheets.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def read(data: bytes | str, name: str = "file") -> Parsed:
    return rows.read(visit(), data.encode() if isinstance(data, str) else data, name)


def answers(parsed: Parsed) -> list[dict[str, str]]:
    return [
        {r.removeprefix("/data/"): t for r, t in flat(record.answers, "/data").items() if t}
        for record in parsed.records
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_in_any_usual_encoding(encoding: str, separator: str) -> None:
    text = table(["名称", "人数", "希望"], ["甲公司", "12", "价格、速度"], sep=separator)
    parsed = read(text.encode(encoding))
    # The main table is asked for `title` by its label; the repeat's 姓名 has another
    assert answers(parsed) == [{"title": "甲公司", "talk/staff": "12", "talk/wishes": "price speed"}]
    assert parsed.problems == ()


@pytest.mark.parametrize(
    "heading", ["staff", "talk/staff", "talk-staff", "talk.staff", "/data/talk/staff", "data/talk/staff", "人数", "Staff", "谈话/人数",
                "Talk/Staff", " STAFF ", "ｓｔａｆｆ"],
)  # fmt: skip
def test_a_heading_is_a_name_a_path_or_a_label(heading: str) -> None:
    assert answers(read(table(["title", heading], ["A", "5"]))) == [{"title": "A", "talk/staff": "5"}]


def test_a_heading_that_may_mean_two_questions_is_a_problem() -> None:
    made = form(
        survey("begin_group | a | A", "text | x | X", "end_group", "begin_group | b | B", "text | x | X", "end_group")
    )
    parsed = rows.read(made, table(["x", "a/x"], ["1", "2"]).encode(), "f")
    assert [(p.column, p.key) for p in parsed.problems] == [("x", "exchange.heading_ambiguous")]
    assert "/data/a/x, /data/b/x" in parsed.problems[0].text("en")


def test_unknown_columns_are_named_and_passed_over() -> None:
    parsed = read(table(["title", "colour"], ["A", "red"]))
    assert parsed.unknown == parsed.records[0].unknown == ("colour",)
    assert "colour" in parsed.notes[0].text("zh-CN")
    assert parsed.problems == ()


@pytest.mark.parametrize(
    ("column", "written", "kept"),
    [("staff", "1,234", "1234"), ("staff", "１２", "12"), ("staff", "12.0", "12"), ("staff", "twelve", "twelve"), ("day", "2026/1/5", "2026-01-05"),
     ("day", "2026年1月5日", "2026-01-05"), ("day", "20260105", "2026-01-05"), ("day", "2026-01-05 00:00:00", "2026-01-05"),
     ("day", "2026-01-05 08:00", "2026-01-05 08:00"), ("moment", "2026/1/5 8:05", "2026-01-05T08:05:00"), ("at", "8:05", "08:05:00"),
     ("pleased", "不知道", "-99"), ("pleased", "Refused", "-98"), ("channel", "PHONE", "phone"), ("channel", "Phone; fax", "phone"),
     ("channel", "telex", "telex"), ("wishes", "Price; Other; else", "Price; Other; else"), ("wishes", "other price", "other price"),
     ("wishes", "价格|速度", "price speed"), ("order", "速度;价格;other", "speed price other")],
)  # fmt: skip
def test_what_people_write_becomes_what_the_engine_takes(column: str, written: str, kept: str) -> None:
    assert answers(read(table(["title", column], ["A", written])))[0][f"talk/{column}"] == kept


def test_typed_cells_of_a_workbook() -> None:
    head = ["title", "staff", "sales", "day", "at", "moment", "pleased", "province"]
    line = [75512345678, 12.0, 0.1, datetime(2026, 11, 20), time(8, 5), datetime(2026, 11, 20, 8, 5), -99, 44]
    found = answers(read(book(Sheet=[head, line, [], [date(2026, 1, 2), None, 1e15]])))
    assert found == [
        {"title": "75512345678", "talk/staff": "12", "talk/sales": "0.1", "talk/day": "2026-11-20", "talk/at": "08:05:00",
         "talk/moment": "2026-11-20T08:05:00", "talk/pleased": "-99", "province": "44"},
        {"title": "2026-01-02", "talk/sales": "1000000000000000"},
    ]  # fmt: skip


def test_a_label_that_several_choices_share_is_decided_by_the_choice_filter() -> None:
    parsed = read(table(["title", "省", "市"], ["A", "广东", "市辖区"], ["B", "北京", "市辖区"], ["C", "", "市辖区"]))
    assert [(a.get("province"), a.get("city")) for a in answers(parsed)] == [
        ("44", "4401"),
        ("11", "1101"),
        (None, None),
    ]
    assert [(p.place, p.column, p.key) for p in parsed.problems] == [("4", "市", "exchange.choice_ambiguous")]


def test_the_export_of_odk_central() -> None:
    main = table(
        ["SubmissionDate", "title", "talk-staff", "talk-wishes", "talk-wishes/price", "talk-wishes/speed", "talk-wishes/other",
         "talk-place-Latitude", "talk-place-Longitude", "talk-place-Altitude", "talk-place-Accuracy", "SET-OF-contact", "meta-instanceID",
         "KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status", "ReviewState", "DeviceID", "Edits",
         "FormVersion"],
        ["2026-11-20T01:00:00.000Z", " A ", "3", "price other", "1", "0", "1", "22.5", "114", "10", "5", "x", "uuid:1", "uuid:1", "9", "Li",
         "0", "0", "", "", "", "0", "7"],
        ["2026-11-20T02:00:00.000Z", "B", "4", "", "0", "1", "", "", "", "", "", "", "uuid:2", "uuid:2", "", "", "", "", "", "", "", "", "7"],
    )  # fmt: skip
    contacts = table(["title", "post", "SET-OF-call", "PARENT_KEY", "KEY"], ["Z", "boss", "", "uuid:1", "uuid:1/contact[1]"],
                     ["Y", "", "", "uuid:1", "uuid:1/contact[2]"])  # fmt: skip
    calls = table(["number", "PARENT_KEY", "KEY"], ["0755", "uuid:1/contact[2]", "uuid:1/contact[2]/call[1]"])
    parsed = read(archive(**{"visit-contact-call": calls, "visit": main, "visit-contact": contacts}))
    assert parsed.problems == parsed.notes == ()
    assert answers(parsed) == [
        {"title": " A ", "talk/staff": "3", "talk/wishes": "price other", "talk/place": "22.5 114 10 5", "meta/instanceID": "uuid:1",
         "contact[1]/title": "Z", "contact[1]/post": "boss", "contact[2]/title": "Y", "contact[2]/call[1]/number": "0755"},
        {"title": "B", "talk/staff": "4", "talk/wishes": "speed", "meta/instanceID": "uuid:2"},
    ]  # fmt: skip
    assert parsed.records[1].answers["contact"] == []
    assert parsed.records[0].meta.instance_id == "uuid:1"
    assert parsed.records[0].meta.submitted_at == "2026-11-20T01:00:00.000Z"
    assert parsed.records[0].where("/data/contact[2]/call[1]/number") == ("visit-contact-call!2", "number")
    assert parsed.records[0].where("/data/talk/wishes") == ("visit!2", "talk-wishes")


def test_the_export_of_kobotoolbox_with_names_and_with_labels() -> None:
    names = book(
        visit=[["start", "title", "talk/wishes", "talk/wishes/price", "talk/wishes/speed", "talk/place", "talk/_place_latitude", "_id", "_uuid",
                "_submission_time", "_index"], ["2026-11-20T08:00:00+08:00", "A", "price", 1, 0, "1 2 0 0", 1, 77, "u-1", "2026-11-20", 1]],
        contact=[["title", "_index", "_parent_table_name", "_parent_index"], ["Z", 1, "visit", 1], ["Y", 2, "visit", 1]],
        call=[["contact/call/number", "_index", "_parent_table_name", "_parent_index"], ["0755", 1, "contact", 2]],
    )  # fmt: skip
    labels = book(
        visit=[["名称", "谈话/希望", "谈话/希望/价格", "谈话/希望/速度", "_id", "_uuid", "_index"], ["A", "价格", 1, 0, 77, "u-1", 1]],
        contact=[["姓名", "_index", "_parent_table_name", "_parent_index"], ["Z", 1, "visit", 1], ["Y", 2, "visit", 1]],
        call=[["号码", "_index", "_parent_table_name", "_parent_index"], ["0755", 1, "contact", 2]],
    )  # fmt: skip
    for data in (names, labels):
        parsed = read(data)
        found = answers(parsed)[0]
        assert parsed.problems == ()
        assert (found["title"], found["talk/wishes"], found["contact[1]/title"]) == ("A", "price", "Z")
        assert found["contact[2]/call[1]/number"] == "0755"
        assert parsed.records[0].meta.instance_id == "u-1"
    assert answers(read(names))[0]["talk/place"] == "1 2 0 0"
    assert read(names).records[0].interviewed_at == "2026-11-20T08:00:00+08:00"


def test_json_of_kobotoolbox_and_of_odk_central() -> None:
    kobo = {"_id": 7, "_uuid": "u-1", "title": "A", "talk/wishes": "price speed", "talk/staff": 5, "formhub/uuid": "x",
            "contact": [{"contact/title": "Z", "contact/call": [{"contact/call/number": "0755"}]}]}  # fmt: skip
    central = {"__id": "uuid:3", "title": "A", "talk": {"staff": 5, "wishes": "price speed", "sales": 0.10,
               "place": {"type": "Point", "coordinates": [114, 22.5, 10], "properties": {"accuracy": 5}}}, "contact": []}  # fmt: skip
    first = read(json.dumps({"count": 1, "results": [kobo]}))
    assert answers(first) == [
        {
            "title": "A",
            "talk/wishes": "price speed",
            "talk/staff": "5",
            "contact[1]/title": "Z",
            "contact[1]/call[1]/number": "0755",
        }
    ]
    assert first.records[0].meta.instance_id == "u-1"
    assert first.unknown == ()
    second = read(json.dumps({"value": [central]}))
    assert answers(second)[0] == {
        "title": "A", "talk/staff": "5", "talk/wishes": "price speed", "talk/sales": "0.1", "talk/place": "22.5 114 10 5",
        "meta/instanceID": "uuid:3",
    }  # fmt: skip


def test_flat_json_under_refs_with_positions() -> None:
    flat_one = {
        "/data/title": "A",
        "/data/contact[2]/title": "Y",
        "/data/contact[1]/title": "Z",
        "talk.wishes": ["价格", "other"],
    }
    parsed = read(json.dumps([flat_one], ensure_ascii=False))
    assert answers(parsed) == [
        {"title": "A", "contact[1]/title": "Z", "contact[2]/title": "Y", "talk/wishes": "price other"}
    ]
    assert parsed.records[0].where("/data/contact[2]/title") == ("[1]", "/data/contact[2]/title")


def test_a_repeat_in_columns_of_the_one_table() -> None:
    parsed = read(
        table(["title", "contact[1]/post", "contact[2]/post", "姓名"], ["A", "boss", "", "Z"], ["B", "", "x", ""])
    )
    assert answers(parsed) == [
        {"title": "A", "contact[1]/post": "boss", "contact[1]/title": "Z"},
        {"title": "B", "contact[2]/post": "x"},
    ]
    assert parsed.records[0].where("/data/contact[1]/post") == ("2", "contact[1]/post")


def test_answers_are_a_draft_of_the_engine() -> None:
    parsed = read(table(["title", "staff", "希望", "city"], ["A", "many", "luck", "4403"]))
    session = Session(visit(), parsed.records[0].answers)
    wrong = {p.ref: parsed.records[0].where(p.ref) for p in session.problems()}
    assert wrong == {
        "/data/talk/staff": ("2", "staff"), "/data/talk/wishes": ("2", "希望"), "/data/city": ("2", "city"),
    }  # fmt: skip


def test_columns_of_single_choices_that_contradict_are_a_problem() -> None:
    head = ["title", "wishes", "wishes/price", "wishes/speed"]
    parsed = read(table(head, ["A", "price", "0", "1"], ["B", "", "maybe", ""], ["C", "", "x", "否"]))
    assert [(p.place, p.column, p.key) for p in parsed.problems] == [
        ("2", "wishes/price", "exchange.choices_differ"), ("3", "wishes/price", "exchange.mark"),
    ]  # fmt: skip
    assert answers(parsed)[2]["talk/wishes"] == "price"


def test_a_row_of_a_repeat_without_its_record_is_a_problem() -> None:
    files = {
        "visit": table(["title", "KEY"], ["A", "k1"], ["B", "k1"]),
        "visit-contact": table(["post", "PARENT_KEY"], ["x", "k9"]),
    }
    parsed = read(archive(**files))
    assert [(p.place, p.key) for p in parsed.problems] == [
        ("visit!3", "exchange.key_twice"),
        ("visit-contact!2", "exchange.orphan"),
    ]
    assert place_text("visit!3", "en") == "“visit”, row 3"
    assert place_text("7", "zh-CN") == "第 7 行"


def test_sheets_that_are_not_of_the_form_are_passed_over() -> None:
    parsed = read(book(data=[["title"], ["A"]], Guide=[["How to fill this in"], ["Slowly"]]))
    assert len(parsed.records) == 1
    assert [(n.place, n.key) for n in parsed.notes] == [("Guide", "exchange.sheet_unused")]


def test_the_form_of_these_tests_has_every_kind() -> None:
    kinds = {
        "integer",
        "decimal",
        "date ",
        "time",
        "dateTime",
        "geopoint",
        "select_one ",
        "select_multiple",
        "rank",
        "calculate",
    }
    assert all(kind in VISIT for kind in kinds)
