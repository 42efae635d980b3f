"""Merging two customers that are one, and taking it back: nothing is overwritten, everything follows the link."""

from datetime import date

import pytest

from custinfo.actions import (
    consents,
    customers,
    drafts,
    entities,
    entity_lists,
    erasure,
    holds,
    merges,
    record_views,
    records,
    retention,
    subject_data,
)
from custinfo.actions.consents import Consent
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.store import withheld
from tests import erasing, factories
from tests.merging import ADDRESS, CODE, NAME, SHORT, TWIN, World, person

WHY = "同一家公司，两次登记"


@pytest.fixture
def world(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as store:
        yield World(store)


def merged(world, **more):
    given = {"reason": WHY, "seen": world.seen()} | more
    return merges.merge(world.store, world.supervisor, world.stays.customer_id, world.goes.customer_id, **given)


def numbers(store, actor, query=""):
    return [row.number for row in customers.search(store, actor, query, 50, 0).rows]


def history(store):
    """Every row of history that a merge could touch."""
    return {table: store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("entity_version", "record_version")}


# ---- merging


def test_the_old_number_leads_to_the_survivor_and_no_version_is_overwritten(world):
    store, before = world.store, history(world.store)
    made = merged(world, chosen=[SHORT])
    after = history(store)
    assert [row for row in after["record_version"] if row in before["record_version"]] == before["record_version"]
    assert [row for row in after["entity_version"] if row in before["entity_version"]] == before["entity_version"]
    assert made.survivor_number == world.stays.customer_number and made.chosen == (SHORT,)
    assert numbers(store, world.researcher) == [made.survivor_number]
    assert numbers(store, world.researcher, made.loser_number) == [made.survivor_number]
    assert entities.by_number(store, "customers", made.loser_number)["entity_id"] == world.stays.customer_id
    answers = world.answers(world.stays.customer_id)
    assert (answers[SHORT], answers[NAME]) == ("宏远", factories.CARD[NAME])
    with pytest.raises(WrongState, match=made.survivor_number):
        customers.card(store, world.researcher, world.goes.customer_id, "zh-CN")


def test_a_merged_number_is_never_given_out_again(world):
    merged(world)
    new = factories.card(world.store, world.researcher, TWIN | {CODE: factories.code_for(90012)}, key="three")
    assert new.customer_number == "C000003"


def test_records_of_both_stand_at_the_survivor_and_are_read_there(world):
    store = world.store
    draft_id = factories.draft_of(
        store, world.researcher, "satisfaction_survey", factories.SURVEY, customer_id=world.goes.customer_id
    )
    survey = factories.submit(store, world.researcher, draft_id, "survey")
    merged(world)
    card = customers.card(store, world.researcher, world.stays.customer_id, "zh-CN")
    assert {row.record_id for row in card.records} == {survey.record_id, world.goes.record_id}
    for record_id in (survey.record_id, world.goes.record_id):
        assert record_views.read(store, world.researcher, record_id)
    edit = drafts.blank(store, world.researcher, "satisfaction_survey", record_id=survey.record_id)
    assert edit.customer_id == world.stays.customer_id


def test_a_survey_that_names_the_old_number_is_about_the_survivor(world):
    made = merged(world)
    answers = factories.SURVEY | {"/data/interview/customer_number": made.loser_number}
    draft_id = factories.draft_of(world.store, world.researcher, "satisfaction_survey", answers)
    assert factories.submit(world.store, world.researcher, draft_id, "s").customer_id == world.stays.customer_id


def test_the_card_of_who_was_merged_takes_no_more_versions(world):
    store = world.store
    open_draft = factories.draft_of(
        store, world.researcher, "enterprise_card", {SHORT: "新"}, customer_id=world.goes.customer_id
    )
    merged(world)
    for start in ({"customer_id": world.goes.customer_id}, {"record_id": world.goes.record_id}):
        with pytest.raises(WrongState, match=world.stays.customer_number):
            drafts.start(store, world.researcher, "enterprise_card", **start)
    with pytest.raises(WrongState, match=world.stays.customer_number):
        factories.submit(store, world.researcher, open_draft, "late")
    assert store.row("SELECT outcome FROM draft WHERE draft_id = ?", [open_draft])["outcome"] is None


def test_the_survivor_may_take_over_the_identifier_and_neither_is_free_for_others(world):
    merged(world, chosen=[CODE])
    assert world.answers(world.stays.customer_id)[CODE] == TWIN[CODE]
    for code in (TWIN[CODE], factories.CARD[CODE]):
        draft_id = factories.draft_of(world.store, world.researcher, "enterprise_card", TWIN | {CODE: code})
        with pytest.raises(BadInput):
            factories.submit(world.store, world.researcher, draft_id, f"again-{code}")


def test_who_is_merged_into_a_customer_that_is_merged_leads_to_the_last(world):
    store = world.store
    third = factories.card(store, world.researcher, TWIN | {CODE: factories.code_for(90012)}, key="three")
    merged(world)
    merges.merge(
        store, world.supervisor, third.customer_id, world.stays.customer_id, reason=WHY,
        seen=world.seen(third.customer_number, world.stays.customer_number),
    )  # fmt: skip
    for number in (world.goes.customer_number, world.stays.customer_number):
        assert entities.by_number(store, "customers", number)["entity_id"] == third.customer_id
    assert numbers(store, world.researcher) == [third.customer_number]


def test_a_live_list_offers_the_survivor_alone(world):
    def listed():
        return entity_lists._csv(world.store, "customers", world.researcher).decode()

    assert world.goes.customer_number in listed()
    newest = world.store.rows(entity_lists.NEWEST)
    merged(world)
    assert world.goes.customer_number not in listed()
    assert world.store.rows(entity_lists.NEWEST) != newest  # or the list that is kept would be shown


# ---- who, when


def test_who_may_not_or_does_not_know_both_merges_nothing(world):
    store = world.store
    given = {"reason": WHY, "seen": world.seen()}
    ids = world.stays.customer_id, world.goes.customer_id
    with pytest.raises(NotAllowed):
        merges.merge(store, world.researcher, *ids, **given)
    elsewhere = factories.account(store, Role.SUPERVISOR, login_name="qian", department="华东部")
    with pytest.raises(NotFound):
        merges.merge(store, elsewhere, *ids, **given)
    assert store.rows("SELECT * FROM merge") == store.rows("SELECT * FROM merged_now") == []


def test_a_merge_needs_a_reason_and_what_was_looked_at(world):
    with pytest.raises(BadInput):
        merged(world, reason="  ")
    seen = world.seen()
    factories.card(
        world.store, world.researcher, {ADDRESS: "科技南路 2 号"}, key="moved", customer_id=world.goes.customer_id
    )
    with pytest.raises(Conflict):
        merged(world, seen=seen)
    merged(world)
    with pytest.raises(WrongState):
        merged(world, seen=(1, 2))


def test_cards_of_two_kinds_are_not_merged(world):
    other = person(world.store, world.researcher, key="person")
    with pytest.raises(BadInput, match=other.customer_number):
        merges.merge(world.store, world.supervisor, world.stays.customer_id, other.customer_id, reason=WHY, seen=(1, 1))


def test_an_answer_that_the_form_refuses_merges_nothing(world):
    place = "/data/place/county"
    with pytest.raises(BadInput):
        merged(world, chosen=["/data/place/nothing"])
    moved = {"/data/place/province": "330000", "/data/place/prefecture": "330100", place: "330106"}
    factories.card(world.store, world.researcher, moved, key="moved", customer_id=world.goes.customer_id)
    with pytest.raises(BadInput):
        merged(world, chosen=[place])  # a district of another province
    assert world.store.rows("SELECT * FROM merged_now") == []


# ---- consents, holds, erasing, what a person is told


def people(world):
    first = person(world.store, world.researcher, key="p1")
    second = person(world.store, world.researcher, key="p2")
    return first, second


def merge_people(world, first, second):
    return merges.merge(world.store, world.supervisor, first.customer_id, second.customer_id, reason=WHY, seen=(1, 1))


def test_the_stricter_consent_counts_for_both_and_in_the_lake(world):
    store = world.store
    first, second = people(world)
    paper = Consent("marketing", "paper", date(2026, 11, 1), evidence="A-1")
    consents.give(store, world.supervisor, first.customer_id, paper)
    consents.withdraw(
        store, world.supervisor, second.customer_id, "marketing", channel="phone", happened_on=date(2026, 11, 2)
    )
    assert consents.allowed(store, first.customer_id, "marketing")
    made = merge_people(world, first, second)
    assert made.stopped == ("marketing",)
    assert not consents.allowed(store, first.customer_id, "marketing")
    kept_back = {row.customer_key for row in withheld.read(store.site.lake) if row.purpose == "marketing"}
    assert len(kept_back) == 2


def test_what_the_survivor_withdraws_later_keeps_back_the_rows_of_both(world):
    store = world.store
    first, second = people(world)
    merge_people(world, first, second)
    consents.withdraw(
        store, world.supervisor, first.customer_id, "analysis", channel="phone", happened_on=date(2026, 11, 2)
    )
    assert len({row.customer_key for row in withheld.read(store.site.lake) if row.purpose == "analysis"}) == 2


def test_who_is_merged_into_one_who_withdrew_before_is_kept_back_too(world):
    store = world.store
    first, second = people(world)
    for one in (first, second):
        paper = Consent("marketing", "paper", date(2026, 11, 1), evidence="A-1")
        consents.give(store, world.supervisor, one.customer_id, paper)
    consents.withdraw(
        store, world.supervisor, first.customer_id, "marketing", channel="phone", happened_on=date(2026, 11, 2)
    )
    assert len([row for row in withheld.read(store.site.lake) if row.purpose == "marketing"]) == 1
    merge_people(world, first, second)
    assert len([row for row in withheld.read(store.site.lake) if row.purpose == "marketing"]) == 2


def test_a_hold_on_one_holds_both(world):
    holds.set_(world.store, SERVICE, "customer", world.goes.customer_id, "诉讼")
    merged(world)
    assert world.stays.customer_id in holds.standing(world.store, [world.stays.customer_id])


def test_erasing_one_reaches_both(world):
    store = world.store
    staff = erasing.Staff(store)
    merged(world)
    plan_id = retention.request(store, SERVICE, world.stays.customer_id)
    erasure.erase(store, SERVICE, world.stays.customer_id, case_id=erasing.agree(store, staff, plan_id))
    content = erasing.decrypted(store.site)
    for word in (TWIN[NAME], TWIN[CODE], factories.CARD[NAME], WHY):
        assert word.encode() not in content
    ends = {row["object_id"] for row in store.rows("SELECT line FROM ledger_line") for row in [parsed(row["line"])]}
    assert {world.stays.customer_id, world.goes.customer_id} <= ends


def parsed(line):
    import json

    return json.loads(line)


def test_a_person_is_told_what_is_known_under_both_numbers(world):
    first, second = people(world)
    merge_people(world, first, second)
    told = subject_data.gather(world.store, first.customer_id, "zh-CN").data
    assert [one["person"]["number"] for one in told["merged"]] == [second.customer_number]


def test_a_customer_that_is_about_to_be_erased_is_not_merged(world):
    retention.request(world.store, SERVICE, world.goes.customer_id)
    with pytest.raises(WrongState, match=world.goes.customer_number):
        merged(world)


# ---- taking it back


def test_taken_back_both_are_as_they_were(world):
    store = world.store
    before = {one: world.answers(one) for one in (world.stays.customer_id, world.goes.customer_id)}
    made = merged(world, chosen=[SHORT, CODE])
    told = merges.undo(store, world.supervisor, made.merge_id, reason="看错了")
    assert told.kept == ()
    assert {one: world.answers(one) for one in before} == before
    assert sorted(numbers(store, world.researcher)) == [world.stays.customer_number, world.goes.customer_number]
    assert entities.by_number(store, "customers", made.loser_number)["entity_id"] == world.goes.customer_id
    again = factories.card(store, world.researcher, {SHORT: "远"}, key="on", customer_id=world.goes.customer_id)
    assert again.customer_number == world.goes.customer_number
    with pytest.raises(WrongState):
        merges.undo(store, world.supervisor, made.merge_id, reason="看错了")


def test_what_was_recorded_since_stays_with_the_survivor_and_is_told(world):
    store = world.store
    made = merged(world, chosen=[SHORT, ADDRESS])
    draft_id = factories.draft_of(
        store, world.researcher, "satisfaction_survey", factories.SURVEY, customer_id=world.stays.customer_id
    )
    factories.submit(store, world.researcher, draft_id, "since")
    factories.card(store, world.researcher, {SHORT: "宏"}, key="since2", customer_id=world.stays.customer_id)
    told = merges.undo(store, world.supervisor, made.merge_id, reason="看错了")
    assert told.kept == (SHORT,)
    answers = world.answers(world.stays.customer_id)
    assert (answers[SHORT], answers[ADDRESS]) == ("宏", factories.CARD[ADDRESS])
    card = customers.card(store, world.researcher, world.stays.customer_id, "zh-CN")
    assert [row.form_id for row in card.records] == ["satisfaction_survey"]


def test_a_merge_into_one_that_was_merged_since_waits_for_that_to_be_taken_back(world):
    store = world.store
    third = factories.card(store, world.researcher, TWIN | {CODE: factories.code_for(90012)}, key="three")
    first = merged(world)
    last = merges.merge(
        store, world.supervisor, third.customer_id, world.stays.customer_id, reason=WHY,
        seen=world.seen(third.customer_number, world.stays.customer_number),
    )  # fmt: skip
    with pytest.raises(WrongState, match=third.customer_number):
        merges.undo(store, world.supervisor, first.merge_id, reason="看错了")
    merges.undo(store, world.supervisor, last.merge_id, reason="看错了")
    assert entities.by_number(store, "customers", first.loser_number)["entity_id"] == world.stays.customer_id
    merges.undo(store, world.supervisor, first.merge_id, reason="看错了")
    assert len(numbers(store, world.researcher)) == 3


def test_merges_and_what_took_them_back_are_told_with_their_reasons(world):
    made = merged(world)
    merges.undo(world.store, world.supervisor, made.merge_id, reason="看错了")
    (row,) = merges.history(world.store, world.researcher, world.stays.customer_id)
    assert (row.reason, row.undone_reason, row.loser_number) == (WHY, "看错了", world.goes.customer_number)
    actions = [one["action"] for one in world.store.rows("SELECT action FROM audit ORDER BY seq DESC LIMIT 2")]
    assert set(actions) <= {"customer.unmerge", "customer.merge"}


def test_a_second_submission_of_the_same_key_is_the_same_receipt_after_a_merge(world):
    merged(world)
    draft_id = world.store.rows("SELECT draft_id FROM draft WHERE record_id = ?", [world.goes.record_id])[0]["draft_id"]
    assert records.receipt_of(world.store, world.researcher, draft_id).record_id == world.goes.record_id
