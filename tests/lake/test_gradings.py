"""Gradings in the lake: appended whole and once, never changed, in force by the newest edition of a moment."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest

from custinfo import lake
from custinfo.domain.errors import WrongState
from custinfo.domain.periods import Quarter
from custinfo.lake import compaction, erasing, gradings, manifest
from custinfo.store.site import Site
from tests.test_lake import at, customer, moment, refused

QUARTER = Quarter(2026, 3)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
COLUMNS = ibis.schema(
    {
        "customer_key": "string", "scheme": "string", "class": "string", "reason": "string", "figure": "int64",
        "rule_version": "int32", "code_edition": "string",
    }
)  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    place = Site.create(tmp_path / "site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in range(1, 7)], [], at(1))
    return place


def key(site: Site, number: int) -> str:
    return lake.pseudonym(site.secret("pseudonym"), f"c{number}")


def classes(site: Site, letters: str) -> ibis.Table:
    """The classes of c1, c2 …, one letter each, by one scheme."""
    rows = [(key(site, n), "value_grade", letter, None, n, 1, None) for n, letter in enumerate(letters, start=1)]
    return ibis.memtable(rows, schema=COLUMNS)


def record(site: Site, letters: str, hours: float, quarter: Quarter = QUARTER) -> gradings.Edition:
    return gradings.record(site, lake.open(site), quarter, classes(site, letters), moment(hours), at(hours + 0.1))


def seen(opened: lake.Lake, site: Site) -> dict[str, str]:
    """The classes in force, as one text for each quarter."""
    order = {key(site, n): n for n in range(1, 7)}
    rows = opened.gradings.to_pyarrow().to_pylist()
    rows.sort(key=lambda row: (row["quarter"], order.get(row["customer_key"], 99)))
    found: dict[str, str] = {}
    for row in rows:
        found[row["quarter"]] = found.get(row["quarter"], "") + row["class"]
    return found


def files(site: Site) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (site.lake / "gradings").rglob("*.parquet")}


def test_an_edition_says_what_it_was_made_from_and_a_later_one_leaves_it_as_it_is(site: Site) -> None:
    first = record(site, "AAB", 2)
    assert (first.quarter, first.number, first.version, first.new) == (QUARTER, 1, 2, True)
    before = files(site)
    second = record(site, "AABC", 3)
    assert (second.number, second.version, second.new) == (2, 3, True)
    assert before.items() < files(site).items(), "the old edition is byte-equal, in its own file"
    rows = lake.open(site).table("gradings").to_pyarrow().to_pylist()
    said = {(row["quarter"], row["edition"], row["lake_version"], row["as_of"], row["recorded_at"]) for row in rows}
    assert said == {
        ("2026-Q3", 1, 1, moment(1).replace(tzinfo=None), moment(2).replace(tzinfo=None)),
        ("2026-Q3", 2, 2, moment(2.1).replace(tzinfo=None), moment(3).replace(tzinfo=None)),
    }
    listed = {file.path: file.sha256 for file in manifest.read(site.lake, 3).files if file.table == "gradings"}
    assert len(listed) == 2
    assert lake.verify(site) > 0


def test_in_force_is_the_newest_edition_of_the_moment(site: Site) -> None:
    record(site, "AAB", 2, QUARTER.plus(-1))
    record(site, "AAB", 3)
    record(site, "CCC", 4)
    record(site, "NNN", 5, QUARTER.plus(-1))
    assert seen(lake.open(site, as_of=moment(2.5)), site) == {"2026-Q2": "AAB"}
    assert seen(lake.open(site, as_of=moment(3.5)), site) == {"2026-Q2": "AAB", "2026-Q3": "AAB"}
    assert seen(lake.open(site, version=4), site) == {"2026-Q2": "AAB", "2026-Q3": "CCC"}
    assert seen(lake.open(site), site) == {"2026-Q2": "NNN", "2026-Q3": "CCC"}
    newest = manifest.newest(site.lake)
    assert newest is not None
    assert gradings.editions(newest) == {QUARTER: 2, QUARTER.plus(-1): 2}


@pytest.mark.parametrize("rows_at_once", [2, 122_880])
def test_the_same_result_is_no_other_edition(
    site: Site, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    record(site, "AABCN", 2)
    before = {path: path.read_bytes() for path in site.lake.rglob("*") if path.is_file()}
    monkeypatch.setattr(gradings.schema, "ROW_GROUP", rows_at_once)
    again = record(site, "AABCN", 3)
    assert (again.number, again.version, again.new) == (1, 2, False)
    assert {path: path.read_bytes() for path in site.lake.rglob("*") if path.is_file()} == before
    for hours, other in enumerate(("AABCC", "AABC", "AABCNN"), start=4):
        assert record(site, other, hours).new
    assert not list((site.home / "run").glob(".grading-*")), "scratch folders are gone"


def test_nobody_to_grade_is_refused(site: Site) -> None:
    with refused(WrongState, "gradings.no_customers", quarter=QUARTER):
        record(site, "", 2)
    assert lake.open(site).version == 1


def test_who_is_erased_goes_from_every_edition(site: Site) -> None:
    record(site, "AABCN", 2)
    record(site, "ABBCN", 3)
    erasing.erase(site, {key(site, 2): True}, smallest_group=5, now=NOW)
    assert seen(lake.open(site, version=2), site) == {"2026-Q3": "ABCN"}
    assert seen(lake.open(site), site) == {"2026-Q3": "ABCN"}
    written = [pq.read_table(path).to_pylist() for path in files(site)]
    assert not any(row["customer_key"] == key(site, 2) for rows in written for row in rows)
    assert lake.verify(site) > 0


def test_compaction_keeps_every_edition_apart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "WORTH_IT", 4)
    for n in range(4):
        record(site, "ABC"[n % 3] * 3, 2 + n, QUARTER.plus(n % 2))
    before = seen(lake.open(site), site)
    assert lake.compact(site, at(20)) is not None
    assert seen(lake.open(site), site) == before
    assert not record(site, "AAA", 21, QUARTER.plus(1)).new, "what is in force says the same"
    assert record(site, "CCC", 22, QUARTER.plus(1)).number == 3


def test_a_grading_is_not_a_branchs_data_so_it_is_late_all_the_same(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "branches"
    folder.mkdir()
    (folder / "fuzhou").symlink_to(site.lake)
    due = 'zone = "UTC"\n\n[[branch]]\nname = "fuzhou"\nweekday = 1\nhours = 18\n'
    (folder / "branches.toml").write_text(due, "utf-8")
    record(site, "AAB", 40)  # on Tuesday; the data of Monday are not there
    opened = lake.open_branches(folder, as_of=moment(45))
    assert [(late.branch, late.published_at) for late in opened.late] == [("fuzhou", moment(1))]
    assert {row["branch"] for row in opened.gradings.to_pyarrow().to_pylist()} == {"fuzhou"}
    lake.publish(site, [customer(9, "c9")], [], at(41))
    assert not lake.open_branches(folder, as_of=moment(45)).late


KILLED = textwrap.dedent("""
    # For each number that is read, a child records an edition and kills itself at its so-manieth step.
    import os, pathlib, signal, sys
    import pyarrow.parquet as pq
    from custinfo.store import Site
    from tests.lake import test_gradings as here

    def step(wrapped):
        def run(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*args, **kwargs)
        return run

    left = [0]
    pathlib.Path.replace = step(pathlib.Path.replace)
    pq.ParquetWriter.close = step(pq.ParquetWriter.close)
    site = Site.load(pathlib.Path(sys.argv[1]))
    for line in sys.stdin:
        left[0] = int(line)
        child = os.fork()
        if not child:
            here.record(site, "ABC", 3)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
""")


def test_killed_at_any_step_an_edition_is_whole_or_not_there(site: Site) -> None:
    record(site, "AAB", 2)
    killed = 0
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(site.home)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        while len(manifest.versions(site.lake)) == 2:
            print(killed + 1, file=process.stdin, flush=True)
            status = int(process.stdout.readline())
            assert status in (0, -signal.SIGKILL)
            killed += 1
        process.stdin.close()
    assert killed > 4
    assert seen(lake.open(site), site) == {"2026-Q3": "ABC"}
    assert not record(site, "ABC", 4).new
    assert lake.verify(site) > 0
