"""A customer that was merged is known by its own card still: who enters it again, or looks for it among all, is led to
the survivor. And who writes surname and given name the other way round is found.
"""

import pytest

from custinfo.actions import assignments, candidates, dedupe, duplicates, entities, matching, merges
from custinfo.domain.people import SERVICE, Role
from tests import factories
from tests.merging import PERSON, person

NAME, PHONE, ADDRESS, BORN = "/data/basic/name", "/data/place/phone", "/data/place/address", "/data/basic/birth_year"
MOVED = PERSON | {
    NAME: "王建国", PHONE: "13900139000", ADDRESS: "解放路 77 号", BORN: "1951",
    "/data/place/province": "330000", "/data/place/prefecture": "330100",
}  # fmt: skip
"""The same person after a change of name and a move: nothing says so but people."""
ELSEWHERE = PERSON | {NAME: "欧阳海", PHONE: "13700137000", ADDRESS: "人民路 5 号", BORN: "1966"}


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        yield opened


class Office:
    """Who enters and who reviews, and one person with two cards, of which a merge made one customer."""

    def __init__(self, store):
        self.store = store
        self.clerk = factories.account(store, login_name="lin")
        self.reviewer = factories.account(store, Role.SUPERVISOR, login_name="zhao")
        self.stays = person(store, self.clerk, key="one")
        self.goes = person(store, self.clerk, MOVED, key="two")
        self.merge(self.stays, self.goes)

    def merge(self, stays, goes):
        seen = tuple(entities.current(self.store, one.customer_id)["version"] for one in (stays, goes))
        ids = stays.customer_id, goes.customer_id
        return merges.merge(self.store, self.reviewer, *ids, reason="改名搬家", seen=seen)

    def shown(self, answers, clerk=None):
        who = clerk or self.clerk
        draft = factories.draft_of(self.store, who, "individual_card", answers)
        return candidates.of_draft(self.store, who, draft)

    def waiting(self):
        return duplicates.waiting(self.store, self.reviewer, limit=50).pairs

    def forget_pairs(self):
        """As before anybody looked."""
        with self.store.act("service", "duplicate.index", "customer", "") as tx:
            tx.execute("DELETE FROM duplicate")


@pytest.fixture
def office(store):
    return Office(store)


def test_who_enters_the_card_that_went_again_is_shown_the_survivor(office):
    (found,) = office.shown(MOVED)
    assert (found.number, found.label) == (office.stays.customer_number, PERSON[NAME])
    told = {line.comparison: line.level for line in found.evidence.lines}
    assert (told["phone"], told["given"]) == ("same", "written")
    third = person(office.store, office.clerk, MOVED, key="three")
    (pair,) = office.waiting()
    assert {pair.low.entity_id, pair.high.entity_id} == {office.stays.customer_id, third.customer_id}
    assert pair.evidence == found.evidence, "who reviews reads what was found, not how the survivor's own card differs"


def test_a_survivor_whose_two_cards_are_both_like_it_is_shown_once(store):
    office = Office(store)
    again = person(store, office.clerk, PERSON, key="three")
    office.merge(office.stays, again)
    assert [one.number for one in office.shown(PERSON)] == [office.stays.customer_number]


def test_nobody_is_led_to_a_survivor_out_of_their_scope(store):
    office = Office(store)
    clerk = factories.account(store, login_name="han", department="华东部")
    assert not assignments.in_scope(store, clerk, office.stays.customer_id)
    assert office.shown(MOVED, clerk) == []


def test_no_customer_is_its_own_duplicate(office):
    store = office.store
    assert office.waiting() == []
    taken = {PHONE: MOVED[PHONE], NAME: MOVED[NAME]}
    changed = factories.draft_of(store, office.clerk, "individual_card", taken, customer_id=office.stays.customer_id)
    factories.submit(store, office.clerk, changed, "changed")
    done = dedupe.run(store, SERVICE)
    assert (done.customers, done.pairs, done.waiting) == (1, 0, 0) and office.waiting() == []


def test_a_run_over_all_finds_who_is_like_the_card_that_went_once(office):
    third = person(office.store, office.clerk, MOVED, key="three")
    person(office.store, office.clerk, ELSEWHERE, key="four")
    office.forget_pairs()
    done = dedupe.run(office.store, SERVICE)
    assert (done.customers, done.pairs, done.new, done.waiting) == (3, 1, 1, 1)
    (pair,) = office.waiting()
    assert {pair.low.number, pair.high.number} == {office.stays.customer_number, third.customer_number}
    assert pair.evidence.band != "no"
    again = dedupe.run(office.store, SERVICE)
    assert (again.pairs, again.new) == (1, 0)


def test_by_rule_too_it_is_merged_with_the_survivor_unless_somebody_said_otherwise(office):
    store = office.store
    third, fourth = (person(store, office.clerk, one, key=one[NAME]) for one in (MOVED, ELSEWHERE))
    # That a clerk took the two of before for two does not count: they were merged since
    with store.act("service", "duplicate.index", "customer", "") as tx:
        before = sorted((office.stays.customer_id, office.goes.customer_id))
        duplicates._decide(store, tx, tuple(before), "said", "另一个人", "service")
    assert dedupe._merge_group(store, SERVICE, [office.goes.customer_id, third.customer_id]) == 1
    assert entities.by_number(store, "customers", third.customer_number)["entity_id"] == office.stays.customer_id
    pair = duplicates.put_by_hand(store, office.reviewer, office.stays.customer_number, fourth.customer_number)
    shown = duplicates.pair_of(store, office.reviewer, *pair)
    duplicates.decide(store, office.reviewer, shown, "different", "身份证不同")
    assert dedupe._merge_group(store, SERVICE, [office.goes.customer_id, fourth.customer_id]) == 0


def test_the_index_made_anew_and_one_of_an_older_store_know_the_card_that_went(office):
    store = office.store
    before = store.rows("SELECT digest, entity_id, level FROM match_key ORDER BY 1, 2")
    assert dedupe.reindex(store, SERVICE) == 2
    assert store.rows("SELECT digest, entity_id, level FROM match_key ORDER BY 1, 2") == before
    with store.act("service", "duplicate.index", "customer", "") as tx:
        matching.drop(tx, office.goes.customer_id)
    assert office.shown(MOVED) == []
    assert dedupe.daily(store, None) == {"indexed": 1} and len(office.shown(MOVED)) == 1


@pytest.mark.parametrize(("known", "entered"), [("王丽娜", "Wang Lina"), ("Wang Lina", "王丽娜")])
def test_a_name_whose_parts_are_written_the_other_way_round_is_found(office, known, entered):
    """By name and year alone: telephones differ, addresses are not said, and no two characters are the same."""
    lina = {ref: text for ref, text in PERSON.items() if ref != ADDRESS} | {BORN: "1990"}
    made = person(office.store, office.clerk, lina | {NAME: known, PHONE: "13700137000"}, key="lina")
    (found,) = office.shown(lina | {NAME: entered, PHONE: "13600136000"})
    assert found.number == made.customer_number
    assert "surname and given name are exchanged" in " ".join(found.evidence.texts("en"))
