"""By what customers are found at entry, kept ready: as secret as its answers, whole after an upgrade and a new key."""

import json

import pytest

from custinfo.actions import candidates, dedupe, keys, matching
from custinfo.actions.matching import Fact, Stated
from custinfo.classification.duplicates.prepared import EDITION, once
from custinfo.domain.people import SERVICE
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store
from tests import factories
from tests.merging import PERSON, person

PHONE, NAME = PERSON["/data/place/phone"], PERSON["/data/basic/name"]
KEPT = {
    "match_party": "SELECT entity_id, kind, digest, prepared_as FROM match_party ORDER BY entity_id",
    "match_key": "SELECT digest, entity_id, level FROM match_key ORDER BY 1, 2",
    "match_gram": "SELECT gram, entity_id FROM match_gram JOIN match_party USING (seq) ORDER BY 1, 2",
}
OTHERS = [f"/data/place/{name}" for name in ("phone", "address", "province", "prefecture")]


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        clerk = factories.account(opened, login_name="lin")
        for place, name in enumerate((NAME, "王建国", "欧阳海")):
            person(opened, clerk, PERSON | {"/data/basic/name": name, OTHERS[0]: f"1380013800{place}"}, key=name)
        yield opened


def kept(store):
    return {table: store.rows(query) for table, query in KEPT.items()}


def ready(store, seen):
    """Everybody as they are compared, and as they would be if their card were read."""
    rows = store.rows("SELECT * FROM match_party ORDER BY seq")
    parties = [once(matching.read(store, row).party(row["entity_id"], seen)) for row in rows]
    return [matching.read_prepared(store, row, seen) for row in rows], parties


@pytest.mark.parametrize("seen", list(Level))
def test_what_is_kept_ready_is_what_the_card_says_as_far_as_it_may_be_seen(store, seen):
    found, wanted = ready(store, seen)
    assert found == wanted and [bool(one.phones) for one in found] == [seen == Level.SECRET] * 3


def test_what_rests_on_level_1_is_sealed(store):
    stored = json.dumps(store.rows("SELECT * FROM match_party"), ensure_ascii=False)
    assert PHONE not in stored and "shennandadao" not in stored and "seal:" in stored
    assert all(json.loads(row["prepared"])["1"].startswith("\x1a") for row in store.rows("SELECT * FROM match_party"))


def test_it_reads_the_same_under_a_new_key(store, tmp_path):
    before = ready(store, Level.SECRET)
    store.close()
    keys.rotate(Site.load(tmp_path / "site"), SERVICE, "level1")
    with Store.open(Site.load(tmp_path / "site")) as again:
        assert ready(again, Level.SECRET) == before


def older(store):
    """As the schema's migration leaves the store of an older version."""
    with store.act("service", "duplicate.index", "customer", "") as tx:
        tx.execute("DELETE FROM match_gram")
        tx.execute("UPDATE match_party SET prepared = '{}', prepared_as = 0")


def test_before_it_is_made_ready_an_older_store_finds_the_same_by_its_keys(store):
    first = store.row("SELECT entity_id FROM entity_current WHERE number = 'C000001'")["entity_id"]
    stated = matching.stated(store, first)
    before = candidates.similar(store, SERVICE, stated)
    older(store)
    assert before and candidates.similar(store, SERVICE, stated) == before


def test_an_upgrade_that_is_killed_goes_on_where_it_was(store, monkeypatch):
    before = kept(store)
    older(store)
    monkeypatch.setattr(dedupe, "PAGE", 2)
    write, count = matching.write, []

    def killed(*given):
        count.append(given)
        if len(count) == 3:
            raise KeyboardInterrupt
        write(*given)

    monkeypatch.setattr(matching, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        dedupe.index_missing(store, SERVICE)
    assert [row["prepared_as"] for row in store.rows("SELECT * FROM match_party ORDER BY seq")] == [EDITION, EDITION, 0]
    assert dedupe.index_missing(store, SERVICE) == 1 and kept(store) == before
    assert dedupe.daily(store, None) == {"indexed": 0} and store.verify_audit() == []


def company(store, entity_number, *facts):
    """A company in the index alone, beside the customers of the fixture."""
    stated = Stated("enterprise", tuple(Fact(name, text, Level.INTERNAL) for name, text in facts))
    entity_id = store.row("SELECT entity_id FROM entity WHERE number = ?", [entity_number])["entity_id"]
    with store.act("service", "duplicate.index", "customer", "") as tx:
        matching.write(store, tx, entity_id, stated)
    return stated


def test_a_name_with_a_slip_is_found_by_its_characters_alone(store):
    there = (("region", "440305"), ("address", "琥珀产业园创新大厦"))
    known = company(store, "C000002", ("name", "深圳市晟旭琥珀雕刻有限公司"), *there)
    said = [Fact("name", "晟旬琥珀雕刻有限公司", Level.INTERNAL), *known.facts[1:]]
    slipped = Stated("enterprise", tuple(said))
    exact = [matching.keys_of(once(one.party("", Level.SECRET))).exact for one in (known, slipped)]
    assert not set(exact[0]) & set(exact[1])
    (found,) = candidates.similar(store, SERVICE, slipped)
    assert found.number == "C000002"


def test_what_too_many_names_share_finds_nobody(store, monkeypatch):
    monkeypatch.setattr(candidates, "FOR_A_GRAM", 1)
    company(store, "C000002", ("name", "晟旭琥珀雕刻有限公司"))
    company(store, "C000003", ("name", "晟旭琥珀雕刻有限公司广州分公司"))
    assert candidates._by_name(store, matching.keys_of(ready(store, Level.SECRET)[0][1]).grams) == {}
