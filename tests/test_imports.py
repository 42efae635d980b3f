"""Sales files from other systems: every encoding and kind of file, every wrong row, nothing half taken."""

import csv
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.lake import readers

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
AT_HALF_PAST_NINE = datetime(2026, 10, 5, 9, 30)  # noqa: DTZ001 (a spreadsheet knows no zones)
CUSTOMERS = {"000123": "k1", "C-2": "k2", "91350100M000100Y43": "k2"}
ENGLISH = "customer,line_no,kind,date,product,quantity,amount"
CHINESE = "客户编号,单据行号,类型,日期,品名,数量,金额（元）"
GOOD = "000123,L1,sale,2026-10-05,Tea,2,1234.5"


def read(file: Path, language: str = "en", kind: str = "sales") -> lake.FactBatch:
    known = lake.Known(CUSTOMERS, NOW, SHANGHAI)
    return lake.read_batch(lake.BATCH_KINDS[kind], file, known, file.parent, language)


def text_file(folder: Path, *lines: str, encoding: str = "utf-8", name: str = "sales.csv") -> Path:
    file = folder / name
    file.write_bytes("\n".join(lines).encode(encoding))
    return file


def refused(file: Path, language: str = "en") -> BadInput:
    with pytest.raises(BadInput) as raised:
        read(file, language)
    for shown in ("zh-CN", "en"):
        assert raised.value.text(shown)
    return raised.value


def listed(error: BadInput) -> list[dict[str, str]]:
    with Path(str(error.facts["file"])).open(encoding="utf-8-sig", newline="") as content:
        return list(csv.DictReader(content))


ROW = {
    "customer_key": "k1",
    "line_no": "L1",
    "kind": "sale",
    "occurred_on": date(2026, 10, 5),
    "product": "Tea",
    "quantity": 2,
    "amount_fen": 123_450,
    **dict.fromkeys(("cost_fen", "product_line", "area", "channel")),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_reads_every_encoding(tmp_path: Path, encoding: str) -> None:
    file = text_file(tmp_path, CHINESE, "000123,L1,销售,2026年10月5日,铁观音茶叶,2,1234.5", encoding=encoding)
    batch = read(file)
    assert batch.lines.to_pylist() == [ROW | {"product": "铁观音茶叶"}]
    assert (batch.totals.rows, batch.totals.sum_fen) == (1, 123_450)
    assert not list(tmp_path.glob("*errors*"))


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_reads_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    lines = [line.replace(",", delimiter) for line in (ENGLISH, GOOD)]
    assert read(text_file(tmp_path, *lines)).lines.to_pylist() == [ROW]


@pytest.mark.parametrize(
    "day",
    ["2026-10-05", "2026/10/5", "2026.10.5", "2026年10月5日", "20261005", "2026-10-05 13:45", "2026/10/5 8:00:00"],
)
def test_reads_days(tmp_path: Path, day: str) -> None:
    assert read(text_file(tmp_path, ENGLISH, GOOD.replace("2026-10-05", day))).lines.to_pylist() == [ROW]


@pytest.mark.parametrize("day", ["05/10/2026", "2026-13-01", "2026-02-29", "10-05", "46300", "soon", "2026-10/05"])
def test_refuses_other_days(tmp_path: Path, day: str) -> None:
    error = refused(text_file(tmp_path, ENGLISH, GOOD.replace("2026-10-05", day)))
    assert listed(error)[0]["problem"] == "this is not a date"


def test_reads_xlsx_with_its_types(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(CHINESE.split(","))
    sheet.append(["000123", "L1", "销售", date(2026, 10, 5), "Tea", 2, 1234.5])
    sheet.append(["C-2", 17, "收款", AT_HALF_PAST_NINE, None, None, 0.1 + 0.2])
    sheet.append([None] * 7)
    sheet.append(["91350100m000100y43", "007", "退货", "2026-10-05", "Tea", 1.0, "3"])
    book.create_sheet("empty")
    book.save(tmp_path / "sales.xlsx")
    rows = read(tmp_path / "sales.xlsx").lines.to_pylist()
    assert rows[0] == ROW
    assert rows[1] == ROW | {
        "customer_key": "k2",
        "line_no": "17",
        "kind": "payment",
        "product": None,
        "quantity": None,
        "amount_fen": 30,
    }
    assert rows[2] == ROW | {"customer_key": "k2", "line_no": "007", "kind": "return", "quantity": 1, "amount_fen": 300}


def test_reads_parquet(tmp_path: Path) -> None:
    columns = {
        "customer": ["000123"],
        "line_no": ["L1"],
        "kind": ["sale"],
        "date": [AT_HALF_PAST_NINE],
        "product": ["Tea"],
        "quantity": [2],
        "amount": [Decimal("1234.5000")],
    }
    pq.write_table(pa.table(columns), tmp_path / "sales.parquet")
    assert read(tmp_path / "sales.parquet").lines.to_pylist() == [ROW]


def test_a_parquet_moment_with_a_zone_is_no_day(tmp_path: Path) -> None:
    moment = pa.array([AT_HALF_PAST_NINE], pa.timestamp("us", "UTC"))
    names = ENGLISH.split(",")
    values = [pa.array([value]) for value in GOOD.split(",")]
    values[names.index("date")] = moment
    pq.write_table(pa.Table.from_arrays(values, names), tmp_path / "sales.parquet")
    assert listed(refused(tmp_path / "sales.parquet"))[0]["problem"] == "this is not a date"


def test_other_columns_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    file = text_file(tmp_path, "note," + ENGLISH.upper(), "", "x," + GOOD, ",,,,,,,")
    assert read(file).lines.to_pylist() == [ROW]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("customer", "999", "no customer"),
        ("customer", "123", "no customer"),  # a lost leading zero is not guessed back
        ("customer", "", "no value"),
        ("customer", "000\x00123", "control character"),
        ("line_no", "", "no value"),
        ("line_no", "x" * 65, "64 are allowed"),
        ("kind", "gift", "kind is not known"),
        ("date", "2026-11-22", "after today (2026-11-21)"),
        ("quantity", "-1", "not above zero"),
        ("quantity", "0", "not above zero"),
        ("quantity", "1.5", "not a whole number"),
        ("quantity", "", "no value"),
        ("amount", "1.234", "at most two decimals"),
        ("amount", "-5", "negative"),
        ("amount", "1e3", "at most two decimals"),
        ("amount", "10000000000000.00", "at most two decimals"),
        ("amount", "USD 5", "at most two decimals"),
        ("product", "a\x07b", "control character"),
        ("product", "a\u202eb", "control character"),
        ("product", '"a\nb"', "line break"),
    ],
)
def test_a_wrong_value_is_listed_with_its_place(tmp_path: Path, column: str, value: str, problem: str) -> None:
    values = dict(zip(ENGLISH.split(","), GOOD.replace("L1", "L2").split(","), strict=True)) | {column: value}
    error = refused(text_file(tmp_path, ENGLISH, GOOD, ",".join(values.values())))
    assert error.key == "lake.batch_errors"
    assert (error.facts["errors"], error.facts["rows"]) == (1, 2)
    (row,) = listed(error)
    assert (row["row"], row["column"]) == ("3", column)
    assert problem in row["problem"]
    assert row["remedy"]
    assert "row 3" in str(error)
    assert value not in str(error) or len(value) < 3
    assert "\x00" not in row["value"]
    assert "\u202e" not in row["value"]


def test_every_wrong_value_is_listed_in_the_readers_language(tmp_path: Path) -> None:
    lines = ["000123,L1,sale,2026-10-05,Tea,1,1", "000123,L1,sale,2026-10-05,Tea,-1,1.001", "x,L2,y,z,,0,-1,more"]
    error = refused(text_file(tmp_path, CHINESE, *lines), "zh-CN")
    rows = listed(error)
    assert [(row["行"], row["列"]) for row in rows] == [
        ("3", "单据行号"),
        ("3", "数量"),
        ("3", "金额（元）"),
        ("4", ""),
        ("4", "客户编号"),
        ("4", "类型"),
        ("4", "日期"),
        ("4", "品名"),
        ("4", "数量"),
        ("4", "金额（元）"),
    ]
    assert rows[0]["问题"] == "单据行号与第 2 行重复"
    assert error.facts["errors"] == len(rows)
    assert "10 处错误" in error.text("zh-CN")


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1", "-5", "@SUM(A1)", "＝1+1"])
def test_a_formula_is_text_in_the_error_file(tmp_path: Path, value: str) -> None:
    error = refused(text_file(tmp_path, ENGLISH, f"{value},L1,sale,2026-10-05,Tea,1,1"))
    assert listed(error)[0]["value"] == f"'{value}"


def test_a_formula_as_a_products_name_stays_text(tmp_path: Path) -> None:
    lines = read(text_file(tmp_path, ENGLISH, GOOD.replace("Tea", "=1+1"))).lines
    assert lines["product"].to_pylist() == ["=1+1"]


def test_an_xlsx_formula_without_its_result_is_no_value(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(ENGLISH.split(","))
    sheet.append(["000123", "L1", "sale", date(2026, 10, 5), "Tea", 2, "=1+1"])
    book.save(tmp_path / "sales.xlsx")
    assert listed(refused(tmp_path / "sales.xlsx"))[0]["problem"] == "there is no value"


def test_an_old_error_file_goes_when_the_file_is_mended(tmp_path: Path) -> None:
    refused(text_file(tmp_path, ENGLISH, GOOD.replace("Tea", "")))
    assert (tmp_path / "sales.errors.csv").exists()
    read(text_file(tmp_path, ENGLISH, GOOD))
    assert [file.name for file in tmp_path.iterdir()] == ["sales.csv"]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "lake.batch_empty"),
        (b"\xef\xbb\xbf", "lake.batch_empty"),
        (b"\n\n", "lake.batch_empty"),
        (ENGLISH.encode(), "lake.batch_empty"),
        (b"customer,line_no\n1,2", "lake.batch_columns"),
        (b"\x00\x01\x02\x03" * 50, "lake.batch_columns"),
        (b"\xff\xff\xfe\x80,\x81", "lake.encoding"),
        (f"{ENGLISH},Customer\n{GOOD},2".encode(), "lake.batch_column_twice"),
        (f'{ENGLISH}\n"000123,L1'.encode(), "lake.broken_csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "lake.old_office"),
        (b"PK\x03\x04 not a zip", "lake.unreadable"),
        (b"PAR1 not a parquet PAR1", "lake.unreadable"),
        (f"{ENGLISH}\n".encode("utf-16") + b"\x00\xd8\x00", "lake.encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, key: str) -> None:
    file = tmp_path / "sales.csv"
    file.write_bytes(content)
    assert refused(file).key == key
    assert [file.name for file in tmp_path.iterdir()] == ["sales.csv"]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv").key == "lake.unreadable"


def test_missing_columns_are_named(tmp_path: Path) -> None:
    error = refused(text_file(tmp_path, ENGLISH.replace("kind,", ""), "1"), "zh-CN")
    assert error.facts["missing"] == "类型"
    assert "金额(元)" in error.text("zh-CN")
    assert "quantity" in error.text("en")


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</sheetData></worksheet>"
ROWS_XML = b'<row r="1">%s</row>' % b"".join(
    b'<c r="%c1" t="str"><v>%s</v></c>' % (65 + place, name.encode()) for place, name in enumerate(ENGLISH.split(","))
)


def a_workbook(folder: Path, sheet_xml: bytes) -> Path:
    book = openpyxl.Workbook()
    book.save(folder / "plain.xlsx")
    with (
        zipfile.ZipFile(folder / "plain.xlsx") as plain,
        zipfile.ZipFile(folder / "sales.xlsx", "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in plain.namelist():
            made.writestr(part, sheet_xml if part == "xl/worksheets/sheet1.xml" else plain.read(part))
    return folder / "sales.xlsx"


@pytest.mark.parametrize(
    ("sheet_xml", "key"),
    [
        (b"<worksheet>" + b" " * (30 << 20), "lake.bomb"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>', "lake.bomb"),
        (b"<worksheet><sheetData><row", "lake.unreadable"),
        (SHEET + b'<row r="1"><c r="A1"><v>1</v></c></row><row r="999999999999"><c r="A9"><v>1</v></c></row>' + END, "lake.batch_columns"),
        (SHEET + b'<row r="999999999999"><c r="A9"><v>1</v></c></row>' + END, "lake.batch_empty"),
        (SHEET + ROWS_XML + b'<row r="999999999999"><c r="A9"><v>1</v></c></row>' + END, "lake.large"),
    ],
    ids=["zip bomb", "entities", "torn", "far row", "only a far row", "rows without end"],
)  # fmt: skip
def test_a_hostile_workbook_is_refused(tmp_path: Path, sheet_xml: bytes, key: str) -> None:
    assert refused(a_workbook(tmp_path, sheet_xml)).key == key


def test_two_sheets_with_contents_are_not_chosen_between(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("二月")):
        assert sheet is not None
        sheet.append(["客户编号"])
    book.save(tmp_path / "sales.xlsx")
    error = refused(tmp_path / "sales.xlsx")
    assert error.key == "lake.sheets"
    assert "二月" in str(error)


def test_a_file_with_rows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_ROWS", 2)
    assert refused(text_file(tmp_path, ENGLISH, GOOD, GOOD)).key == "lake.large"
    assert [file.name for file in tmp_path.iterdir()] == ["sales.csv"]
