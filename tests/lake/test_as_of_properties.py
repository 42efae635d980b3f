"""What was known at a moment never changes afterwards, whatever is published, corrected, merged, graded or compacted."""

import fcntl
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain import clock
from custinfo.domain.errors import BadInput
from custinfo.lake import compaction, locking, published_tables, schema, superseding
from custinfo.lake.publishing import BatchRow, EntityVersionRow
from custinfo.store.site import Site
from tests.test_lake import at, batch, customer, moment, refused, some_sales

ACTS = ("publish", "late", "correct", "merge", "undo", "grade", "compact")


@dataclass
class World:
    """A lake to which things happen, one an hour."""

    site: Site
    hour: int = 0
    cards: list[EntityVersionRow] = field(default_factory=list)
    batches: list[BatchRow] = field(default_factory=list)
    links: list[published_tables.TableRow] = field(default_factory=list)
    editions: int = 0

    def do(self, act):
        self.hour += 1
        getattr(self, act)()

    def publish(self):
        """A new card of one of three customers, recorded before the last moment that was asked for."""
        n = len(self.cards) + 1
        self.cards.append(customer(n, f"c{n % 3}", n, self.hour - 0.7, staff=str(n)))
        self._publish()

    def late(self):
        """A batch that was registered before the versions that are there, and never published."""
        self.batches.append(batch(self.site, f"B{self.hour}", 0, count=1))
        self._publish()

    def correct(self):
        """A batch that replaces rows of the first."""
        name = f"B{self.hour}"
        columns = schema.SUPERSEDED.remove(schema.SUPERSEDED.get_field_index("recorded_at"))
        row = {"batch_id": "B0", "row_id": f"L{self.hour % 3}", "customer_key": "k"}
        gone = pa.Table.from_pylist([row], columns)
        written = lake.write_batch(self.site, name, some_sales(1, self.hour), moment(self.hour - 0.7))
        out = superseding.write(self.site, name, gone, moment(self.hour - 0.7))
        self.batches.append(BatchRow(name, moment(self.hour - 0.7), written, out))
        self._publish()

    def merge(self, survivor="x"):
        key = lake.pseudonym(self.site.secret("pseudonym"), "c1")
        values = {"customer_key": key, "survivor_key": survivor, "recorded_at": moment(self.hour - 0.7)}
        self.links.append(published_tables.TableRow(len(self.links) + 1, values))
        self._publish()

    def undo(self):
        self.merge(None)

    def grade(self):
        self.editions += 1
        columns = published_tables.GRADINGS.columns
        columns = columns.remove(columns.get_field_index("recorded_at"))
        row = dict.fromkeys(columns.names) | {
            "customer_key": "k", "quarter": "2026-Q3", "edition": self.editions, "scheme": "value_grade", "class": "A",
            "rule_version": 1, "lake_version": 1, "as_of": moment(0).replace(tzinfo=None),
        }  # fmt: skip
        lake.append(
            self.site, "gradings", f"2026-Q3-{self.editions}", pa.Table.from_pylist([row], columns).to_batches(),
            of=lake.newest(self.site.lake), recorded_at=moment(self.hour - 0.7), now=at(self.hour),
        )  # fmt: skip

    def compact(self):
        lake.compact(self.site, at(self.hour))

    def _publish(self):
        lake.publish(self.site, self.cards, self.batches, at(self.hour), tables={"merged": self.links})

    def seen(self, hours):
        """What is read as of a moment."""
        opened = lake.open(self.site, as_of=moment(hours))
        asked = (opened.customers, opened.sales, opened.gradings)
        return opened.version, [sorted(map(str, table.to_pyarrow().to_pylist())) for table in asked]


@pytest.mark.guarantee("lake-as-of")
@settings(max_examples=4, deadline=None, database=None, phases=[Phase.generate])  # to shrink takes minutes
@given(st.lists(st.sampled_from(ACTS), min_size=3, max_size=6))
def test_what_was_known_at_a_moment_never_changes_afterwards(acts):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "WORTH_IT", 2)
        world = World(Site.create(Path(folder) / "site", name="海风"))
        patch.setattr(clock, "utc_now", lambda: moment(world.hour + 0.4))
        world.batches.append(batch(world.site, "B0", 0, count=3))
        world.publish()
        known = {}
        for act in acts:
            known[world.hour + 0.4] = world.seen(world.hour + 0.4)
            world.do(act)
        assert {asked: world.seen(asked) for asked in known} == known


@pytest.mark.guarantee("lake-as-of")
def test_who_looks_while_a_version_appears_sees_what_everybody_sees_of_that_moment_afterwards(tmp_path):
    """Between the moment of a version and its being seen: a reader waits for it."""
    site = Site.create(tmp_path / "site", name="海风")
    lake.publish(site, [customer(1, "c1")], [], clock.utc_now)
    seen = []

    def look(as_of):
        seen.append(lake.open(site, as_of=as_of).version)

    def witness(*_):
        readers.append(threading.Thread(target=look, args=[clock.utc_now()]))
        readers[0].start()
        readers[0].join(0.5)

    readers = []
    lake.publish(site, [customer(2, "c2")], [], clock.utc_now, witness=witness)
    readers[0].join()
    assert seen == [2]


def test_a_moment_before_the_newest_version_waits_for_nobody(tmp_path):
    site = Site.create(tmp_path / "site", name="海风")
    lake.publish(site, [customer(1, "c1")], [], at(1))
    with locking.becoming_visible(site.lake):
        assert lake.open(site, as_of=moment(1)).version == 1
        assert lake.open(site).version == 1


def test_a_reader_who_will_not_let_go_keeps_nobody_from_publishing(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "_PATIENCE", 0.05)
    site = Site.create(tmp_path / "site", name="海风")
    lake.publish(site, [customer(1, "c1")], [], at(1))
    with (site.lake / locking._BECOMING).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert lake.publish(site, [customer(2, "c2")], [], at(2)) is not None
    assert lake.open(site).version == 2


@pytest.mark.parametrize("folder", [False, True])
def test_a_moment_to_come_is_refused(tmp_path, folder):
    site = Site.create(tmp_path / "site", name="海风")
    lake.publish(site, [customer(1, "c1")], [], at(1))
    to_come = clock.utc_now() + timedelta(minutes=1)
    with refused(BadInput, "lake.as_of_future", as_of=to_come.isoformat(" ", "minutes")):
        lake.open_folder(site.lake, as_of=to_come) if folder else lake.open(site, as_of=to_come)
    assert lake.open(site, as_of=clock.utc_now()).version == 1
