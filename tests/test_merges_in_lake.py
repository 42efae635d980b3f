"""The lake after a merge: dealings of both are one customer's from then on, and never before."""

import json
from datetime import UTC, date, datetime

import ibis
import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.actions import batches, merges, pseudonyms
from custinfo.actions import lake as publishing
from custinfo.classification import evaluations
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE
from custinfo.lake import erasing, merging, published_tables, schema
from custinfo.lake.asked import Asked
from tests import factories
from tests.merging import World


def sell(store, folder, *numbers):
    """Two dealings of each customer, published."""
    lines = [f"{number},{number}-{n},sale,2026-10-05,螺栓,1,10.00" for number in numbers for n in (1, 2)]
    file = folder / "sales.csv"
    file.write_text("\n".join(["customer,line_no,kind,date,product,quantity,amount", *lines, ""]), "utf-8")
    batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=folder)
    publishing.publish(store, SERVICE)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Published before a merge, after it, and after it was taken back: the site, the moments, the two keys."""
    folder = tmp_path_factory.mktemp("merged")
    with factories.site_with_forms(folder / "site") as store:
        world = World(store)
        moments = []
        sell(store, folder, world.stays.customer_number, world.goes.customer_number)
        moments.append(utc_now())
        done = merges.merge(
            store, world.supervisor, world.stays.customer_id, world.goes.customer_id, reason="同一家", seen=world.seen()
        )
        publishing.publish(store, SERVICE)
        moments.append(utc_now())
        merges.undo(store, world.supervisor, done.merge_id, reason="看错了")
        publishing.publish(store, SERVICE)
        keys = [pseudonyms.key_of(store, one.customer_id) for one in (world.stays, world.goes)]
        yield store.site, moments, keys


def seen(opened):
    """(keys of customers, dealings by key)."""
    counted = opened.sales.group_by("customer_key").agg(n=opened.sales.count()).to_pyarrow().to_pylist()
    customers = opened.customers.customer_key.to_pyarrow().to_pylist()
    return sorted(customers), {row["customer_key"]: row["n"] for row in counted}


def test_before_a_merge_there_are_two_whatever_happened_since(told):
    site, moments, keys = told
    assert seen(lake.open(site, as_of=moments[0])) == (sorted(keys), dict.fromkeys(keys, 2))
    newest = lake.newest(site.lake)
    assert seen(lake.open(site, version=newest.version, as_of=moments[0])) == (sorted(keys), dict.fromkeys(keys, 2))


def test_after_it_the_survivor_has_the_dealings_of_both(told):
    site, moments, keys = told
    assert seen(lake.open(site, as_of=moments[1])) == ([keys[0]], {keys[0]: 4})


def test_taken_back_each_has_its_own_again(told):
    site, _, keys = told
    assert seen(lake.open(site)) == (sorted(keys), dict.fromkeys(keys, 2))


STAY = {
    "customer_versions": "another test",
    "gradings": "another test",
    "card_recordings": "who recorded version 2 of one card says nothing of version 2 of the other",
    "matches": "the pair that was found is of two cards",
    "merged": "the links themselves",
    "superseded": "batch and number tell the row",
}
"""The tables whose rows keep the key that they were written with, and why."""


def applied(found):
    """The link from goes to stays, applied to tables; the columns that are not given are NULL."""
    moment = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)
    link = {"customer_key": ["goes"], "survivor_key": ["stays"], "recorded_at": [moment]}

    def table(name):
        # As the lake's files are read: no engine says that a column is never NULL
        columns = pa.schema([field.with_nullable(True) for field in schema.TABLES[name]])
        rows = (found | {merging.TABLE: link}).get(name, {"customer_key": []})
        count = len(next(iter(rows.values())))
        given = {one: rows.get(one, [None] * count) for one in columns.names}
        return ibis.memtable(pa.table(given, schema=columns))

    return merging.applied(Asked(schema.TABLES, table))


@pytest.mark.parametrize("name", sorted({name for name in schema.TABLES if published_tables.keys(name)} - STAY.keys()))
def test_whatever_is_known_of_the_one_that_goes_is_known_of_its_survivor(name):
    found = applied({name: {"customer_key": ["goes", "other", None, "stays"]}})[name]
    assert sorted(map(str, found.to_pyarrow()["customer_key"].to_pylist())) == ["None", "other", "stays", "stays"]


def test_no_table_keeps_its_keys_without_a_reason():
    assert set(merging.STAYING) == set(STAY)


def test_who_was_evaluated_twice_is_one_customer_by_the_newest_evaluation():
    days = {"stays": "2026-03-01", "goes": "2026-09-01", "other": "2026-05-01"}
    rows = {"customer_key": list(days), "evaluated_on": list(days.values()), "evaluation": ["E1", "E2", "E3"],
            "item": ["all"] * 3, "rating": [500, 200, 400], "version": [1] * 3}  # fmt: skip
    evaluated = applied({"evaluations": rows})["evaluations"]
    (spread,) = evaluations.spread(evaluations.in_force(evaluated, date(2026, 10, 1))).to_pyarrow().to_pylist()
    assert (spread["customers"], spread["sum_rating"], spread["r2"], spread["r4"], spread["r5"]) == (2, 600, 1, 1, 0)
    (before,) = evaluations.spread(evaluations.in_force(evaluated, date(2026, 8, 1))).to_pyarrow().to_pylist()
    assert (before["customers"], before["sum_rating"]) == (2, 900), "the one of September was not yet made"


def test_a_quarter_has_one_class_of_who_was_merged_the_survivors_own_where_there_is_one():
    columns = dict.fromkeys(("customer_key", "quarter", "scheme", "class"), "string") | {"edition": "int32"}
    rows = [
        ("stays", "2026-Q2", "value", "A", 1), ("goes", "2026-Q2", "value", "C", 1), ("goes", "2026-Q1", "value", "B", 1),
        ("also", "2026-Q1", "value", "A", 1), ("other", "2026-Q1", "value", "C", 1), ("goes", "2026-Q1", "size", "small", 1),
    ]  # fmt: skip
    graded = ibis.memtable(rows, schema=columns)
    leads = ibis.memtable([("goes", "stays"), ("also", "stays")], columns=["gone_key", "survivor_key"])
    found = merging._graded(graded, leads).to_pyarrow().to_pylist()
    assert sorted(tuple(row.values()) for row in found) == [
        ("other", "2026-Q1", "value", "C", 1), ("stays", "2026-Q1", "size", "small", 1),
        ("stays", "2026-Q1", "value", "A", 1), ("stays", "2026-Q2", "value", "A", 1),
    ]  # fmt: skip


def test_who_is_erased_with_who_was_merged_into_them_stays_one_customer(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as store:
        world = World(store)
        numbers = [one.customer_number for one in (world.stays, world.goes)]
        keys = [pseudonyms.key_of(store, one.customer_id) for one in (world.stays, world.goes)]
        sell(store, tmp_path, *numbers)
        merges.merge(
            store, world.supervisor, world.stays.customer_id, world.goes.customer_id, reason="同一家", seen=world.seen()
        )
        publishing.publish(store, SERVICE)
        before = seen(lake.open(store.site))
        assert before == ([keys[0]], {keys[0]: 4})
        erasing.erase(store.site, dict.fromkeys(keys, True), smallest_group=1, now=utc_now())
        customers, dealings = seen(lake.open(store.site))
        assert len(customers) == 1
        assert dealings == {customers[0]: 4}
        assert customers[0] not in keys


def test_a_link_to_somebody_who_is_still_there_is_erased(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as store:
        world = World(store)
        keys = [pseudonyms.key_of(store, one.customer_id) for one in (world.stays, world.goes)]
        sell(store, tmp_path, world.stays.customer_number, world.goes.customer_number)
        done = merges.merge(
            store, world.supervisor, world.stays.customer_id, world.goes.customer_id, reason="同一家", seen=world.seen()
        )
        merges.undo(store, world.supervisor, done.merge_id, reason="看错了")
        publishing.publish(store, SERVICE)
        erasing.erase(store.site, {keys[1]: True}, smallest_group=1, now=utc_now())
        links = lake.open(store.site).table("merged").to_pyarrow().to_pylist()
        assert keys[0] not in {row["survivor_key"] for row in links}
        assert keys[1] not in json.dumps(links, default=str)
