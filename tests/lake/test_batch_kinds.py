"""The kinds of batches: which columns each has, what each cell must be, what it says when it is not."""

import csv
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from custinfo.lake import schema
from custinfo.lake.cells import RowError, moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
SALE = {"customer": "C1", "line_no": "L1", "kind": "sale", "date": "2026-10-05", "product": "Tea", "quantity": "2",
        "amount": "12.50"}  # fmt: skip
VISIT = {"customer": "C1", "event_id": "E1", "kind": "拜访", "time": "2026-10-05 13:45"}
RECORDED = {"customer_key": "k1", "event_id": "E1", "kind": "visit", "occurred_at": datetime(2026, 10, 5, 5, 45),  # noqa: DTZ001
            "product": None, "rating": None}  # fmt: skip


def file_of(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "batch.csv"
    with file.open("w", encoding="utf-8", newline="") as content:
        writer = csv.DictWriter(content, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def read(folder: Path, kind: str, *rows: dict[str, str]) -> lake.FactBatch:
    return lake.read_batch(
        lake.BATCH_KINDS[kind], file_of(folder, *rows), lake.Known({"C1": "k1"}, NOW, SHANGHAI), folder
    )


def refused(folder: Path, kind: str, *rows: dict[str, str]) -> list[tuple[str, str, str]]:
    """Row, column and what is wrong, of everything that is wrong."""
    with pytest.raises(BadInput) as raised:
        read(folder, kind, *rows)
    assert raised.value.key == "lake.batch_errors"
    with (folder / "batch.errors.csv").open(encoding="utf-8-sig", newline="") as content:
        listed = list(csv.reader(content))[1:]
    assert all(row[4] for row in listed), "each has its remedy"
    return [(row[0], row[1], row[3]) for row in listed]


def problem(name: str, **facts: object) -> str:
    return text(f"lake.problem.{name}", "zh-CN", **facts)


@pytest.mark.parametrize("kind", list(lake.BATCH_KINDS.values()), ids=lambda kind: kind.name)
def test_a_kind_fills_the_columns_of_its_table(kind: object) -> None:
    assert isinstance(kind, lake.BatchKind)
    lines = schema.LINES[kind.table]
    filled = {column.target for column in kind.columns} - {""}
    assert filled <= set(lines.names)
    for field in lines:
        assert field.name in filled or field.nullable or (field.name == "kind" and kind.fixed_kind)
    assert schema.ROW_IDS[kind.table] == kind.row_id
    assert schema.TABLES[kind.table].names == [*lines.names, "batch_id", "recorded_at"]
    for language in LANGUAGES:
        assert kind.expected(language)
        for column in kind.columns:
            assert text(f"lake.column.{column.name}", language) in (column.name, *column.aliases)


def test_an_order_says_what_of_it_is_delivered_and_invoiced(tmp_path: Path) -> None:
    order = {"客户编号": "C1", "订单号": "O1", "日期": "2026-10-05", "订货金额(元)": "1,200.50", "已交货金额": "700",
             "已入账金额(元)": "0"}  # fmt: skip
    batch = read(tmp_path, "orders", order, order | {"订单号": "O2"})
    assert batch.lines.to_pylist()[0] == {
        "customer_key": "k1", "order_no": "O1", "kind": "order", "occurred_on": date(2026, 10, 5),
        "amount_fen": 120_050, "delivered_fen": 70_000, "invoiced_fen": 0,
    }  # fmt: skip
    assert (batch.totals.rows, batch.totals.sum_fen) == (2, 240_100), "the sum is of what was ordered"
    blank, negative = order | {"已入账金额(元)": ""}, order | {"订单号": "O2", "已交货金额": "-1"}
    assert refused(tmp_path, "orders", blank, negative) == [
        ("2", "已入账金额(元)", problem("missing")), ("3", "已交货金额", problem("amount_sign")),
    ]  # fmt: skip
    (taken_back,) = read(tmp_path, "orders", {**dict.fromkeys(order, ""), "订单号": "O1", "状态": "作废"}).cancelled
    assert (taken_back.row_id, taken_back.kind, taken_back.amount_fen) == ("O1", "order", 0)


def test_sales_and_returns_may_say_what_profit_is_counted_by(tmp_path: Path) -> None:
    more = {"成本(元)": "8.00", "产品线": "茶叶", "销售区域": "华南", "渠道": "直销"}
    for kind, row in (("sales", SALE), ("returns", {name: SALE[name] for name in SALE if name != "kind"})):
        (line,) = read(tmp_path, kind, row | more).lines.to_pylist()
        assert [line[name] for name in ("cost_fen", "product_line", "area", "channel")] == [800, "茶叶", "华南", "直销"]
    assert refused(tmp_path, "sales", SALE | {"cost": "-8"}) == [("2", "cost", problem("amount_sign"))]
    (line,) = read(tmp_path, "sales", SALE | {"cost": "", "area": ""}).lines.to_pylist()
    assert (line["cost_fen"], line["area"]) == (None, None)


def test_bytes_in_a_file_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "batch.parquet"
    pq.write_table(pa.table({name: [value] for name, value in SALE.items()} | {"note": [[b"x"]]}), file)
    with pytest.raises(BadInput) as raised:
        lake.read_batch(lake.BATCH_KINDS["sales"], file, lake.Known({"C1": "k1"}, NOW, SHANGHAI), tmp_path)
    assert (raised.value.key, raised.value.facts["column"]) == ("lake.bytes", "note")


def test_payments_and_returns_have_no_kind_and_payments_no_product(tmp_path: Path) -> None:
    paid = {name: SALE[name] for name in ("customer", "line_no", "date", "amount")}
    (row,) = read(tmp_path, "payments", paid).lines.to_pylist()
    assert row == {"customer_key": "k1", "line_no": "L1", "kind": "payment", "occurred_on": date(2026, 10, 5),
                   "product": None, "quantity": None, "amount_fen": 1250, "cost_fen": None, "product_line": None,
                   "area": None, "channel": None}  # fmt: skip
    given_back = {name: value for name, value in SALE.items() if name != "kind"}
    (row,) = read(tmp_path, "returns", given_back).lines.to_pylist()
    assert (row["kind"], row["product"], row["quantity"]) == ("return", "Tea", 2)
    assert refused(tmp_path, "returns", given_back | {"product": ""}) == [("2", "product", problem("missing"))]


def test_events_have_their_moment_in_utc(tmp_path: Path) -> None:
    batch = read(tmp_path, "service_events", VISIT)
    assert batch.lines.to_pylist() == [RECORDED]
    assert (batch.totals.rows, batch.totals.sum_fen) == (1, 0)
    seen = {"customer": "C1", "event_id": "E1", "kind": "review", "time": "2026-10-05T05:45:00Z", "product": "Tea",
            "page": "/tea?who=me#top", "rating": "5"}  # fmt: skip
    expected = RECORDED | {"kind": "review", "product": "Tea", "rating": 5, "page": "/tea"}
    assert read(tmp_path, "web_events", seen).lines.to_pylist() == [expected]


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2026-10-05 08:00", 0), ("2026年10月5日 8:00", 0), ("2026/10/5 8:00:59.5", 0), ("2026-10-05T08:00+0800", 0),
     ("2026-10-05 08:00 +09:00", -1), ("2026-10-05T08:00:00Z", 8)],
)  # fmt: skip
def test_moments(written: str, hour: int) -> None:
    found = moment(written, SHANGHAI)
    assert (found.day, found.hour) == ((5, hour) if hour >= 0 else (4, 23))


@pytest.mark.parametrize(
    "written", ["2026-10-05", "8:00", "2026-10-05 25:00", "2026-02-30 08:00", "2026-10-05 8:00 +99:00"]
)
def test_what_is_no_moment(written: str) -> None:
    with pytest.raises(RowError) as raised:
        moment(written, SHANGHAI)
    assert raised.value.name in ("moment", "date")


@pytest.mark.parametrize(
    ("kind", "row", "column", "said"),
    [
        ("sales", SALE | {"amount": "10000000000000.00"}, "amount", problem("amount_large")),
        ("sales", SALE | {"amount": "$5"}, "amount", problem("amount_currency")),
        ("sales", SALE | {"amount": "USD 5"}, "amount", problem("amount_currency")),
        ("sales", SALE | {"amount": "5美元"}, "amount", problem("amount_currency")),
        ("sales", SALE | {"amount": "five"}, "amount", problem("amount")),
        ("sales", SALE | {"currency": "USD"}, "currency", problem("currency")),
        ("sales", SALE | {"state": "maybe"}, "state", problem("state")),
        ("sales", SALE | {"date": "2026-11-22"}, "date", problem("future", today="2026-11-21")),
        ("sales", SALE | {"product": "x" * 100_000}, "product", problem("long", length=100_000, limit=200)),
        ("service_events", VISIT | {"time": "2026-11-21 12:01"}, "time", problem("future", today="2026-11-21 12:00")),
        ("service_events", VISIT | {"time": "soon"}, "time", problem("moment")),
        ("service_events", VISIT | {"kind": "浏览"}, "kind", problem("kind")),
        ("service_events", VISIT | {"rating": "6"}, "rating", problem("rating")),
        ("web_events", VISIT, "kind", problem("kind")),
        ("service_events", VISIT | {"event_id": ""}, "event_id", problem("missing")),
    ],
)
def test_a_wrong_cell_is_named_with_its_row_and_column(
    tmp_path: Path, kind: str, row: dict[str, str], column: str, said: str
) -> None:
    assert refused(tmp_path, kind, row) == [("2", column, said)]


@pytest.mark.parametrize("currency", ["CNY", "rmb", "人民币", ""])
def test_yuan_by_any_name_are_taken(tmp_path: Path, currency: str) -> None:
    assert read(tmp_path, "sales", SALE | {"currency": currency}).lines.num_rows == 1


def test_of_a_cancelled_row_only_its_number_and_amount_are_looked_at(tmp_path: Path) -> None:
    gone = dict.fromkeys(SALE, "") | {"line_no": "L9", "quantity": "0", "customer": "unknown", "state": "作废"}
    batch = read(
        tmp_path, "sales", SALE | {"state": "有效"}, gone, gone | {"line_no": "L8", "kind": "退货", "amount": "2"}
    )
    assert batch.lines["line_no"].to_pylist() == ["L1"]
    assert [tuple(one) for one in batch.cancelled] == [("L9", "", 0), ("L8", "return", 200)]
    assert sorted(batch.row_ids.to_pylist()) == ["L1", "L8", "L9"]
    assert (batch.totals.rows, batch.totals.sum_fen) == (3, 1450)
    assert refused(tmp_path, "sales", gone | {"line_no": ""}) == [("2", "line_no", problem("missing"))]
    assert refused(tmp_path, "sales", SALE | {"state": ""}, gone | {"line_no": "L1"}) == [
        ("3", "line_no", problem("repeated", first=2))
    ]


def test_a_renamed_column_is_named_with_what_stands_there_instead(tmp_path: Path) -> None:
    row = {("amt" if name == "amount" else name): value for name, value in SALE.items()}
    with pytest.raises(BadInput) as raised:
        read(tmp_path, "sales", row)
    assert raised.value.key == "lake.batch_columns"
    for language in LANGUAGES:
        assert "amt" in raised.value.text(language)
        assert "金额(元)" in raised.value.text("zh-CN")


def test_a_cell_too_large_for_csv_is_named_by_its_line(tmp_path: Path) -> None:
    file = file_of(tmp_path, SALE, SALE | {"product": "x" * 200_000})
    with pytest.raises(BadInput) as raised:
        lake.read_batch(lake.BATCH_KINDS["sales"], file, lake.Known({"C1": "k1"}, NOW, SHANGHAI), tmp_path)
    assert raised.value.key == "lake.huge_cell"
    assert [path.name for path in tmp_path.iterdir()] == ["batch.csv"]


def test_events_from_a_workbook_and_from_parquet(tmp_path: Path) -> None:
    known = lake.Known({"C1": "k1"}, NOW, SHANGHAI)
    at = datetime(2026, 10, 5, 13, 45)  # noqa: DTZ001 (a spreadsheet knows no zones)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["客户编号", "事件编号", "类型", "时间"])
    book.active.append(["C1", "E1", "拜访", at])
    book.save(tmp_path / "events.xlsx")
    columns = {"customer": ["C1"], "event_id": ["E1"], "kind": ["visit"], "time": pa.array([at], pa.timestamp("us"))}
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    for name in ("events.xlsx", "events.parquet"):
        batch = lake.read_batch(lake.BATCH_KINDS["service_events"], tmp_path / name, known, tmp_path)
        assert batch.lines.to_pylist() == [RECORDED]
