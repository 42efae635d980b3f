"""Rows that are handed out are about enough customers, or are not handed out."""

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain.errors import BadInput, NotAllowed
from custinfo.store.site import Site
from tests.test_lake import at, customer, refused


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Ten customers: c1 … c4 of the region 350102, the others of 110101; c10 has two versions."""
    site = Site.create(tmp_path_factory.mktemp("extracts") / "site", name="海风")
    cards = [customer(n, f"c{n}", region="350102" if n < 5 else "110101", staff=str(n)) for n in range(1, 11)]
    lake.publish(site, [*cards, customer(11, "c10", 2, region="110101", staff="11")], [], at(1))
    return lake.open(site)


def of_region(opened, region):
    return opened.customers.filter(opened.customers.region == region)


def test_enough_customers_are_handed_out(opened):
    assert lake.extract(opened, of_region(opened, "110101")).num_rows == 6
    assert lake.extract(opened, opened.customers).num_rows == 10


def test_too_few_and_none_are_refused_in_the_same_words(opened):
    few = of_region(opened, "350102")
    none = opened.customers.filter(ibis.literal(False))
    one = opened.customers.filter(opened.customers.staff == 3)
    said = set()
    for selection in (few, one, none):
        with refused(NotAllowed, "lake.extract_small", k=5) as fault:
            lake.extract(opened, selection)
        said.add((fault.value.text("en"), fault.value.text("zh-CN")))
    assert len(said) == 1


def test_a_customer_with_many_rows_is_one_and_null_is_none(opened):
    versions = opened.customer_versions
    last = versions.filter(versions.staff >= 8)
    assert last.count().to_pyarrow().as_py() == 4
    with refused(NotAllowed, "lake.extract_small"):
        lake.extract(opened, last.union(last))
    nobody = ibis.memtable({"customer_key": [None] * 9}, schema={"customer_key": "string"})
    with refused(NotAllowed, "lake.extract_small"):
        lake.extract(opened, nobody)


def test_without_the_key_nobody_can_count(opened):
    with refused(BadInput, "lake.extract_key", column="customer_key"):
        lake.extract(opened, opened.customers.select("region"))


def test_what_is_counted_is_what_is_handed_out(opened):
    sample = opened.customers.sample(0.5, method="row")
    for _ in range(5):
        try:
            assert len(set(lake.extract(opened, sample)["customer_key"].to_pylist())) >= 5
        except NotAllowed:
            continue


def test_a_site_may_ask_for_more_and_its_readers_follow(tmp_path):
    site = Site.create(tmp_path / "site", name="海风")
    with (site.home / "site.toml").open("a") as settings_file:
        settings_file.write("\n[retention]\nsmallest_group = 8\n")
    site = Site.load(site.home)
    lake.publish(site, [customer(n, f"c{n}", staff=str(n)) for n in range(1, 11)], [], at(1))
    for found in (lake.open(site), lake.open_folder(site.lake)):
        assert lake.extract(found, found.customers.filter(found.customers.staff <= 8)).num_rows == 8
        with refused(NotAllowed, "lake.extract_small", k=8):
            lake.extract(found, found.customers.filter(found.customers.staff <= 7))


@pytest.mark.parametrize("compacted", [True, False])
def test_who_asks_for_more_later_gets_it_at_the_next_version_which_that_makes(tmp_path, compacted):
    site = Site.create(tmp_path / "site", name="海风")
    for number in range(1, 13):
        lake.publish(site, [customer(number, f"c{number}")], [], at(number))
    with (site.home / "site.toml").open("a") as stated:
        stated.write("\n[retention]\nsmallest_group = 8\n")
    site = Site.load(site.home)
    made = lake.compact(site, at(20)) if compacted else lake.publish(site, [], [], at(20))
    assert made is not None
    assert lake.open_folder(site.lake).smallest_group == 8
    assert lake.publish(site, [], [], at(21)) is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, 11)))
def test_whatever_is_picked_fewer_than_k_never_leave(opened, staff):
    picked = opened.customers.filter(opened.customers.staff.isin(sorted(staff)))
    known = staff & {*range(1, 10), 11}
    if len(known) >= 5:
        assert lake.extract(opened, picked).num_rows == len(known)
    else:
        with refused(NotAllowed, "lake.extract_small"):
            lake.extract(opened, picked)
