"""Prepared tables: computed once, read by everybody, never of another lake, day, rule or person left out."""

import ibis
import pytest

from custinfo import lake
from custinfo.classification import rules
from custinfo.domain.errors import BadInput
from custinfo.lake import erasing, locking, prepared
from custinfo.lake.prepared import Made, Recipe
from custinfo.store import group_read, withheld
from custinfo.store.site import Site
from tests.test_lake import at, batch, customer, moment

DAY = moment(0).date()


class Counting:
    """A recipe that says how often it was asked; `meanwhile` happens while it computes."""

    def __init__(self, meanwhile=lambda: None):
        self.asked, self.meanwhile = 0, meanwhile
        self.recipe = Recipe("staff", ("rfm.toml",), self.make)

    def make(self, opened, on):
        self.asked += 1
        known = opened.customers.select("customer_key", "staff").cache()
        said = {"sum": int(known.staff.sum().to_pyarrow().as_py()), "quoted": "it's 好"}
        self.meanwhile()
        return Made({"cards": known, "few": ibis.memtable({"on": [str(on)]})}, said)

    def of(self, opened, on=DAY):
        found = prepared.prepared(opened, self.recipe, on)
        keys = sorted(found.tables["cards"].to_pyarrow()["customer_key"].to_pylist())
        assert found.tables["few"].to_pyarrow().to_pylist() == [{"on": str(on)}]
        return keys, dict(found.said)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(prepared, "WORTH_IT", 1)


@pytest.fixture
def site(tmp_path):
    place = Site.create(tmp_path / "海风's site", name="海风")
    lake.publish(place, [customer(n, f"c{n}") for n in range(1, 6)], [batch(place, "B1")], at(1))
    return place


def key(site, customer_id):
    return lake.pseudonym(site.secret("pseudonym"), customer_id)


def kept(site):
    return sorted((site.lake / prepared.FOLDER).glob("*.duckdb"))


def withdraw(site, *customers, purpose="analysis"):
    withheld.write(site.lake, [withheld.Withheld(one, purpose, "2026-11-01T00:00:00.000000Z") for one in customers])


def test_it_is_computed_once_and_read_by_everybody_after(site):
    counting = Counting()
    first = counting.of(lake.open(site))
    assert first[1] == {"sum": 60, "quoted": "it's 好"} and len(first[0]) == 5
    assert counting.of(lake.open(site)) == first
    assert counting.of(lake.open_folder(site.lake)) == first, "an account that may read the lake alone"
    assert counting.asked == 1 and len(kept(site)) == 1
    assert lake.verify(site) > 0


def test_an_account_that_may_read_the_lake_alone_computes_what_is_not_there_and_writes_nothing(site):
    counting = Counting()
    assert len(counting.of(lake.open_folder(site.lake))[0]) == 5
    assert not (site.lake / prepared.FOLDER).exists()


@pytest.mark.parametrize("changed", ["day", "sales", "cards", "rule", "software", "withdrawn"])
def test_what_it_depends_on_makes_it_anew_and_the_old_one_goes(site, changed, monkeypatch, tmp_path):
    counting, day = Counting(), DAY
    counting.of(lake.open(site))
    (old,) = kept(site)
    if changed == "day":
        day = moment(24).date()
    elif changed == "sales":
        lake.publish(site, [], [batch(site, "B2", 2)], at(3))
    elif changed == "cards":
        lake.publish(site, [customer(6, "c1", 2, 2, staff="99")], [], at(3))
    elif changed == "rule":
        (tmp_path / "rfm.toml").write_bytes((rules.FOLDER / "rfm.toml").read_bytes() + b"\n")
        monkeypatch.setattr(rules, "FOLDER", tmp_path)
    elif changed == "software":
        monkeypatch.setattr(prepared, "_software", lambda _: "another")
    else:
        withdraw(site, key(site, "c1"))
    found, _ = counting.of(lake.open(site), day)
    assert counting.asked == 2 and (key(site, "c1") in found) == (changed != "withdrawn")
    assert len(kept(site)) == 1 and kept(site) != [old]


def test_what_it_does_not_depend_on_leaves_it_as_it_is(site):
    counting = Counting()
    counting.of(lake.open(site))
    lake.publish(site, [], [], at(3), even_unchanged=True)
    withdraw(site, "somebody whom the lake does not know yet")
    counting.of(lake.open(site))
    withdraw(site, key(site, "c1"), purpose="marketing")
    counting.of(lake.open(site))
    assert counting.asked == 1


def test_an_earlier_moment_is_computed_and_not_kept(site):
    lake.publish(site, [customer(6, "c9", hours=2)], [], at(3))
    counting = Counting()
    assert len(counting.of(lake.open(site))[0]) == 6
    assert len(counting.of(lake.open(site, as_of=moment(1.5), version=2))[0]) == 5
    assert len(counting.of(lake.open(site, version=1))[0]) == 5
    assert counting.asked == 3 and len(kept(site)) == 1


@pytest.mark.guarantee("erasure-old-files")
def test_whoever_is_erased_is_in_no_file(site):
    gone = key(site, "c2")
    counting = Counting()
    assert gone in counting.of(lake.open(site))[0]
    erasing.erase(site, {gone: False}, smallest_group=1, now=moment(9))
    assert not (site.lake / prepared.FOLDER).exists()
    found, _ = counting.of(lake.open(site))
    assert gone not in found and len(found) == 5
    assert all(gone.encode() not in path.read_bytes() for path in site.lake.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["erased", "withdrawn", "published"])
def test_what_comes_while_it_is_computed_keeps_it_from_being_kept(site, how):
    gone = key(site, "c2")

    def meanwhile():
        if how == "erased":
            erasing.erase(site, {gone: False}, smallest_group=1, now=moment(9))
        elif how == "withdrawn":
            withdraw(site, gone)
        else:
            lake.publish(site, [customer(6, "c9", hours=2)], [], at(3))

    counting = Counting(meanwhile)
    assert len(counting.of(lake.open(site))[0]) == 5
    assert not [path for path in (site.lake / prepared.FOLDER).rglob("*") if path.is_file()]


def test_while_somebody_else_writes_or_nobody_may_it_is_computed_in_memory(site, monkeypatch):
    counting = Counting()
    with locking.sole_writer(site.lake):
        assert len(counting.of(lake.open(site))[0]) == 5
    assert not kept(site)

    def refused(_):
        raise PermissionError(13, "may not")

    monkeypatch.setattr(group_read, "make_folder", refused)
    assert len(counting.of(lake.open(site))[0]) == 5
    assert counting.asked == 2 and not kept(site)


def test_a_small_lake_and_a_site_that_wants_none_have_no_files(site, monkeypatch):
    counting = Counting()
    monkeypatch.setattr(prepared, "WORTH_IT", 1_000)
    counting.of(lake.open(site))
    assert not kept(site) and not prepared.worth_it(site)
    monkeypatch.setattr(prepared, "WORTH_IT", 1)
    assert prepared.worth_it(site)
    settings = site.home / "site.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[lake]\ninteractive = false\n", "utf-8")
    unwanted = Site.load(site.home)
    counting.of(lake.open(unwanted))
    assert not kept(site) and not prepared.worth_it(unwanted)


def test_a_file_that_was_changed_is_not_read_and_goes(site):
    counting = Counting()
    first = counting.of(lake.open(site))
    (file,) = kept(site)
    whole = file.read_bytes()
    file.write_bytes(whole[:-4096])
    assert counting.of(lake.open(site)) == first and counting.asked == 2
    file.write_bytes(b"\0" * len(whole))
    assert counting.of(lake.open(site)) == first and counting.asked == 3
    (file,) = kept(site)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = lake.verify(site)
    assert not kept(site)
    assert lake.verify(site) == before


def test_refreshing_makes_what_is_missing_and_takes_away_the_rest(site):
    counting = Counting()

    def no_rule(_opened, _on):
        raise BadInput("classification.no_rule", file="x", day=DAY, first=DAY)

    never = Recipe("never", (), no_rule)
    folder = site.lake / prepared.FOLDER
    folder.mkdir()
    for name in ("staff-0.duckdb", "staff-0.json", ".staff-0.ab12", "other-1.duckdb"):
        (folder / name).write_text("{}")
    assert prepared.refresh(site, (counting.recipe, never)) == ("staff",)
    assert sorted(path.suffix for path in folder.iterdir()) == [".duckdb", ".json"]
    assert prepared.refresh(site, (counting.recipe,)) == ("staff",) and counting.asked == 1


def test_the_folder_has_the_rights_of_the_lake(site):
    site.lake.chmod(0o2750)
    Counting().of(lake.open(site))
    (file,) = kept(site)
    found = [path.stat().st_mode & 0o7777 for path in (file.parent, file, file.with_suffix(".json"))]
    assert found == [0o2750, 0o640, 0o640]
