"""Tables that custinfo fills: each row once, as of any moment, whole or not at all, and without whoever was erased."""

import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.actions import lake as lake_actions
from custinfo.domain.errors import WrongState
from custinfo.domain.people import SERVICE
from custinfo.lake import branches, erasing, manifest, published_tables, schema
from custinfo.lake.published_tables import MOMENT, PublishedTable, TableRow
from custinfo.store import withheld
from custinfo.store.site import Site
from tests.factories import empty_site
from tests.test_lake import at, customer, moment, refused, rows

GRADES = PublishedTable(
    "test_grades",
    pa.schema([
        pa.field("customer_key", pa.string(), nullable=False), pa.field("grade", pa.string()),
        pa.field("score", pa.int64()), pa.field("recorded_at", MOMENT, nullable=False),
    ]),
    when_erased="keep", blanked=("score",),
)  # fmt: skip
LINKS = PublishedTable(
    "test_links",
    pa.schema([
        pa.field("loser_key", pa.string(), nullable=False), pa.field("survivor_key", pa.string(), nullable=False),
        pa.field("recorded_at", MOMENT, nullable=False),
    ]),
    keys=("loser_key", "survivor_key"),
)  # fmt: skip
WORDS = PublishedTable(
    "test_words", pa.schema([pa.field("word", pa.string()), pa.field("recorded_at", MOMENT, nullable=False)]), keys=()
)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    for table in (GRADES, LINKS, WORDS):
        monkeypatch.setitem(published_tables.TABLES, table.name, table)
        monkeypatch.setitem(schema.TABLES, table.name, table.columns)
    monkeypatch.setattr(schema, "FOLDERS", (*schema.FOLDERS, "test_grades", "test_links", "test_words"))


@pytest.fixture
def site(tmp_path):
    """Three customers in version 1."""
    place = Site.create(tmp_path / "site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in (1, 2, 3)], [], at(1))
    return place


def key(site, customer_id):
    return lake.pseudonym(site.secret("pseudonym"), customer_id)


def grade(site, seq, customer_id, value, hours):
    values = {"customer_key": key(site, customer_id), "grade": value, "score": seq, "recorded_at": moment(hours)}
    return TableRow(seq, values)


def publish(site, hours, **tables):
    return lake.publish(site, [], [], at(hours), tables=tables)


def part(site, name, values, hours, of=None):
    rows_of = pa.table({"grade": ["A"] * len(values), "score": [7] * len(values), "customer_key": values})
    return lake.append(
        site, "test_grades", name, rows_of.to_batches(), of=of or lake.open(site).manifest, recorded_at=moment(hours),
        now=at(hours + 0.5),
    )  # fmt: skip


def grades(opened):
    return sorted(row["grade"] for row in rows(opened.table("test_grades")))


def test_rows_of_the_store_are_published_once_and_read_as_of_any_moment(site):
    first = [grade(site, 4, "c1", "A", 1), grade(site, 9, "c2", "B", 2)]
    assert publish(site, 3, test_grades=first).last_seqs == {"test_grades": 9}
    assert publish(site, 4, test_grades=first) is None
    assert publish(site, 5, test_grades=[*first, grade(site, 10, "c1", "C", 4)]).version == 3
    assert lake.publish(site, [customer(4, "c4")], [], at(6)).last_seqs == {"test_grades": 10}
    assert grades(lake.open(site)) == ["A", "B", "C"]
    assert grades(lake.open(site, as_of=moment(3))) == grades(lake.open(site, version=2)) == ["A", "B"]
    assert grades(lake.open(site, as_of=moment(1))) == []
    assert lake.log(site.lake)[-1].rows["test_grades"] == 3
    assert lake.verify(site) > 0
    with pytest.raises(ValueError, match="comes after"):
        publish(site, 7, test_grades=[grade(site, 12, "c1", "A", 6), grade(site, 11, "c1", "A", 6)])


def test_a_computed_part_is_appended_once_for_its_name(site):
    appended = part(site, "2026-Q3-1", [key(site, "c1")], 2)
    assert (appended.version, appended.parts) == (2, ("test_grades/2026-Q3-1",))
    assert part(site, "2026-Q3-1", [key(site, "c2")], 3) is None
    assert lake.publish(site, [customer(4, "c4")], [], at(4)).parts == appended.parts
    assert part(site, "2026-Q3-2", [], 5).parts == (*appended.parts, "test_grades/2026-Q3-2")
    (row,) = rows(lake.open(site).table("test_grades"))
    assert (row["grade"], row["recorded_at"]) == ("A", moment(2).replace(tzinfo=None))
    with pytest.raises(ValueError, match="cannot be the name"):
        part(site, "../x", [], 6)


def test_killed_before_its_manifest_a_part_is_not_there_and_comes_whole_later(site, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(manifest, "write", killed)
        part(site, "p1", [key(site, "c1")], 2)
    assert grades(lake.open(site)) == []
    assert part(site, "p1", [key(site, "c1"), key(site, "c2")], 3).version == 2
    assert grades(lake.open(site)) == ["A", "A"]
    assert lake.verify(site) > 0


def test_what_was_computed_of_somebody_who_was_erased_meanwhile_is_not_published(site):
    of = lake.open(site).manifest
    erasing.erase(site, {key(site, "c1"): True}, smallest_group=5, now=moment(2))
    with refused(WrongState, "lake.erased_meanwhile", version=1):
        part(site, "p1", [key(site, "c1")], 3, of=of)
    assert part(site, "p1", [key(site, "c2")], 3).version == 2


def test_who_is_erased_goes_from_every_column_that_points_to_customers(site):
    c1, c2, c3 = (key(site, name) for name in ("c1", "c2", "c3"))
    links = [TableRow(n, {"loser_key": a, "survivor_key": b, "recorded_at": moment(1)}) for n, (a, b) in
             enumerate([(c1, c2), (c2, c3), (c3, c1)], start=1)]  # fmt: skip
    words = [TableRow(1, {"word": "茶", "recorded_at": moment(1)})]
    publish(site, 2, test_grades=[grade(site, 1, "c1", "A", 1), grade(site, 2, "c2", "B", 1)], test_links=links,
            test_words=words)  # fmt: skip
    assert erasing.erase(site, {c1: True}, smallest_group=5, now=moment(3)).customers == 1
    opened = lake.open(site)
    gone, kept = sorted(rows(opened.table("test_grades")), key=lambda row: row["grade"])
    assert (gone["grade"], gone["score"], gone["customer_key"] == c1) == ("A", None, False)
    assert (kept["customer_key"], kept["score"]) == (c2, 2)
    assert gone["customer_key"] in {row["customer_key"] for row in rows(opened.customers)}, "they are one still"
    assert [(row["loser_key"], row["survivor_key"]) for row in rows(opened.table("test_links"))] == [(c2, c3)]
    assert [row["word"] for row in rows(opened.table("test_words"))] == ["茶"]
    assert lake.verify(site) > 0
    content = b"".join(path.read_bytes() for path in site.lake.rglob("*") if path.is_file())
    assert c1.encode() not in content


def test_who_withdrew_is_left_out_and_branches_keep_their_customers_apart(site, tmp_path):
    c1, c2 = key(site, "c1"), key(site, "c2")
    publish(site, 2, test_grades=[grade(site, 1, "c1", "A", 1), grade(site, 2, "c2", "B", 1)],
            test_links=[TableRow(1, {"loser_key": c2, "survivor_key": c1, "recorded_at": moment(1)})])  # fmt: skip
    folder = tmp_path / "lakes"
    folder.mkdir()
    (folder / branches.FILE).write_text(
        'zone = "Asia/Shanghai"\n[[branch]]\nname = "fuzhou"\nweekday = 1\nhours = 18\n'
    )
    (folder / "fuzhou").symlink_to(site.lake, target_is_directory=True)
    together = lake.open_branches(folder, as_of=moment(3))
    assert {row["survivor_key"] for row in rows(together.table("test_links"))} == {f"fuzhou/{c1}"}
    assert {row["branch"] for row in rows(together.table("test_grades"))} == {"fuzhou"}
    withheld.write(site.lake, [withheld.Withheld(c1, "analysis", "2026-11-01T00:00:00.000000Z")])
    assert grades(lake.open(site)) == ["B"]
    assert rows(lake.open(site).table("test_links")) == []


def test_the_daily_publishing_takes_what_the_sources_have(tmp_path, monkeypatch):
    asked = []

    def source(store, after):
        asked.append(after)
        return [grade(store.site, 3, "c1", "A", -100)] if after < 3 else []

    monkeypatch.setattr(lake_actions, "SOURCES", {"test_grades": source})
    with empty_site(tmp_path / "site") as store:
        assert lake_actions.publish(store, SERVICE).last_seqs == {"test_grades": 3}
        assert lake_actions.publish(store, SERVICE) is None
        assert asked == [0, 3]
        assert grades(lake.open(store.site)) == ["A"]
