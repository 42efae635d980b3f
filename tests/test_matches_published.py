"""Pairs of customers that may be one on their way into the lake: what became of them, without what was compared."""

import pytest

from custinfo import lake
from custinfo.actions import (
    duplicates,
    entities,
    erasure,
    keys,
    matches_published,
    merges,
    pseudonyms,
    record_levels,
    retention,
)
from custinfo.actions import lake as publishing
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store
from custinfo.store.schema import match_events
from custinfo.store.schema.base import run
from tests import erasing, factories
from tests.merging import PERSON, World, person

UNSAID = ("recorded_at", "probability", "rule_version", "customer_key", "other_key", "event_number")


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        yield opened


SAME = PERSON | {"/data/basic/name": "单秀瑛"}  # the same sound


class Two(World):
    """Two cards of one person, noticed when the second was entered."""

    def __init__(self, store):
        self.store = store
        self.researcher = factories.account(store, login_name="lin")
        self.supervisor = factories.account(store, Role.SUPERVISOR, login_name="zhao")
        self.stays = person(store, self.researcher, key="one")
        self.goes = person(store, self.researcher, SAME, key="two")


@pytest.fixture
def world(store):
    return Two(store)


def decide(world, decision, reason=""):
    (pair,) = duplicates.waiting(world.store, world.supervisor, limit=5).pairs
    duplicates.decide(world.store, world.supervisor, pair, decision, reason)


def merge(world):
    ids = world.stays.customer_id, world.goes.customer_id
    return merges.merge(world.store, world.supervisor, *ids, reason="同一人", seen=world.seen())


def change(world, street):
    """The card of one of the two, with another address."""
    answers = SAME | {"/data/place/address": street}
    draft = factories.draft_of(
        world.store, world.researcher, "individual_card", answers, customer_id=world.goes.customer_id
    )
    factories.submit(world.store, world.researcher, draft, street)


def events(store):
    return [row["event"] for row in store.rows("SELECT event FROM match_event ORDER BY seq")]


def published(store):
    publishing.publish(store, SERVICE)
    return lake.open(store.site).table("matches").order_by("event_number").to_pyarrow().to_pylist()


def test_what_became_of_a_pair_reaches_the_lake_by_keys_alone(store, world):
    decide(world, "later")
    decide(world, "different", "双胞胎姐妹")
    found = published(store)
    known = {pseudonyms.key_of(store, one.customer_id) for one in (world.stays, world.goes)}
    assert {row["customer_key"] for row in found} | {row["other_key"] for row in found} == known
    assert [{name: value for name, value in row.items() if name not in UNSAID} for row in found] == [
        {"event": "found", "band": found[0]["band"], "evidence": found[0]["evidence"], "source": "page"},
        {"event": "later", "band": None, "evidence": None, "source": None},
        {"event": "different", "band": None, "evidence": None, "source": None},
    ]
    assert found[0]["band"] in ("automatic", "review") and "given" in found[0]["evidence"].split()
    assert not {"phone", "address"} & set(found[0]["evidence"].split()), "these are of level 1"
    assert 500_000 <= found[0]["probability"] <= 1_000_000 and found[0]["rule_version"] == 1
    assert published(store) == found, "a second publishing adds nothing"
    for file in (store.site.lake / "matches").iterdir():
        assert "双胞胎姐妹".encode() not in file.read_bytes() and "单秀".encode() not in file.read_bytes()


def test_a_pair_that_was_called_different_is_found_again_once_one_of_the_two_changes(store, world):
    decide(world, "different", "双胞胎姐妹")
    change(world, "深南大道 8 号 2 栋 302")
    assert events(store) == ["found", "different", "found_again"]
    decide(world, "later")


def test_a_merge_and_its_end_are_told_and_the_keys_stay_those_of_both(store, world):
    merges.undo(store, world.supervisor, merge(world).merge_id, reason="看错了")
    merge(world)
    found = published(store)
    assert [row["event"] for row in found] == ["found", "merged", "undone", "merged"]
    assert len({(row["customer_key"], row["other_key"]) for row in found}) == 1
    assert found[0]["customer_key"] != found[0]["other_key"]


def test_customers_of_level_1_have_no_row(store, world):
    head = factories.account(store, Role.DEPARTMENT_HEAD, login_name="gao")
    record_id = entities.current(store, world.goes.customer_id)["record_id"]
    record_levels.set(store, head, record_id, Level.SECRET, "核心商业秘密")
    assert events(store) == ["found"] and list(matches_published.lake_rows(store, 0)) == []


def test_who_is_erased_goes_with_every_pair_from_store_and_lake(store, world):
    staff = erasing.Staff(store)
    assert len(published(store)) == 1
    plan_id = retention.request(store, SERVICE, world.goes.customer_id)
    erasure.erase(store, SERVICE, world.goes.customer_id, case_id=erasing.agree(store, staff, plan_id))
    assert events(store) == [] and published(store) == []


def test_what_an_older_store_knows_is_written_down_in_its_order(store, world):
    decide(world, "different", "双胞胎姐妹")
    change(world, "深南大道 8 号 2 栋 302")
    merges.undo(store, world.supervisor, merge(world).merge_id, reason="看错了")
    before = store.rows("SELECT low_id, high_id, event, band IS NULL AS blank FROM match_event ORDER BY seq")
    assert [row["event"] for row in before] == ["found", "different", "found_again", "merged", "undone"]
    filling = match_events.STATEMENTS[match_events.STATEMENTS.index("INSERT INTO") :]
    with store.act("service", "duplicate.index", "customer", "") as tx, tx.lifted("as older"):
        tx.execute("DELETE FROM match_event")
        tx.execute("UPDATE duplicate_decision SET low_digest = 'older' WHERE decision = 'different'")
        run(tx, filling)
    again = store.rows("SELECT low_id, high_id, event, band IS NULL AS blank FROM match_event ORDER BY seq")
    assert again == before


def test_under_a_new_key_the_same_is_told(store, world, tmp_path):
    decide(world, "later")
    before = list(matches_published.lake_rows(store, 0))
    store.close()
    keys.rotate(Site.load(tmp_path / "site"), SERVICE, "level1")
    with Store.open(Site.load(tmp_path / "site")) as again:
        assert list(matches_published.lake_rows(again, 0)) == before
