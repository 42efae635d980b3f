"""Batches read column by column: whatever stands in the file, what reading it row by row gives, or the same errors."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain.errors import BadInput
from custinfo.lake import batch_schemas, imports, readers, text_blocks
from tests.lake.test_batch_kinds import SHANGHAI

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
KNOWN = lake.Known({"C1": "k1", "c2": "k2", "91350100M000100Y43": "k3"}, NOW, SHANGHAI)
SALES = ["customer", "line_no", "kind", "date", "product", "quantity", "amount", "cost", "currency", "state", "note"]
GOOD = ["C1", "L1", "sale", "2026-10-05", "茶", "2", "12.50", "", "", "", ""]
HOSTILE = {
    "customer": ["C1", "c2", "C2", "91350100m000100y43", " C1\u3000", "C9", "", "Ｃ1"],
    "line_no": ["A-1", "1", "01", "x" * 64, "x" * 65, "é", "e\u0301", "L\u202e1", "L 1", "a\x7f", "\xa0L9", "", "行1"],
    "kind": ["sale", "SALE", "销售", "return", "退货", "payment", "收款", "gift", "", "ſale"],
    "date": ["2026-10-05", "2026/1/5", "20261005", "2026年10月5日", "2026-10-05 10:00", "2026-02-30", "2027-01-01",
             "2026-11-21", "2026-11-22", "٢٠٢٦-10-05", "", "46000"],
    "product": ["茶", "Tea", "", "x" * 200, "x" * 201, "a\tb", "cafe\u0301", "=1+1", "\u200fx", "a\u3000b", "null", "NA"],
    "quantity": ["1", "0", "-1", "3.00", "1,000", "01", "999999999999", "1000000000000", "٣", "1.5", "", "1e3", "+1"],
    "amount": ["1", "0", "0.5", ".5", "1.", "1.005", "-1", "¥1,234.50", "1，234.50", "12,50", "9999999999999.99",
               "10000000000000", "$5", "5 USD", "1e3", "٣", " 7.10 ", "", "007", "nan", "－1"],
    "cost": ["", "", "", "3", "3.333", "-2", "x"],
    "currency": ["", "", "CNY", "人民币", "USD", "元"],
    "state": ["", "", "有效", "作废", "Void", "?", "cancelled"],
    "note": ["", "a", "\x1f"],
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _unchecked():
    """What the schemas of pandera say of the rows is the same, whoever read them, and takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_schemas, "check", lambda *_: None)
        yield


def outcome(read, listed):
    """What came of reading: rows, cancelled rows and totals; or the error, its facts, and the file of errors."""
    listed.unlink(missing_ok=True)
    try:
        batch = read()
    except BadInput as bad:
        return bad.key, dict(bad.facts), bad.text("en"), listed.read_bytes() if listed.exists() else b""
    return None if batch is None else (batch.lines.to_pylist(), batch.lines.schema, batch.cancelled, batch.totals)


def both(file, kind="sales"):
    """What comes of a file by columns, and by rows."""
    wanted, listed = lake.BATCH_KINDS[kind], file.with_name(f"{file.stem}.errors.csv")
    by_columns = outcome(lambda: imports._by_columns(wanted, file, KNOWN, listed, "en"), listed)
    by_rows = outcome(lambda: imports.read_rows(wanted, readers.rows(file), file.name, KNOWN, listed, "en"), listed)
    return by_columns, by_rows


def written(folder, rows, headings=SALES, encoding="utf-8", delimiter=",", ends="\n", quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows([headings, *rows])
    file = folder / "sales.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def good(count, **changed):
    """Rows of which each has a number of its own."""
    return [
        [changed.get(name, value) if name != "line_no" else f"L{n}" for name, value in zip(SALES, GOOD, strict=True)]
        for n in range(count)
    ]


ROWS = st.lists(st.tuples(*(st.sampled_from(HOSTILE[name]) for name in SALES)), min_size=1, max_size=12)
NUMBERED = st.lists(
    st.tuples(*(st.sampled_from(HOSTILE[name] if name != "line_no" else ["?"]) for name in SALES)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.one_of(ROWS, NUMBERED), broken=st.sampled_from(["", "", "", '"', 'a"b,"c', "\r", "\0", ",,,,,,,,,,,,,", "x,y", "\n\n"]),
    block=st.sampled_from([3, 90, 1 << 24]), ends=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), right=st.booleans(),
)  # fmt: skip
def test_hostile_cells_give_the_same_rows_or_the_same_errors(
    tmp_path_factory, rows, broken, block, ends, quoting, right
):
    many = [[f"N{n}" if value == "?" and name == "line_no" else value for name, value in zip(SALES, row, strict=True)]
            for n, row in enumerate(rows)]  # fmt: skip
    file = written(tmp_path_factory.mktemp("columns"), good(3) + ([] if right else many), ends=ends, quoting=quoting)
    if broken:
        file.write_bytes(file.read_bytes() + broken.encode() + ends.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", block)
        by_columns, by_rows = both(file)
    assert by_columns in (None, by_rows)
    if right and not broken:
        assert by_columns is not None


@pytest.mark.parametrize("name", [name for name in SALES if name != "line_no"])
def test_every_hostile_cell_alone_is_decided_by_columns(tmp_path, name):
    for value in HOSTILE[name]:
        by_columns, by_rows = both(written(tmp_path, [*good(2), good(3, **{name: value})[2]]))
        assert by_columns == by_rows, value


@pytest.mark.parametrize("value", HOSTILE["line_no"])
def test_every_hostile_number_alone_is_decided_by_columns(tmp_path, value):
    by_columns, by_rows = both(written(tmp_path, [GOOD, [GOOD[0], value, *GOOD[2:]]]))
    assert by_columns == by_rows


@pytest.mark.parametrize(
    "how",
    [
        {"encoding": "gb18030"}, {"encoding": "utf-16"}, {"encoding": "utf-8-sig"}, {"delimiter": "\t"},
        {"delimiter": ";"}, {"ends": "\r\n"}, {"ends": "\r"}, {"quoting": csv.QUOTE_ALL},
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [50, 1 << 24])
def test_encodings_separators_and_line_ends(tmp_path, monkeypatch, how, block):
    monkeypatch.setattr(text_blocks, "BLOCK", block)
    payment = ["C1", "L77", "payment", "20261005", "", "", "¥1,000", *[""] * 4]
    rows = [*good(9), [""] * len(SALES), payment, ["C1", "L78", "sale", "", "", "", "3", "", "", "作废", "x"]]
    by_columns, by_rows = both(written(tmp_path, rows, **how))
    assert by_columns == by_rows
    assert len(by_columns[0]) == 10
    assert [one.row_id for one in by_columns[2]] == ["L78"]


def test_rows_that_are_wider_than_the_headings_and_those_that_are_blank_besides(tmp_path):
    for end in (",,,,,,,,,,,,,\n", ",,,,,,,,,,,,,x\n", "C1,L9,sale,2026-10-05,Tea,1,1,,,,,,\n"):
        file = written(tmp_path, good(2))
        file.write_bytes(file.read_bytes() + end.encode())
        by_columns, by_rows = both(file)
        assert by_columns == by_rows, end


def test_a_cell_with_line_ends_across_blocks_keeps_the_numbers_of_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(text_blocks, "BLOCK", 8)
    rows = [
        *good(3, note='two\nlines, "quoted"\r\n\nand more'),
        ["C9", "L50", *GOOD[2:]],
        ["C1", "L51", "gift", *GOOD[3:]],
    ]
    by_columns, by_rows = both(written(tmp_path, rows))
    assert by_columns == by_rows
    assert by_columns[0] == "lake.batch_errors"
    assert by_columns[1]["errors"] == 2


@pytest.mark.parametrize("kind", ["payments", "returns", "orders", "service_events", "web_events"])
def test_other_kinds(tmp_path, kind):
    columns = lake.BATCH_KINDS[kind].columns
    values = {
        "customer": ["C1", "c2"], "row_id": ["1", "2", "3", "4"], "kind": ["visit", "view"], "past_day": ["2026-10-05"],
        "past_moment": ["2026-10-05 10:00", "2026-10-05T10:00:01Z", "20261005", "2026-11-21 12:00:01"],
        "text": ["茶", ""], "page": ["/a?name=x", "/b#c"], "quantity": ["1"], "amount": ["5"], "further_amount": ["2"],
        "rating": ["5", "", "6"], "yuan_only": ["CNY"], "state": ["", "void"],
    }  # fmt: skip
    rows = [[values[column.value][n % len(values[column.value])] for column in columns] for n in range(4)]
    headings = [column.name for column in columns]
    for some in (rows, rows[:1], [row for row in rows if "void" not in row]):
        by_columns, by_rows = both(written(tmp_path, some, headings), kind)
        assert by_columns is not None
        assert by_columns == by_rows


def test_what_only_rows_can_tell_is_left_to_them(tmp_path, monkeypatch):
    repeated = written(tmp_path, [GOOD, GOOD])
    assert both(repeated)[0] is None
    with pytest.raises(BadInput, match="errors"):
        lake.read_batch(lake.BATCH_KINDS["sales"], repeated, KNOWN, tmp_path)
    monkeypatch.setattr(imports, "_MOST_WRONG", 1)
    assert both(written(tmp_path, good(3, customer="C9")))[0] is None
    headings = written(tmp_path, [], SALES)
    assert both(headings)[0] is None
    lacking = both(written(tmp_path, good(1), [*SALES[:6], "x", *SALES[7:]]))
    assert lacking[0] == lacking[1]
    assert lacking[0][0] == "lake.batch_columns"


def test_the_file_of_errors_of_an_earlier_try_goes_once_nothing_is_wrong(tmp_path):
    wrong = written(tmp_path, good(1, customer="C9"))
    with pytest.raises(BadInput):
        lake.read_batch(lake.BATCH_KINDS["sales"], wrong, KNOWN, tmp_path)
    assert (tmp_path / "sales.errors.csv").exists()
    assert lake.read_batch(lake.BATCH_KINDS["sales"], written(tmp_path, good(1)), KNOWN, tmp_path).lines.num_rows == 1
    assert not (tmp_path / "sales.errors.csv").exists()
