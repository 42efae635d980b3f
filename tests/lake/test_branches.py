"""Many branches in one lake: their customers stay apart, and who is late is named."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import custinfo
from custinfo import lake
from custinfo.cli import main
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, SiteFault, WrongState
from custinfo.lake import branches, extracts
from custinfo.lake.branches import Branch
from custinfo.lake.published_tables import GRADINGS
from custinfo.screens.explorer_list import as_csv
from custinfo.screens.explorer_view import Listing, Place, View
from custinfo.store import withheld
from custinfo.store.site import Site
from tests.test_lake import at, batch, customer, moment, refused, rows

# moment(0) is Sunday 2026-11-01, 20:00 in Shanghai
LIST = """zone = "Asia/Shanghai"

[[branch]]
name = "fuzhou"
weekday = 1
hours = 18

[[branch]]
name = "xiamen"
day = 1
hours = 12
"""
MONDAY = datetime(2026, 11, 1, 16, tzinfo=UTC)
"""The beginning of Monday the second in Shanghai."""


@pytest.fixture
def folder(tmp_path):
    """Two branches whose data lie in one folder: fuzhou publishes at 1 h, xiamen at 2 h."""
    together = tmp_path / "lakes"
    together.mkdir()
    (together / branches.FILE).write_text(LIST)
    for name, hours in (("fuzhou", 1), ("xiamen", 2)):
        publish(together, name, hours, 1)
    return together


def publish(folder, name, hours, seq, **options):
    """A branch's site, whose lake lies in the common folder."""
    home = folder.parent / name
    if not home.exists():
        site = Site.create(home, name=name)
        (folder / name).mkdir()
        site.lake.symlink_to(folder / name, target_is_directory=True)
    site = Site.load(home)
    cards = [] if options else [customer(seq, f"c{seq}", hours=hours)]
    sold = [] if options else [batch(site, f"B{seq}", hours=hours, count=2)]
    return lake.publish(site, cards, sold, at(hours), **options)


def test_all_branches_are_read_together_and_their_customers_stay_apart(folder):
    opened = lake.open_branches(folder, as_of=moment(3))
    found = rows(opened.customers)
    assert sorted(row["branch"] for row in found) == ["fuzhou", "xiamen"]
    assert all(row["customer_key"].startswith(f"{row['branch']}/") for row in found)
    assert len({row["customer_key"] for row in found}) == 2
    # Both sold to the customer "k" of their own
    sales = rows(opened.sales)
    assert len(sales) == 4
    assert {row["customer_key"] for row in sales} == {"fuzhou/k", "xiamen/k"}
    assert dict(opened.versions) == {"fuzhou": 1, "xiamen": 1}
    assert opened.as_of == moment(3)


def test_what_one_branch_has_is_what_its_own_lake_has(folder):
    together, alone = lake.open_branches(folder, as_of=moment(3)), lake.open_folder(folder / "fuzhou")
    theirs = together.sales.filter(together.sales.branch == "fuzhou").drop("branch")
    assert rows(theirs) == [row | {"customer_key": f"fuzhou/{row['customer_key']}"} for row in rows(alone.sales)]
    assert rows(together.region) == rows(alone.region)
    assert rows(together.found["web_events"]) == []


def test_as_of_a_moment_a_branch_that_had_published_nothing_is_missing(folder):
    opened = lake.open_branches(folder, as_of=moment(1.5))
    assert dict(opened.versions) == {"fuzhou": 1}
    assert {row["branch"] for row in rows(opened.customers)} == {"fuzhou"}
    with refused(WrongState, "lake.no_branch"):
        lake.open_branches(folder, as_of=moment(0.5))


def test_whoever_withdrew_at_a_branch_is_left_out(folder):
    (key,) = [row["customer_key"] for row in rows(lake.open_folder(folder / "fuzhou").customers)]
    withheld.write(folder / "fuzhou", [withheld.Withheld(key, "analysis", "2026-11-01T00:00:00.000000Z")])
    assert [row["branch"] for row in rows(lake.open_branches(folder, as_of=moment(3)).customers)] == ["xiamen"]


def late(folder, when):
    return {one.branch: one for one in lake.open_branches(folder, as_of=when).late}


def test_a_branch_is_late_when_the_hours_after_its_day_began_are_over(folder):
    # xiamen published on Sunday the first, its day; fuzhou is due on Monday until 18:00
    assert late(folder, MONDAY + timedelta(hours=17, minutes=59)) == {}
    found = late(folder, MONDAY + timedelta(hours=18))
    assert set(found) == {"fuzhou"}
    assert (found["fuzhou"].due, found["fuzhou"].published_at) == (MONDAY + timedelta(hours=18), moment(1))
    publish(folder, "fuzhou", 50, 2)
    assert late(folder, moment(60)) == {}
    assert set(late(folder, MONDAY + timedelta(hours=18))) == {"fuzhou"}, "then it was late, and ever after"
    assert set(late(folder, MONDAY + timedelta(days=7, hours=18))) == {"fuzhou"}


def test_a_branch_with_nothing_new_says_so_and_is_not_late(folder):
    assert publish(folder, "fuzhou", 6, 1, even_unchanged=True) is not None
    assert late(folder, MONDAY + timedelta(hours=18)) == {}
    assert len(rows(lake.open_branches(folder, as_of=moment(9)).sales)) == 4


def test_a_branch_that_never_published_is_late(folder):
    (folder / branches.FILE).write_text(LIST + '\n[[branch]]\nname = "quanzhou"\nweekday = 7\nhours = 0\n')
    found = late(folder, moment(3))
    assert (found["quanzhou"].published_at, found["quanzhou"].due) == (None, MONDAY - timedelta(days=1))


def test_a_new_branch_publishes_a_first_version_with_nothing_in_it(tmp_path):
    site = Site.create(tmp_path / "site", name="x")
    published = lake.publish(site, [], [], at(1), even_unchanged=True)
    assert published is not None
    assert rows(lake.open(site).customers) == []
    assert lake.verify(site) > 0


def test_rows_of_few_customers_are_refused_over_all_branches(folder):
    opened = lake.open_branches(folder, as_of=moment(3))
    with refused(NotAllowed, "lake.extract_small", k=5):
        lake.extract(opened, opened.customers)


def test_a_company_of_many_branches_does_not_make_enough_customers_of_few(folder):
    for n in range(3, 6):
        publish(folder, "fuzhou", n, n)
        publish(folder, "xiamen", n, n)
    opened = lake.open_branches(folder, as_of=moment(9))
    assert len(rows(opened.customers)) == 8, "each branch has four, which may be the same four companies"
    with refused(NotAllowed, "lake.extract_small", k=5):
        lake.extract(opened, opened.customers)
    publish(folder, "xiamen", 9, 9)
    opened = lake.open_branches(folder, as_of=moment(10))
    assert lake.extract(opened, opened.customers).num_rows == 9


def test_versions_that_a_result_lists_give_it_again_whatever_came_in_since(folder):
    first = lake.open_branches(folder, as_of=moment(9))
    before = rows(first.sales), rows(first.customers)
    publish(folder, "xiamen", 5, 2)  # its copy was on the way
    assert rows(lake.open_branches(folder, as_of=moment(9)).sales) != before[0]
    again = lake.open_branches(folder, as_of=moment(9), versions=first.versions)
    assert (rows(again.sales), rows(again.customers)) == before
    assert dict(again.versions) == dict(first.versions) == {"fuzhou": 1, "xiamen": 1}
    alone = lake.open_branches(folder, as_of=moment(9), versions={"xiamen": 2})
    assert {row["branch"] for row in rows(alone.customers)} == {"xiamen"}
    with refused(NotFound, "lake.no_version", version=9):
        lake.open_branches(folder, as_of=moment(9), versions={"xiamen": 9})
    with refused(BadInput, "lake.branch_unknown", branch="putian"):
        lake.open_branches(folder, as_of=moment(9), versions={"putian": 1})


def test_who_is_late_is_said_in_a_sentence(folder):
    (late,) = lake.open_branches(folder, as_of=MONDAY + timedelta(hours=19)).late
    said = late.text("zh-CN", ZoneInfo("Asia/Shanghai"))
    assert (late.branch, "2026-11-02 18:00" in said, "2026-11-01 21:00" in said) == ("fuzhou", True, True)
    assert "has not published" in lake.Late("putian", MONDAY, None).text("en")


def test_who_is_late_is_named_with_the_rows_that_are_handed_out(folder, tmp_path):
    for n in range(3, 7):
        publish(folder, "xiamen", n, n)
    opened = lake.open_branches(folder, as_of=MONDAY + timedelta(hours=19))
    (late,) = opened.late
    taken = lake.extract(opened, opened.customers)
    assert extracts.late(taken) == (late,)
    pq.write_table(taken, tmp_path / "extract.parquet")
    assert extracts.late(pq.read_table(tmp_path / "extract.parquet")) == (late,)
    in_time = lake.open_branches(folder, as_of=moment(9))
    assert extracts.late(lake.extract(in_time, in_time.customers)) == ()
    # The list of a screen, as a file for a spreadsheet
    place = Place("", ZoneInfo("Asia/Shanghai"), demo=False)
    listing = Listing("list", lambda view: view.opened.customers, (), "customer_key", "customer_key")
    shown = as_csv(View(place, opened, "en", "segments"), listing, taken).decode("utf-8-sig").splitlines()
    assert shown[0] == "customer_key"
    assert len(shown) == 1 + taken.num_rows + 1
    assert shown[-1].strip('"') == late.text("en", place.zone)


def graded(folder, name, hours, *classes):
    """A branch grades its customers for 2026-Q3: a class each."""
    site = Site.load(folder.parent / name)
    columns = GRADINGS.columns.remove(GRADINGS.columns.get_field_index("recorded_at"))
    same = {"quarter": "2026-Q3", "edition": 1, "scheme": "value_grade", "rule_version": 1, "lake_version": 1}
    rows = [
        dict.fromkeys(columns.names) | same
        | {"customer_key": f"k{n}", "class": one, "as_of": moment(0).replace(tzinfo=None)}
        for n, one in enumerate(classes)
    ]  # fmt: skip
    lake.append(
        site, "gradings", "2026-Q3-1", pa.Table.from_pylist(rows, columns).to_batches(), of=lake.newest(site.lake),
        recorded_at=moment(hours), now=at(hours),
    )  # fmt: skip


def test_head_office_reads_the_classes_of_all_branches_and_who_is_missing(folder, monkeypatch):
    monkeypatch.setattr(clock, "utc_now", lambda: MONDAY + timedelta(hours=19))

    def told(*options):
        command = ["classify", "--branches", str(folder), "--quarter", "2026-Q3", *options]
        return CliRunner().invoke(main, command, env={"CUSTINFO_LANGUAGE": "en"})

    assert "No branch has graded 2026-Q3 yet" in told().output
    graded(folder, "fuzhou", 5, "A", "B", "B")
    found = json.loads(told("--json").output)
    assert (found["schemes"]["value_grade"], found["without"]) == ({"B": 2, "A": 1}, ["xiamen"])
    assert "xiamen" in told().output
    graded(folder, "xiamen", 6, "A", "A")
    found = json.loads(told("--json").output)
    assert found["schemes"]["value_grade"] == {"A": 3, "B": 2}
    assert (found["versions"], found["without"]) == ({"fuzhou": 2, "xiamen": 2}, [])
    assert "fuzhou were due" in found["late"][0]
    assert "A 3, B 2" in told().output
    assert "were due at" in told().output


def test_open_finds_out_by_itself_that_a_folder_holds_branches(folder, monkeypatch):
    opened = custinfo.open(folder, as_of=moment(3))
    assert len(rows(opened.customers)) == 2
    monkeypatch.setattr(clock, "utc_now", lambda: moment(1500))
    assert {one.branch for one in custinfo.open(folder).late} == {"fuzhou", "xiamen"}
    assert custinfo.open(folder / "xiamen").late == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (None, "branches_missing"),
        ("zone = ", "branches_wrong"),
        (LIST.replace("Asia/Shanghai", "Asia/Nowhere"), "branches_wrong"),
        (LIST.replace('zone = "Asia/Shanghai"\n', ""), "branches_wrong"),
        (LIST.replace("weekday = 1", "weekday = 8"), "branches_wrong"),
        (LIST.replace("weekday = 1", "weekday = 1\nday = 3"), "branches_wrong"),
        (LIST.replace("weekday = 1\n", ""), "branches_wrong"),
        (LIST.replace("hours = 18", 'hours = "18"'), "branches_wrong"),
        (LIST.replace('"fuzhou"', '"../fuzhou"'), "branches_wrong"),
        (LIST.replace('"fuzhou"', '"xiamen"'), "branches_wrong"),
        (LIST.replace("hours = 18", "hours = 18\nhour = 3"), "branches_wrong"),
        ('zone = "Asia/Shanghai"\nbranch = []\n', "branches_wrong"),
        ('zone = "Asia/Shanghai"\nbranch = "x"\n', "branches_wrong"),
        ("surplus = 1\n" + LIST, "branches_wrong"),
        (LIST.partition("[[branch]]\nname = \"xiamen")[0], "branch_unlisted"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_in_order_is_said_in_words(folder, text, key):
    (folder / branches.FILE).unlink()
    if text is not None:
        (folder / branches.FILE).write_text(text)
    with refused(SiteFault, f"lake.{key}"):
        lake.open_branches(folder, as_of=moment(3))


def test_a_branch_that_is_half_copied_is_an_error_and_not_left_out(folder):
    next((folder / "fuzhou" / "sales").iterdir()).unlink()
    with refused(SiteFault, "lake.missing"):
        lake.open_branches(folder, as_of=moment(3))
    with pytest.raises(NotFound):
        lake.open_folder(folder / "xiamen", as_of=moment(1))


BRANCHES = st.builds(Branch, name=st.just("b"), weekday=st.integers(1, 7), hours=st.integers(0, 672)) | st.builds(
    Branch, name=st.just("b"), day=st.integers(1, 31), hours=st.integers(0, 672)
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=80, deadline=None)
@given(BRANCHES, MOMENTS, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC"]))
def test_there_is_always_a_due_day_and_its_hours_are_over(branch, when, zone):
    begun = branch.due_day(when, branches.ZoneInfo(zone))
    local = begun.astimezone(branches.ZoneInfo(zone))
    assert (local.hour, local.minute) == (0, 0)
    assert branch.is_due_on(local.date())
    assert begun + timedelta(hours=branch.hours) <= when
    # No later one would do
    for days in range(1, 40):
        later = local.date() + timedelta(days=days)
        if branch.is_due_on(later):
            start = datetime(later.year, later.month, later.day, tzinfo=branches.ZoneInfo(zone))
            assert start + timedelta(hours=branch.hours) > when - timedelta(hours=1), "a day is 23 to 25 hours long"
