"""The lake: versions that never change, published whole or not at all, opened as of any moment."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain import codelists
from custinfo.domain.errors import CustinfoError, NotFound, SiteFault, WrongState
from custinfo.lake import code_tables, control_totals, files, manifest, publishing, schema
from custinfo.lake.publishing import BatchRow, EntityVersionRow
from custinfo.store.site import Site
from tests.older_sites import with_raw_keys

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
LISTS = len(code_tables.LISTS)
"""Files of code lists, which the first version of every lake has."""
CARD = {
    "customer_type": "enterprise",
    "ownership": "state",
    "region": "350102",
    "industry": "0111",
    "kind": "company",
    "staff": "12",
    "registered_capital": "1000000.50",
    "credit_code": "91350100M000100Y43",
    "name": "海风茶业",
}


def at(hours: float) -> Callable[[], datetime]:
    """A clock that stands at `moment(hours)`."""
    return lambda: moment(hours)


def moment(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def customer(seq: int, customer_id: str, version: int = 1, hours: float = 0, **properties: str) -> EntityVersionRow:
    return EntityVersionRow(seq, customer_id, version, moment(hours), CARD | properties)


def some_sales(count: int = 3, amount: int = 100) -> lake.FactBatch:
    lines = pa.table(
        {
            "customer_key": ["k"] * count,
            "line_no": [f"L{n}" for n in range(count)],
            "kind": ["sale"] * count,
            "occurred_on": [date(2026, 10, 5)] * count,
            "product": ["Tea"] * count,
            "quantity": [1] * count,
            "amount_fen": [amount] * count,
            **dict.fromkeys(("cost_fen", "product_line", "area", "channel"), [None] * count),
        },
        schema=schema.SALES_LINES,
    )
    return lake.FactBatch(lake.BATCH_KINDS["sales"], lines, control_totals.of(lines, []))


def batch(site: Site, batch_id: str, hours: float = 0, **sales: int) -> BatchRow:
    file = lake.write_batch(site, batch_id, some_sales(**sales), moment(hours))
    return BatchRow(batch_id, moment(hours), file)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.create(tmp_path / "site", name="海风")


def rows(table: ibis.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return sorted(found, key=str)


def everything(opened: lake.Lake) -> list[list[dict[str, Any]]]:
    return [rows(opened.customers), rows(opened.customer_versions), rows(opened.sales)]


def refused(error: type[CustinfoError], key: str, **facts: object) -> Any:
    return pytest.raises(error, check=lambda e: e.key == key and all(e.facts[k] == v for k, v in facts.items()) and bool(
        e.text("zh-CN") and e.text("en")
    ))  # fmt: skip


def test_a_version_holds_customers_and_sales(site: Site) -> None:
    published = lake.publish(site, [customer(1, "c1"), customer(2, "c2", staff="")], [batch(site, "B1")], at(1))
    assert published is not None
    assert (published.version, published.last_seq, published.batches) == (1, 2, ("B1",))
    assert [(file.table, file.path, file.rows) for file in published.files] == [
        ("customer_versions", "customers/000001-000.parquet", 2),
        ("sales", "sales/B1.parquet", 3),
    ]
    assert (published.recorded_from, published.recorded_to) == (moment(0), moment(0))
    assert published.codelists["region"] == codelists.load("region").edition
    opened = lake.open(site)
    assert (opened.version, opened.as_of) == (1, moment(1))
    key = lake.pseudonym(site.secret("pseudonym"), "c1")
    assert re.fullmatch("[0-9a-f]{32}", key)
    (known,) = rows(opened.customers.filter(opened.customers.customer_key == key))
    assert known == {
        "customer_key": key,
        "version": 1,
        "recorded_at": START.replace(tzinfo=None),
        "customer_type": "enterprise",
        "ownership": "state",
        "region": "350102",
        "industry": "0111",
        "kind": "company",
        "staff": 12,
        "registered_capital_fen": 100_000_050,
        "revenue_fen": None,
        "assets_fen": None,
        "figures_year": None,
        "location_type": None,
        "market_position": None,
        "income_fen": None,
        "income_year": None,
        "birth_year": None,
        "enterprise_type": None,
    }
    assert None in opened.customers.staff.to_pyarrow().to_pylist()
    assert rows(opened.sales)[0] == {
        "customer_key": "k",
        "line_no": "L0",
        "kind": "sale",
        "occurred_on": date(2026, 10, 5),
        "product": "Tea",
        "quantity": 1,
        "amount_fen": 100,
        "cost_fen": None,
        "product_line": None,
        "area": None,
        "channel": None,
        "batch_id": "B1",
        "recorded_at": START.replace(tzinfo=None),
    }


def test_no_name_and_no_identifier_reaches_the_lake(site: Site) -> None:
    lake.publish(site, [customer(1, "customer-0001")], [batch(site, "B1")], at(1))
    for table in lake.open(site).customers, lake.open(site).customer_versions:
        shown = str(rows(table))
        assert not any(secret in shown for secret in ("海风茶业", "91350100M000100Y43", "customer-0001"))


def test_nothing_new_is_no_version(site: Site) -> None:
    assert lake.publish(site, [], [], at(1)) is None
    given = [customer(1, "c1")], [batch(site, "B1")]
    assert lake.publish(site, *given, at(1)) is not None
    assert lake.publish(site, *given, at(2)) is None
    assert [m.version for m in lake.read_all(site.lake)] == [1]


def test_versions_are_append_only_and_stay_readable(site: Site) -> None:
    cards, batches, before = [], [], []
    for n in range(1, 5):
        cards.append(customer(n, f"c{n % 3}", 1 + n // 3, hours=n))
        if n % 2:
            batches.append(batch(site, f"B{n}", hours=n, count=n))
        assert lake.publish(site, cards, batches, at(n + 0.5)) is not None
        stored = {file: file.read_bytes() for file in site.lake.rglob("*.*") if file.is_file()}
        for old in before:
            assert everything(lake.open(site, version=old[0])) == old[1]
            assert old[2].items() <= stored.items(), "what was written once is never written again"
        before.append((n, everything(lake.open(site)), stored))
    manifests = lake.read_all(site.lake)
    for earlier, later in pairwise(manifests):
        assert later.files[: len(earlier.files)] == earlier.files
    assert lake.newest(site.lake) == manifests[-1]
    assert lake.verify(site) == len(manifests) + len(manifests[-1].files) + LISTS


def test_as_of_selects_the_version_and_the_rows(site: Site) -> None:
    # Recorded at 0 h and 2 h, published at 1 h and 3 h; the second version of c1 was recorded at 2 h
    lake.publish(site, [customer(1, "c1", staff="1")], [batch(site, "B1", hours=0)], at(1))
    lake.publish(site, [customer(2, "c1", 2, hours=2, staff="2")], [batch(site, "B2", hours=2)], at(3))

    def seen(**when: Any) -> tuple[int, list[int], int, int]:
        opened = lake.open(site, **when)
        staff = [row["staff"] for row in rows(opened.customers)]
        return opened.version, staff, len(rows(opened.customer_versions)), len(rows(opened.sales))

    assert seen() == (2, [2], 2, 6)
    assert seen(version=1) == (1, [1], 1, 3)
    assert seen(as_of=moment(1)) == (1, [1], 1, 3)
    assert seen(as_of=moment(2.5)) == (1, [1], 1, 3)  # not published yet, then
    assert seen(as_of=moment(3)) == (2, [2], 2, 6)
    assert seen(version=2, as_of=moment(1)) == (2, [1], 1, 3)
    assert seen(version=2, as_of=moment(2)) == (2, [2], 2, 6)
    assert seen(as_of=moment(3).astimezone(site.zone)) == (2, [2], 2, 6)
    with refused(NotFound, "lake.none_by"):
        lake.open(site, as_of=moment(0.5))
    with refused(NotFound, "lake.no_version", version=3):
        lake.open(site, version=3)


def test_an_unpublished_lake_says_so(site: Site) -> None:
    with refused(WrongState, "lake.unpublished"):
        lake.open(site)
    assert lake.newest(site.lake) is None
    assert lake.verify(site) == 0


def test_a_lake_without_sales_or_without_customers_opens(site: Site) -> None:
    lake.publish(site, [customer(1, "c1")], [], at(1))
    assert rows(lake.open(site).sales) == []
    empty = lake.open(site).sales
    lake.publish(site, [], [batch(site, "B1")], at(2))
    assert empty.schema() == lake.open(site).sales.schema()
    assert empty.schema().to_pyarrow().names == schema.SALES.names


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        site = with_raw_keys(Site.create(tmp_path / name, name=name), pseudonym=b"\xab" * 32)
        published = lake.publish(site, [customer(n, f"c{n}") for n in range(1, 99)], [batch(site, "B1")], at(1))
        assert published is not None
        hashes.append((published.files, files.sha256(manifest.path(site.lake, 1))))
    assert hashes[0] == hashes[1]


def test_many_rows_make_several_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ROWS_PER_FILE", 4)
    published = lake.publish(site, (customer(n, f"c{n}") for n in range(1, 11)), [], at(1))
    assert published is not None
    assert [file.rows for file in published.files] == [4, 4, 2]
    assert len(rows(lake.open(site).customers)) == 10


def test_a_path_with_pattern_characters_opens(tmp_path: Path) -> None:
    site = Site.create(tmp_path / "海风 [1]*?", name="海风")
    lake.publish(site, [customer(1, "c1")], [batch(site, "B1")], at(1))
    assert len(rows(lake.open(site).sales)) == 3


def test_one_publisher_at_a_time(site: Site) -> None:
    def slow() -> Iterator[EntityVersionRow]:
        yield customer(1, "c1")
        with refused(WrongState, "lake.busy"):
            lake.publish(site, [], [], at(1))

    assert lake.publish(site, slow(), [], at(1)) is not None
    assert lake.publish(site, [customer(2, "c2")], [], at(2)) is not None


def test_a_clock_put_back_is_noticed(site: Site) -> None:
    lake.publish(site, [customer(1, "c1")], [], at(1))
    with refused(SiteFault, "lake.clock", version=1):
        lake.publish(site, [customer(2, "c2")], [], at(1))


def test_rows_out_of_order_are_a_defect(site: Site) -> None:
    with pytest.raises(ValueError, match="row 1 of the store comes after row 2"):
        lake.publish(site, [customer(2, "c2"), customer(1, "c1")], [], at(1))
    assert lake.newest(site.lake) is None


@pytest.mark.parametrize(("name", "value"), [("staff", "a dozen"), ("registered_capital", "1.234")])
def test_a_property_that_cannot_be_read_stops_the_version(site: Site, name: str, value: str) -> None:
    with refused(SiteFault, "lake.property", customer="c1", name=name):
        lake.publish(site, [customer(1, "c1", **{name: value})], [], at(1))
    assert lake.newest(site.lake) is None


def test_a_batch_is_published_as_it_was_written(site: Site) -> None:
    first = batch(site, "B1")
    changed = replace(first, file=replace(first.file, sha256="0" * 64))
    with refused(SiteFault, "lake.damaged", file="sales/B1.parquet"):
        lake.publish(site, [], [changed], at(1))
    (site.lake / "sales/B1.parquet").unlink()
    with refused(SiteFault, "lake.missing", file="sales/B1.parquet"):
        lake.publish(site, [], [first], at(1))
    assert lake.publish(site, [], [batch(site, "B1")], at(1)) is not None
    with refused(WrongState, "lake.batch_published", batch="B1", version=1):
        batch(site, "B1", amount=7)
    assert lake.verify(site) == 2 + LISTS
    with pytest.raises(ValueError, match="cannot be the name"):
        batch(site, "../B2")


def a_lake_of_three(site: Site) -> None:
    for n in range(1, 4):
        lake.publish(site, [customer(n, f"c{n}")], [batch(site, f"B{n}")], at(n))


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("path", ["customers/000002-000.parquet", "sales/B3.parquet", "manifests/000002.json"])
def test_a_flipped_byte_is_found_and_its_file_named(site: Site, path: str) -> None:
    a_lake_of_three(site)
    assert lake.verify(site) == 9 + LISTS
    size = (site.lake / path).stat().st_size
    for at in (0, size // 2, size - 1):
        flip(site.lake / path, at)
        with refused(SiteFault, "lake.damaged", file=path):
            lake.verify(site)
        flip(site.lake / path, at)
    assert lake.verify(site) == 9 + LISTS


@pytest.mark.parametrize("path", ["customers/000001-000.parquet", "sales/B2.parquet"])
def test_a_missing_file_is_named(site: Site, path: str) -> None:
    a_lake_of_three(site)
    (site.lake / path).unlink()
    for look in (lake.verify, lake.open):
        with refused(SiteFault, "lake.missing", file=path):
            look(site)


def test_a_missing_manifest_is_named(site: Site) -> None:
    a_lake_of_three(site)
    manifest.path(site.lake, 2).unlink()
    with refused(SiteFault, "lake.missing", file="manifests/000002.json"):
        lake.verify(site)


def test_a_manifest_is_plain_sorted_json(site: Site) -> None:
    a_lake_of_three(site)
    text = manifest.path(site.lake, 1).read_text("utf-8")
    fields = json.loads(text)
    assert list(fields) == sorted(fields)
    assert fields["published_at"] == "2026-11-01T13:00:00.000000Z"
    assert fields["previous_sha256"] == ""


def test_code_tables(site: Site) -> None:
    a_lake_of_three(site)
    opened = lake.open(site)
    assert len(rows(opened.ownership)) == 5
    (county,) = rows(opened.region.filter(opened.region.code == "110101"))
    assert county == {
        "code": "110101",
        "name": "东城区",
        "name_en": "Dongcheng",
        "parent": "110100",
        "level": "county",
        "province": "110000",
        "province_name": "北京市",
        "province_name_en": "Beijing",
    }
    (gone,) = rows(opened.region.filter(opened.region.code == "110103"))
    assert (gone["name"], gone["province_name"]) == ("崇文区", "北京市"), "an old customer's code, abolished in 2010"
    (group,) = rows(opened.industry.filter(opened.industry.code == "011"))
    assert (group["section"], group["section_name_en"][:11]) == ("A", "Agriculture")
    joined = opened.customers.left_join(opened.region, opened.customers.region == opened.region.code)
    assert set(joined.province_name.to_pyarrow().to_pylist()) == {"福建省"}


def test_a_stray_file_is_harmless_and_made_again(site: Site) -> None:
    lake.publish(site, [customer(1, "c1")], [], at(1))
    stray = site.lake / "customers" / "000002-000.parquet"
    stray.write_bytes(b"half a fi")
    (site.lake / "manifests" / ".000002.json.part").write_text("{", "utf-8")
    assert lake.open(site).version == 1
    lake.publish(site, [customer(2, "c2")], [], at(2))
    assert pq.read_table(stray).num_rows == 1
    assert lake.verify(site) == 4 + LISTS


KILLED = textwrap.dedent("""
    # For each number that is read, a child publishes and kills itself at its so-manieth step.
    # argv: the site's folder, the folder of tests
    import os, pathlib, signal, sys
    sys.path.insert(0, sys.argv[2])
    from test_lake import batch, customer, at, moment
    from custinfo import lake
    from custinfo.lake import publishing
    from custinfo.store.site import Site
    import pyarrow.parquet as pq
    publishing.ROWS_PER_FILE = 2

    def step(wrapped):
        def run(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*args, **kwargs)
        return run

    def publish(site):
        cards = [customer(n, f"c{n}") for n in range(1, 6)]
        return lake.publish(site, cards, [batch(site, "B2")], at(9))

    left = [0]
    site = Site.load(pathlib.Path(sys.argv[1]))
    os.fsync = step(os.fsync)
    pathlib.Path.replace = step(pathlib.Path.replace)
    pathlib.Path.write_text = step(pathlib.Path.write_text)
    pq.ParquetWriter.write_batch = step(pq.ParquetWriter.write_batch)
    pq.ParquetWriter.close = step(pq.ParquetWriter.close)
    for line in sys.stdin:
        left[0] = int(line)
        child = os.fork()
        if not child:
            publish(site)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
""")


@contextmanager
def a_mortal_publisher(site: Site) -> Iterator[Callable[[int], bool]]:
    """Gives a function: publish, be killed at that step; whether it reached its end before."""
    here = Path(__file__)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(site.home), str(here.parent)],
        env=os.environ | {"PYTHONPATH": str(here.parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        asked, answers = process.stdin, process.stdout

        def publish(step: int) -> bool:
            print(step, file=asked, flush=True)
            status = int(answers.readline())
            assert status in (0, -signal.SIGKILL)
            return status == 0

        yield publish


def test_a_version_is_of_the_moment_when_all_its_rows_were_read(site: Site) -> None:
    """Whoever looks while it is being published sees the version before, then and ever after."""
    lake.publish(site, [customer(1, "c1")], [], at(1))
    clock = iter([moment(9)])

    def slowly() -> Iterator[EntityVersionRow]:
        assert lake.open(site, as_of=moment(5)).version == 1
        yield customer(2, "c2", hours=4)

    assert lake.publish(site, slowly(), [], lambda: next(clock)) is not None
    assert lake.open(site, as_of=moment(5)).version == 1
    assert lake.open(site).as_of == moment(9)


def test_killed_at_any_step_and_resumed(site: Site) -> None:
    """One site, killed at step 1, 2, 3 … until a run ends: after each the lake is as before, at the end it is whole."""
    lake.publish(site, [customer(1, "c1")], [batch(site, "B1")], at(1))
    before = everything(lake.open(site))
    killed = 0
    with a_mortal_publisher(site) as publish:
        while not publish(killed + 1):
            killed += 1
            if lake.open(site).version == 2:  # after the last rename only the folder was still to be synced
                break
            assert everything(lake.open(site)) == before
            lake.verify(site)
    assert killed > 15
    after = lake.open(site)
    assert (after.version, len(rows(after.customers)), len(rows(after.sales))) == (2, 5, 6)
    assert everything(lake.open(site, version=1)) == before
    # Manifests of versions 1 and 2; customers in files of 1, 2 and 2 rows; B1 and B2
    assert lake.verify(site) == 7 + LISTS


@pytest.mark.guarantee("lake-full")
@pytest.mark.parametrize("room", [0, 300, 1500, 3000])
def test_a_full_disk_is_said_and_leaves_the_lake_as_it_was(site: Site, room: int) -> None:
    lake.publish(site, [customer(1, "c1")], [batch(site, "B1")], at(1))
    before = everything(lake.open(site))
    new = [customer(seq, f"c{seq}") for seq in range(2, 400)]
    child = os.fork()
    if child == 0:
        status = 3
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            lake.publish(site, new, [], at(2))
            status = 0
        except CustinfoError as refused:
            status = 1 if refused.key == "lake.not_written" else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert everything(lake.open(site)) == before
    assert not list(site.lake.rglob("*.part"))
    assert lake.publish(site, new, [], at(3)) is not None
    assert len(rows(lake.open(site).customers)) == 399
