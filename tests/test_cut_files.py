"""A batch whose file was cut off on its way is refused, wherever the cut is; control totals say that all of it is there."""

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custinfo.actions import batches
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE
from custinfo.lake import readers
from custinfo.lake.control_totals import Total, Totals
from tests.factories import account, card, site_with_forms
from tests.test_batches import GOOD, nothing_of_it

LINES = [line.split(",") for line in GOOD.splitlines()]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("cut") / "site") as opened:
        card(opened, account(opened))
        yield opened


@pytest.fixture
def own(tmp_path):
    """A site for a test that leaves a batch behind."""
    with site_with_forms(tmp_path / "site") as opened:
        card(opened, account(opened))
        yield opened


def imported(store, file, stated=None):
    origin = batches.Origin("ERP", "contract")
    return batches.import_file(store, SERVICE, "sales", file, origin, errors=file.parent, stated=stated)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_line_without_an_end_is_a_cut_in_every_encoding(tmp_path, encoding):
    file = tmp_path / "sales.csv"
    for ended in (GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("\n", "\r")):
        file.write_bytes(ended.encode(encoding))
        readers.check_end(file)
    file.write_bytes(GOOD[:-1].encode(encoding))
    with pytest.raises(BadInput, check=lambda refused: refused.key == "lake.cut_off"):
        readers.check_end(file)
    file.write_bytes(b"")
    readers.check_end(file)  # that it is blank is said by who reads it


@pytest.mark.guarantee("batch-cut-off")
def test_a_csv_file_is_refused_wherever_it_was_cut(store, tmp_path):
    file = tmp_path / "sales.csv"
    whole = GOOD.encode()
    for length in range(len(whole) - 40, len(whole)):  # 123.45 becomes 123.4, 123, 12 …
        file.write_bytes(whole[:length])
        if whole[:length].endswith(b"\n"):
            continue  # cut between two lines: only control totals can tell
        with pytest.raises(BadInput):
            imported(store, file)
    nothing_of_it(store)


@pytest.mark.guarantee("batch-cut-off")
def test_totals_of_the_sender_say_more_than_a_line_end(own, tmp_path):
    store = own
    file = tmp_path / "sales.csv"
    file.write_text(GOOD[:-2], "utf-8")  # 123.4
    with pytest.raises(BadInput, check=lambda refused: refused.key == "lake.control_sum"):
        imported(store, file, Totals(Total(2, 135795), {}))
    nothing_of_it(store)
    file.write_text(GOOD[:-1], "utf-8")
    assert imported(store, file, Totals(Total(2, 135795), {})).rows == 2


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_workbook_or_parquet_file_that_was_cut_cannot_be_read(store, tmp_path, kind, part):
    file = tmp_path / f"sales.{kind}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for line in LINES:
            book.active.append(line)
        book.save(file)
    else:
        rows = [dict(zip(LINES[0], line, strict=True)) for line in LINES[1:]]
        pq.write_table(pa.Table.from_pylist(rows), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    before = store.rows("SELECT * FROM batch")
    with pytest.raises(BadInput, check=lambda refused: refused.key == "lake.unreadable"):
        imported(store, file)
    assert store.rows("SELECT * FROM batch") == before
