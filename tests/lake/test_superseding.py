"""Late and corrected batches: what a later batch from the same source says of a row holds from then on, not before."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.lake import control_totals, erasing, files, schema, superseding
from custinfo.lake.row_rules import Cancelled
from custinfo.lake.superseding import Registered
from custinfo.store.site import Site

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
KIND = lake.BATCH_KINDS["sales"]


def moment(number: int) -> datetime:
    return START + timedelta(hours=number)


def lines(amounts: dict[str, int], key: str = "k") -> pa.Table:
    sale = {"kind": "sale", "occurred_on": date(2026, 10, 5), "product": "Tea", "quantity": 1}
    rows = [{"customer_key": key, "line_no": line, "amount_fen": amount, **sale} for line, amount in amounts.items()]
    return pa.Table.from_pylist(rows, schema=schema.SALES_LINES)


@dataclass
class Sent:
    """A lake, and the register of what was sent to it."""

    site: Site
    registered: dict[str, list[Registered]] = field(default_factory=dict)
    rows: list[lake.BatchRow] = field(default_factory=list)

    def send(self, source: str, amounts: dict[str, int], cancelled: Sequence[str] = (), key: str = "k") -> int:
        """Import a batch; gives how many rows it takes out of force."""
        number = len(self.rows)
        found, batch_id = lines(amounts, key), f"B{number}"
        gone = [Cancelled(line, "sale", 0) for line in cancelled]
        batch = lake.FactBatch(KIND, found, control_totals.of(found, gone), gone)
        earlier = self.registered.setdefault(source, [])
        replaced = superseding.superseded(self.site, "sales", batch.row_ids, earlier)
        written = lake.write_batch(self.site, batch_id, batch, moment(number))
        taken_out = superseding.write(self.site, batch_id, replaced, moment(number))
        earlier.append(Registered(batch_id, written.path, taken_out.path if taken_out else ""))
        self.rows.append(lake.BatchRow(batch_id, moment(number), written, taken_out))
        return replaced.num_rows

    def publish(self) -> lake.Manifest | None:
        """Everything that was sent, half an hour after the newest batch."""
        return lake.publish(self.site, [], self.rows, lambda: moment(len(self.rows) - 1) + timedelta(minutes=30))

    def in_force(self, **when: object) -> list[int]:
        """The amounts in force."""
        return sorted(lake.open(self.site, **when).sales.to_pyarrow()["amount_fen"].to_pylist())  # type: ignore[arg-type]


@pytest.fixture
def sent(tmp_path: Path) -> Sent:
    return Sent(Site.create(tmp_path / "site", name="海风"))


def test_a_correction_holds_from_its_moment_and_older_versions_stay(sent: Sent) -> None:
    assert sent.send("ERP", {"L1": 100, "L2": 200}) == 0
    sent.publish()
    assert sent.send("ERP", {"L2": 250, "L3": 300}) == 1
    sent.publish()
    assert sent.in_force() == [100, 250, 300]
    assert sent.in_force(version=1) == [100, 200]
    assert sent.in_force(as_of=moment(0) + timedelta(minutes=45)) == [100, 200]
    assert sent.in_force(version=2, as_of=moment(0)) == [100, 200]
    assert sent.in_force(version=2, as_of=moment(1)) == [100, 250, 300]


def test_the_same_sales_exported_again_count_once(sent: Sent) -> None:
    for _ in range(3):
        sent.send("ERP", {"L1": 100, "L2": 200})
    sent.publish()
    assert sent.in_force() == [100, 200]
    assert [len(row.files) for row in sent.rows] == [1, 2, 2]
    assert [row.superseded.rows for row in sent.rows if row.superseded] == [2, 2], "each row goes once"


def test_a_cancelled_row_is_gone_from_then_on_and_may_come_back(sent: Sent) -> None:
    sent.send("ERP", {"L1": 100, "L2": 200})
    assert sent.send("ERP", {}, ["L1", "L7"]) == 1
    sent.publish()
    assert sent.in_force() == [200]
    assert sent.in_force(as_of=moment(1) + timedelta(minutes=30), version=1) == [200]
    assert sent.in_force(version=1, as_of=moment(0)) == [100, 200]
    assert sent.send("ERP", {"L1": 90}) == 0
    sent.publish()
    assert sent.in_force() == [90, 200]


def test_another_source_with_the_same_numbers_is_left_alone(sent: Sent) -> None:
    sent.send("ERP", {"L1": 100})
    assert sent.send("shop", {"L1": 999}) == 0
    sent.publish()
    assert sent.in_force() == [100, 999]


def test_a_lake_in_which_nothing_was_replaced_is_read_as_it_stands(sent: Sent) -> None:
    sent.send("ERP", {"L1": 100})
    sent.send("ERP", {"L2": 100})
    manifest = sent.publish()
    assert manifest is not None
    assert manifest.paths("superseded") == []
    assert not (sent.site.lake / "superseded").exists()
    assert "superseded" not in str(lake.open(sent.site).sales.compile())
    assert "JOIN" not in str(lake.open(sent.site).sales.compile())


def test_whom_a_correction_moved_to_another_customer_stays_moved_when_the_first_is_erased(sent: Sent) -> None:
    sent.send("ERP", {"L1": 100, "L2": 200}, key="wrong")
    sent.send("ERP", {"L1": 100}, key="right")
    sent.publish()
    erasing.erase(sent.site, {"wrong": True}, smallest_group=5, now=moment(9))
    assert sent.in_force() == [100, 200]
    assert lake.verify(sent.site) > 0
    for file in lake.read_all(sent.site.lake)[-1].files:
        content = str(pa.parquet.read_table(sent.site.lake / file.path).to_pylist())
        assert "wrong" not in content
        assert file.table != "superseded" or "L1" not in content


def test_a_file_that_says_what_is_gone_may_not_be_missing(sent: Sent) -> None:
    sent.send("ERP", {"L1": 100})
    sent.send("ERP", {"L1": 200})
    lost = sent.site.lake / "superseded" / "B1.parquet"
    lost.rename(sent.site.lake / "kept")
    with pytest.raises(SiteFault, match=r"superseded/B1.parquet"):
        sent.publish()
    with pytest.raises(SiteFault):
        sent.send("ERP", {"L1": 300})
    (sent.site.lake / "kept").rename(lost)
    lost.write_bytes(lost.read_bytes()[:-1] + b"x")
    with pytest.raises(SiteFault):
        sent.publish()


LINES = st.dictionaries(st.sampled_from(["L1", "L2", "L3", "M1"]), st.integers(0, 9), max_size=4)
BATCHES = st.lists(
    st.tuples(st.sampled_from(["ERP", "shop"]), LINES, st.sets(st.sampled_from(["L1", "L2", "X"])), st.booleans()),
    min_size=1,
    max_size=4,
)


@settings(max_examples=3, deadline=None)
@given(BATCHES)
def test_whatever_is_sent_in_whatever_order_the_last_word_counts(
    batches: list[tuple[str, dict[str, int], set[str], bool]],
) -> None:
    """Held against a dictionary; and what was seen as of a moment is seen for ever."""
    with tempfile.TemporaryDirectory() as folder:
        sent = Sent(Site.create(Path(folder) / "site", name="海风"))
        known: dict[tuple[str, str], int] = {}
        seen: list[tuple[datetime, list[int]]] = []
        for number, (source, amounts, cancelled, published) in enumerate(batches):
            gone = cancelled - amounts.keys()
            sent.send(source, amounts, sorted(gone))
            known = {row: amount for row, amount in known.items() if row[0] != source or row[1] not in gone}
            known |= {(source, line): amount for line, amount in amounts.items()}
            seen.append((moment(number), sorted(known.values())))
            if published or number == len(batches) - 1:
                sent.publish()
                assert sent.in_force() == sorted(known.values())
        for at, amounts_then in seen:
            newest = lake.newest(sent.site.lake)
            assert newest is not None
            assert sent.in_force(version=newest.version, as_of=at) == amounts_then


def test_the_same_batches_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        sent = Sent(Site.create(tmp_path / name, name="海风"))
        sent.send("ERP", {f"L{n}": n for n in range(500)})
        sent.send("ERP", {f"L{n}": n for n in reversed(range(100, 900))})
        hashes.append(files.sha256(sent.site.lake / "superseded" / "B1.parquet"))
    assert hashes[0] == hashes[1]
