"""Customers that may be the same: noticed at entry and import, decided by people, found again by nobody who may not."""

import pytest

from custinfo.actions import candidates, dedupe, duplicates, entities, form_imports, matching, merges
from custinfo.classification.duplicates import keys_of, once
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests import erasing, factories
from tests.merging import PERSON, TWIN, World, person
from tests.small_forms import publish

NAME, PHONE, ADDRESS = "/data/basic/name", "/data/place/phone", "/data/place/address"
SAME = PERSON | {NAME: "单秀瑛"}  # the same sound
OTHER = PERSON | {
    NAME: "王建国", PHONE: "13900139000", ADDRESS: "解放路 77 号", "/data/basic/birth_year": "1951",
    "/data/place/province": "330000", "/data/place/prefecture": "330100",
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def clerk(store):
    return factories.account(store, login_name="lin")


@pytest.fixture
def reviewer(store):
    return factories.account(store, Role.SUPERVISOR, login_name="zhao")


def draft(store, actor, answers):
    return factories.draft_of(store, actor, "individual_card", answers)


def like(store, actor, answers):
    """The numbers of the customers that the actor is shown for a draft with these answers."""
    return [one.number for one in candidates.of_draft(store, actor, draft(store, actor, answers))]


def waiting(store, actor):
    return [{one.low.number, one.high.number} for one in duplicates.waiting(store, actor, limit=50).pairs]


# ---- at entry


def test_who_enters_a_known_customer_again_is_shown_it_with_what_speaks_for_it(store, clerk):
    known = person(store, clerk, key="one")
    (found,) = candidates.of_draft(store, clerk, draft(store, clerk, SAME))
    assert found.number == known.customer_number and found.label == PERSON[NAME]
    assert found.evidence.texts("zh-CN") and found.evidence.texts("en")
    assert like(store, clerk, OTHER) == []


def test_customers_of_another_department_are_not_told_from_none(store, clerk):
    person(store, clerk, key="one")
    elsewhere = factories.account(store, login_name="han", department="华东部")
    audit = store.rows("SELECT count(*) AS n FROM audit")[0]["n"]
    assert like(store, elsewhere, SAME) == like(store, elsewhere, OTHER) == []
    said = store.rows("SELECT action FROM audit WHERE seq > ?", [audit])
    assert "duplicate.show" not in {row["action"] for row in said}


def test_such_a_pair_waits_for_those_who_see_both(store, clerk, reviewer):
    elsewhere = factories.account(store, login_name="han", department="华东部")
    both = {person(store, clerk, key="1").customer_number, person(store, elsewhere, SAME, key="2").customer_number}
    administrator = factories.account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
    assert waiting(store, administrator) == [both]
    assert waiting(store, reviewer) == [] and duplicates.count(store, reviewer) == 0


def test_who_is_not_cleared_for_a_telephone_finds_nobody_by_it(store, clerk):
    person(store, clerk, key="one")
    low = factories.account(store, login_name="low", clearance=Level.INTERNAL)
    only = OTHER | {PHONE: PERSON[PHONE], ADDRESS: PERSON[ADDRESS]}
    stated = matching.of_answers(matching.sealing.answers_form(store, "individual_card", newest(store)), nested(only))
    assert candidates._found(store, keys_of(once(stated.party("", Level.SECRET))), Level.SECRET, "")
    assert candidates._found(store, keys_of(once(stated.party("", Level.SECRET))), Level.INTERNAL, "") == []
    for one in candidates.similar(store, low, matching.stated(store, entity(store, "C000001"))):
        assert not {line.comparison for line in one.evidence.lines if line.weight} & {"phone", "address"}


def newest(store):
    return store.row("SELECT version FROM form WHERE form_id = 'individual_card'")["version"]


def nested(answers):
    values = {}
    for ref, value in answers.items():
        _, _, group, name = ref.split("/")
        values.setdefault(group, {})[name] = value
    return values


def entity(store, number):
    return entities.by_number(store, "customers", number)["entity_id"]


def test_why_it_is_another_is_read_by_who_reviews(store, clerk, reviewer):
    from custinfo.actions import records

    person(store, clerk, key="one")
    again = draft(store, clerk, SAME)
    saves = store.row("SELECT saves FROM draft WHERE draft_id = ?", [again])["saves"]
    records.submit(store, clerk, again, "two", saves=saves, another="双胞胎姐妹")
    (pair,) = duplicates.waiting(store, reviewer, limit=5).pairs
    assert (pair.said, pair.source, pair.later) == ("双胞胎姐妹", "page", False)


def test_the_index_follows_the_card_and_goes_with_the_customer(store, clerk):
    staff = erasing.Staff(store)
    made = person(store, clerk, key="one")
    assert PERSON[PHONE] not in str(store.rows("SELECT * FROM match_party")) + str(
        store.rows("SELECT * FROM match_key")
    )
    moved = factories.draft_of(store, clerk, "individual_card", {PHONE: "13700137000"}, customer_id=made.customer_id)
    factories.submit(store, clerk, moved, "moved")
    assert matching.stated(store, made.customer_id).party("", Level.SECRET).phones == ("13700137000",)
    from custinfo.actions import erasure, retention

    plan_id = retention.request(store, SERVICE, made.customer_id)
    erasure.erase(store, SERVICE, made.customer_id, case_id=erasing.agree(store, staff, plan_id))
    for table in ("match_party", "match_key", "match_gram", "duplicate"):
        assert store.rows(f"SELECT * FROM {table}") == []
    named = matching.Stated("individual", (matching.Fact("name", PERSON[NAME], Level.INTERNAL),))
    grams = keys_of(once(named.party("", Level.SECRET))).grams
    content = erasing.decrypted(store.site)
    assert grams and not any(gram.to_bytes(8, "big") in content for gram in grams)


# ---- deciding


def test_different_is_remembered_until_one_of_them_changes(store, clerk, reviewer):
    first = person(store, clerk, key="one")
    person(store, clerk, SAME, key="two")
    (pair,) = duplicates.waiting(store, reviewer, limit=5).pairs
    with pytest.raises(BadInput):
        duplicates.decide(store, reviewer, pair, "different", " ")
    duplicates.decide(store, reviewer, pair, "different", "身份证不同")
    assert waiting(store, reviewer) == []
    dedupe.run(store, SERVICE)
    assert waiting(store, reviewer) == []
    with pytest.raises(NotFound):
        duplicates.decide(store, reviewer, pair, "later")
    changed = factories.draft_of(
        store, clerk, "individual_card", {ADDRESS: "深南大道 8 号 2 栋 302"}, customer_id=first.customer_id
    )
    factories.submit(store, clerk, changed, "changed")
    assert len(waiting(store, reviewer)) == 1


def test_who_decides_sees_both_as_they_are(store, clerk, reviewer):
    first = person(store, clerk, key="one")
    person(store, clerk, SAME, key="two")
    (pair,) = duplicates.waiting(store, reviewer, limit=5).pairs
    changed = factories.draft_of(store, clerk, "individual_card", {ADDRESS: "深南"}, customer_id=first.customer_id)
    factories.submit(store, clerk, changed, "changed")
    with pytest.raises(Conflict):
        duplicates.decide(store, reviewer, pair, "different", "不同")
    for stranger in (clerk, factories.account(store, Role.ANALYST, login_name="a")):
        with pytest.raises(NotAllowed):
            duplicates.waiting(store, stranger, limit=5)
    elsewhere = factories.account(store, Role.SUPERVISOR, login_name="qian", department="华东部")
    with pytest.raises(NotFound):
        duplicates.pair_of(store, elsewhere, pair.low.entity_id, pair.high.entity_id)


def test_what_is_put_off_stands_behind_the_others(store, clerk, reviewer):
    for key, answers in (("1", PERSON), ("2", SAME), ("3", OTHER), ("4", OTHER)):
        person(store, clerk, answers, key=key)
    pairs = duplicates.waiting(store, reviewer, limit=5).pairs
    assert len(pairs) == 2
    duplicates.decide(store, reviewer, pairs[0], "later")
    after = duplicates.waiting(store, reviewer, limit=5).pairs
    assert [one.later for one in after] == [False, True]
    assert after[1].low == pairs[0].low


def test_a_merged_pair_waits_no_more_and_one_that_is_taken_back_does(store, clerk, reviewer):
    first, second = person(store, clerk, key="1"), person(store, clerk, SAME, key="2")
    done = merges.merge(store, reviewer, first.customer_id, second.customer_id, reason="同一人", seen=(1, 1))
    assert waiting(store, reviewer) == [] and like(store, clerk, SAME) == [first.customer_number]
    row = store.row("SELECT * FROM merge")
    assert row["rule_version"] and row["probability"] and row["evidence"] != "[]"
    merges.undo(store, reviewer, done.merge_id, reason="看错了")
    assert len(waiting(store, reviewer)) == 1


def test_two_customers_can_be_named_by_hand(store):
    world = World(store)
    numbers = world.stays.customer_number, world.goes.customer_number
    pair = duplicates.put_by_hand(store, world.supervisor, *numbers)
    found = duplicates.pair_of(store, world.supervisor, *pair)
    assert found.source == "by_hand" and found.evidence.held_back  # two codes that differ
    with pytest.raises(BadInput):
        duplicates.put_by_hand(store, world.supervisor, numbers[0], numbers[0])
    elsewhere = factories.account(store, Role.SUPERVISOR, login_name="qian", department="华东部")
    for given in (numbers, ("C000001", "C999999")):
        with pytest.raises(NotFound):
            duplicates.put_by_hand(store, elsewhere, *given)


# ---- all at once


def test_a_run_over_all_finds_the_pair_once_and_merges_by_rule_only_when_asked(store, clerk, reviewer):
    person(store, clerk, key="1")
    person(store, clerk, PERSON, key="2")
    store_is_older_than_its_index(store)
    assert waiting(store, reviewer) == []
    done = dedupe.run(store, SERVICE)
    assert (done.customers, done.pairs, done.new, done.merged, done.waiting) == (2, 1, 1, 0, 1)
    assert dedupe.run(store, SERVICE).new == 0
    with pytest.raises(NotAllowed):
        dedupe.run(store, reviewer)
    certain = duplicates.waiting(store, reviewer, limit=1).pairs[0].evidence.band == "automatic"
    merged = dedupe.run(store, SERVICE, automatic=True).merged
    assert merged == (1 if certain else 0)


def store_is_older_than_its_index(store):
    with store.act("service", "duplicate.index", "customer", "") as tx:
        tx.execute("DELETE FROM duplicate")
        for row in store.rows("SELECT entity_id FROM match_party"):
            matching.drop(tx, row["entity_id"])


def test_what_a_person_called_different_is_never_merged_by_rule(store, clerk, reviewer):
    person(store, clerk, key="1")
    person(store, clerk, PERSON, key="2")
    (pair,) = duplicates.waiting(store, reviewer, limit=5).pairs
    duplicates.decide(store, reviewer, pair, "different", "父子同名")
    assert dedupe.run(store, SERVICE, automatic=True).merged == 0


def test_the_index_made_anew_is_the_same(store, clerk):
    person(store, clerk, key="1")
    factories.card(store, clerk, TWIN, key="2")
    kept = "SELECT digest, entity_id, level FROM match_key ORDER BY 1, 2"
    before = store.rows(kept)
    assert before and dedupe.reindex(store, SERVICE) == 2
    assert store.rows(kept) == before


# ---- import

MEMBERS = """| survey |
| | type | name | label | save_to | bind::custinfo:format |
| | text | name | Name | | |
| | text | phone | Telephone | | phone |
| | text | address | Address | | |
| settings |
| | form_id | version | namespaces |
| | member | 1 | custinfo="https://custinfo.org/xforms" |
| entities |
| | list_name | label |
| | customers | ${name} |
"""
ROWS = "name,phone,address\n{0},13800138000,深南大道 8 号\n王建国,13900139000,解放路 77 号\n{0},13800138000,深南大道 8 号\n"


def test_an_import_is_not_held_up_and_its_pairs_wait_for_review(store, reviewer):
    publish(store, MEMBERS)
    form_imports.run(store, reviewer, "member", "members.csv", ROWS.format("单秀英").encode(), language="en")
    (pair,) = duplicates.waiting(store, reviewer, limit=5).pairs
    assert (pair.source, pair.low.label, pair.high.label) == ("import", "单秀英", "单秀英")
    assert store.row("SELECT count(*) AS n FROM entity_current WHERE dataset = 'customers'")["n"] == 3
